"""Until when the tables of a day stand: the instant after which they are other ones though no event comes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

import polars as pl

from processors import lake, pipeline, workspace_day
from processors.settings import Settings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ends(
    settings: Settings, days: Iterable[date], events: pl.LazyFrame, sessions: pl.DataFrame, *, as_of: datetime
) -> dict[date, datetime]:
    """For each day, where there is one, the `as_of` up to which its tables are those of this `as_of`.

    After it the day is over, an active session has ended, or an event near the day is known that was not.
    """
    places = {day: pipeline.neighbourhood(settings, day, day) for day in days}
    time = pl.col("event_time")
    firsts = [time.filter(time.is_between(p.logins_start, p.end)).min().alias(str(day)) for day, p in places.items()]
    with lake.reached(settings.lake):
        unused = events.filter(time >= as_of).select(firsts).collect()
    found = {}
    for day in places:
        over = workspace_day.bounds(day, settings.time_zone)[1]
        instants = [over] if as_of < over else []
        instants += unused[str(day)].drop_nulls().to_list()
        instants += _session_ends(settings, sessions.filter(pl.col("login_date") == day), as_of=as_of)
        if instants:
            found[day] = min(instants)
    return found


def _session_ends(settings: Settings, of_day: pl.DataFrame, *, as_of: datetime) -> list[datetime]:
    limits = settings.sessions
    idle, absolute = pl.col("last_activity_time") + limits.idle_timeout, pl.col("login_time") + limits.absolute_timeout
    found: list[datetime] = of_day.filter(~pl.col("is_final")).select(pl.min_horizontal(idle, absolute))[:, 0].to_list()
    if found:  # a machine's end at the next multiple (see `sessionize`)
        found.append(as_of + (_EPOCH - as_of) % limits.absolute_timeout)
    return found
