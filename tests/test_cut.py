"""The tier that cuts lines never disagrees with the anchored expression, whatever the template and the line."""

from __future__ import annotations

import random

import polars as pl
import pytest

from processors import _cut, parse
from processors._spans import spans
from processors._template import ANY_QUOTED, WORD, Field, Template, parts
from processors.formats import (
    apache,
    aws_alb,
    combined,
    common,
    envoy,
    haproxy_http,
    ingress_nginx,
    nginx,
    traefik,
    vhost_combined,
)
from processors.formats._clf import TIME

BARE = Field(r"[^ ]*", "bare", without=" ")
LIST = Field(r"-|[0-9.]+(?:, [0-9.]+)*", "times")  # holds what follows it: `0.1, 0.2`
WORD_ONLY = Field(WORD, "one", without=' "')
NGINX = nginx.FORMAT + ' $request_time $upstream_response_time "$http_x_forwarded_for"'
APACHE = apache.FORMAT + " %D"
COMPILED = {
    "nginx": nginx.compiled(NGINX),
    "nginx: lists between words": nginx.compiled(
        "$remote_addr [$time_local] $upstream_addr $status $upstream_response_time $upstream_status $body_bytes_sent"
    ),
    "nginx: parts of a request": nginx.compiled(
        '$msec "$request_method $scheme://$http_host$request_uri $server_protocol" $remote_addr:$remote_port $args'
    ),
    "nginx: bars": nginx.compiled("$remote_addr | $time_local | $request | $status | $http_user_agent"),
    "nginx: json": nginx.compiled(
        'escape=json {"t":"$time_iso8601","a":"$remote_addr","u":"$remote_user","r":"$request","s":$status,'
        '"w":$upstream_response_time,"g":"$http_user_agent"}'
    ),
    "apache": apache.compiled(APACHE),
    "apache: parts of a request": apache.compiled(
        '%v:%p %{c}a %a %l %u %{%d/%b/%Y:%T}t.%{usec_frac}t %{%z}t "%m %U%q %H" %>s %O "%{Host}i" %{sid}C %D'
    ),
    "apache: tabs": apache.compiled(r"%h\t%t\t%r\t%>s\t%b\t%{User-agent}i"),
}
TEMPLATES: dict[str, Template] = {
    **{name: line.template for name, line in COMPILED.items()},
    "common": common.LINE,
    "combined": combined.LINE,
    "vhost_combined": vhost_combined.LINE,
    "ingress_nginx": ingress_nginx.LINE,
    "traefik": traefik.LINE,
    "envoy": envoy.LINE,
    "aws_alb": aws_alb.LINE,
    "haproxy_http": haproxy_http.LINE,
    "a list before a word": (Field(WORD, "first", without=' "'), " ", LIST, " ", BARE),
    "a list before a list": (LIST, ", ", Field(LIST.pattern, "others"), " ", BARE),
    "quoted fields that touch words": ('x"', Field(ANY_QUOTED, "one"), '"y"', Field(ANY_QUOTED, "two"), '"', BARE),
    "a word that ends its part": (WORD_ONLY, ' "', Field(ANY_QUOTED, "two"), '"'),
    "a word before a time": (WORD_ONLY, " [", TIME, '] "', Field(ANY_QUOTED, "two"), '"'),
    "several cells between quotes": ('"', Field(WORD, "one", without=' "'), " ", Field(ANY_QUOTED, "two"), '" ', BARE),
    "a bracket": ("[", Field(r"[^\]]*", "time", without="]"), "] [", Field(r"[^\]]*", "level", without="]"), "]"),
    "text that repeats": (Field(r".*", "one"), " - ", Field(r".*", "two")),
}
LINES = [
    '192.0.2.10 - riya.sharma@example.com [29/Aug/2025:10:07:12 +0530] "GET /a?b=c HTTP/1.1" 200 5120 "-" "curl/8"',
    '192.0.2.10 - Riya S [29/Aug/2025:10:07:12 +0530] "" 200 - "https://a.example.com/" "say \\"hi\\" \\\\ \\x22"',
    'a.example.com:443 ::1 - "" [x] "\\x16\\x03" 000 1 "-" "-"',
    '192.0.2.10 - - [29/Aug/2025:10:07:12 +0530] "GET / HTTP/1.1" 200 5',
    "first 0.1, 0.2 bare",
    "0.1, 0.2, 0.3 bare",
    'x"one"y"two"bare',
    '"one two three" bare',
    'one "two"',
    'one [29/Aug/2025:10:07:12 +0530] "two"',
    "[29/Aug/2025] [warn]",
    "a - b - c",
    ingress_nginx.SAMPLE.replace("198.51.100.20:8080 5120", "198.51.100.20:8080, 198.51.100.21:80 0 : 5120"),
    traefik.SAMPLE,
    envoy.SAMPLE,
    aws_alb.SAMPLE,
    haproxy_http.SAMPLE,
    combined.SAMPLE + ' 0.045 0.044, 0.001 "203.0.113.99, 192.0.2.10"',
    combined.SAMPLE + " 4120",
    "192.0.2.10 [29/Aug/2025:10:07:12 +0530] 198.51.100.20:80, unix:/a 200 0.1 : 0.2 200 5120",
    '1756442232.345 "GET https://a.example.com:8443/b?c HTTP/1.1" 2001:db8::7:52817 riya s',
    "192.0.2.10 | 29/Aug/2025:10:07:12 +0530 | GET / HTTP/1.1 | 200 | curl/8",
    '{"t":"2025-08-29T10:07:12+05:30","a":"192.0.2.10","u":"","r":"GET /","s":200,"w":0.1, 0.2,"g":"\\"\\u0001"}',
    'a.example.com:443 10.0.0.7 192.0.2.10 - riya 29/Aug/2025:10:07:12.345678 +0530 "GET /a b?c HTTP/2" 200 5 "a" f 9',
    "192.0.2.10\t[29/Aug/2025:10:07:12 +0530]\tGET / HTTP/1.1\t200\t-\tcurl/8",
]
SPLICES = [
    '"',
    "\\",
    '\\"',
    "\\\\",
    "\\x22",
    " ",
    "  ",
    "-",
    " - ",
    "[",
    "]",
    " [",
    "] ",
    '" "',
    ", ",
    " : ",
    " | ",
    "?",
    "/",
    ":",
    "é",
    "\r",
    "\t",
    "",
]


