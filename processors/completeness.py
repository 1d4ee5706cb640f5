"""How complete a day is: what every source gave for it, and why it can or cannot be relied on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import polars as pl

from processors import lake, ledger, out_of_range, workspace_day
from processors.clocks import Skew
from processors.settings import Settings, Source
from processors.shortfall import Shortfall, Shortfalls
from schemas import Events


@dataclass(frozen=True)
class SourceDay:
    """What one source gave for one day: its events, and of them those that came later than `lateness` allows.

    `files` are those that hold events of the day, and the `file_` counts are theirs: of all their days together.
    `out_of_range` are lines of the day that wait in quarantine for their time; counted where there is no event.
    `shortfalls` are the files of which something is not read that may be of the day.
    """

    source: str
    status: str
    last_event_time: datetime | None
    events: int
    duplicates: int
    late: int
    files: int
    file_lines: int
    file_quarantined: int
    file_skipped: int
    out_of_range: int = 0
    shortfalls: tuple[Shortfall, ...] = ()


@dataclass(frozen=True)
class Completeness:
    """Whether the day can be relied on, and why not. `clocks`: how far those of its sources are apart, where known."""

    is_complete: bool
    reasons: list[str]
    notes: list[str]
    sources: list[SourceDay]
    attribution: dict[str, int]
    unmatched_logouts: int
    location_remarks: list[str]
    location_database_date: date | None = None
    clocks: tuple[Skew, ...] = ()


def source_day(settings: Settings, source: Source, day: date, *, as_of: datetime) -> SourceDay:
    """What a source gave for a day, as known at `as_of`."""
    start, end = workspace_day.bounds(day, settings.time_zone)
    dates = workspace_day.utc_dates(start, min(as_of, end + source.stalled_after))
    known = lake.scan(settings.lake, Events, dates).filter(
        pl.col("source") == source.name, pl.col("event_time") >= start, pl.col("event_time") < as_of
    )
    with lake.reached(settings.lake):
        seen = known.select("event_time").collect()["event_time"]
    of_day = seen.filter(seen < end)
    every = ledger.read(settings.lake, source.name)
    entries = [entry for entry in every if _concerns(entry, day, settings)]
    shortfalls = Shortfalls(settings, source, every).of_day(day)
    counts = [days[day] for entry in entries if day in (days := entry.days(settings.time_zone))]
    parsed = sum(events for events, _, _ in counts)
    last = cast(datetime | None, of_day.max())
    newest = cast(datetime | None, seen.max())  # an event after the day's end ends the silence
    if last is None or newest is None:
        status = "missing"
    else:
        is_stalled = min(as_of, end) - newest > source.stalled_after
        status = "stalled" if is_stalled else "short" if shortfalls else "complete"
    return SourceDay(
        source.name,
        status,
        last,
        len(of_day),
        max(parsed - len(of_day), 0) if as_of >= end else 0,
        sum(late for _, late, _ in counts),
        len(entries),
        sum(entry.line_count for entry in entries),
        sum(entry.quarantined_count for entry in entries),
        sum(entry.skipped_count for entry in entries),
        out_of_range.count(settings, source, day) if status == "missing" else 0,
        tuple(shortfalls),
    )


def completeness(
    *,
    day: date,
    day_bounds: tuple[datetime, datetime],
    as_of: datetime,
    sources: list[SourceDay],
    attribution: dict[str, int],
    unmatched_logouts: int,
    session_count: int,
    lacks_late: bool = False,
    clocks: Iterable[Skew] = (),
    clock_warnings: Iterable[str] = (),
    remarks: Iterable[str] = (),
    location_remarks: Iterable[str] = (),
    location_database_date: date | None = None,
) -> Completeness:
    """How complete the day is. A source that is missing, stalled or short, or a day that is not over, is never silent.

    `lacks_late`: whether late events are not in its sessions. `remarks`: notes on what was found in it.
    `location_remarks`: what is wrong with location databases; `location_database_date`: of the oldest that was asked.
    """
    reasons = [] if as_of >= day_bounds[1] else [f"{day} was not over at {as_of:%Y-%m-%d %H:%M:%S} UTC"]
    reasons += [
        f"{source.source}: no events on {day}{_in_quarantine(source)}"
        for source in sources
        if source.status == "missing"
    ]
    reasons += [
        f"{source.source}: nothing after {source.last_event_time:%Y-%m-%d %H:%M:%S} UTC"
        for source in sources
        if source.status == "stalled"
    ]
    reasons += [f"{source.source}: {shortfall}" for source in sources for shortfall in source.shortfalls]
    notes = []
    events = sum(attribution.values())
    of_users = events - attribution.get("ambiguous", 0) - attribution.get("anonymous", 0)
    methods = ", ".join(f"{count:,} {method}" for method, count in attribution.items() if count)
    if of_users and not session_count:
        notes.append(
            f"No session began: the events of known users ({methods}) belong to sessions of the day before, or are of "
            "kinds that open none"
        )
    elif events and not session_count:
        notes.append(
            f"No session: none of the {events:,} events of the day belongs to a known user ({methods}). Add the "
            "sign-in log of the identity provider as a source, or log the user's name in the web server"
        )
    late = "came too late to revise this report" if lacks_late else "in this report came later than `lateness` allows"
    counted = (
        (attribution.get("ambiguous", 0), "fitted more than one user and went to nobody", "event"),
        (
            sum(source.file_quarantined for source in sources),
            "of the files it was read from went to quarantine",
            "line",
        ),
        (sum(source.late for source in sources), late, "event"),
    )
    notes += [f"{count:,} {what}{'s' if count > 1 else ''} {became}" for count, became, what in counted if count]
    notes += [*clock_warnings, *remarks]
    return Completeness(
        not reasons,
        reasons,
        notes,
        sources,
        attribution,
        unmatched_logouts,
        [*location_remarks],
        location_database_date,
        tuple(clocks),
    )


def _in_quarantine(source: SourceDay) -> str:
    number = source.out_of_range
    which = "1 line of that day is" if number == 1 else f"{number:,} lines of that day are"
    return f"; {which} in quarantine as out of range" if number else ""


def _concerns(entry: ledger.Entry, day: date, settings: Settings) -> bool:
    """Whether a file holds events of the day; one that holds none at all concerns the day it was read, and before."""
    if entry.quarter_hours:
        return day in entry.days(settings.time_zone)
    if entry.read_as_of_time is None:
        return False
    read_on = workspace_day.of(entry.read_as_of_time, settings.time_zone)
    return day.toordinal() in (read_on.toordinal(), read_on.toordinal() - 1)
