"""Where tables live: Hive-partitioned Parquet, one file per partition and bucket, replaced whole by rename or one PUT.

A lake is a folder or, as `S3Path`, lies below a prefix of a bucket. Whatever a run writes before it is decided lies
below `_recent_activities/staging`, out of every reader's sight.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from processors import _bucket_answers, _damaged
from processors._listing import listed
from processors.bucket import S3Path, scratch
from processors.errors import LakeError, remedy
from processors.lease import Lease
from schemas import Table

PRIVATE = "_recent_activities"
ROW_GROUP_SIZE = 250_000
_COMPATIBLE = pl.CompatLevel.oldest()  # plain strings, which every reader of Parquet knows

Location = Path | S3Path
"""Of a lake, or in it."""


@dataclass(frozen=True)
class Staging:
    """Where a run prepares what it will change: in `folder` on this machine, for whoever continues at `place`."""

    folder: Path
    place: Location

    def share(self) -> str:
        """Let whoever continues find what is in the folder; gives the name to `fetch` it by.

        A name of its own: a run that was taken over, and does not know it yet, may still be sharing.
        """
        if not isinstance(self.place, S3Path):
            return ""
        name = self.folder.name
        for path in sorted(self.folder.iterdir()):
            (self.place / name / path.name).put(path)
        return name

    def fetch(self, name: str) -> None:
        """Get into the folder what was shared by that name."""
        if isinstance(self.place, S3Path) and name != self.folder.name:
            for path in (self.place / name).glob("*"):
                path.download(self.folder / path.name)

    def clear(self) -> None:
        """Leave nothing behind."""
        if isinstance(self.place, S3Path):
            self.place.confirm()
            for shared in self.place.glob("*/*"):
                shared.unlink()
        with explained(self.folder):
            for path in self.folder.iterdir():
                if path.name != ".lock":
                    path.unlink()


def table_folder(lake: Location, table: type[Table]) -> Location:
    """The folder of a table."""
    return lake / PRIVATE / table.name if table.is_private else lake / table.name


def file_of(lake: Location, table: type[Table], partition: date | str, bucket: str = "0") -> Location:
    """The one file of a partition and bucket."""
    return table_folder(lake, table) / f"{table.partition_column}={partition}" / f"{bucket}.parquet"


def partitions(lake: Location, table: type[Table]) -> list[str]:
    """The partition values that have a file, in order."""
    return sorted({str(value) for value in _files(lake, table).values()})


def scan(lake: Location, table: type[Table], wanted: Iterable[date | str] | None = None) -> pl.LazyFrame:
    """Rows of a table, with its partition column; only the wanted partitions when they are given."""
    column = str(table.partition_column)
    names = None if wanted is None else {str(value) for value in wanted}
    files = {path: one for path, one in _files(lake, table).items() if names is None or str(one) in names}
    if not files:
        return _empty(table)
    # a file of an earlier version lacks the columns that came later
    how = {"schema": _in_file(table).schema, "missing_columns": "insert", "extra_columns": "ignore"}
    rows = _scan(*files, include_file_paths=column, **how)
    # Polars 2.1 would take every `key=value` above the lake for a partition as well
    values = {str(path): value for path, value in files.items()}
    return rows.with_columns(pl.col(column).replace_strict(values, return_dtype=_kind(table))).select(_columns(table))


def read_file(path: Location, table: type[Table]) -> pl.DataFrame:
    """Rows of one file, of one moment, without the partition column; columns of later versions are null."""
    data, known = _content(path), _in_file(table)
    with _told(path):
        return (
            known
            if data is None
            else pl.concat([known, pl.read_parquet(data, hive_partitioning=False)], how="diagonal")
        )


def scan_file(path: Location, table: type[Table]) -> pl.LazyFrame:
    """As `read_file`, read when needed."""
    if not path.exists():
        return _in_file(table).lazy()
    return _scan(path)


def metadata(path: Location) -> dict[str, str]:
    """What `replace` noted in the file's footer."""
    data = _content(path)
    if data is None:
        return {}
    with _told(path):
        return pl.read_parquet_metadata(data)


