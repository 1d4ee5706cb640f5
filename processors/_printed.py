"""What a token of a server's configuration prints: declared once, in a table of the server's format."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Literal

from processors._times import TimeShape

_LETTERS = string.ascii_letters + string.digits
WORD_CHARACTERS = _LETTERS + "-._:/@%+~=,"
"""Of what servers say themselves: addresses, names, numbers, ciphers."""
HEX_CHARACTERS = string.hexdigits
DECIMAL_CHARACTERS = string.digits + ".-"
_OF_URLS = _LETTERS + "-._~:/?#@!$&'()*+,;=%"

SPACED_HEADERS = {
    *("accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "cache-control", "cookie"),
    *("content-disposition", "content-security-policy", "content-type", "date", "expires", "forwarded", "from"),
    *("if-modified-since", "keep-alive", "last-modified", "link", "permissions-policy", "sec-ch-ua", "server"),
    *("set-cookie", "strict-transport-security", "user-agent", "vary", "via", "warning", "x-forwarded-for"),
}
"""Headers whose text holds spaces as a matter of course."""


@dataclass(frozen=True)
class Prints:
    """The values of one token.

    `text` is what a client or an operator may write: anything, in the server's escapes. A `word` is never more than
    one; a `pattern` is just that. A `list` has one value for each server that was tried: `a, b : c`.
    """

    kind: Literal["text", "word", "pattern", "list", "time"]
    meaning: str | None = None
    """What the event takes from it; None: nothing."""
    rank: int = 0
    """Of several tokens with one meaning the lowest gives it."""
    characters: str = ""
    """All that values have, besides quotes; of text: those that are nothing special in it."""
    never: str = ""
    """Characters that text does not have where they would show its end; spaces nowhere."""
    pattern: str = ""
    """Of a pattern: it; of a list: that of one value; of text: that of it where nothing limits it; of a time: where its
    end is not seen."""
    opens: str = ""
    """The character that values begin with, if there is any value."""
    is_printed_always: bool = False
    """Whether it is there even where all that is missing is printed as nothing."""
    is_empty_for_nothing: bool = False
    """Whether what is missing is printed as nothing by a server that has `-` for it elsewhere."""
    time: TimeShape = ""
    width: int | None = None


def text(
    meaning: str | None = None,
    rank: int = 0,
    *,
    is_prose: bool = False,
    never: str = "",
    pattern: str = "",
    opens: str = "",
) -> Prints:
    """Text; of prose it is nothing special to hold spaces."""
    characters = "".join(set(_OF_URLS + " " * is_prose) - set(never))
    return Prints("text", meaning, rank, characters, never, pattern, opens)


def word(meaning: str | None = None, rank: int = 0, *, characters: str = WORD_CHARACTERS) -> Prints:
    """One word."""
    return Prints("word", meaning, rank, characters)


def pattern(
    written: str,
    characters: str,
    meaning: str | None = None,
    rank: int = 0,
    *,
    is_printed_always: bool = True,
    width: int | None = None,
) -> Prints:
    """What a regular expression says, with these characters."""
    return Prints(
        "pattern", meaning, rank, characters, pattern=written, is_printed_always=is_printed_always, width=width
    )


def several(one: str, characters: str) -> Prints:
    """One value or more, none of which begins with a colon."""
    return Prints("list", characters=characters + ", :", pattern=one)


def moment(shape: TimeShape, rank: int, *, characters: str, pattern: str, width: int | None) -> Prints:
    """When it happened. The pattern tells where it ends: what it takes is never longer or shorter."""
    return Prints("time", "time", rank, characters, pattern=pattern, is_printed_always=True, time=shape, width=width)
