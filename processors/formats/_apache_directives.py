"""Every directive of Apache 2.4's LogFormat, and what an event takes from it.

Escapes: `\\"` and `\\\\`, C-style for white space, `\\xhh` for all that is not printable ASCII. `%{…}x` and `%{…}c` of
mod_ssl were not escaped before 2.4.64 (CVE-2024-47252): a quote in one makes the line another shape.
"""

from __future__ import annotations

import string
from dataclasses import replace

from processors._printed import SPACED_HEADERS, Prints, pattern, text, word
from processors.formats import _clf

_DIGITS = string.digits
_NUMBER = pattern("-?[0-9]+", _DIGITS + "-")
_NAME = word(characters=string.ascii_letters + _DIGITS + "-._:/@%+~")
_PORT = pattern("[0-9]{1,5}", _DIGITS)
_STATUS = pattern(_clf.STATUS.pattern, _DIGITS, "status", width=3)
_USER = text("user", pattern=_clf.USER.pattern)
_VIRTUAL_HOST = string.ascii_letters + _DIGITS + "-._:[]*"

# without braces, or with what may stand in them
DIRECTIVES: dict[str, Prints] = {
    "%a": word("peer", 0, characters=string.hexdigits + ".:"),
    "%{c}a": word("peer", -2, characters=string.hexdigits + ".:"),  # where it is logged, %a is the client
    "%A": _NAME,
    "%B": pattern(_clf.SIZE.pattern, _DIGITS + "-", "size"),
    "%b": pattern(_clf.SIZE.pattern, _DIGITS + "-", "size"),
    "%D": _NUMBER,
    "%f": text(),
    "%h": word("peer", 1),  # a host name with HostnameLookups On
    "%{c}h": word("peer", -1),
    "%H": _NAME,  # until 2.4.25 all that a client wrote behind the second word
    "%I": _NUMBER,
    "%k": _NUMBER,
    "%l": word(),  # what identd says; nobody runs identd
    "%L": word(),
    "%{c}L": word(),
    "%m": word("method", characters=string.ascii_letters + _DIGITS + "-_!#$%&'*+.^`|~"),
    "%O": pattern(_clf.SIZE.pattern, _DIGITS + "-", "size", 1),  # with the header
    "%p": _PORT,
    "%{canonical}p": _PORT,
    "%{local}p": _PORT,
    "%{remote}p": _PORT,
    "%P": _NUMBER,
    "%{pid}P": _NUMBER,
    "%{tid}P": _NUMBER,
    "%{hextid}P": word(characters=string.hexdigits + "x"),
    "%q": replace(text("query", opens="?"), is_empty_for_nothing=True),
    "%r": text("request", is_prose=True),
    "%R": text(),
    "%s": _STATUS,
    "%S": _NUMBER,
    "%T": _NUMBER,
    "%{ms}T": _NUMBER,
    "%{us}T": _NUMBER,
    "%{s}T": _NUMBER,
    "%u": _USER,
    # decoded; a question mark in it ends the path for us, as one behind it does
    "%U": text("path", never="?", opens="/"),
    "%v": word("host", 0, characters=_VIRTUAL_HOST),
    "%V": word("host", 1, characters=_VIRTUAL_HOST),
    "%X": pattern("[X+-]", "X+-"),
    "%^FB": word(characters=_DIGITS + "-"),  # microseconds to the first byte (mod_logio)
}
HEADERS = {
    "host": text("host", 2),
    "referer": text("referrer"),
    "sec-ch-ua-platform": text("platform"),
    "sec-ch-ua-platform-version": text("platform_version"),
    "user-agent": text("agent", is_prose=True),
    "x-forwarded-for": text("forwarded", 1, is_prose=True),
    "x-real-ip": text("forwarded", 3),  # what a trusted peer says; a client may have written it otherwise
}
FAMILIES = {
    "C": "a cookie",
    "e": "a variable of the environment",
    "i": "a header of the request",
    "n": "a note of a module",
    "o": "a header of the response",
    "x": "a variable of mod_ssl",
    "c": "a variable of mod_ssl, in its older form",
    "^ti": "a trailer of the request",
    "^to": "a trailer of the response",
}
ORIGINAL = {"%s", "%U", "%T", "%D", "%r", "%R"}
"""What tells of the request as it came, not of that to which it was redirected within, unless `>` says so."""


def directive(argument: str | None, name: str) -> Prints | None:
    """What such a directive prints, the time apart; None for one that there is not."""
    written = f"%{name}" if argument is None else f"%{{{argument}}}{name}"
    if written in DIRECTIVES:
        return DIRECTIVES[written]
    if name not in FAMILIES or not argument:
        return None
    if name == "i" and argument.lower() in HEADERS:
        return HEADERS[argument.lower()]
    is_prose = argument.lower() in SPACED_HEADERS or (name in "xc" and "_DN" in argument)
    return text(is_prose=is_prose)
