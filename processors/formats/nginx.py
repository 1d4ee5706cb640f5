"""nginx's own log_format: the string as nginx.conf has it.

One piece or several in quotes, with `escape=` before them, or the whole directive; or the string alone, as it is once
nginx has read it. Pieces in double quotes are taken for the configuration's where a backslash, a semicolon or nothing
else stands there: `"$remote_addr" "$status"` alone is a line that has quotes.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

from processors._compile import Server, Text, Token, web_line
from processors._printed import Prints, text
from processors._web_line import BadFormat, WebLine
from processors.formats import combined
from processors.formats._nginx_variables import FAMILIES, VARIABLES, variable

TITLE = "nginx, by its log_format"
SPECIFICATION = "https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format"
CONFIGURATION = "nginx.conf"
DIRECTIVE = "log_format"
FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
SAMPLE = combined.SAMPLE
# `'$remote_addr …'`, with a comment before it or a line end
_STRING = re.compile(
    r"(?:\s|#[^\n]*(?:\n|\Z))*"
    r"(?:"
    r"'(?P<single>(?:[^'\\]|\\.)*)'"
    r'|"(?P<double>(?:[^"\\]|\\.)*)"'
    r"|(?P<open>['\"])"
    r"|(?P<end>;)"
    r"|(?P<word>(?:[^\s;'\"\\]|\\.)(?:[^\s;\\]|\\.)*)"
    r"|\Z)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n", '"': '"', "'": "'", "\\": "\\"}
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z0-9_]+)\}|(?P<bare>[A-Za-z0-9_]+))?")
_CONTROL = {chr(code) for code in (*range(32), 127)}


def compiled(written: str) -> WebLine:
    """The line that a log_format writes. Errors: `BadFormat`."""
    given, escape = _configured(written)
    return web_line(written, _pieces(written, given), _server(escape))


def _server(escape: str) -> Server:
    is_default = escape == "default"
    never = {"default": lambda one: one in _CONTROL or one > "~", "json": _CONTROL.__contains__}
    return Server(
        "nginx.conf",
        never.get(escape, lambda _: False),
        is_missing_empty=not is_default,
        is_escaped=escape != "none",
        is_json_escaped=escape == "json",
        example_time="$time_iso8601",
    )


def _configured(written: str) -> tuple[Text, str]:
    """The string with the place of each character, and how values are escaped."""
    start = len(written) - len(written.lstrip())
    directive = re.compile(r"log_format\s+\S+\s+").match(written, start)
    start = directive.end() if directive else start
    escape = re.compile(r"escape=(\S*)\s*").match(written, start)
    if escape and escape[1] not in ("default", "json", "none"):
        raise BadFormat(written, escape.start(1), f"nginx has no escape={escape[1]}", "It is default, json or none")
    start = escape.end() if escape else start
    if directive or _is_configuration(written, start):
        return _strings(written, start), escape[1] if escape else "default"
    end = len(written.rstrip())
    return Text(written[start:end], tuple(range(start, end))), escape[1] if escape else "default"


def _is_configuration(written: str, start: int) -> bool:
    """Whether what is written there are strings of nginx.conf, and not a line that begins with a quote."""
    given = written[start:].strip()
    if not given.startswith('"'):
        return given.startswith("'")
    return given.endswith(";") or r"\"" in given or "\n" in given or (given.count('"') == 2 and given.endswith('"'))


def _strings(written: str, start: int) -> Text:
    """The strings of the directive, put together."""
    found, places, at, is_over = "", list[int](), start, False
    while at < len(written):
        match = _STRING.match(written, at)
        if match is None or match["open"] or (is_over and match.lastgroup):
            place = match.start(match.lastgroup or 0) - (match.lastgroup in ("single", "double")) if match else at
            problem = "Something stands behind the semicolon" if is_over else "This quote has no second one"
            raise BadFormat(written, place, problem, "Paste the strings of the log_format as nginx.conf has them")
        at = match.end()
        is_over = is_over or bool(match["end"])
        for kind in ("single", "double", "word"):
            for character, place in _unescaped(match[kind] or "", match.start(kind)):
                found += character
                places.append(place)
    return Text(found, tuple(places))


def _unescaped(string: str, start: int) -> list[tuple[str, int]]:
    found, at = list[tuple[str, int]](), 0
    while at < len(string):
        if string[at] == "\\" and string[at + 1 : at + 2] in _ESCAPED:
            found.append((_ESCAPED[string[at + 1]], start + at))
            at += 2
        else:
            found.append((string[at], start + at))
            at += 1
    return found


def _pieces(written: str, given: Text) -> list[Text | Token]:
    """The string cut at its variables."""
    found, at = list[Text | Token](), 0
    is_behind_a_proxy = any(name.lower() == "realip_remote_addr" for name in _names(given.text))
    for match in _VARIABLE.finditer(given.text):
        name = (match["braced"] or match["bare"] or "").lower()
        place = given.places[match.start()]
        if not name:
            raise BadFormat(written, place, "A $ that no name follows", "nginx cannot log a dollar sign; leave it out")
        is_quoted = given.text[: match.start()].endswith('"') and given.text[match.end() :].startswith('"')
        prints = variable(name) or _unknown(written, name, place, is_quoted=is_quoted)
        if name == "remote_addr" and is_behind_a_proxy:
            prints = replace(prints, meaning="client")
        found += [
            Text(given.text[at : match.start()], given.places[at : match.start()]),
            Token(prints, f"${name}", match[0], place),
        ]
        at = match.end()
    return [*found, Text(given.text[at:], given.places[at:])]


def _names(text: str) -> list[str]:
    return [match["braced"] or match["bare"] or "" for match in _VARIABLE.finditer(text)]


def _unknown(written: str, name: str, place: int, *, is_quoted: bool) -> Prints:
    """What a variable prints that the configuration itself makes, with `map` or `set`: text, if quotes hold it."""
    if is_quoted:
        return text(is_prose=True)
    near = difflib.get_close_matches(name, [*VARIABLES, *(f"{prefix}name" for prefix in FAMILIES)], n=1)
    hint = f"Did you mean ${near[0]}? " if near else ""
    remedy = f"{hint}One of your own (map, set) can be read where it alone stands between quotes"
    raise BadFormat(written, place, f"nginx has no variable ${name}", remedy)
