"""One stage for one slice: read, call the kernel, conform, replace, count. What the command line and the DAGs call."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from processors import (
    clocks,
    computed,
    enforcement,
    expiry,
    lake,
    ledger,
    locations,
    out_of_range,
    outdated,
    pending,
    pipeline,
    policies,
    revisions,
    workspace_day,
)
from processors import completeness as completing
from processors import ingest as ingestion
from processors import report as reporting
from processors.errors import CallError, DataError
from processors.ingest import Progress
from processors.publish import folder as publishing
from processors.settings import Settings, Source
from schemas import Events, InactivityWindows, LimitOverruns, Sessions

SLICE_DAYS = 7
"""Days computed at once: they share their neighbourhood, and memory grows with them."""


@dataclass(frozen=True)
class IngestResult:
    """What was read, what became of it, and the login dates that wait for their sessions (see `pending`)."""

    files: int
    lines: int
    events: int
    quarantined: int
    skipped: int
    late: int
    reasons: dict[str, int]
    dates: tuple[date, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class SessionsResult:
    """Days computed, sessions in them, and the days whose tables are not what they were.

    `warnings`: what is wrong with the location databases; it stops nothing.
    """

    dates: tuple[date, ...]
    sessions: int
    changed: tuple[date, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class ReportResult:
    """What stands published for a day."""

    folder: Path
    revision: int
    rows: int
    is_new: bool
    is_complete: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


def ingest(
    settings: Settings,
    *,
    as_of: datetime,
    sources: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> IngestResult:
    """Read what is new of the sources (all, unless named) into the lake, and tell what came too late so far.

    Errors: `CallError` for an unknown source, `LakeError` where the lake cannot be written.
    """
    found = read(settings, as_of=as_of, sources=sources, progress=progress)
    return replace(found, warnings=(*found.warnings, *outdated.late_warnings(settings, but=found.dates)))


def read(
    settings: Settings,
    *,
    as_of: datetime,
    sources: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> IngestResult:
    """As `ingest`, of which several may be one run: of these one tells what came too late."""
    chosen, as_of = _sources(settings, sources), as_of.astimezone(UTC)
    total = ingestion.Result()
    for source in chosen:
        total += ingestion.ingest(settings, source, as_of=as_of, progress=progress)
    outdated.let_wait(settings, as_of=as_of)
    return IngestResult(
        total.files,
        total.lines,
        total.events,
        total.quarantined,
        total.skipped,
        total.late,
        dict(sorted(total.reasons.items())),
        tuple(pending.waiting(settings, as_of=as_of)),
        tuple(total.notes),
        (*total.warnings, *out_of_range.warnings(settings, chosen, as_of=as_of)),
        (*dict.fromkeys(total.problems), *_unreadable(total)),  # sources that claim one file say the same
    )


def sessions(
    settings: Settings, dates: Iterable[date], *, as_of: datetime, progress: Progress | None = None
) -> SessionsResult:
    """Compute the sessions, inactivity windows and overruns of login dates, as known at `as_of`; replace the tables.

    Errors: `LakeError` where a table cannot be written, and for a roster that a policy needs and that is none.
    """
    applying = policies.resolved(settings)
    wanted, as_of = sorted(set(dates)), as_of.astimezone(UTC)
    slices = [
        wanted[n : n + SLICE_DAYS] for first, last in workspace_day.span(wanted) for wanted in [_days(first, last)]
        for n in range(0, len(wanted), SLICE_DAYS)
    ]  # fmt: skip
    count, changed, done = 0, [], 0
    if progress and wanted:
        progress("sessions", 0, len(wanted))
    with lake.locked(settings.lake, "days") as staging, locations.opened(settings) as lookup:
        for left in staging.folder.glob("slices-*"):  # by a run that was killed
            shutil.rmtree(left)
        for days in slices:
            waiting = pending.marks(settings.lake)
            place = pipeline.neighbourhood(settings, days[0], days[-1])
            events = _events(settings, place)
            tables = pipeline.day_tables(
                *(events, settings, place),
                as_of=as_of,
                policies=applying,
                days=days,
                folder=staging.folder,
                places=lookup.places,
            )
            ends = expiry.ends(settings, days, events, tables.sessions, as_of=as_of)
            for day in days:
                count += tables.sessions.filter(pl.col("login_date") == day).height
                kept = [pending.add_end(settings.lake, day, ends[day])] if day in ends else []
                pending.add_report(settings.lake, day)
                if computed.replace(settings, day, tables, as_of=as_of, lookup=lookup):
                    changed.append(day)
                pending.done(mark for mark in waiting.get(day, []) if mark not in kept)
            done += len(days)
            if progress:
                progress("sessions", done, len(wanted))
        said = locations.remarks(lookup.used(), lookup.problems, as_of=as_of) if wanted else []
    return SessionsResult(tuple(wanted), count, tuple(changed), tuple(said))


def report(settings: Settings, day: date, *, as_of: datetime | None = None) -> ReportResult:
    """Publish the report of a day from its tables; computes them first where `as_of` is given.

    The same content is the same revision. Errors: `DataError` where the day was never computed and no `as_of` given.
    """
    if as_of is not None:
        sessions(settings, [day], as_of=as_of)
    with lake.locked(settings.lake, "days"):
        published = _report(settings, day)
        pending.reported(settings.lake, day)
    return published


def _report(settings: Settings, day: date) -> ReportResult:
    notes = computed.notes(settings, day)
    if not notes:
        remedy = f"Run `recent-activities sessions --date {day}` first, or give --as-of"
        raise DataError(str(settings.lake), f"has no sessions table of {day}", remedy)
    known_at = datetime.fromisoformat(notes["as_of"])
    rows = lake.read_file(lake.file_of(settings.lake, Sessions, day), Sessions).with_columns(login_date=pl.lit(day))
    windows = lake.read_file(lake.file_of(settings.lake, InactivityWindows, day), InactivityWindows)
    over = lake.read_file(lake.file_of(settings.lake, LimitOverruns, day), LimitOverruns)
    zone = settings.time_zone
    printed = {
        "recent_activities.csv": reporting.recent_activities(rows, time_zone=zone),
        "inactivity_windows.csv": reporting.inactivity_windows(windows, time_zone=zone),
    }
    if notes["policies"]:
        printed["limit_overruns.csv"] = reporting.limit_overruns(over, time_zone=zone)
    files = {name: _csv(frame) for name, frame in printed.items()}
    used = locations.of_notes(notes["locations"]["used"])
    measured = enforcement.measured(notes["policies"], notes["governed"], over)
    complete = completing.completeness(
        day=day,
        day_bounds=workspace_day.bounds(day, settings.time_zone),
        as_of=known_at,
        sources=[completing.source_day(settings, source, day, as_of=known_at) for source in settings.sources],
        attribution=notes["attribution"],
        unmatched_logouts=notes["unmatched_logouts"],
        session_count=rows.height,
        lacks_late=day in pending.late(settings.lake),
        clocks=notes["clocks"],
        clock_warnings=clocks.told(settings, notes["clocks"], beside=notes["clocks"]),
        remarks=enforcement.remarks(measured),
        location_remarks=locations.remarks(used, notes["locations"]["problems"], as_of=known_at),
        location_database_date=min((one.build_date for one in used if one.kind == "city"), default=None),
    )
    manifest = {
        "report_date": str(day),
        "as_of": notes["as_of"],
        "workspace": settings.workspace.name,
        "time_zone": settings.time_zone,
        "utc_offsets": reporting.utc_offsets(workspace_day.bounds(day, settings.time_zone), settings.time_zone),
        "completeness": json.loads(json.dumps(asdict(complete), default=lambda instant: instant.isoformat())),
        "files": {
            name: {"rows": frame.height, "sha256": publishing.digest(files[name])} for name, frame in printed.items()
        },
        "policies": measured,
        "settings_digest": settings.digest(),
        "location_databases": locations.noted(used),
        "credits": [credit._asdict() for credit in locations.credits(used)],
    }
    standing, is_new = revisions.publish(settings, day, files, manifest)
    said = [*(standing["completeness"]["notes"] if is_new else complete.notes)]
    said += _moved(standing["changes"]) if is_new and standing["changes"] else []
    return ReportResult(
        settings.reports / str(day),
        standing["revision"],
        rows.height,
        is_new,
        complete.is_complete,
        tuple(complete.reasons),
        tuple(said),
    )


def _moved(changes: dict[str, Any]) -> list[str]:
    """What to say of sessions that another location database, or other networks, put elsewhere."""
    count, databases = changes["sessions_places_changed"], changes["location_databases"]
    if not count:
        return []
    by = ""
    if databases:
        by = f", from {' and '.join(databases['before']) or 'none'} to {' and '.join(databases['after']) or 'none'}"
    sessions = "1 session is" if count == 1 else f"{count:,} sessions are"
    return [f"{sessions} at another place or network than before{by}; manifest.json names them"]


def run(
    settings: Settings, *, as_of: datetime, dates: Iterable[date] | None = None, progress: Progress | None = None
) -> tuple[IngestResult, SessionsResult, list[ReportResult]]:
    """Ingest, sessions, report without Airflow: of the dates given, else of `days` and of all that are to be reported.

    Of the latter, those are reported that are over.
    """
    found = read(settings, as_of=as_of, progress=progress)
    wanted = {*days(settings, as_of=as_of), *pending.unreported(settings, as_of=as_of)} if dates is None else {*dates}
    computed = sessions(settings, wanted, as_of=as_of, progress=progress)
    due = pending.unreported(settings, as_of=as_of) if dates is None else sorted(wanted)
    published = [report(settings, day) for day in due]
    return replace(found, warnings=(*found.warnings, *outdated.warnings(settings))), computed, published


def days(settings: Settings, *, as_of: datetime) -> tuple[date, ...]:
    """The days to compute unless told: those that wait, the day before, and those that events can still change.

    The last are those with events, begun by then, and within `lateness`. The day before is due a report, empty or not,
    since there were events.
    """
    today = workspace_day.of(as_of, settings.time_zone)
    known = {day for day in ledger.days(settings.lake, settings.time_zone) if _begun(settings, day, as_of)}
    named = {day for day in known if not pending.is_late(settings, day, as_of=as_of)}
    yesterday = today - timedelta(days=1)
    named |= {yesterday} if any(day <= yesterday for day in known) else set()
    return tuple(sorted({*named, *pending.waiting(settings, as_of=as_of)}))


def _begun(settings: Settings, day: date, as_of: datetime) -> bool:
    return workspace_day.bounds(day, settings.time_zone)[0] < as_of


def _sources(settings: Settings, names: Iterable[str] | None) -> list[Source]:
    if names is None:
        return list(settings.sources)
    known = {source.name: source for source in settings.sources}
    wanted = list(names)
    for name in wanted:
        if name not in known:
            raise CallError(name, "is no source", f"Sources of {settings.path}: {', '.join(known)}")
    return [known[name] for name in wanted]


def _unreadable(total: ingestion.Result) -> list[str]:
    if total.events or total.file_events or not total.lines or total.problems:
        return []
    return ["Nothing readable: none of the lines read is an event"]


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


def _events(settings: Settings, place: pipeline.Neighbourhood) -> pl.LazyFrame:
    dates = workspace_day.utc_dates(place.logins_start, place.end)
    return (
        lake.scan(settings.lake, Events, dates)
        .filter(pl.col("event_time").is_between(place.logins_start, place.end))
        .select(pipeline.EVENT_COLUMNS)
    )


def _csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv().encode()
