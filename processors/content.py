"""What a landing file holds: its decompressed bytes, however it is compressed."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard
from isal import igzip_lib, isal_zlib  # three times as fast as zlib

from processors.errors import LandingError

HEAD_BYTES = 64 << 10
ARCHIVE_BYTES = 262
"""Enough to tell an archive."""
_PLAIN_CHUNK = 1 << 20
_NEAR = 4096
_PACKED_CHUNK = 2048  # a bomb unpacks at most about 1:65,000 (zstd runs), so one chunk stays near 128 MiB

_WINDOW_BYTES = 256 << 20
"""What zstd may keep of a file while unpacking it: `zstd --long=28`; twice what its own tool allows unasked."""

_GZIP_ERROR = cast("type[Exception]", igzip_lib.IsalError)  # which its types call an exception
_ZLIB = type(isal_zlib.decompressobj())
_SKIPPABLE = tuple(bytes([0x50 + n]) + b"\x2a\x4d\x18" for n in range(16))  # zstd's frames of metadata: pzstd's first
_KINDS: tuple[tuple[tuple[bytes, ...], Callable[[], Any]], ...] = (
    ((b"\x1f\x8b",), lambda: isal_zlib.decompressobj(wbits=31)),
    (
        (b"\x28\xb5\x2f\xfd", *_SKIPPABLE),
        lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj(),
    ),
    ((b"BZh",), bz2.BZ2Decompressor),
    ((b"\xfd7zXZ\x00",), lzma.LZMADecompressor),
)
_MAGIC_BYTES, _HEADER_BYTES = 6, 18  # of zstd, whose header says how much memory it takes


class Content:
    """The decompressed bytes of a file, compressed or not, told apart by its first bytes.

    `is_too_short_to_tell`: what is there so far may become the first bytes of a compressed file.
    After reading to the end, `is_truncated` tells whether compressed data broke off or is damaged, and `has_garbage`
    whether something else comes after the end of it. `position` is how much of the file itself has been read. Errors:
    `LandingError` for a file that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_truncated = self.has_garbage = False
        self.position = 0
        with self._opened() as raw:
            first = self._read(raw, _MAGIC_BYTES)
        self._kind = next((kind for kind in _KINDS if first.startswith(kind[0])), None)
        self.is_compressed = self._kind is not None
        beginnings = [magic for kind, _ in _KINDS for magic in kind if magic.startswith(first)]
        self.is_too_short_to_tell = bool(first and beginnings) and not self.is_compressed

    def head(self, size: int = HEAD_BYTES) -> bytes:
        """The first `size` bytes, or all there are. Errors: `LandingError` for an archive."""
        data = b""
        for chunk in self.chunks(at_once=max(size, ARCHIVE_BYTES)):
            data += chunk
            if len(data) >= max(size, ARCHIVE_BYTES):
                break
        for name, is_archive, remedy in (
            ("a tar archive", data[257:262] == b"ustar", "Unpack it with tar -xf"),
            ("a zip archive", data.startswith((b"PK\x03\x04", b"PK\x05\x06")), "Unpack it with unzip"),
        ):
            if is_archive:
                raise LandingError(self.path, f"is {name}, not a log", f"{remedy}, and put its logs here instead")
        return data[:size]

    def chunks(self, offset: int = 0, at_once: int = _PLAIN_CHUNK) -> Iterator[bytes]:
        """The content from `offset` on, in pieces; of a file that is not compressed, of some `at_once` bytes."""
        with self._opened() as raw:
            if self._kind is None:
                raw.seek(offset)
                while chunk := self._read(raw, at_once, to_line_end=True):
                    yield chunk
                return
            for chunk in self._unpacked(raw, *self._kind):
                if offset >= len(chunk):
                    offset -= len(chunk)
                else:
                    yield chunk[offset:]
                    offset = 0

    def begins(self, other: Content) -> bool:
        """Whether the other's content begins with this one's, or is the same."""
        theirs, there = filter(None, other.chunks()), b""
        for chunk in filter(None, self.chunks()):
            while len(there) < len(chunk) and (more := next(theirs, b"")):
                there += more
            if not there.startswith(chunk):
                return False
            there = there[len(chunk) :]
        return True

    def _unpacked(self, raw: BinaryIO, magic: tuple[bytes, ...], new: Callable[[], Any]) -> Iterator[bytes]:
        """What the members hold, one after the other; zeros between them and at the end are padding."""
        packed = b""
        while packed := self._filled(raw, packed):
            if not any(packed.startswith(one) or one.startswith(packed) for one in magic):
                self.has_garbage = True
                return
            unpacker = new()
            while not unpacker.eof:
                packed = packed or self._read(raw, _PACKED_CHUNK)
                if not packed:
                    self.is_truncated = True
                    return
                try:
                    yield from _pieces(unpacker, packed)
                except (_GZIP_ERROR, zstandard.ZstdError, lzma.LZMAError, OSError) as problem:
                    if "requires too much memory" in str(problem):  # zstd 1.5 has no class for it
                        raise _too_wide(self.path, packed) from problem
                    self.is_truncated = True  # what came before the damage is good
                    return
                packed = unpacker.unused_data if unpacker.eof else b""

    def _filled(self, raw: BinaryIO, packed: bytes) -> bytes:
        """`packed` without leading zeros and with enough to tell what it is, if there is as much."""
        packed = packed.lstrip(b"\0")
        while len(packed) < _HEADER_BYTES and (more := self._read(raw, _PACKED_CHUNK)):
            packed = (packed + more).lstrip(b"\0")
        return packed

    def _read(self, raw: BinaryIO, size: int, *, to_line_end: bool = False) -> bytes:
        try:
            data = raw.read(size + (_rest_of_line(raw, size) if to_line_end else 0))
        except OSError as problem:
            raise unreadable(self.path, problem) from problem
        self.position = raw.tell()
        return data

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as problem:
            raise unreadable(self.path, problem) from problem


def _rest_of_line(raw: BinaryIO, size: int) -> int:
    """How long the line goes on behind so many bytes, if it is little: whole lines need not be put together."""
    start = raw.tell()
    raw.seek(start + size)
    rest = raw.read(_NEAR).find(b"\n") + 1
    raw.seek(start)
    return rest


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


def _too_wide(path: Path, frame: bytes) -> LandingError:
    """The error for a frame of zstd that can only be unpacked with more memory than there may be."""
    window = f"{zstandard.get_frame_parameters(frame).window_size >> 20:,} MiB"
    problem = f"needs a window of {window} to be unpacked, and {_WINDOW_BYTES >> 20} MiB are allowed"
    return LandingError(path, problem, "Recompress it without --long: zstd -dc --long=31 FILE | zstd -o NEW.zst")


def unreadable(path: Path, problem: OSError) -> LandingError:
    """The error for a file that the system refuses to read."""
    remedy = {
        FileNotFoundError: "Check the path",
        IsADirectoryError: "Name a file in it, or end the pattern with /**/*",
        PermissionError: "Give the user who runs this read permission",
    }.get(type(problem), "Check the disk and the permissions")
    return LandingError(path, f"cannot be read ({problem.strerror})", remedy)
