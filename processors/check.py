"""What stands in the way of a run: settings, formats, files, permissions, space; all at once, each with its remedy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sized
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl

from processors import (
    _checked_locations,
    _roster,
    _source_options,
    candidates,
    ingest,
    landing,
    moved,
    out_of_range,
    parse,
    policies,
    trial,
)
from processors import settings as configuration
from processors._contradictions import doubts, is_unknown
from processors._coverage import SHOWN_VALUES, coverage
from processors._feeds import Feed, feeds
from processors._reader import FieldRecord
from processors._setting_kinds import nearest
from processors.bucket import S3Path
from processors.content import Content
from processors.errors import LakeError, LandingError, Problem, RecentActivitiesError
from processors.settings import Settings, Source
from schemas import Events

FILES_TRIED = 3
_SIZES = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
LEAST_FREE_BYTES = 64 << 20
"""For what a run writes however little has landed."""


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing. `problem` keeps a run from being right, `warning` may, `note` does not, `ok` is well."""

    kind: Literal["ok", "note", "warning", "problem", "settings"]
    where: str
    message: str
    remedy: str = ""
    excerpt: str = ""
    """Lines of what is wrong, marked."""
    feeds: tuple[Feed, ...] = ()
    """What the tokens of a format are taken for."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f". {self.remedy}" if self.remedy else "")


def check(path: Path | None, *, as_of: Callable[[Settings], datetime]) -> list[Finding]:
    """Everything found in a workspace; what of its settings is well is tried, though others are wrong.

    `as_of` is asked, once there are settings, for the instant of the run to come.
    """
    file, settings, problems = configuration.read(path)
    found = [_told("settings", f"{file}: ", problem) for problem in problems]
    if settings is None:
        return found
    if not problems:
        found.append(Finding("ok", str(file), f"{_many(settings.sources, 'source')}, times in {settings.time_zone}"))
    found += [_told("warning", "", doubt) for doubt in doubts(settings, {one.where for one in problems})]
    size, known_at = 0, as_of(settings)
    told: set[str] = set()  # sources that claim one file say the same
    for source in settings.sources:
        found += _feeds(source)
        files, refused = landing.files(settings, source)
        size += sum(one.size_bytes for one in files)
        new = [str(problem) for problem in refused if str(problem) not in told]
        found += [Finding("problem", source.name, message) for message in new]
        told.update(new)
        if files:
            found += _source(settings, source, files, as_of=known_at, is_well=not refused)
        elif not refused:
            remedy = f"Put its logs below {settings.root}, or correct `files`"
            found.append(Finding("problem", source.name, f"no file matches {source.files!r}", remedy))
    lake = settings.lake
    found += [_bucket(lake)] if isinstance(lake, S3Path) else _folder("lake", lake, size)
    found += _lake(settings) if found[-1].kind == "ok" else []
    found += _folder("reports", settings.reports, size)
    found += _people(settings)
    found += [Finding(*said) for said in _checked_locations.checked(settings, known_at)]
    return found


def _told(kind: Literal["settings", "warning"], place: str, problem: Problem) -> Finding:
    return Finding(
        kind, place + problem.where, f"got {problem.got}, expected {problem.expected}", problem.remedy, problem.excerpt
    )


def _feeds(source: Source) -> list[Finding]:
    """Which columns the tokens of a server's own format feed."""
    reader = parse.reader(source.format)
    if reader.name == source.format or not isinstance(reader.shape, parse.WebLine):
        return []
    fed = feeds(
        reader.shape, user=source.user, session_reference=source.session_reference, query_strings=source.query_strings
    )
    return [Finding("note", source.name, f"what is taken from {reader.title}", feeds=fed)]


def _source(
    settings: Settings, source: Source, files: list[landing.File], *, as_of: datetime, is_well: bool
) -> list[Finding]:
    reader = parse.reader(source.format)
    found, sound = _unsound(source, files)
    newest = sorted(sound, key=lambda file: file.path.stat().st_mtime_ns)[-FILES_TRIED:]
    options = _source_options.of_any_time(source)
    events = [Events.empty()]
    heads, read = 0, list[bytes]()
    for file in newest:
        try:
            head = trial.head(file.path, reader)
        except LandingError as problem:
            found.append(Finding("problem", source.name, str(problem)))
            continue
        outcome = trial.fit(
            head, reader, options, lambda good, _: events.append(good.decoded().select(Events.column_names()))
        )
        heads += outcome.lines
        read.append(head)
        found += _outcome(settings, source, file, outcome)
        if source.format == "keycloak" and outcome.events:
            found += _keycloak(source, file, head)
    found += _mapped(source, reader, read)
    found += _never_there(source, pl.concat(events))
    found += _untimely(settings, source, pl.concat(events), as_of)
    if is_well and all(finding.kind in ("note", "ok") for finding in found):
        tried = "it" if len(files) == 1 else f"the {len(newest)} newest"
        files_match = "1 file matches" if len(files) == 1 else f"{len(files)} files match"
        message = f"{files_match}; the first {_many(range(heads), 'line')} of {tried} read as {reader.name}"
        found.insert(0, Finding("ok", source.name, message))
    return found


