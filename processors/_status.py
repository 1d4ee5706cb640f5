"""How the status is shown."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from rich.table import Table
from rich.text import Text

from processors import _console, workspace_day
from processors._visible import visible
from processors.settings import Settings
from processors.status import SourceStatus, Status


def show(settings: Settings, status: Status, *, as_json: bool) -> None:
    """Nothing: the status goes to stdout."""
    if as_json:
        _console.write_json({"time_zone": settings.time_zone, **asdict(status)})
        return
    console = _console.out()
    _console.show_table(console, _sources(settings, status))
    if status.days or status.reports:
        console.print()
        _console.show_table(console, _days(settings, status))
    if status.days_left_out:
        console.print(Text(f"{_console.count(status.days_left_out, 'earlier day')}: --all", style="dim"))
    for source in status.sources:
        if source.reasons:
            _console.say("note", f"{source.source}: in quarantine {_console.counts(source.reasons.items())}")
        if source.unlisted_actions:
            _console.say("note", f"{source.source}: {_unlisted(source)}")
        if source.outdated:
            files = _console.count(source.outdated, "file")
            _console.say(
                "warning", f"{source.source}: {files} read under other settings; the next run reads again what is there"
            )
        for kind, what, names in (
            ("note", "to be read by the next run", source.waiting),
            ("note", "ends in an unfinished line, which waits for its end", source.unfinished),
            ("warning", "breaks off; its whole lines are read", source.truncated),
        ):
            for name in names:
                _console.say(kind, f"{source.source}: {name}: {what}")
        for sentence in source.unread:
            _console.say("warning", f"{source.source}: {sentence}")
        for problem in source.problems:
            _console.say("error", problem)
    for over in status.overruns:
        sessions = _console.count(over.sessions, "session")
        what = f"{sessions} went on after the limits of {over.policy} without a new login"
        _console.say("note", f"{over.date}: {what}")
    for used in status.location_databases:
        credit = f" · {used.credit} {used.credit_url}".rstrip() if used.credit else ""
        _console.say("note", f"{used.name} of {used.build_date}{credit}")
    for warning in (*status.warnings, *status.location_remarks):
        _console.say("warning", warning)


WIDE = 100
SHOWN_ACTIONS = 5
TEXTS = ("source", "day", "report", "last event")


def _unlisted(source: SourceStatus) -> str:
    """What is said of events whose names are not in the provider's table."""
    actions = list(source.unlisted_actions.items())
    rest = sum(count for _, count in actions[SHOWN_ACTIONS:]) + source.further_unlisted
    shown = ", ".join(f"{count:,} {visible(name)}" for name, count in actions[:SHOWN_ACTIONS])
    total = sum(source.unlisted_actions.values()) + source.further_unlisted
    further = f", {rest:,} of further names" if rest else ""
    return f"{_console.count(total, 'event')} of class other, by names that its table does not have: {shown}{further}"


def _sources(settings: Settings, status: Status) -> Table:
    table = _console.table(
        "source", "files", "lines", "events", "quarantined", "skipped", "late", "last event", left=TEXTS
    )
    for source in status.sources:
        table.add_row(
            Text(source.source, "bold"),
            *(_number(n) for n in (source.files, source.lines, source.events)),
            _number(source.quarantined, "yellow"),
            _number(source.skipped),
            _number(source.late, "yellow"),
            _time(source.last_event_time, settings),
        )
    return table


def _days(settings: Settings, status: Status) -> Table:
    is_wide = _console.out().width >= WIDE
    files = ("files", "lines") if is_wide else ()
    table = _console.table("day", "report", "source", *files, "events", "quarantined", "late", "last event", left=TEXTS)
    reports = {report.date: report for report in status.reports}
    for day in sorted({one.date for one in status.days} | reports.keys(), reverse=True):
        report = reports.get(day)
        stands = Text("-", "dim")
        if report:
            mark = ("COMPLETE", "green") if report.is_complete else ("INCOMPLETE", "bold yellow")
            stands = Text.assemble(mark, (f" r{report.revision}", "dim"))
        rows = [one for one in status.days if one.date == day]
        for n, one in enumerate(rows):
            table.add_row(
                Text(str(day), "bold") if n == 0 else "",
                stands if n == 0 else "",
                one.source,
                *(_number(number) for number in ((one.files, one.lines) if is_wide else ())),
                _number(one.events),
                _number(one.quarantined, "yellow"),
                _number(one.late, "yellow"),
                _time(one.last_event_time, settings, "%Y-%m-%d %H:%M:%S" if is_wide else "%H:%M:%S"),
            )
        if not rows:
            table.add_row(Text(str(day), "bold"), stands, Text("no events", "dim"))
    return table


def _number(number: int, style: str = "") -> Text:
    return Text(f"{number:,}", style) if number else Text("-", "dim")


def _time(instant: datetime | None, settings: Settings, shape: str = "%Y-%m-%d %H:%M") -> Text:
    if instant is None:
        return Text("-", "dim")
    return Text(workspace_day.local(instant, settings.time_zone).strftime(shape))
