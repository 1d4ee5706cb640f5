"""Attribution, sessions and windows of a folder of events: `python -m bench._sessions ours FOLDER OUT SLICES`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

import polars as pl

from processors.attribute import attribute, is_login
from processors.inactivity import sessions, windows
from processors.pipeline import EVENT_COLUMNS
from processors.sessionize import sessionize
from processors.user_slices import sliced

IDLE, ABSOLUTE, WINDOW = timedelta(hours=2), timedelta(hours=24), timedelta(minutes=15)
AS_OF = datetime(2025, 8, 31, tzinfo=UTC)
_SECOND, _EPOCH = timedelta(seconds=1), datetime(1970, 1, 1, tzinfo=UTC)


def ours(folder: str, out: str, slices: str) -> None:
    """The kernels, a slice of the users at a time."""
    files = sorted(Path(folder).glob("*.parquet"))
    logins = pl.scan_parquet(files).filter(is_login())

    def attributed() -> Iterator[pl.DataFrame]:
        fill = attribute(pl.scan_parquet(files).select(EVENT_COLUMNS), logins, absolute_timeout=ABSOLUTE)
        yield from fill.collect_batches(chunk_size=500_000)

    found, silences = [], []
    with tempfile.TemporaryDirectory(dir=out) as spilled:
        for one in sliced(attributed(), int(slices), Path(spilled)):
            members = sessionize(one, idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=AS_OF).collect().lazy()
            found.append(sessions(members, as_of=AS_OF).collect())
            silences.append(windows(members, inactivity_window=WINDOW, as_of=AS_OF).collect())
    pl.concat(found).sort("session_id").write_parquet(f"{out}/sessions.parquet")
    pl.concat(silences).sort("session_id", "window_start_time").write_parquet(f"{out}/windows.parquet")


def duckdb(folder: str, out: str) -> None:
    """What is in `sessions.sql`."""
    import duckdb as database

    limits = {"idle": IDLE, "absolute": ABSOLUTE, "window": WINDOW, "as_of": AS_OF - _EPOCH}
    values = {f"{name}_us": limit // timedelta(microseconds=1) for name, limit in limits.items()}
    script = Template((Path(__file__).parent / "sessions.sql").read_text(encoding="utf-8"))
    connection = database.connect(config={"temp_directory": out})
    connection.execute(
        script.substitute(
            values,
            events=f"{folder}/*.parquet",
            out=out,
            absolute=f"{ABSOLUTE // _SECOND} seconds",
            as_of=AS_OF.isoformat(),
        )
    )


if __name__ == "__main__":
    {"ours": ours, "DuckDB": duckdb}[sys.argv[1]](*sys.argv[2:])
