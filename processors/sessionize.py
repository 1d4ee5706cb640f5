"""Which session does an event belong to, and what ended it? Split key: the user.

The rules are one loop over the events of each user in their order, as machine code: `_session_kernel`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from processors._open_sessions import CLASSES, END_REASONS, MEMBERSHIPS, Events, Followed, followed, grouped
from processors._text_codes import distinct, numbered, ranked
from processors._unique import map_unique
from processors.attribute import is_login
from processors.device import kin

TIME = pl.Datetime("us", "UTC")
OWN: dict[str, pl.DataType | type[pl.DataType]] = {
    "session_id": pl.String,
    "login_time": TIME,
    "login_observed": pl.Boolean,
    "end_time": TIME,
    "end_reason": pl.String,
    "membership": pl.String,
}
FROM_EVENTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "event_time": TIME,
    "event_class": pl.String,
    "source": pl.String,
    "user_name": pl.String,
    "attribution_method": pl.String,
    "session_reference": pl.String,
    "application": pl.String,
    "ip_address": pl.String,
    "user_agent": pl.String,
    "device": pl.String,
    "file_id": pl.String,
    "line_number": pl.Int64,
}
MEMBERS = pl.Schema(OWN | FROM_EVENTS)
"""One row an event that belongs to a session or closes one, or that would have closed one.

`membership` says what the event is to its session: `opened` it, an `action` in it, `background` in it, `closed` it.
An `unmatched` logout or session_end found nothing to close: its session columns are null. `opened` and `action` are
the actions; `closed` lends the session neither address nor device. `end_time` is null while `end_reason` is `active`.
`user_name` is as the session's first event spells it. Text of the events that comes as categories stays such.
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def sessionize(
    events: pl.LazyFrame, *, idle_timeout: timedelta, absolute_timeout: timedelta, as_of: datetime
) -> pl.LazyFrame:
    """`MEMBERS`: by session, in the order in which users (case-folded) opened them; in a session by time, then key.

    Takes attributed events before `as_of`; those without a user, failed logins and classes that belong to no session
    are left out, and so are background events that no session was open for. Ties in time are broken by
    (file_id, line_number). Equal to a timeout is still active; 60 s after a login is still the same login.
    """
    limits = {
        "idle_timeout": idle_timeout // _MICROSECOND,
        "absolute_timeout": absolute_timeout // _MICROSECOND,
        "as_of": (as_of - _EPOCH) // _MICROSECOND,
    }

    kinds = events.collect_schema()
    schema = pl.Schema(OWN | {name: kinds[name] for name in FROM_EVENTS})

    def assign(relevant: pl.DataFrame) -> pl.DataFrame:
        if relevant.is_empty():
            return schema.to_frame()
        relevant = relevant.rechunk()  # rows of what is in one piece are gathered in a fifth of the time
        users, names = ranked(relevant["user_name"], str.casefold)
        found = followed(_numbers(relevant, users), len(names), **limits)
        return _members(relevant, found, pl.Series(names).gather(pl.Series(users)))

    return (
        events.filter(
            pl.col("user_name").is_not_null(),
            pl.col("event_time") < as_of,
            pl.col("event_class").is_in(CLASSES),
            is_login() | (pl.col("event_class") != "login"),
        )
        .select(*FROM_EVENTS)
        .map_batches(assign, schema=schema)
    )


def _numbers(relevant: pl.DataFrame, users: Any) -> Events:
    devices, labels = distinct(relevant["device"])
    of_device = numbered(labels.to_frame("device").select(kin(pl.col("device"))).to_series())
    classes, names = distinct(relevant["event_class"])
    return Events(
        users,
        relevant["event_time"].to_physical().to_numpy(),
        ranked(relevant["file_id"])[0],
        relevant["line_number"].to_numpy(),
        np.array([CLASSES.index(name or CLASSES[0]) for name in names], np.uint8)[classes],
        numbered(relevant["source"]),
        numbered(relevant["session_reference"]),
        numbered(relevant["ip_address"]),
        of_device[devices],
    )


def _members(relevant: pl.DataFrame, found: Followed, users: pl.Series) -> pl.DataFrame:
    """`MEMBERS` of the events and what became of them. `users`: each event's, case-folded."""
    total = len(found.places)
    numbers = found.sessions  # of those that closed nothing the last but one, of those that belong to none the last
    numbers[found.memberships == MEMBERSHIPS.index("unmatched")] = total
    numbers[found.memberships == 0] = total + 1
    places, offsets = grouped(numbers, total + 2)
    places = places[: offsets[total + 1]]
    openings = _gathered(relevant.with_columns(users.alias("user")), found.order[found.places])
    reasons = pl.Series(found.reasons)
    sessions = openings.select(
        pl.Series("session_id", _session_ids(openings), pl.String),
        pl.col("event_time").alias("login_time"),
        (pl.col("event_class") == "login").alias("login_observed"),
        pl.when(reasons > 0).then(pl.Series(found.ends)).cast(TIME).alias("end_time"),
        pl.Series("end_reason", END_REASONS).gather(reasons),
        pl.col("user_name").alias("first_spelling"),
    )
    nothing = pl.DataFrame([[None]] * len(sessions.columns), schema=sessions.schema)
    return (
        _gathered(pl.concat([sessions, nothing], rechunk=True), numbers[places])
        .hstack([pl.Series("membership", MEMBERSHIPS).gather(found.memberships[places])])
        .hstack(_gathered(relevant, found.order[places]))
        .with_columns(pl.coalesce("first_spelling", "user_name").alias("user_name"))
        .select(*MEMBERS)
    )


def _gathered(frame: pl.DataFrame, rows: Any) -> pl.DataFrame:
    return frame.select(pl.all().gather(pl.Series(rows)))


def _session_ids(openings: pl.DataFrame) -> list[str]:
    """Digests of what the first events say, so that a session keeps its id however its lines are cut into files.

    First events that say the same are counted. What is digested is a list in JSON, as `json.dumps` writes it.
    """
    user, source, address, agent = (
        map_unique(pl.col(name), json.dumps).fill_null("null")
        for name in ("user", "source", "ip_address", "user_agent")
    )
    said = openings.with_columns(cs.categorical().cast(pl.String)).select(
        pl.format("[{}, {}, {}, {}, {}, ", user, source, pl.col("event_time").to_physical(), address, agent).alias(
            "said"
        )
    )
    count = pl.int_range(pl.len()).over("said")
    texts = said.select(pl.format("{}{}]", "said", count)).to_series()
    return [sha256(text.encode()).hexdigest()[:32] for text in texts]
