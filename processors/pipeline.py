"""The stages: what each reads, what it writes, by what it may be split, which kernel does it.

landing files ─ parse ─► events, quarantine
events ─ attribute ─ sessionize ─► sessions, inactivity_windows
sessions, and places of their addresses ─ locate ─► sessions
sessions, and what came before them ─ overruns ─► limit_overruns
sessions, inactivity_windows, limit_overruns ─ report ─► a CSV file of each
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from processors import workspace_day
from processors.attribute import attribute, fold
from processors.continuation import continuations
from processors.inactivity import sessions, windows
from processors.locate import Network, locate
from processors.overruns import Policy, governed, overruns
from processors.parse import parse
from processors.sessionize import sessionize
from processors.settings import Settings
from schemas import InactivityWindows, LimitOverruns, Sessions, Table


@dataclass(frozen=True)
class Stage:
    """One step of the flow. Kernel law: `kernel(A ∪ B) = kernel(A) ∪ kernel(B)` where A and B share no split key."""

    reads: str
    writes: str
    split_key: str
    kernel: Callable[..., Any]


STAGES = (
    Stage("landing lines", "events, quarantine", "line", parse),
    Stage("events, logins", "attributed events", "event", attribute),
    Stage("attributed events", "members of sessions", "user", sessionize),
    Stage("members of sessions", "sessions", "session", sessions),
    Stage("sessions, places", "sessions", "address", locate),
    Stage("members of sessions", "inactivity_windows", "session", windows),
    Stage("members of sessions, second factors", "limit_overruns", "user", overruns),
)


EVENT_COLUMNS = (
    "event_time",
    "source",
    "event_class",
    "outcome",
    "user_name",
    "attribution_method",
    "session_reference",
    "application",
    "ip_address",
    "user_agent",
    "device",
    "file_id",
    "line_number",
)
"""What sessions are made of: the rest of an event is not read for them."""


@dataclass(frozen=True)
class Neighbourhood:
    """What the sessions of some days are a function of: events in `[start, end]`, logins from `logins_start` on."""

    logins_start: datetime
    start: datetime
    end: datetime


def neighbourhood(settings: Settings, first: date, last: date) -> Neighbourhood:
    """The neighbourhood of the days `first` to `last`.

    Behind: by then either a gap or the rule for machines (see `sessionize`) has closed whatever was open; that rule
    looks back over an absolute timeout and the gap before it. Ahead: no session outlives its absolute timeout.
    Policies look back an absolute timeout for a session that goes on, and as long again for the beginning of that one.
    """
    absolute = settings.sessions.absolute_timeout
    logins_start = workspace_day.bounds(first, settings.time_zone)[0] - settings.look_back
    end = workspace_day.bounds(last, settings.time_zone)[1] + absolute
    return Neighbourhood(logins_start, logins_start + absolute, end)


@dataclass(frozen=True)
class DayTables:
    """Tables of a neighbourhood: all its sessions, windows and overruns with their `login_date`; attributed events.

    `governed`: how many sessions each policy applies to, by `login_date` and `policy_name`.
    """

    sessions: pl.DataFrame
    windows: pl.DataFrame
    overruns: pl.DataFrame
    governed: pl.DataFrame
    members: pl.DataFrame
    attributed: pl.DataFrame


def day_tables(
    events: pl.LazyFrame,
    settings: Settings,
    place: Neighbourhood,
    *,
    as_of: datetime,
    policies: Iterable[Policy] = (),
    places: Callable[[pl.Series], pl.DataFrame] | None = None,
) -> DayTables:
    """Sessions, inactivity windows and overruns of the events of a neighbourhood, as known at `as_of`.

    `places` gives what is known of addresses (see `locations`); without it sessions have none.
    """
    limits = settings.sessions
    known = events.filter(pl.col("event_time") < as_of)
    logins = known.filter(
        pl.col("event_class") == "login", pl.col("outcome") == "success", pl.col("user_name").is_not_null()
    )
    attributed = attribute(
        known.filter(pl.col("event_time") >= place.start), logins, absolute_timeout=limits.absolute_timeout
    ).collect()
    members = sessionize(
        attributed.lazy(),
        idle_timeout=limits.idle_timeout,
        absolute_timeout=limits.absolute_timeout,
        as_of=as_of,
    ).collect()
    login_date = workspace_day.column(pl.col("login_time"), settings.time_zone).alias("login_date")
    of_users = sessions(members.lazy(), as_of=as_of).with_columns(login_date).collect()
    of_users = of_users.with_columns(_first_spelling())
    if places:
        known = places(of_users["ip_address"]).lazy()
        of_users = locate(of_users.lazy(), known, networks=networks(settings)).collect()
    silences = windows(members.lazy(), inactivity_window=limits.inactivity_window, as_of=as_of)
    named = of_users.lazy().select("session_id", "user_name", "login_date")
    credentials = attributed.lazy().filter(
        pl.col("event_class") == "credential", pl.col("outcome") == "success", pl.col("user_name").is_not_null()
    )
    chosen = tuple(policies)
    before = continuations(members.lazy() if chosen else members.lazy().clear(), reach=limits.absolute_timeout)
    before = before.collect().lazy()
    over = overruns(members.lazy(), credentials, before, policies=chosen)
    applied = governed(before, policies=chosen).join(named, on="session_id")
    return DayTables(
        _conformed(of_users.lazy(), Sessions),
        _conformed(silences.drop("user_name").join(named, on="session_id"), InactivityWindows),
        _conformed(over.drop("user_name").join(named, on="session_id"), LimitOverruns),
        applied.group_by("login_date", "policy_name").len("session_count").collect(),
        members,
        attributed,
    )


def networks(settings: Settings) -> list[Network]:
    """What the settings say of networks. Of a kind that is unknown, they say nothing."""
    return [
        Network(prefix, said.label, said.kind if said.kind != "unknown" else None)
        for prefix, said in settings.networks.items()
    ]


def _first_spelling() -> pl.Expr:
    """How the user is spelled in the first session of the login date: one spelling a day, however computed."""
    order = ["login_time", "session_id"]
    return pl.col("user_name").sort_by(order).first().over("login_date", fold(pl.col("user_name")))


def _conformed(rows: pl.LazyFrame, table: type[Table]) -> pl.DataFrame:
    """The rows as the table has them, by key; columns that no stage fills yet are null."""
    frame = rows.collect()
    absent = {name: pl.lit(None) for name in table.column_names() if name not in frame.columns}
    return table.validate(frame.with_columns(**absent).select(table.column_names()), cast=True).sort(
        table.primary_key()
    )
