"""How an explanation is shown: sections of plain sentences that can be pasted into a ticket, or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.text import Text

from processors import _closing_words, _console, _event_lines
from processors._time_words import Clock, hours_minutes_seconds, length
from processors._visible import visible
from processors.explain import Explanation, Limits

WIDTH = 100
"""Columns, where the terminal has them: what tickets show without breaking lines."""
_GAP = 2
_NARROWEST = 8
_MOST_WAYS, _MOST_ADDRESSES = 20, 10  # whoever changes address with every request is told in few lines, too
_JOINT = "\ue000"  # `visible` has written out what others may be there
_WHOLE = re.compile(r"(?<=\d) (?=(?:h|min|s)\b|\d\d:)|(?<=h) (?=\d\d min)|(?<=min) (?=[\d.]+ s\b)")


def show(explanation: Explanation, *, is_all: bool, as_json: bool) -> None:
    """Nothing: the explanation goes to stdout."""
    instants = _closing_words.instants(explanation)
    at = Clock(explanation.limits.time_zone, explanation.login_date, instants)
    if as_json:
        _console.write_json(_document(explanation, at))
        return
    console = _console.out()
    for line in _lines(explanation, at, min(console.width, WIDTH), is_all=is_all):
        line.rstrip()
        console.print(line, soft_wrap=True)


def _lines(e: Explanation, at: Clock, width: int, *, is_all: bool) -> Iterator[Text]:
    row = e.session
    yield Text.assemble(("Session ", "bold"), (row["session_id"], "bold cyan"))
    yield from _paragraph(f"{at.header} All is told as it was known at {at.full(row['as_of_time'])}.", width, indent=0)
    for sentence in _disagreement(e):
        yield Text()
        yield from _paragraph(sentence, width, indent=0, style="bold yellow")
    yield from _facts(e, at, width)
    for title, sentences in _sections(e, at):
        yield from _heading(title)
        for sentence in sentences:
            yield from _paragraph(sentence, width)
    if e.events:
        yield from _heading(_counted(e))
        yield from _table(e, at, width, is_all=is_all)
        yield from _heading("How they found their user")
        ways = _event_lines.ways(e, at)
        for way in ways if is_all else ways[:_MOST_WAYS]:
            events = _event_lines.numbers(way.numbers, is_all=is_all)
            noun = "event" if len(way.numbers) == 1 else "events"
            yield from _paragraph(f"{way.sign} {way.method} ({noun} {events}): {way.words}.", width, hang=4)
        if len(ways) > _MOST_WAYS and not is_all:
            yield from _paragraph(f"And in {len(ways) - _MOST_WAYS:,} more ways: --all names them.", width)
        if joined := _event_lines.joined(e):
            yield from _heading("How they came into this session")
            for name, meaning in joined:
                yield from _paragraph(f"{name}: {meaning}.", width, hang=4)
    if files := _event_lines.files(e, is_all=is_all):
        yield from _heading("Where their lines are")
        for sentence in files:
            yield from _paragraph(sentence, width, hang=4)
    yield from _heading("Checked")
    for sentence in _checked(e, at):
        yield from _paragraph(sentence, width)
    if e.agreement.changed or e.agreement.is_outdated:
        yield Text("  The day is computed again by:")
        yield Text(f"  {_rebuild(e)}", "bold")


def _facts(e: Explanation, at: Clock, width: int) -> Iterator[Text]:
    row = e.session
    every = row["ip_addresses"] or []
    addresses = [*every[:_MOST_ADDRESSES], *(["…"] if len(every) > _MOST_ADDRESSES else [])]
    count = row["ip_count"]
    more = f" ({count} addresses, {_console.count(row['ip_switch_count'], 'change')})" if count > 1 else ""
    end = f"{at(row['end_time'])} ({row['end_reason']})" if row["end_time"] else "none: it is active"
    facts = (
        ("User", row["user_name"]),
        ("Login" if row["login_observed"] else "First event", f"{at(row['login_time'])} in {row['source']}"),
        ("Last action", at(row["last_activity_time"])),
        ("End", end),
        ("Inactivity", hours_minutes_seconds(timedelta(seconds=row["inactivity_s"]))),
        ("Address", f"{', '.join(addresses)}{more}" if addresses else "none is logged"),
        ("Device", row["device"]),
        ("Application", row["application"]),
        ("Settings", _settings(e.limits)),
    )
    yield Text()
    for name, fact in facts:
        if fact:
            style = "bold" if name in ("User", "Inactivity") else ""
            label = f"{name:<13}"
            for n, line in enumerate(_wrapped(Text(visible(str(fact)), style), width - len(label))):
                yield Text.assemble((label if n == 0 else " " * len(label), "dim"), line)


def _sections(e: Explanation, at: Clock) -> Iterator[tuple[str, list[str]]]:
    yield "How it began", _closing_words.opening(e, at)
    yield (
        f"Why it ended: {e.session['end_reason']}" if e.session["end_time"] else "Why it is active",
        (_closing_words.ending(e, at)),
    )
    inactivity = hours_minutes_seconds(timedelta(seconds=e.session["inactivity_s"]))
    yield f"Inactivity: {inactivity}", _closing_words.inactivity(e, at)
    yield _windows(e, at)


def _windows(e: Explanation, at: Clock) -> tuple[str, list[str]]:
    threshold = length(e.limits.inactivity_window)
    longest = hours_minutes_seconds(timedelta(seconds=e.session["longest_inactivity_s"]))
    if not e.windows:
        return "Inactivity windows: none", [
            f"No stretch without an action was longer than {threshold}; longest {longest}."
        ]
    said = [
        f"{n}. {at.span(one['window_start_time'], one['window_end_time'])}: "
        f"{length(one['window_end_time'] - one['window_start_time'])}{', still open' if one['is_open'] else ''}"
        for n, one in enumerate(e.windows, start=1)
    ]
    return f"Inactivity windows: {len(e.windows)} longer than {threshold}", [
        *said,
        f"The longest stretch is {longest}.",
    ]


def _counted(e: Explanation) -> str:
    memberships = [event["membership"] for event in e.events]
    actions = sum(one in ("opened", "action") for one in memberships)
    parts = [_console.count(actions, "action")]
    parts += [f"{count:,} background" for count in [memberships.count("background")] if count]
    parts += ["1 that closed it"] if "closed" in memberships else []
    return f"Events: {len(e.events):,} ({', '.join(parts)})"


def _table(e: Explanation, at: Clock, width: int, *, is_all: bool) -> Iterator[Text]:
    lines = list(_event_lines.lines(e, at, is_all=is_all, is_brief=width < WIDTH))
    rows = [_event_lines.HEAD, *(line.cells for line in lines if line.cells)]
    widths = [max(Text(cell).cell_len for cell in column) for column in zip(*rows, strict=True)]
    room = width - sum(widths) + widths[_event_lines.WHAT] - _GAP * len(widths)
    widths[_event_lines.WHAT] = max(min(widths[_event_lines.WHAT], room), _NARROWEST)
    yield _row(_event_lines.HEAD, widths, "dim")
    for line in lines:
        if line.cells:
            yield _row(line.cells, widths, "dim" if line.is_quiet else "")
        else:
            yield Text(f"{'':{widths[0] + 2 * _GAP}}-- {line.remark} --", "yellow")


def _row(cells: tuple[str, ...], widths: list[int], style: str) -> Text:
    row = Text("  ")
    for n, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        text = Text(cell, style)
        text.truncate(width, overflow="ellipsis")
        text.align("right" if n == 0 else "left", width)
        row.append_text(text).append(" " * _GAP)
    return row


def _disagreement(e: Explanation) -> Iterator[str]:
    """What stands above all else: that the table says something else, or that there is nothing but the table."""
    agreement, table = e.agreement, f"The table of {e.login_date}"
    why = "events came since that it lacks" if agreement.is_waiting else "its events, or the program, are others since"
    if not agreement.are_events_kept:
        yield "Its events are kept no longer: this is told from the table alone."
    elif not agreement.is_found:
        yield f"{table} is out of date ({why}): the events no longer make this session. This is told from the table."
    elif agreement.differences:
        names = ", ".join(name for name, _, _ in agreement.differences)
        yield f"{table} is out of date ({why}): it differs in {names}. What follows is what the events come to now."


def _checked(e: Explanation, at: Clock) -> list[str]:
    agreement, said = e.agreement, []
    if agreement.is_same:
        said.append(
            f"Computed again from the events in the lake, by the same rules: the table of {e.login_date} says the same."
        )
    if agreement.is_same and agreement.is_waiting:
        said.append("Events came since that the table lacks; none of them changes this session.")
    for name, was, now in agreement.differences:
        said.append(
            f"{name}: the table says {_value(name, was, e, at)}, the events come to {_value(name, now, e, at)}."
        )
    if not agreement.is_found:
        said.append("Nothing could be computed again.")
    said += [f"Mind the clocks: {warning}." for warning in e.clock_warnings]
    if agreement.changed:
        changes = ", ".join(f"{name} was {_plain(was)} and is {_plain(now)}" for name, was, now in agreement.changed)
        said.append(f"The settings are others since: {changes}. This is told by those of then, as the table is.")
    return said


def _rebuild(e: Explanation) -> str:
    """The command, which stands alone so that it can be copied."""
    return _console.spelled(f"`recent-activities run --from {e.login_date} --to {e.login_date}`").strip("`")


def _value(name: str, value: Any, e: Explanation, at: Clock) -> str:
    if e.is_masked and name in ("user_name", "ip_address", "ip_addresses", "user_agent"):
        return "something that is masked here"
    if name == "inactivity_windows":
        return _console.count(len(value), "window")
    return at.full(value) if isinstance(value, datetime) else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, timedelta):
        return length(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "nothing" if value is None else visible(str(value))


def _settings(limits: Limits) -> str:
    return (
        f"idle timeout {length(limits.idle_timeout)}, absolute timeout {length(limits.absolute_timeout)}, "
        f"inactivity windows longer than {length(limits.inactivity_window)}"
    )


def _heading(title: str) -> Iterator[Text]:
    yield Text()
    yield Text(title, "bold")


def _paragraph(sentence: str, width: int, *, indent: int = 2, hang: int = 0, style: str = "") -> Iterator[Text]:
    for n, line in enumerate(_wrapped(Text(visible(sentence), style), width - indent - hang)):
        yield Text(" " * (indent + (hang if n else 0))).append_text(line)


def _wrapped(text: Text, width: int) -> list[Text]:
    """The lines; no length of time and no instant is broken."""
    whole = Text(_WHOLE.sub(_JOINT, text.plain), text.style)
    return [Text(line.plain.replace(_JOINT, " "), line.style) for line in whole.wrap(Console(width=width), width)]


def _document(e: Explanation, at: Clock) -> dict[str, Any]:
    limits = {name: _seconds(value) for name, value in asdict(e.limits).items()}
    return {
        **{name: value for name, value in asdict(e).items() if name not in ("limits", "agreement", "longest_pause")},
        "settings": limits,
        "agreement": {
            "is_same": e.agreement.is_same,
            "is_waiting": e.agreement.is_waiting,
            "are_events_kept": e.agreement.are_events_kept,
            "differences": [
                {"column": name, "table": _value(name, was, e, at), "events": _value(name, now, e, at)}
                for name, was, now in e.agreement.differences
            ],
            "changed_settings": [
                {"setting": name, "then": _plain(was), "now": _plain(now)} for name, was, now in e.agreement.changed
            ],
        },
        "words": dict(_sections(e, at)),
    }


def _seconds(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value
