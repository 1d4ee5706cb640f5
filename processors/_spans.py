"""Text of rows as bytes in one piece, where compiled loops are at home."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from processors import _scan


@dataclass(frozen=True)
class Spans:
    """Valid UTF-8, where each row's text begins in it, and how many bytes that has: -1 for null."""

    data: Any
    at: Any
    lengths: Any

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def text(self) -> pl.Series:
        """The text of each row."""
        return self.some(np.arange(len(self)))

    def some(self, places: Any) -> pl.Series:
        """The text of the rows at those places."""
        lengths = self.lengths[places]
        offsets, texts = _scan.gathered(self.data, self.at[places], lengths)
        return text(offsets, texts, None if len(lengths) == 0 or lengths.min() >= 0 else lengths >= 0)

    def where(self, condition: Any) -> Spans:
        """The same, null in the rows where the condition does not hold."""
        return Spans(self.data, self.at, np.where(condition, self.lengths, -1))

    @cached_property
    def has_zeros(self) -> bool:
        """Whether any text may have a NUL byte."""
        return len(self.data) > 0 and self.data.min() == 0

    @cached_property
    def has_backslashes(self) -> bool:
        """Whether any text may have one."""
        return _scan.holds(self.data, _scan.BACKSLASH)


def spans(rows: pl.Series) -> Spans:
    """The bytes of a column of text."""
    array = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int64, len(array) + 1, array.offset * 8) if len(array) else np.zeros(1, np.int64)
    lengths = np.diff(ends)
    if rows.null_count():
        lengths[rows.is_null().to_numpy()] = -1
    return Spans(np.frombuffer(data or b"", np.uint8), ends[:-1], lengths)


def lines(data: bytes, count: int) -> Spans:
    """The lines, of which there are so many, each without its line end: a line feed, or that after one carriage return.

    They may be no UTF-8.
    """
    buffer = np.frombuffer(data, np.uint8)
    return Spans(buffer, *_scan.lines(buffer, count))


def text(offsets: Any, texts: Any, is_text: Any = None) -> pl.Series:
    """The column of text that ends at those offsets, null where a row is none."""
    import pyarrow as pa

    buffers = [pa.py_buffer(buffer) for buffer in (offsets, texts)]
    is_valid = None if is_text is None else pa.py_buffer(np.packbits(is_text, bitorder="little"))
    return pl.Series(exported(pa.LargeStringArray.from_buffers(len(offsets) - 1, *buffers, is_valid)))


class exported:
    """An array that Polars takes as it is: for one that it knows as Arrow's it loads all of Arrow's functions."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        return self._array.__arrow_c_array__(requested_schema)
