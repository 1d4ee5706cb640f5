r"""Apache's own LogFormat: the string as httpd.conf has it.

In quotes, with `\"` for those within, alone or in the whole directive (`LogFormat "…" name`, `CustomLog file "…"`); or
the string alone, as it is once Apache has read it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from processors import _strftime
from processors._compile import Server, Text, Token, web_line
from processors._printed import Prints, moment
from processors._web_line import BadFormat, WebLine
from processors.formats import combined
from processors.formats._apache_directives import DIRECTIVES, FAMILIES, ORIGINAL, directive

TITLE = "Apache, by its LogFormat"
SPECIFICATION = "https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats"
CONFIGURATION = "httpd.conf"
DIRECTIVE = "LogFormat"
FORMAT = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"'
SAMPLE = combined.SAMPLE
_START = re.compile(r"\s*(?:LogFormat\s+|(?:Custom|Global)Log\s+(?:\"[^\"]*\"|'[^']*'|\S+)\s+)?", re.IGNORECASE)
_QUOTED = re.compile(r"""(["'])((?:(?!\1)[^\\]|\\.)*)\1(?:\s+(?:[A-Za-z0-9_.-]+|env=\S+|"?expr=.*))*\s*\Z""", re.DOTALL)
_DIRECTIVE = re.compile(
    r"%"
    r"(?P<modifiers>[!<>,0-9]*)"
    r"(?:\{(?P<argument>[^}]*)\})?"
    r"(?P<others>[!<>,0-9]*)"
    r"(?P<name>\^..|.|\Z)",
    re.DOTALL,
)
_C_STYLE = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}
_CLF = "%d/%b/%Y:%H:%M:%S %z"
_CLOCKS = {"sec": "%{sec}", "msec": "%{msec}", "usec": "%{usec}", "msec_frac": "%{msec_frac}",
           "usec_frac": "%{usec_frac}"}  # fmt: skip
_SHAPES = {_CLF: "clf", "%{sec}": "epoch", "%s": "epoch"} | {
    f"{seconds}.%{{{fraction}}}": "epoch" for seconds in ("%{sec}", "%s") for fraction in ("msec_frac", "usec_frac")
}
SERVER = Server(CONFIGURATION, lambda one: not " " <= one <= "~", example_time="%t")


def compiled(written: str) -> WebLine:
    """The line that a LogFormat writes. Errors: `BadFormat`."""
    pieces = list(_together(list(_pieces(written, _configured(written)))))
    if any(isinstance(piece, Token) and piece.name in ("%{c}a", "%{c}h") for piece in pieces):
        pieces = [_of_client(piece) if isinstance(piece, Token) else piece for piece in pieces]
    return web_line(written, pieces, SERVER)


def _of_client(token: Token) -> Token:
    """The token where mod_remoteip has found the client, and who connected is logged beside it."""
    is_client = token.name in ("%a", "%h")
    return replace(token, prints=replace(token.prints, meaning="client")) if is_client else token


def _configured(written: str) -> Text:
    """The string as Apache has read it, with the place of each character."""
    found = _START.match(written)
    start = found.end() if found else 0
    quoted = _QUOTED.match(written, start)
    if not quoted and written[:start].strip():
        problem, remedy = "No string in quotes follows the directive", "Paste the whole of it from httpd.conf"
        raise BadFormat(written, start, problem, remedy)
    quote = quoted[1] if quoted else '"'
    begin, end = quoted.span(2) if quoted else (start, len(written.rstrip()))
    if not quoted and r"\"" not in written:
        return Text(written[begin:end], tuple(range(begin, end)))
    text, places, at = "", list[int](), begin
    while at < end:
        if written[at] == "\\" and written[at + 1 : at + 2] == "\n":  # a line that goes on
            at += 2
            continue
        is_escape = written[at] == "\\" and written[at + 1 : at + 2] in ("\\", quote)
        text += written[at + is_escape]
        places.append(at)
        at += 1 + is_escape
    return Text(text, tuple(places))


def _pieces(written: str, given: Text) -> Iterator[Text | Token]:
    """The string cut at its directives."""
    at = 0
    while at < len(given.text):
        if given.text[at] != "%":
            end = given.text.find("%", at)
            end = len(given.text) if end < 0 else end
            yield _literal(given, at, end)
            at = end
            continue
        match = _DIRECTIVE.match(given.text, at)
        assert match  # noqa: S101  # whatever stands behind a % is a match
        yield from _directive(written, match, given.places[at])
        at = match.end()


def _literal(given: Text, at: int, end: int) -> Text:
    text, places = "", list[int]()
    while at < end:
        is_escape = given.text[at] == "\\" and given.text[at + 1 : min(at + 2, end)] in _C_STYLE
        text += _C_STYLE[given.text[at + 1]] if is_escape else given.text[at]
        places.append(given.places[at])
        at += 1 + is_escape
    return Text(text, tuple(places))


def _directive(written: str, match: re.Match[str], place: int) -> Iterator[Text | Token]:
    modifiers, argument, name = match["modifiers"] + match["others"], match["argument"], match["name"]
    if match[0] == "%%":
        yield Text("%", (place,))
        return
    plain = f"%{name}" if argument is None else f"%{{{argument}}}{name}"
    is_conditional = any(one.isdigit() for one in modifiers)
    if name == "t":
        if is_conditional:
            problem = "A time that is logged for some statuses only leaves the others without one"
            raise BadFormat(written, place, problem, "Leave the statuses out")
        yield from _time(written, argument, match[0], place)
        return
    prints = directive(argument, name)
    if name == "{":
        raise BadFormat(written, place, "This brace has no second one", "Write %{Name}i, the letter behind the braces")
    if prints is None:
        raise BadFormat(written, place, f"Apache has no directive {plain}", _hint(plain, name))
    if prints.meaning:
        # of one that is logged for some statuses, or twice, the one that tells more
        is_final = ">" in modifiers or ("<" not in modifiers and plain not in ORIGINAL)
        is_better = is_final == (plain not in ORIGINAL or plain == "%s")
        prints = replace(prints, rank=prints.rank * 4 + 2 * is_conditional + (not is_better))
    yield Token(prints, plain, match[0], place, is_conditional=is_conditional)


def _hint(plain: str, name: str) -> str:
    if not name:
        return "Write a percent sign as %%" if plain == "%" else "Write the letter of a directive behind the braces"
    if name in FAMILIES:
        return f"Write what it is to print in braces: %{{Name}}{name}"
    near = difflib.get_close_matches(plain, DIRECTIVES, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"Write a percent sign as %%, or take one of {', '.join(DIRECTIVES)}"


@dataclass(frozen=True)
class _Clock(Token):
    """A time that others beside it may complete: `shape` of it, and whether it is that of the end."""

    shape: str = ""
    is_end: bool = False


def _time(written: str, argument: str | None, whole: str, place: int) -> Iterator[Text | Token]:
    if not argument:
        yield Text("[", (place,))
        yield _clock(written, _CLF, "%t", whole, place)
        yield Text("]", (place,))
        return
    is_end = argument.startswith("end:")
    form = argument.removeprefix("begin:").removeprefix("end:")
    if not form:
        raise BadFormat(written, place, f"{whole} says nothing", "Leave the braces out, or write a format of strftime")
    yield _clock(written, _CLOCKS.get(form, form), f"%{{{argument}}}t", whole, place, is_end=is_end)


def _clock(written: str, shape: str, name: str, whole: str, place: int, *, is_end: bool = False) -> _Clock:
    try:
        _strftime.says(shape)
    except _strftime.Unsupported as problem:
        at = written.find(f"%{problem.directive}", place + 1)
        remedy = "Log the time with directives of strftime for year, month, day, hour, minute and second, or as %t"
        raise BadFormat(written, at if at >= 0 else place, str(problem), remedy) from None
    return _Clock(moment("", 0, characters="", pattern="", width=None), name, whole, place, shape=shape, is_end=is_end)


def _together(pieces: list[Text | Token]) -> Iterator[Text | Token]:
    """The pieces with times that complete each other in one token: `%{%T}t.%{msec_frac}t`."""
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        if not isinstance(piece, _Clock):
            yield piece
            at += 1
            continue
        shape, whole, end = piece.shape, piece.written, at + 1
        while found := _continued(pieces, end, shape, is_end=piece.is_end):
            shape += found[0]
            whole += found[1]
            end = found[2]
        yield Token(_printed(shape, is_end=piece.is_end), _name(piece, whole), whole, piece.place)
        at = end


def _name(piece: Token, whole: str) -> str:
    return piece.name if piece.written == whole else whole


def _continued(pieces: list[Text | Token], at: int, shape: str, *, is_end: bool) -> tuple[str, str, int] | None:
    """What of the pieces from there on goes on with a time: its shape, as it is written, and where it ends."""
    between = ""
    while at < len(pieces):
        piece = pieces[at]
        if isinstance(piece, Text):
            between += piece.text
            at += 1
            continue
        is_more = (
            isinstance(piece, _Clock)
            and piece.is_end == is_end
            and '"' not in between
            and not _kinds(shape) & _kinds(piece.shape)
        )
        text = between.replace("%", "%%")
        return (text + piece.shape, between + piece.written, at + 1) if is_more and isinstance(piece, _Clock) else None
    return None


def _kinds(shape: str) -> set[str]:
    """What a time says, in kinds of which it needs one each."""
    said = _strftime.says(shape)
    kinds = {"fraction"} & said | {"offset"} & said
    if said & set(_strftime.EPOCHS):
        return kinds | {"year", "month", "day", "hour", "minute", "second", "offset"}
    of = {"short_year": "year", "half_hour": "hour", "half": "half"}
    return kinds | {of.get(one, one) for one in said}


def _printed(shape: str, *, is_end: bool) -> Prints:
    """What times of that shape are printed as. The more they say, the sooner they are taken."""
    said = _strftime.says(shape)
    is_epoch = bool(said & set(_strftime.EPOCHS))
    found = moment(
        _SHAPES.get(shape, shape),
        0,
        characters=_strftime.characters(shape),
        pattern=_strftime.pattern(shape),
        width=_strftime.width(shape),
    )
    if _strftime.missing(said):
        return replace(found, meaning=None)
    is_dated = is_epoch or "month" in said
    is_fine = "fraction" in said or bool(said & {"milliseconds", "microseconds"})
    rank = 16 * (not is_dated) + 8 * (not (is_epoch or "offset" in said)) + 4 * is_end + 2 * (not is_fine)
    return replace(found, rank=rank)