def damaged(seed: int, count: int) -> list[str]:
    """Lines with something cut out, put in or repeated, a few times each."""
    rng = random.Random(seed)
    lines = []
    for _ in range(count):
        line = rng.choice(LINES)
        for _ in range(rng.randrange(4)):
            start, end = sorted((rng.randrange(len(line) + 1), rng.randrange(len(line) + 1)))
            match rng.randrange(4):
                case 0:
                    line = line[:start] + rng.choice(SPLICES) + line[start:]
                case 1:
                    line = line[:start] + rng.choice(SPLICES) + line[min(end, start + 3) :]
                case 2:
                    line = line[:start] + line[start:end] * 2 + line[end:]
                case _:
                    line = line[:start] + rng.choice(LINES)[start:end] + line[end:]
        lines.append(line[:400])
    return lines


def test_the_line_of_each_compiled_format_is_one_of_the_lines_that_are_damaged() -> None:
    for name, line in COMPILED.items():
        assert _cut.exact(pl.Series(LINES), line.template, frozenset())[1].any(), name


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_first_tier_never_disagrees_with_the_second(name: str) -> None:
    template, lines = TEMPLATES[name], pl.Series(LINES + damaged(len(name), 20_000))
    cut, is_certain = _cut.fast(spans(lines), template, frozenset())
    read, fits = _cut.exact(lines, template, frozenset())
    assert (fits | ~is_certain).all(), lines.filter(is_certain & ~fits).head(3).to_list()
    for field, column in read.items():
        same = _undone(cut[field].rows()).eq_missing(_undone(column.rows())) | ~is_certain
        assert same.all(), (field, lines.filter(~same).head(3).to_list())


def _undone(values: pl.Series) -> pl.Series:
    """With each escape written the one way that the first tier has for it."""
    if values.dtype != pl.String:  # a number
        return values
    return values.str.replace_all(r"\\", r"\x5c", literal=True).str.replace_all(r"\"", r"\x22", literal=True)


@pytest.mark.parametrize(("name", "line"), [("common", 3), ("combined", 0), ("combined", 1), ("a bracket", 10)])
def test_the_first_tier_takes_ordinary_lines(name: str, line: int) -> None:
    user_of_one_word = pl.Series([LINES[line].replace("Riya S", "Riya")])
    assert _cut.fast(spans(user_of_one_word), TEMPLATES[name], frozenset())[1].all()


@pytest.mark.parametrize("name", sorted(TEMPLATES.keys() & parse.formats().keys()))
def test_the_first_tier_takes_the_sample_of_a_format(name: str) -> None:
    assert _cut.fast(spans(pl.Series([parse.reader(name).sample])), TEMPLATES[name], frozenset())[1].all()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nginx", combined.SAMPLE + ' 0.045 0.044 "203.0.113.99, 192.0.2.10"'),
        ("nginx", combined.SAMPLE + ' 0.045 0.044, 0.001 : - "-"'),
        ("apache", combined.SAMPLE + " 4120"),
        ("nginx: bars", LINES[-4]),
        ("nginx: json", LINES[-3]),
        ("apache: parts of a request", LINES[-2].replace("/a b", "/a")),
        ("apache: tabs", LINES[-1]),
    ],
)
def test_the_first_tier_takes_ordinary_lines_of_formats_of_one_s_own(name: str, line: str) -> None:
    for tokens in (frozenset[str](), frozenset({"$cookie_sid"})):
        assert _cut.fast(spans(pl.Series([line])), TEMPLATES[name], tokens)[1].all()
        assert _cut.exact(pl.Series([line]), TEMPLATES[name], tokens)[1].all()


def test_a_template_is_cut_at_its_quotes_and_then_at_its_other_text() -> None:
    first, request, numbers, *_ = parts(combined.LINE)
    assert [cell.after for cell in first.cells] == [" ", " ", " [", "] "]
    assert [cell.names for cell in first.cells] == [("peer",), (), ("user",), ("time",)]
    assert request.cells[0].fits == "anything"
    assert (numbers.before, [cell.after for cell in numbers.cells]) == (" ", [" ", " "])


def test_values_that_repeat_are_looked_at_once() -> None:
    fields, _ = _cut.fast(spans(pl.Series(LINES[:1] * 1000)), combined.LINE, frozenset())
    assert fields["agent"].codes is not None
    assert fields["agent"].values.drop_nulls().to_list() == ["curl/8"]
    assert fields["agent"].rows().to_list() == ["curl/8"] * 1000
