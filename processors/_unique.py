"""Python where no expression exists, called once a distinct value."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def map_unique(values: pl.Expr, function: Callable[[str], str | None]) -> pl.Expr:
    """The function of each string; null stays null."""

    def mapped(column: pl.Series) -> pl.Series:
        old = column.drop_nulls().unique()
        new = pl.Series([function(value) for value in old], dtype=pl.String)
        return column.replace_strict(old, new, default=None, return_dtype=pl.String)

    return values.map_batches(mapped, return_dtype=pl.String, is_elementwise=True)
