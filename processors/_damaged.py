"""What tells that a table file is no longer what was written, and what to do about it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from polars.exceptions import ComputeError

from processors.bucket import S3Path
from processors.errors import DataError, LakeError

_MAGIC, _LEAST_BYTES = b"PAR1", 12


def refuse(path: Path) -> None:
    """Nothing for a file that ends as Parquet does, or is not there.

    Errors: `DataError` for one that was cut or overwritten, `LakeError` for one that may not be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - len(_MAGIC), 0))
            is_whole = size >= _LEAST_BYTES and file.read() == _MAGIC
    except FileNotFoundError:
        return
    except OSError as problem:
        remedy = (
            "Give the user who runs this read permission" if isinstance(problem, PermissionError) else "Mend the disk"
        )
        raise LakeError(path, f"cannot be read ({problem.strerror})", remedy) from problem
    if not is_whole:
        raise damaged(path)


def damaged(path: Path | S3Path) -> DataError:
    """The error for a table file whose bytes are wrong, with the remedy that its table has."""
    table, partition = path.parent.parent.name, path.parent.name.partition("=")[2]
    backup = "Restore it from a backup, or delete it and run"
    if table in ("sessions", "inactivity_windows", "limit_overruns"):
        remedy = (
            f"Delete it and run `recent-activities run --from {partition} --to {partition}`, which computes it again"
        )
    elif table == "reports_published":
        remedy = f"{backup} `recent-activities report --date {partition}`: the revision that stands is noted again"
    elif table == "unread_files":
        remedy = "Delete it and run again: what it said is found again"
    elif table == "ledger":
        remedy = f"{backup} again: the landing files that are still there are read again, and no event is doubled"
    else:
        source = path.name.removesuffix(".parquet")
        ledger = path.parent.parent.parent / "_recent_activities" / "ledger" / f"source={source}" / "0.parquet"
        remedy = (
            f"{backup} again without {ledger} as well: what it held of landing files that are still there comes back"
        )
    return DataError(str(path), "is damaged: it is no Parquet file any more", remedy)


@contextlib.contextmanager
def within(place: Path) -> Iterator[None]:
    """Turn what Polars says of a file that ends well, and is damaged before its end, into a `DataError`."""
    try:
        yield
    except ComputeError as problem:
        if "parquet:" not in str(problem) or "(os error" in str(problem):  # the system refused, and nothing is damaged
            raise
        what = f"holds a file that is damaged ({str(problem).splitlines()[0].removeprefix('parquet: ')})"
        raise DataError(str(place), what, "Restore it from a backup") from problem
