"""Instants and lengths of time in words, to the microsecond: what is computed with them is true as it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from processors import workspace_day

_SECOND = timedelta(seconds=1)
_US = timedelta(microseconds=1)


class Clock:
    """Prints instants in the workspace's zone: those of one day without a date, those of one offset without it."""

    def __init__(self, time_zone: str, day: date, instants: Iterable[datetime]) -> None:
        self._zone, self._day = time_zone, day
        self._offsets = list(dict.fromkeys(self._offset(one) for one in sorted(instants)))

    def __call__(self, instant: datetime) -> str:
        """`10:07:12.250` on the day, else `2025-08-30 00:12:03`; with its offset where that is not the one of all."""
        day = self.day(instant)
        return self.time(instant) if day == self._day else f"{day} {self.time(instant)}"

    def time(self, instant: datetime) -> str:
        """The same, never with its date."""
        local = workspace_day.local(instant, self._zone)
        printed = f"{local:%H:%M:%S}{_fraction(local.microsecond)}"
        offset = self._offset(instant)
        return printed if self._offsets == [offset] else f"{printed} {offset}"

    def day(self, instant: datetime) -> date:
        """The date of an instant."""
        return workspace_day.of(instant, self._zone)

    def span(self, start: datetime, end: datetime) -> str:
        """`2025-08-30 00:12:03 to 00:40:00`: the date once, where it is one."""
        return f"{self(start)} to {self.time(end) if self.day(start) == self.day(end) else self.full(end)}"

    def full(self, instant: datetime) -> str:
        """The same, always with its date."""
        return f"{self.day(instant)} {self.time(instant)}"

    @property
    def header(self) -> str:
        """What must be known to read the times."""
        several = "where the clocks change meanwhile: its offset stands beside each"
        named = self._offsets[0] if len(self._offsets) == 1 else several
        zone = "UTC" if self._zone == "UTC" else f"those of {self._zone}, {named}"
        return f"Times are {zone}. A time without a date is of {self._day}."

    def _offset(self, instant: datetime) -> str:
        return f"UTC{workspace_day.local(instant, self._zone).isoformat()[-6:]}"


def length(span: timedelta) -> str:
    """`2 h 00 min`, `15 min`, `3 min 05 s`, `45.250 s`: seconds only where there are some."""
    seconds, rest = divmod(span, _SECOND)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    fraction = _fraction(rest // _US)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes:02} min" if hours else f"{minutes} min"] if hours or minutes else []
    if seconds or fraction or not parts:
        parts.append(f"{seconds:02}{fraction} s" if parts else f"{seconds}{fraction} s")
    return " ".join(parts)


def hours_minutes_seconds(span: timedelta) -> str:
    """`HH:MM:SS`, whole seconds; hours do not wrap at 24."""
    seconds = span // _SECOND
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _fraction(microseconds: int) -> str:
    if not microseconds:
        return ""
    return f".{microseconds // 1000:03}" if microseconds % 1000 == 0 else f".{microseconds:06}"
