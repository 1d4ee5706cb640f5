"""Whether the table of a day still says what the events come to, and under which settings it was computed."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from processors import inactivity, lake, pending
from processors.sessionize import MEMBERS
from processors.settings import Settings
from schemas import Sessions

LIMITS = ("idle_timeout", "absolute_timeout", "inactivity_window")


@dataclass(frozen=True)
class Agreement:
    """Whether the table still is what the events come to, and what may be why not.

    `differences`: column, what the table says, what the events come to now. `changed`: setting, then, now.
    `is_waiting`: events came since that the table lacks. `are_events_kept`: false where retention has removed them.
    """

    differences: tuple[tuple[str, Any, Any], ...]
    changed: tuple[tuple[str, Any, Any], ...]
    is_waiting: bool
    are_events_kept: bool
    is_found: bool

    @property
    def is_same(self) -> bool:
        """Whether the events come to what the table says."""
        return self.is_found and not self.differences

    @property
    def is_outdated(self) -> bool:
        """Whether they come to something else; not where they are gone."""
        return self.are_events_kept and not self.is_same


def settings_of(settings: Settings, day: date) -> Settings:
    """The settings that the table of the day was computed under."""
    notes = lake.metadata(lake.file_of(settings.lake, Sessions, day))
    limits: dict[str, timedelta] = {}
    with contextlib.suppress(ValueError, TypeError):  # written by a version that noted something else
        limits = {
            name: timedelta(seconds=seconds)
            for name, seconds in zip(LIMITS, json.loads(notes.get("limits", "[]")), strict=False)
        }
    return settings.model_copy(
        update={
            "sessions": settings.sessions.model_copy(update=limits),
            "workspace": settings.workspace.model_copy(
                update={"time_zone": notes.get("time_zone", settings.time_zone)}
            ),
        }
    )


def agreement(
    settings: Settings,
    then: Settings,
    was: tuple[pl.DataFrame, pl.DataFrame],
    now: tuple[pl.DataFrame, pl.DataFrame],
    *,
    are_events_kept: bool,
) -> Agreement:
    """Sessions and windows as the tables have them, against those of the events."""
    stored, computed = was[0], now[0]
    differences: list[tuple[str, Any, Any]] = []
    if computed.height:
        kernel = inactivity.sessions(pl.LazyFrame(schema=MEMBERS), as_of=stored["as_of_time"][0])
        names = [*kernel.collect_schema().names(), "login_date"]  # places are no work of these kernels
        pairs = zip(names, stored.select(names).row(0), computed.select(names).row(0), strict=True)
        differences = [(name, old, new) for name, old, new in pairs if old != new]
        old, new = (
            frame.select("window_start_time", "window_end_time", "is_open").sort("window_start_time").rows()
            for frame in (was[1], now[1])
        )
        differences += [("inactivity_windows", old, new)] if old != new else []
    limits = [(name, getattr(then.sessions, name), getattr(settings.sessions, name)) for name in LIMITS]
    settings_then = [*limits, ("time_zone", then.time_zone, settings.time_zone)]
    return Agreement(
        differences=tuple(differences),
        changed=tuple(one for one in settings_then if one[1] != one[2]),
        is_waiting=stored["login_date"][0] in pending.behind(settings.lake),
        are_events_kept=are_events_kept,
        is_found=bool(computed.height),
    )
