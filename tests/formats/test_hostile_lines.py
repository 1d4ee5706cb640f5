"""What a client sends stays in its own field, or the line is rejected."""

from __future__ import annotations

import polars as pl
import pytest

from processors import parse

HEAD = '192.0.2.10 - - [29/Aug/2025:10:07:12 +0530] "GET / HTTP/1.1" 200 5'


def row(line: str, reader: str = "combined") -> dict[str, object]:
    lines = pl.LazyFrame({"line_number": [1], "line": [line]})
    options = parse.Options(reference_key=b"k")
    return (
        parse.parse(lines, reader=parse.reader(reader), source="s", file_id="f", options=options)
        .collect()
        .to_dicts()[0]
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        HEAD + ' "-"',
        HEAD + ' "-" "-" "-"',
        HEAD + ' "-" "-" ',
        HEAD + ' "-" "-"\n',
        " " + HEAD + ' "-" "-"',
        HEAD + '  "-" "-"',
        HEAD + ' "-" "a "b" c"',
        HEAD + ' "-" "a\\"',
        HEAD + ' "-" "a',
        HEAD + ' - "-"',
        HEAD.replace("200", "20") + ' "-" "-"',
        HEAD.replace("200", "2000") + ' "-" "-"',
        HEAD.replace("200", "+20") + ' "-" "-"',
        HEAD.replace("200", "２００") + ' "-" "-"',
        HEAD.replace("200", "-") + ' "-" "-"',
        HEAD.replace("- -", "-") + ' "-" "-"',
        HEAD.replace("- -", '- ri"ya') + ' "-" "-"',
        HEAD.replace("[", "").replace("]", "") + ' "-" "-"',
        HEAD.replace("\x20", "\u00a0") + ' "-" "-"',
        "panel.example.com:443 " + HEAD[:-1],
    ],
)
def test_another_shape_is_no_event(line: str) -> None:
    assert (row(line)["quarantine_reason"], row(line)["skipped"]) in {("malformed_line", None), (None, "blank")}


def test_a_user_cannot_pretend_a_time() -> None:
    line = '192.0.2.10 - x [01/Jan/2020:00:00:00 +0000] [29/Aug/2025:10:07:12 +0530] "GET / HTTP/1.1" 200 5 "-" "-"'
    found = row(line)
    assert found["user_name"] == "x [01/Jan/2020:00:00:00 +0000]"
    assert str(found["event_time"]).startswith("2025-08-29 04:37:12")


def test_a_user_with_spaces_and_escaped_quotes_is_one_user() -> None:
    line = HEAD.replace("- -", r"- Riya \"R\" Sharma \x22") + ' "-" "-"'
    assert row(line)["user_name"] == 'Riya "R" Sharma "'


def test_an_escaped_request_cannot_pretend_the_fields_behind_it() -> None:
    line = r'192.0.2.10 - - [29/Aug/2025:10:07:12 +0530] "GET /\" 200 5 \"-\" \"x HTTP/1.1" 404 7 "-" "-"'
    found = row(line)
    assert (found["http_status"], found["response_bytes"], found["http_path"]) == (404, 7, '/" 200 5 "-" "x')


def test_an_escaped_agent_cannot_end_the_line() -> None:
    found = row(HEAD + r' "-" "x\" \"y\\"')
    assert found["user_agent"] == 'x" "y\\'


def test_a_line_of_another_format_is_no_event_of_this_one() -> None:
    names = ("common", "combined", "vhost_combined")
    for written in names:
        for read in names:
            reason = row(parse.reader(written).sample, read)["quarantine_reason"]
            assert reason == (None if read == written else "malformed_line")


@pytest.mark.parametrize("prefix", ["panel.example.com:443", "panel.example.com", "203.0.113.9:80"])
def test_the_virtual_host_is_the_application(prefix: str) -> None:
    found = row(f'{prefix} {HEAD} "-" "-"', "vhost_combined")
    assert found["application"] == prefix.partition(":")[0]
    assert found["ip_address"] == "192.0.2.10"


@pytest.mark.parametrize("character", ["\r", "\u2028", "\x85", "\x1f", "\x7f", "\u202e", "\ufeff", "=", "<"])
def test_odd_characters_stay_in_their_field(character: str) -> None:
    assert row(f'{HEAD} "-" "a{character}b"')["user_agent"] == f"a{character}b"


def test_deeply_repeated_text_is_read_in_one_pass() -> None:
    bomb = "\\\\" * 250_000
    assert row(f'{HEAD} "-" "{bomb}"')["user_agent"] == "\\" * 250_000
    assert row(f'{HEAD} "-" "{bomb}\\"')["quarantine_reason"] == "malformed_line"
