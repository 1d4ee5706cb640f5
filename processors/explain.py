"""Why a session is what its table says: its events, what each was attributed and joined by, and what ended it.

Nothing is told from memory: the user's events are read from the lake and go through the same kernels as for the table,
under the settings that the table was computed under, and what comes out is compared with what the table says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from processors import _agreement, _found_session, _session_events, clocks, lake, ledger, mask, pipeline, workspace_day
from processors import settings as configuration
from processors._agreement import Agreement
from processors.attribute import fold, is_login
from processors.device import kin
from processors.settings import Settings
from schemas import Events, InactivityWindows, Sessions

Row = dict[str, Any]
_KEY = ("file_id", "line_number")
_SAID = ("event_action", "http_method", "http_path", "http_status")


@dataclass(frozen=True)
class Limits:
    """The settings that the table of the day was computed under."""

    idle_timeout: timedelta
    absolute_timeout: timedelta
    inactivity_window: timedelta
    time_zone: str


class Other(NamedTuple):
    """Another session of the user: the one before, or the one whose login superseded this one."""

    session_id: str
    login_time: datetime
    source: str
    end_time: datetime | None
    end_reason: str
    is_same_device: bool


class Next(NamedTuple):
    """The first event of the user that is later than the session's end."""

    event_time: datetime
    source: str
    event_class: str


@dataclass(frozen=True)
class Explanation:
    """All there is to say. `session`, `events`, `windows` are rows; without events, `session` is what the table says.

    `events` have beside the columns of the table: `number`, `membership` (see `sessionize.MEMBERS`), what
    `_session_events.told` adds, `path` of the landing file, and `matched_number`: that of the matched login among them.
    `longest_pause`: of the user's actions in the absolute timeout before the session's end. `known_until`:
    when the events end that can bear on it. `clock_warnings`: of the clocks of its sources on that day.
    """

    session: Row
    events: list[Row]
    windows: list[Row]
    limits: Limits
    agreement: Agreement
    next_event: Next | None
    superseded_by: Other | None
    before: Other | None
    longest_pause: timedelta | None
    known_until: datetime
    clock_warnings: list[str]
    is_masked: bool

    @property
    def login_date(self) -> date:
        """The workspace date of the login."""
        found: date = self.session["login_date"]
        return found

    @property
    def is_machine_cut(self) -> bool:
        """Whether it was closed because the user never paused: see `follow` in `_session_kernel`."""
        longest: datetime = self.session["login_time"] + self.limits.absolute_timeout
        return self.session["end_reason"] == "absolute_timeout" and bool(self.session["end_time"] != longest)


def explain(workspace: Settings | str | Path, session_id: str, *, is_masked: bool = False) -> Explanation:
    """Why the session is what it is. `session_id` may be the beginning of one.

    Errors: `CallError` where no session, or more than one, has an id that begins so.
    """
    settings = workspace if isinstance(workspace, Settings) else configuration.load(workspace)
    stored = _found_session.found(settings, session_id)
    day, as_of = stored["login_date"][0], stored["as_of_time"][0]
    then = _agreement.settings_of(settings, day)
    place = pipeline.neighbourhood(then, day, day)
    near = _near(then, place, stored["user_name"][0], as_of=as_of)
    tables = pipeline.day_tables(near.lazy(), then, place, as_of=as_of, days=[day])
    every = pipeline.members(pipeline.attributed(near.lazy(), then, place, as_of=as_of), then, as_of=as_of).collect()

    this = pl.col("session_id") == stored["session_id"][0]
    computed, members = tables.sessions.filter(this), every.filter(this)
    of_user = _same_user(every, stored["user_name"][0])
    events = _events(settings, near, members, then.sessions.absolute_timeout) if members.height else members
    shown = computed if computed.height else stored
    was = _windows(settings, day).filter(this)
    windows = tables.windows.filter(this) if computed.height else was
    agreement = _agreement.agreement(
        settings, then, (stored, was), (computed, windows), are_events_kept=bool(near.height)
    )
    (row,) = shown.to_dicts()
    if is_masked:
        shown, events, windows = mask.masked(shown), mask.masked(events), mask.masked(windows)
        events = events.drop("path", strict=False)  # folders may be called as hosts are
    return Explanation(
        session=shown.to_dicts()[0],
        events=events.drop("session_reference", strict=False).to_dicts(),
        windows=windows.sort("window_start_time").drop("session_id", "login_date", strict=False).to_dicts(),
        limits=Limits(
            then.sessions.idle_timeout,
            then.sessions.absolute_timeout,
            then.sessions.inactivity_window,
            then.time_zone,
        ),
        agreement=agreement,
        next_event=_next(of_user, row["end_time"]),
        superseded_by=_superseding(of_user, row),
        before=_before(of_user, row),
        longest_pause=_longest_pause(of_user, row["end_time"], then.sessions.absolute_timeout),
        known_until=min(as_of, place.end),
        clock_warnings=_clock_warnings(settings, day, set(members["source"])),
        is_masked=is_masked,
    )


