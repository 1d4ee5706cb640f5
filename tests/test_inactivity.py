from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from processors.inactivity import sessions, windows
from processors.sessionize import sessionize
from schemas import InactivityWindows, Sessions
from tests.oracle import CHROME, FIREFOX, Event, at, event, frame

WINDOW = timedelta(minutes=15)
PLACES = ["country_code", "region_name", "city_name", "latitude", "longitude", "accuracy_radius_km", "asn"]
PLACES += ["network_name", "network_kind", "location_database_name", "location_database_date"]


def members(events: tuple[Event, ...], as_of: datetime) -> pl.LazyFrame:
    return sessionize(frame(events), idle_timeout=timedelta(hours=2), absolute_timeout=timedelta(hours=24), as_of=as_of)


def session(*events: Event, as_of: datetime | None = None) -> dict[str, Any]:
    """The only session of the events."""
    as_of = as_of or at("00:00", day=31)
    return sessions(members(events, as_of), as_of=as_of).collect().row(named=True)


def spans(*events: Event, as_of: datetime | None = None) -> list[tuple[str, str, int, bool]]:
    as_of = as_of or at("00:00", day=31)
    found = windows(members(events, as_of), inactivity_window=WINDOW, as_of=as_of).collect()
    return [
        (start.strftime("%H:%M:%S"), end.strftime("%H:%M:%S"), seconds, is_open)
        for _, start, end, seconds, is_open, *_ in found.iter_rows()
    ]


# ---- how long


def test_inactivity_of_an_active_session_grows_with_as_of_and_drops_when_the_user_acts() -> None:
    login, activity = event("10:00", "login"), event("10:20")
    assert session(login, as_of=at("10:05"))["inactivity_s"] == 300
    assert session(login, as_of=at("10:20"))["inactivity_s"] == 1200
    assert session(login, activity, as_of=at("10:21"))["inactivity_s"] == 60


@pytest.mark.parametrize(
    "closing", [event("10:50", "logout"), event("10:50", "session_end")], ids=["logout", "revoked"]
)
def test_inactivity_of_a_closed_session_runs_from_its_last_action_to_its_end(closing: Event) -> None:
    assert session(event("10:00", "login"), event("10:20"), closing)["inactivity_s"] == 1800


def test_inactivity_of_a_superseded_session_runs_from_its_last_action_to_the_login_that_ended_it() -> None:
    events = event("10:00", "login"), event("10:20"), event("10:50", "login")
    as_of = at("11:00")
    found = sessions(members(events, as_of), as_of=as_of).collect()
    assert found.select("end_reason", "end_time", "inactivity_s").rows() == [
        ("superseded", at("10:50"), 1800),
        ("active", None, 600),
    ]


def test_a_session_closed_at_its_last_action_was_not_inactive() -> None:
    assert session(event("10:00", "login"), event("10:00", "logout"))["inactivity_s"] == 0


@pytest.mark.parametrize(
    "events",
    [
        [event("10:00", "login"), event("10:30", "logout")],
        [event("10:00", "login"), event("10:30", "session_end")],
        [event("10:00", "login")],
    ],
    ids=["logout", "revoked", "idle_timeout"],
)
def test_the_inactivity_of_an_ended_session_is_never_moved_by_a_later_as_of(events: list[Event]) -> None:
    first, later = (session(*events, as_of=at("12:00:00.000001", day=day)) for day in (29, 30))
    assert first["is_final"] and {**first, "as_of_time": None} == {**later, "as_of_time": None}


def test_inactivity_of_an_idle_session_is_the_idle_timeout() -> None:
    found = session(event("10:00", "login"))
    assert (found["end_reason"], found["inactivity_s"], found["is_final"]) == ("idle_timeout", 7200, True)


