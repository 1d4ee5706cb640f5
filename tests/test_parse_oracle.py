"""The parser against a slow one written another way: character by character, without a regular expression."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import parse

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DIGITS = "0123456789"
LINES = [
    '192.0.2.10 - riya.sharma@example.com [29/Aug/2025:10:07:12 +0530] "GET /panel?a=b HTTP/1.1" 200 5120 "-" "curl/8"',
    '2001:db8::1 - - [29/Feb/2024:23:59:59 -0800] "POST /login HTTP/2.0" 401 - "https://panel.example.com/" "-"',
    '192.0.2.11 - "" [01/Jan/2025:00:00:00 +0000] "" 400 0 "" "say \\"hi\\" \\\\ \\x41\\xC3\\xA9"',
    '192.0.2.12 x Riya S [31/Dec/2025:12:00:00 +1400] "\\x16\\x03\\x01" 400 157 "-" "-"',
    '192.0.2.13 - -x [30/Apr/2025:12:00:00 +0000] "GET http://panel.example.com HTTP/1.0" 200 1 "-" "a b"',
]
SPLICES = (
    *('"', "\\", '\\"', "\\x", "\\x22", " ", "-", "[", "]", '" "', "] [", "/", ":", "+", "- ", " - ", "?", "#"),
    *("0", "60", "29", "999", "Feb", "31/Apr/2025", "http://", " HTTP/1.1", "é", "\u2028", "\r", "\t", "\n"),
)
Row = tuple[str | None, datetime | None, str | None, str | None, str | None, int | None, int | None, str | None]


class No(Exception):
    pass


def slow(line: str) -> Row:
    """Reason, or time, user, method, path, status, size and user agent."""
    try:
        return (None, *parts(line))
    except No as reason:
        return (str(reason), None, None, None, None, None, None, None)


def parts(line: str) -> tuple[datetime, str | None, str | None, str | None, int, int, str | None]:
    name, time, rest = before_the_request(line)
    none, request, rest = quoted(rest)
    between, _, rest = quoted(rest)
    last, agent, end = quoted(rest)
    if none or end or last != " ":
        raise No("malformed_line")
    status, size = numbers(between)
    instant = moment(time)
    method, path = target(undone(request))
    return instant, name if status != 401 else None, method, path, status, size, shown(agent)


def quoted(text: str) -> tuple[str, str, str]:
    """What stands before a quoted field, in it, and after it."""
    before, start, rest = text.partition('"')
    inside = upto_a_bare_quote(rest)
    if not start or inside == rest:
        raise No("malformed_line")
    return before, inside, rest[len(inside) + 1 :]


def upto_a_bare_quote(text: str) -> str:
    """The beginning of the text: each backslash keeps what it escapes."""
    position = 0
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return text[:position]


def before_the_request(line: str) -> tuple[str | None, str, str]:
    """User, time, and the rest from the request's quote on."""
    words = line.split(" ", 2)
    if len(words) != 3 or not words[0] or not words[1] or '"' in words[0] + words[1]:
        raise No("malformed_line")
    is_empty = words[2].startswith('"" ')
    head = '""' * is_empty + upto_a_bare_quote(words[2][2 * is_empty :])
    name, opening, time = head.rpartition(" [")
    if not opening or not time.endswith("] ") or set(time[:-2]) & set('[]"'):
        raise No("malformed_line")
    if is_empty and name == '""':
        return None, time[:-2], words[2][len(head) :]
    if not name or name.startswith("- ") or upto_a_bare_quote(name + '"') != name:
        raise No("malformed_line")
    return shown(name), time[:-2], words[2][len(head) :]


def numbers(text: str) -> tuple[int, int]:
    words = text.split(" ")
    if len(words) != 4 or words[0] or words[3]:
        raise No("malformed_line")
    _, status, size, _ = words
    if len(status) != 3 or set(status) - set(DIGITS):
        raise No("malformed_line")
    if size != "-" and (not 1 <= len(size) <= 18 or set(size) - set(DIGITS)):
        raise No("malformed_line")
    return int(status), 0 if size == "-" else int(size)


