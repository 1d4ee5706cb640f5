"""The paths that a pattern of landing files means, and the folders below it that may not be listed.

Links to folders are followed, but for those that lead back above themselves. What can be reached by a link and without
one is found once, without.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from processors import _globs

_OF_THE_DISK = "lost+found"
"""A folder that ext4 makes at the top of a disk, for root alone."""


def paths(root: Path, pattern: str) -> tuple[list[Path], list[OSError]]:
    """The paths below `root` in order, but for hidden names; and each refusal, with the folder as its `filename`."""
    steps = _globs.steps_of(pattern)
    fixed = next((n for n, step in enumerate(steps[:-1]) if not _globs.is_plain(step)), len(steps) - 1)
    folders, steps = [(root.joinpath(*steps[:fixed]), _globs.begun(steps[fixed:]))], steps[fixed:]
    links: list[tuple[Path, frozenset[int]]] = []
    found: dict[Path, tuple[int, int] | None] = {}
    linked: list[Path] = []
    refused: list[OSError] = []
    listed: set[tuple[int, int]] = set()
    while folders or links:
        folder, reached = folders.pop() if folders else links.pop(0)
        try:
            about = folder.stat()
            if (about.st_dev, about.st_ino) in listed:
                continue
            inside = sorted(os.scandir(folder), key=lambda one: one.name)
        except OSError as problem:
            is_none = problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP) or folder.name == _OF_THE_DISK
            refused += [] if is_none else [OSError(problem.errno, problem.strerror, str(folder))]
            continue
        listed.add((about.st_dev, about.st_ino))
        for one in inside:
            path, is_link, now = folder / one.name, one.is_symlink(), _globs.after(reached, steps, one.name)
            if len(steps) in now and not one.name.startswith("."):
                if is_link:
                    linked.append(path)
                else:
                    found[path] = about.st_dev, one.inode()
            if now - {len(steps)}:
                if not is_link and one.is_dir():
                    folders.append((path, now))
                elif is_link and not _leads_back(path):
                    links.append((path, now))
    known: set[tuple[int, int] | None] = {*found.values(), *listed}
    for path in sorted(linked):
        target = _id(path)
        if target is None or target not in known:
            found[path] = target
            known.add(target)
    return sorted(found), refused


def _leads_back(link: Path) -> bool:
    folder, target = os.path.realpath(link.parent), os.path.realpath(link)
    return os.path.commonpath([folder, target]) == target


def _id(path: Path) -> tuple[int, int] | None:
    """What a link leads to; None for nothing."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino
