"""Landing files: which there are, what stream each belongs to, and their content as slabs of whole lines."""

from __future__ import annotations

import bz2
import errno
import json
import lzma
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from processors.errors import LandingError
from processors.settings import Settings, Source

SLAB_BYTES = 16 << 20
SLAB_LINES = 200_000
LINE_BYTES = 1 << 20
"""A longer line is quarantined; no more of it is kept."""

_ZLIB = type(zlib.decompressobj())
_PLAIN_CHUNK = 1 << 20
_PACKED_CHUNK = 2048  # a bomb unpacks at most about 1:65,000 (zstd runs), so one chunk stays near 128 MiB

_COMPRESSED = re.compile(r"\.(?:gz|zst|bz2|xz)$", re.IGNORECASE)
_ROTATED = re.compile(
    r"""(?:
        \.\d{1,4}                                   # access.log.1
      | [-._]\d{4}-?\d{2}-?\d{2}                    # access.log-20250829, keycloak.log.2025-08-29
        (?:[-_T.]?\d{2}[-:]?\d{2}(?:[-:]?\d{2})?)?  # …-0400
        (?:[-.]\d{1,10})?                           # logrotate's %s
    )$""",
    re.VERBOSE,
)
_MAGIC: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"\x28\xb5\x2f\xfd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
}


@dataclass(frozen=True)
class File:
    """One landing file of a source. `name` and `stream` are relative to the workspace's folder."""

    source: str
    path: Path
    name: str
    stream: str
    state: str
    is_rotated: bool
    size_bytes: int


@dataclass(frozen=True)
class Slab:
    """Whole lines (or records, each on one line); `span` bytes of the content were read for them."""

    data: bytes
    span: int