def replace(
    lake: Location,
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

    waiting = _in_file(table)
    expected = waiting.schema
    schema = waiting.to_arrow(compat_level=_COMPATIBLE).schema.with_metadata(notes or {})
    # plain readers of the table's folder would trip over a temporary file in it
    hidden = lake / PRIVATE / "staging" / f"{table.name}-{partition}-{bucket}.parquet"
    with (
        written(file_of(lake, table, partition, bucket), hidden=hidden) as temporary,
        pyarrow.parquet.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for frame in [frames] if isinstance(frames, pl.DataFrame) else frames:
            rows = frame.select(expected.names())
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
def written(path: Location, *, hidden: Location | None = None, mode: int = 0o640) -> Iterator[Path]:
    """A temporary path, beside `path` if no `hidden` one is given; what is written there takes its place, all or none.

    A path has one writer at a time, so what a killed one left has the name that the next one writes over.
    """
    if isinstance(path, S3Path):
        with explained(path), path.written() as temporary:
            yield temporary
        return
    temporary = hidden if isinstance(hidden, Path) else path.with_name(f".{path.name}.tmp")
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


def put(path: Location, data: bytes) -> None:
    """Put a small file there, wholly or not at all."""
    if isinstance(path, S3Path):
        path.confirm()
        path.put(data)
        return
    with written(path) as temporary:
        temporary.write_bytes(data)


def delete(path: Location) -> None:
    """Delete a file, if it is there."""
    if isinstance(path, S3Path):
        path.confirm()
    with explained(path):
        path.unlink(missing_ok=True)


def made_once(path: Location, data: bytes) -> bytes:
    """The private file of that name, made of `data` if there is none: whoever comes second gets the first one's."""
    if not path.exists():
        if isinstance(path, S3Path):
            path.put(data, "create")
            return path.read_bytes()
        with locked(path.parent.parent, path.stem):
            if not path.exists():
                with written(path, mode=0o600) as temporary:
                    temporary.touch(mode=0o600)
                    temporary.write_bytes(data)
    return path.read_bytes()


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, for owner and group only."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(0o750)


@contextlib.contextmanager
def explained(path: Location) -> Iterator[None]:
    """Turn the system's refusals into a `LakeError` that names `path` and the remedy."""
    try:
        with reached(path):
            yield
    except OSError as problem:
        what = os.strerror(problem.errno) if problem.errno else str(problem)
        raise LakeError(str(path), f"cannot be written ({what})", remedy(problem)) from problem
    except pl.exceptions.ComputeError as problem:
        raise LakeError(str(path), f"cannot be read or written ({problem})", remedy(problem)) from problem


def foreign(path: Location, what: str) -> LakeError:
    """The error for what somebody else put among the names of the lake."""
    return LakeError(str(path), what, "Move it out of the lake, then run the same command again")


def reached(path: Location) -> contextlib.AbstractContextManager[None]:
    """Turn what a bucket answers to Polars into a `LakeError`; in a folder, what is damaged within a file."""
    return _bucket_answers.explained(path) if isinstance(path, S3Path) else _damaged.within(path)


@contextlib.contextmanager
def locked(lake: Location, name: str) -> Iterator[Staging]:
    """Hold the only pen for `name` (a source, or the days): others wait. Gives its empty staging.

    In a folder the lock falls with its process, so a killed run blocks nobody; in a bucket, for no longer than a lease.
    """
    place = lake / PRIVATE / "staging" / name
    if isinstance(place, S3Path):
        with Lease(place / ".lock"), scratch() as folder, reached(place):
            yield Staging(folder, place)
        return
    with explained(place):
        make_folder(place)
        pen = (place / ".lock").open("w")
    with pen:
        fcntl.flock(pen, fcntl.LOCK_EX)
        yield Staging(place, place)


def _files(lake: Location, table: type[Table]) -> dict[Location, date | str]:
    """The files of a table in order, each with the value of its partition. Errors: `LakeError` where it has none."""
    found = listed(table_folder(lake, table), f"{table.partition_column}=*/*.parquet")
    return {path: _value(path, table) for path in found}


def _value(path: Location, table: type[Table]) -> date | str:
    text = path.parent.name.partition("=")[2]
    if _kind(table) == pl.String:
        return text
    with contextlib.suppress(ValueError):
        day = date.fromisoformat(text)
        if str(day) == text:  # 20250829 is the same day, and no name of ours
            return day
    raise foreign(path.parent, f"is no partition of {table.name}, for {text!r} is no day")


def _scan(*files: Location, **how: Any) -> pl.LazyFrame:
    for path in files:
        if isinstance(path, Path):
            _damaged.refuse(path)
    first = files[0]
    if isinstance(first, S3Path):  # boto3, where Polars finds it, would look for credentials elsewhere than we do
        how |= {"storage_options": first.bucket.options, "credential_provider": None}
    return pl.scan_parquet([str(path) for path in files], glob=False, hive_partitioning=False, **how)


@contextlib.contextmanager
def _told(path: Location) -> Iterator[None]:
    """Name the file that Polars cannot make sense of."""
    try:
        yield
    except pl.exceptions.ComputeError as problem:
        raise _damaged.damaged(path) from problem


def _content(path: Location) -> io.BytesIO | None:
    """A file of now: one that is read in pieces, in a bucket, may be replaced between two of them."""
    try:
        return io.BytesIO(path.read_bytes())
    except FileNotFoundError:
        return None


def _arrow(frame: pl.DataFrame, schema: Any) -> Any:
    return frame.rechunk().to_arrow(compat_level=_COMPATIBLE).cast(schema)


def _columns(table: type[Table]) -> list[str]:
    names = table.column_names()
    return names if table.partition_column in names else [*names, str(table.partition_column)]


def _in_file(table: type[Table]) -> pl.DataFrame:
    """No rows of the table, as its files have them: without the partition column, which stands in their path."""
    return table.empty().drop(str(table.partition_column), strict=False)


def _empty(table: type[Table]) -> pl.LazyFrame:
    frame = table.empty().lazy()
    if table.partition_column in table.column_names():
        return frame
    return frame.with_columns(pl.lit(None, dtype=_kind(table)).alias(str(table.partition_column)))


def _kind(table: type[Table]) -> type[pl.Date | pl.String]:
    return pl.Date if table.partition_column != "source" else pl.String


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
