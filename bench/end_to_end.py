"""`run` of a generated day, from a log and logins to the CSV, as one process, against DuckDB (`end_to_end.sql`)."""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

import polars as pl

from bench import _company
from bench._measure import Case, once, ours, table

IDLE, ABSOLUTE, WINDOW = timedelta(hours=2), timedelta(hours=24), timedelta(minutes=15)
AS_OF = datetime(2025, 8, 31, 4, tzinfo=UTC)
WORKSPACE = """
[workspace]
time_zone = "UTC"

[[sources]]
name = "okta"
format = "okta"
files = "okta.json"

[[sources]]
name = "panel"
format = "combined"
files = "access.log"
logout_requests = ["POST /logout"]
"""
SHOWN = ("login_time", "user_name")
SAME = ("login_observed", "end_time", "end_reason", "longest_inactivity_s", "activity_count", "ip_count")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def report(folder: Path, *, lines: int, runs: int) -> str:
    """The table as Markdown."""
    day = folder / f"company-{lines}"
    if not day.exists():
        day.mkdir()
        _company.write(day, lines)
    size = sum(file.stat().st_size for file in day.iterdir())
    mine, theirs = folder / "end-to-end-ours", folder / "end-to-end-duckdb"
    environment = {"RECENT_ACTIVITIES_WORKSPACE": str(mine / "workspace.toml")}
    cases = [Case("run", ours("run", "--as-of", AS_OF.isoformat()), size, environment)]
    if importlib.util.find_spec("duckdb"):
        cases.append(Case("DuckDB", [sys.executable, "-m", "bench.end_to_end", str(day), str(theirs)], size))
    for _ in range(runs):
        for case, place in zip(cases, (mine, theirs), strict=False):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            (place / "workspace.toml").write_text(WORKSPACE)
            for file in day.iterdir():
                (place / file.name).symlink_to(file)
            case.runs.append(once(case.command, case.environment))
    logins = lines // _company.LINES_PER_LOGIN
    found = [f"## From {lines:,} lines and {logins:,} logins to the CSV\n", table(cases, cases[-1])]
    if len(cases) > 1:
        pairs = zip(cases[0].runs, cases[1].runs, strict=True)
        share = statistics.median(one.cpu / other.cpu for one, other in pairs)
        found.append(f"\nProcessor time: {share:.2f} x DuckDB. {_agreement(mine, theirs)}")
    return "\n".join(found)


def _agreement(mine: Path, theirs: Path) -> str:
    """In how many sessions both say the same."""
    of_ours = pl.read_parquet(mine / "lake" / "sessions" / "**" / "*.parquet", hive_partitioning=False)
    of_theirs = pl.read_parquet(theirs / "sessions.parquet")
    both = of_ours.join(of_theirs, on=SHOWN, suffix="_other")
    equal = both.select(
        pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_other")) for name in SAME).sum()
    ).item()
    return f"Sessions: {of_ours.height:,} and {of_theirs.height:,}, of which {equal:,} say the same."


def duckdb(day: str, out: str) -> None:
    """What is in `end_to_end.sql`, `sessions.sql` and `report.sql`, one after the other."""
    import duckdb as database

    limits = {"idle": IDLE, "absolute": ABSOLUTE, "window": WINDOW, "as_of": AS_OF - _EPOCH}
    values = {f"{name}_us": limit // timedelta(microseconds=1) for name, limit in limits.items()}
    connection = database.connect(config={"temp_directory": out})
    for name in ("end_to_end.sql", "sessions.sql", "report.sql"):
        script = Template((Path(__file__).parent / name).read_text(encoding="utf-8"))
        connection.execute(
            script.substitute(
                values,
                log=f"{day}/access.log",
                logins=f"{day}/okta.json",
                events=f"{out}/events.parquet",
                out=out,
                absolute=f"{ABSOLUTE // timedelta(seconds=1)} seconds",
                as_of=AS_OF.isoformat(),
            )
        )


if __name__ == "__main__":
    duckdb(*sys.argv[1:])
