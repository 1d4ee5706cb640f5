"""A server's configuration of its log, taken apart → the template that reads what it writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from processors._printed import Prints
from processors._template import ANY_QUOTED, Field
from processors._unambiguous import Ambiguous, Limits, limits
from processors._web_line import BadFormat, WebLine

_MOST_TOKENS = 200
_PORT = r"(?::[0-9]{1,5})?"


@dataclass(frozen=True)
class Text:
    """What is written into each line as it is. `places` of its characters in the configuration."""

    text: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class Token:
    """What stands for a value: what it prints, what settings call it, and how it is written where."""

    prints: Prints
    name: str
    written: str
    place: int
    is_conditional: bool = False
    """Whether `-` may stand in its place, whatever it prints."""


@dataclass(frozen=True)
class Server:
    """How a server writes: what it never prints, what it prints for nothing, and what to write quotes around."""

    configuration: str
    is_never_printed: Callable[[str], bool]
    is_missing_empty: bool = False
    is_escaped: bool = True
    is_json_escaped: bool = False
    example_time: str = ""


def web_line(written: str, pieces: Sequence[Text | Token], server: Server) -> WebLine:
    """The line of a format. Errors: `BadFormat`."""
    tokens = [piece for piece in pieces if isinstance(piece, Token)]
    if len(tokens) > _MOST_TOKENS:
        raise BadFormat(written, tokens[_MOST_TOKENS].place, f"It has more than {_MOST_TOKENS} values", "Shorten it")
    chosen = _chosen(tokens)
    if "time" not in chosen:
        remedy = f"Log one in {server.configuration}, such as {server.example_time}"
        raise BadFormat(written, len(written.rstrip()), "Nothing in it says when a request was made", remedy)
    template: list[Field | str] = []
    for part in _parts(written, pieces):
        template += _fields(written, part, server, {id(token) for token in chosen.values()})
    return WebLine(
        tuple(_joined(template)),
        chosen["time"].prints.time,
        tokens=_aliases(tokens, chosen),
        is_escaped=server.is_escaped,
        is_json_escaped=server.is_json_escaped,
    )


def _chosen(tokens: Sequence[Token]) -> dict[str, Token]:
    """The token that gives each meaning: of several the one of the lowest rank, then the first."""
    found: dict[str, Token] = {}
    for token in tokens:
        meaning = token.prints.meaning
        if meaning and (meaning not in found or token.prints.rank < found[meaning].prints.rank):
            found[meaning] = token
    if "request" in found or "method" not in found:  # without a method the rest is no request
        found = {meaning: token for meaning, token in found.items() if meaning not in ("method", "target", "path")}
    elif "target" in found:
        found.pop("path", None)
    return found


def _aliases(tokens: Sequence[Token], chosen: dict[str, Token]) -> dict[str, str]:
    """What fields are called that are written in another way than the settings name them."""
    meanings = {id(token): meaning for meaning, token in chosen.items()}
    others = {token.written: meanings.get(id(token), token.name) for token in tokens if token.written != token.name}
    return {written: name for written, name in others.items() if name}


@dataclass
class _Part:
    """What stands between two quotes of the text: `texts` before the first token, and after each."""

    texts: list[str]
    tokens: list[Token]


def _parts(written: str, pieces: Sequence[Text | Token]) -> list[_Part]:
    parts = [_Part([""], [])]
    for piece in pieces:
        if isinstance(piece, Token):
            parts[-1].tokens.append(piece)
            parts[-1].texts.append("")
            continue
        for character, place in zip(piece.text, piece.places, strict=True):
            if character in "\r\n\0":
                remedy = "Log each request in one line"
                raise BadFormat(written, place, "A line of the log cannot hold a line end, nor a NUL byte", remedy)
            if character == "\\":
                remedy = "Leave it out, or take a named format"
                raise BadFormat(written, place, "A backslash in a line begins an escape; here it is text", remedy)
            if character == '"':
                parts.append(_Part([""], []))
            else:
                parts[-1].texts[-1] += character
    return parts


def _fields(written: str, part: _Part, server: Server, chosen: set[int]) -> list[Field | str]:
    """The template of what stands behind the first quote, that quote included."""
    tokens = part.tokens
    try:
        held = limits([token.prints for token in tokens], part.texts, server.is_never_printed)
    except Ambiguous as problem:
        raise _ambiguous(written, part, problem.number, server) from None
    found: list[Field | str] = ['"', part.texts[0]]
    for token, limit, *around in zip(tokens, held, part.texts[:-1], part.texts[1:], strict=True):
        is_alone = len(tokens) == 1 and around == ["", ""]
        is_bracketed = around[0].endswith("[") and around[1].startswith("]") and " " not in limit.barred
        is_seen = is_alone or is_bracketed
        found += _field(token, limit, server, is_alone=is_alone, is_seen=is_seen, is_chosen=id(token) in chosen)
        found.append(around[1])
    return found


def _ambiguous(written: str, part: _Part, number: int, server: Server) -> BadFormat:
    before, after = part.tokens[number - 1], part.tokens[number]
    between = part.texts[number]
    if not between:
        remedy = f"Write a quote or a space between them in {server.configuration}"
        return BadFormat(written, after.place, f"Nothing stands between {before.written} and {after.written}", remedy)
    near = part.tokens[max(0, number - 2) : number + 2]
    loose = list(dict.fromkeys(token.written for token in near if token.prints.kind in ("text", "list")))
    loose = loose or [before.written]
    what = "a space" if between == " " else repr(between)
    problem = f"{' and '.join(loose)} may hold {what} themselves, and nothing but that stands after {before.written}"
    quoted = " ".join(f'"{one}"' for one in loose)
    remedy = f"Write quotes around them in {server.configuration}: {quoted}. Lines as they are cannot be told apart"
    return BadFormat(written, after.place, problem, remedy)


def _field(
    token: Token, limit: Limits, server: Server, *, is_alone: bool, is_seen: bool, is_chosen: bool
) -> list[Field]:
    """The field of a token; a host that may have a port is two. `is_seen`: where it ends, quotes or brackets show."""
    prints = token.prints
    meaning = prints.meaning if is_chosen else None
    width = prints.width if is_chosen else None
    may_be_nothing = (server.is_missing_empty and not prints.is_printed_always) or prints.is_empty_for_nothing
    if is_alone and (prints.kind == "text" or not is_chosen):
        without, pattern = "", ANY_QUOTED if prints.pattern[:3] != '""|' else f'""|{ANY_QUOTED}'
    elif prints.kind == "text":
        without = "".join(sorted(limit.barred | ({" "} & set(prints.never))))
        pattern = _text(without, prints, limit, may_be_nothing)
    elif prints.kind == "time":
        without = "".join(sorted({*limit.barred, '"', *("" if is_alone else "[]")} - set(prints.characters)))
        # any text where its end is seen, so that a time that is none is told from a line that is none
        pattern = f"[^{_one_of(without)}]*" if is_seen else prints.pattern
    elif prints.kind == "list":
        without = "".join(sorted(limit.barred | {'"'}))
        pattern = _list(prints, limit) + ("|" if may_be_nothing else "")
    else:
        without = "".join(sorted(limit.barred | set(' "')))
        pattern = prints.pattern or f"[^{_one_of(without)}]{'*' if may_be_nothing else '+'}"
        pattern += "|" if prints.pattern and may_be_nothing else ""
    if token.is_conditional and prints.kind in ("pattern", "list"):
        pattern += "|-"
    if meaning == "host" and prints.kind == "text" and pattern.endswith("*"):
        return [Field(f"{pattern}?", meaning, token.name, without), Field(_PORT, without=without)]
    return [Field(pattern, meaning, token.name, without, width)]


def _text(without: str, prints: Prints, limit: Limits, may_be_nothing: bool) -> str:
    barred = _one_of(without)
    found = rf'(?:[^"\\{barred}]|\\[^{barred}])*' if barred else ANY_QUOTED
    if limit.is_opened:
        return f"{re.escape(prints.opens)}{found}|{'' if may_be_nothing else '-'}"
    return prints.pattern if prints.pattern and not (barred or may_be_nothing) else found


def _list(prints: Prints, limit: Limits) -> str:
    between = ", " if limit.has_commas_alone else "(?:, | : )"
    return prints.pattern if limit.is_single else f"(?:{prints.pattern})(?:{between}(?:{prints.pattern}))*"


def _one_of(characters: str) -> str:
    r"""The characters as they stand in a class of a regular expression: only `\\]^-[&~|` are special there."""
    return "".join(rf"\{character}" if character in r"\]^-[&~|" else character for character in characters)


def _joined(template: Sequence[Field | str]) -> list[Field | str]:
    """The template without its first quote, which no line has, and with neighbouring text in one piece."""
    found: list[Field | str] = []
    for piece in template[1:]:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece:
            found.append(piece)
    return found
