"""A line as the configuration of its server writes it: literal text and fields, in order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

ANY_QUOTED = r'(?:[^"\\]|\\.)*'  # between quotes: a backslash keeps what it escapes
WORD = r'[^ "]+'
NUMBER = r"[0-9]{1,18}|-"
THREE_DIGITS = r"[0-9]{3}"
# what newer versions of a server add behind the last field, where no other one holds quotes. Not more than that: if a
# client could write a quote, its agent might be followed by made-up fields, and the real ones would be a longer tail
TAIL = r'(?: (?:"(?:[^"\\]|\\.)*"|[^ "]+)){0,15}'

_NUMBERS: dict[str, Literal["number", "three digits"]] = {NUMBER: "number", THREE_DIGITS: "three digits"}


@dataclass(frozen=True)
class Field:
    """One value: how it is written, what it means to us, and what the server's configuration calls it.

    `pattern` is a regular expression without groups. `without` are characters that no value has, whatever it is. Values
    are nearly always `width` characters wide, if that is given.
    """

    pattern: str
    meaning: str | None = None
    token: str | None = None
    without: str = ""
    width: int | None = None


Template = tuple[Field | str, ...]


@dataclass(frozen=True)
class Cell:
    """What stands between two pieces of literal text: one field, or several that touch."""

    names: tuple[str, ...]
    pattern: str
    """Anchored, with a group for each of the names."""
    after: str
    """The literal text that ends it; nothing at the end of a part."""
    is_one: bool
    """Whether it is a single field."""
    width: int | None
    """How many characters it nearly always has."""
    fits: Literal["anything", "word", "number", "three digits", "pattern"]
    """What fits of the text cut out, if it has no backslash: all of it, all but nothing, or what the pattern says."""
    has_no_such: bool
    """Whether none of its characters can be the first one of the text after it."""
    is_cut_at_all: bool
    """Whether that can be one, and another one cannot, so that it is cut at the whole of that text."""
    ends_at_first: bool
    """Whether the first occurrence of the text after it must be its end, else there might be a second one."""


@dataclass(frozen=True)
class Part:
    """What stands between two quotes of the literal text."""

    before: str
    cells: tuple[Cell, ...]
    pattern: str | None
    """Of all of it, where nothing in it is needed and not just anything fits; anchored, without groups."""


def names(template: Template, tokens: Collection[str] = ()) -> dict[int, str]:
    """What the fields that are needed are called, by their place: by their meaning, else by the token asked for."""
    found: dict[int, str] = {}
    for place, piece in enumerate(template):
        if isinstance(piece, Field):
            name = piece.meaning or (piece.token if piece.token in tokens else None)
            if name and name not in found.values():
                found[place] = name
    return found


@cache
def numbers(template: Template, tokens: frozenset[str] = frozenset()) -> frozenset[str]:
    """Those of `names` that are whole numbers, or a dash, and not asked for as they are written."""
    fields = ((name, template[place]) for place, name in names(template, tokens).items() if name not in tokens)
    return frozenset(name for name, field in fields if isinstance(field, Field) and field.pattern in _NUMBERS)


@cache
def pattern(template: Template, tokens: frozenset[str] = frozenset()) -> str:
    """The anchored regular expression of a line: a group for each of `names`, in that order."""
    return _anchored(enumerate(template), names(template, tokens))


@cache
def parts(template: Template, tokens: frozenset[str] = frozenset()) -> tuple[Part, ...]:
    """The line cut at each quote of the literal text, and what stands between two of them at the rest of that text."""
    pieces: list[list[tuple[int, Field | str]]] = [[]]
    for place, piece in enumerate(template):
        if isinstance(piece, Field):
            pieces[-1].append((place, piece))
            continue
        first, *others = piece.split('"')
        pieces[-1].append((place, first))
        pieces.extend([(place, other)] for other in others)
    named = names(template, tokens)
    return tuple(_part([piece for piece in one if piece[1]], named) for one in pieces)


def _part(pieces: list[tuple[int, Field | str]], named: dict[int, str]) -> Part:
    before, *_ = [text for _, text in pieces[:1] if isinstance(text, str)] or [""]
    runs: list[tuple[list[tuple[int, Field]], str]] = []
    for place, piece in pieces[bool(before) :]:
        if isinstance(piece, Field):
            if not runs or runs[-1][1]:
                runs.append(([], ""))
            runs[-1][0].append((place, piece))
        else:
            runs[-1] = (runs[-1][0], piece)
    cells = tuple(_cell(runs[at:], named) for runs in [_without_tail(runs, named)] for at in range(len(runs)))
    is_needed = not cells or any(cell.names or cell.fits == "anything" for cell in cells)
    return Part(before, cells, None if is_needed else _anchored(pieces, {}))


def _without_tail(
    runs: list[tuple[list[tuple[int, Field]], str]], named: dict[int, str]
) -> list[tuple[list[tuple[int, Field]], str]]:
    """The runs with those behind the last one that is needed as a single field: one look is enough for all of them."""
    needed = [at for at, (fields, _) in enumerate(runs) if any(place in named for place, _ in fields)]
    first = needed[-1] + 1 if needed else 0
    if len(runs) - first < 2:
        return runs
    tail, after = runs[first:], runs[-1][1]
    written = "".join(
        "".join(f"(?:{field.pattern})" for _, field in fields) + (re.escape(text) if at < len(tail) - 1 else "")
        for at, (fields, text) in enumerate(tail)
    )
    never = [set(field.without) for fields, _ in tail for _, field in fields]
    between = {character for _, text in tail[:-1] for character in text}
    without = "".join(sorted(set.intersection(*never) - between))
    return [*runs[:first], ([(tail[0][0][0][0], Field(written, without=without))], after)]


def _cell(runs: list[tuple[list[tuple[int, Field]], str]], named: dict[int, str]) -> Cell:
    """The first of the runs of fields, each with the text after it."""
    (fields, after), *others = runs
    last = fields[-1][1]
    later = [field for others_fields, _ in others for _, field in others_fields]
    texts = "".join(text for _, text in others)
    has_no_such = bool(after) and after[0] in last.without
    has_not_all = any(character in last.without for character in after)
    return Cell(
        tuple(named[place] for place, _ in fields if place in named),
        _anchored(fields, named),
        after,
        is_one=len(fields) == 1,
        width=last.width if len(fields) == 1 else None,
        fits=_fits(last.pattern, after) if len(fields) == 1 else "pattern",
        has_no_such=has_no_such,
        is_cut_at_all=has_not_all and not has_no_such,
        ends_at_first=has_not_all
        or any(one not in texts and all(one in field.without for field in later) for one in after),
    )


def _fits(pattern: str, after: str) -> Literal["anything", "word", "number", "three digits", "pattern"]:
    if pattern == ANY_QUOTED:
        return "anything"
    if number := _NUMBERS.get(pattern):
        return number
    return "word" if pattern == WORD and after.startswith(" ") else "pattern"


def _anchored(pieces: Iterable[tuple[int, Field | str]], named: dict[int, str]) -> str:
    written = (
        re.escape(piece)
        if isinstance(piece, str)
        else f"({piece.pattern})"
        if place in named
        else f"(?:{piece.pattern})"
        for place, piece in pieces
    )
    return rf"(?s)\A{''.join(written)}\z"
