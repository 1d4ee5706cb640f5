"""CSV: a line is a record, whatever somebody wrote into a cell, and however the file grew."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import _csv, headers, parse, run
from processors import settings as configuration
from processors._field_table import table
from schemas import Events, Quarantine

HEADER = "time,user,action,agent"
FIELDS: dict[str, Any] = {
    "event_time": "time",
    "user_name": "user",
    "user_agent": "agent",
    "event_class": {"path": "action", "login": "in", "logout": "out"},
}
LINE = "2025-08-29T04:37:12Z,riya,in,curl/8.5.0"


def parsed(data: str | bytes, **changes: object) -> pl.DataFrame:
    raw = data if isinstance(data, bytes) else data.encode()
    options = parse.Options(reference_key=b"k", field_map=table(FIELDS | changes, "csv").field_map())
    reader = parse.reader("fields:csv")
    find = headers.finder(reader, options)
    assert find
    lines = pl.DataFrame(
        {"line": [line.removesuffix(b"\r").decode() for line in raw.removesuffix(b"\n").split(b"\n")]}
    ).with_row_index("line_number", 1)
    lines = lines.with_columns(pl.col("line_number").cast(pl.Int64), headers.column(find(raw, None)))
    return parse.parse(lines.lazy(), reader=reader, source="s", file_id="f", options=options).collect()


def kinds(data: str, **changes: object) -> list[str]:
    """What each line is: a user, a reason, or a kind that is skipped."""
    found = parsed(data, **changes)
    return found.select(pl.coalesce("skipped", "quarantine_reason", "user_name", pl.lit(""))).to_series().to_list()


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a,b", ["a", "b"]),
        ("", [""]),
        (",", ["", ""]),
        ('"a","b"', ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ('"a ""x""",b', ['a "x"', "b"]),
        ('"",""', ["", ""]),
        ('""""', ['"']),
        ('a"b,c', "malformed"),
        ('"a"b,c', "malformed"),
        ('"a" ,b', "malformed"),
        (' "a",b', "malformed"),
        ('"a,b', "open"),
        ('a,"', "open"),
        ('a,"b""', "open"),
    ],
)
def test_a_line_is_cut_as_the_standard_says(line: str, cells: object) -> None:
    assert _csv.cells(line, ",") == cells


@pytest.mark.parametrize("delimiter", _CSV := list(_csv.DELIMITERS))
def test_the_header_tells_what_stands_between_cells(delimiter: str) -> None:
    assert kinds(f"{HEADER}\n{LINE}".replace(",", delimiter)) == ["directive", "riya"]
    assert len(_CSV) == 4


