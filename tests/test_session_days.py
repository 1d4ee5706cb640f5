"""Sessions over midnight, over clocks that change, over files and over devices; and what the report counts of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from processors import lake, ledger, run, settings
from schemas import InactivityWindows, Sessions
from tests import workspaces
from tests.workspaces import PHONE, line

RIYA = "riya"
SPANS = ["window_start_time", "window_start_utc_offset", "window_end_time", "window_end_utc_offset"]
SPANS += ["inactivity_duration"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def signed_in(*times: str, **fields: Any) -> bytes:
    """A login and requests, as the web server writes them; times with their offset."""
    return b"".join(
        line(datetime.fromisoformat(time), RIYA, "GET /orders" if number else "POST /login", **fields)
        for number, time in enumerate(times)
    )


def computed(folder: Path, zone: str, *files: bytes, as_of: str) -> settings.Settings:
    """The workspace after each of the files has landed and been reported."""
    here = workspaces.write(folder, zone=zone)
    for number, data in enumerate(files):
        workspaces.land(here, f"access.log.{len(files) - number}", data)
        run.run(here, as_of=at(as_of))
    return here


def rows(here: settings.Settings, *columns: str) -> list[tuple[Any, ...]]:
    return lake.scan(here.lake, Sessions).sort("login_time", "session_id").select(columns).collect().rows()


def printed(here: settings.Settings, day: str, name: str = "recent_activities.csv") -> pl.DataFrame:
    return pl.read_csv(here.reports / day / name, infer_schema=False)


# ---- over midnight


def test_a_session_over_midnight_is_one_session_of_the_day_of_its_login(tmp_path: Path) -> None:
    times = "2025-08-28T23:50:00+05:30", "2025-08-29T00:00:00+05:30", "2025-08-29T01:10:00+05:30"
    here = computed(tmp_path, "Asia/Kolkata", signed_in(*times), as_of="2025-08-30T00:00:00+05:30")
    assert rows(here, "login_date", "activity_count", "end_reason", "end_time") == [
        (date(2025, 8, 28), 2, "idle_timeout", at("2025-08-29T03:10:00+05:30"))
    ]
    assert printed(here, "2025-08-28").select("login_time", "inactivity_duration").rows() == [
        ("2025-08-28 23:50:00", "02:00:00")
    ]
    assert printed(here, "2025-08-29").is_empty()
    assert lake.scan(here.lake, InactivityWindows).select("login_date", "window_s").collect().rows() == [
        (date(2025, 8, 28), 70 * 60),
        (date(2025, 8, 28), 120 * 60),
    ]


@pytest.mark.parametrize(
    ("time", "day"),
    [("2025-08-28T23:59:59+05:30", date(2025, 8, 28)), ("2025-08-29T00:00:00+05:30", date(2025, 8, 29))],
)
def test_a_login_at_midnight_is_of_the_day_that_begins(tmp_path: Path, time: str, day: date) -> None:
    here = computed(tmp_path, "Asia/Kolkata", signed_in(time), as_of="2025-08-30T00:00:00+05:30")
    assert rows(here, "login_date") == [(day,)]


def test_a_day_computed_alone_does_not_begin_the_session_that_went_on_over_its_midnight(tmp_path: Path) -> None:
    here = workspaces.write(tmp_path, zone="Asia/Kolkata")
    workspaces.land(here, "a.log", signed_in("2025-08-28T23:50:00+05:30", "2025-08-29T00:10:00+05:30"))
    run.ingest(here, as_of=at("2025-08-30T00:00:00+05:30"))
    assert run.sessions(here, [date(2025, 8, 29)], as_of=at("2025-08-30T00:00:00+05:30")).sessions == 0


# ---- over clocks that change


def test_a_session_over_the_hour_that_clocks_skip_is_not_an_hour_longer(tmp_path: Path) -> None:
    times = "2025-03-30T01:30:00+01:00", "2025-03-30T03:10:00+02:00", "2025-03-30T03:30:00+02:00"
    here = computed(tmp_path, "Europe/Berlin", signed_in(*times), as_of="2025-03-30T04:00:00+02:00")
    assert rows(here, "activity_count", "end_reason", "inactivity_s", "longest_inactivity_s") == [
        (2, "active", 1800, 2400)
    ]
    assert printed_so_far(here, date(2025, 3, 30), "inactivity_windows.csv").select(SPANS).rows() == [
        ("2025-03-30 01:30:00", "UTC+01:00", "2025-03-30 03:10:00", "UTC+02:00", "00:40:00"),
        ("2025-03-30 03:10:00", "UTC+02:00", "2025-03-30 03:30:00", "UTC+02:00", "00:20:00"),
        ("2025-03-30 03:30:00", "UTC+02:00", "2025-03-30 04:00:00", "UTC+02:00", "00:30:00"),
    ]


def test_a_session_over_the_hour_that_clocks_repeat_is_an_hour_longer_than_it_looks(tmp_path: Path) -> None:
    times = "2025-10-26T02:30:00+02:00", "2025-10-26T02:10:00+01:00", "2025-10-26T02:20:00+01:00"
    here = computed(tmp_path, "Europe/Berlin", signed_in(*times), as_of="2025-10-26T02:50:00+01:00")
    assert rows(here, "activity_count", "end_reason", "inactivity_s", "longest_inactivity_s") == [
        (2, "active", 1800, 2400)
    ]
    assert printed_so_far(here, date(2025, 10, 26), "inactivity_windows.csv").select(SPANS).rows() == [
        ("2025-10-26 02:30:00", "UTC+02:00", "2025-10-26 02:10:00", "UTC+01:00", "00:40:00"),
        ("2025-10-26 02:20:00", "UTC+01:00", "2025-10-26 02:50:00", "UTC+01:00", "00:30:00"),
    ]


def printed_so_far(here: settings.Settings, day: date, name: str) -> pl.DataFrame:
    """The report of a day that is not over."""
    run.report(here, day)
    return printed(here, str(day), name)


@pytest.mark.parametrize(
    ("login", "equal", "later"),
    [
        ("2025-03-30T01:30:00+01:00", "2025-03-30T04:30:00+02:00", "2025-03-30T04:30:01+02:00"),
        ("2025-10-26T01:30:00+02:00", "2025-10-26T02:30:00+01:00", "2025-10-26T02:30:01+01:00"),
    ],
    ids=["forward", "back"],
)
def test_the_idle_timeout_is_two_hours_whatever_the_clocks_do(
    tmp_path: Path, login: str, equal: str, later: str
) -> None:
    as_of = (at(later) + timedelta(minutes=1)).isoformat()
    for name, time, counts in (("equal", equal, [1]), ("later", later, [0, 1])):
        here = computed(tmp_path / name, "Europe/Berlin", signed_in(login, time), as_of=as_of)
        assert [count for (count,) in rows(here, "activity_count")] == counts


# ---- over files


def test_a_session_over_file_boundaries_is_one_session(tmp_path: Path) -> None:
    first = signed_in("2025-08-29T10:00:00+00:00", "2025-08-29T10:20:00+00:00")
    second = line(at("2025-08-29T11:00:00+00:00"), RIYA) + line(at("2025-08-29T11:10:00+00:00"), RIYA, "POST /logout")
    apart = computed(tmp_path / "apart", "UTC", first, second, as_of="2025-08-30T00:00:00+00:00")
    together = computed(tmp_path / "together", "UTC", first + second, as_of="2025-08-30T00:00:00+00:00")
    assert [len(ledger.read(here.lake, "panel")) for here in (apart, together)] == [2, 1]
    assert rows(apart, *Sessions.column_names()) == rows(together, *Sessions.column_names())
    assert rows(apart, "activity_count", "end_reason", "longest_inactivity_s", "inactivity_s") == [
        (2, "logout", 2400, 600)
    ]


# ---- over devices and addresses


def test_two_devices_at_once_are_two_sessions_each_with_its_own_inactivity(tmp_path: Path) -> None:
    desk = signed_in("2025-08-29T10:00:00+00:00", "2025-08-29T10:30:00+00:00")
    phone = signed_in("2025-08-29T10:10:00+00:00", "2025-08-29T10:50:00+00:00", agent=PHONE)
    here = computed(tmp_path, "UTC", desk + phone, as_of="2025-08-29T11:00:00+00:00")
    assert rows(here, "device", "activity_count", "inactivity_s", "end_reason") == [
        ("Chrome 126 · Windows 10/11", 1, 1800, "active"),
        ("Mobile Safari 17 · iOS 17", 1, 600, "active"),
    ]


def test_a_session_whose_address_changes_stays_one_and_counts_addresses_and_changes(tmp_path: Path) -> None:
    moments = [("10:00", "192.0.2.1"), ("10:05", "198.51.100.1"), ("10:10", "192.0.2.1"), ("10:15", "192.0.2.1")]
    data = b"".join(
        line(at(f"2025-08-29T{clock}:00+00:00"), RIYA, "GET /" if number else "POST /login", address=address)
        for number, (clock, address) in enumerate(moments)
    )
    here = computed(tmp_path, "UTC", data, as_of="2025-08-30T00:00:00+00:00")
    assert rows(here, "ip_address", "ip_count", "ip_switch_count", "activity_count") == [("192.0.2.1", 2, 2, 3)]
    assert printed(here, "2025-08-29").select("ip_address", "ip_addresses", "ip_count", "ip_switch_count").rows() == [
        ("192.0.2.1", "192.0.2.1 198.51.100.1", "2", "2")
    ]


# ---- what the report counts

IDP = '[[sources]]\nname = "idp"\nformat = "fields:json"\nfiles = "landing/*.json"\n[sources.fields]\n'
IDP += 'event_time = "time"\nuser_name = "user"\nip_address = "ip"\nuser_agent = "agent"\nsession_reference = "sid"\n'
IDP += 'event_class = { path = "kind", login = "login", activity = "act", logout = "bye", other = "robot" }\n'


def record(clock: str, kind: str = "act", **fields: str) -> bytes:
    return json.dumps({"time": f"2025-08-29T{clock}:00Z", "kind": kind, **fields}).encode() + b"\n"


def test_every_report_counts_the_events_of_each_way_of_finding_their_user(tmp_path: Path) -> None:
    here = workspaces.write(tmp_path, zone="UTC", text='[workspace]\ntime_zone = "{zone}"\n' + IDP)
    events = [
        record("10:00", "login", user="ann@example.com", ip="192.0.2.1", agent="A", sid="a"),
        record("10:01", "login", user="ben@example.com", ip="192.0.2.2"),
        record("10:02", sid="a"),
        record("10:03", ip="192.0.2.1", agent="A"),
        record("10:04", ip="192.0.2.2", agent="B"),
        record("10:05", ip="192.0.2.2"),
        record("10:06", "robot", ip="192.0.2.1", agent="A"),
        record("10:07", ip="192.0.2.9"),
        record("10:08", "login", user="cleo@example.com", ip="192.0.2.2", agent="C"),
        record("10:09", ip="192.0.2.2", agent="B"),
    ]
    workspaces.land(here, "events.json", b"".join(events))
    run.run(here, as_of=datetime(2025, 8, 30, tzinfo=UTC))
    manifest = json.loads((here.reports / "2025-08-29" / "manifest.json").read_text())
    assert manifest["completeness"]["attribution"] == {
        "log_user": 3,
        "session_reference": 1,
        "address_and_device": 1,
        "address": 2,
        "ambiguous": 1,
        "anonymous": 2,
    }
    assert sum(manifest["completeness"]["attribution"].values()) == len(events)
    assert "1 event fitted more than one user and went to nobody" in manifest["completeness"]["notes"]
    assert printed(here, "2025-08-29").select("user_name", "activity_count").rows() == [
        ("cleo@example.com", "0"),
        ("ben@example.com", "2"),
        ("ann@example.com", "2"),
    ]


def test_a_way_that_found_nobody_is_counted_as_none(tmp_path: Path) -> None:
    data = signed_in("2025-08-29T10:00:00+00:00")
    here = computed(tmp_path, "UTC", data, as_of="2025-08-30T00:00:00+00:00")
    manifest = json.loads((here.reports / "2025-08-29" / "manifest.json").read_text())
    assert manifest["completeness"]["attribution"] == {
        "log_user": 1,
        "session_reference": 0,
        "address_and_device": 0,
        "address": 0,
        "ambiguous": 0,
        "anonymous": 0,
    }


def test_logouts_that_close_nothing_are_counted_in_the_report(tmp_path: Path) -> None:
    data = b"".join(
        line(at(f"2025-08-29T{clock}:00+00:00"), RIYA, "POST /logout", status=302) for clock in ("10:00", "11:00")
    )
    here = computed(tmp_path, "UTC", data, as_of="2025-08-30T00:00:00+00:00")
    manifest = json.loads((here.reports / "2025-08-29" / "manifest.json").read_text())
    assert manifest["completeness"]["unmatched_logouts"] == 2
