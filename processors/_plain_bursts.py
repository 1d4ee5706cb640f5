"""Bursts in which only one session can be open: the same rules, many bursts at a time.

Most bursts are one device doing one thing. A burst is taken only when it is certain that the rules of
`_open_sessions` come to the same: in doubt it is theirs.
"""

from __future__ import annotations

import polars as pl

from processors._open_sessions import SAME_LOGIN_US


def follow_plain(ordered: pl.DataFrame, *, idle_timeout: int, absolute_timeout: int, as_of: int) -> pl.DataFrame:
    """`row`, `opening_row`, `membership`, `end`, `end_reason` and `is_certain` of every event.

    Where `is_certain` is false the rest means nothing. Takes events in order, burst by burst, numbered from 1.
    """
    row, time, reference = pl.col("row"), pl.col("time"), pl.col("session_reference")
    is_action = pl.col("event_class").is_in(("login", "activity"))
    is_closer = pl.col("event_class").is_in(("logout", "session_end"))

    bursts = (
        ordered.group_by("burst", maintain_order=True)
        .agg(
            row.first().alias("opening_row"),
            time.first().alias("opened"),
            pl.when(is_action).then(time).max().alias("last_action"),
            pl.when(is_closer).then(row).min().alias("closer_row"),
            pl.when(is_closer).then(time).min().alias("closer_time"),
        )
        .with_columns(
            pl.min_horizontal(pl.col("last_action") + idle_timeout, pl.col("opened") + absolute_timeout).alias("limit")
        )
        .with_columns((pl.col("closer_time") <= pl.col("limit")).fill_null(False).alias("is_closed"))
    )
    opening = ordered[bursts["opening_row"]].select(
        pl.col("event_class", "source", "ip_address", "kin").name.prefix("opening_")
    )
    closer_class = ordered["event_class"].gather(bursts["closer_row"]).alias("closer_class")
    bursts = bursts.hstack(opening).hstack([closer_class])
    first_held = pl.when(reference.is_not_null()).then(row.min().over("burst", "session_reference"))
    rows = ordered.hstack(bursts[ordered["burst"] - 1].drop("burst")).with_columns(first_held.alias("first_held"))

    is_held = pl.col("first_held") < row
    is_mixed = pl.col("first_held").min().over("burst", "source") != pl.col("first_held").max().over("burst", "source")
    on_device = pl.col("kin") == pl.col("opening_kin")
    at_address = pl.col("opening_kin").is_null() & (pl.col("ip_address") == pl.col("opening_ip_address"))
    is_twice = (
        on_device
        & (pl.col("opening_event_class") == "login")
        & (pl.col("source") != pl.col("opening_source"))
        & (time - pl.col("opened") <= SAME_LOGIN_US)
    )
    acts = pl.col("last_action").is_not_null()
    is_over = (time > pl.col("limit")) | (pl.col("is_closed") & (row > pl.col("closer_row"))) | ~acts
    is_plain = (
        pl.when(row == pl.col("opening_row"))
        .then(is_action | ~acts)
        .when(is_over)
        .then(~is_action)
        .when(is_closer)
        .then(is_held | (on_device & reference.is_null()))
        .when(pl.col("event_class") == "login")
        .then(is_held | is_twice)
        .otherwise(is_held | on_device | at_address)
    ) & (time - pl.col("opened") != absolute_timeout)
    is_brief = (pl.col("last_action") - pl.col("opened") < absolute_timeout) | ~acts
    times_out = ~pl.col("is_closed") & (pl.col("limit") < as_of)

    return rows.select(
        "row",
        pl.when(~is_over).then("opening_row").alias("opening_row"),
        pl.when(is_closer)
        .then(pl.when(is_over).then(pl.lit("unmatched")).otherwise(pl.lit("closed")))
        .when(~is_action)
        .then(pl.lit("background"))
        .when(row == pl.col("opening_row"))
        .then(pl.lit("opened"))
        .otherwise(pl.lit("action"))
        .alias("membership"),
        pl.when(is_over).then(None).when("is_closed").then("closer_time").when(times_out).then("limit").alias("end"),
        pl.when(is_over)
        .then(None)
        .when("is_closed")
        .then(pl.when(pl.col("closer_class") == "logout").then(pl.lit("logout")).otherwise(pl.lit("revoked")))
        .when(~times_out)
        .then(pl.lit("active"))
        .when(pl.col("limit") == pl.col("opened") + absolute_timeout)
        .then(pl.lit("absolute_timeout"))
        .otherwise(pl.lit("idle_timeout"))
        .alias("end_reason"),
        (is_plain & is_brief & ~is_mixed.fill_null(False)).fill_null(False).all().over("burst").alias("is_certain"),
    )