def test_inactivity_at_the_absolute_timeout_runs_from_the_last_action_to_the_cut() -> None:
    events = [event(at("01:30") + n * timedelta(minutes=70), "activity" if n else "login") for n in range(21)]
    found = session(*events)
    assert (found["end_reason"], found["inactivity_s"]) == ("absolute_timeout", 40 * 60)


def test_background_and_the_logout_itself_are_no_actions() -> None:
    found = session(event("10:00", "login"), event("10:30", "background"), event("11:00", "logout"))
    assert (found["last_activity_time"], found["inactivity_s"], found["activity_count"]) == (at("10:00"), 3600, 0)


def test_seconds_are_floored() -> None:
    assert session(event("10:00", "login"), as_of=at("10:00:01.999999"))["inactivity_s"] == 1


def test_the_longest_inactivity_may_be_in_the_middle_or_at_the_end() -> None:
    events = event("10:00", "login"), event("10:50"), event("11:00")
    assert session(*events, as_of=at("11:10"))["longest_inactivity_s"] == 3000
    assert session(*events, as_of=at("12:10"))["longest_inactivity_s"] == 4200


def test_the_longest_inactivity_is_not_taken_from_another_session() -> None:
    logins = event("09:00", "login", device=FIREFOX), event("10:30", "login"), event("10:31")
    as_of = at("10:32")
    found = sessions(members(logins, as_of), as_of=as_of).collect()
    assert found["longest_inactivity_s"].to_list() == [92 * 60, 60]


# ---- what is counted


def test_the_login_that_opens_a_session_is_not_counted_but_a_repeated_one_is() -> None:
    login, again = event("10:00", "login", session_reference="a"), event("10:01", "login", session_reference="a")
    assert session(login)["activity_count"] == 0
    assert session(login, again, event("10:02"))["activity_count"] == 2


def test_the_first_event_of_an_implicit_session_is_counted() -> None:
    found = session(event("10:00"), event("10:05"))
    assert (found["login_observed"], found["activity_count"]) == (False, 2)


def test_addresses_are_counted_and_so_are_the_changes_between_them() -> None:
    a, b = {"ip_address": "192.0.2.1"}, {"ip_address": "192.0.2.2"}
    events = [event("10:00", "login", **a), event("10:01"), event("10:02", **a), event("10:03", "background", **b)]
    found = session(*events, event("10:04", **a))
    assert (found["ip_addresses"], found["ip_count"], found["ip_switch_count"]) == (["192.0.2.1", "192.0.2.2"], 2, 2)


def test_background_is_not_counted() -> None:
    assert session(event("10:00", "login"), event("10:01", "background"), event("10:02"))["activity_count"] == 1


def test_a_session_that_comes_back_to_its_first_address_has_two_of_them_and_two_changes() -> None:
    a, b = {"ip_address": "192.0.2.1"}, {"ip_address": "2001:db8::1"}
    found = session(event("10:00", "login", **a), event("10:01", **b), event("10:02", **a), event("10:03", **a))
    assert (found["ip_address"], found["ip_count"], found["ip_switch_count"]) == ("192.0.2.1", 2, 2)


def test_addresses_of_another_session_are_no_change() -> None:
    logins = event("10:00", "login", ip_address="192.0.2.1"), event("10:01", "login", device=FIREFOX)
    activity = event("10:02", device=FIREFOX, ip_address="192.0.2.2")
    as_of = at("11:00")
    found = sessions(members((*logins, activity), as_of), as_of=as_of).collect()
    assert found.select("ip_count", "ip_switch_count").rows() == [(1, 0), (1, 0)]


def test_no_address_counts_as_none() -> None:
    found = session(event("10:00", "login"))
    shown = [found[name] for name in ("ip_address", "ip_addresses", "ip_count", "ip_switch_count")]
    assert shown == [None, [], 0, 0]


# ---- what is shown


