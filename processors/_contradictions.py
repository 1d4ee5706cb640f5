"""Settings that are well one by one and not together: what refuses to run, and what is only doubtful."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from processors import _globs, _policy_settings
from processors._durations import shown
from processors._field_table import FieldTable
from processors._reader import FieldRecord, SignInRecord, reader
from processors.errors import Problem

if TYPE_CHECKING:
    from processors.settings import Settings, Source

    _Found = tuple[tuple[str, ...], Problem]
    """A problem, and the settings that its own was compared with."""

_TIMEOUTS = ("sessions.idle_timeout", "sessions.absolute_timeout")
_DAY = timedelta(days=1)


def contradictions(settings: Settings, wrong: Collection[str] = ()) -> Iterator[Problem]:
    """What makes the settings unusable. Nothing is compared with one that is `wrong`: another value stands for it."""
    return _well_founded(_contradictions(settings), wrong)


def doubts(settings: Settings, wrong: Collection[str] = ()) -> Iterator[Problem]:
    """What a run can live with, and is hardly what was meant. Nothing is compared with one that is `wrong`."""
    return _well_founded(_doubts(settings), wrong)


def _well_founded(found: Iterator[_Found], wrong: Collection[str]) -> Iterator[Problem]:
    return (problem for others, problem in found if {problem.where, *others}.isdisjoint(wrong))


def _contradictions(settings: Settings) -> Iterator[_Found]:
    limits = settings.sessions
    if limits.idle_timeout > limits.absolute_timeout:
        expected = f"no more than absolute_timeout ({shown(limits.absolute_timeout)})"
        remedy = "Shorten it, or lengthen absolute_timeout"
        yield _TIMEOUTS, Problem("sessions.idle_timeout", shown(limits.idle_timeout), expected, remedy)
    if settings.retention.events < settings.look_back + _DAY:
        expected = f"at least {shown(settings.look_back + _DAY)}: a day, and what its sessions look back over"
        remedy = "Lengthen it, or shorten the timeouts of [sessions]"
        yield _TIMEOUTS, Problem("retention.events", shown(settings.retention.events), expected, remedy)
    for problem in _folders(settings):
        yield ("workspace.lake",), problem
    for problem in (*_names(settings), *_files(settings), *_policy_settings.contradictions(settings)):
        yield (), problem


def _doubts(settings: Settings) -> Iterator[_Found]:
    limits, kept = settings.sessions, settings.retention
    if limits.inactivity_window >= limits.idle_timeout:
        expected = f"less than idle_timeout ({shown(limits.idle_timeout)}), or no inactivity window is ever listed"
        window = Problem("sessions.inactivity_window", shown(limits.inactivity_window), expected, "Shorten it")
        yield _TIMEOUTS, window
    needs = {
        "landing": (kept.landing, limits.lateness, "files would go before `lateness` is over"),
        "events": (
            kept.events,
            limits.lateness + _DAY + settings.look_back,
            "days within `lateness` are computed again",
        ),
        "sessions": (kept.sessions, limits.lateness + _DAY, "they would go before `lateness` is over"),
        "reports": (kept.reports, limits.lateness + _DAY, "they would go before `lateness` is over"),
    }
    for name, (length, least, why) in needs.items():
        if length < least and (name != "events" or length >= settings.look_back + _DAY):
            remedy = "Lengthen it, or shorten sessions.lateness"
            problem = Problem(f"retention.{name}", shown(length), f"at least {shown(least)}: {why}", remedy)
            yield ("sessions.lateness", *_TIMEOUTS), problem
    for source in settings.sources:
        for problem in _unused(source):
            yield (), problem
    for problem in _policy_settings.doubts(settings):
        yield _TIMEOUTS, problem


def _folders(settings: Settings) -> Iterator[Problem]:
    if "://" in settings.workspace.lake:
        return
    lake, reports = (os.path.normpath(str(folder)) for folder in (settings.lake, settings.reports))
    if os.path.commonpath([lake, reports]) in (lake, reports):
        expected = (
            f"a folder beside workspace.lake ({settings.workspace.lake!r}), neither the same nor one in the other"
        )
        yield Problem("workspace.reports", repr(settings.workspace.reports), expected, "Name another folder")


def _names(settings: Settings) -> Iterator[Problem]:
    names = [source.name for source in settings.sources]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("sources", f"{names.count(name)} named {name!r}", "sources with different names", "Rename one")


def _files(settings: Settings) -> Iterator[Problem]:
    for one, other in itertools.permutations(settings.sources, 2):
        is_first = one.files != other.files or settings.sources.index(one) < settings.sources.index(other)
        if is_first and _globs.covers(one.files, other.files):
            expected = f"a pattern that leaves the files of {other.name} ({other.files!r}) to it"
            yield Problem(f"sources[{one.name}].files", repr(one.files), expected, "Make it narrower")
    ours = [settings.path.name, *(PurePath(name).as_posix() for name in _written(settings))]
    for source in settings.sources:
        if taken := next((path for path in ours if _globs.matches(source.files, path)), None):
            expected = f"a pattern of landing files; it also takes {taken}"
            yield Problem(f"sources[{source.name}].files", repr(source.files), expected, "Make it narrower")


def _written(settings: Settings) -> list[str]:
    """Paths such as this workspace has besides its landing files."""
    workspace = settings.workspace
    lake = [f"{workspace.lake}/events/event_date=2025-08-29/panel.parquet", f"{workspace.lake}/_recent_activities/x"]
    lake = [] if "://" in workspace.lake else lake
    return [*lake, f"{workspace.reports}/2025-08-29/recent_activities.csv", *filter(None, [workspace.roster])]


def _unused(source: Source) -> Iterator[Problem]:
    shape, format = reader(source.format).shape, reader(source.format).name
    of_requests = ("login_requests", "logout_requests", "background_paths")
    ignored: tuple[str, ...] = of_requests if isinstance(shape, SignInRecord) else ("application",)
    if isinstance(shape, FieldRecord):
        ignored = (*of_requests, "user", "session_reference", "trusted_proxies", "query_strings")
    for name in ignored:
        if getattr(source, name):
            got, expected = f"set for {format}", "nothing: its format has no such thing, and it has no effect"
            yield Problem(f"sources[{source.name}].{name}", got, expected, "Remove it")
    if source.application and isinstance(source.fields, FieldTable) and not source.fields.application:
        remedy = "Say below [sources.fields] where the application is, or remove `application` of the source"
        expected = "nothing: its mapping takes no application from a record, so that no login counts"
        yield Problem(f"sources[{source.name}].application", repr(source.application), expected, remedy)
    for name, token in (("user", source.user), ("session_reference", source.session_reference)):
        if token and is_unknown(source, token):
            known = ", ".join(shape.all_tokens()) if not isinstance(shape, SignInRecord | FieldRecord) else "none"
            remedy = f"Log it, in a format that has it, or remove `{name}`: it is empty in every line"
            yield Problem(f"sources[{source.name}].{name}", repr(token), f"what {format} logs: {known}", remedy)


def is_unknown(source: Source, token: str) -> bool:
    """Whether the source's format has no such token; records may have any field."""
    shape = reader(source.format).shape
    return not isinstance(shape, SignInRecord | FieldRecord) and not shape.name(token)
