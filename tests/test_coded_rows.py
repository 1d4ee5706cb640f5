"""Coded rows say the same after whatever is done to them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from processors._coded_rows import mapped, ordered, read, regrouped, together
from processors._encoded import Coded
from processors._row_groups import row_groups


def coded(texts: list[str | None], codes: list[int], number: int = 0) -> Coded:
    rows = pl.DataFrame(
        {"name": pl.Series(codes, dtype=pl.UInt32), "number": pl.Series(range(number, number + len(codes)))}
    )
    return Coded(rows, {"name": pl.Series(texts, dtype=pl.String)})


SMALL = coded([None, "b", "c"], [2, 0, 1])
LARGE = coded([None, "a", "b", "unused"], [1, 2, 2, 0, 1], number=3)
NAMES = ["c", None, "b", "a", "b", "b", None, "a"]


@pytest.mark.parametrize("parts", [[SMALL, LARGE], [SMALL, SMALL.filter(pl.Series([False] * 3)), LARGE]])
def test_rows_put_together_are_those_of_one_after_those_of_the_other(parts: list[Coded]) -> None:
    joined = together(parts)
    assert joined.decoded().to_dict(as_series=False) == {"number": list(range(8)), "name": NAMES}
    assert joined.texts["name"].to_list() == [None, "a", "b", "unused", "c"]


def test_texts_in_order_are_those_of_the_rows_as_they_come() -> None:
    one = ordered(together([SMALL, LARGE]))
    assert one.texts["name"].to_list() == [None, "c", "b", "a"]
    assert one.decoded()["name"].to_list() == NAMES


@pytest.mark.parametrize("codes", [[0, 0], [1, 0], []])
def test_a_text_that_no_row_has_is_not_kept(codes: list[int]) -> None:
    assert ordered(coded([None, "a"], codes)).texts["name"].to_list() == [None, "a"][: 1 + any(codes)]


def test_texts_that_become_the_same_have_one_code() -> None:
    one = mapped(LARGE, "name", lambda name: name.replace_strict({"a": "z", "b": "z"}, default=None))
    assert one.texts["name"].to_list() == [None, "z"]
    assert one.decoded()["name"].to_list() == ["z", "z", "z", None, "z"]


def test_groups_are_the_same_however_the_rows_are_spread() -> None:
    whole = together([SMALL, LARGE])
    parts = [Coded(whole.rows[n : n + 1], whole.texts) for n in range(8)]
    for given in ([whole], [SMALL, LARGE], parts):
        found = list(regrouped(given, 3))
        assert [one.decoded()["name"].to_list() for one in found] == [NAMES[:3], NAMES[3:6], NAMES[6:]]
        assert [one.texts["name"].to_list() for one in found] == [[None, "c", "b"], [None, "a", "b"], [None, "a"]]
    assert not list(regrouped([], 3))


def test_what_is_written_is_read_as_codes(tmp_path: Path) -> None:
    schema = pl.Schema({"name": pl.String(), "number": pl.Int64()})
    with row_groups(tmp_path / "rows.parquet", schema) as write:
        write(LARGE)
        write(SMALL)
    found = read(tmp_path / "rows.parquet", schema)
    assert found.decoded().equals(together([LARGE, SMALL]).decoded().select("name", "number"))
    assert pl.read_parquet(tmp_path / "rows.parquet").equals(found.decoded())
