"""Coded rows put together, put in the order of their texts, and read back from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from processors._encoded import Coded, Encoded, encoded
from processors._spans import exported


def together(parts: Sequence[Coded]) -> Coded:
    """The rows of all, one after the other, of which all have the same columns as codes."""
    columns, texts = {}, {}
    by_size = sorted(parts, key=lambda part: -part.rows.height)
    for name in parts[0].texts:
        known = encoded(pl.concat([part.texts[name] for part in by_size]))
        codes, first = {}, 0
        for part in by_size:
            code = _codes(known)[first : first + len(part.texts[name])]
            # those of the largest stay as they are
            is_kept = not first and code.equals(pl.int_range(len(code), dtype=pl.UInt32, eager=True))
            codes[id(part)] = part.rows[name] if is_kept else code.gather(part.rows[name])
            first += len(code)
        columns[name], texts[name] = pl.concat([codes[id(part)].alias(name) for part in parts]), known.values
    rows = pl.concat([part.rows.drop(texts) for part in parts]).with_columns(**columns)
    return Coded(rows.select(parts[0].rows.columns), texts)


def ordered(one: Coded) -> Coded:
    """The same rows, whose texts are those that they have, in the order in which they come."""
    columns, texts = {}, dict(one.texts)
    for name, text in one.texts.items():
        codes, count = one.rows[name].to_numpy(), one.rows.height
        if len(text) == 1 or (len(text) == 2 and codes.any()):
            continue
        first = np.full(len(text), count, np.int64)
        first[codes[::-1]] = np.arange(count - 1, -1, -1)  # of equal codes the last one in this order stays
        first[0] = -1
        places = np.argsort(first, kind="stable")[: np.count_nonzero(first < count)]
        code = np.zeros(len(text), np.uint32)
        code[places] = np.arange(len(places))
        columns[name], texts[name] = pl.Series(code[codes]), text.gather(places)
    return Coded(one.rows.with_columns(**columns), texts)


def mapped(one: Coded, name: str, function: Callable[[pl.Expr], pl.Expr]) -> Coded:
    """The rows with an expression applied to one column of text, which must give null for null."""
    made = encoded(one.texts[name].to_frame("").select(function(pl.col(""))).to_series())
    return Coded(
        one.rows.with_columns(_codes(made).gather(one.rows[name]).alias(name)), {**one.texts, name: made.values}
    )


def regrouped(frames: Iterable[Coded], size: int) -> Iterator[Coded]:
    """The rows of the frames in groups of that size, the last one smaller; how they are spread does not show."""
    waiting: list[Coded] = []
    for frame in frames:
        waiting.append(frame)
        while sum(one.rows.height for one in waiting) >= size:
            joined = together(waiting)
            yield ordered(Coded(joined.rows[:size], joined.texts))
            waiting = [ordered(Coded(joined.rows[size:], joined.texts))]
    if any(one.rows.height for one in waiting):
        yield ordered(together(waiting))


def read(path: Path, schema: pl.Schema) -> Coded:
    """The rows of a Parquet file that has some, their text as codes."""
    import pyarrow.parquet

    text = [name for name, dtype in schema.items() if dtype == pl.String]
    with pyarrow.parquet.ParquetFile(path, read_dictionary=text) as file:
        table = file.read(schema.names(), use_threads=False).unify_dictionaries().combine_chunks()
    columns, texts = {}, {}
    for name, dtype in schema.items():
        if name not in text:
            columns[name] = pl.Series(table[name]).cast(dtype)
            continue
        (column,) = table[name].chunks
        columns[name] = (pl.Series(exported(column.indices)) + 1).fill_null(0).cast(pl.UInt32)
        texts[name] = pl.concat([pl.Series([None], dtype=pl.String), pl.Series(exported(column.dictionary))])
    return Coded(pl.DataFrame(columns), texts)


def _codes(column: Encoded) -> pl.Series:
    """Those of a column that has some."""
    if column.codes is None:
        raise AssertionError("a column of text has no codes")
    return column.codes
