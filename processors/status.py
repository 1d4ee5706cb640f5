"""What has been read and published: by source, and by source and workspace day. No personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from processors import clocks, ingest, lake, landing, ledger, locations, moved, outdated, parse, shortfall, slabs
from processors.content import Content
from processors.errors import LandingError
from processors.settings import Settings, Source
from schemas import LimitOverruns, ReportsPublished

RECENT_DAYS = 14


@dataclass(frozen=True)
class SourceStatus:
    """All that was ever read of one source. `waiting`: files with something new for the next run.

    `unlisted_actions`: its events by names that are not in the provider's table, which are of class `other`, commonest
    first; `further_unlisted`: those by names too many to be kept. `outdated`: how many files were read under other
    settings than those of now. `unread`: what else of the files that are there is not in the tables, a sentence each.
    """

    source: str
    files: int
    lines: int
    events: int
    quarantined: int
    skipped: int
    late: int
    reasons: dict[str, int]
    unlisted_actions: dict[str, int]
    further_unlisted: int
    last_event_time: datetime | None
    outdated: int
    waiting: tuple[str, ...]
    unfinished: tuple[str, ...]
    truncated: tuple[str, ...]
    unread: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class SourceDay:
    """One source on one workspace day. `lines`, `quarantined` and `reasons` are those of the files with its events."""

    date: date
    source: str
    files: int
    lines: int
    events: int
    quarantined: int
    reasons: dict[str, int]
    late: int
    last_event_time: datetime


@dataclass(frozen=True)
class Published:
    """The newest revision of one day's report."""

    date: date
    revision: int
    sessions: int
    is_complete: bool
    as_of_time: datetime


@dataclass(frozen=True)
class DayClocks:
    """How far the clocks of sources were apart on the newest day that tells it."""

    date: date
    skews: tuple[clocks.Skew, ...]


@dataclass(frozen=True)
class Overrun:
    """A day on which a policy was not enforced: how many sessions went on after its limits without a new login."""

    date: date
    policy: str
    sessions: int


@dataclass(frozen=True)
class Status:
    """Sources by name, their days and the reports newest first, and how many days are left out."""

    sources: tuple[SourceStatus, ...]
    days: tuple[SourceDay, ...]
    reports: tuple[Published, ...]
    days_left_out: int
    overruns: tuple[Overrun, ...]
    warnings: tuple[str, ...]
    clocks: tuple[DayClocks, ...]
    location_databases: tuple[locations.Used, ...]
    location_remarks: tuple[str, ...]


def status(settings: Settings, *, is_all: bool = False, as_of: datetime | None = None) -> Status:
    """What the ledger and the list of published reports say; the last `RECENT_DAYS` days with data, unless all.

    `as_of`: the instant at which location databases may be old; left out, none is.
    """
    entries = {source.name: ledger.read(settings.lake, source.name) for source in settings.sources}
    days = [day for name, known in entries.items() for day in _days(name, known, settings.time_zone)]
    reports, skews = _published(settings), clocks.newest(settings)
    dates = sorted({day.date for day in days} | {report.date for report in reports}, reverse=True)
    kept = set(dates if is_all else dates[:RECENT_DAYS])
    with locations.opened(settings) as lookup:
        used = lookup.used()
        remarks = locations.remarks(used, lookup.problems, as_of=as_of)
    return Status(
        tuple(_source(settings, source, entries[source.name]) for source in settings.sources),
        tuple(sorted((d for d in days if d.date in kept), key=lambda d: (-d.date.toordinal(), d.source))),
        tuple(report for report in reports if report.date in kept),
        len(dates) - len(kept),
        _overruns(settings, kept),
        (*moved.warnings(settings), *outdated.warnings(settings), *clocks.warnings(settings, skews)),
        tuple(DayClocks(day, tuple(of_day)) for day, of_day in skews.items()),
        tuple(used),
        tuple(remarks),
    )


def _overruns(settings: Settings, days: Iterable[date]) -> tuple[Overrun, ...]:
    with lake.reached(settings.lake):
        rows = lake.scan(settings.lake, LimitOverruns, days).select("login_date", "policy_name", "session_id").collect()
    counts = rows.group_by("login_date", "policy_name").agg(pl.col("session_id").n_unique())
    ordered = counts.sort("login_date", "policy_name", descending=[True, False])
    return tuple(Overrun(*row) for row in ordered.iter_rows())