@pytest.mark.parametrize("begin", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_line_ends_of_windows_are_no_part_of_a_name(begin: str, end: str) -> None:
    assert kinds(f"{begin}{HEADER}{end}{LINE}{end}") == ["directive", "riya"]


def test_blank_lines_may_come_before_the_header() -> None:
    assert kinds(f"\n  \n{HEADER}\n{LINE}\n\n{LINE}") == ["blank", "blank", "directive", "riya", "blank", "riya"]


def test_a_header_that_comes_again_is_skipped() -> None:
    again = "\ufeff" + HEADER  # of a file that was put behind another
    assert kinds(f"{HEADER}\n{LINE}\n{HEADER}\n{again}\n{LINE}") == [
        "directive", "riya", "directive", "directive", "riya",
    ]  # fmt: skip


def test_a_header_in_another_order_counts_from_there_on() -> None:
    other = "risk,user,time,agent,action\n3,mei,2025-08-29T04:37:12Z,curl/8.5.0,in"
    assert kinds(f"{HEADER}\n{LINE}\n{other}\n{LINE}") == [
        "directive",
        "riya",
        "directive",
        "mei",
        "wrong_column_count",
    ]


def test_names_in_one_cell_are_no_header() -> None:
    hostile = f'2025-08-29T04:37:12Z,mei,in,"{HEADER}"'
    assert kinds(f"{HEADER}\n{hostile}\n{LINE}") == ["directive", "mei", "riya"]


def test_files_without_a_header_are_told_it() -> None:
    assert kinds(f"{LINE}\n{LINE}") == ["directive", "directive"]
    assert kinds(f"{LINE}\n{HEADER}\n{LINE}", header=HEADER) == ["riya", "directive", "riya"]


@pytest.mark.parametrize("header", ["when,user,action,agent", "time,user,user,agent", 'time,"user', "x" * 9000])
def test_below_a_header_that_says_no_time_no_line_is_read(header: str) -> None:
    assert kinds(f"{header}\n{LINE}") == ["directive", "malformed_fields"]


@pytest.mark.parametrize("line", [LINE + ",", LINE.removesuffix(",curl/8.5.0"), "x", LINE.replace(",", ";")])
def test_a_line_with_other_columns_is_none(line: str) -> None:
    assert kinds(f"{HEADER}\n{line}\n{LINE}") == ["directive", "wrong_column_count", "riya"]


@pytest.mark.parametrize("text", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_what_looks_like_a_formula_is_text(text: str) -> None:
    quoted = '"' + text.replace('"', '""') + '"'
    assert kinds(f"{HEADER}\n{LINE.replace('riya', quoted)}") == ["directive", text]


def test_nobody_writes_a_record_into_a_cell() -> None:
    forged = "2025-08-29T04:37:13Z,admin,in,x"
    text = written([["2025-08-29T04:37:12Z", f'a"\n{forged}\n"{forged}\n', "in", "x"]]) + LINE
    assert kinds(text) == ["directive", *["quoted_line_break"] * 4, "riya"]


def test_a_cell_that_was_cut_off_costs_no_line_with_quotes_of_its_own() -> None:
    cut, quoted = '2025-08-29T04:37:12Z,mei,in,"Mozi', LINE.replace("curl/8.5.0", '"curl/8.5.0"')
    assert kinds(f"{HEADER}\n{cut}\n{quoted}\n{LINE}") == ["directive", "quoted_line_break", "riya", "riya"]
    assert kinds(f"{HEADER}\n{cut}\n{LINE}\n{quoted}\n{LINE}") == [
        "directive", "quoted_line_break", "quoted_line_break", "riya", "riya",
    ]  # fmt: skip


def test_a_quote_out_of_place_costs_its_own_line() -> None:
    assert kinds(f'{HEADER}\n{LINE}"\n{LINE}\n"x"{LINE}\n{LINE}') == [
        "directive", "malformed_line", "riya", "malformed_line", "riya",
    ]  # fmt: skip


def written(rows: list[list[str]]) -> str:
    """The file that a good writer makes of it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER.split(","), *rows])
    return text.getvalue()


cell = st.text(st.sampled_from('ab,";|\n" \t='), max_size=12)
table_rows = st.lists(st.tuples(cell, cell), max_size=12)


@settings(max_examples=150, deadline=None)
@given(table_rows)
def test_of_what_a_good_writer_wrote_the_records_on_one_line_are_read_and_no_others(
    pairs: list[tuple[str, str]],
) -> None:
    rows = [["2025-08-29T04:37:12Z", user, "in", agent] for user, agent in pairs]
    found = parsed(written(rows)).filter(pl.col("skipped").is_null(), pl.col("quarantine_reason").is_null())
    expected = [
        (user.strip(" \t") or None, agent.strip(" \t") or None) for user, agent in pairs if "\n" not in user + agent
    ]
    assert found.select("user_name", "user_agent").rows() == expected


pieces = st.lists(
    st.sampled_from(
        [LINE, HEADER, "", '"', 'a,"b', '"x"', '","', LINE + '"', LINE.replace("riya", '"riya"'), "a,b,c,d"]
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(pieces, st.data())
def test_it_does_not_matter_where_a_file_is_cut(lines: list[str], data: st.DataObject) -> None:
    whole = "".join(f"{line}\n" for line in [HEADER, *lines]).encode()
    at = data.draw(st.integers(0, len(lines) + 1))
    first = b"".join(whole.splitlines(keepends=True)[:at])
    above = _csv.runs(first, None)
    below = _csv.runs(whole[len(first) :], above[-1][1])

    def marks(runs: list[tuple[int, str | None]]) -> list[str | None]:
        return [mark for count, mark in runs for _ in range(count)]

    assert marks(above) + marks(below) == marks(_csv.runs(whole, None))
    assert below[-1][1] == _csv.runs(whole, None)[-1][1]


WORKSPACE = """
[workspace]
time_zone = "UTC"
[[sources]]
name = "vpn"
format = "fields:csv"
files = "landing/*.csv"
[sources.fields]
event_time = "time"
user_name = "user"
event_class = { path = "action", login = "in", logout = "out" }
"""
GROWN = [f"{HEADER}\n{LINE}\n", f'{LINE.replace("riya", "tom")}\n2025-08-29T04:37:13Z,"mei', f"\n{LINE}\n",
         f'",in,x\n{LINE}\n', f"{HEADER}\n{LINE}\n"]  # fmt: skip


def ingested(folder: Path, deliveries: list[str]) -> list[tuple[object, ...]]:
    folder.mkdir()
    (folder / "workspace.toml").write_text(WORKSPACE)
    (folder / "landing").mkdir()
    loaded = configuration.load(folder)
    text = ""
    for delivery in deliveries:
        text += delivery
        (folder / "landing" / "a.csv").write_text(text)
        run.ingest(loaded, as_of=datetime(2025, 8, 30, tzinfo=UTC))
    from processors import lake

    events = lake.scan(loaded.lake, Events).select("line_number", "user_name").collect().rows()
    rejects = lake.scan(loaded.lake, Quarantine).select("line_number", "quarantine_reason").collect().rows()
    return sorted([*events, *rejects])


def test_a_file_that_grew_in_the_middle_of_a_cell_is_read_as_one_that_did_not(tmp_path: Path) -> None:
    whole = ingested(tmp_path / "whole", ["".join(GROWN)])
    assert whole == [
        (2, "riya"),
        (3, "tom"),
        (4, "quoted_line_break"),
        (5, "quoted_line_break"),
        (6, "quoted_line_break"),
        (7, "riya"),
        (9, "riya"),
    ]
    assert ingested(tmp_path / "grown", GROWN) == whole
