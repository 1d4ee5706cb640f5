"""Every line ends as an event, a reject with a reason, or a skipped line; and what a web request means."""

from __future__ import annotations

import hashlib
import hmac
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from processors import parse
from schemas import Events

KEY = b"a key for tests"
TIME = "29/Aug/2025:10:07:12 +0530"
INSTANT = datetime(2025, 8, 29, 4, 37, 12, tzinfo=UTC)


def frame(lines: Sequence[str | None], reader: str = "combined", **options: object) -> pl.DataFrame:
    rows = pl.LazyFrame({"line_number": range(1, len(lines) + 1), "line": lines}, schema_overrides={"line": pl.String})
    chosen = parse.Options(reference_key=KEY, **options)  # type: ignore[arg-type]
    return parse.parse(rows, reader=parse.reader(reader), source="panel", file_id="f1", options=chosen).collect()


def one(line: str | None, reader: str = "combined", **options: object) -> dict[str, object]:
    return frame([line], reader, **options).row(0, named=True)


def request(
    text: str = "GET /panel HTTP/1.1",
    status: int = 200,
    *,
    peer: str = "192.0.2.10",
    user: str = "-",
    time: str = TIME,
    size: str = "5",
    referrer: str = "-",
    agent: str = "-",
) -> str:
    return f'{peer} - {user} [{time}] "{text}" {status} {size} "{referrer}" "{agent}"'


def event(line: str, **options: object) -> dict[str, object]:
    row = one(line, **options)
    assert row["quarantine_reason"] is None
    return row


# every line


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


def test_formats_are_found_by_name() -> None:
    assert {"common", "combined", "vhost_combined", "okta", "keycloak"} <= set(parse.formats())
    assert not [name for name in parse.formats() if name.startswith("_")]


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(parse.UnknownFormat, match="Did you mean 'combined'") as caught:
        parse.reader("combimed")
    assert (caught.value.format, caught.value.nearest) == ("combimed", "combined")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("reader", parse.formats().values(), ids=lambda reader: reader.name)
def test_the_sample_of_every_format_is_an_event(reader: parse.Reader) -> None:
    row = one(reader.sample, reader.name, time_zone="UTC")
    assert (row["quarantine_reason"], row["skipped"]) == (None, None)
    assert row["user_name"] == "riya.sharma@example.com"
    assert row["ip_address"] == "192.0.2.10"
    assert reader.specification.startswith("https://")


@pytest.mark.parametrize("reader", parse.formats().values(), ids=lambda reader: reader.name)
def test_readers_cross_processes(reader: parse.Reader) -> None:
    assert pickle.loads(pickle.dumps(reader)) == reader


# whose request, from where


def test_the_line_names_the_user() -> None:
    row = event(request(user="riya.sharma@example.com"))
    assert (row["user_name"], row["attribution_method"]) == ("riya.sharma@example.com", "log_user")


@pytest.mark.parametrize("user", ["-", '""'])
def test_no_user_is_no_attribution(user: str) -> None:
    row = event(request(user=user))
    assert (row["user_name"], row["attribution_method"]) == (None, None)


def test_the_user_of_a_401_may_be_bogus() -> None:
    row = event(request(user="admin", status=401))
    assert (row["user_name"], row["attribution_method"], row["event_class"]) == (None, None, "login_failed")


@pytest.mark.parametrize("token", ["$remote_user", "%u"])
def test_settings_may_name_the_token_of_the_user(token: str) -> None:
    assert event(request(user="riya"), user=token)["user_name"] == "riya"


def test_a_token_the_format_does_not_log_is_null() -> None:
    row = event(request(user="riya"), user="$http_x_user", session_reference="$cookie_sid")
    assert (row["user_name"], row["session_reference"]) == (None, None)


