"""Which session is the continuation of one that had timed out? Split key: the user."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import polars.selectors as cs

from processors.attribute import fold
from processors.device import kin

ACTION = pl.col("membership").is_in(("opened", "action"))
_TIMED_OUT = ("idle_timeout", "absolute_timeout")
_OF_BEFORE = ("login_time", "login_observed", "end_time", "last_action_time", "application")


def continuations(members: pl.LazyFrame, *, reach: timedelta) -> pl.LazyFrame:
    """One row a session: whose, of which application, since when, and which session it is the continuation of.

    A session that began without a login continues another one of its user that had timed out: the last to act of those
    that hold the session reference of its first event; else the last on the same device; else, of those whose first
    event tells no device, the last at the same address. Not one that holds another reference of that source, for then
    there was a login that nobody saw; not one whose last action is longer ago than `reach`; nor one that ended
    otherwise: what comes after a logout is another matter. Takes `sessionize.MEMBERS` as they come.

    `application` is that of its events, else that of the session it continues. `since_time` is the login, of the
    session it continues where it does; `since_login`: whether that was seen.
    """
    rows = joined(members)
    sessions = rows.group_by("session_id", maintain_order=True).agg(
        pl.col("user", "user_name", "login_time", "login_observed", "end_time", "end_reason", "source").first(),
        pl.col("kin").first().alias("opening_kin"),
        pl.col("kin", "application").first(ignore_nulls=True),
        pl.col("event_time").filter(ACTION).max().alias("last_action_time"),
    )
    before = sessions.filter(pl.col("end_reason").is_in(_TIMED_OUT)).select(
        pl.col("session_id").alias("before"), pl.col(_OF_BEFORE).name.prefix("before_")
    )
    since_before = pl.col("login_time") - pl.col("before_last_action_time")
    goes_on = (pl.col("before_end_time") <= pl.col("login_time")) & (since_before <= reach)

    def of_before(name: str, otherwise: str | None = None) -> pl.Expr:
        return pl.when("goes_on").then(name).otherwise(otherwise)

    return (
        sessions.join(_found(rows, sessions), on="session_id", how="left", maintain_order="left")
        .join(before, on="before", how="left", maintain_order="left")
        .with_columns(goes_on.fill_null(False).alias("goes_on"))
        .select(
            "session_id",
            "user",
            "user_name",
            pl.coalesce("application", of_before("before_application")).alias("application"),
            "source",
            of_before("before_login_time", "login_time").alias("since_time"),
            of_before("before_login_observed", "login_observed").alias("since_login"),
            of_before("before").alias("continued_session_id"),
            of_before("before_last_action_time").alias("before_last_action_time"),
            of_before("evidence").alias("opening_evidence"),
        )
    )


def joined(members: pl.LazyFrame) -> pl.LazyFrame:
    """What joined sessions, with the case-folded `user` and the `kin` of the device."""
    members = members.with_columns(cs.categorical().cast(pl.String))
    devices = members.select(pl.col("device").unique()).with_columns(kin(pl.col("device")).alias("kin"))
    return (
        members.filter(ACTION | (pl.col("membership") == "background"))
        .join(devices, on="device", how="left", maintain_order="left")
        .with_columns(fold(pl.col("user_name")).alias("user"))
    )


def _found(rows: pl.LazyFrame, sessions: pl.LazyFrame) -> pl.LazyFrame:
    """For each session without a login the one that it would have gone on with, whatever that ended by, and why."""
    openings = rows.filter(pl.col("membership") == "opened", ~pl.col("login_observed")).select(
        "session_id", "user", "event_time", "session_reference", "kin", "ip_address", "source"
    )
    last = sessions.select(pl.col("session_id").alias("before"), "user", "last_action_time", "kin", "opening_kin")
    of_rows = rows.select(pl.col("session_id").alias("before"), "session_reference", "ip_address", "source")
    held = of_rows.drop_nulls("session_reference").unique()
    places = (
        of_rows.drop_nulls("ip_address")
        .select("before", "ip_address")
        .unique()
        .join(last.filter(pl.col("opening_kin").is_null()), on="before")
    )
    has_another = held.select("before", "source").unique().with_columns(pl.lit(True).alias("has_another"))
    holders = held.select("before", "session_reference").unique().join(last, on="before")

    def free(found: pl.LazyFrame) -> pl.LazyFrame:
        is_free = pl.col("session_reference").is_null() | pl.col("has_another").is_null()
        return found.join(has_another, on=["before", "source"], how="left").filter(is_free)

    ways = {
        "session_reference": _latest(openings, holders, "session_reference"),
        "device": free(_latest(openings, last, "kin")),
        "address": free(_latest(openings, places, "ip_address")),
    }
    named = [found.select("session_id", "before", pl.lit(way).alias("evidence")) for way, found in ways.items()]
    return pl.concat(named).unique("session_id", keep="first", maintain_order=True)


def _latest(openings: pl.LazyFrame, sessions: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Each opening with the session of its user and `key` that acted last before it, where there is one."""
    candidates = sessions.drop_nulls(key).select("before", "user", "last_action_time", key)
    return (
        openings.drop_nulls(key)
        .sort("event_time", "session_id")
        .join_asof(
            candidates.sort("last_action_time", "before"),
            left_on="event_time",
            right_on="last_action_time",
            by=["user", key],
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .drop_nulls("before")
    )
