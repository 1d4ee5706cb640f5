"""The stages: what each reads, what it writes, by what it may be split, which kernel does it.

landing files ─ parse ─► events, quarantine
events ─ attribute ─ sessionize ─► sessions, inactivity_windows
sessions, and places of their addresses ─ locate ─► sessions
sessions, and what came before them ─ overruns ─► limit_overruns
sessions, inactivity_windows, limit_overruns ─ report ─► a CSV file of each
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from processors import workspace_day
from processors._session_devices import described
from processors.attribute import attribute, filled, fold, is_login
from processors.continuation import continuations
from processors.inactivity import sessions, windows
from processors.locate import Network, locate
from processors.overruns import Policy, governed, overruns
from processors.parse import parse
from processors.sessionize import sessionize
from processors.settings import Settings
from processors.time_stretches import stretches
from processors.user_slices import sliced
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


BATCH_EVENTS = 125_000
"""Events that are read at once, as a stretch of time."""
EVENTS_PER_SLICE = 500_000
"""Events that sessions are made of at once: of more, those of some users after those of others."""

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
    """Tables of a neighbourhood: its sessions, windows and overruns with their `login_date`.

    By `login_date` and `policy_name` how many sessions are `governed`. By `event_date`, the workspace day, how many
    events were attributed by each method, and how many logouts are `unmatched`. `logins`: the successful ones of users.
    """

    sessions: pl.DataFrame
    windows: pl.DataFrame
    overruns: pl.DataFrame
    governed: pl.DataFrame
    attribution: pl.DataFrame
    unmatched: pl.DataFrame
    logins: pl.DataFrame


def attributed(events: pl.LazyFrame, settings: Settings, place: Neighbourhood, *, as_of: datetime) -> pl.LazyFrame:
    """The events of a neighbourhood that are known at `as_of`, with whose they are."""
    near, logins = _near(events, place, as_of=as_of)
    return attribute(near, logins, absolute_timeout=settings.sessions.absolute_timeout)


def members(attributed: pl.LazyFrame, settings: Settings, *, as_of: datetime) -> pl.LazyFrame:
    """`sessionize.MEMBERS` of attributed events."""
    limits = settings.sessions
    return sessionize(
        attributed, idle_timeout=limits.idle_timeout, absolute_timeout=limits.absolute_timeout, as_of=as_of
    )


def day_tables(
    events: pl.LazyFrame,
    settings: Settings,
    place: Neighbourhood,
    *,
    as_of: datetime,
    policies: Iterable[Policy] = (),
    days: Iterable[date] | None = None,
    folder: Path | None = None,
    places: Callable[[pl.Series], pl.DataFrame] | None = None,
) -> DayTables:
    """Sessions, inactivity windows and overruns of the events of a neighbourhood, as known at `as_of`.

    Of `days` only, if they are given. Memory is that of `EVENTS_PER_SLICE` and of the tables, and not that of the
    events: where these are many, they are kept in `folder` meanwhile, which is the caller's to empty.
    `places` gives what is known of addresses (see `locations`); without it sessions have none.
    """
    near, logins_near = _near(events, place, as_of=as_of)
    pieces = stretches(near, BATCH_EVENTS)
    count = max(1, -(-sum(height for _, height in pieces) // EVENTS_PER_SLICE))
    fill = filled(logins_near, absolute_timeout=settings.sessions.absolute_timeout)
    event_date = workspace_day.column(pl.col("event_time"), settings.time_zone).alias("event_date")
    wanted, chosen = None if days is None else [*days], tuple(policies)
    counts, slices = [], []

    def batches() -> Iterator[pl.DataFrame]:
        for within, _ in pieces:
            batch = fill(near.filter(within).collect())
            counts.append(batch.lazy().group_by(event_date, "attribution_method").len("event_count").collect())
            yield batch

    with tempfile.TemporaryDirectory(prefix="slices-", dir=folder) as kept:
        for one in sliced(batches(), count, Path(kept)):
            slices.append(_slice_tables(one, settings, as_of=as_of, policies=chosen, days=wanted))
    nothing = near.clear().collect()
    slices = slices or [_slice_tables(nothing.lazy(), settings, as_of=as_of, policies=chosen, days=wanted)]
    of_users, silences, over, applied, unmatched = (pl.concat(parts) for parts in zip(*slices, strict=True))
    if places:
        known = places(of_users["ip_address"]).lazy()
        of_users = locate(of_users.lazy(), known, networks=networks(settings)).collect()
    nobody = nothing.select(event_date, "attribution_method", pl.lit(0, pl.UInt32).alias("event_count"))
    return DayTables(
        _conformed(of_users, Sessions),
        _conformed(silences, InactivityWindows),
        _conformed(over, LimitOverruns),
        applied.group_by("login_date", "policy_name").agg(pl.col("session_count").sum()).sort(pl.all()),
        pl.concat([nobody, *counts])
        .group_by("event_date", "attribution_method")
        .agg(pl.col("event_count").sum())
        .sort(pl.all()),
        unmatched.group_by("event_date").agg(pl.col("event_count").sum()).sort(pl.all()),
        fill(near.filter(is_login()).collect()).filter(pl.col("user_name").is_not_null()),
    )


def _near(events: pl.LazyFrame, place: Neighbourhood, *, as_of: datetime) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Of the events that are known those that sessions are made of, and the logins that tell whose they are."""
    known = events.filter(pl.col("event_time") < as_of)
    logins = known.filter(is_login(), pl.col("user_name").is_not_null())
    return known.filter(pl.col("event_time") >= place.start), logins


