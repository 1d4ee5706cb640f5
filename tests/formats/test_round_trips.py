"""A line that a server wrote is read back to what it wrote, or not at all: whatever the format and the values."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from processors import _cut
from processors._printed import Prints
from processors._spans import spans
from processors._template import Field, names
from processors._web_line import BadFormat, WebLine
from processors.formats import apache, nginx
from processors.formats._apache_directives import DIRECTIVES, directive
from processors.formats._nginx_variables import VARIABLES, variable

# what makes the end of a value doubtful, or looks like the next one
FRAGMENTS = [
    *(
        " ",
        "  ",
        " - ",
        "-",
        '"',
        '" "',
        "\\",
        "[",
        "]",
        "] ",
        " [",
        "|",
        "\t",
        ":",
        ", ",
        " : ",
        ",",
        "/",
        "?",
        "{",
        "x",
    ),
    *(
        "a b",
        "GET / HTTP/1.1",
        "192.0.2.1",
        "200",
        "0.001, 0.002",
        "é",
        "riya",
        "29/Aug/2025:10:07:12 +0530",
        "\n",
        "$",
    ),
    "\x7f",
]
PATTERNS = [
    "200",
    "8080",
    "404",
    "0",
    "512",
    "-",
    "0.001",
    "12.345",
    "p",
    ".",
    "X",
    "+",
    "r",
    "198.51.100.7:80",
    "[::1]:80",
]
SEPARATORS = [" ", " ", " ", " - ", '" "', '" "', ' "', '" ', "|", "\t", " [", "] ", "] [", ":", ", ", "", ";", " | "]


def hexadecimal(byte: int) -> str:
    return f"\\x{byte:02X}"


def by_nginx(value: str) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else hexadecimal(b) for b in value.encode())


def by_nginx_as_json(value: str) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return "".join(escapes.get(one, one if one >= " " else f"\\u{ord(one):04X}") for one in value)


def by_apache(value: str) -> str:
    escapes = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\t"): "\\t"}
    return "".join(escapes.get(b, chr(b) if 32 <= b < 127 else hexadecimal(b).lower()) for b in value.encode())


class Server:
    """Writes lines of a format as the server of that name does."""

    def __init__(self, name: str, escape: Callable[[str], str], nothing: str, before: str = "") -> None:
        self.name, self.escape, self.nothing, self.before = name, escape, nothing, before

    def tokens(self) -> list[str]:
        if self.name == "nginx":
            return [f"${{{name}}}" for name in [*VARIABLES, "http_x_id", "cookie_sid", "arg_a", "sent_http_x"]]
        times = ["%t", "%{%F %T}t", "%{usec}t", "%{%d/%b/%Y %T}t.%{msec_frac}t", "%{%z}t", "%{%b %e %Y %T}t"]
        return [
            *DIRECTIVES,
            *times,
            "%{X-Id}i",
            "%{sid}C",
            "%{User-Agent}i",
            "%{Referer}i",
            "%{X-Forwarded-For}i",
            "%%",
        ]

    def compiled(self, written: str) -> WebLine:
        return (nginx if self.name == "nginx" else apache).compiled(self.before + written)

    def printed(self, token: str, rng: random.Random) -> str:
        """A value of the token as the server writes it."""
        if self.name == "nginx":
            prints = variable(token[2:-1])
        else:
            found = re.fullmatch(r"%(?:\{(.*)\})?(\^..|.)", token, re.DOTALL)
            if token == "%%":
                return "%"
            if token[-1] == "t" or "}t" in token:
                return _apache_time(token, rng)
            assert found
            prints = directive(found[1], found[2])
        assert prints
        return self._value(prints, rng)

    def _value(self, prints: Prints, rng: random.Random) -> str:
        if prints.kind == "time":
            return {"clf": "29/Aug/2025:10:07:12 +0530", "any": "2025-08-29T10:07:12+05:30", "epoch": "1756442232.345"}[
                prints.time
            ]
        if prints.kind in ("pattern", "list"):
            fitting = [one for one in PATTERNS if re.fullmatch(prints.pattern, one)]
            if prints.kind == "pattern":
                return rng.choice(fitting)
            made = rng.choice(fitting)
            for _ in range(rng.choice((0, 0, 1, 2))):
                made += rng.choice((", ", " : ")) + rng.choice(fitting)
            return made
        nothing = "" if prints.is_empty_for_nothing else self.nothing
        if rng.random() < 0.1:
            return nothing
        if prints.kind == "word":
            return "".join(rng.choice(prints.characters) for _ in range(rng.randrange(1, 5)))
        made = "".join(rng.choice(FRAGMENTS) for _ in range(rng.choice((0, 1, 1, 2, 3))))
        made = "".join(one for one in made if one not in prints.never)
        made = prints.opens + made if prints.opens else made
        return self.escape(made) if made or not prints.opens else nothing


def _apache_time(token: str, rng: random.Random) -> str:
    at = datetime(2025, 8, 29, 10, 7, 12, 345678, tzinfo=UTC) + timedelta(days=rng.randrange(30))
    shapes = {"%t": "[%d/%b/%Y:%H:%M:%S %z]", "%{usec}t": f"{int(at.timestamp()) * 1_000_000 + 345678}"}
    shape = shapes.get(token, token)
    shape = shape.replace("%{msec_frac}t", "345").replace("%e", f"{at.day:2}").replace("%{", "").replace("}t", "")
    return at.strftime(shape)


SERVERS = {
    "nginx": Server("nginx", by_nginx, "-"),
    "nginx with escape=json": Server("nginx", by_nginx_as_json, "", "escape=json "),
    "nginx with escape=none": Server("nginx", lambda value: value.replace("\n", ""), "", "escape=none "),
    "apache": Server("apache", by_apache, "-"),
}


def formats(server: Server, rng: random.Random, count: int) -> list[tuple[list[str], WebLine]]:
    """Formats that can be read back: their tokens and the text around them, in turn."""
    found, tokens = list[tuple[list[str], WebLine]](), server.tokens()
    time = "${time_local}" if server.name == "nginx" else "%t"
    while len(found) < count:
        chosen = rng.choices(tokens, k=rng.randrange(1, 6))
        chosen.insert(rng.randrange(len(chosen) + 1), time)
        pieces = [rng.choice(("", "", '"', "["))]
        for token in chosen:
            pieces += [token, rng.choice(SEPARATORS)]
        pieces[-1] = rng.choice(("", "", '"', "]"))
        try:
            found.append((pieces, server.compiled("".join(pieces))))
        except BadFormat:
            continue
    return found


@pytest.mark.parametrize("name", SERVERS)
def test_a_line_is_read_back_to_what_was_written_or_not_at_all(name: str) -> None:
    rng, server = random.Random(name), SERVERS[name]
    read_back = 0
    for pieces, line in formats(server, rng, 250):
        fields = [piece for piece in line.template if isinstance(piece, Field)]
        tokens = frozenset(field.token for field in fields if field.token and not field.meaning)
        rows = [[server.printed(piece, rng) if at % 2 else piece for at, piece in enumerate(pieces)] for _ in range(40)]
        lines = pl.Series(["".join(row) for row in rows])
        if not line.is_escaped:
            lines = lines.str.replace_all("\\", r"\x5c", literal=True)
        cut, fits = _cut.exact(lines, line.template, tokens)
        _, certain = _cut.fast(spans(lines), line.template, tokens)
        assert (fits | ~certain).all(), ("".join(pieces), lines.filter(certain & ~fits).head(1).to_list())
        truth = _written(pieces, rows, line, tokens)
        for at in fits.arg_true():
            read_back += 1
            for name_of, values in truth.items():
                value = values[at] if line.is_escaped else values[at].replace("\\", r"\x5c")
                found = cut[name_of].rows()[at]
                value = int(value.replace("-", "0")) if isinstance(found, int) else value
                assert found == value, ("".join(pieces), lines[at], name_of)
    assert read_back > 2_000


def _written(pieces: list[str], rows: list[list[str]], line: WebLine, tokens: frozenset[str]) -> dict[str, list[str]]:
    """What was written for each field, where the field is that of one token."""
    places = [at for at, piece in enumerate(line.template) if isinstance(piece, Field) and piece.token]
    named = names(line.template, tokens)
    of_tokens = [at for at in range(1, len(pieces), 2) if pieces[at] != "%%"]
    if len(of_tokens) != len(places):  # times in one
        return {}
    truth = {}
    for place, at in zip(places, of_tokens, strict=True):
        following = line.template[place + 1] if place + 1 < len(line.template) else ""
        has_port = isinstance(following, Field) and not following.token
        if place in named and not has_port:
            truth[named[place]] = [_without_brackets(row[at], pieces[at]) for row in rows]
    return truth


def _without_brackets(value: str, token: str) -> str:
    return value[1:-1] if token == "%t" else value
