"""Which session does an event belong to, and what ended it? Split key: the user.

A gap between a user's actions that is longer than the idle timeout closes everything the user has open, so events
fall into *bursts* with no state before or after. Plain ones are taken many at a time (`_plain_bursts`), all others go
through the rules one event at a time (`_open_sessions`).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import polars as pl

from processors._open_sessions import Event, follow
from processors._plain_bursts import follow_plain
from processors.attribute import fold, is_login
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
`user_name` is as the session's first event spells it.
"""

_ACTIONS = ("login", "activity")
_CLASSES = (*_ACTIONS, "background", "logout", "session_end")
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

    def assign(relevant: pl.DataFrame) -> pl.DataFrame:
        ordered = in_bursts(relevant, limits["idle_timeout"])
        plain = follow_plain(ordered, **limits)
        certain = plain.filter("is_certain").drop("is_certain")
        rest = by_rules(ordered.filter(~plain["is_certain"]), **limits)
        return _members(ordered, pl.concat([certain, rest]))

    return (
        events.filter(
            pl.col("user_name").is_not_null(),
            pl.col("event_time") < as_of,
            pl.col("event_class").is_in(_CLASSES),
            is_login() | (pl.col("event_class") != "login"),
        )
        .select(*FROM_EVENTS)
        .map_batches(assign, schema=MEMBERS)
    )


def in_bursts(events: pl.DataFrame, idle: int) -> pl.DataFrame:
    """The events by user, time and key, with `row`, `burst` (rising over the frame), `user`, `kin`, `time`."""
    action = pl.col("event_class").is_in(_ACTIONS)
    devices = events.select(pl.col("device").unique()).with_columns(kin(pl.col("device")).alias("kin"))
    ordered = (
        events.with_columns(fold(pl.col("user_name")).alias("user"), pl.col("event_time").to_physical().alias("time"))
        .pipe(lambda frame: frame.with_columns(_ranked(frame[name]) for name in ("user", "file_id", "source")))
        .join(devices, on="device", how="left")
        .sort("user", "time", "file_id", "line_number")
        .with_row_index("row")
    )
    acting_user = pl.when(action).then("user").forward_fill().shift()
    since_action = pl.col("time") - pl.when(action).then("time").forward_fill().shift()
    begins = (pl.col("user") != pl.col("user").shift()).fill_null(True) | (
        action & ((pl.col("user") != acting_user) | (since_action > idle)).fill_null(True)
    )
    return ordered.with_columns(begins.cum_sum().alias("burst"))


def by_rules(ordered: pl.DataFrame, *, idle_timeout: int, absolute_timeout: int, as_of: int) -> pl.DataFrame:
    """`row`, `opening_row`, `membership`, `end`, `end_reason` of every event, one event at a time."""
    events = map(Event._make, ordered.select(Event._fields).iter_rows())
    sessions, memberships = follow(events, idle_timeout=idle_timeout, absolute_timeout=absolute_timeout, as_of=as_of)
    return pl.DataFrame(
        {
            "row": ordered["row"],
            "opening_row": [session and session.opening.row for session in sessions],
            "membership": memberships,
            "end": [session and session.end_time for session in sessions],
            "end_reason": [session and session.end_reason for session in sessions],
        },
        schema={
            "row": pl.UInt32,
            "opening_row": pl.UInt32,
            "membership": pl.String,
            "end": pl.Int64,
            "end_reason": pl.String,
        },
    )


def _ranked(column: pl.Series) -> pl.Series:
    """The strings as an enumeration in their order: three times as quick to sort and group by."""
    return column.cast(pl.Enum(column.unique().sort()))


def _members(ordered: pl.DataFrame, assigned: pl.DataFrame) -> pl.DataFrame:
    """`MEMBERS` of the events and what they were assigned to."""
    belongs = pl.col("opening_row").is_not_null() | (pl.col("membership") == "unmatched")
    members = assigned.filter(belongs).sort("opening_row", "row", nulls_last=True)
    openings = ordered[members.filter(pl.col("membership") == "opened")["row"]]
    sessions = openings.select(
        pl.col("row").alias("opening_row"),
        pl.col("user_name").alias("first_spelling"),
        pl.Series("session_id", _session_ids(openings), dtype=pl.String),
        pl.col("event_time").alias("login_time"),
        (pl.col("event_class") == "login").alias("login_observed"),
    )
    return (
        members.with_columns(pl.col("end").cast(TIME).alias("end_time"))
        .join(sessions, on="opening_row", how="left", maintain_order="left")
        .hstack(ordered[members["row"]].select(*FROM_EVENTS).cast({"file_id": pl.String, "source": pl.String}))
        .with_columns(pl.coalesce("first_spelling", "user_name").alias("user_name"))
        .select(*MEMBERS)
    )


def _session_ids(openings: pl.DataFrame) -> list[str]:
    """Digests of what the first events say, so that a session keeps its id however its lines are cut into files.

    First events that say the same are counted.
    """
    said = openings.select("user", "source", "time", "ip_address", "user_agent")
    seen: dict[tuple[object, ...], int] = {}
    ids = []
    for facts in said.iter_rows():
        count = seen[facts] = seen.get(facts, -1) + 1
        ids.append(sha256(json.dumps((*facts, count)).encode()).hexdigest()[:32])
    return ids
