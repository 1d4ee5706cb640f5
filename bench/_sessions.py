"""Attribution, sessions and windows of a folder of events: `python -m bench._sessions ours FOLDER OUT SLICES`."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from string import Template

import polars as pl

from processors import _allocators
from processors.attribute import filled, is_login
from processors.inactivity import sessions, windows
from processors.pipeline import BATCH_EVENTS, EVENT_COLUMNS
from processors.sessionize import sessionize
from processors.time_stretches import stretches
from processors.user_slices import sliced

IDLE, ABSOLUTE, WINDOW = timedelta(hours=2), timedelta(hours=24), timedelta(minutes=15)
RANGES = 8
AS_OF = datetime(2025, 8, 31, tzinfo=UTC)
_SECOND, _EPOCH = timedelta(seconds=1), datetime(1970, 1, 1, tzinfo=UTC)


def ours(folder: str, out: str, slices: str) -> None:
    """The kernels, a slice of the users at a time."""
    _allocators.keep()
    files = sorted(Path(folder).glob("*.parquet"))
    logins = pl.scan_parquet(files).filter(is_login())
    events = pl.scan_parquet(files).select(EVENT_COLUMNS)
    fill = filled(logins, absolute_timeout=ABSOLUTE)
    batches = (fill(events.filter(within).collect()) for within, _ in stretches(events, BATCH_EVENTS))
    with tempfile.TemporaryDirectory(dir=out) as spilled:
        found: dict[str, list[Path]] = {"sessions": [], "windows": []}
        for one in sliced(batches, int(slices), Path(spilled)):
            members = sessionize(one, idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=AS_OF).collect().lazy()
            silences = windows(members, inactivity_window=WINDOW, as_of=AS_OF)
            for name, rows in (("sessions", sessions(members, as_of=AS_OF)), ("windows", silences)):
                found[name].append(Path(spilled) / f"{name}-{len(found[name])}.arrow")
                rows.collect().write_ipc(found[name][-1])
        _write("sessions", found["sessions"], ["session_id"], Path(out))
        _write("windows", found["windows"], ["session_id", "window_start_time"], Path(out))


def _write(name: str, pieces: list[Path], order: list[str], out: Path) -> None:
    """Nothing: writes the table in order, a range of session ids after the other, so that no more is held."""
    for old in out.glob(f"{name}*.parquet"):
        old.unlink()
    edges = [*(f"{number:x}" for number in range(0, 16, 16 // RANGES)), "g"]
    for number, edge in enumerate(pairwise(edges)):
        rows = pl.scan_ipc(pieces).filter(pl.col("session_id").is_between(*map(pl.lit, edge), closed="left"))
        rows.collect().sort(order).write_parquet(out / f"{name}-{number}.parquet")


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
