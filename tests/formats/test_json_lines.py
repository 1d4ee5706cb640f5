"""Lines of JSON: each is read by itself, whatever is in it or beside it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from processors import _records, parse
from tests.formats import json_oracle
from tests.parsing import INSTANT, frame, one

FORMATS = ("nginx_json", "caddy", "traefik_json")
SAMPLES = {name: parse.reader(name).sample for name in FORMATS}
SPLICES = [
    *(
        '"',
        "\\",
        "\\\\",
        '\\"',
        "{",
        "}",
        "[",
        "]",
        "[[",
        "{}",
        ":",
        ",",
        " ",
        "\t",
        "\r",
        "\x01",
        "\x7f",
        "é",
        "\u2028",
    ),
    *(
        "\\u0000",
        "\\u005cx41",
        "\\ud800",
        "\\udc00",
        "\\ud83d\\ude00",
        "\\x41",
        "\\xC3\\xA9",
        "\\xff",
        "\\x5C",
        "\\n",
        "\\q",
    ),
    *(
        "null",
        "true",
        "-0",
        "1e999",
        "1.5",
        "01",
        "NaN",
        "Infinity",
        "9" * 25,
        '"-"',
        '""',
        "{}{}",
        "\ufeff",
        "REDACTED",
    ),
    *(
        ',"status":[200]',
        ',"status":"404"',
        ',"request":"x"',
        ',"request":null',
        ',"msg":"x"',
        ',"user":"b"',
        ',"ts":1',
    ),
]
ODD = [
    '{"request":"GET / HTTP/1.1","msec":"1756442232.345"}',
    '{"verb":"GET","request":"/a?b","timestamp":"29/Aug/2025:10:07:12 +0530","auth":"riya","response":"401"}',
    '{"uri":"/a","time":"2025-08-29T10:07:12","client_ip":"2001:db8::7"}',
    '{"level":"info","ts":1756442232.1,"msg":"using config from file","file":"/etc/caddy/Caddyfile"}',
    '{"level":"error","ts":1756442232.1,"logger":"http.log.error.log0","msg":"dial","request":{"method":"GET","uri":"/"}}',
    '{"level":"info","ts":"2025/08/29 04:37:12","msg":"handled request","request":{"method":"GET","uri":"/"}}',
    '{"level":"info","msg":"Configuration loaded","time":"2025-08-29T04:37:12Z"}',
]
SHOWN = "event_time user_name application peer_address ip_address user_agent http_status response_bytes http_method"


def damaged(seed: int, count: int, lines: list[str]) -> list[str]:
    """Lines with something cut out, put in or repeated, a few times each."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        line = rng.choice(lines)
        for _ in range(rng.randrange(4)):
            start, end = sorted((rng.randrange(len(line) + 1), rng.randrange(len(line) + 1)))
            match rng.randrange(5):
                case 0:
                    line = line[:start] + rng.choice(SPLICES) + line[start:]
                case 1:
                    line = line[:start] + rng.choice(SPLICES) + line[min(end, start + 3) :]
                case 2:
                    line = line[:start] + line[min(end, start + 40) :]
                case 3:  # before the end of the record, where a field may be put in
                    line = line[:-1] + rng.choice(SPLICES) + line[-1:]
                case _:
                    line = line[:start] + rng.choice(lines)[start:end] + line[end:]
        found.append(line[:2000] or "{}")
    return found


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("seed", range(3))
def test_damaged_lines_are_what_a_slow_reader_says(format: str, seed: int) -> None:
    lines = damaged(seed, 4_000, [SAMPLES[format], SAMPLES[format], *ODD])
    rows = frame(lines, format).rows(named=True)
    for line, row in zip(lines, rows, strict=True):
        expected = json_oracle.read(line, format) if line.strip(" \t") else "blank"
        got: Any = row["quarantine_reason"] or row["skipped"] or {name: row[name] for name in SHOWN.split()}
        assert got == expected, line


def said(lines: list[str], format: str) -> list[tuple[Any, ...]]:
    """What each line says, or why it is no event."""
    rows = frame(lines, format).drop("line_number").rows()
    return [row[-2:] if row[-2] or row[-1] else row for row in rows]


