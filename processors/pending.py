"""Login dates whose sessions must be computed: which ones an event can change, and which still wait.

A date waits from the moment its new events are in the lake until its tables are replaced, so that a run killed between
the two loses no date, whoever continues. And it waits from the moment a session that its tables call active has timed
out: no event need come for that.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from processors import lake, workspace_day
from processors.lake import Location
from processors.settings import Settings

_ENDS = "~ends="  # a source has no such name


def touched(settings: Settings, day: date) -> list[date]:
    """The login dates whose sessions an event of that workspace day can change (see `pipeline.neighbourhood`)."""
    idle, absolute = settings.sessions.idle_timeout, settings.sessions.absolute_timeout
    start, end = workspace_day.bounds(day, settings.time_zone)
    return workspace_day.between(start - absolute, end + 3 * absolute + idle, settings.time_zone)


def is_revised(settings: Settings, day: date, *, as_of: datetime) -> bool:
    """Whether the day has begun and what arrives now still revises its report."""
    start, end = workspace_day.bounds(day, settings.time_zone)
    return start < as_of <= end + settings.sessions.lateness


def add(root: Location, dates: Iterable[date], batch: str) -> None:
    """Let the dates wait for what the batch brought."""
    for day in dates:
        lake.put(_folder(root) / f"{day}~{batch}", b"")


def add_end(root: Location, day: date, end: datetime) -> Location:
    """Let the date wait once it is later than `end`; gives the mark."""
    mark = _folder(root) / f"{day}{_ENDS}{end.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
    lake.put(mark, b"")
    return mark


def waiting(root: Location, *, as_of: datetime | None = None) -> dict[date, list[Location]]:
    """The dates that wait, each with what to give to `done` once it is computed from the events of this moment.

    With `as_of` only those that wait by then.
    """
    found: dict[date, list[Location]] = {}
    marks: list[Location] = [*_folder(root).glob("*~*")]
    for path in sorted(marks, key=str):
        _, _, end = path.name.partition(_ENDS)
        if path.name.startswith(".") or (as_of and end and datetime.fromisoformat(end) >= as_of):
            continue
        found.setdefault(date.fromisoformat(path.name.partition("~")[0]), []).append(path)
    return found


def done(marks: Iterable[Location]) -> None:
    """These wait no longer. What another batch brought meanwhile still does."""
    for path in marks:
        lake.delete(path)


def _folder(root: Location) -> Location:
    return root / lake.PRIVATE / "pending"
