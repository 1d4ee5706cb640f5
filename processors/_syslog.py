"""What syslog writes before a line: RFC 3164, with its `<134>` or as it stands in files, and RFC 5424."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from processors import _scan
from processors._spans import Spans

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
_DATE = r"20[0-9]{2}-[01][0-9]-[0-3][0-9]"
_INSTANT = rf"{_DATE}T{_CLOCK}(?:\.[0-9]{{1,9}})?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})"
_HOST = r"[A-Za-z0-9._:\[\]-]{0,254}[A-Za-z0-9._\[\]-]"  # what ends in a colon is a tag
_TAG = r"[A-Za-z0-9_./-]{1,64}(?:\[[0-9]{1,10}\])?: ?"
_NAME = r"[!#-<>-\\^-~]{1,32}"  # printable, but for = ] and the quote
_ELEMENT = rf'\[{_NAME}(?: {_NAME}="(?:[^"\\]|\\.)*")*\]'
_WORD = r"[!-~]{1,255}"
_HEADER = (
    r"\A(?:"
    rf"<[0-9]{{1,3}}>1 (?:{_INSTANT}|-) {_WORD} {_WORD} {_WORD} {_WORD} (?:-|(?:{_ELEMENT})+) "
    "\ufeff?"
    # nginx leaves the host out with `nohostname`
    rf"|(?:<[0-9]{{1,3}}>)?{_MONTH} [ 0-3][0-9] {_CLOCK} (?:{_HOST} )?{_TAG}"
    # as rsyslog writes files (RSYSLOG_FileFormat, the default of Debian since 12)
    rf"|(?:<[0-9]{{1,3}}>)?{_INSTANT} {_HOST} {_TAG}"
    r")"
)
_ALONE = re.compile(_HEADER, re.DOTALL)


def is_header(text: str) -> bool:
    """Whether it is what syslog writes before a line, to its last character."""
    return _ALONE.fullmatch(text) is not None


def suspects(lines: Spans) -> Any:
    """The places of lines that may have such a header: `<`, or a month, capital letters up to S, or a year."""
    return _scan.suspects(lines.data, lines.at, lines.lengths)


def message(lines: pl.Series) -> pl.Series | None:
    """The lines without the header that syslog put before them, null where there is none; None where none has one."""
    # most lines begin with none of what `suspects` asks for, and cost nothing more
    may = (((lines >= "<") & (lines < "T")) | lines.str.starts_with("20")).fill_null(False)
    if not may.any():
        return None
    places = may.arg_true()
    suspects = lines.gather(places)
    bare = suspects.str.replace(_HEADER, "")
    has_none = bare.str.len_bytes() == suspects.str.len_bytes()
    if has_none.all():
        return None
    nothing = pl.repeat(None, len(lines), dtype=pl.String, eager=True)
    return nothing.scatter(places, bare.set(has_none, None)).alias(lines.name)