@pytest.mark.parametrize("format", FORMATS)
def test_a_line_means_the_same_alone_and_among_others(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = damaged(7, 300, [SAMPLES[format], *ODD])
    together = said(lines, format)
    assert said(lines[::-1], format)[::-1] == together
    monkeypatch.setattr(_records, "TOGETHER", 3)
    assert said(lines, format) == together
    assert [row for line in lines[:60] for row in said([line], format)] == together[:60]


BAD = {
    "an object that ends in the next line": ['{"a":{}', '{"request":"GET / HTTP/1.1"}}'],
    "a string that ends in the next line": ['{"a":"}', '{"}'],
    "two in a line, one over two lines": ['{"a":1}{"a":2}', '{"a":{', "}}"],
    "two in a line, and one missing": ['{"a":1} {"a":2}', "   "],
    "an array of them": ['[{"a":1}', '{"a":2}]'],
    "a comma at the end": ['{"a":1},', '{"a":2},'],
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("format", FORMATS)
def test_bad_lines_cost_only_themselves(format: str, name: str) -> None:
    rows = frame([SAMPLES[format], *BAD[name], SAMPLES[format]], format)
    reasons = rows["quarantine_reason"].to_list()
    assert reasons[0] is reasons[-1] is None
    for reason, skipped in rows.select("quarantine_reason", "skipped").rows()[1:-1]:
        assert reason in ("malformed_json", "missing_field") or skipped == "blank"


def test_deep_nesting_is_refused_before_a_decoder_recurses() -> None:
    deepest, deeper = ('{"a":' * n + "1" + "}" * n for n in (200, 201))
    bomb, wide = '{"a":' + "[" * 500_000 + "}", '{"a":[' + ",".join(["[]"] * 10_000) + "]}"
    quoted = '{"a":"' + "[{" * 1000 + '"}'
    reasons = frame([deepest, deeper, bomb, wide, quoted], "nginx_json")["quarantine_reason"].to_list()
    assert reasons == ["missing_field", "malformed_json", "malformed_json", "missing_field", "missing_field"]


def nginx(**fields: object) -> str:
    return json.dumps({"msec": "1756442232.000", "remote_addr": "192.0.2.10", "request": "GET / HTTP/1.1"} | fields)


@pytest.mark.parametrize(
    ("status", "found"),
    [(200, 200), ("200", 200), (0, 0), ("000", 0), (None, None), ("", None), ("-", None), (True, None), ([200], None),
     ({"code": 200}, None), (200.0, None), ("+20", None), (" 20", None), (2000, None), (-1, None), ("２００", None)],
)  # fmt: skip
def test_a_status_is_a_number_or_its_digits(status: object, found: int | None) -> None:
    row = one(nginx(status=status), "nginx_json")
    assert (row["http_status"], row["quarantine_reason"]) == (found, None)


@pytest.mark.parametrize("value", [None, True, 1.5e300, {"a": "b"}, [1], [], "-", ""])
def test_what_is_no_text_is_nothing(value: object) -> None:
    row = one(nginx(http_user_agent=value if value != 1.5e300 else None, remote_user=value), "nginx_json")
    assert (row["user_agent"], row["quarantine_reason"]) == (None, None)
    assert row["user_name"] in (None, "1.5e+300")


@pytest.mark.parametrize("name", ["msec", "request"])
@pytest.mark.parametrize("value", [None, True, {}, []])
def test_a_record_needs_a_time_and_a_request(name: str, value: object) -> None:
    assert one(nginx(**{name: value}), "nginx_json")["quarantine_reason"] == "missing_field"


@pytest.mark.parametrize("request_line", ["", "-", r"\u0016\u0003\u0001", "GET"])
def test_attack_traffic_is_an_event(request_line: str) -> None:
    row = one(nginx().replace("GET / HTTP/1.1", request_line), "nginx_json")
    assert (row["quarantine_reason"], row["event_class"], row["http_method"]) == (None, "other", None)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"\xC3\xA9", "é"),
        (r"a \x22b\x22 \x5C", 'a "b" \\'),
        (r"\x5Cx41 \x5C\x41", r"\x41 \A"),
        (r"\xff", "\ufffd"),
        (r"\\x41", r"\x41"),
        (r"\\\\x41", r"\\x41"),
        (r"\u005cx41", r"\x41"),
        (r"\\\x41", r"\A"),
        (r"\"\\\/\n\u00e9", '"\\/\né'),
        (r"\u0000\x00", "\0\0"),
        (r"\ud83d\ude00", "😀"),
        (r"\ud83d", "?"),
        (r"\x22,\x22status\x22:500,\x22x\x22:\x22", '","status":500,"x":"'),
    ],
)
def test_nginx_s_own_escapes_within_json_are_bytes_of_the_text(written: str, text: str) -> None:
    row = one(nginx(status=200, http_user_agent="@").replace("@", written), "nginx_json")
    assert (row["user_agent"], row["http_status"], row["quarantine_reason"]) == (text, 200, None)


@pytest.mark.parametrize("written", [r"\x4", r"\xZZ", r"\q", "\\", "\x01", '"', '" "'])
def test_what_is_neither_json_nor_nginx_s_escape_is_no_record(written: str) -> None:
    assert one(nginx(a="@").replace("@", written), "nginx_json")["quarantine_reason"] == "malformed_json"


@pytest.mark.parametrize("format", ["caddy", "traefik_json"])
def test_others_do_not_write_nginx_s_escapes(format: str) -> None:
    assert one(SAMPLES[format].replace("Mozilla", r"\x41"), format)["quarantine_reason"] == "malformed_json"


def test_a_backslash_that_is_text_escapes_nothing() -> None:
    line = SAMPLES["caddy"].replace("Mozilla/5.0", r"a\\x41\\\"\u0000\\u0000")
    assert str(one(line, "caddy")["user_agent"]).startswith('a\\x41\\"\0\\u0000')


