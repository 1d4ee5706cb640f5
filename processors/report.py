"""The daily report as frames: what is printed, how, and how complete the day is. Split key: the day."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from processors import workspace_day
from processors._unique import map_unique
from processors._visible import visible
from schemas import Sessions

FIRST_COLUMNS = ("user_name", "login_time", "inactivity_duration", "ip_address", "device")
_FORMULA = r"""(?x)
    (^|;)                         # a cell begins here, where lists are separated by ; here as well
    ([\s"]*                       # what a spreadsheet may pass over
    [=+\-@＝＋－＠﹦﹢﹣﹫−])      # the sign of a formula, in the widths of East Asia too
"""
_HIDDEN = r"[\p{C}\p{Zl}\p{Zp}]"


def recent_activities(sessions: pl.DataFrame, *, time_zone: str) -> pl.DataFrame:
    """One row a session, newest login first: the five columns, then the rest.

    `login_time` is in the workspace zone with its offset in `login_utc_offset`; every other time is UTC. `as_of_time`
    stands once in the manifest: a day in which nothing happened since is the same file at every `as_of`.
    """
    rest = [name for name in Sessions.column_names() if name not in (*FIRST_COLUMNS, "as_of_time")]
    return (
        sessions.sort(["login_time", "session_id"], descending=[True, False])
        .with_columns(
            duration(pl.col("inactivity_s")).alias("inactivity_duration"),
            utc_offset("login_time", time_zone).alias("login_utc_offset"),
            pl.col("ip_addresses").list.join(" "),
            workspace_day.printed(pl.col("login_time"), time_zone).alias("login_time"),
        )
        .select(*FIRST_COLUMNS, "login_utc_offset", *rest)
        .pipe(_printable)
    )


def inactivity_windows(windows: pl.DataFrame, *, time_zone: str) -> pl.DataFrame:
    """One row a window, by user, then time: whose, from when to when in the workspace zone, how long."""
    return (
        windows.sort("user_name", "window_start_time", "session_id")
        .select(
            "user_name",
            workspace_day.printed(pl.col("window_start_time"), time_zone),
            workspace_day.printed(pl.col("window_end_time"), time_zone),
            duration(pl.col("window_s")).alias("inactivity_duration"),
            "is_open",
            utc_offset("window_start_time", time_zone).alias("window_start_utc_offset"),
            utc_offset("window_end_time", time_zone).alias("window_end_utc_offset"),
            "session_id",
            "window_s",
        )
        .pipe(_printable)
    )


def limit_overruns(overruns: pl.DataFrame, *, time_zone: str) -> pl.DataFrame:
    """One row an action after a limit, by user, then time: whose, when, what was measured and allowed, in words."""
    return (
        overruns.sort("user_name", "next_action_time", "policy_name", "limit_kind", "session_id")
        .select(
            "user_name",
            workspace_day.printed(pl.col("last_action_time"), time_zone),
            workspace_day.printed(pl.col("next_action_time"), time_zone),
            "policy_name",
            "limit_kind",
            duration(pl.col("limit_s")).alias("limit_duration"),
            duration(pl.col("measured_s")).alias("measured_duration"),
            _explanation(time_zone).alias("explanation"),
            utc_offset("last_action_time", time_zone).alias("last_action_utc_offset"),
            utc_offset("next_action_time", time_zone).alias("next_action_utc_offset"),
            "session_id",
            "limit_s",
            "measured_s",
            "measured_from",
            "measured_from_time",
            "next_action_class",
            "evidence",
            "continued_session_id",
            "application",
            "source",
        )
        .pipe(_printable)
    )


def _explanation(time_zone: str) -> pl.Expr:
    """The arithmetic of an overrun in a sentence."""

    def instant(name: str) -> pl.Expr:
        return workspace_day.printed(pl.col(name), time_zone)

    measured, limit = duration(pl.col("measured_s")), duration(pl.col("limit_s"))
    is_within_a_second = pl.col("measured_s") == pl.col("limit_s")
    measured += pl.when(is_within_a_second).then(pl.lit(" and part of a second")).otherwise(pl.lit(""))
    since = pl.col("measured_from").replace_strict(
        {
            "login": "the login",
            "first_event": "the first event (no login was seen)",
            "authentication": "the last password or second factor",
        },
        default="",
    )
    idle = pl.format(
        "No action for {}, from {} to {}", measured, instant("last_action_time"), instant("next_action_time")
    )
    age = pl.format(
        "Action at {}, {} after {} at {}", instant("next_action_time"), measured, since, instant("measured_from_time")
    )
    way = pl.col("evidence").replace_strict(
        {"session_reference": "the same session id", "device": "the same device", "address": "the same address"}
    )
    what = (
        pl.when(pl.col("continued_session_id").is_null())
        .then(pl.lit("the session"))
        .otherwise(pl.lit("the session that had timed out"))
    )
    return pl.format(
        "{}; then {} went on without a new login ({}). {} allows {}",
        pl.when(pl.col("limit_kind") == "idle_limit").then(idle).otherwise(age),
        what,
        way,
        "policy_name",
        limit,
    )


def duration(seconds: pl.Expr) -> pl.Expr:
    """`HH:MM:SS`; hours do not wrap at 24."""
    part = [(seconds // 3600), (seconds // 60 % 60), (seconds % 60)]
    return pl.concat_str([p.cast(pl.String).str.zfill(2) for p in part], separator=":")


def guarded(text: pl.Expr) -> pl.Expr:
    """The text, with an apostrophe before what a spreadsheet would take for a formula.

    Where the decimal mark is a comma, a file with commas is cut at its semicolons, and quotes do not prevent that.
    """
    return text.str.replace_all(_FORMULA, "${1}'${2}")


def utc_offsets(bounds: tuple[datetime, datetime], time_zone: str) -> list[str]:
    """The offsets of a day's first and last instant: two where the clocks change on it, whoever logged in or not."""
    first, end = bounds
    instants = pl.DataFrame({"instant": [first, end - timedelta(microseconds=1)]})
    return sorted(set(instants.select(utc_offset("instant", time_zone)).to_series()))


def utc_offset(name: str, time_zone: str) -> pl.Expr:
    """`UTC+05:30`: how far ahead the workspace's clocks are at each instant."""
    return pl.lit("UTC") + pl.col(name).dt.convert_time_zone(time_zone).dt.strftime("%:z")  # a bare sign is a formula


def _printable(frame: pl.DataFrame) -> pl.DataFrame:
    instants = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    texts = pl.col([name for name, kind in frame.schema.items() if kind == pl.String])
    return frame.with_columns(pl.col(instants).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), guarded(_shown(texts)))


def _shown(text: pl.Expr) -> pl.Expr:
    """The text with its invisible characters written out."""
    return map_unique(pl.when(text.str.contains(_HIDDEN)).then(text), visible).fill_null(text)
