"""Text of many rows of which many are equal: each distinct one is looked at once, and rows have its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from processors import _scan
from processors._spans import Spans, spans, text

FEW = 128
"""Texts of which Python makes codes sooner than they are handed over to a loop."""


@dataclass(frozen=True)
class Encoded:
    """A column: `values`, and which of them each row has (UInt32, no nulls); without `codes` a value a row."""

    values: pl.Series
    codes: pl.Series | None = None
    found: Spans | None = None
    """The bytes of the values, if they are text as `_scan` finds it: null, and then each distinct one once."""

    def rows(self) -> pl.Series:
        """The value of each row."""
        return self.values if self.codes is None else self.values[self.codes]

    def map(self, function: Callable[[pl.Expr], pl.Expr]) -> Encoded:
        """The column with the expression applied, which must be elementwise and give null for null."""
        return Encoded(self.values.to_frame("").select(function(pl.col(""))).to_series(), self.codes)

    def apply(self, function: Callable[[pl.Series], pl.Series]) -> Encoded:
        """The same of a function of columns."""
        made = function(self.values)
        return self if made is self.values else Encoded(made, self.codes)

    def fields(self, function: Callable[[pl.Series], pl.DataFrame]) -> dict[str, Encoded]:
        """The columns that the function, likewise elementwise, makes of it."""
        return {column.name: Encoded(column, self.codes) for column in function(self.values)}

    def where(self, condition: pl.Series) -> Encoded:
        """The column, null in the rows where the condition does not hold."""
        nothing = pl.Series([None], dtype=self.values.dtype)
        if self.codes is None:
            return Encoded(self.values.zip_with(condition, nothing))
        code = pl.Series([len(self.values)], dtype=pl.UInt32)
        return Encoded(pl.concat([self.values, nothing]), self.codes.zip_with(condition, code))

    def within(self, column: Encoded) -> Encoded:
        """The rows of a column of which this is something of its values."""
        if column.codes is None:
            return self
        return Encoded(self.values, column.codes if self.codes is None else self.codes[column.codes], self.found)

    def replaced(self, places: pl.Series, others: Encoded) -> Encoded:
        """The column with the rows at those places as the others have them, in their order."""
        if self.codes is None:
            return Encoded(self.values.clone().scatter(places, others.rows()))  # which changes its column
        theirs = pl.int_range(len(places), dtype=pl.UInt32, eager=True) if others.codes is None else others.codes
        codes = self.codes.clone().scatter(places, theirs + len(self.values))
        return Encoded(pl.concat([self.values, others.values]), codes)


Columns = dict[str, Encoded]


def encoded(rows: pl.Series | Spans) -> Encoded:
    """The column of text, each distinct one once, behind a null."""
    if isinstance(rows, pl.Series) and len(rows) <= FEW:
        known: dict[str | None, int] = {None: 0}
        places = [known.setdefault(value, len(known)) for value in rows.to_list()]
        return Encoded(pl.Series(list(known), dtype=pl.String), pl.Series(places, dtype=pl.UInt32))
    given = rows if isinstance(rows, Spans) else spans(rows)
    return of_texts(_scan.encode(given.data, given.at, given.lengths))


def of_texts(found: _scan.Texts) -> Encoded:
    """The column of what `_scan` found."""
    codes, offsets, texts = found
    lengths = np.diff(offsets)
    lengths[0] = -1
    values = text(offsets, texts, lengths >= 0)
    return Encoded(values, pl.Series(codes), Spans(texts, offsets[:-1], lengths))


def constant(value: str | None, count: int) -> Encoded:
    """A column of one value."""
    return Encoded(pl.Series([value], dtype=pl.String), pl.Series([0], dtype=pl.UInt32).new_from_index(0, count))


@dataclass(frozen=True)
class Coded:
    """Rows whose text is codes: `texts` has, for some columns, what their codes (UInt32) stand for; 0 is null."""

    rows: pl.DataFrame
    texts: Mapping[str, pl.Series]

    def decoded(self, names: Sequence[str] | None = None) -> pl.DataFrame:
        """The rows with their text; only those columns, where they are given."""
        rows = self.rows if names is None else self.rows.select(names)
        return rows.with_columns(text[rows[name]].alias(name) for name, text in self.texts.items() if name in rows)

    def filter(self, mask: pl.Series) -> Coded:
        """The rows where the mask holds."""
        return Coded(self.rows.filter(mask), self.texts)

    def arrow(self, names: list[str]) -> Any:
        """Those columns as a table of Arrow's, all text as dictionaries."""
        import pyarrow as pa

        return pa.table({name: self._dictionary(name) for name in names})

    def _dictionary(self, name: str) -> Any:
        import pyarrow as pa

        column, text = self.rows[name].rechunk(), self.texts.get(name)
        if column.dtype == pl.String:
            text, column = _distinct(Encoded(column))
        if text is None:
            return column.to_arrow(compat_level=pl.CompatLevel.oldest())
        codes = column.to_numpy()
        is_text = pa.py_buffer(np.packbits(codes > 0, bitorder="little"))
        places = pa.Array.from_buffers(pa.int32(), len(codes), [is_text, pa.py_buffer(codes - np.uint32(1))])
        texts = text[1:].to_arrow(compat_level=pl.CompatLevel.oldest())
        return pa.DictionaryArray.from_arrays(places, texts, safe=False)


def encode(columns: Columns, schema: Mapping[str, pl.DataType]) -> Coded:
    """The columns of the schema as rows."""
    rows: dict[str, pl.Series] = {}
    texts: dict[str, pl.Series] = {}
    coded: dict[int, str] = {}
    for name, dtype in schema.items():
        column = columns[name]
        if column.codes is None or dtype != pl.String:
            rows[name] = column.rows().cast(dtype)
        elif same := coded.get(id(column)):
            rows[name], texts[name] = rows[same], texts[same]
        else:
            texts[name], rows[name] = _distinct(column)
            coded[id(column)] = name
    return Coded(pl.DataFrame(rows), texts)


def _distinct(column: Encoded) -> tuple[pl.Series, pl.Series]:
    """Null and each distinct text, and which of them each row is. Values may have become the same."""
    distinct = encoded(column.values).within(column) if column.found is None else column
    if distinct.codes is None:
        raise AssertionError("texts that were found have codes")
    return distinct.values, distinct.codes
