from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import polars as pl
import pytest

from processors import completeness, report, workspace_day
from schemas import InactivityWindows, LimitOverruns, Sessions

LOGIN = datetime(2025, 8, 29, 4, 37, 12, 999_999, UTC)


def session(**values: object) -> pl.DataFrame:
    row = {
        "session_id": "s1",
        "user_name": "riya@example.com",
        "login_time": LOGIN,
        "login_observed": True,
        "last_activity_time": LOGIN,
        "end_reason": "active",
        "inactivity_s": 61 * 3600 + 5 * 60 + 9,
        "is_final": False,
        "longest_inactivity_s": 0,
        "activity_count": 0,
        "ip_address": "203.0.113.7",
        "ip_addresses": ["203.0.113.7"],
        "ip_count": 1,
        "ip_switch_count": 0,
        "device": "Chrome 126 · macOS",
        "source": "okta",
        "attribution_method": "log_user",
        "as_of_time": LOGIN,
        "login_date": date(2025, 8, 29),
        **values,
    }
    return pl.DataFrame(
        [{name: row.get(name) for name in Sessions.column_names()}], schema=Sessions.create_empty().schema
    )


def test_the_five_columns_come_first_and_times_are_of_the_workspace() -> None:
    printed = report.recent_activities(session(), time_zone="Asia/Kolkata")
    assert printed.row(0)[:6] == (
        "riya@example.com",
        "2025-08-29 10:07:12",
        "61:05:09",
        "203.0.113.7",
        "Chrome 126 · macOS",
        "UTC+05:30",
    )
    assert tuple(printed.columns[:5]) == ("user_name", "login_time", "inactivity_duration", "ip_address", "device")


def test_every_column_of_the_table_but_as_of_is_in_the_report_once() -> None:
    printed = report.recent_activities(session(), time_zone="UTC")
    assert set(Sessions.column_names()) - {"as_of_time"} <= set(printed.columns) and len(set(printed.columns)) == len(
        printed.columns
    )


def test_the_newest_login_comes_first_and_a_tie_goes_by_id() -> None:
    rows = pl.concat(
        [
            session(session_id="b"),
            session(session_id="a"),
            session(session_id="c", login_time=LOGIN.replace(hour=5)),
        ]
    )
    assert report.recent_activities(rows, time_zone="UTC")["session_id"].to_list() == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00:00"), (59, "00:00:59"), (86_400, "24:00:00"), (360_000, "100:00:00")]
)
def test_hours_do_not_wrap(seconds: int, text: str) -> None:
    assert pl.select(report.duration(pl.lit(seconds))).item() == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"])
def test_a_cell_never_becomes_a_formula(text: str) -> None:
    assert pl.select(report.guarded(pl.lit(text))).item() == "'" + text


@pytest.mark.parametrize("text", [" =1", "\u00a0=1", "\u3000@x", "﹦1", "−1", '"=1'])
def test_what_a_spreadsheet_passes_over_hides_no_formula(text: str) -> None:
    assert pl.select(report.guarded(pl.lit(text))).item() == "'" + text


@pytest.mark.parametrize(
    ("text", "expected"), [("a;=1+1", "a;'=1+1"), ('a; "@x;-1', "a;' \"@x;'-1"), ("a;b;+1", "a;b;'+1")]
)
def test_a_cell_that_is_cut_at_its_semicolons_gives_no_formula(text: str, expected: str) -> None:
    assert pl.select(report.guarded(pl.lit(text))).item() == expected


def test_no_cell_begins_as_a_formula_does_nor_moves_a_cursor() -> None:
    hostile = session(user_name="\x1b[31m\r=1\u202e", user_agent="\t=1;=2", application=" ;=3", ip_addresses=["=4"])
    for zone in ("Asia/Kolkata", "America/St_Johns"):
        written = report.recent_activities(hostile, time_zone=zone).write_csv()
        assert not [c for c in written if unicodedata.category(c).startswith("C") and c != "\n"]
        for separator in ",;":
            cells = [cell.strip(' "') for line in written.splitlines() for cell in line.split(separator)]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("text", ["riya", "a=b", "", "'=1", "Mozilla/5.0 (X11; Linux) x-y", "José 李 🙂"])