@pytest.mark.parametrize(
    ("logged", "canonical"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("192.0.2.10:51234", "192.0.2.10"),
        ("::ffff:192.0.2.10", "192.0.2.10"),
        ("[::ffff:192.0.2.10]:443", "192.0.2.10"),
        ("2001:DB8:0:0::A", "2001:db8::a"),
        ("[2001:db8::a]", "2001:db8::a"),
        ("[2001:db8::a]:443", "2001:db8::a"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("host.example.com", None),
        ("192.0.2.010", None),
        ("192.0.2.256", None),
        ("1", None),
        ("[]", None),
    ],
)
def test_addresses_are_canonical(logged: str, canonical: str | None) -> None:
    row = event(request(peer=logged))
    assert (row["ip_address"], row["peer_address"], row["address_trust"]) == (canonical, canonical, "peer")


# when


@pytest.mark.parametrize(
    ("logged", "instant"),
    [
        ("29/Aug/2025:10:07:12 +0530", INSTANT),
        ("29/Feb/2024:00:00:00 +0000", datetime(2024, 2, 29, tzinfo=UTC)),
        ("31/Dec/2025:23:59:59 -1200", datetime(2026, 1, 1, 11, 59, 59, tzinfo=UTC)),
        ("01/Jan/2025:00:00:00 +1400", datetime(2024, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_times_carry_their_offset(logged: str, instant: datetime) -> None:
    assert event(request(time=logged))["event_time"] == instant


@pytest.mark.parametrize(
    "logged",
    [
        "29/Feb/2025:10:07:12 +0530",  # no leap year
        "31/Apr/2025:10:07:12 +0530",
        "00/Aug/2025:10:07:12 +0530",
        "32/Aug/2025:10:07:12 +0530",
        "29/Aug/2025:24:00:00 +0530",
        "29/Aug/2025:10:60:12 +0530",
        "29/Aug/2025:10:07:60 +0530",
        "29/Aug/2025:10:07:12 +1500",
        "29/Aug/2025:10:07:12 +0560",
        "29/Aug/2025:10:07:12",
        "29/Aug/2025:10:07:12 +05:30",
        "29/Aug/2025:10:07:12  +0530",
        "29/Aug/2025:10:07:12\t+0530",
        "29/Aug/2025:10:07:12.5 +0530",
        "9/Aug/2025:10:07:12 +0530",
        " 9/Aug/2025:10:07:12 +0530",
        "29/aug/2025:10:07:12 +0530",
        "29/Août/2025:10:07:12 +0530",
        "29/08/2025:10:07:12 +0530",
        "29/Aug/0000:10:07:12 +0530",
        "２９/Aug/2025:10:07:12 +0530",
        "2025-08-29T10:07:12+05:30",
        "",
    ],
)
def test_what_is_no_time_is_a_malformed_time(logged: str) -> None:
    assert one(request(time=logged))["quarantine_reason"] == "malformed_time"


# what


@pytest.mark.parametrize(
    ("text", "method", "path"),
    [
        ("GET /panel HTTP/1.1", "GET", "/panel"),
        ("GET / HTTP/2.0", "GET", "/"),
        ("GET /", "GET", "/"),
        ("M-SEARCH * HTTP/1.1", "M-SEARCH", "*"),
        ("GET /panel?token=secret HTTP/1.1", "GET", "/panel"),
        ("GET /panel#part?x HTTP/1.1", "GET", "/panel"),
        ("GET /?http://evil.example.com/ HTTP/1.1", "GET", "/"),
        ("GET http://panel.example.com/a/b?c HTTP/1.1", "GET", "/a/b"),
        ("GET http://panel.example.com HTTP/1.1", "GET", "/"),
        ("GET http://panel.example.com?x HTTP/1.1", "GET", "/"),
        ("GET /a file HTTP/1.1", "GET", "/a file"),
        (r"GET /caf\xC3\xA9 HTTP/1.1", "GET", "/café"),
        ("GET //evil.example.com/ HTTP/1.1", "GET", "//evil.example.com/"),
        (r"\x16\x03\x01\x02\x00", None, None),
        ("-", None, None),
        ("", None, None),
        ("GET", None, None),
        ("GET  HTTP/1.1", None, None),
        ("GET panel HTTP/1.1", None, None),
        ("CONNECT evil.example.com:443 HTTP/1.1", None, None),
        (r"G\xffT / HTTP/1.1", None, None),
    ],
)
def test_requests_are_method_and_path(text: str, method: str | None, path: str | None) -> None:
    row = event(request(text))
    assert (row["http_method"], row["http_path"]) == (method, path)
    assert (row["event_class"] == "other") is (method is None)


@pytest.mark.parametrize(
    ("logged", "text"),
    [
        (r"caf\xC3\xA9", "café"),
        (r"caf\xc3\xa9", "café"),
        (r"caf\xE9", "caf\ufffd"),
        (r"a \"quoted\" word", 'a "quoted" word'),
        (r"back\\slash", r"back\slash"),
        (r"back\x5Cx41", r"back\x41"),
        (r"\\x41", r"\x41"),
        (r"one\ntwo\tthree\r\b\v\f", "one\ntwo\tthree\r\b\v\f"),
        (r"\q\xZZ\x4", r"\q\xZZ\x4"),
        (r"é\xC3\xA9", "éé"),
        ("-", None),
        ("", None),
    ],
)
def test_escapes_are_undone_as_bytes(logged: str, text: str | None) -> None:
    assert event(request(agent=logged))["user_agent"] == text


@pytest.mark.parametrize(
    ("logged", "shown"),
    [
        ("https://panel.example.com/a?b=c", "https://panel.example.com/a"),
        ("https://panel.example.com/a#b", "https://panel.example.com/a"),
        ("https://riya:secret@panel.example.com/a", "https://panel.example.com/a"),
        ("https://riya:p@ss@panel.example.com/a@b", "https://panel.example.com/a@b"),
        (r"https://panel.example.com/a\x3Fsecret", "https://panel.example.com/a"),
        ("//riya@panel.example.com/", "//panel.example.com/"),
        ("?a=b", None),
        ("-", None),
        ("", None),
    ],
)
def test_referrers_lose_what_may_be_secret(logged: str, shown: str | None) -> None:
    assert event(request(referrer=logged))["referrer"] == shown


@pytest.mark.parametrize(("logged", "size"), [("-", 0), ("0", 0), ("9" * 18, 10**18 - 1)])
def test_sizes_are_bytes(logged: str, size: int) -> None:
    assert event(request(size=logged))["response_bytes"] == size


@pytest.mark.parametrize("logged", ["9" * 19, "-1", "+5", "5.0", "", "５"])
def test_what_is_no_size_is_a_malformed_line(logged: str) -> None:
    assert one(request(size=logged))["quarantine_reason"] == "malformed_line"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (100, "unknown"),
        (200, "success"),
        (399, "success"),
        (400, "failure"),
        (599, "failure"),
        (600, "unknown"),
        (999, "unknown"),
    ],
)
def test_the_status_is_the_outcome(status: int, outcome: str) -> None:
    assert event(request(status=status))["outcome"] == outcome


# what it means

RULES = {"login_requests": ("POST /login",), "logout_requests": ("POST /logout", "* /bye/*")}


@pytest.mark.parametrize(
    ("text", "status", "user", "event_class"),
    [
        ("-", 401, "riya", "other"),
        ("GET /panel HTTP/1.1", 401, "riya", "login_failed"),
        ("GET /panel HTTP/1.1", 401, "-", "other"),
        ("POST /login HTTP/1.1", 401, "-", "login_failed"),
        ("POST /login HTTP/1.1", 200, "riya", "login"),
        ("POST /login?next=/ HTTP/1.1", 302, "riya", "login"),
        ("POST /login HTTP/1.1", 302, "-", "other"),
        ("POST /login HTTP/1.1", 101, "riya", "other"),
        ("POST /login HTTP/1.1", 400, "riya", "login_failed"),
        ("POST /login HTTP/1.1", 500, "-", "login_failed"),
        ("GET /login HTTP/1.1", 200, "riya", "activity"),
        ("POST /login/step HTTP/1.1", 200, "riya", "activity"),
        ("POST /LOGIN HTTP/1.1", 200, "riya", "activity"),
        ("POST /logout HTTP/1.1", 302, "riya", "logout"),
        ("POST /logout HTTP/1.1", 500, "riya", "activity"),
        ("GET /bye/now/really HTTP/1.1", 200, "-", "logout"),
        ("GET /health HTTP/1.1", 200, "-", "background"),
        ("GET /static/panel.css?v=3 HTTP/1.1", 200, "riya", "background"),
        ("GET /favicon.ico HTTP/1.1", 404, "-", "background"),
        ("GET /health HTTP/1.1", 401, "-", "other"),
        ("GET /healthy HTTP/1.1", 200, "-", "activity"),
        ("GET /panel HTTP/1.1", 404, "-", "activity"),
    ],
)
def test_the_first_rule_that_holds_gives_the_class(text: str, status: int, user: str, event_class: str) -> None:
    assert event(request(text, status, user=user), **RULES)["event_class"] == event_class


def test_own_background_paths_replace_the_default_ones() -> None:
    paths = ("/api/poll*",)
    assert event(request("GET /api/poll/7 HTTP/1.1"), background_paths=paths)["event_class"] == "background"
    assert event(request("GET /health HTTP/1.1"), background_paths=paths)["event_class"] == "activity"
    assert event(request("GET /health HTTP/1.1"), background_paths=())["event_class"] == "activity"


def test_patterns_are_no_regular_expressions() -> None:
    assert event(request("GET /aXb HTTP/1.1"), background_paths=("/a.b",))["event_class"] == "activity"


def test_the_reference_is_a_keyed_digest_and_never_the_reference() -> None:
    record = parse.reader("okta").sample
    row = one(record, "okta")
    assert row["session_reference"] == hmac.new(KEY, b"102example", hashlib.sha256).hexdigest()
    assert "102example" not in str(row)
