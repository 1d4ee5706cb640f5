"""Codes of text: the same for the same text, however it lies in memory."""

from __future__ import annotations

import polars as pl
import pytest

from processors import _text_codes, _views_kernel
from processors._text_codes import categories, distinct, numbered, ranked

LONG = "longer than what a view has room for"
TEXTS = ["x", LONG, None, "x", "", "", LONG, "a\0", "a"]
COLUMNS = {
    "in one piece": pl.Series(TEXTS),
    "some of it": pl.Series(["before", *TEXTS])[1:],
    "in two pieces": pl.concat([pl.Series(TEXTS), pl.Series(TEXTS)], rechunk=False),
    "nothing": pl.Series([], dtype=pl.String),
    "nulls": pl.Series([None, None], dtype=pl.String),
    "no nulls": pl.Series(["x", "y", "x"]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_codes_stand_for_the_texts_of_the_rows(name: str) -> None:
    column = COLUMNS[name]
    kind = pl.Categorical(pl.Categories.random())
    for one in (column, categories(column, kind)):
        codes, texts = distinct(one)
        assert texts[0] is None
        assert texts.gather(codes).to_list() == column.to_list()
    assert categories(column, kind).cast(pl.String).to_list() == column.to_list()


@pytest.mark.parametrize("name", COLUMNS)
def test_rows_have_one_number_where_they_have_one_text(name: str) -> None:
    column = COLUMNS[name]
    for one in (column, categories(column, pl.Categorical(pl.Categories.random()))):
        pairs = set(zip(column.to_list(), numbered(one).tolist(), strict=True))
        assert len(pairs) == len({text for text, _ in pairs}) == len({number for _, number in pairs})
        assert all((text is None) == (number == 0) for text, number in pairs)


def test_a_null_behind_which_a_text_lies_is_not_the_text() -> None:
    column = pl.Series(["x", "x", LONG, LONG])
    hidden = pl.select(pl.when(pl.Series([False, True, False, True])).then(column)).to_series()
    codes, texts = distinct(hidden)
    assert texts.gather(codes).to_list() == [None, "x", None, LONG]


def test_many_texts_are_told_apart() -> None:
    column = pl.Series([f"{n % 5_000:05} and so on, and on" for n in range(20_000)])
    codes, texts = distinct(column)
    assert texts.gather(codes).equals(column)
    assert len(set(numbered(column).tolist())) == 5_000


def test_ranks_are_of_what_the_function_makes() -> None:
    ranks, texts = ranked(pl.Series(["Ben", "ann", "ANN"]), str.casefold)
    assert (ranks.tolist(), texts) == ([1, 0, 0], ["ann", "ben"])


def test_a_view_has_the_bytes_that_the_kernel_reads() -> None:
    assert _text_codes._VIEW_BYTES == _views_kernel.VIEW
