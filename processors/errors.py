"""What stops a run, each with its remedy. The facts are attributes; the sentence is built in `__str__`."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

_ROOM = "Free some space, or move the folder to another disk"
_PERMISSION = "Give the user who runs this permission to read and write there, or name another folder"
_FILES = "Allow more open files (`ulimit -n`)"
_IN_THE_WAY = "A file stands where a folder is needed: move it away, or name another folder"
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _ROOM),
    **dict.fromkeys((errno.EACCES, errno.EPERM), _PERMISSION),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), _FILES),
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), _IN_THE_WAY),
    errno.EROFS: "Mount the disk so that it can be written, or name another folder",
    errno.EISDIR: "A folder stands where a file is needed: move it away, or name another",
    errno.ENAMETOOLONG: "Name a folder with a shorter path",
}


def remedy(problem: Exception) -> str:
    """What to do about a refusal of the system, told by Python or by Polars."""
    said = re.search(r"\(os error (\d+)\)", str(problem))  # all that Polars keeps of it
    number = (problem.errno if isinstance(problem, OSError) else None) or (int(said[1]) if said else None)
    first = _REMEDIES.get(number or 0, "Check the disk, its mount and the file")
    return f"{first}, then run the same command again: nothing is lost or doubled"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what was found, what was expected, what to do. `excerpt`: its lines, marked."""

    where: str
    got: str
    expected: str
    remedy: str
    excerpt: str = ""

    def __str__(self) -> str:
        shown = "".join(f"\n    {line}" for line in self.excerpt.splitlines())
        return f"{self.where}: got {self.got}, expected {self.expected}. {self.remedy}{shown}"


class RecentActivitiesError(Exception):
    """Anything a person can mend. `exit_code`: 1 the data has a problem, 2 the call or the settings are wrong."""

    exit_code: ClassVar[int] = 2


class SettingsError(RecentActivitiesError):
    """The settings cannot be used. All problems at once."""

    def __init__(self, path: Path, problems: tuple[Problem, ...]) -> None:
        super().__init__(path, problems)  # facts, not a sentence: the error crosses processes
        self.path = path
        self.problems = problems

    def __str__(self) -> str:
        many = "problem" if len(self.problems) == 1 else "problems"
        lines = [f"{self.path}: {len(self.problems)} {many}", *(f"  - {problem}" for problem in self.problems)]
        return "\n".join(lines)


class _FileError(RecentActivitiesError):
    def __init__(self, path: Path | str, problem: str, remedy: str) -> None:
        super().__init__(path, problem, remedy)
        self.path = path
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}. {self.remedy}"


class LandingError(_FileError):
    """A landing file cannot be read."""


class LakeError(_FileError):
    """The lake or the reports folder cannot be read or written."""


class CallError(_FileError):
    """The call asks for something that is not there; `path` is the argument."""


class DataError(_FileError):
    """The data has a problem that the output names."""

    exit_code = 1


class DatabaseProblem(_FileError):
    """A location database cannot be used."""

    exit_code = 1
