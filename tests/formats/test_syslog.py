"""What syslog writes before a line is no part of it, and nothing else is left out."""

from __future__ import annotations

import random

import polars as pl
import pytest

from processors import parse
from processors._reader import WebLine
from processors._template import ANY_QUOTED, WORD, Field
from tests.parsing import frame, one, request

HEADERS = [
    "<134>Aug 29 10:07:12 web1 nginx: ",
    "Aug 29 10:07:12 web1 nginx: ",
    "Aug  9 10:07:12 web1.example.com nginx[123]: ",
    "<190>Aug 29 10:07:12 nginx: ",  # nginx, nohostname
    "Aug 29 10:07:12 2001:db8::1 docker/web-1[7]: ",
    "<134>1 2025-08-29T10:07:12Z web1 nginx 123 - - ",
    "<134>1 2025-08-29T10:07:12.123456+05:30 web1 nginx - - - \ufeff",
    '<134>1 2025-08-29T10:07:12Z web1 nginx 123 ID47 [a@32473 b="c" d="e \\" \\] \\\\"][f] ',
    '<134>1 - - - - - [a b="] <134>1 - - - - - - "] ',
    "2025-08-29T10:07:12.345678+05:30 web1 nginx: ",  # rsyslog's files
]
TEMPLATES = [name for name, reader in parse.formats().items() if reader.kind == "web"]


def read(line: str, format: str) -> dict[str, object]:
    reader = parse.reader(format)
    return one(line, format, time_zone="UTC", fields=reader.fields)


@pytest.mark.parametrize("format", TEMPLATES)
@pytest.mark.parametrize("header", HEADERS)
def test_a_line_with_a_header_is_the_line(format: str, header: str) -> None:
    sample = parse.reader(format).sample
    assert read(header + sample, format) == read(sample, format)
    assert read(sample, format)["quarantine_reason"] is None


@pytest.mark.parametrize(
    "header",
    [
        "Aug 29 10:07:12 ",
        "Aug 29 10:07:12 web1 ",
        "Aug 29 10:07 web1 nginx: ",
        "aug 29 10:07:12 web1 nginx: ",
        "Aug 29 10:07:12 web1 web2 nginx: ",
        "<>Aug 29 10:07:12 web1 nginx: ",
        "<1340>Aug 29 10:07:12 web1 nginx: ",
        "<134> Aug 29 10:07:12 web1 nginx: ",
        "<134>2 2025-08-29T10:07:12Z web1 nginx 123 - - ",
        "<134>1 2025-08-29T10:07:12Z web1 nginx 123 - [a b=c] ",
        '<134>1 2025-08-29T10:07:12Z web1 nginx 123 - [a b="c] ',
        "<134>1 2025-08-29T10:07:12Z web1 nginx 123 - ",
        "2025-08-29T10:07:12 web1 nginx: ",
        "x<134>Aug 29 10:07:12 web1 nginx: ",
        " <134>Aug 29 10:07:12 web1 nginx: ",
    ],
)
def test_what_is_no_header_makes_another_shape(header: str) -> None:
    assert read(header + parse.reader("aws_alb").sample, "aws_alb")["quarantine_reason"] == "malformed_line"
    assert read(header + parse.reader("caddy").sample, "caddy")["quarantine_reason"] == "malformed_json"


def test_only_one_header_is_left_out() -> None:
    line = HEADERS[0] + HEADERS[0] + parse.reader("aws_alb").sample
    assert read(line, "aws_alb")["quarantine_reason"] == "malformed_line"


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_that_a_client_sends_stays_where_it_sent_it(header: str) -> None:
    text = header.replace("\\", "\\\\").replace('"', '\\"')
    victim = request(user="victim", peer="203.0.113.9").replace('"', '\\"')
    row = one(request(agent=f"{text}{victim}"), "combined")
    assert (row["ip_address"], row["user_name"]) == ("192.0.2.10", None)
    assert str(row["user_agent"]).startswith(header)
    row = one(request(f"GET /{text}{victim} HTTP/1.1"), "combined")
    assert (row["ip_address"], row["user_name"]) == ("192.0.2.10", None)
    row = one(request(user=f"{text}{victim}"), "combined")  # an escaped quote is no end of a field
    assert (row["ip_address"], row["user_name"] is None) == ("192.0.2.10", False)


