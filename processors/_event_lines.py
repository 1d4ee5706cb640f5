"""The events of an explained session as lines: one each, or one for a stretch of ordinary ones without a pause."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from processors._time_words import Clock, length
from processors._visible import visible
from processors.explain import Explanation, Row

FOLDED_FROM = 30
"""Events of a session whose ordinary stretches are a line each; every event of a shorter one is a line."""
_SHORTEST_FOLD = 4
_LONGEST_LIST = 10
_MOST_SIGNS = 3
_JOINED = {
    "opened": "opened it",
    "reference": "reference",
    "same_login": "same login again",
    "device": "device",
    "address": "address",
}
HEAD = ("event", "time", "source", "what it is", "joined by", "user")
WHAT = 3
"""The column that gives way where there is no room."""


@dataclass(frozen=True)
class Line:
    """Cells for the columns of `HEAD`, or a remark that stands between the lines. `is_quiet`: nothing that counts."""

    cells: tuple[str, ...] = ()
    remark: str = ""
    is_quiet: bool = False


@dataclass(frozen=True)
class Way:
    """A way in which events found their user: its sign, method, what it went by, and the numbers of the events."""

    sign: str
    method: str
    words: str
    numbers: tuple[int, ...]


def lines(e: Explanation, at: Clock, *, is_all: bool, is_brief: bool = False) -> Iterator[Line]:
    """The events in order, with the inactivity windows where they end. `is_brief`: of a stretch no end."""
    signs = {number: way.sign for way in ways(e, at) for number in way.numbers}
    numbered = deque(enumerate(e.windows, start=1))
    stretch: list[Row] = []
    day = e.login_date
    is_folding = not is_all and len(e.events) > FOLDED_FROM
    for event in e.events:
        ended = []
        while (
            numbered
            and event["membership"] != "background"
            and numbered[0][1]["window_end_time"] <= event["event_time"]
        ):
            ended.append(numbered.popleft())
        is_new_day = at.day(event["event_time"]) != day
        if ended or is_new_day or not (is_folding and _is_ordinary(event)):
            yield from _stretch(stretch, signs, at, is_brief=is_brief)
            stretch = []
        yield from map(_window, ended)
        if is_new_day:
            day = at.day(event["event_time"])
            yield Line(remark=str(day))
        if is_folding and _is_ordinary(event):
            stretch.append(event)
        else:
            yield _line(event, signs, at)
    yield from _stretch(stretch, signs, at, is_brief=is_brief)
    yield from map(_window, numbered)


def ways(e: Explanation, at: Clock) -> list[Way]:
    """The ways in which the events found their user, in the order in which they were first gone."""
    found: dict[tuple[str, str], list[int]] = {}
    for event in e.events:
        found.setdefault((event["attribution_method"], _went_by(event, e, at)), []).append(event["number"])
    return [Way(_sign(n), method, words, tuple(numbers)) for n, ((method, words), numbers) in enumerate(found.items())]


def numbers(of: Iterable[int], *, is_all: bool) -> str:
    """`1, 3-7`; unless all are asked for, `between 3 and 2103` where that would be long."""
    of = sorted(of)
    runs: list[list[int]] = []
    for number in of:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    if len(runs) > _LONGEST_LIST and not is_all:
        return f"between {of[0]} and {of[-1]}"
    return ", ".join("-".join(map(str, run)) for run in runs)


def joined(e: Explanation) -> list[tuple[str, str]]:
    """What the words for the way into the session mean, of those used, with the events."""
    used = {event["joined_by"] for event in e.events if event["membership"] != "closed"}
    held: dict[str, str] = {}
    for event in e.events:
        if event["reference"] and event["membership"] != "closed":
            held.setdefault(event["source"], event["reference"])
    references = ", ".join(f"{reference} of {source}" for source, reference in held.items())
    meanings = {
        "same_login": "the login that opened the session, recorded by another source as well",
        "reference": f"the line carries a session reference that the session holds ({references}: the beginnings of "
        "keyed digests)",
        "device": "no session reference decides; of the user's open sessions on the line's device this was the one "
        "active last",
        "address": "neither reference nor device decides; of the user's open sessions whose login has no device this "
        "was the one active last at the line's address",
    }
    return [(_JOINED[name], meaning) for name, meaning in meanings.items() if name in used]


def files(e: Explanation, *, is_all: bool) -> list[str]:
    """The landing files that hold the events, each with its lines; nothing where names are masked."""
    found: dict[str, list[Row]] = {}
    for event in e.events:
        if event.get("path"):
            found.setdefault(event["path"], []).append(event)
    return [
        f"{path}: {'lines' if len(events) > 1 else 'line'} "
        f"{numbers((event['line_number'] for event in events), is_all=is_all)} "
        f"({'events' if len(events) > 1 else 'event'} "
        f"{numbers((event['number'] for event in events), is_all=is_all)})"
        for path, events in found.items()
    ]


def _went_by(event: Row, e: Explanation, at: Clock) -> str:
    method = event["attribution_method"]
    if method == "log_user":
        return "the line itself names the user"
    address = event["ip_address"] or "its address"
    by = {
        "session_reference": f"its session reference {event['reference']}",
        "address_and_device": f"its address {address} and its user agent string ({event['device']})",
        "address": f"its address {address}, where a login was that logs no user agent",
    }.get(method, "")
    if event["matched_time"] is None:
        return f"{by}, as in a login of the user"
    number = f", event {event['matched_number']}" if event["matched_number"] else ", before this session"
    kept = f"in the {length(e.limits.absolute_timeout)} before"
    return (
        f"{by}, as in the user's login at {at(event['matched_time'])} in {event['matched_source']}{number}; no other "
        f"user has such a login {kept}"
    )


def _is_ordinary(event: Row) -> bool:
    return event["membership"] in ("action", "background") and event["event_class"] != "login"


def _stretch(events: list[Row], signs: dict[int, str], at: Clock, *, is_brief: bool) -> Iterator[Line]:
    if len(events) < _SHORTEST_FOLD:
        yield from (_line(event, signs, at) for event in events)
        return
    actions = sum(event["membership"] == "action" for event in events)
    counts = [(actions, "activity"), (len(events) - actions, "background")]
    ways_in = dict.fromkeys(_JOINED[event["joined_by"]] for event in events)
    user = dict.fromkeys(signs[event["number"]] for event in events)
    first, last = (at.time(events[n]["event_time"]) for n in (0, -1))
    yield Line(
        (
            f"{events[0]['number']}-{events[-1]['number']}",
            first if is_brief else f"{first}-{last}",
            " ".join(dict.fromkeys(event["source"] for event in events)),
            ", ".join(f"{count:,} {name}" for count, name in counts if count),
            ", ".join(ways_in),
            "".join(sorted(user)) if len(user) <= _MOST_SIGNS else "several",
        ),
        is_quiet=not actions,
    )


def _line(event: Row, signs: dict[int, str], at: Clock) -> Line:
    is_background = event["membership"] == "background"
    how = _JOINED[event["joined_by"]]
    return Line(
        (
            str(event["number"]),
            at.time(event["event_time"]),
            event["source"],
            visible(_said(event)),
            "closed it" if event["membership"] == "closed" else how,
            signs[event["number"]],
        ),
        is_quiet=is_background,
    )


def _said(event: Row) -> str:
    said = event["event_action"] or ""
    if event["http_method"]:
        status = f" {event['http_status']}" if event["http_status"] else ""
        said = f"{event['http_method']}{status} {event['http_path'] or ''}"
    return f"{event['event_class']}: {said}".rstrip(": ")


def _window(numbered: tuple[int, Row]) -> Line:
    number, window = numbered
    span = length(window["window_end_time"] - window["window_start_time"])
    return Line(remark=f"window {number}: {span} without an action")


def _sign(number: int) -> str:
    """[a] … [z], [aa] …"""
    letters = ""
    while number >= 0:
        letters = chr(ord("a") + number % 26) + letters
        number = number // 26 - 1
    return f"[{letters}]"
