"""Lines of CSV → cells, and which header each line is below.

A record is a line. Where a quoted cell goes on over a line end, each of its lines is marked, so that nobody can write a
record into a cell: a quoted line break in a name would begin one. Which lines these are is known from the lines above
alone. A cell that was cut off costs no more than the lines up to the next quote that cannot be the end of it.
Source: RFC 4180, with `;`, tab or `|` in place of the comma where the header has more of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

DELIMITERS = ",;\t|"
LONGEST_HEADER = 8192
MOST_COLUMNS = 1024
KNOWN_HEADERS = 256
INSIDE = "\n"
"""What stands behind the header of a line that begins within a quoted cell."""

_BOM = "\ufeff"
_QUOTED = re.compile(r'[^"]*+(?:""[^"]*+)*')
_Broken = Literal["open", "malformed"]


class Header(NamedTuple):
    """The names of the columns, and what stands between them."""

    delimiter: str
    names: tuple[str, ...]


@lru_cache(KNOWN_HEADERS)
def header(text: str) -> Header | None:
    """What a header says; None where no line can be read by it: too long, a name twice, or quotes that do not match."""
    if len(text) > LONGEST_HEADER:
        return None
    cut = {delimiter: cells(text, delimiter) for delimiter in DELIMITERS}
    found = max(cut, key=lambda delimiter: len(cut[delimiter]) if isinstance(cut[delimiter], list) else 0)
    if isinstance(cut[found], str) or len(cut[found]) > MOST_COLUMNS:
        return None
    names = tuple(name.strip() for name in cut[found])
    given = [name for name in names if name]
    return Header(found, names) if given and len(set(given)) == len(given) else None


def cells(line: str, delimiter: str) -> list[str] | _Broken:
    """The cells of a line; `open` if the last goes on over its end, `malformed` where a quote is out of place."""
    if '"' not in line:
        return line.split(delimiter)
    found: list[str] = []
    at = 0
    while True:
        if line.startswith('"', at):
            end = _end_of_quoted(line, at + 1)
            if end == len(line):
                return "open"
            found.append(line[at + 1 : end].replace('""', '"'))
            at = end + 1
            if at == len(line):
                return found
            if line[at] != delimiter:
                return "malformed"
        else:
            end = line.find(delimiter, at)
            text = line[at:] if end < 0 else line[at:end]
            if '"' in text:
                return "malformed"
            found.append(text)
            if end < 0:
                return found
            at = end
        at += 1


def runs(data: bytes, before: str | None, given: str | None = None) -> list[tuple[int, str | None]]:
    """How many lines in a row are below which header, as `headers.runs`; the last run is empty.

    The first line that is not blank is the header, unless one is `given`. A line that has all its names as cells is
    the next one.
    """
    mark = before if before is not None else given
    found: list[tuple[int, str | None]] = []
    count = 0
    for own, after in _marks(data, mark):
        if own != mark:
            found.append((count, mark))
            count, mark = 0, own
        count += 1
        if after != mark:
            found.append((count, mark))
            count, mark = 0, after
    return [*found, (count, mark), (0, mark)]


def line_of(mark: str) -> str:
    """The header that a mark is made of."""
    return mark.removesuffix(INSIDE)


def bare(line: str) -> str:
    """The line without its line end, and the byte order mark of a file that was put behind another."""
    return line.removesuffix("\r").removeprefix(_BOM)


def _marks(data: bytes, mark: str | None) -> Iterator[tuple[str | None, str | None]]:
    """For each line its own mark, and that of what follows."""
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    text, known, rare = _known(mark)
    for raw in lines:
        is_inside = mark is not None and mark.endswith(INSIDE)
        # only a line with an odd number of quotes can end in a quoted cell
        if mark is not None and not is_inside and (known is None or (raw.count(b'"') % 2 == 0 and rare not in raw)):
            yield mark, mark
            continue
        line = bare(raw.decode(errors="replace"))
        if mark is None:
            if line.strip(" \t"):
                mark = line[: LONGEST_HEADER + 1]
                text, known, rare = _known(mark)
            yield mark, mark
            continue
        delimiter = known.delimiter if known else ","
        ends_inside = _ends_inside(line, delimiter) if is_inside else None
        if ends_inside is not None:
            yield mark, (mark := text + INSIDE * ends_inside)
            continue
        cut = cells(line, delimiter)
        if known and isinstance(cut, list) and line != text and _has_all(cut, known):
            mark = line
            text, known, rare = _known(mark)
            yield mark, mark
        else:
            yield text, (mark := text + INSIDE * (cut == "open"))


def _known(mark: str | None) -> tuple[str, Header | None, bytes]:
    """The header of a mark, what it says, and the longest of its names."""
    text = line_of(mark or "")
    known = header(text) if mark is not None else None
    return text, known, max(known.names, key=len).encode() if known else b""


def _has_all(cut: list[str], known: Header) -> bool:
    return len(cut) >= len(known.names) and set(known.names) <= {cell.strip() for cell in cut}


def _ends_inside(line: str, delimiter: str) -> bool | None:
    """Whether a line that begins within a quoted cell ends in one; None where it cannot begin there.

    The quote that ends the cell has the end of the line or a delimiter behind it.
    """
    end = _end_of_quoted(line, 0)
    if end == len(line):
        return True
    rest = line[end + 1 :]
    if not rest:
        return False
    return cells(rest[1:], delimiter) == "open" if rest[0] == delimiter else None


def _end_of_quoted(line: str, start: int) -> int:
    """Where the next quote is that no second one follows, or the end."""
    match = _QUOTED.match(line, start)
    return match.end() if match else start
