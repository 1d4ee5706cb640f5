"""What the settings say of a log of their own: where its columns are, and what its values mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PATHS = (
    "event_time",
    "event_clock",
    "event_class",
    "event_action",
    "outcome",
    "user_name",
    "session_reference",
    "application",
    "ip_address",
    "user_agent",
    "platform_version",
    "platform",
    "source_event_id",
)
"""What a record may say: of class and outcome the value that means one, and the time of day where it stands apart."""
NOTHING = ("-",)
LONGEST_VALUE = 1000
"""Characters of a value that is looked up in a list; a longer one is in none."""


@dataclass(frozen=True)
class Meanings:
    """What each value means; `*` in it stands for anything."""

    listed: Mapping[str, str]
    otherwise: str
    """What the others mean, and a record without one."""

    def of(self, value: str) -> str | None:
        """The meaning: of a value itself before those of patterns, of the longest pattern first; None if not listed."""
        if len(value) > LONGEST_VALUE:
            return None
        if value in self.listed and "*" not in value:
            return self.listed[value]
        fitting = [pattern for pattern in self.listed if "*" in pattern and _fits(value, pattern)]
        return self.listed[max(fitting, key=len)] if fitting else None


@dataclass(frozen=True)
class FieldMap:
    """The mapping of one log."""

    paths: Mapping[str, tuple[str, ...]]
    """By column, where it may be: dotted paths, or names of columns of CSV; the first that has something counts."""
    classes: Meanings
    outcomes: Meanings | None = None
    """None: what is listed as a login succeeded, and what is listed as a failed one did not."""
    time_shapes: tuple[str, ...] = ()
    """Strftime, as `_times` reads it; none: any usual one."""
    nothing: frozenset[str] = frozenset(NOTHING)
    """Values that stand for none."""
    header: str | None = None
    """The header of CSV files without one."""


def _fits(value: str, pattern: str) -> bool:
    """Whether the value is one of the pattern, piece by piece: no step is taken back."""
    first, *others = pattern.split("*")
    last = others.pop()
    if len(value) < len(first) + len(last) or not (value.startswith(first) and value.endswith(last)):
        return False
    at, end = len(first), len(value) - len(last)
    for piece in others:
        found = value.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
