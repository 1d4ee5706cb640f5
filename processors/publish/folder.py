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
from datetime import date
from pathlib import Path
from typing import Any

from processors.errors import LakeError
from processors.lake import explained, make_folder, written

MANIFEST = "manifest.json"


def current(reports: Path, day: date) -> tuple[Path, dict[str, Any]] | None:
    """The folder and manifest of the day's newest revision, or none."""
    link = reports / str(day)
    if not link.exists():
        return None
    try:
        return link, json.loads((link / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        remedy = f"Remove {link} and publish the day again"
        raise LakeError(link / MANIFEST, f"is no manifest ({problem})", remedy) from problem


def standing(reports: Path) -> Iterator[tuple[date, dict[str, Any]]]:
    """Day and manifest of every report that stands, but for those that cannot be read."""
    for link in sorted(reports.glob("????-??-??")):
        with contextlib.suppress(LakeError, ValueError):
            day = date.fromisoformat(link.name)
            if published := current(reports, day):
                yield day, published[1]


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
            raise LakeError(link, "is a folder that was not published from here", "Move it away and publish again")
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
