"""How what a run did is shown: what was read, what was computed, which reports stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from processors import _calls, _console, workspace_day
from processors._visible import visible
from processors.run import IngestResult, ReportResult, SessionsResult
from processors.settings import Settings


def show(
    settings: Settings,
    *,
    as_of: datetime | None,
    read: IngestResult | None = None,
    computed: SessionsResult | None = None,
    reports: Sequence[ReportResult] | None = None,
    as_json: bool,
) -> None:
    """Nothing: what was done goes to stdout."""
    if as_json:
        _console.write_json(_document(as_of, read, computed, reports))
        return
    console = _console.out()
    if read:
        console.print(_read(read))
    if computed and as_of and not computed.dates:
        _console.say("note", _nothing_to_compute(settings, as_of))
    elif computed:
        dates = ", ".join(_between(first, last) for first, last in workspace_day.span(computed.dates))
        changed = f"{len(computed.changed)} of {_console.count(len(computed.dates), 'day')} changed"
        console.print(Text(f"{_console.count(computed.sessions, 'session')} on {dates}; {changed}"))
    for warning in computed.warnings if computed else ():
        _console.say("warning", warning)
    if reports:
        _console.show_table(console, _reports(reports))
        for result in reports:
            for kind, messages in (("warning", result.reasons), ("note", result.notes)):
                for message in messages:
                    day = result.folder.name
                    _console.say(kind, f"{day}: {message.removeprefix(f'{day}: ').replace(f' on {day}', '')}")
    if computed and reports is not None and computed.dates:
        open_days = sorted(set(map(str, computed.dates)) - {result.folder.name for result in reports})
        if open_days:
            remedy = f"`recent-activities report --date {open_days[-1]}` publishes it as it stands"
            _console.say("note", f"{', '.join(open_days)}: not over yet, so not published; {remedy}")


def told(read: IngestResult) -> int:
    """The exit code; notes, warnings and problems go to stderr."""
    for note in read.notes:
        _console.say("note", note)
    for warning in read.warnings:
        _console.say("warning", warning)
    for problem in read.problems:
        _console.say("error", problem)
    return 1 if read.problems else 0


def _read(read: IngestResult) -> Text:
    reasons = f" ({_console.counts(read.reasons.items())})" if read.reasons else ""
    if not read.files and not read.lines:
        return Text("Nothing new in the landing files")
    what = f"Read {_console.count(read.files, 'file')}" if read.files else "Judged again what was in quarantine"
    return Text(
        f"{what}: {_console.count(read.lines, 'line')} → "
        f"{_console.count(read.events, 'event')}, {read.quarantined:,} quarantined{reasons}, {read.skipped:,} skipped"
    )


def _reports(reports: Sequence[ReportResult]) -> Table:
    table = _console.table("report", "revision", "rows", "completeness", "folder",
                           left=("report", "completeness", "folder"), wide="folder")  # fmt: skip
    for result in reports:
        complete = ("COMPLETE", "green") if result.is_complete else ("INCOMPLETE", "bold yellow")
        table.add_row(
            result.folder.name,
            f"{result.revision}{'' if result.is_new else ' (as before)'}",
            f"{result.rows:,}",
            Text.assemble(complete),
            _short(result.folder),
        )
    return table


def _short(path: Path) -> Text:
    return Text(visible(str(_calls.short(path))))


def _nothing_to_compute(settings: Settings, as_of: datetime) -> str:
    local = workspace_day.local(as_of, settings.time_zone)
    return (
        f"No day to compute: the lake has no event before {local:%Y-%m-%d %H:%M} ({settings.time_zone}). --as-of looks "
        "from another instant"
    )


def _between(first: date, last: date) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _document(
    as_of: datetime | None,
    read: IngestResult | None,
    computed: SessionsResult | None,
    reports: Sequence[ReportResult] | None,
) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if read:
        parts["ingest"] = asdict(read)
    if computed:
        parts["sessions"] = asdict(computed)
    if reports is not None:
        parts["reports"] = [{"date": result.folder.name, **asdict(result)} for result in reports]
    if len(parts) == 1:
        (only,) = parts.values()
        return only[0] if isinstance(only, list) else only  # type: ignore[no-any-return]  # a dict either way
    return {"as_of": as_of, **parts}
