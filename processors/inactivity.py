"""How long was nobody there? Sessions and their inactivity windows. Split key: the session."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from processors._text_codes import numbered
from schemas.columns import UNKNOWN_DEVICE

_ACTION = pl.col("membership").is_in(("opened", "action"))
_JOINED = _ACTION | (pl.col("membership") == "background")
_FIRST = ("session_id", "user_name", "login_time", "login_observed", "end_time", "end_reason", "source",
          "attribution_method")  # fmt: skip
_FILLED = ("ip_address", "device", "user_agent", "application")
_SAID = (*_FIRST, *_FILLED)
_COUNTED: dict[str, pl.DataType | type[pl.DataType]] = {
    "last_activity_time": pl.Datetime("us", "UTC"),
    "stretch": pl.Duration("us"),
    "action_count": pl.Int64,
    "ip_addresses": pl.List(pl.String),
    "ip_switch_count": pl.Int64,
}
_NONE = -1


def sessions(members: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """The table `sessions` without places, `device_kind`, `login_date`: one row a session, in the order of the members.

    Takes `sessionize.MEMBERS` as they come: the rows of a session together and in order. Inactivity runs from the
    last action to the end, or to `as_of` while the session is active; the longest stretch may be that last one.
    What the first event does not say (address, device, user agent, application) is taken from the first that does;
    the event that closes a session lends it nothing.
    """
    said = members.select(_SAID).with_columns(cs.categorical().cast(pl.String)).collect_schema()
    schema = pl.Schema({**said, **_COUNTED})
    inactivity = pl.col("end_time").fill_null(pl.lit(as_of)) - pl.col("last_activity_time")
    return (
        members.filter(_JOINED)
        .with_columns(pl.when(pl.col("device") != UNKNOWN_DEVICE).then("device").alias("device"))
        .map_batches(lambda rows: _of_each(rows, schema), schema=schema)
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
            (pl.col("action_count") - pl.col("login_observed").cast(pl.Int64)).alias("activity_count"),
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


def _of_each(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """One row a session: what its first event says, or the first one that does, and what its events come to."""
    opens = (rows["membership"] == "opened").to_numpy()
    begins = np.flatnonzero(opens)
    if not len(begins):
        return schema.to_frame()
    session = np.cumsum(opens) - 1
    acted = np.flatnonzero((rows["membership"] != "background").to_numpy())
    times = rows["event_time"].to_physical().to_numpy()[acted]
    first = np.flatnonzero(opens[acted])
    stretch = np.diff(times, prepend=times[:1])
    stretch[first] = _NONE
    longest = np.maximum.reduceat(stretch, first)
    count = np.diff(first, append=len(acted))
    addresses, switches = _addresses(rows["ip_address"], session, len(begins))
    return pl.DataFrame(
        {
            **{name: rows[name].gather(begins) for name in _FIRST},
            **{name: _first(rows[name], begins) for name in _FILLED},
            "last_activity_time": pl.Series(times[first + count - 1]),
            "stretch": pl.Series(longest).set(pl.Series(longest == _NONE), None),
            "action_count": count,
            "ip_addresses": addresses,
            "ip_switch_count": switches,
        }
    ).select(pl.col(name).cast(kind) for name, kind in schema.items())


def _first(values: pl.Series, begins: Any) -> pl.Series:
    """The first value of each session; null where it has none."""
    known = values.is_not_null().to_numpy()
    if known[begins].all():
        return values.gather(begins)
    rows = np.minimum.reduceat(np.where(known, np.arange(len(known)), len(known)), begins)
    return values.gather(pl.Series(rows).set(pl.Series(rows == len(known)), None))


def _addresses(addresses: pl.Series, session: Any, count: int) -> tuple[pl.Series, Any]:
    """The addresses of each session, each once, and how often they change from one event to the next."""
    codes = numbered(addresses)
    located = np.flatnonzero(codes)
    of, codes = session[located], codes[located]
    is_other = np.diff(of, prepend=-1) > 0
    moved = ~is_other & (np.diff(codes, prepend=codes[:1]) != 0)
    new = located[is_other | moved]
    every = pl.DataFrame({"session": session[new], "address": addresses.gather(new).cast(pl.String)})
    lists = every.unique(maintain_order=True).group_by("session", maintain_order=True).agg("address")
    whole = pl.DataFrame({"session": np.arange(count)}).join(lists, on="session", how="left", maintain_order="left")
    found = whole.select(pl.col("address").fill_null(pl.lit([], dtype=pl.List(pl.String)))).to_series()
    return found, np.bincount(of[moved], minlength=count)


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
        .with_columns(cs.categorical().cast(pl.String))
    )