def _mapped(source: Source, reader: parse.Reader, heads: list[bytes]) -> list[Finding]:
    """What a mapping finds in the first records, and what it does not."""
    fields = _source_options.of_any_time(source).field_map
    if not isinstance(reader.shape, FieldRecord) or fields is None or not heads:
        return []
    covered = coverage(heads, reader.shape, fields)
    first = f"the first {covered.record_count:,} record{'' if covered.record_count == 1 else 's'}"
    found = [Finding("note", source.name, f"what is taken from {first}", feeds=covered.feeds)]
    for column, paths in covered.missing() if covered.record_count else ():
        near = next((hint for path in paths if (hint := nearest(path, covered.keys))), "")
        message = f"none of {first} has {' or '.join(map(repr, paths))}"
        remedy = f"Correct or remove `{column}` below [sources.fields] of {source.name}{near}"
        found.append(Finding("warning", source.name, message, remedy))
    for column, values in covered.unlisted.items():
        if values:
            shown = ", ".join(f"{value[:60]!r} ({count:,})" for value, count in values.most_common(SHOWN_VALUES))
            meant = (
                fields.classes.otherwise
                if column == "event_class" or not fields.outcomes
                else fields.outcomes.otherwise
            )
            message = f"in no list of `{column}`, so that they mean {meant}: {shown}"
            found.append(Finding("note", source.name, message + " and others" * (len(values) > SHOWN_VALUES)))
    return found


def _unsound(source: Source, files: list[landing.File]) -> tuple[list[Finding], list[landing.File]]:
    """What is found in the first bytes of every file, and the files that can be read."""
    found, sound = [], []
    for file in files:
        try:
            content = Content(file.path)
            is_damaged = not content.head(1) and content.is_truncated
        except LandingError as problem:
            found.append(Finding("problem", source.name, str(problem)))
            continue
        if is_damaged:
            what, remedy = "its compressed data is damaged, or breaks off, before its first line", "Deliver it again"
            found.append(Finding("problem", f"{source.name}: {file.name}", what, remedy))
        else:
            sound.append(file)
    return found, sound


def _never_there(source: Source, events: pl.DataFrame) -> list[Finding]:
    """What the source is said to log, and none of its first events has."""
    said = {"user": (source.user, "user_name"), "session_reference": (source.session_reference, "session_reference")}
    return [
        Finding(
            "warning",
            source.name,
            f"none of its first {_many(events, 'event')} has {token!r}",
            f"Correct `{name}` of the source {source.name}, or remove it",
        )
        for name, (token, column) in said.items()
        if token and events.height and events[column].null_count() == events.height and not is_unknown(source, token)
    ]


def _untimely(settings: Settings, source: Source, events: pl.DataFrame, as_of: datetime) -> list[Finding]:
    """First events whose time a run at `as_of` would refuse."""
    earliest, latest = ingest.in_range(settings, as_of=as_of)
    time = pl.col("event_time")
    found = []
    for is_so, what, remedy in (
        (
            time < earliest,
            "older than the longest retention and 30 days",
            "For old logs `recent-activities run` says which --as-of reads them; or lengthen [retention]",
        ),
        (time > latest, "more than a day ahead", "Correct the clock of the machine that logs, or time_zone"),
    ):
        those = events.filter(is_so)
        if those.height:
            message = (
                f"{those.height:,} of its first {_many(events, 'event')} are of "
                f"{out_of_range.days(those['event_time'], settings.time_zone)}, {what}: they would go to quarantine"
            )
            found.append(Finding("warning", source.name, message, remedy))
    return found


def _many(things: Sized, noun: str) -> str:
    return f"{len(things):,} {noun}{'' if len(things) == 1 else 's'}"


