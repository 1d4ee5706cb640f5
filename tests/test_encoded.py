"""Text as codes says what the text says, whatever repeats in it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from processors import _encoded
from processors._encoded import Coded, Encoded, constant, encode, encoded
from processors._parquet import Parquet
from schemas import Quarantine

MANY = 2 * _encoded.FEW
COLUMNS = {
    "each once": [f"agent {number}" for number in range(MANY)],
    "few, mixed": ["curl/8", "wget/1", None, ""] * (MANY // 4),
    "in runs": [f"second {number // 100}" for number in range(MANY)],
    "runs of nothing": [None] * MANY,
    "a few": ["curl/8", None, "é", "curl/8"],
    "one": ["curl/8"],
    "none": [],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_rows_are_what_was_encoded(name: str) -> None:
    rows = pl.Series(COLUMNS[name], dtype=pl.String)
    assert encoded(rows).rows().to_list() == COLUMNS[name]
    assert _decoded(encoded(rows)) == COLUMNS[name]


@pytest.mark.parametrize("name", COLUMNS)
def test_each_text_has_one_code_and_nothing_has_code_0(name: str) -> None:
    column = encoded(pl.Series(COLUMNS[name], dtype=pl.String))
    assert column.codes is not None
    assert column.values.to_list() == [None, *dict.fromkeys(text for text in COLUMNS[name] if text is not None)]
    assert column.codes.null_count() == 0


def test_a_value_is_looked_at_once() -> None:
    seen: list[str | None] = []

    def look(values: pl.Series) -> pl.Series:
        seen.extend(values.to_list())
        return values

    encoded(pl.Series(COLUMNS["few, mixed"])).apply(look)
    assert sorted(seen, key=str) == sorted(["curl/8", "wget/1", "", None], key=str)


@pytest.mark.parametrize("column", [["a", "b", "a", None] * MANY, ["a", "b", "c", None]], ids=["coded", "plain"])
def test_rows_of_others_take_the_place_of_some(column: list[str | None]) -> None:
    ours = encoded(pl.Series(column))
    for theirs in (
        Encoded(pl.Series(["x", None])),
        Encoded(pl.Series(["x", None]), pl.Series([0, 1], dtype=pl.UInt32)),
    ):
        assert ours.replaced(pl.Series([1, 2]), theirs).rows().to_list() == [column[0], "x", None, *column[3:]]
    assert ours.rows().to_list() == column


@pytest.mark.parametrize("column", [["a", "b"] * MANY, ["a", "b"]], ids=["coded", "plain"])
def test_where_a_condition_does_not_hold_there_is_nothing(column: list[str]) -> None:
    condition = pl.Series([True, False] * (len(column) // 2))
    assert _decoded(encoded(pl.Series(column)).where(condition)) == ["a", None] * (len(column) // 2)


def test_values_that_become_the_same_have_one_code() -> None:
    column = encoded(pl.Series(["Chrome/126", "Chrome/127", "-"] * MANY))
    browsers = column.map(lambda value: value.replace_strict({"-": None}, default="Chrome", return_dtype=pl.String))
    coded = encode({"device": browsers}, pl.Schema({"device": pl.String()}))
    assert coded.texts["device"].to_list() == [None, "Chrome"]
    assert coded.decoded()["device"].to_list() == ["Chrome", "Chrome", None] * MANY


def test_a_constant_is_the_same_in_each_row() -> None:
    assert _decoded(constant("request", 3)) == ["request"] * 3
    assert _decoded(constant(None, 3)) == [None] * 3


def test_a_file_holds_plain_text_whether_it_came_as_codes_or_not(tmp_path: Path) -> None:
    names = Quarantine.column_names()
    needed = {
        "quarantine_reason": "malformed_line",
        "file_id": "f1",
        "line_number": 1,
        "line_bytes": 2,
        "raw_bytes": b"-",
    }
    row = dict.fromkeys(names) | needed | {"source": "panel", "path": "landing/é"}
    plain = pl.DataFrame([row], schema=Quarantine.empty().schema)
    column = pl.Series([1], dtype=pl.UInt32)
    coded = Coded(plain.with_columns(source=column), {"source": pl.Series([None, "shop"])})
    with Parquet(tmp_path / "rows.parquet", Quarantine) as file:
        file.write(Coded(plain, {}))
        file.write(coded)
    written = pl.read_parquet(tmp_path / "rows.parquet")
    assert written.schema == plain.schema
    assert written.equals(pl.concat([plain, coded.decoded()]))


def _decoded(column: Encoded) -> list[str | None]:
    return encode({"text": column}, pl.Schema({"text": pl.String()})).decoded()["text"].to_list()
