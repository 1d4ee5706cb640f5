"""Which paths a pattern of landing files means, told from the texts alone: no file need be there."""

from __future__ import annotations

import functools
from fnmatch import fnmatchcase

_ANYTHING = "\x01"


def matches(pattern: str, path: str) -> bool:
    """Whether the path is one of the pattern's: `*` within a step, `**` for any number of steps."""
    steps = steps_of(pattern)
    reached = begun(steps)
    for part in path.split("/"):
        reached = after(reached, steps, part)
    return len(steps) in reached


@functools.cache
def steps_of(pattern: str) -> tuple[str, ...]:
    """The pattern's steps."""
    return tuple(step for step in pattern.split("/") if step not in ("", "."))


def is_plain(step: str) -> bool:
    """Whether a step of a pattern means one name alone."""
    return not any(character in step for character in "*?[")


def begun(steps: tuple[str, ...]) -> frozenset[int]:
    """How many steps of the pattern may be behind us before the first step of a path."""
    return _closed(frozenset([0]), steps)


def after(reached: frozenset[int], steps: tuple[str, ...], part: str) -> frozenset[int]:
    """How many may be behind us after one more step of the path; none where no path goes on so."""
    stays = {n for n in reached if n < len(steps) and steps[n] == "**"}
    goes = {n + 1 for n in reached if n < len(steps) and steps[n] != "**" and fnmatchcase(part, steps[n])}
    return _closed(frozenset(stays | goes), steps)


def covers(pattern: str, other: str) -> bool:
    """Whether every path of the other pattern is one of this pattern's, but for patterns with sets of characters."""
    example = other.replace("**", f"{_ANYTHING}/{_ANYTHING}").replace("*", _ANYTHING).replace("?", _ANYTHING)
    return matches(pattern, example)


def _closed(reached: frozenset[int], steps: tuple[str, ...]) -> frozenset[int]:
    """As well what is behind a `**` that stands for nothing."""
    for n, step in enumerate(steps):
        if n in reached and step == "**":
            reached |= {n + 1}
    return reached