def moment(text: str) -> datetime:
    shape = "".join("9" if character in DIGITS else character for character in text)
    month = text[3:6]
    if shape.replace("-", "+") != f"99/{month}/9999:99:99:99 +9999" or "-" in shape[:21] or month not in MONTHS:
        raise No("malformed_time")
    day, year, hour, minute, second = (int(text[at]) for at in map(slice, (0, 7, 12, 15, 18), (2, 11, 14, 17, 20)))
    ahead = timedelta(hours=int(text[22:24]), minutes=int(text[24:26]))
    if text[22:24] > "14" or text[24:26] > "59" or year < 1000:
        raise No("malformed_time")
    zone = timezone(-ahead if text[21] == "-" else ahead)
    try:
        return datetime(year, MONTHS.index(month) + 1, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise No("malformed_time") from None


def undone(text: str) -> str:
    known = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f", '"': '"', "\\": "\\"}
    out = b""
    position = 0
    while position < len(text):
        here, following = text[position], text[position + 1 : position + 2]
        digits = text[position + 2 : position + 4]
        if here == "\\" and following == "x" and len(digits) == 2 and not set(digits) - set("0123456789abcdefABCDEF"):
            out += bytes([int(digits, 16)])
            position += 4
        elif here == "\\" and following:
            out += known.get(following, here + following).encode()
            position += 2
        else:
            out += here.encode()
            position += 1
    return out.decode("utf-8", "replace")


def shown(text: str) -> str | None:
    return None if text in {"", "-"} else undone(text)


def target(request: str) -> tuple[str | None, str | None]:
    method, space, rest = request.partition(" ")
    tokens = set("!#$%&'*+.^_`|~-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    if not space or not method or set(method) - tokens:
        return None, None
    before, space, version = rest.rpartition(" HTTP/")
    if space and len(version) in {1, 3} and not set(version[::2]) - set(DIGITS) and version[1:2] in {"", "."}:
        rest = before
    rest = rest.partition("?")[0].partition("#")[0]
    if rest == "*":
        return method, rest
    scheme, separator, after = rest.partition("://")
    if separator and scheme and not set(scheme) - (tokens - set("!#$%&'*^_`|~")) and scheme[0].isalpha():
        authority, slash, path = after.partition("/")
        return (None, None) if " " in authority else (method, slash + path or "/")
    return (method, rest) if rest.startswith("/") else (None, None)


def fast(lines: list[str]) -> Iterator[Row]:
    frame = pl.LazyFrame({"line_number": range(1, len(lines) + 1), "line": lines})
    options = parse.Options(reference_key=b"k")
    rows = parse.parse(frame, reader=parse.reader("combined"), source="s", file_id="f", options=options).collect()
    names = ["event_time", "user_name", "http_method", "http_path", "http_status", "response_bytes", "user_agent"]
    for reason, *values in rows.select("quarantine_reason", *names).iter_rows():
        yield (reason, *(None if reason else value for value in values))  # type: ignore[misc]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    line = draw(st.sampled_from(LINES))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(line)))
        width = draw(st.sampled_from([0, 0, 1, 1, 2, 5]))
        line = line[:start] + draw(st.sampled_from(["", *SPLICES])) + line[start + width :]
    return line


def test_the_slow_parser_reads_the_lines_it_starts_from() -> None:
    assert [slow(line)[0] for line in LINES] == [None] * len(LINES)


@settings(max_examples=40, deadline=None)
@given(st.lists(mutated(), min_size=20, max_size=60))
def test_both_parsers_agree_on_damaged_lines(lines: list[str]) -> None:
    lines = [line for line in lines if line.strip(" \t")]
    for line, ours in zip(lines, fast(lines), strict=True):
        assert ours == slow(line), line


def test_both_parsers_agree_on_a_hundred_thousand_damaged_lines() -> None:
    rng = random.Random(2)
    lines = [mangled(rng, rng.choice(LINES), times=rng.randrange(4)) for _ in range(100_000)]
    lines = [line for line in lines if line.strip(" \t")]
    reasons = Counter[str | None]()
    for line, ours in zip(lines, fast(lines), strict=True):
        assert ours == slow(line), line
        reasons[ours[0]] += 1
    assert min(reasons[None], reasons["malformed_line"], reasons["malformed_time"]) > 5_000  # it tries both


def test_a_line_means_the_same_among_thousands_of_others() -> None:
    """Where lines repeat they are read by way of codes, and both tiers fill the same columns."""
    rng = random.Random(1)
    lines = [*LINES, *(mangled(rng, rng.choice(LINES)) for _ in range(400))]
    alone = {line: next(fast([line])) for line in lines}
    many = rng.choices(lines, weights=[200] * len(LINES) + [1] * 400, k=30_000)
    for line, row in zip(many, fast(many), strict=True):
        assert row == alone[line], line


def mangled(rng: random.Random, line: str, times: int = 1) -> str:
    for _ in range(times):
        start = rng.randrange(len(line) + 1)
        line = line[:start] + rng.choice(SPLICES) + line[start + rng.choice((0, 0, 1, 2, 5)) :]
    return line
