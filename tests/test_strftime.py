"""Times of a strftime format are exactly what strftime writes, or malformed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from processors import _strftime, _times

ZONE = "Asia/Kolkata"


def read(value: str | None, shape: str, zone: str | None = ZONE, day: date | None = None) -> str:
    found = _times.read(pl.Series([value], dtype=pl.String), shape, time_zone=zone, day=day).row(0, named=True)
    assert found["event_time"] or found["field_reason"]
    return str(found["field_reason"] or found["event_time"])


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ("%Y-%m-%d %H:%M:%S", "2025-08-03 10:07:12"),
        ("%F %T", "2025-08-03 10:07:12"),
        ("%D %R:%S", "08/03/25 10:07:12"),
        ("%d/%b/%Y:%H:%M:%S %z", "03/Aug/2025:10:07:12 +0530"),
        ("%a %b %e %H:%M:%S %Y", "Sun Aug  3 10:07:12 2025"),
        ("%c", "Sun Aug  3 10:07:12 2025"),
        ("%A, %d %B %Y %I:%M:%S %p", "Sunday, 03 August 2025 10:07:12 AM"),
        ("%x %r", "08/03/25 10:07:12 AM"),
        ("%x %X %Z", "08/03/25 10:07:12 IST"),
        ("%e.%m.%y %k:%M:%S", " 3.08.25 10:07:12"),
        ("%h %d %Y %l:%M:%S %P", "Aug 03 2025 10:07:12 am"),
        ("%Y%m%dT%H%M%S%z 100%% %j %u %w %U %W %V %G %g %C", "20250803T100712+0530 100% 215 7 0 31 30 31 2025 25 20"),
        ("[%F%t%T]", "[2025-08-03\t10:07:12]"),
        ("%s", "1754195832"),
        ("%{msec}", "1754195832000"),
        ("%{usec}", "1754195832000000"),
        ("%F %T.%{msec_frac}", "2025-08-03 10:07:12.000"),
    ],
)
def test_what_strftime_writes_is_read(shape: str, value: str) -> None:
    assert read(value, shape) == "2025-08-03 04:37:12+00:00"
    assert set(value) <= set(_strftime.characters(shape))


@pytest.mark.parametrize(
    ("hour", "read_as"), [("12:07:12 AM", "00"), ("01:07:12 AM", "01"), ("12:07:12 PM", "12"), ("11:07:12 PM", "23")]
)
def test_midnight_and_noon_are_twelve(hour: str, read_as: str) -> None:
    assert read(f"2025-08-03 {hour}", "%F %r", "UTC") == f"2025-08-03 {read_as}:07:12+00:00"


@pytest.mark.parametrize(("year", "read_as"), [("00", 2000), ("25", 2025), ("68", 2068), ("69", 1969), ("99", 1999)])
def test_a_year_of_two_digits_is_of_its_century(year: str, read_as: int) -> None:
    assert read(f"{year}-08-03 10:07:12", "%y-%m-%d %T", "UTC").startswith(f"{read_as}-")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2025-02-30 10:07:12", "malformed_time"),
        ("2025-13-03 10:07:12", "malformed_time"),
        ("2025-08-3 10:07:12", "malformed_time"),
        ("2025-08-03 24:07:12", "malformed_time"),
        ("2025-08-03 10:07:60", "malformed_time"),
        ("2025-08-03\t10:07:12", "malformed_time"),
        ("2025-08-03 10:07:12 ", "malformed_time"),
        ("2025-08-03 10:07:12\n", "malformed_time"),
        ("２０２５-08-03 10:07:12", "malformed_time"),
        ("", "malformed_time"),
        (None, "malformed_time"),
        ("2025-03-30 02:30:00", "time_ambiguous"),
        ("2025-10-26 02:30:00", "time_ambiguous"),
    ],
)
def test_anything_else_has_its_reason(value: str | None, reason: str) -> None:
    assert read(value, "%F %T", "Europe/Berlin") == reason


def test_without_an_offset_the_zone_must_be_known_and_without_a_date_the_day() -> None:
    assert read("2025-08-03 10:07:12", "%F %T", None) == "time_zone_unknown"
    assert read("2025-08-03 10:07:12 +0530", "%F %T %z", None) == "2025-08-03 04:37:12+00:00"
    assert read("10:07:12", "%T") == "date_unknown"
    assert read("10:07:12", "%T", day=date(2025, 8, 3)) == "2025-08-03 04:37:12+00:00"


@pytest.mark.parametrize("shape", ["%F %Q", "%F %T%n", "%Ey %T", "%F %", "%{nsec}", "%E"])
def test_what_is_not_known_is_named(shape: str) -> None:
    with pytest.raises(_strftime.Unsupported, match="no directive of strftime"):
        _strftime.says(shape)


@pytest.mark.parametrize(
    ("shape", "lacks"),
    [("%F %T", None), ("%T", None), ("%s", None), ("%F", "hour"), ("%F %H:%M", "second"), ("%F %I:%M:%S", "hour"),
     ("%b %d %T", "year"), ("%Y %b %T", "day"), ("%z", "hour")],
)  # fmt: skip
def test_what_a_time_lacks_is_known_beforehand(shape: str, lacks: str | None) -> None:
    assert _strftime.missing(_strftime.says(shape)) == lacks


def test_python_s_own_strftime_is_read_back() -> None:
    for month in range(1, 13):
        at = datetime(2025, month, 28, month + 8, 7, 12, tzinfo=UTC)
        for shape in ("%d/%b/%Y:%H:%M:%S %z", "%A %d %B %y %I:%M:%S %p", "%c", "%Y-%jT%H:%M:%S %m-%d"):
            assert read(at.strftime(shape), shape, "UTC") == str(at)
