"""What opens a session, and what joins it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.histories import ends, lines, members, memberships
from tests.oracle import FIREFOX, at, event

HOME, OFFICE = "192.0.2.1", "198.51.100.7"


# ---- what opens a session


def test_a_login_opens_a_session_and_activity_joins_it() -> None:
    found = members(event("10:00", "login"), event("10:05"))
    assert found["membership"].to_list() == ["opened", "action"]
    assert found["login_observed"].to_list() == [True, True]


def test_activity_without_a_login_opens_an_implicit_session() -> None:
    found = members(event("10:00"), event("10:05"))
    assert found.select("membership", "login_observed", "login_time").rows() == [
        ("opened", False, at("10:00")),
        ("action", False, at("10:00")),
    ]


@pytest.mark.parametrize("event_class", ["login_failed", "credential", "admin", "other", "background"])
def test_other_classes_open_nothing(event_class: str) -> None:
    assert members(event("10:00", event_class)).is_empty()


def test_a_failed_login_belongs_to_no_session() -> None:
    assert lines(event("10:00", "login"), event("10:01", "login", outcome="failure")) == [[1]]


def test_an_event_without_a_user_belongs_to_no_session() -> None:
    assert members(event("10:00", user_name=None)).is_empty()


def test_an_event_at_as_of_is_not_known_yet() -> None:
    assert lines(event("10:00"), event("10:05"), as_of=at("10:05")) == [[1]]


def test_users_are_compared_without_case_and_shown_as_first_spelled() -> None:
    found = members(event("10:00", "login", user_name="Ann@example.com"), event("10:05", user_name="ANN@example.com"))
    assert found["session_id"].n_unique() == 1
    assert found["user_name"].to_list() == ["Ann@example.com"] * 2


# ---- logins


def test_a_login_with_a_reference_that_is_open_is_activity() -> None:
    logins = event("10:00", "login", session_reference="a"), event("10:30", "login", session_reference="a")
    assert memberships(*logins) == [(1, "opened"), (2, "action")]


def test_a_reference_is_the_same_whatever_source_logs_it() -> None:
    other = event("10:30", "login", session_reference="a", source="okta", device=FIREFOX)
    assert lines(event("10:00", "login", session_reference="a"), other) == [[1, 2]]


@pytest.mark.parametrize(("time", "sessions"), [("10:01:00", [[1, 2]]), ("10:01:00.000001", [[1], [2]])])
def test_a_login_that_another_source_records_within_60_seconds_is_the_same(
    time: str, sessions: list[list[int]]
) -> None:
    first = event("10:00", "login", source="okta", session_reference="o")
    assert lines(first, event(time, "login", session_reference="p")) == sessions


def test_the_60_seconds_count_from_the_login_that_opened_the_session() -> None:
    events = [
        event("10:00:00", "login", source="okta"),
        event("10:00:40", "login", source="panel", session_reference="p"),
        event("10:01:20", "login", source="mail", session_reference="m"),
    ]
    assert lines(*events) == [[1, 2], [3]]


def test_a_second_login_of_the_same_source_is_another_session() -> None:
    first = event("10:00:00", "login", session_reference="a")
    assert lines(first, event("10:00:30", "login", session_reference="b")) == [[1], [2]]


@pytest.mark.parametrize("device", [FIREFOX, "unknown"])
def test_a_login_on_another_device_or_an_unknown_one_is_another_session(device: str) -> None:
    assert lines(event("10:00:00", "login"), event("10:00:30", "login", source="okta", device=device)) == [[1], [2]]


def test_a_login_soon_after_an_implicit_session_is_another_session() -> None:
    assert lines(event("10:00:00"), event("10:00:30", "login", source="okta", session_reference="a")) == [[1], [2]]


def test_a_login_without_a_reference_supersedes_the_session_on_its_device() -> None:
    assert ends(event("10:00", "login"), event("10:30", "login")) == [
        ("superseded", "10:30:00"),
        ("idle_timeout", "12:30:00"),
    ]


@pytest.mark.parametrize(
    "fields", [{"device": FIREFOX}, {"device": "unknown"}, {"session_reference": "a"}], ids=["other", "unknown", "held"]
)
def test_a_login_on_another_device_or_with_a_reference_supersedes_nothing(fields: dict[str, Any]) -> None:
    assert ends(event("10:00", "login"), event("10:30", "login", **fields))[0] == ("idle_timeout", "12:00:00")


def test_unknown_devices_are_never_the_same() -> None:
    unknown = {"device": "unknown"}
    assert ends(event("10:00", "login", **unknown), event("10:30", "login", **unknown))[0][0] == "idle_timeout"


# ---- what activity joins


def test_a_reference_wins_over_the_device() -> None:
    logins = event("10:00", "login", session_reference="a"), event("10:30", "login", device=FIREFOX)
    assert lines(*logins, event("10:40", session_reference="a", device=FIREFOX)) == [[1, 3], [2]]


def test_a_browser_that_updates_itself_is_the_same_device() -> None:
    assert lines(event("10:00", "login"), event("10:30", device="Chrome 127 · Windows 11")) == [[1, 2]]


def test_activity_on_another_device_is_an_implicit_session() -> None:
    assert lines(event("10:00", "login"), event("10:30", device=FIREFOX)) == [[1], [2]]


def test_activity_joins_the_session_most_recently_active_on_its_device() -> None:
    logins = event("10:00", "login", session_reference="a"), event("10:01", "login", session_reference="b")
    events = *logins, event("10:02", session_reference="a"), event("10:03")
    assert lines(*events) == [[1, 3, 4], [2]]


def test_sessions_equally_active_are_told_apart_by_the_later_opening() -> None:
    logins = event("10:00", "login", session_reference="a"), event("10:01", "login", session_reference="b")
    assert lines(*logins, event("10:01", session_reference="a"), event("10:02")) == [[1, 3], [2, 4]]


def test_activity_does_not_join_a_session_with_another_reference_of_its_source() -> None:
    assert lines(event("10:00", "login", session_reference="a"), event("10:01", session_reference="b")) == [[1], [2]]


def test_a_session_holds_a_reference_of_every_source() -> None:
    events = [
        event("10:00", "login", session_reference="o", source="okta"),
        event("10:01", session_reference="p"),
        event("10:02", session_reference="p", device="unknown"),
        event("10:03", session_reference="o", source="okta", device="unknown"),
    ]
    assert lines(*events) == [[1, 2, 3, 4]]


def test_activity_joins_at_the_address_where_the_login_logged_no_device() -> None:
    login = event("10:00", "login", source="okta", device="unknown", ip_address=HOME)
    assert lines(login, event("10:01", ip_address=HOME)) == [[1, 2]]
    assert lines(login, event("10:01", ip_address=OFFICE)) == [[1], [2]]


def test_activity_does_not_join_at_the_address_where_the_login_logged_another_device() -> None:
    assert lines(event("10:00", "login", ip_address=HOME), event("10:01", ip_address=HOME, device=FIREFOX)) == [
        [1],
        [2],
    ]


def test_joining_adds_the_address_and_fills_the_device() -> None:
    events = [
        event("10:00", "login", source="okta", device="unknown", ip_address=HOME),
        event("10:01", ip_address=HOME),
        event("10:02", ip_address=OFFICE),
        event("10:03", ip_address=OFFICE, device=FIREFOX),
    ]
    assert lines(*events) == [[1, 2, 3, 4]]


def test_no_address_is_no_address_in_common() -> None:
    assert lines(event("10:00", "login", device="unknown"), event("10:01", device="unknown")) == [[1], [2]]


# ---- background


def test_background_joins_and_resets_nothing() -> None:
    events = event("10:00", "login"), event("11:00", "background"), event("12:00:01")
    assert memberships(*events) == [(1, "opened"), (2, "background"), (3, "opened")]
    assert ends(*events)[0] == ("idle_timeout", "12:00:00")


def test_background_adds_its_reference_and_address() -> None:
    events = [
        event("10:00", "login", device="unknown", ip_address=HOME),
        event("10:01", "background", session_reference="a", ip_address=HOME),
        event("10:02", session_reference="a", device="unknown", ip_address=OFFICE),
    ]
    assert lines(*events) == [[1, 2, 3]]


def test_background_does_not_make_a_session_more_recent() -> None:
    logins = event("10:00", "login", session_reference="a"), event("10:01", "login", session_reference="b")
    assert lines(*logins, event("10:02", "background", session_reference="a"), event("10:03")) == [[1, 3], [2, 4]]
