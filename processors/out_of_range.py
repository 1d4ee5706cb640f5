"""Lines that wait in quarantine because their time was out of range, and the instant from which they are not.

Nothing is guessed of them: a log of years ago and a clock that was wrong look alike. Where a run's `as_of` has them in
range they leave quarantine by themselves (see `ingest`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import cast

import polars as pl

from processors import ingest, lake, ledger, workspace_day
from processors.lines import OUT_OF_RANGE
from processors.settings import Settings, Source
from schemas import Quarantine

_TIME = pl.col("event_time")
_ENDS = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""Of the times that have a day in every zone."""


def count(settings: Settings, source: Source, day: date) -> int:
    """How many lines of the source say that they are of the workspace day."""
    start, end = workspace_day.bounds(day, settings.time_zone)
    of_day = _times(settings, [source]).filter(_TIME.is_between(start, end, closed="left"))
    with lake.reached(settings.lake):
        return int(of_day.select(pl.len()).collect().item())


def warnings(settings: Settings, sources: Iterable[Source], *, as_of: datetime) -> list[str]:
    """What to say of those that wait at `as_of`, older ones and those ahead, each with its remedy; mostly nothing."""
    sources = list(sources)
    earliest, latest = ingest.in_range(settings, as_of=as_of)
    with lake.reached(settings.lake):
        times = _times(settings, sources).collect()["event_time"]
    old, ahead = times.filter(times < earliest), times.filter(times > latest)
    said = []
    if old.len():
        next_day = workspace_day.of(cast(datetime, old.clip(*_ENDS).max()), settings.time_zone) + timedelta(days=1)
        said.append(
            f"{_lines(old, settings)}: older than the longest retention and 30 days. For old logs give the instant "
            f"from which to look at them: `recent-activities run --as-of {next_day}`; or lengthen [retention]"
        )
    if ahead.len():
        local = workspace_day.local(as_of, settings.time_zone)
        said.append(
            f"{_lines(ahead, settings)}: more than a day after {local:%Y-%m-%d %H:%M}. The first run from then on "
            "reads them; is the clock right that wrote them?"
        )
    return said


def days(times: pl.Series, time_zone: str) -> str:
    """The workspace days of the first and the last of the times, in words."""
    ends = times.clip(*_ENDS)
    first, last = (workspace_day.of(cast(datetime, end), time_zone) for end in (ends.min(), ends.max()))
    return str(first) if first == last else f"{first} to {last}"


def _times(settings: Settings, sources: Iterable[Source]) -> pl.LazyFrame:
    names = [
        source.name
        for source in sources
        if any(entry.reasons.get(OUT_OF_RANGE) for entry in ledger.read(settings.lake, source.name))
    ]
    if not names:  # the ledger is small, quarantine need not be
        return Quarantine.empty().lazy().select("event_time")
    rows = lake.scan(settings.lake, Quarantine)
    return rows.filter(pl.col("source").is_in(names), pl.col("quarantine_reason") == OUT_OF_RANGE).select("event_time")


def _lines(times: pl.Series, settings: Settings) -> str:
    which = "1 line is" if times.len() == 1 else f"{times.len():,} lines are"
    return f"{which} in quarantine because of the time, {days(times, settings.time_zone)}"
