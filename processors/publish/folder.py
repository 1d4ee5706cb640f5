"""Publish to a folder: a reader of `reports/<date>/` sees the old revision or the new one, whole.

`reports/<date>` is a link to `reports/.revisions/<date>/<revision>/`; publishing writes the revision's folder and
then moves the link. A revision once linked is never written again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from processors.errors import LakeError, remedy
from processors.lake import explained, make_folder, written

MANIFEST = "manifest.json"


class Standing(NamedTuple):
    """What stands for a day. `manifest` and its SHA-256 are None where what lies there is no manifest of it."""

    folder: Path
    revision: int
    manifest: dict[str, Any] | None
    manifest_digest: str | None

    def read(self, name: str) -> bytes | None:
        """One of its files; None where it is not what was published."""
        about = self.manifest["files"].get(name, {}) if self.manifest else {}
        data = _content(self.folder / name)
        return data if data is not None and digest(data) == about.get("sha256") else None


class _File(msgspec.Struct):
    rows: int
    sha256: str


class _Shortfall(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    shortfall: str


class _Source(msgspec.Struct):
    source: str
    shortfalls: list[_Shortfall] = []


class _Completeness(msgspec.Struct):
    is_complete: bool
    sources: list[_Source]


class _Manifest(msgspec.Struct):
    revision: Annotated[int, msgspec.Meta(ge=1)]
    as_of: datetime
    settings_digest: str
    files: dict[str, _File]
    completeness: _Completeness


def current(reports: Path, day: date) -> Standing | None:
    """The day's newest revision, whatever became of its files since, or none.

    Errors: `LakeError` for what cannot be read, and for a folder that is no revision.
    """
    link = reports / str(day)
    number = _number(link)
    if number is None and not link.exists():
        return None
    data = _content(link / MANIFEST) or b""
    manifest = _decoded(data)
    if manifest and number in (None, manifest["revision"]):
        return Standing(link, manifest["revision"], manifest, digest(data))
    if number is None:
        raise _not_ours(link)
    return Standing(link, number, None, None)


def standing(reports: Path) -> Iterator[tuple[date, dict[str, Any]]]:
    """Day and manifest of every report that stands, but for those that cannot be read."""
    for link in sorted(reports.glob("????-??-??")):
        with contextlib.suppress(LakeError, ValueError):
            day = date.fromisoformat(link.name)
            if (published := current(reports, day)) and published.manifest:
                yield day, published.manifest


def publish(reports: Path, day: date, files: dict[str, bytes], manifest: dict[str, Any]) -> Path:
    """Publish the files and their manifest as the day's newest revision; gives its folder.

    Errors: `LakeError` where the folder cannot be written; the old revision then still stands.
    """
    link = reports / str(day)
    folder = reports / ".revisions" / str(day) / f"{manifest['revision']:04}"
    with explained(link):
        shutil.rmtree(folder, ignore_errors=True)  # what a killed run left; nothing links to it
        make_folder(folder)
        for name, data in {**files, MANIFEST: encoded(manifest)}.items():
            with written(folder / name) as temporary:
                temporary.write_bytes(data)
        if link.is_dir() and not link.is_symlink():
            raise _not_ours(link)
        temporary_link = reports / f".{day}.link"
        temporary_link.unlink(missing_ok=True)
        temporary_link.symlink_to(folder.relative_to(reports))
        temporary_link.replace(link)
    return link


def encoded(manifest: dict[str, Any]) -> bytes:
    """The manifest as it is written."""
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()


def digest(data: bytes) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def _number(link: Path) -> int | None:
    """The revision that the link leads to, be it there or not."""
    name = link.readlink().name if link.is_symlink() else ""
    return int(name) if name.isdecimal() else None


def _decoded(data: bytes) -> dict[str, Any] | None:
    try:
        msgspec.json.decode(data, type=_Manifest)
        return json.loads(data)  # type: ignore[no-any-return]  # an object, says the line before
    except ValueError:  # msgspec's own are some
        return None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as problem:
        raise LakeError(path, f"cannot be read ({problem.strerror})", remedy(problem)) from problem


def _not_ours(link: Path) -> LakeError:
    return LakeError(link, "is a folder that was not published from here", "Move it away and publish again")
