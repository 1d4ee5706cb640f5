"""What opens a session, and what joins it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.histories import ends, lines, members, memberships
from tests.oracle import FIREFOX, Event, at, event

HOME, OFFICE = "192.0.2.1", "198.51.100.7"
PHONE = "Mobile Safari 17 · iOS 17"


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


def test_two_devices_at_once_are_two_sessions() -> None:
    logins = event("10:00", "login"), event("10:01", "login", device=FIREFOX)
    assert lines(*logins, event("10:02"), event("10:03", device=FIREFOX), event("10:04")) == [[1, 3, 5], [2, 4]]


def test_ties_in_time_go_by_the_file_and_then_by_the_line() -> None:
    first = event("10:00", "login", file_id="a", line_number=9)
    second, third = event("10:00", "logout", file_id="b", line_number=1), event("10:00", file_id="b", line_number=2)
    assert memberships(third, second, first) == [(9, "opened"), (1, "closed"), (2, "opened")]


# ---- logins


def test_a_login_with_a_reference_that_is_open_is_activity() -> None:
    logins = event("10:00", "login", session_reference="a"), event("10:30", "login", session_reference="a")
    assert memberships(*logins) == [(1, "opened"), (2, "action")]


@pytest.mark.parametrize("others", [[], [event("11:00", device=PHONE)]], ids=["plain burst", "by the rules"])
def test_a_reference_is_the_same_whatever_source_logs_it(others: list[Event]) -> None:
    other = event("10:30", "login", session_reference="a", source="okta", device=FIREFOX)
    assert lines(event("10:00", "login", session_reference="a"), other, *others)[0] == [1, 2]


@pytest.mark.parametrize(("time", "sessions"), [("10:01:00", [[1, 2]]), ("10:01:00.000001", [[1], [2]])])
def test_a_login_that_another_source_records_within_60_seconds_is_the_same(
    time: str, sessions: list[list[int]]
) -> None:
    first = event("10:00", "login", source="okta", session_reference="o")
    assert lines(first, event(time, "login", session_reference="p")) == sessions


@pytest.mark.parametrize(("first", "second"), [("okta", "panel"), ("panel", "okta")])
def test_a_login_is_recorded_twice_in_either_order(first: str, second: str) -> None:
    logins = event("10:00:00", "login", source=first), event("10:00:20", "login", source=second, session_reference="b")
    assert memberships(*logins) == [(1, "opened"), (2, "action")]
    assert ends(*logins) == [("idle_timeout", "12:00:20")]


def test_a_second_record_without_a_reference_supersedes_nothing() -> None:
    logins = event("10:00:00", "login", source="okta", session_reference="o"), event("10:00:20", "login")
    assert memberships(*logins, event("10:05")) == [(1, "opened"), (2, "action"), (3, "action")]


def test_a_second_record_lends_the_session_its_reference() -> None:
    logins = event("10:00:00", "login", source="okta"), event("10:00:20", "login", session_reference="p")
    assert lines(*logins, event("10:05", session_reference="p", device=FIREFOX)) == [[1, 2, 3]]


def test_a_second_record_belongs_to_the_login_most_recently_active_of_several() -> None:
    logins = [
        event("10:00:00", "login", source="okta", session_reference="a"),
        event("10:00:10", "login", source="okta", session_reference="b"),
        event("10:00:20", session_reference="a", source="okta"),
    ]
    assert lines(*logins, event("10:00:30", "login")) == [[1, 3, 4], [2]]


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


def test_a_second_login_of_the_same_source_without_a_reference_supersedes_the_first() -> None:
    assert ends(event("10:00:00", "login"), event("10:00:30", "login")) == [
        ("superseded", "10:00:30"),
        ("idle_timeout", "12:00:30"),
    ]


@pytest.mark.parametrize("event_class", ["login", "activity"])
def test_a_reference_whose_session_has_ended_is_held_no_more(event_class: str) -> None:
    a = {"session_reference": "a"}
    ended = event("10:00", "login", **a), event("10:10", "logout", **a)
    assert memberships(*ended, event("10:20", event_class, **a)) == [(1, "opened"), (2, "closed"), (3, "opened")]


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


def test_a_login_without_a_reference_supersedes_every_session_on_its_device_and_no_other() -> None:
    sessions = [
        event("10:00", "login", session_reference="a"),
        event("10:01", "login", session_reference="b"),
        event("10:02", "login", device=FIREFOX),
    ]
    assert ends(*sessions, event("10:30", "login")) == [
        ("superseded", "10:30:00"),
        ("superseded", "10:30:00"),
        ("idle_timeout", "12:02:00"),
        ("idle_timeout", "12:30:00"),
    ]


def test_a_login_supersedes_an_implicit_session_too() -> None:
    assert ends(event("10:00"), event("10:30", "login"))[0] == ("superseded", "10:30:00")


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


def test_activity_with_a_new_reference_joins_the_session_that_holds_none_of_its_source() -> None:
    logins = event("10:00", "login"), event("10:01", "login", session_reference="a")
    events = *logins, event("10:02", session_reference="b"), event("10:03", session_reference="b", device=FIREFOX)
    assert lines(*events) == [[1, 3, 4], [2]]


def test_activity_without_a_reference_joins_a_session_that_holds_one() -> None:
    assert lines(event("10:00", "login", session_reference="a"), event("10:01")) == [[1, 2]]


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


def test_the_device_wins_over_the_address() -> None:
    logins = (
        event("10:00", "login", session_reference="a", ip_address=OFFICE),
        event("10:01", "login", session_reference="o", device="unknown", ip_address=HOME),
    )
    assert lines(*logins, event("10:02", ip_address=HOME)) == [[1, 3], [2]]


def test_of_two_sessions_at_an_address_activity_joins_the_one_most_recently_active() -> None:
    unknown = {"device": "unknown", "ip_address": HOME}
    logins = (
        event("10:00", "login", session_reference="a", **unknown),
        event("10:01", "login", session_reference="b", **unknown),
    )
    assert lines(*logins, event("10:02", session_reference="a", **unknown), event("10:03", **unknown)) == [
        [1, 3, 4],
        [2],
    ]


def test_activity_without_a_device_joins_the_implicit_session_without_one_at_its_address() -> None:
    unknown = {"device": "unknown", "ip_address": HOME}
    assert lines(event("10:00", **unknown), event("10:05", **unknown)) == [[1, 2]]


def test_activity_does_not_join_at_the_address_a_session_with_another_reference_of_its_source() -> None:
    unknown = {"device": "unknown", "ip_address": HOME}
    login = event("10:00", "login", session_reference="a", **unknown)
    assert lines(login, event("10:01", session_reference="b", **unknown)) == [[1], [2]]


def test_a_session_whose_device_became_known_is_still_joined_at_its_address() -> None:
    login = event("10:00", "login", source="google", device="unknown", ip_address=HOME)
    assert lines(login, event("10:01", ip_address=HOME), event("10:02", ip_address=HOME, device=FIREFOX)) == [[1, 2, 3]]


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


@pytest.mark.parametrize("others", [[], [event("11:00", device=PHONE)]], ids=["plain burst", "by the rules"])
def test_a_session_is_joined_at_each_of_its_addresses(others: list[Event]) -> None:
    events = [
        event("10:00", "login", source="okta", device="unknown", session_reference="o", ip_address=HOME),
        event("10:01", source="okta", device="unknown", session_reference="o", ip_address=OFFICE),
        event("10:02", ip_address=HOME),
    ]
    assert lines(*events, *others)[0] == [1, 2, 3]


def test_a_session_keeps_the_first_reference_of_a_source() -> None:
    events = [
        event("10:00:00", "login", source="okta"),
        event("10:00:10", session_reference="a"),
        event("10:00:20", "login", session_reference="b"),
        event("10:00:30", session_reference="a"),
        event("10:00:40", session_reference="b"),
    ]
    assert lines(*events) == [[1, 2, 3, 4], [5]]


def test_no_address_is_no_address_in_common() -> None:
    assert lines(event("10:00", "login", device="unknown"), event("10:01", device="unknown")) == [[1], [2]]


# ---- background


def test_background_joins_and_resets_nothing() -> None:
    events = event("10:00", "login"), event("11:00", "background"), event("12:00:01")
    assert memberships(*events) == [(1, "opened"), (2, "background"), (3, "opened")]
    assert ends(*events)[0] == ("idle_timeout", "12:00:00")


@pytest.mark.parametrize(("time", "sessions"), [("12:00", [[1, 2]]), ("12:00:00.000001", [[1]])])
def test_background_belongs_to_a_session_until_its_idle_timeout(time: str, sessions: list[list[int]]) -> None:
    assert lines(event("10:00", "login"), event(time, "background")) == sessions


def test_background_of_another_device_belongs_to_no_session() -> None:
    assert lines(event("10:00", "login"), event("10:01", "background", device=FIREFOX)) == [[1]]


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
