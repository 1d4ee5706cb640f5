"""Every line ends as an event, a reject with a reason, or a skipped line; formats are found by name."""

from __future__ import annotations

import hashlib
import hmac
import pickle
from datetime import timedelta

import pytest
from parsing import INSTANT, KEY, frame, one, request

from processors import parse
from schemas import Events


def test_rows_are_the_columns_of_events_and_the_two_remarks() -> None:
    assert frame([request()]).columns == [*Events.column_names(), "quarantine_reason", "skipped"]


def test_an_event_satisfies_the_table() -> None:
    rows = frame([request()])
    Events.validate(rows.drop("quarantine_reason", "skipped"))
    assert rows.select("source", "file_id", "line_number").row(0) == ("panel", "f1", 1)


def test_lines_in_are_rows_out_in_order() -> None:
    kinds = [request(), "", None, "malformed", request(time="31/Feb/2025:10:07:12 +0530"), "\0", " \t "]
    rows = frame(kinds * 50)
    assert rows["line_number"].to_list() == list(range(1, 351))
    assert rows["quarantine_reason"].to_list() == [
        None, None, "invalid_utf8", "malformed_line", "malformed_time", "nul_bytes", None
    ] * 50  # fmt: skip
    assert rows["skipped"].to_list() == [None, "blank", None, None, None, None, "blank"] * 50


def test_no_lines_are_no_rows() -> None:
    assert frame([]).height == 0


def test_a_line_that_is_no_text_is_quarantined() -> None:
    assert one(None)["quarantine_reason"] == "invalid_utf8"


def test_a_nul_byte_costs_the_line_even_in_an_otherwise_good_one() -> None:
    assert one(request(agent="a\0b"))["quarantine_reason"] == "nul_bytes"


def test_a_line_of_exactly_one_mebibyte_is_read() -> None:
    line = request(agent="a" * (1_048_576 - len(request(agent=""))))
    assert len(line) == 1_048_576
    assert one(line)["quarantine_reason"] is None
    assert one(line + " ")["quarantine_reason"] == "line_too_long"


def test_length_is_counted_in_bytes() -> None:
    assert one("é" * 600_000)["quarantine_reason"] == "line_too_long"


def test_a_long_line_of_spaces_is_too_long_and_not_blank() -> None:
    row = one(" " * 1_048_577)
    assert (row["quarantine_reason"], row["skipped"]) == ("line_too_long", None)


@pytest.mark.parametrize("line", ["", " ", "\t", " \t "])
def test_spaces_and_tabs_are_blank(line: str) -> None:
    row = one(line)
    assert (row["quarantine_reason"], row["skipped"]) == (None, "blank")


def test_time_bounds_are_included() -> None:
    second = timedelta(seconds=1)
    assert one(request(), earliest=INSTANT, latest=INSTANT)["quarantine_reason"] is None
    assert one(request(), earliest=INSTANT + second)["quarantine_reason"] == "time_out_of_range"
    assert one(request(), latest=INSTANT - second)["quarantine_reason"] == "time_out_of_range"


# formats by name


READERS = [*parse.formats().values(), *parse.servers().values()]


def test_formats_are_found_by_name() -> None:
    assert {"common", "combined", "vhost_combined", "okta", "keycloak"} <= set(parse.formats())
    assert not [name for name in parse.formats() if name.startswith("_")]


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(parse.UnknownFormat, match="Did you mean 'combined'") as caught:
        parse.reader("combimed")
    assert (caught.value.format, caught.value.nearest) == ("combimed", "combined")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_the_sample_of_every_format_is_an_event(reader: parse.Reader) -> None:
    row = one(reader.sample, reader, time_zone="UTC", fields=reader.fields)
    assert (row["quarantine_reason"], row["skipped"]) == (None, None)
    assert row["user_name"] in ("riya.sharma@example.com", None)  # proxies log no users
    assert row["ip_address"] == "192.0.2.10"
    assert reader.specification.startswith("https://")


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_readers_cross_processes(reader: parse.Reader) -> None:
    assert pickle.loads(pickle.dumps(reader)) == reader


def test_the_reference_is_a_keyed_digest_and_never_the_reference() -> None:
    record = parse.reader("okta").sample
    row = one(record, "okta")
    assert row["session_reference"] == hmac.new(KEY, b"102example", hashlib.sha256).hexdigest()
    assert "102example" not in str(row)