def _source(settings: Settings, source: Source, entries: list[ledger.Entry]) -> SourceStatus:
    files, refused = landing.files(settings, source)
    known: dict[tuple[str, str], ledger.Entry | None] = {one: entry for entry in entries for one in entry.known_files}
    unfinished, unreadable, problems = [], set(), [str(problem) for problem in refused]
    for file in files:
        try:
            if _is_unfinished(file, known.get((file.name, file.state)), source):
                unfinished.append(file.name)
        except LandingError as problem:
            unreadable.add(file.name)
            problems.append(str(problem))
    truncated = tuple(entry.path for entry in entries if entry.is_truncated)
    states = {file.name: file.state for file in files}
    noted = [one for one in shortfall.noted(settings, source) if states.get(one.path) == one.file_state is not None]
    known |= {(one.path, states[one.path]): None for one in noted}
    waiting = {file.name for file in files if file.size_bytes and (file.name, file.state) not in known}
    digest = ingest.settings_digest(source)
    unlisted: Counter[str | None] = Counter()
    for entry in entries:
        unlisted.update(entry.unlisted_actions)
    named = [(name, count) for name, count in unlisted.items() if name is not None]
    return SourceStatus(
        source=source.name,
        files=len(entries),
        lines=sum(entry.line_count for entry in entries),
        events=sum(entry.event_count for entry in entries),
        quarantined=sum(entry.quarantined_count for entry in entries),
        skipped=sum(entry.skipped_count for entry in entries),
        late=sum(late for entry in entries for _, late, _ in entry.quarter_hours.values()),
        reasons=_reasons(entries),
        unlisted_actions=dict(sorted(named, key=lambda one: (-one[1], one[0]))),
        further_unlisted=unlisted[None],
        last_event_time=max((last for entry in entries for _, _, last in entry.quarter_hours.values()), default=None),
        outdated=sum(entry.settings_digest != digest for entry in entries),
        waiting=tuple(sorted(waiting - unreadable - {*unfinished})),
        unfinished=tuple(unfinished),
        truncated=truncated,
        unread=tuple(f"{one.path}: {one.shortfall}" for one in noted if one.path not in {*truncated, *unreadable}),
        problems=tuple(problems),
    )


def _is_unfinished(file: landing.File, entry: ledger.Entry | None, source: Source) -> bool:
    """Whether what is there and not read is a line without its end. Errors: `LandingError` where it cannot be read."""
    if not file.size_bytes or (entry and (file.is_rotated or file.size_bytes <= entry.read_bytes)):
        return False
    content, reader = Content(file.path), parse.reader(source.format)
    rest = next(content.chunks(entry.read_bytes), b"") if entry else content.head()
    if content.is_compressed or (file.is_rotated and not content.is_too_short_to_tell):
        return False
    if entry:
        return not slabs.is_over(rest, reader.pages) if entry.is_document else bool(rest)
    return b"\n" not in rest and not reader.is_json


def _days(source: str, entries: list[ledger.Entry], time_zone: str) -> list[SourceDay]:
    files: dict[date, list[tuple[ledger.Entry, ledger.Count]]] = {}
    for entry in entries:
        for day, count in entry.days(time_zone).items():
            files.setdefault(day, []).append((entry, count))
    found = []
    for day in sorted(files):
        of_day, counts = [entry for entry, _ in files[day]], [count for _, count in files[day]]
        found.append(
            SourceDay(
                day,
                source,
                files=len(of_day),
                lines=sum(entry.line_count for entry in of_day),
                events=sum(events for events, _, _ in counts),
                quarantined=sum(entry.quarantined_count for entry in of_day),
                reasons=_reasons(of_day),
                late=sum(late for _, late, _ in counts),
                last_event_time=max(last for _, _, last in counts),
            )
        )
    return found


def _reasons(entries: list[ledger.Entry]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for entry in entries:
        total.update(entry.reasons)
    return dict(total.most_common())


def _published(settings: Settings) -> list[Published]:
    with lake.reached(settings.lake):
        rows = lake.scan(settings.lake, ReportsPublished).sort("report_date", "revision").collect()
    newest = rows.group_by("report_date", maintain_order=True).last().reverse()
    columns = ("report_date", "revision", "session_count", "is_complete", "as_of_time")
    return [Published(*row) for row in newest.select(columns).iter_rows()]
