"""Text of many rows of which many are equal: each distinct one is looked at once, and rows have its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

SAMPLE_ROWS = 8_192
WORTH_BELOW = 0.6
"""Distinct values by rows of a sample; above it, looking rows up costs more than looking at each."""
IN_RUNS_BELOW = 0.25
"""Rows of a sample that differ from the one before; below it, only the first row of each run is looked up."""

_NOTHING = pl.Series([None], dtype=pl.String)


@dataclass(frozen=True)
class Encoded:
    """A column: `values`, and which of them each row has (UInt32); without `codes` a value a row."""

    values: pl.Series
    codes: pl.Series | None = None

    def rows(self) -> pl.Series:
        """The value of each row."""
        return self.values if self.codes is None else self.values[self.codes]

    def map(self, function: Callable[[pl.Expr], pl.Expr]) -> Encoded:
        """The column with the expression applied, which must be elementwise and give null for null."""
        return Encoded(self.values.to_frame("").select(function(pl.col(""))).to_series(), self.codes)

    def apply(self, function: Callable[[pl.Series], pl.Series]) -> Encoded:
        """The same of a function of columns."""
        return Encoded(function(self.values), self.codes)

    def fields(self, function: Callable[[pl.Series], pl.DataFrame]) -> dict[str, Encoded]:
        """The columns that the function, likewise elementwise, makes of it."""
        return {column.name: Encoded(column, self.codes) for column in function(self.values)}

    def where(self, condition: pl.Series) -> Encoded:
        """The column, null in the rows where the condition does not hold."""
        if self.codes is None:
            return Encoded(self.values.zip_with(condition, pl.Series([None], dtype=self.values.dtype)))
        return Encoded(self.values, self.codes.zip_with(condition, pl.Series([None], dtype=pl.UInt32)))

    def replaced(self, places: pl.Series, others: Encoded) -> Encoded:
        """The column with the rows at those places as the others have them, in their order."""
        if self.codes is None:
            return Encoded(self.values.clone().scatter(places, others.rows()))  # which changes its column
        theirs = pl.int_range(len(places), dtype=pl.UInt32, eager=True) if others.codes is None else others.codes
        codes = self.codes.clone().scatter(places, theirs + len(self.values))
        return Encoded(pl.concat([self.values, others.values]), codes)


Columns = dict[str, Encoded]


def encoded(rows: pl.Series) -> Encoded:
    """The column in the form that is cheaper to work on."""
    sample = rows[:SAMPLE_ROWS]
    if sample.n_unique() > WORTH_BELOW * len(sample):
        return Encoded(rows)
    if (sample[1:] != sample[:-1]).sum() > IN_RUNS_BELOW * len(sample):
        texts, codes = _distinct(rows)
    else:
        texts, codes = _distinct(rows.rle().struct.field("value"))
        codes = codes[rows.rle_id()]
    return Encoded(texts.append(_NOTHING), codes)  # nothing can be gathered from an empty column


def of_enum(rows: pl.Series, categories: pl.Enum) -> Encoded:
    """The column of an Enum."""
    return Encoded(categories.categories, rows.to_physical().cast(pl.UInt32))


def constant(value: str | None, count: int) -> Encoded:
    """A column of one value."""
    return Encoded(pl.Series([value], dtype=pl.String), pl.Series([0], dtype=pl.UInt32).new_from_index(0, count))


def _is_worth_it(rows: pl.Series) -> bool:
    sample = rows.head(SAMPLE_ROWS)
    return int(sample.is_unique().sum()) < WORTH_BELOW * len(sample)


@dataclass(frozen=True)
class Coded:
    """Rows whose text is codes: `texts` has, for some of the columns, what their codes (UInt32) stand for."""

    rows: pl.DataFrame
    texts: Mapping[str, pl.Series]

    def decoded(self) -> pl.DataFrame:
        """The rows with their text."""
        return self.rows.with_columns(text[self.rows[name]].alias(name) for name, text in self.texts.items())

    def filter(self, mask: pl.Series) -> Coded:
        """The rows where the mask holds."""
        return Coded(self.rows.filter(mask), self.texts)

    def arrow(self, names: list[str]) -> Any:
        """Those columns as a table of Arrow's, all text as dictionaries."""
        import pyarrow as pa

        return pa.table({name: self._dictionary(name) for name in names})

    def _dictionary(self, name: str) -> Any:
        import pyarrow as pa

        column = self.rows[name].rechunk()
        if name in self.texts:
            text = self.texts[name].to_arrow(compat_level=pl.CompatLevel.oldest())
            return pa.DictionaryArray.from_arrays(column.reinterpret(signed=True).to_arrow(), text, safe=False)
        array = column.to_arrow(compat_level=pl.CompatLevel.oldest())
        return array.dictionary_encode() if column.dtype == pl.String else array


def encode(columns: Columns, schema: Mapping[str, pl.DataType]) -> Coded:
    """The columns of the schema as rows."""
    rows, texts = {}, {}
    for name, dtype in schema.items():
        values, codes = columns[name].values, columns[name].codes
        if codes is not None and dtype == pl.String:
            known, places = (values, None) if len(values) == 1 else _distinct(values)
            if not known.null_count():
                rows[name], texts[name] = codes if places is None else places[codes], known
                continue
        rows[name] = columns[name].rows().cast(dtype)
    return Coded(pl.DataFrame(rows), texts)


def _distinct(rows: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The texts that are there, each once, and the place of each row's among them; null for null.

    There may be nulls among the texts.
    """
    categories = pl.Categorical(pl.Categories.random())
    column = rows.cast(categories)  # the categories are forgotten with the last column that has them
    codes = column.to_physical()
    highest = codes.max()
    every = pl.Series("", range(highest + 1 if isinstance(highest, int) else 0), dtype=pl.UInt32)
    return every.cat.to(categories, strict=False).cast(pl.String), codes
