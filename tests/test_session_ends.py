"""What ends a session, and which one is which."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from tests.histories import ABSOLUTE, IDLE, ends, lines, members, memberships
from tests.oracle import CHROME, FIREFOX, Event, at, event

HOME, OFFICE = "192.0.2.1", "198.51.100.7"


# ---- ends


@pytest.mark.parametrize("others", [[], [event("10:00", device=FIREFOX)]], ids=["alone", "beside another"])
@pytest.mark.parametrize(("event_class", "reason"), [("logout", "logout"), ("session_end", "revoked")])
def test_a_logout_or_a_session_end_closes_the_session_on_its_device(
    event_class: str, reason: str, others: list[Event]
) -> None:
    assert ends(event("10:00", "login"), event("10:30", event_class), *others)[0] == (reason, "10:30:00")


def test_a_logout_closes_the_session_that_holds_its_reference() -> None:
    logins = event("10:00", "login", session_reference="a"), event("10:01", "login", session_reference="b")
    logout = event("10:30", "logout", session_reference="a")
    assert ends(*logins, logout) == [("logout", "10:30:00"), ("idle_timeout", "12:01:00")]


def test_a_logout_with_a_reference_that_nobody_holds_closes_nothing_and_is_kept() -> None:
    events = event("10:00", "login"), event("10:30", "logout", session_reference="a")
    assert memberships(*events) == [(1, "opened"), (2, "unmatched")]
    assert ends(*events) == [("idle_timeout", "12:00:00")]


@pytest.mark.parametrize(("device", "reason"), [("unknown", "logout"), (FIREFOX, "idle_timeout")])
def test_a_logout_without_a_device_closes_the_session_at_its_address(device: str, reason: str) -> None:
    logout = event("10:30", "logout", device=device, ip_address=HOME)
    assert ends(event("10:00", "login", ip_address=HOME), logout)[0][0] == reason


def test_a_logout_without_a_device_leaves_a_session_at_another_address_open() -> None:
    logout = event("10:30", "logout", device="unknown", ip_address=OFFICE)
    assert memberships(event("10:00", "login", ip_address=HOME), logout) == [(1, "opened"), (2, "unmatched")]


def test_a_logout_closes_the_session_without_a_device_at_its_address() -> None:
    login = event("10:00", "login", device="unknown", ip_address=HOME)
    assert ends(login, event("10:30", "logout", ip_address=HOME)) == [("logout", "10:30:00")]


def test_a_logout_of_another_device_leaves_a_session_at_its_address_whose_device_became_known() -> None:
    login = event("10:00", "login", device="unknown", ip_address=HOME)
    logout = event("10:30", "logout", device=FIREFOX, ip_address=HOME)
    assert ends(login, event("10:10", ip_address=HOME), logout) == [("idle_timeout", "12:10:00")]


def test_a_logout_without_any_address_closes_nothing_by_address() -> None:
    login = event("10:00", "login", device="unknown")
    assert memberships(login, event("10:30", "logout", device="unknown")) == [(1, "opened"), (2, "unmatched")]


@pytest.mark.parametrize("device", [CHROME, "unknown"], ids=["device", "address"])
def test_of_several_sessions_a_logout_closes_the_one_most_recently_active(device: str) -> None:
    place = {"device": device, "ip_address": HOME}
    events = [
        event("10:00", "login", session_reference="a", **place),
        event("10:01", "login", session_reference="b", **place),
        event("10:02", session_reference="a", **place),
        event("10:30", "logout", **place),
    ]
    assert ends(*events) == [("logout", "10:30:00"), ("idle_timeout", "12:01:00")]


def test_a_logout_closes_on_its_device_before_it_closes_at_its_address() -> None:
    logins = event("10:00", "login"), event("10:01", "login", device="unknown", ip_address=HOME)
    assert ends(*logins, event("10:30", "logout", ip_address=HOME)) == [
        ("logout", "10:30:00"),
        ("idle_timeout", "12:01:00"),
    ]


def test_a_logout_at_the_provider_closes_the_session_that_holds_the_applications_reference_too() -> None:
    events = [
        event("10:00", "login", source="okta", session_reference="o"),
        event("10:05", session_reference="p"),
        event("10:30", "logout", source="okta", session_reference="o", device=FIREFOX),
        event("10:31", "logout", session_reference="p"),
    ]
    assert memberships(*events) == [(1, "opened"), (2, "action"), (3, "closed"), (4, "unmatched")]


def test_an_unmatched_logout_has_no_session() -> None:
    row = members(event("10:00", "logout")).row(0, named=True)
    assert [
        name for name in ("session_id", "login_time", "login_observed", "end_time", "end_reason") if row[name]
    ] == []
    assert row["membership"] == "unmatched"


@pytest.mark.parametrize(("time", "reason"), [("12:00", "logout"), ("12:00:00.000001", "idle_timeout")])
def test_a_logout_at_the_idle_timeout_still_closes_the_session(time: str, reason: str) -> None:
    assert ends(event("10:00", "login"), event(time, "logout")) == [(reason, "12:00:00")]


def test_activity_after_a_logout_is_an_implicit_session() -> None:
    events = event("10:00", "login"), event("10:30", "logout"), event("10:31")
    assert memberships(*events) == [(1, "opened"), (2, "closed"), (3, "opened")]


def test_an_action_at_both_limits_and_a_logout_there_are_the_last_of_their_session() -> None:
    *events, last = every_hour(25)
    logout = {**last, "event_class": "logout"}
    assert ends(*events, last, logout) == [("logout", "01:30:00")]


@pytest.mark.parametrize(("time", "sessions"), [("12:00", [[1, 2]]), ("12:00:00.000001", [[1], [2]])])
def test_a_gap_equal_to_the_idle_timeout_is_still_active(time: str, sessions: list[list[int]]) -> None:
    assert lines(event("10:00", "login"), event(time)) == sessions


@pytest.mark.parametrize(("as_of", "reason"), [("12:00", "active"), ("12:00:00.000001", "idle_timeout")])
def test_a_session_is_active_until_as_of_is_later_than_its_timeout(as_of: str, reason: str) -> None:
    assert ends(event("10:00", "login"), as_of=at(as_of))[0][0] == reason


def test_an_event_later_than_the_timeout_finds_the_session_ended_at_it() -> None:
    assert ends(event("10:00", "login"), event("15:00", "logout")) == [("idle_timeout", "12:00:00")]


def every_hour(count: int, **fields: Any) -> list[Event]:
    """A login at 01:30 and activity every hour after it."""
    login = at("01:30")
    return [
        event(login + hour * timedelta(hours=1), "activity" if hour else "login", **fields) for hour in range(count)
    ]


def test_activity_at_the_absolute_timeout_still_belongs_and_later_activity_does_not() -> None:
    *events, last = every_hour(25)
    later = {**last, "event_time": last["event_time"] + timedelta(microseconds=1)}
    assert lines(*events, last, later) == [[*range(1, 26)], [26]]
    assert ends(*events, last, later)[0] == ("absolute_timeout", "01:30:00")


@pytest.mark.parametrize(
    ("late", "reason"), [(timedelta(0), "logout"), (timedelta(microseconds=1), "absolute_timeout")]
)
def test_a_logout_at_the_absolute_timeout_still_closes_the_session(late: timedelta, reason: str) -> None:
    logout = event(at("01:30", day=30) + late, "logout")
    assert ends(*every_hour(24), logout) == [(reason, "01:30:00")]


@pytest.mark.parametrize(
    ("as_of", "reason"), [("01:30", "active"), ("01:30:00.000001", "absolute_timeout")], ids=["equal", "later"]
)
@pytest.mark.parametrize("others", [[], [event("23:00", device=FIREFOX)]], ids=["alone", "beside another"])
def test_a_session_is_active_until_as_of_is_later_than_its_absolute_timeout(
    as_of: str, reason: str, others: list[Event]
) -> None:
    assert ends(*every_hour(24), *others, as_of=at(as_of, day=30))[0][0] == reason


@pytest.mark.parametrize("others", [[], [event("23:00", device=FIREFOX)]], ids=["alone", "beside another"])
def test_the_absolute_timeout_of_an_implicit_session_counts_from_its_first_event(others: list[Event]) -> None:
    implicit = [{**each, "event_class": "activity"} for each in every_hour(24)]
    assert ends(*implicit, *others)[0] == ("absolute_timeout", "01:30:00")


def test_activity_after_the_absolute_timeout_is_an_implicit_session() -> None:
    found = members(*every_hour(26)).filter(membership="opened")
    assert found.select("login_observed", "login_time").rows() == [
        (True, at("01:30")),
        (False, at("02:30", day=30)),
    ]


@pytest.mark.parametrize("others", [[], [event("23:00", device=FIREFOX)]], ids=["alone", "beside another"])
def test_a_tie_of_both_timeouts_is_the_absolute_one(others: list[Event]) -> None:
    assert ends(*every_hour(23), *others)[0] == ("absolute_timeout", "01:30:00")


def test_the_earlier_of_both_timeouts_wins() -> None:
    assert ends(*every_hour(22)) == [("idle_timeout", "00:30:00")]


# ---- machines do not sleep: 24 h counted from 1970 is midnight UTC


def robot(first: datetime, count: int, step: timedelta = IDLE) -> list[Event]:
    return [event(first + n * step) for n in range(count)]


def test_whoever_never_paused_for_the_absolute_timeout_before_a_multiple_is_cut_there() -> None:
    events = [*robot(at("00:00"), 9), *robot(at("18:00"), 6, timedelta(hours=1)), event(at("00:00", day=30))]
    later_login = {**event("17:00", "login", device=FIREFOX), "line_number": 99}
    assert ends(*events, later_login) == [
        ("absolute_timeout", "00:00:00"),
        ("idle_timeout", "19:00:00"),
        ("idle_timeout", "02:00:00"),
    ]


def test_sessions_of_a_machine_that_are_younger_than_the_timeout_are_cut_with_it() -> None:
    events = [*robot(at("00:00"), 12), {**event("23:00", "login", device=FIREFOX), "line_number": 99}]
    assert ends(*events) == [("absolute_timeout", "00:00:00"), ("absolute_timeout", "00:00:00")]


def test_one_gap_longer_than_the_idle_timeout_is_sleep_enough() -> None:
    phone = {**event("23:00", "login", device=FIREFOX), "line_number": 99}
    assert ends(*robot(at("00:00:01"), 12), phone)[1] == ("idle_timeout", "01:00:00")


PHONE = {**event("23:00", "login", device=FIREFOX), "line_number": 99}


@pytest.mark.parametrize(
    ("first", "reason"),
    [(at("00:00"), "absolute_timeout"), (at("00:00") + timedelta(microseconds=1), "idle_timeout")],
    ids=["a whole one", "a microsecond less"],
)
def test_a_machine_was_at_it_for_the_whole_absolute_timeout_before_the_multiple(first: datetime, reason: str) -> None:
    assert ends(*robot(first, 12), PHONE)[1][0] == reason


def test_an_absolute_timeout_just_before_the_multiple_comes_first() -> None:
    awake = robot(at("23:59", day=28), 12)
    assert ends(*awake, event("22:30"), PHONE) == [
        ("absolute_timeout", "23:59:00"),
        ("absolute_timeout", "00:00:00"),
    ]


def test_a_gap_a_microsecond_longer_than_the_idle_timeout_is_sleep_enough() -> None:
    late = robot(at("12:00") + timedelta(microseconds=1), 6)
    assert ends(*robot(at("00:00"), 6), *late, PHONE)[-1] == ("idle_timeout", "01:00:00")


def test_what_runs_in_the_background_makes_no_machine_of_a_person() -> None:
    night = event("00:00", "background")
    assert ends(night, *robot(at("00:30"), 12), PHONE)[1] == ("idle_timeout", "01:00:00")


def test_what_runs_in_the_background_makes_no_machine_of_whoever_comes_after_another_user() -> None:
    other = event("23:00", user_name="abe@example.com")
    night = event("00:00", "background")
    assert ends(other, night, *robot(at("00:30"), 12), PHONE)[2] == ("idle_timeout", "01:00:00")


def test_an_event_on_the_multiple_comes_after_the_cut() -> None:
    events = [*robot(at("00:00"), 12), {**event("23:00", "login", device=FIREFOX), "line_number": 99}]
    midnight = event(at("00:00", day=30), device=FIREFOX, line_number=100)
    assert lines(*events, midnight) == [[*range(1, 13)], [99], [100]]


def test_a_logout_on_the_multiple_finds_the_session_cut() -> None:
    found = members(*robot(at("00:00"), 12), event(at("00:00", day=30), "logout"))
    assert found["end_reason"].to_list() == ["absolute_timeout"] * 12 + [None]
    assert found["membership"][-1] == "unmatched"


def test_the_cut_waits_for_an_as_of_later_than_the_multiple() -> None:
    events = [*robot(at("00:00"), 12), {**event("23:00", "login", device=FIREFOX), "line_number": 99}]
    assert ends(*events, as_of=at("00:00", day=30)) == [("active", None), ("active", None)]


# ---- identity


def test_a_session_keeps_its_id_however_its_lines_are_cut_into_files() -> None:
    events = event("10:00", "login"), event("10:05")
    moved = [{**each, "file_id": "panel/access.log.1", "line_number": n} for n, each in enumerate(events, start=70)]
    assert members(*events)["session_id"].to_list() == members(*moved)["session_id"].to_list()


def test_sessions_whose_first_events_say_the_same_have_ids_of_their_own() -> None:
    assert members(event("10:00", "login"), event("10:00", "login"))["session_id"].n_unique() == 2


def test_the_spelling_of_the_user_does_not_change_the_id() -> None:
    ids = [members(event("10:00", user_name=name))["session_id"][0] for name in ("ann@example.com", "Ann@Example.com")]
    assert ids[0] == ids[1]


def test_rows_of_a_session_stand_together_and_unmatched_ones_last() -> None:
    events = [
        event("09:00", "logout"),
        event("10:00", "login", user_name="ben@example.com"),
        event("10:01", "login", session_reference="a"),
        event("10:02", "login", session_reference="b"),
        event("10:03", session_reference="a"),
    ]
    assert [line for line, _ in memberships(*events)] == [3, 5, 4, 2, 1]


def test_no_events_are_no_members() -> None:
    assert members().is_empty()


# ---- the neighbourhood of a day


def test_a_day_needs_the_idle_timeout_before_twice_the_absolute_one() -> None:
    """A machine that is cut at midnight UTC, and a day that begins an hour before it."""
    start = at("23:00", day=29)
    hours = [event(at("22:30", day=27) + n * timedelta(minutes=100)) for n in range(33)]
    phone = [event(at(clock, day=day), device=FIREFOX) for day, clock in ((28, "23:20"), (29, "00:10"))]
    phone += [event(at("01:30") + n * timedelta(minutes=100), device=FIREFOX) for n in range(14)]
    phone += [event(at("23:40"), device=FIREFOX)]
    numbered = [{**each, "line_number": n} for n, each in enumerate([*hours, *phone], start=1)]

    def of_day(behind: timedelta) -> list[datetime]:
        near = [each for each in numbered if each["event_time"] >= start - behind]
        opened = members(*near, as_of=at("23:59")).filter(membership="opened")
        return opened.filter(pl.col("login_time") >= start)["login_time"].to_list()

    assert of_day(2 * ABSOLUTE + IDLE) == of_day(9 * ABSOLUTE) == []
    assert of_day(2 * ABSOLUTE) == [at("23:40")]