def _slice_tables(
    attributed: pl.LazyFrame,
    settings: Settings,
    *,
    as_of: datetime,
    policies: tuple[Policy, ...],
    days: list[date] | None,
) -> tuple[pl.DataFrame, ...]:
    """Sessions, windows, overruns, how many each policy governs, and unmatched logouts, of some of the users."""
    limits = settings.sessions
    joined = members(attributed, settings, as_of=as_of).collect()
    rows = joined.lazy()
    login_date = workspace_day.column(pl.col("login_time"), settings.time_zone).alias("login_date")
    event_date = workspace_day.column(pl.col("event_time"), settings.time_zone).alias("event_date")
    of_users = sessions(rows, as_of=as_of).with_columns(login_date)
    if days is not None:
        of_users = of_users.filter(pl.col("login_date").is_in(days))
    of_users = described(of_users.collect(), joined).with_columns(_first_spelling()).lazy()
    named = of_users.select("session_id", "user_name", "login_date")
    silences = windows(rows, inactivity_window=limits.inactivity_window, as_of=as_of)
    credentials = attributed.filter(
        pl.col("event_class") == "credential", pl.col("outcome") == "success", pl.col("user_name").is_not_null()
    )
    before = continuations(rows if policies else rows.clear(), reach=limits.absolute_timeout).collect().lazy()
    over = overruns(rows, credentials, before, policies=policies)
    applied = governed(before, policies=policies).join(named, on="session_id")
    unmatched = rows.filter(pl.col("membership") == "unmatched")
    return (
        of_users.collect(),
        silences.drop("user_name").join(named, on="session_id").collect(),
        over.drop("user_name").join(named, on="session_id").collect(),
        applied.group_by("login_date", "policy_name").len("session_count").collect(),
        unmatched.group_by(event_date).len("event_count").collect(),
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


def _conformed(frame: pl.DataFrame, table: type[Table]) -> pl.DataFrame:
    """The rows as the table has them, by key; columns that no stage fills yet are null."""
    absent = {name: pl.lit(None) for name in table.column_names() if name not in frame.columns}
    return table.validate(frame.with_columns(**absent).select(table.column_names()), cast=True).sort(
        table.primary_key()
    )
