"""How far are an identity provider's clock and the web servers' apart? Split key: the pair of sources.

Both record the same login, so the difference of the two times is the difference of their clocks and the few seconds
that a login takes. To pair what is the same login without knowing the skew, logins are paired far more widely than
they are merged (`sessionize` takes 60 s), and that lets in pairs that are none. What keeps these out:

- A pair is two logins of one user that are each the nearest to the other, at most `WINDOW` apart, not on two different
  devices. Every login is in one pair at most.
- A user counts twice a day at most, so that no machine that signs in to both by a timetable makes a majority.
- Half of the pairs, and `LEAST_PAIRS` of `LEAST_USERS` users at the least, must agree to within `AGREEMENT` with the
  median. Logins that have nothing to do with each other differ by anything up to `WINDOW` either way: one comes so near
  to the median by a chance of 1 in 60, five of ten by one of 1 in 100,000. Nothing is said of them, whatever their
  median is.

A skew beyond `WINDOW`, such as a time zone that is wrong, is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import polars as pl

from processors.attribute import fold, is_login
from processors.device import kin

WINDOW = timedelta(minutes=15)
AGREEMENT = timedelta(seconds=15)
LEAST_PAIRS, LEAST_USERS, PAIRS_OF_A_USER = 10, 5, 2
SKEWS = pl.Schema({"provider": pl.String, "server": pl.String, "skew_s": pl.Int64, "pair_count": pl.Int64})
"""One row a provider and web source whose skew is known. `skew_s`: how far the provider's clock is ahead; rounded."""

_ORDER = ("event_time", "file_id", "line_number")
_DIFFERENCE = pl.col("provider_time") - pl.col("server_time")


def clock_skew(events: pl.LazyFrame, *, providers: Iterable[str], servers: Iterable[str]) -> pl.LazyFrame:
    """`SKEWS` of the successful logins of named users among the events of a day, by provider and server."""
    providers, servers = list(providers), list(servers)
    if not providers or not servers:
        return pl.LazyFrame(schema=SKEWS)
    logins = (
        events.filter(is_login(), pl.col("user_name").is_not_null(), pl.col("source").is_in([*providers, *servers]))
        .select("source", "user_name", "device", "event_time", "file_id", "line_number")
        .with_columns(fold(pl.col("user_name")).alias("user"))
        .sort(_ORDER)
        .with_row_index("row")
        .cache()
    )
    of_provider, of_server = _named(logins, "provider", providers), _named(logins, "server", servers)
    pairs = _nearest(of_provider, of_server, "provider", "server").join(
        _nearest(of_server, of_provider, "server", "provider"), on=["provider_row", "server_row"], how="semi"
    )
    both = ["provider", "server"]
    is_same_device = (kin(pl.col("provider_device")) == kin(pl.col("server_device"))).fill_null(True)
    counted = (
        pairs.filter(is_same_device)
        .sort("provider_row")
        .filter(pl.int_range(pl.len()).over(*both, "user") < PAIRS_OF_A_USER)
        .with_columns(_DIFFERENCE.alias("difference"))
        .with_columns(pl.col("difference").median().over(both).alias("median"))
    )
    agrees = (pl.col("difference") - pl.col("median")).abs() <= AGREEMENT
    return (
        counted.group_by(both)
        .agg(
            (pl.col("median").first().dt.total_microseconds() / 1e6).round().cast(pl.Int64).alias("skew_s"),
            pl.len().cast(pl.Int64).alias("pair_count"),
            pl.col("user").n_unique().alias("user_count"),
            agrees.sum().alias("agreeing_count"),
        )
        .filter(
            pl.col("pair_count") >= LEAST_PAIRS,
            pl.col("user_count") >= LEAST_USERS,
            pl.col("agreeing_count") * 2 >= pl.col("pair_count"),
        )
        .select(SKEWS.names())
        .sort(both)
    )


def _named(logins: pl.LazyFrame, side: str, sources: list[str]) -> pl.LazyFrame:
    return logins.filter(pl.col("source").is_in(sources)).select(
        "user",
        pl.col("source").alias(side),
        pl.col("event_time").alias(f"{side}_time"),
        pl.col("device").alias(f"{side}_device"),
        pl.col("row").alias(f"{side}_row"),
    )


def _nearest(logins: pl.LazyFrame, others: pl.LazyFrame, side: str, other_side: str) -> pl.LazyFrame:
    """Each login of one side with the nearest one of the same user of every source of the other side."""
    sources = others.select(other_side).unique()
    return (
        logins.join(sources, how="cross")
        .sort(f"{side}_row")
        .join_asof(
            others,
            left_on=f"{side}_time",
            right_on=f"{other_side}_time",
            by=["user", other_side],
            strategy="nearest",
            tolerance=WINDOW,
            coalesce=False,
            check_sortedness=False,
        )
        .drop_nulls(f"{other_side}_row")
    )
