"""Every row is in one stretch of time, and hardly any has more rows than are asked for."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from processors.time_stretches import stretches
from tests.oracle import at, event, frame

ROWS = frame([event(at("09:00") + timedelta(milliseconds=700 * n * n)) for n in range(40)])


@pytest.mark.parametrize("most", [1, 7, 40, 1000])
def test_every_row_is_in_one_stretch(most: int) -> None:
    pieces = [(ROWS.filter(within).collect(), count) for within, count in stretches(ROWS, most)]
    assert [piece.height for piece, _ in pieces] == [count for _, count in pieces]
    assert pl.concat(piece for piece, _ in pieces)["line_number"].sort().to_list() == [*range(1, 41)]
    assert max(piece.height for piece, _ in pieces) <= most + 2


def test_rows_of_one_second_are_in_one_stretch() -> None:
    rows = frame([event("09:00:00.1"), event("09:00:00.9"), event("09:00:01")])
    assert [count for _, count in stretches(rows, 1)] == [2, 1]


def test_no_rows_have_no_stretch() -> None:
    assert stretches(ROWS.clear(), 10) == []
