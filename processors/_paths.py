"""Dotted paths into a record, such as `target[type=AppInstance].displayName`."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_STEP = re.compile(r"(?P<name>[^.\[\]]+)(?:\[(?P<key>[^=\]]+)=(?P<value>[^\]]*)\])?(?:\.|\Z)")


class Step(NamedTuple):
    """A key of an object, and which object of the list below it, if it is a list."""

    name: str
    key: str | None
    value: str | None


Path = tuple[Step, ...]


class BadPath(ValueError):
    """No path into a record, and where it is none."""

    def __init__(self, path: str, position: int) -> None:
        super().__init__(path, position)
        self.path = path
        self.position = position

    def __str__(self) -> str:
        return f"not a path into a record: {self.path!r}"


def compiled(path: str) -> Path:
    """The steps of a dotted path. Errors: `BadPath`."""
    steps: list[Step] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if not match:
            raise BadPath(path, position)
        steps.append(Step(match["name"], match["key"], match["value"]))
        position = match.end()
    return tuple(steps)


def value_at(record: Any, path: Path) -> str | None:
    """The text at the path, whole numbers as their digits; None where it is missing, empty or anything else."""
    found = found_at(record, path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found) if abs(found) < 10**18 else None
    return found or None if isinstance(found, str) else None


def found_at(record: Any, path: Path) -> Any:
    """Whatever is at the path; None where nothing is."""
    found = record
    for name, key, value in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
        if key is not None:
            items = found if isinstance(found, list) else ()
            found = next((item for item in items if isinstance(item, dict) and item.get(key) == value), None)
    return found
