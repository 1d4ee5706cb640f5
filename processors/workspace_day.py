"""Days of the workspace: `[local midnight, next local midnight)`, 23 to 25 hours. The only code that knows a zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl


def bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """First instant of the day and first instant of the next one, in UTC."""
    return _midnight(day, time_zone), _midnight(day + timedelta(days=1), time_zone)


def of(instant: datetime, time_zone: str) -> date:
    """The workspace day on which an instant falls."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def column(instants: pl.Expr, time_zone: str) -> pl.Expr:
    """The workspace day of each instant."""
    return instants.dt.convert_time_zone(time_zone).dt.date()


def between(start: datetime, end: datetime, time_zone: str) -> list[date]:
    """The workspace days that have an instant in `[start, end)`, oldest first."""
    if start >= end:
        return []
    first, last = of(start, time_zone), of(end - timedelta(microseconds=1), time_zone)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def utc_dates(start: datetime, end: datetime) -> list[date]:
    """The UTC dates that have an instant in `[start, end]`, oldest first."""
    first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def span(days: Iterable[date]) -> list[tuple[date, date]]:
    """Runs of consecutive days as (first, last), oldest first."""
    runs: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def local(instant: datetime, time_zone: str) -> datetime:
    """The instant as clocks in the workspace show it."""
    return instant.astimezone(ZoneInfo(time_zone))


def printed(instants: pl.Expr, time_zone: str) -> pl.Expr:
    """The instants as people read them: `2025-08-29 10:07:12` in the workspace zone."""
    return instants.dt.convert_time_zone(time_zone).dt.strftime("%Y-%m-%d %H:%M:%S")


def _midnight(day: date, time_zone: str) -> datetime:
    # Where the clock skips midnight (Beirut, Santiago), the day starts at the first instant that exists:
    # fold=0 of a skipped time is computed with the offset before the change, which is that instant.
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)
