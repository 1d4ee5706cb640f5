"""Lines that say what the fields of the lines below them are: `#Fields` of the W3C extended format, or CSV's header."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import polars as pl

from processors import _csv
from processors._options import Options
from processors._reader import FieldRecord, Reader
from processors._syslog import is_header
from processors._w3c_fields import LONGEST_HEADER, MARK

_MARK = MARK.encode()
_BOM = b"\xef\xbb\xbf"
_LONGEST_PREFIX = 2048


Runs = Callable[[bytes, str | None], list[tuple[int, str | None]]]
"""As `runs`."""


def finder(reader: Reader, options: Options) -> Runs | None:
    """How the headers of a format are found; None where it has none."""
    if not reader.has_headers:
        return None
    if isinstance(reader.shape, FieldRecord):
        return partial(_csv.runs, given=options.field_map.header if options.field_map else None)
    return runs


def runs(data: bytes, before: str | None) -> list[tuple[int, str | None]]:
    """How many lines in a row are below which header, the lines of headers included; the last run may be empty.

    `before` is the header in effect where the data begins. Of one that is too long only that is kept right.
    """
    found: list[tuple[int, str | None]] = []
    at, header = 0, before
    for start, text in _headers(data):
        found.append((data.count(b"\n", at, start), header))
        at, header = start, text
    rest = data.count(b"\n", at) + (not data.endswith(b"\n") and at < len(data))
    return [*found, (rest, header)]


def column(of: Iterable[tuple[int, str | None]]) -> pl.Series:
    """The header of each line of such runs."""
    rows = [(count, header) for count, header in of if count]
    texts = pl.Series("header", [header for _, header in rows], dtype=pl.String)
    return texts.gather(np.repeat(np.arange(len(rows)), [count for count, _ in rows]))  # copies no text


def _headers(data: bytes) -> Iterator[tuple[int, str]]:
    """Where the lines begin that are headers, and what each says; syslog may have put its own header before it."""
    seen, line = 0, 0
    while (place := data.find(_MARK, seen)) >= 0:
        newline = data.rfind(b"\n", seen, place)
        is_first = newline >= 0 or not seen  # in its line: a client may write the mark, again and again
        line = newline + 1 if newline >= 0 else line
        seen = place + len(_MARK)
        if is_first and place - line <= _LONGEST_PREFIX and _is_before(data[line:place]):
            end = data.find(b"\n", place, place + LONGEST_HEADER + 2)
            text = data[place : end if end >= 0 else place + LONGEST_HEADER + 1]
            yield line, text.removesuffix(b"\r").decode(errors="replace")


def _is_before(prefix: bytes) -> bool:
    return prefix in (b"", _BOM) or is_header(prefix.decode(errors="replace"))
