"""Text as codes: what is sorted, compared and looked up many times is a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl


def coded(*columns: pl.Series) -> tuple[list[Any], list[str]]:
    """The codes of each column, from 1 on and 0 for null, the same in all of them; and the text of each code.

    The text of code 0 is empty. Not as `_encoded` makes codes, which copies all text: here are millions of rows.
    """
    texts = pl.Categorical(pl.Categories.random())
    known = [column.cast(texts) for column in columns]
    codes = [(column.to_physical() + 1).fill_null(0).to_numpy() for column in known]
    distinct = pl.concat([column.unique() for column in known]).unique().drop_nulls()
    places = (distinct.to_physical() + 1).to_numpy()
    found = [""] * (int(places.max(initial=0)) + 1)
    for place, text in zip(places, distinct.cast(pl.String), strict=True):
        found[place] = text
    return codes, found


def ranked(column: pl.Series, function: Callable[[str], str] = str) -> tuple[Any, list[str]]:
    """The rank of each text, as the function makes it, among the distinct ones, in their order. No nulls."""
    (codes,), texts = coded(column)
    made = [function(text) for text in texts[1:]]
    distinct = sorted(set(made))
    ranks = {text: rank for rank, text in enumerate(distinct)}
    of_code = np.array([0, *(ranks[text] for text in made)], np.uint32)
    return of_code[codes], distinct
