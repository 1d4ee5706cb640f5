"""The names in a lake, told apart from a folder that may not be listed: that one is never an empty one."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

from processors.bucket import S3Path
from processors.errors import LakeError, remedy


def listed(place: Path | S3Path, pattern: str) -> list[Path | S3Path]:
    """What lies below `place` and fits the pattern, step by step, in order; nothing where a folder is not there.

    Hidden names are not the lake's: some are being written, others are of the system (macOS: `._0.parquet`).
    Errors: `LakeError` for a folder that may not be listed, and for a file in the place of one.
    """
    if isinstance(place, S3Path):
        depth = len(place.key.split("/")) if place.key else 0
        below = [one for one in place.glob(pattern) if not _is_hidden(one.key.split("/")[depth:])]
        return [*below]
    found = [place]
    for step in pattern.split("/"):
        found = [folder / name for folder in found for name in _names(folder) if fnmatchcase(name, step)]
    return [*sorted(found, key=str)]


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as inside:
            return [one.name for one in inside if not _is_hidden([one.name])]
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise LakeError(str(folder), f"cannot be listed ({problem.strerror})", remedy(problem)) from problem


def _is_hidden(steps: list[str]) -> bool:
    return any(step.startswith(".") for step in steps)
