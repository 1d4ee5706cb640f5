"""Login dates whose sessions must be computed: which ones an event can change, and which still wait for what.

A date waits from the moment its new events are in the lake until its tables are replaced, so that a run killed between
the two loses no date, whoever continues. What it waits for is the name of a mark, an empty file:

- `DATE~SOURCE~BATCH`: to be computed, once the date has begun;
- `DATE~ends=INSTANT`: to be computed again by an `as_of` later than that, though no event comes;
- `DATE~late=SOURCE~BATCH`: to be computed, but only by someone who names it;
- `DATE~report`: to be reported: it was computed since it was reported last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from processors import lake, workspace_day
from processors._listing import listed
from processors.errors import LakeError
from processors.lake import Location
from processors.settings import Settings
from schemas import Sessions

_ENDS, _LATE, _REPORT = "ends=", "late=", "report"  # no batch has such a name


def is_late(settings: Settings, day: date, *, as_of: datetime) -> bool:
    """Whether an event of the day that arrives now comes later than `lateness` allows."""
    return workspace_day.bounds(day, settings.time_zone)[1] + settings.sessions.lateness < as_of


def affected(settings: Settings, days: Iterable[date], *, as_of: datetime) -> tuple[set[date], set[date]]:
    """The login dates whose sessions events of these days can change, and those that they came too late for.

    A date is computed again if either the event's own day or the date itself is no longer ago than `lateness`: the
    latter are computed by every `run` anyway. One that never was is computed however long ago: it has no report to
    come too late for.
    """
    computed = {date.fromisoformat(day) for day in lake.partitions(settings.lake, Sessions)}
    again: set[date] = set()
    missed: set[date] = set()
    for day in days:
        is_day_late = is_late(settings, day, as_of=as_of)
        for near in _touched(settings, day):
            is_missed = is_day_late and near in computed and is_late(settings, near, as_of=as_of)
            (missed if is_missed else again).add(near)
    return again, missed - again


def add(root: Location, dates: Iterable[date], batch: str) -> None:
    """Let the dates wait for what the batch brought."""
    for day in dates:
        lake.put(_mark(root, day, batch), b"")


def add_late(root: Location, dates: Iterable[date], batch: str) -> None:
    """Let the dates wait for being named: the batch came too late."""
    add(root, dates, _LATE + batch)


def add_end(root: Location, day: date, end: datetime) -> Location:
    """Let the date wait once `as_of` is later than `end`; gives the mark."""
    mark = _mark(root, day, f"{_ENDS}{end.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}")
    lake.put(mark, b"")
    return mark


def add_report(root: Location, day: date) -> None:
    """Let the date wait for its report."""
    lake.put(_mark(root, day, _REPORT), b"")


def waiting(settings: Settings, *, as_of: datetime) -> list[date]:
    """The dates to be computed at `as_of`, oldest first."""
    found = set()
    for day, why, mark in _marks(settings.lake):
        since = _end(why, mark) or workspace_day.bounds(day, settings.time_zone)[0]
        if since < as_of and why != _REPORT and not why.startswith(_LATE):
            found.add(day)
    return sorted(found)


def late(root: Location) -> set[date]:
    """The dates that lack what came too late."""
    return {day for day, why, _ in _marks(root) if why.startswith(_LATE)}


def behind(root: Location) -> set[date]:
    """The dates whose tables lack events that are in the lake."""
    return {day for day, why, _ in _marks(root) if why != _REPORT and not why.startswith(_ENDS)}


def unreported(settings: Settings, *, as_of: datetime) -> list[date]:
    """The dates that are over at `as_of` and to be reported, oldest first."""
    found = {day for day, why, _ in _marks(settings.lake) if why == _REPORT}
    return sorted(day for day in found if workspace_day.bounds(day, settings.time_zone)[1] <= as_of)


def marks(root: Location) -> dict[date, list[Location]]:
    """What to give to `done` for each date once it is computed from the events of this moment."""
    found: dict[date, list[Location]] = {}
    for day, why, mark in _marks(root):
        if why != _REPORT:
            found.setdefault(day, []).append(mark)
    return found


def done(marks: Iterable[Location]) -> None:
    """These wait no longer. What another batch brought meanwhile still does."""
    for mark in marks:
        lake.delete(mark)


def reported(root: Location, day: date) -> None:
    """The date's report is that of its tables."""
    lake.delete(_mark(root, day, _REPORT))


def _touched(settings: Settings, day: date) -> list[date]:
    """The login dates whose sessions an event of that workspace day can change (see `pipeline.neighbourhood`)."""
    start, end = workspace_day.bounds(day, settings.time_zone)
    return workspace_day.between(
        start - settings.sessions.absolute_timeout, end + settings.look_back, settings.time_zone
    )


def _mark(root: Location, day: date, why: str) -> Location:
    return root / lake.PRIVATE / "pending" / f"{day}~{why}"


def _marks(root: Location) -> Iterator[tuple[date, str, Location]]:
    for mark in listed(root / lake.PRIVATE / "pending", "*~*"):
        day, _, why = mark.name.partition("~")
        try:
            yield date.fromisoformat(day), why, mark
        except ValueError:
            raise _foreign(mark) from None


def _end(why: str, mark: Location) -> datetime | None:
    """The instant that a date waits for, if it is one."""
    try:
        return datetime.fromisoformat(why.removeprefix(_ENDS)) if why.startswith(_ENDS) else None
    except ValueError:
        raise _foreign(mark) from None


def _foreign(mark: Location) -> LakeError:
    return lake.foreign(mark, "is no mark of a day that waits")
