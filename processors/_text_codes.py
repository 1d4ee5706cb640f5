"""Text as codes: what is sorted, compared and looked up many times is a number."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from processors._machine_code import call

_VIEW_BYTES = 16
_SEED = secrets.randbits(63)  # nobody can write texts that all have one hash


def distinct(column: pl.Series) -> tuple[Any, pl.Series]:
    """Which of the texts each row has, and these, behind a null. There may be several of one text, but far fewer than
    rows: what Parquet has once in a dictionary is once in memory.
    """
    if isinstance(column.dtype, pl.Categorical):
        codes = _codes(column)
        is_used = np.zeros(int(codes.max(initial=0)) + 1, np.bool_)
        is_used[codes] = True
        is_used[0] = True
        numbers = np.cumsum(is_used, dtype=np.uint32) - np.uint32(1)
        used = pl.Series(np.flatnonzero(is_used)[1:].astype(np.uint32) - np.uint32(1))
        return numbers[codes], _behind_null(used.cat.to(column.dtype).cast(pl.String))
    codes, rows = _views(column.rechunk())
    return codes, _behind_null(column.gather(rows))


def numbered(column: pl.Series) -> Any:
    """A number for each row, the same where the text is; 0 for null."""
    if isinstance(column.dtype, pl.Categorical):
        return _codes(column)
    codes, texts = distinct(column)
    return _codes(texts.cast(pl.Categorical(pl.Categories.random())))[codes]


def categories(column: pl.Series, kind: pl.Categorical) -> pl.Series:
    """The column as categories of that kind."""
    codes, texts = distinct(column)
    return texts.cast(kind).gather(codes)


def ranked(column: pl.Series, function: Callable[[str], str] = str) -> tuple[Any, list[str]]:
    """The rank of each text, as the function makes it, among the distinct ones, in their order. No nulls."""
    codes, texts = distinct(column)
    made = [function(text) for text in texts[1:]]
    found = sorted(set(made))
    ranks = {text: rank for rank, text in enumerate(found)}
    return np.array([0, *(ranks[text] for text in made)], np.uint32)[codes], found


def _codes(column: pl.Series) -> Any:
    return (column.to_physical().cast(pl.UInt32) + 1).fill_null(0).to_numpy()


def _behind_null(texts: pl.Series) -> pl.Series:
    return pl.concat([pl.Series(texts.name, [None], dtype=pl.String), texts], rechunk=True)


def _views(column: pl.Series) -> tuple[Any, Any]:
    """Codes of a column in one piece from 1 on, 0 for null, and the first row of each."""
    array = column.to_arrow(compat_level=pl.CompatLevel.newest())
    count = len(array)
    codes, rows = np.empty(count, np.uint32), np.empty(count, np.int64)
    table = np.zeros(1 << (2 * count).bit_length(), np.uint32)
    nulls = column.is_null().to_numpy() if column.null_count() else None
    known = call(
        "views",
        *(array.buffers()[1].address + _VIEW_BYTES * array.offset, _at(nulls), count),
        *(_SEED, _at(table), len(table), _at(codes), _at(rows)),
    )
    return codes, rows[:known]


def _at(array: Any) -> int:
    """Where an array, which is in one piece, begins in memory; 0 where there is none."""
    return 0 if array is None else int(array.__array_interface__["data"][0])