def test_of_a_key_that_is_there_twice_the_last_one_counts() -> None:
    line = '{"status":200,"status":404,' + nginx()[1:]
    assert one(line, "nginx_json")["http_status"] == 404
    assert frame([line, "{", line], "nginx_json")["http_status"].to_list() == [404, None, 404]


def test_a_byte_order_mark_and_space_around_a_record_are_no_part_of_it() -> None:
    assert one(f"\ufeff \t{nginx()}\r", "nginx_json")["quarantine_reason"] is None


@pytest.mark.parametrize(
    ("time", "found"),
    [
        (1756442232, INSTANT),
        ("1756442232.000", INSTANT),
        (1756442232000, INSTANT),
        (1756442232000000000, INSTANT),
        ("29/Aug/2025:10:07:12 +0530", INSTANT),
        ("2025-08-29T10:07:12+05:30", INSTANT),
        ("2025-08-29T04:37:12.000000000Z", INSTANT),
        ("ios8605", "malformed_time"),  # Caddy 2.10.0 wrote this for iso8601
        (17564422320, "malformed_time"),
        ("2025/08/29 04:37:12", "time_zone_unknown"),
        ("10:07:12", "date_unknown"),
    ],
)
def test_times_are_told_by_their_shape(time: object, found: object) -> None:
    row = one(nginx(msec=time), "nginx_json")
    assert found in (row["event_time"], row["quarantine_reason"])


def test_any_field_of_a_record_may_name_the_user_or_the_session() -> None:
    line = SAMPLES["caddy"].replace('"Cookie":["REDACTED"]', '"X-User":["riya"],"X-Session":["s1"]')
    options = {"user": "request.headers.X-User", "session_reference": "request.headers.X-Session"}
    row = one(line, "caddy", **options)
    assert row["user_name"] == "riya" and row["session_reference"]
    assert one(nginx(**{"x.user": "tom"}), "nginx_json", user="x.user")["user_name"] == "tom"
    assert one(nginx(x={"user": "mei"}), "nginx_json", user="x.user")["user_name"] == "mei"
    assert one(nginx(host="a.example.com"), "nginx_json", user="host")["application"] == "a.example.com"


@pytest.mark.parametrize("token", ["request", "request.headers", "request.method.x", "", ".", "x..y", "Cookie"])
def test_what_is_no_text_names_nobody(token: str) -> None:
    row = one(SAMPLES["caddy"], "caddy", user=token or None, session_reference=token or None)
    assert (row["session_reference"], row["http_path"]) == (None, "/panel")


@pytest.mark.parametrize(("format", "path"), [("caddy", "request.headers.Cookie"), ("traefik_json", "request_Cookie")])
def test_what_the_server_redacted_is_no_session(format: str, path: str) -> None:
    line = SAMPLES[format].replace('"msg"', '"request_Cookie":"REDACTED","msg"')
    assert one(line, format, session_reference=path)["session_reference"] is None


def test_a_client_that_the_server_found_is_believed() -> None:
    line = SAMPLES["caddy"].replace('"client_ip":"192.0.2.10"', '"client_ip":"203.0.113.9"')
    row = one(line, "caddy")
    assert (row["ip_address"], row["peer_address"], row["address_trust"]) == ("203.0.113.9", "192.0.2.10", "forwarded")
    line = nginx(realip_remote_addr="10.0.0.7")
    row = one(line, "nginx_json")
    assert (row["ip_address"], row["peer_address"], row["address_trust"]) == ("192.0.2.10", "10.0.0.7", "forwarded")


@pytest.mark.parametrize(("trusted", "address"), [((), "192.0.2.10"), (("192.0.2.0/24",), "203.0.113.9")])
@pytest.mark.parametrize(
    "line",
    [
        ("caddy", '"headers":{', '"headers":{"X-Forwarded-For":["198.51.100.1, 203.0.113.9"],'),
        ("caddy", '"headers":{', '"headers":{"X-Forwarded-For":["198.51.100.1","203.0.113.9"],'),
        ("traefik_json", '"ClientHost":"192.0.2.10"', '"ClientHost":"198.51.100.1, 203.0.113.9"'),
        ("nginx_json", '"http_x_forwarded_for":""', '"http_x_forwarded_for":"198.51.100.1, 203.0.113.9"'),
    ],
    ids=lambda line: line[0],
)
def test_a_forwarded_list_is_believed_of_trusted_proxies(
    line: tuple[str, str, str], trusted: tuple[str, ...], address: str
) -> None:
    format, old, new = line
    assert old in SAMPLES[format]
    row = one(SAMPLES[format].replace(old, new), format, trusted_proxies=trusted)
    assert (row["ip_address"], row["peer_address"]) == (address, "192.0.2.10")


@pytest.mark.parametrize(
    ("logger", "skipped"), [("http.log.access", None), ("http.log.access.log3", None), ("http.log.error", "directive"),
                            ("http.handlers.reverse_proxy", "directive"), ("tls", "directive")],
)  # fmt: skip
def test_only_caddy_s_access_logger_tells_of_requests(logger: str, skipped: str | None) -> None:
    assert one(SAMPLES["caddy"].replace("http.log.access.log0", logger), "caddy")["skipped"] == skipped