def test_what_the_login_does_not_log_is_filled_from_the_first_event_that_has_it() -> None:
    login = event("10:00", "login", source="okta", device="unknown", session_reference="o", application="Panel")
    second = event("10:01", session_reference="o", device="unknown", ip_address="192.0.2.2")
    third = event("10:02", session_reference="o", user_agent="Mozilla/5.0", ip_address="192.0.2.3")
    found = session(login, second, third)
    shown = [found[name] for name in ("source", "application", "ip_address", "device", "user_agent")]
    assert shown == ["okta", "Panel", "192.0.2.2", CHROME, "Mozilla/5.0"]


def test_a_logout_lends_the_session_nothing() -> None:
    logout = event("10:01", "logout", session_reference="a", ip_address="192.0.2.9", user_agent="Mozilla/5.0")
    found = session(event("10:00", "login", session_reference="a", device="unknown"), logout)
    assert (found["ip_address"], found["ip_count"], found["device"], found["user_agent"]) == (None, 0, "unknown", None)


def test_sessions_have_the_columns_of_their_table_but_places_kind_and_date() -> None:
    as_of = at("11:00")
    found = sessions(members((event("10:00", "login"),), as_of), as_of=as_of).collect_schema()
    columns = {name: column.dtype for name, column in Sessions.columns().items()}
    later = (*PLACES, "device_kind", "login_date")
    assert list(found.items()) == [(name, kind) for name, kind in columns.items() if name not in later]


# ---- windows


@pytest.mark.parametrize(
    ("time", "expected"),
    [("10:15:00", []), ("10:15:00.000001", [("10:00:00", "10:15:00", 900, False)])],
    ids=["equal", "longer"],
)
def test_a_gap_equal_to_the_threshold_is_not_a_window(time: str, expected: list[tuple[str, str, int, bool]]) -> None:
    assert spans(event("10:00", "login"), event(time), as_of=at("10:15:01")) == expected


def test_the_last_window_is_open_while_the_session_is_active() -> None:
    assert spans(event("10:00", "login"), as_of=at("10:20")) == [("10:00:00", "10:20:00", 1200, True)]


def test_the_last_window_ends_where_the_session_ends() -> None:
    assert spans(event("10:00", "login"), event("10:20", "logout")) == [("10:00:00", "10:20:00", 1200, False)]


def test_a_later_as_of_closes_the_open_window_and_moves_no_closed_one() -> None:
    events = event("10:00", "login"), event("10:30"), event("11:00")
    closed = ("10:00:00", "10:30:00", 1800, False)
    assert spans(*events, as_of=at("11:00")) == [closed, ("10:30:00", "11:00:00", 1800, True)]
    assert spans(*events, as_of=at("11:01")) == [closed, ("10:30:00", "11:00:00", 1800, False)]


def test_background_does_not_interrupt_a_window() -> None:
    events = event("10:00", "login"), event("10:10", "background"), event("10:20")
    assert spans(*events, as_of=at("10:21")) == [("10:00:00", "10:20:00", 1200, False)]


def test_windows_of_two_sessions_are_kept_apart() -> None:
    events = event("10:00", "login"), event("10:10", "login", device=FIREFOX), event("10:20")
    assert spans(*events, as_of=at("10:26")) == [
        ("10:00:00", "10:20:00", 1200, False),
        ("10:10:00", "10:26:00", 960, True),
    ]


def test_windows_have_the_columns_of_their_table_with_the_login_time_for_its_date() -> None:
    as_of = at("11:00")
    found = windows(members((event("10:00", "login"),), as_of), inactivity_window=WINDOW, as_of=as_of).collect_schema()
    columns = [(name, column.dtype) for name, column in InactivityWindows.columns().items() if name != "login_date"]
    assert list(found.items()) == [*columns, ("login_time", Sessions.columns()["login_time"].dtype)]


def test_nothing_gives_nothing() -> None:
    nothing = members((), at("11:00"))
    assert sessions(nothing, as_of=at("11:00")).collect().is_empty()
    assert windows(nothing, inactivity_window=WINDOW, as_of=at("11:00")).collect().is_empty()