def _outcome(settings: Settings, source: Source, file: landing.File, outcome: trial.Outcome) -> list[Finding]:
    if not outcome.lines:
        return [Finding("note", f"{source.name}: {file.name}", "is empty so far")]
    if outcome.quarantined_share <= settings.ingest.quarantined_share:
        return []
    reasons = ", ".join(f"{count} {reason}" for reason, count in outcome.reasons.most_common())
    format = parse.reader(source.format).name
    message = f"{outcome.quarantined} of its first {outcome.lines} lines are no events under {format} ({reasons})"
    if outcome.reasons["time_zone_unknown"] * 2 > outcome.quarantined:
        remedy = f"Its times carry no offset: set time_zone of the source {source.name}"
    elif outcome.reasons["unknown_fields"] * 2 > outcome.quarantined:
        remedy = f"No #Fields line says what its fields are: set `fields` of the source {source.name}"
    elif outcome.reasons["malformed_fields"] * 2 > outcome.quarantined and source.format == "fields:csv":
        remedy = (
            f"The header has no column of `event_time`: correct that of {source.name}, or set `header` if there is none"
        )
    elif better := candidates.better_format(file.path, source.format):
        remedy = f"They are {better}: set format = {better!r}"
    else:
        remedy = f"Correct `files` or `format` of the source {source.name}"
    return [Finding("problem", f"{source.name}: {file.name}", message, remedy)]


def _keycloak(source: Source, file: landing.File, head: bytes) -> list[Finding]:
    types = [line for line in head.split(b"\n") if b"type=" in line]
    if not types or any(b"_ERROR" not in line for line in types):
        return []
    remedy = (
        "Keycloak logs successes at DEBUG: start it with "
        "--spi-events-listener-jboss-logging-success-level=info, or nobody ever signs in here"
    )
    message = "its first lines hold failures only, no sign-in that succeeded"
    return [Finding("note", f"{source.name}: {file.name}", message, remedy)]


def _folder(name: str, folder: Path, landing_bytes: int) -> list[Finding]:
    try:
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        usage = shutil.disk_usage(existing)
    except OSError as problem:  # a folder above it that may not be entered
        remedy = f"Give the user who runs this permission, or name another folder as workspace.{name}"
        return [Finding("settings", name, f"{folder} cannot be reached ({problem.strerror})", remedy)]
    if not existing.is_dir():
        remedy = f"Move that file away, or name another folder as workspace.{name}"
        return [Finding("settings", name, f"{existing} is a file, not a folder", remedy)]
    # a file system without any room keeps no files: /proc tells even root that it may write
    if not os.access(existing, os.W_OK | os.X_OK) or usage.total == 0:
        remedy = f"Give the user who runs this write permission, or name another folder as workspace.{name}"
        return [Finding("settings", name, f"{existing} cannot be written", remedy)]
    wanted = LEAST_FREE_BYTES + 2 * landing_bytes
    if usage.free < wanted:
        message = f"{_size(usage.free)} are free at {existing}, {_size(wanted)} may be needed"
        return [Finding("warning", name, message, "Free some space, or move the folder to another disk")]
    return [Finding("ok", name, f"{folder} can be written, {_size(usage.free)} are free")]


def _size(count: int) -> str:
    """Bytes in the unit in which they are a number of one to three digits: `0 kB`, `67 MB`, `1.1 GB`, `12 GB`."""
    unit, size = next(((unit, size) for unit, size in _SIZES if count >= size), _SIZES[-1])
    return f"{count / size:,.{1 if size <= count < 10 * size else 0}f} {unit}"


def _lake(settings: Settings) -> list[Finding]:
    try:
        return [Finding("warning", "lake", said) for said in moved.warnings(settings)]
    except RecentActivitiesError as problem:
        return [Finding("problem", "lake", str(problem))]


def _bucket(place: S3Path) -> Finding:
    try:
        place.probe()
    except LakeError as problem:
        return Finding("settings", "lake", f"{place}: {problem.problem}", problem.remedy)
    return Finding("ok", "lake", f"{place} can be read and written, in {place.bucket}")


def _people(settings: Settings) -> list[Finding]:
    name = settings.workspace.roster
    if name is None:
        return []
    try:
        is_empty = _roster.read(settings.root / name).is_empty()
    except LakeError as problem:
        return [Finding("warning", "roster", f"{problem.path} {problem.problem}", problem.remedy)]
    if is_empty:
        return [Finding("warning", "roster", f"{settings.root / name} names nobody", _roster.REMEDY)]
    return _teams(settings)


def _teams(settings: Settings) -> list[Finding]:
    """Teams of policies that nobody is in: such a policy applies to nobody, and looks well kept."""
    try:
        unknown = policies.unknown_teams(settings)
    except LakeError as problem:
        return [Finding("problem", "policies", f"{problem.path} {problem.problem}", problem.remedy)]
    return [
        Finding("warning", f"policies.{name}.teams", f"nobody of the roster is in {team!r}{near}", "Correct its name")
        for name, team, near in unknown
    ]
