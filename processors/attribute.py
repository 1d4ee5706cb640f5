"""Whose event is it? Split key: the event; the logins come whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import polars as pl

from processors._latest_logins import LatestLogins
from processors._unique import map_unique

_EVENT_ORDER = ("event_time", "file_id", "line_number")
_REQUESTS = ("activity", "background", "logout")
"""What whoever has signed in at an address does there. Who fails to sign in there, or what runs there and is nobody (a
service principal), need not be that person."""
_METHODS = (None, "log_user", "session_reference", "address_and_device", "address", "anonymous", "ambiguous")
_LOG_USER, _REFERENCE, _BOTH, _ADDRESS, _ANONYMOUS, _AMBIGUOUS = range(1, 7)
_MICROSECOND = timedelta(microseconds=1)


def fold(name: pl.Expr) -> pl.Expr:
    """The name case-folded (Unicode): two spellings of one user become equal. Null stays null."""
    return map_unique(name, str.casefold)


def is_login() -> pl.Expr:
    """Whether an event is a successful login."""
    return (pl.col("event_class") == "login") & (pl.col("outcome") == "success")


def attribute(events: pl.LazyFrame, logins: pl.LazyFrame, *, absolute_timeout: timedelta) -> pl.LazyFrame:
    """The events, in the order they come, as `filled` by these logins. Collects the logins."""
    fill = filled(logins, absolute_timeout=absolute_timeout)
    return events.map_batches(fill, schema=events.collect_schema(), streamable=True)


def filled(logins: pl.LazyFrame, *, absolute_timeout: timedelta) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """What fills `user_name` and `attribution_method` of events. Collects the logins.

    Of the logins only successful ones that name a user count, and only those within the absolute timeout before
    the event, both ends included. The first of these that finds a login decides:

    - `log_user`: the line names the user.
    - `session_reference`: logins with the event's session reference.
    - `address_and_device`: logins from its address with its user agent string.
    - `address`: any logins from its address, provided that one of them logged no user agent.
    - `anonymous`: nothing found.

    By address go requests only: `activity`, `background`, `logout`. Anything else that names nobody (a service
    principal, a failed login) is nobody's, unless its session reference says whose.

    Logins of two users: `ambiguous`. Ambiguous and anonymous events have no user. Nulls match nothing. Users are
    compared case-folded; the name given is as the latest matching login spells it.
    """
    known = (
        logins.filter(is_login(), pl.col("user_name").is_not_null())
        .select(*_EVENT_ORDER, "user_name", "session_reference", "ip_address", "user_agent")
        .with_columns(fold(pl.col("user_name")).alias("user"))
        .collect()
        .sort(_EVENT_ORDER)
    )
    reach = absolute_timeout // _MICROSECOND
    references = LatestLogins(known, "session_reference")
    both = LatestLogins(known, "ip_address", "user_agent")
    addresses = LatestLogins(known, "ip_address")
    agentless = LatestLogins(known, "ip_address", is_kept=known["user_agent"].is_null())

    def fill(frame: pl.DataFrame) -> pl.DataFrame:
        place = pl.when(pl.col("event_class").is_in(_REQUESTS)).then("ip_address").alias("ip_address")
        left = frame.select("event_time", "session_reference", place, "user_agent")
        left = left.with_row_index("row").filter(frame["user_name"].is_null())
        methods, users = np.full(frame.height, _LOG_USER, np.uint8), np.full(frame.height, -1, np.int64)
        methods[left["row"]] = _ANONYMOUS
        for method, counting, deciding in (
            (_REFERENCE, references, references),
            (_BOTH, both, both),
            (_ADDRESS, agentless, addresses),
        ):
            logins_found, is_several = deciding.sought(left, reach)
            is_found = (logins_found if counting is deciding else counting.sought(left, reach)[0]) >= 0
            rows = left["row"].to_numpy()[is_found]
            methods[rows] = np.where(is_several[is_found], _AMBIGUOUS, method)
            users[rows] = np.where(is_several, -1, logins_found)[is_found]
            left = left.filter(~is_found)
        named = np.flatnonzero(users >= 0)
        return frame.with_columns(
            frame["user_name"].clone().scatter(named, known["user_name"].gather(users[named])),
            pl.Series("attribution_method", _METHODS).gather(methods),
        )

    return fill