def _near(then: Settings, place: pipeline.Neighbourhood, user_name: str, *, as_of: datetime) -> pl.DataFrame:
    """The user's events, those that may be theirs, and the logins of others that could make these ambiguous."""
    user = pl.lit(user_name.casefold())
    every = lake.scan(then.lake, Events, workspace_day.utc_dates(place.logins_start, place.end)).filter(
        pl.col("event_time").is_between(place.logins_start, place.end), pl.col("event_time") < as_of
    )
    is_theirs = fold(pl.col("user_name")) == user
    with lake.reached(then.lake):
        keys = every.filter(is_login(), is_theirs).select("session_reference", "ip_address").unique().collect()
    meets = pl.any_horizontal(
        pl.col(name).is_in(keys[name].drop_nulls().unique().to_list()).fill_null(False) for name in keys.columns
    )
    is_near = is_theirs.fill_null(False) | (meets & (pl.col("user_name").is_null() | is_login()))
    with lake.reached(then.lake):
        return every.filter(is_near).select(*pipeline.EVENT_COLUMNS, *_SAID).collect()


def _same_user(rows: pl.DataFrame, user_name: str) -> pl.DataFrame:
    return rows.filter(fold(pl.col("user_name")) == pl.lit(user_name.casefold()))


def _events(settings: Settings, near: pl.DataFrame, members: pl.DataFrame, absolute: timedelta) -> pl.DataFrame:
    logins = _same_user(near.filter(is_login()), members["user_name"][0])
    told = _session_events.told(members, logins, absolute_timeout=absolute).with_row_index("number", 1)
    numbers = told.select("number", *_KEY).rename(
        {"number": "matched_number"} | {key: f"matched_{key}" for key in _KEY}
    )
    paths = {
        entry.file_id: entry.path for source in told["source"].unique() for entry in ledger.read(settings.lake, source)
    }
    return (
        told.join(near.select(*_KEY, *_SAID), on=_KEY, how="left", maintain_order="left")
        .join(numbers, on=[f"matched_{key}" for key in _KEY], how="left", maintain_order="left")
        .with_columns(pl.col("file_id").replace_strict(paths, default=None, return_dtype=pl.String).alias("path"))
        .drop("session_id", "login_time", "login_observed", "end_time", "end_reason", "application")
    )


def _windows(settings: Settings, day: date) -> pl.DataFrame:
    return lake.read_file(lake.file_of(settings.lake, InactivityWindows, day), InactivityWindows)


def _clock_warnings(settings: Settings, day: date, sources: set[str]) -> list[str]:
    skews = clocks.noted(lake.metadata(lake.file_of(settings.lake, Sessions, day)))
    return clocks.told(settings, [one for one in skews if {one.provider, one.server} <= sources], beside=skews)


def _next(of_user: pl.DataFrame, end: datetime | None) -> Next | None:
    columns = ("event_time", "source", "event_class")
    later = of_user.filter(pl.col("event_time") > end) if end else of_user.clear()
    rows = later.sort("event_time", "file_id", "line_number").head(1).select(columns).rows()
    return Next(*rows[0]) if rows else None


def _superseding(of_user: pl.DataFrame, row: Row) -> Other | None:
    if row["end_reason"] != "superseded":
        return None
    at_its_end = (pl.col("login_time") == row["end_time"]) & (pl.col("session_id") != row["session_id"])
    return _other(_sessions(of_user, row).filter(at_its_end, "is_same_device"))


def _before(of_user: pl.DataFrame, row: Row) -> Other | None:
    return _other(_sessions(of_user, row).filter(pl.col("login_time") < row["login_time"]).tail(1))


def _sessions(of_user: pl.DataFrame, row: Row) -> pl.DataFrame:
    """The user's sessions, by their first events."""
    is_same_device = (kin(pl.col("device")) == kin(pl.lit(row["device"]))).fill_null(False)
    opened = of_user.filter(pl.col("membership") == "opened").sort("login_time", "session_id")
    return opened.with_columns(is_same_device.alias("is_same_device"))


def _other(rows: pl.DataFrame) -> Other | None:
    found = rows.select(Other._fields).rows()
    return Other(*found[0]) if found else None


def _longest_pause(of_user: pl.DataFrame, end: datetime | None, absolute: timedelta) -> timedelta | None:
    if end is None:
        return None
    acted = of_user.filter(pl.col("membership").is_in(("opened", "action")), pl.col("event_time") <= end)
    times = acted["event_time"].sort()
    before = times.filter(times <= end - absolute).tail(1)
    within = [*before, *times.filter(times > end - absolute), end]
    return max((later - earlier for earlier, later in pairwise(within)), default=None)
