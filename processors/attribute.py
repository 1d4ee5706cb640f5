"""Whose event is it? Split key: the event; the logins come whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from processors._unique import map_unique

_EVENT_ORDER = ("event_time", "file_id", "line_number")
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_REQUESTS = ("activity", "background", "logout")
"""What whoever has signed in at an address does there. Who fails to sign in there, or what runs there and is nobody (a
service principal), need not be that person."""


def fold(name: pl.Expr) -> pl.Expr:
    """The name case-folded (Unicode): two spellings of one user become equal. Null stays null."""
    return map_unique(name, str.casefold)


def is_login() -> pl.Expr:
    """Whether an event is a successful login."""
    return (pl.col("event_class") == "login") & (pl.col("outcome") == "success")


def attribute(events: pl.LazyFrame, logins: pl.LazyFrame, *, absolute_timeout: timedelta) -> pl.LazyFrame:
    """The events with `user_name` and `attribution_method` filled, in the order (event_time, file_id, line_number).

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
    known = logins.filter(is_login(), pl.col("user_name").is_not_null())
    columns = events.collect_schema().names()
    unnamed = pl.col("user_name").is_null()
    window = pl.col("event_time") - absolute_timeout
    sought = events.sort(_EVENT_ORDER).with_columns(
        pl.when(unnamed).then("session_reference").alias("_reference"),
        pl.when(unnamed & pl.col("event_class").is_in(_REQUESTS)).then("ip_address").alias("_address"),
        pl.when(unnamed).then("user_agent").alias("_agent"),
    )
    for name, keys, these in (
        ("reference", {"_reference": "session_reference"}, known),
        ("both", {"_address": "ip_address", "_agent": "user_agent"}, known),
        ("address", {"_address": "ip_address"}, known),
        ("agentless", {"_address": "ip_address"}, known.filter(pl.col("user_agent").is_null())),
    ):
        sought = sought.join_asof(
            _latest(these, name, list(keys.values())),
            left_on="event_time",
            right_on=f"_{name}_time",
            by_left=list(keys),
            by_right=list(keys.values()),
            strategy="backward",
            coalesce=False,
            check_sortedness=False,
        )

    def found(name: str) -> pl.Expr:
        return pl.col(f"_{name}_time") >= window

    def several(name: str) -> pl.Expr:
        return pl.col(f"_{name}_other_time") >= window

    def decide(name: str, method: str) -> pl.Expr:
        return pl.when(several(name)).then(pl.lit("ambiguous")).otherwise(pl.lit(method))

    method = (
        pl.when(~unnamed)
        .then(pl.lit("log_user"))
        .when(found("reference"))
        .then(decide("reference", "session_reference"))
        .when(found("both"))
        .then(decide("both", "address_and_device"))
        .when(found("agentless"))
        .then(decide("address", "address"))
        .otherwise(pl.lit("anonymous"))
    )
    user = (
        pl.when(pl.col("attribution_method") == "log_user")
        .then("user_name")
        .when(pl.col("attribution_method") == "session_reference")
        .then("_reference_user")
        .when(pl.col("attribution_method") == "address_and_device")
        .then("_both_user")
        .when(pl.col("attribution_method") == "address")
        .then("_address_user")
    )
    return sought.with_columns(method.alias("attribution_method")).with_columns(user.alias("user_name")).select(columns)


def _latest(logins: pl.LazyFrame, name: str, keys: list[str]) -> pl.LazyFrame:
    """The logins by time, each with the time of the latest one before it by another user on the same keys."""
    key_begins = pl.any_horizontal(pl.col(key) != pl.col(key).shift() for key in keys).fill_null(True)
    return (
        logins.filter(pl.col(key).is_not_null() for key in keys)
        .sort(*keys, *_EVENT_ORDER)
        .with_columns(fold(pl.col("user_name")).alias("_folded"))
        .with_columns(
            pl.when(key_begins)
            .then(pl.lit(_LONG_AGO))
            .when(pl.col("_folded") != pl.col("_folded").shift())
            .then(pl.col("event_time").shift())
            .forward_fill()
            .alias(f"_{name}_other_time"),
        )
        .select(
            *keys,
            pl.col("event_time").alias(f"_{name}_time"),
            pl.col("user_name").alias(f"_{name}_user"),
            f"_{name}_other_time",
        )
        .sort(f"_{name}_time", maintain_order=True)
    )