class Content:
    """The decompressed bytes of a file, compressed or not, told apart by its first bytes.

    After reading to the end, `is_truncated` tells whether compressed data broke off or turned into something else.
    Errors: `LandingError` for a file that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_truncated = False
        with self._opened() as raw:
            head = self._read(raw, 6)
        self._unpacker = next((new for magic, new in _MAGIC.items() if head.startswith(magic)), None)
        self.is_compressed = self._unpacker is not None

    def chunks(self, offset: int = 0) -> Iterator[bytes]:
        """The content from `offset` on, in pieces."""
        with self._opened() as raw:
            if self._unpacker is None:
                raw.seek(offset)
                while chunk := self._read(raw, _PLAIN_CHUNK):
                    yield chunk
                return
            for chunk in self._unpacked(raw, self._unpacker):
                if offset >= len(chunk):
                    offset -= len(chunk)
                else:
                    yield chunk[offset:]
                    offset = 0

    def ends_line(self, offset: int) -> bool:
        """Whether the byte before `offset` ends a line."""
        return next(self.chunks(offset - 1), b"").startswith(b"\n")

    def _unpacked(self, raw: BinaryIO, new: Callable[[], Any]) -> Iterator[bytes]:
        unpacker = None
        while packed := self._read(raw, _PACKED_CHUNK):
            while packed and (unpacker or packed.strip(b"\0")):  # zeros after a member are padding
                unpacker = unpacker or new()
                try:
                    yield from _pieces(unpacker, packed)
                except (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError):
                    # after a whole member: padding or garbage; inside one: damage. What came before it is good.
                    self.is_truncated = True
                    return
                packed = unpacker.unused_data if unpacker.eof else b""
                unpacker = None if unpacker.eof else unpacker
        self.is_truncated = unpacker is not None

    def _read(self, raw: BinaryIO, size: int) -> bytes:
        try:
            return raw.read(size)
        except OSError as problem:
            raise unreadable(self.path, problem) from problem

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as problem:
            raise unreadable(self.path, problem) from problem


def _pieces(unpacker: Any, packed: bytes) -> Iterator[bytes]:
    """What comes out, no more than `_PLAIN_CHUNK` at a time where the library can be held to that."""
    if isinstance(unpacker, bz2.BZ2Decompressor | lzma.LZMADecompressor):
        yield unpacker.decompress(packed, _PLAIN_CHUNK)
        while not (unpacker.eof or unpacker.needs_input):
            yield unpacker.decompress(b"", _PLAIN_CHUNK)
    elif isinstance(unpacker, _ZLIB):
        while packed:
            yield unpacker.decompress(packed, _PLAIN_CHUNK)
            packed = unpacker.unconsumed_tail
    else:  # zstd: see _PACKED_CHUNK
        yield unpacker.decompress(packed)


def unreadable(path: Path, problem: OSError) -> LandingError:
    """The error for a file that the system refuses to read."""
    remedy = {
        FileNotFoundError: "Check the path",
        IsADirectoryError: "Name a file in it, or end the pattern with /**/*",
        PermissionError: "Give the user who runs this read permission",
    }.get(type(problem), "Check the disk and the permissions")
    return LandingError(path, f"cannot be read ({problem.strerror})", remedy)


def files(settings: Settings, source: Source) -> tuple[list[File], list[LandingError]]:
    """The landing files of a source by name, and the problems of those that cannot be taken."""
    claims = {other.name: _matches(settings, other) for other in settings.sources}
    found, problems = [], []
    for path in sorted(claims[source.name]):
        rivals = [name for name, paths in claims.items() if path in paths]
        if len(rivals) > 1:
            remedy = "Narrow the `files` patterns so that one source claims it"
            problems.append(LandingError(path, f"is claimed by the sources {' and '.join(rivals)}", remedy))
        elif path.is_dir():
            if not source.files.endswith("*"):
                problems.append(unreadable(path, IsADirectoryError(errno.EISDIR, "it is a folder")))
        else:
            try:
                path.name.encode()
                found.append(_file(settings, source, path))
            except UnicodeEncodeError:
                problems.append(LandingError(ascii(str(path)), "has a name that is not UTF-8", "Rename it"))
            except OSError as problem:  # a link to nothing, a loop of links, a file that has just gone
                problems.append(unreadable(path, problem))
    return found, problems


def _file(settings: Settings, source: Source, path: Path) -> File:
    name = path.relative_to(settings.root).as_posix()
    stream, is_rotated = stream_of(name)
    state = path.stat()
    if not path.is_file():
        raise OSError(errno.EINVAL, "it is no regular file")
    return File(
        source.name,
        path,
        name,
        stream,
        f"{state.st_size} {state.st_mtime_ns} {state.st_ino}",
        is_rotated,
        state.st_size,
    )


def stream_of(name: str) -> tuple[str, bool]:
    """The name without what rotation and compression add to it, and whether rotation added anything."""
    bare = _COMPRESSED.sub("", name)
    stream = _ROTATED.sub("", bare)
    return stream, stream != bare


def slabs(
    chunks: Iterator[bytes], *, at_start: bool, is_document: bool, is_whole: Callable[[bytes], bool]
) -> Iterator[Slab]:
    """The chunks as whole lines, or as whole records of a JSON document.

    `is_whole` is asked, after the last chunk, whether an end without a newline is a line. A line longer than
    `SLAB_BYTES` comes alone, cut to one byte more than `LINE_BYTES`.
    """
    cut = (_cut_records if is_document else _cut_lines)(chunks, at_start=at_start)
    rest: Slab | None = None

    def cut_and_keep() -> Iterator[Slab]:
        nonlocal rest
        rest = yield from cut

    for slab in cut_and_keep():
        yield from _halved(slab)
    if rest and is_whole(rest.data):
        yield rest


def looks_like_document(head: bytes) -> bool:
    """Whether JSON spans lines here: an array, or an object that its first line does not finish."""
    first = head.removeprefix(_BOM).lstrip().split(b"\n", 1)[0].rstrip()
    return first.startswith(b"[") or (first.startswith(b"{") and first.endswith((b"{", b"[", b",")))


def _halved(slab: Slab) -> Iterator[Slab]:
    """The slab in parts of no more than `SLAB_LINES` lines: millions of tiny ones would fill the memory."""
    if slab.data.count(b"\n") <= SLAB_LINES:
        yield slab
        return
    middle = slab.data.index(b"\n", len(slab.data) // 2 - 1) + 1
    rest = slab.data[middle:]
    yield from _halved(Slab(slab.data[:middle], slab.span - len(rest)))
    yield from _halved(Slab(rest, len(rest)))


_BOM = b"\xef\xbb\xbf"
_SEPARATORS = re.compile(r"[\s,\[\]]*")
_FAILURES = 1000  # every failure costs a look at all that came before it: after so many, the lines are the records
_DECODER = json.JSONDecoder(strict=False)


def _cut_lines(chunks: Iterator[bytes], *, at_start: bool) -> Generator[Slab, None, Slab | None]:
    lines: list[bytes] = []
    tail: list[bytes] = []
    lines_size = tail_size = dropped = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end and dropped:
            end = chunk.index(b"\n") + 1
            yield Slab(b"".join(tail)[: LINE_BYTES + 1] + b"\n", tail_size + dropped + end)
            tail, tail_size, dropped, chunk = [], 0, 0, chunk[end:]
            end = chunk.rfind(b"\n") + 1
        if end:
            lines += [*tail, chunk[:end]]
            lines_size += tail_size + end
            tail, tail_size, chunk = [], 0, chunk[end:]
        if chunk:
            tail.append(chunk)
            tail_size += len(chunk)
        if lines_size >= SLAB_BYTES or (lines and tail_size > SLAB_BYTES):
            yield _line_slab(lines, lines_size, at_start)
            lines, lines_size, at_start = [], 0, False
        if tail_size > SLAB_BYTES:  # one line fills a slab: keep its beginning, count the rest
            tail = [b"".join(tail)[: LINE_BYTES + 1]]
            tail_size, dropped = LINE_BYTES + 1, dropped + tail_size - LINE_BYTES - 1
            at_start = False
    if lines:
        yield _line_slab(lines, lines_size, at_start)
        at_start = False
    return _line_slab(tail, tail_size + dropped, at_start) if tail else None


def _line_slab(pieces: list[bytes], size: int, at_start: bool) -> Slab:
    data = b"".join(pieces)
    return Slab(data.removeprefix(_BOM) if at_start else data, size)


def _cut_records(chunks: Iterator[bytes], *, at_start: bool) -> Generator[Slab, None, Slab | None]:
    data, more = b"", True
    while more:
        grown = [data]
        size = 0
        while size < SLAB_BYTES and (chunk := next(chunks, None)) is not None:
            grown.append(chunk)
            size += len(chunk)
        more = size >= SLAB_BYTES
        data = b"".join(grown)
        if at_start:
            data, at_start = data.removeprefix(_BOM).rjust(len(data)), False
        records, end = _records(data, more)
        if end:
            yield Slab(b"".join(records), end)
            data = data[end:]
    return Slab(_one_line(data), len(data)) if data.strip(b" \t\r\n,[]") else None


def _records(data: bytes, more: bool) -> tuple[list[bytes], int]:
    """The whole records of `data`, one a line, and where what is unfinished begins."""
    text = data.decode("latin-1")  # a byte a character: only the structure is read here, which is ASCII
    length = len(text.rstrip())
    records: list[bytes] = []
    position = end = failures = 0
    while True:
        match = _SEPARATORS.match(text, position)
        position = match.end() if match else position
        if position == len(text):  # the closing bracket is not read: a longer delivery has a comma in its place
            return records, end
        try:
            if text[position] != "{":
                raise ValueError
            _, end = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as problem:
            unfinished = problem.pos >= length or problem.msg.startswith("Unterminated string")
            if unfinished and (not more or len(text) - position < SLAB_BYTES):
                return records, end
            failures, end = failures + 1, _next_line(text, position)
        except (ValueError, RecursionError):
            failures, end = failures + 1, _next_line(text, position)
        records.append(_one_line(data[position:end]) + b"\n")
        position = end
        if failures > _FAILURES:
            end = max(end, text.rfind("\n") + 1 if more else len(text))
            return records + [line + b"\n" for line in data[position:end].split(b"\n") if line.strip()], end


def _next_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _one_line(record: bytes) -> bytes:
    return record.replace(b"\r", b" ").replace(b"\n", b" ")  # between JSON's tokens any white space is the same


def _matches(settings: Settings, source: Source) -> set[Path]:
    return {path for path in settings.root.glob(source.files) if not path.name.startswith(".")}