@pytest.mark.parametrize("header", HEADERS)
def test_a_line_that_fits_with_its_header_too_is_read_without_it(header: str) -> None:
    """combined takes `Aug 29 10:07:12 web1 nginx: 192.0.2.10 - riya` for a host, an identity and a user."""
    row = one(header + request(user="riya", peer="192.0.2.10"), "combined")
    assert (row["ip_address"], row["user_name"]) == ("192.0.2.10", "riya")


def test_what_does_not_fit_behind_a_header_is_not_taken_for_names_and_addresses() -> None:
    odd = 'Aug 29 10:07:12 web1 nginx: x [29/Aug/2025:10:07:12 +0530] "GET / HTTP/1.1" 200 5 "-" "-"'
    rows = frame([odd, HEADERS[0] + request(user="riya"), request(user="tom"), HEADERS[1] + "sshd"], "combined")
    assert rows["quarantine_reason"].to_list() == ["malformed_line", None, None, "malformed_line"]
    assert rows["user_name"].to_list()[1:3] == ["riya", "tom"]
    line = HEADERS[0] + request(user="riya")  # of which vhost_combined could make `<134>Aug`, `29` and a long user
    assert one(line, "vhost_combined")["quarantine_reason"] == "malformed_line"


def test_a_format_that_begins_as_a_header_does_is_read_as_it_is() -> None:
    time = Field(r"[^ ]+", "time", without=" ")
    shape = WebLine(
        (time, " web1 nginx: ", Field(WORD, "peer", without=' "'), ' "', Field(ANY_QUOTED, "request"), '"'), "any"
    )
    reader = parse.Reader("x", "", "", "", shape)
    lines = ['2025-08-29T04:37:12Z web1 nginx: 192.0.2.10 "GET / HTTP/1.1"', "2025-08-29T04:37:13Z web1 nginx: x"]
    rows = pl.LazyFrame({"line_number": [1, 2], "line": lines})
    found = parse.parse(
        rows, reader=reader, source="s", file_id="f", options=parse.Options(reference_key=b"k")
    ).collect()
    assert found.select("quarantine_reason", "ip_address").row(0) == (None, "192.0.2.10")
    assert found["quarantine_reason"][1] == "malformed_line"


@pytest.mark.parametrize("format", TEMPLATES)
def test_headers_in_some_lines_change_nothing_in_the_others(format: str) -> None:
    rng = random.Random(3)
    reader = parse.reader(format)
    lines = [reader.sample, reader.sample[:-9], "x", reader.sample.replace("200", "2xx"), "", '"', "\\"]
    chosen = rng.choices(lines, k=200)
    given = [rng.choice(["", "", *HEADERS]) + line if line else line for line in chosen]
    options = {"time_zone": "UTC", "fields": reader.fields}
    bare, mixed = (frame(some, format, **options) for some in (chosen, given))
    assert mixed.select("quarantine_reason", "skipped").equals(bare.select("quarantine_reason", "skipped"))
    events = bare["quarantine_reason"].is_null()
    assert mixed.filter(events).equals(bare.filter(events))


def test_a_header_that_never_ends_is_read_in_one_pass() -> None:
    bomb = "<134>1 - - - - - [a" + ' b="\\"' * 150_000
    assert one(bomb, "combined")["quarantine_reason"] == "malformed_line"
    assert one("Aug 29 10:07:12 " + "a" * 900_000, "caddy")["quarantine_reason"] == "malformed_json"
