"""Where tables live: Hive-partitioned Parquet, one file per partition and bucket, replaced whole by rename.

Whatever a run writes before it is decided lies below `_recent_activities/staging`, out of every reader's sight.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from processors.errors import LakeError, remedy
from schemas import Ledger, ReportsPublished, Table

PRIVATE = "_recent_activities"
ROW_GROUP_SIZE = 250_000
_COMPATIBLE = pl.CompatLevel.oldest()  # plain strings, which every reader of Parquet knows


def table_folder(lake: Path, table: type[Table]) -> Path:
    """The folder of a table."""
    return lake / PRIVATE / table.name if table in (Ledger, ReportsPublished) else lake / table.name


def file_of(lake: Path, table: type[Table], partition: date | str, bucket: str = "0") -> Path:
    """The one file of a partition and bucket."""
    return table_folder(lake, table) / f"{table.partition_column}={partition}" / f"{bucket}.parquet"


def partitions(lake: Path, table: type[Table]) -> list[str]:
    """The partition values that have a file, in order."""
    found = table_folder(lake, table).glob(f"{table.partition_column}=*/*.parquet")
    return sorted({path.parent.name.partition("=")[2] for path in found})


def scan(lake: Path, table: type[Table], wanted: Iterable[date | str] | None = None) -> pl.LazyFrame:
    """Rows of a table, with its partition column; only the wanted partitions when they are given."""
    folder = table_folder(lake, table)
    names = partitions(lake, table) if wanted is None else sorted({str(value) for value in wanted})
    files = [f for name in names for f in sorted((folder / f"{table.partition_column}={name}").glob("*.parquet"))]
    if not files:
        return _empty(table)
    kind = pl.Date if table.partition_column != "source" else pl.String
    return pl.scan_parquet(
        files, glob=False, hive_partitioning=True, hive_schema={str(table.partition_column): kind}
    ).select(_columns(table))


def read_file(path: Path, table: type[Table]) -> pl.DataFrame:
    """Rows of one file without the partition column; none when the file is not there."""
    return scan_file(path, table).collect()


def scan_file(path: Path, table: type[Table]) -> pl.LazyFrame:
    """As `read_file`, read when needed."""
    if not path.exists():
        return _empty(table).drop(str(table.partition_column))
    return pl.scan_parquet(path, hive_partitioning=False)


def metadata(path: Path) -> dict[str, str]:
    """What `replace` noted in the file's footer."""
    return pl.read_parquet_metadata(path) if path.exists() else {}


def replace(
    lake: Path,
    table: type[Table],
    partition: date | str,
    frames: pl.DataFrame | Iterable[pl.DataFrame],
    *,
    bucket: str = "0",
    notes: dict[str, str] | None = None,
) -> None:
    """Put the frames, one after the other, in the place of the partition's bucket: a reader sees the old or the new.

    The file is a function of the rows alone: how they are spread over frames does not show, and no more of them than
    a row group and a frame are held. Errors: `LakeError` where the folder cannot be written. A frame that is not of
    the table is a defect and raises.
    """
    import pyarrow.parquet  # a fifth of a second, and many commands write nothing

    columns = [name for name in _columns(table) if name != table.partition_column]
    expected = pl.Schema({name: table.columns()[name].dtype for name in columns})
    schema = expected.to_frame().to_arrow(compat_level=_COMPATIBLE).schema.with_metadata(notes or {})
    waiting = expected.to_frame()
    # plain readers of the table's folder would trip over a temporary file in it
    temporary = lake / PRIVATE / "staging" / f"{table.name}-{partition}-{bucket}.parquet"
    with (
        written(file_of(lake, table, partition, bucket), temporary=temporary),
        pyarrow.parquet.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for frame in [frames] if isinstance(frames, pl.DataFrame) else frames:
            rows = frame.select(columns)
            wrong = {name: str(kind) for name, kind in rows.schema.items() if kind != expected[name]}
            if wrong:
                raise TypeError(f"{table.name}: wrong types {wrong}")
            waiting = pl.concat([waiting, rows])
            while waiting.height >= ROW_GROUP_SIZE:
                writer.write_table(_arrow(waiting[:ROW_GROUP_SIZE], schema), ROW_GROUP_SIZE)
                waiting = waiting[ROW_GROUP_SIZE:]
        if waiting.height:
            writer.write_table(_arrow(waiting, schema), ROW_GROUP_SIZE)


@contextlib.contextmanager
def written(path: Path, *, temporary: Path | None = None, mode: int = 0o640) -> Iterator[Path]:
    """A temporary path, beside `path` if none is given; what is written there takes its place, wholly or not at all.

    A path has one writer at a time, so what a killed one left has the name that the next one writes over.
    """
    temporary = temporary or path.with_name(f".{path.name}.tmp")
    with explained(path):
        make_folder(temporary.parent)
        make_folder(path.parent)
        try:
            yield temporary
            _sync(temporary)
            temporary.chmod(mode)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(path.parent)


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, for owner and group only."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(0o750)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the system's refusals into a `LakeError` that names `path` and the remedy."""
    try:
        yield
    except OSError as problem:
        what = os.strerror(problem.errno) if problem.errno else str(problem)
        raise LakeError(path, f"cannot be written ({what})", remedy(problem)) from problem
    except pl.exceptions.ComputeError as problem:
        raise LakeError(path, f"cannot be read or written ({problem})", remedy(problem)) from problem


@contextlib.contextmanager
def locked(lake: Path, name: str) -> Iterator[Path]:
    """Hold the only pen for `name` (a source, or the days): others wait. Gives an empty staging folder.

    The lock falls with its process, so a killed run blocks nobody.
    """
    folder = lake / PRIVATE / "staging" / name
    with explained(folder):
        make_folder(folder)
        pen = (folder / ".lock").open("w")
    with pen:
        fcntl.flock(pen, fcntl.LOCK_EX)
        yield folder


def _arrow(frame: pl.DataFrame, schema: Any) -> Any:
    return frame.rechunk().to_arrow(compat_level=_COMPATIBLE).cast(schema)


def _columns(table: type[Table]) -> list[str]:
    names = table.column_names()
    return names if table.partition_column in names else [*names, str(table.partition_column)]


def _empty(table: type[Table]) -> pl.LazyFrame:
    frame = table.create_empty().lazy()
    if table.partition_column in table.column_names():
        return frame
    kind = pl.Date if table.partition_column != "source" else pl.String
    return frame.with_columns(pl.lit(None, dtype=kind).alias(str(table.partition_column)))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
