"""Landing files: which there are, and what stream each belongs to."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

from processors import _globs, _tree
from processors.content import unreadable
from processors.errors import LandingError
from processors.settings import Settings, Source

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

    @property
    def inode(self) -> str:
        """The last word of the state."""
        return self.state.rsplit(" ", 1)[1]


def files(settings: Settings, source: Source) -> tuple[list[File], list[LandingError]]:
    """The landing files of a source by name, and the problems of those, and of folders, that cannot be taken.

    A folder that the pattern's end may well mean beside the files (`access.log*`) is a problem where there are none.
    """
    paths, refused = _tree.paths(settings.root, source.files)
    found, problems = [], [_unlisted(problem) for problem in refused]
    folders: list[LandingError] = []
    for path in paths:
        name = path.relative_to(settings.root).as_posix()
        rivals = [other.name for other in settings.sources if _globs.matches(other.files, name)]
        if len(rivals) > 1:
            remedy = "Narrow the `files` patterns so that one source claims it"
            problems.append(LandingError(path, f"is claimed by the sources {' and '.join(rivals)}", remedy))
        elif path.is_dir():
            known = folders if source.files.endswith("*") else problems
            known.append(unreadable(path, IsADirectoryError(errno.EISDIR, "it is a folder")))
        else:
            try:
                path.name.encode()
                found.append(_file(settings, source, path))
            except UnicodeEncodeError:
                problems.append(LandingError(ascii(str(path)), "has a name that is not UTF-8", "Rename it"))
            except OSError as problem:  # a link to nothing, a loop of links, a file that has just gone
                problems.append(unreadable(path, problem))
    if not found and not problems and source.files.rpartition("/")[2].strip("*"):
        problems = folders
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
        _state(state),
        is_rotated,
        state.st_size,
    )


def state_of(path: Path) -> str | None:
    """Size, modification time and inode, as they are noted when a file is read; None where it is not to be seen."""
    try:
        return _state(path.stat())
    except OSError:
        return None


def _state(of: os.stat_result) -> str:
    return f"{of.st_size} {of.st_mtime_ns} {of.st_ino}"


def stream_of(name: str) -> tuple[str, bool]:
    """The name without what rotation and compression add to it, and whether rotation added anything."""
    bare = _COMPRESSED.sub("", name)
    stream = _ROTATED.sub("", bare)
    return stream, stream != bare


def _unlisted(problem: OSError) -> LandingError:
    remedy = "Check the disk and its mount"
    if isinstance(problem, PermissionError):
        remedy = "Give the user who runs this permission to list and enter it (r and x), or narrow `files`"
    return LandingError(problem.filename, f"cannot be listed ({problem.strerror}): nothing below it is read", remedy)
