"""How long was nobody there? Sessions and their inactivity windows. Split key: the session."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

_ACTION = pl.col("membership").is_in(("opened", "action"))
_JOINED = _ACTION | (pl.col("membership") == "background")


def sessions(members: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """The table `sessions` without places, `device_kind`, `login_date`: one row a session, in the order of the members.

    Takes `sessionize.MEMBERS` as they come: the rows of a session together and in order. Inactivity runs from the
    last action to the end, or to `as_of` while the session is active; the longest stretch may be that last one.
    What the first event does not say (address, device, user agent, application) is taken from the first that does;
    the event that closes a session lends it nothing.
    """
    address, acted = pl.col("ip_address"), pl.when(_ACTION).then("event_time")
    located = pl.when(address.is_not_null()).then("session_id")
    moved = (located.forward_fill().shift() == pl.col("session_id")) & (address.forward_fill().shift() != address)
    inactivity = pl.col("end_time").fill_null(pl.lit(as_of)) - pl.col("last_activity_time")
    return (
        members.filter(_JOINED)
        .with_columns(
            pl.when(pl.col("device") != "unknown").then("device").alias("device"),
            pl.when(pl.col("membership") == "action").then(acted - acted.forward_fill().shift()).alias("stretch"),
            moved.alias("moved"),
        )
        .group_by("session_id", maintain_order=True)
        .agg(
            pl.col("user_name", "login_time", "login_observed", "end_time", "end_reason").first(),
            pl.col("source", "attribution_method").first(),
            pl.col("ip_address", "device", "user_agent", "application").first(ignore_nulls=True),
            acted.max().alias("last_activity_time"),
            pl.col("stretch").max(),
            (pl.col("membership") == "action").sum().cast(pl.Int64).alias("later_actions"),
            address.drop_nulls().unique(maintain_order=True).alias("ip_addresses"),
            pl.col("moved").sum().cast(pl.Int64).alias("ip_switch_count"),
        )
        .select(
            "session_id",
            "user_name",
            "login_time",
            "login_observed",
            "last_activity_time",
            "end_time",
            "end_reason",
            inactivity.dt.total_seconds().alias("inactivity_s"),
            (pl.col("end_reason") != "active").alias("is_final"),
            pl.max_horizontal("stretch", inactivity).dt.total_seconds().alias("longest_inactivity_s"),
            (pl.col("later_actions") + (~pl.col("login_observed")).cast(pl.Int64)).alias("activity_count"),
            "ip_address",
            "ip_addresses",
            pl.col("ip_addresses").list.len().cast(pl.Int64).alias("ip_count"),
            "ip_switch_count",
            pl.col("device").fill_null("unknown"),
            "user_agent",
            "source",
            "application",
            "attribution_method",
            pl.lit(as_of, dtype=pl.Datetime("us", "UTC")).alias("as_of_time"),
        )
    )


def windows(members: pl.LazyFrame, *, inactivity_window: timedelta, as_of: datetime) -> pl.LazyFrame:
    """The table `inactivity_windows`, with `login_time` in place of `login_date`, in the order of the members.

    A window is the stretch from one action of a session to the next, strictly longer than `inactivity_window`. The
    last one of a session ends where the session ends; while that is active at `as_of`, and is open.
    """
    is_last = (pl.col("session_id") != pl.col("session_id").shift(-1)).fill_null(True)
    start = pl.col("event_time")
    end = pl.when(~is_last).then(start.shift(-1)).otherwise(pl.col("end_time").fill_null(pl.lit(as_of)))
    return (
        members.filter(_ACTION)
        .select(
            "session_id",
            start.alias("window_start_time"),
            end.alias("window_end_time"),
            (end - start).dt.total_seconds().alias("window_s"),
            (is_last & pl.col("end_time").is_null()).alias("is_open"),
            "user_name",
            "login_time",
        )
        .filter(pl.col("window_end_time") - pl.col("window_start_time") > inactivity_window)
    )
