"""Content cut into slabs of whole lines, or of whole records of a JSON document, none of them too large to hold."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from processors import _documents, _scan
from processors._documents import Pages

SLAB_BYTES = 16 << 20
SLAB_LINES = 200_000
LINE_BYTES = 1 << 20
"""A longer line is quarantined; no more of it is kept."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Slab:
    """Whole lines (or records, each on one line); `span` bytes of the content were read for them.

    A line too long for a slab comes alone, only its beginning, and `line_bytes` is what it measured.
    """

    data: bytes
    span: int
    line_bytes: int | None = None

    @cached_property
    def line_count(self) -> int:
        """How many lines it has; an unfinished last one counts."""
        return _scan.counted(np.frombuffer(self.data, np.uint8), _scan.LINE_FEED) + (not self.data.endswith(b"\n"))


def slabs(
    chunks: Iterator[bytes],
    *,
    at_start: bool,
    is_document: bool,
    is_whole: Callable[[bytes], bool],
    pages: Pages | None = None,
    slab_bytes: int = SLAB_BYTES,
) -> Iterator[Slab]:
    """The chunks as whole lines, in slabs of about `slab_bytes`, or as whole records of a JSON document.

    `is_whole` is asked, after the last chunk, whether an end without a newline is a line: then the last slab has none.
    """
    given = filter(None, chunks)
    cut = _cut_records(given, at_start, pages or Pages()) if is_document else _cut_lines(given, at_start, slab_bytes)
    rest: Slab | None = None

    def cut_and_keep() -> Iterator[Slab]:
        nonlocal rest
        rest = yield from cut

    for slab in cut_and_keep():
        yield from _halved(slab)
    if rest and is_whole(rest.data):
        yield rest


def holds_records(head: bytes, pages: Pages | None) -> bool:
    """Whether a file that begins so is cut into records; one whose records may be wrapped is, however it begins."""
    return pages is not None and (bool(pages.lists) or looks_like_document(head))


def is_over(rest: bytes, pages: Pages | None) -> bool:
    """Whether nothing but what ends a document is there, of which no record waits."""
    return _documents.is_over(rest, pages or Pages())


def looks_like_document(head: bytes) -> bool:
    """Whether JSON spans lines here: an array, or an object that its first line does not finish."""
    first = head.removeprefix(_BOM).lstrip().split(b"\n", 1)[0].rstrip()
    return first.startswith(b"[") or (first.startswith(b"{") and first.endswith((b"{", b"[", b",")))


def _halved(slab: Slab) -> Iterator[Slab]:
    """The slab in parts of no more than `SLAB_LINES` lines: millions of tiny ones would fill the memory."""
    if slab.line_count <= SLAB_LINES:
        yield slab
        return
    half = len(slab.data) // 2  # where one line is longer than all others, it may reach from there to an end
    middle = slab.data.rfind(b"\n", 0, half) + 1 or slab.data.index(b"\n", half) + 1
    rest = slab.data[middle:]
    span = min(len(rest), slab.span)  # records that were split are longer than what was read for them
    yield from _halved(Slab(slab.data[:middle], slab.span - span))
    yield from _halved(Slab(rest, span))


def _cut_lines(chunks: Iterator[bytes], at_start: bool, slab_bytes: int) -> Generator[Slab, None, Slab | None]:
    lines: list[bytes | memoryview] = []
    tail: list[bytes] = []
    lines_size = tail_size = 0
    after = b""
    while chunk := after or next(chunks, b""):
        after = b""
        end = chunk.rfind(b"\n") + 1
        if end:
            lines += [*tail, chunk if end == len(chunk) else memoryview(chunk)[:end]]
            lines_size += tail_size + end
            tail, tail_size, chunk = [], 0, chunk[end:]
        if chunk:
            tail.append(chunk)
            tail_size += len(chunk)
        is_long = tail_size > SLAB_BYTES
        if lines and (is_long or lines_size >= slab_bytes):
            yield _line_slab(lines, lines_size, at_start)
            lines, lines_size, at_start = [], 0, False
        if is_long:
            slab, after = _long_line(_line_slab(tail, tail_size, at_start), chunks)
            if not slab.data.endswith(b"\n"):
                return slab
            yield slab
            tail, tail_size, at_start = [], 0, False
    if lines:
        yield _line_slab(lines, lines_size, at_start)
        at_start = False
    return _line_slab(tail, tail_size, at_start) if tail else None


def _line_slab(pieces: Sequence[bytes | memoryview], size: int, at_start: bool) -> Slab:
    data = b"".join(pieces)
    return Slab(data.removeprefix(_BOM) if at_start else data, size)


def _long_line(start: Slab, chunks: Iterator[bytes]) -> tuple[Slab, bytes]:
    """The line that begins so, cut, and what comes after it. Without a newline where the chunks have none."""
    # a byte more than is kept shows that it is too long, and one more may be the carriage return of its end
    kept, size, span = start.data[: LINE_BYTES + 2], len(start.data), start.span
    for chunk in chunks:
        end = chunk.find(b"\n") + 1
        if end:
            return Slab(kept + b"\n", span + end, size + end - 1), chunk[end:]
        size, span = size + len(chunk), span + len(chunk)
    return Slab(kept, span, size), b""


def _cut_records(chunks: Iterator[bytes], at_start: bool, pages: Pages) -> Generator[Slab, None, Slab | None]:
    data, more, is_all, is_over = b"", True, True, False
    while more or not is_all:
        grown = [data]
        size = 0
        while is_all and size < SLAB_BYTES and (chunk := next(chunks, None)) is not None:
            grown.append(chunk)
            size += len(chunk)
        more = size >= SLAB_BYTES if is_all else more
        data = b"".join(grown)
        if at_start:
            data, at_start = data.removeprefix(_BOM).rjust(len(data)), False
        found = _documents.cut(
            data, pages, more=more, most_bytes=SLAB_BYTES, window=min(_documents.WINDOW, SLAB_BYTES // 2)
        )
        is_all, is_over = found.is_all, found.is_over
        if found.end:
            yield Slab(b"".join(found.lines), found.end)
            data = data[found.end :]
        if more and is_all and len(data) >= SLAB_BYTES:
            slab, data = _long_line(Slab(data, len(data)), chunks)
            if not slab.data.endswith(b"\n"):
                return slab
            yield slab
    return None if is_over else Slab(_documents.one_line(data), len(data))
