from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

from processors import workspace_day


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2025, 3, 30), "Europe/Berlin", 23),
        (date(2025, 10, 26), "Europe/Berlin", 25),
        (date(2025, 8, 29), "Asia/Kolkata", 24),
        (date(2025, 10, 5), "Australia/Lord_Howe", 23.5),
        (date(2024, 9, 8), "America/Santiago", 23),  # its midnight does not exist
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(day: date, zone: str, hours: float) -> None:
    start, end = workspace_day.bounds(day, zone)
    assert end - start == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "Pacific/Kiritimati"])
def test_days_touch_without_gap_or_overlap(zone: str) -> None:
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(400)]
    ends = [workspace_day.bounds(day, zone) for day in days]
    assert all(earlier[1] == later[0] for earlier, later in pairwise(ends))


def test_midnight_belongs_to_the_day_that_begins() -> None:
    start, end = workspace_day.bounds(date(2025, 8, 29), "Asia/Kolkata")
    assert workspace_day.of(start, "Asia/Kolkata") == date(2025, 8, 29)
    assert workspace_day.of(end, "Asia/Kolkata") == date(2025, 8, 30)


def test_the_column_agrees_with_the_single_instant() -> None:
    instants = [datetime(2025, 8, 28, 18, 29, 59, 999999, UTC), datetime(2025, 8, 28, 18, 30, tzinfo=UTC)]
    frame = pl.DataFrame({"event_time": instants}, schema={"event_time": pl.Datetime("us", "UTC")})
    days = frame.select(workspace_day.column(pl.col("event_time"), "Asia/Kolkata")).to_series().to_list()
    assert days == [workspace_day.of(instant, "Asia/Kolkata") for instant in instants]
    assert days == [date(2025, 8, 28), date(2025, 8, 29)]


def test_both_ends_of_a_repeated_hour_fall_on_one_day_and_print_alike() -> None:
    instants = [datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)]
    frame = pl.DataFrame({"login_time": instants}, schema={"login_time": pl.Datetime("us", "UTC")})
    printed = frame.select(workspace_day.printed(pl.col("login_time"), "Europe/Berlin")).to_series().to_list()
    assert printed == ["2025-10-26 02:30:00"] * 2


def test_runs_of_days_are_joined() -> None:
    days = [date(2025, 8, 3), date(2025, 8, 1), date(2025, 8, 2), date(2025, 8, 5)]
    assert workspace_day.span(days) == [(date(2025, 8, 1), date(2025, 8, 3)), (date(2025, 8, 5), date(2025, 8, 5))]


def test_between_leaves_out_the_day_that_starts_at_the_end() -> None:
    start, end = workspace_day.bounds(date(2025, 8, 29), "UTC")
    assert workspace_day.between(start, end, "UTC") == [date(2025, 8, 29)]
    assert workspace_day.between(end, end, "UTC") == []
