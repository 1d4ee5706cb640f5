"""Rows written to one Parquet file, a row group at a time, their text as dictionaries."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import polars as pl

from processors._encoded import Coded

COMPRESSION_LEVEL = 1  # of zstd: on tables of events as small as its default, in two thirds of the time


@contextlib.contextmanager
def row_groups(
    path: Path,
    schema: pl.Schema,
    *,
    required: Collection[str] = (),
    notes: Mapping[str, str] | None = None,
    compression: str = "zstd",
    statistics: Collection[str] = (),
) -> Iterator[Callable[[Coded], None]]:
    """What writes frames of the schema, each as a row group. `required`: columns without nulls; `notes` for the footer.
    `statistics`: columns of text that have some, as all others have.

    Every frame with rows is a row group. The bytes are a function of the frames' values, however these are coded,
    provided that the texts of coded columns come in the order of the rows.
    """
    import pyarrow.parquet  # a fifth of a second, and many commands write nothing

    names = schema.names()
    text = [name for name, dtype in schema.items() if dtype == pl.String]
    numbers = [name for name, dtype in schema.items() if dtype == pl.Int64 or dtype == pl.Datetime]
    known = Coded(schema.to_frame(), {}).arrow(names).schema
    arrow = pyarrow.schema([field.with_nullable(field.name not in required) for field in known])
    with pyarrow.parquet.ParquetWriter(
        path,
        arrow,
        compression=compression,
        compression_level=COMPRESSION_LEVEL if compression == "zstd" else None,
        store_schema=False,  # else its readers are given dictionaries in place of text
        use_dictionary=text,
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        write_statistics=[name for name in names if name not in text or name in statistics],
    ) as writer:
        writer.add_key_value_metadata(dict(notes or {}))

        def write(frame: Coded) -> None:
            rows = pyarrow.Table.from_arrays(frame.arrow(names).columns, schema=arrow)
            writer.write_table(rows, row_group_size=max(rows.num_rows, 1))

        yield write


@contextlib.contextmanager
def behind(write: Callable[[Coded], None]) -> Iterator[Callable[[Coded], None]]:
    """What has a frame written while the next one is made, of which no more than one waits."""
    with ThreadPoolExecutor(1) as pool:
        writing: list[Future[None]] = []

        def hand_over(frame: Coded) -> None:
            while writing:
                writing.pop().result()
            writing.append(pool.submit(write, frame))

        yield hand_over
        for last in writing:
            last.result()
