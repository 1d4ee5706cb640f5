"""Arrays to the loops of `_session_kernel`, and back: events in order, what each belongs to, what precedes it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from processors._machine_code import call

SAME_LOGIN_US = 60_000_000
CLASSES = ("login", "activity", "background", "logout", "session_end")
MEMBERSHIPS = (None, "opened", "action", "background", "closed", "unmatched")
END_REASONS = ("active", "logout", "revoked", "superseded", "idle_timeout", "absolute_timeout")
_OPEN_COLUMNS, _LEAST_MET = 8, 1 << 10


class Events(NamedTuple):
    """What the rules see of events. Times are microseconds, the rest numbers: equal where the text is, 0 for null.

    `classes` are places in `CLASSES`; users and files are ranks.
    """

    users: Any
    times: Any
    files: Any
    lines: Any
    classes: Any
    sources: Any
    references: Any
    addresses: Any
    kins: Any


class Followed(NamedTuple):
    """By place in `order`, the rows by user, time, file and line: the session's number, and the place in `MEMBERSHIPS`.

    By number of the session, which rises by user and opening: the place of its first event, its end, and the place of
    the reason in `END_REASONS`. Where it is 0 there is no end.
    """

    order: Any
    sessions: Any
    memberships: Any
    places: Any
    ends: Any
    reasons: Any


def grouped(groups: Any, number: int) -> tuple[Any, Any]:
    """The rows of each of so many groups, in the order they come; where each group begins, and the last one ends."""
    offsets, order = np.zeros(number + 1, np.int64), np.empty(len(groups), np.int64)
    call("group", _at(groups), len(groups), number, _at(offsets), _at(order))
    return order, offsets


def followed(events: Events, users: int, *, idle_timeout: int, absolute_timeout: int, as_of: int) -> Followed:
    """What becomes of the events of so many users. Limits in microseconds."""
    order, offsets = grouped(events.users, users)
    count, most = len(order), int(np.diff(offsets).max(initial=0))
    spare = np.empty(count, np.int64)
    call("settle", _at(order), _at(offsets), users, _at(events.times), _at(events.files), _at(events.lines), _at(spare))
    sessions, memberships = np.zeros(count, np.uint32), np.empty(count, np.uint8)
    places, ends, slots = spare, np.empty(count, np.int64), np.empty(count, np.int64)
    reasons = np.empty(count, np.uint8)
    earlier = np.empty(count, np.int64)
    holders = np.full(int(events.references.max(initial=0)) + 1, -1, np.int64)
    opened = np.empty(most * _OPEN_COLUMNS, np.int64)
    met = np.zeros(max(_LEAST_MET, 1 << (2 * most).bit_length()), np.uint64)
    given = np.array(
        [
            *(idle_timeout, absolute_timeout, SAME_LOGIN_US, as_of, users, _at(events.times), _at(events.classes)),
            *(_at(events.sources), _at(events.references), _at(events.addresses), _at(events.kins)),
            *(_at(order), _at(offsets), _at(sessions), _at(memberships), _at(earlier)),
            *(_at(places), _at(ends), _at(reasons), _at(slots)),
            *(_at(holders), _at(opened), _at(met), len(met), 0, 0),
        ],
        np.int64,
    )
    total = call("follow", _at(given))
    return Followed(order, sessions, memberships, places[:total], ends[:total], reasons[:total])


def preceding(keys: Any, seconds: Any, times: Any, offsets: Any, login_seconds: Any, login_times: Any) -> Any:
    """The last login of each event's key, and of its second one, that is no later; -1 where there is none.

    The logins of each key stand together, by second key, then time; `offsets` are where they begin.
    """
    found = np.empty(len(keys), np.int64)
    call(
        "precede",
        *(_at(keys), _at(seconds), _at(times), len(keys)),
        *(_at(offsets), _at(login_seconds), _at(login_times), _at(found)),
    )
    return found


def _at(array: Any) -> int:
    """Where an array, which is in one piece, begins in memory."""
    return int(array.__array_interface__["data"][0])
