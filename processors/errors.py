"""What stops a run, each with its remedy. The facts are attributes; the sentence is built in `__str__`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what was found, what was expected, what to do."""

    where: str
    got: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: got {self.got}, expected {self.expected}. {self.remedy}"


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
