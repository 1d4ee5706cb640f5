"""Which paths a pattern of landing files means, told from the texts alone: no file need be there."""

from __future__ import annotations

from fnmatch import fnmatchcase

_ANYTHING = "\x01"


def matches(pattern: str, path: str) -> bool:
    """Whether the path is one of the pattern's: `*` within a step, `**` for any number of steps."""
    reached = {0}  # how many steps of the pattern may be behind us
    steps = [step for step in pattern.split("/") if step not in ("", ".")]
    for part in path.split("/"):
        reached = _closed(reached, steps)
        stays = {n for n in reached if n < len(steps) and steps[n] == "**"}
        goes = {n + 1 for n in reached if n < len(steps) and steps[n] != "**" and fnmatchcase(part, steps[n])}
        reached = stays | goes
    return len(steps) in _closed(reached, steps)


def covers(pattern: str, other: str) -> bool:
    """Whether every path of the other pattern is one of this pattern's, but for patterns with sets of characters."""
    example = other.replace("**", f"{_ANYTHING}/{_ANYTHING}").replace("*", _ANYTHING).replace("?", _ANYTHING)
    return matches(pattern, example)


def _closed(reached: set[int], steps: list[str]) -> set[int]:
    """As well what is behind a `**` that stands for nothing."""
    for n in range(len(steps)):
        if n in reached and steps[n] == "**":
            reached = reached | {n + 1}
    return reached
