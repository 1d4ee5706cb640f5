"""Text of many rows of which many are equal: each distinct one is looked at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

SAMPLE_ROWS = 16_384
WORTH_BELOW = 0.35
"""Share of a sample that is there once; above it, looking rows up costs more than looking at each."""


@dataclass(frozen=True)
class Encoded:
    """A column: `values`, and which of them each row has; without `codes` a value a row."""

    values: pl.Series
    codes: pl.Series | None = None

    def rows(self) -> pl.Series:
        """The value of each row."""
        return self.values if self.codes is None else self.values.gather(self.codes)

    def map(self, function: Callable[[pl.Expr], pl.Expr]) -> Encoded:
        """The column with the expression applied, which must be elementwise and give null for null."""
        return Encoded(self.values.to_frame("").select(function(pl.col(""))).to_series(), self.codes)

    def apply(self, function: Callable[[pl.Series], pl.Series]) -> Encoded:
        """The same of a function of columns."""
        return Encoded(function(self.values), self.codes)

    def frame(self, function: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
        """The columns that the function, likewise elementwise, makes of it, a row for each of its rows."""
        columns = function(self.values)
        return columns if self.codes is None else columns.select(pl.all().gather(self.codes))

    def filter(self, mask: pl.Series) -> Encoded:
        """The rows where the mask holds."""
        return (
            Encoded(self.values.filter(mask)) if self.codes is None else Encoded(self.values, self.codes.filter(mask))
        )


def encoded(rows: pl.Series) -> Encoded:
    """The column in the form that is cheaper to work on."""
    if not _is_worth_it(rows):
        return Encoded(rows)
    known = pl.Categories.random()
    column = rows.cast(pl.Categorical(known))  # the categories are forgotten with the last column that has them
    values = known.to_series().extend_constant(None, 1)  # nothing can be gathered from an empty column
    return Encoded(values, column.to_physical())


def _is_worth_it(rows: pl.Series) -> bool:
    sample = rows.head(SAMPLE_ROWS)
    return int(sample.is_unique().sum()) < WORTH_BELOW * len(sample)