def test_other_text_is_left_alone(text: str) -> None:
    assert pl.select(report.guarded(pl.lit(text))).item() == text


def test_every_text_column_is_guarded() -> None:
    printed = report.recent_activities(session(user_name="=cmd", user_agent="@x", application="+y"), time_zone="UTC")
    assert printed.select("user_name", "user_agent", "application").row(0) == ("'=cmd", "'@x", "'+y")


def test_windows_are_printed_by_user_and_time() -> None:
    window = {
        "session_id": "s1",
        "window_start_time": LOGIN,
        "window_end_time": LOGIN.replace(hour=6),
        "window_s": 4967,
        "is_open": True,
        "user_name": "riya@example.com",
        "login_date": date(2025, 8, 29),
    }
    frame = pl.DataFrame([window], schema=InactivityWindows.create_empty().schema)
    assert report.inactivity_windows(frame, time_zone="Asia/Kolkata").row(0)[:5] == (
        "riya@example.com",
        "2025-08-29 10:07:12",
        "2025-08-29 12:07:12",
        "01:22:47",
        True,
    )


def test_what_is_over_a_limit_by_less_than_a_second_is_not_printed_as_equal_to_it() -> None:
    start = LOGIN.replace(microsecond=0)
    overrun = {
        "session_id": "s1",
        "policy_name": "cards",
        "limit_kind": "idle_limit",
        "next_action_time": start.replace(minute=52, microsecond=1),
        "limit_s": 900,
        "measured_s": 900,
        "measured_from": "last_action",
        "measured_from_time": start,
        "last_action_time": start,
        "next_action_class": "activity",
        "evidence": "session_reference",
        "user_name": "=riya",
        "source": "panel",
        "login_date": date(2025, 8, 29),
    }
    frame = pl.DataFrame([overrun], schema=LimitOverruns.create_empty().schema)
    (row,) = report.limit_overruns(frame, time_zone="UTC").to_dicts()
    assert row["explanation"] == (
        "No action for 00:15:00 and part of a second, from 2025-08-29 04:37:12 to 2025-08-29 04:52:12; then the "
        "session went on without a new login (the same session id). cards allows 00:15:00"
    )
    assert row["user_name"] == "'=riya" and row["measured_from_time"] == "2025-08-29T04:37:12.000000Z"


@pytest.mark.parametrize(
    ("day", "offsets"),
    [
        (date(2025, 8, 29), ["UTC+02:00"]),
        (date(2025, 3, 30), ["UTC+01:00", "UTC+02:00"]),
        (date(2025, 10, 25), ["UTC+02:00"]),
        (date(2025, 10, 26), ["UTC+01:00", "UTC+02:00"]),
    ],
)
def test_the_offsets_of_a_day_are_named_though_nobody_logged_in(day: date, offsets: list[str]) -> None:
    assert report.utc_offsets(workspace_day.bounds(day, "Europe/Berlin"), "Europe/Berlin") == offsets


def source(status: str) -> completeness.SourceDay:
    return completeness.SourceDay("okta", status, LOGIN, 9, 0, 0, 1, 10, 1, 0)


def complete(
    status: str = "complete", *, as_of: datetime = datetime(2025, 8, 30, 4, tzinfo=UTC), **attribution: int
) -> completeness.Completeness:
    return completeness.completeness(
        day=date(2025, 8, 29),
        day_bounds=(datetime(2025, 8, 29, tzinfo=UTC), datetime(2025, 8, 30, tzinfo=UTC)),
        as_of=as_of,
        sources=[source(status)],
        attribution=attribution,
        unmatched_logouts=0,
        session_count=0,
    )


@pytest.mark.parametrize("status", ["missing", "stalled"])
def test_a_missing_or_stalled_source_is_never_silent(status: str) -> None:
    result = complete(status)
    assert not result.is_complete and "okta" in result.reasons[0]


def test_a_day_that_is_not_over_is_incomplete() -> None:
    assert not complete(as_of=datetime(2025, 8, 29, 23, tzinfo=UTC)).is_complete
    assert complete(as_of=datetime(2025, 8, 30, tzinfo=UTC)).is_complete


def test_an_empty_report_says_why() -> None:
    assert "9 anonymous" in complete(anonymous=9).notes[0]
