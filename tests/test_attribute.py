from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from processors.attribute import attribute
from processors.sessionize import sessionize
from tests.oracle import Event, at, event, frame

DAY = timedelta(hours=24)
ANN, BEN = "ann@example.com", "ben@example.com"
HOME, OFFICE = "192.0.2.1", "198.51.100.7"


def login(time: str, user_name: str | None = ANN, **fields: Any) -> Event:
    return event(time, "login", **({"ip_address": HOME, "user_agent": "Firefox"} | fields), user_name=user_name)


def request(time: str = "10:00", **fields: Any) -> Event:
    return event(time, **({"ip_address": HOME, "user_agent": "Firefox", "user_name": None} | fields))


def whose(request: Event, *logins: Event) -> tuple[str | None, str]:
    """The user and the method that the kernel gives to one event."""
    found = attribute(frame([request]), frame(logins), absolute_timeout=DAY).collect()
    return found["user_name"][0], found["attribution_method"][0]


def test_a_user_in_the_line_comes_first() -> None:
    assert whose(request(user_name="Ben@example.com"), login("09:00")) == ("Ben@example.com", "log_user")


def test_a_session_reference_comes_before_the_address() -> None:
    logins = login("09:00", ANN, session_reference="a", ip_address=OFFICE), login("09:30", BEN)
    assert whose(request(session_reference="a"), *logins) == (ANN, "session_reference")


def test_a_user_in_the_line_wins_over_a_session_reference_of_another() -> None:
    named = request(user_name=BEN, session_reference="a")
    assert whose(named, login("09:00", ANN, session_reference="a")) == (BEN, "log_user")


def test_a_session_reference_is_known_whatever_address_and_device_carry_it() -> None:
    elsewhere = request(session_reference="a", ip_address=OFFICE, user_agent=None)
    assert whose(elsewhere, login("09:00", session_reference="a")) == (ANN, "session_reference")


def test_a_session_reference_is_known_whatever_source_logs_it() -> None:
    assert whose(
        request(session_reference="a"), login("09:00", session_reference="a", source="okta", ip_address=OFFICE)
    ) == (ANN, "session_reference")


@pytest.mark.parametrize(
    ("time", "method"),
    [
        ("2025-08-28T09:59:59.999999", "anonymous"),
        ("2025-08-28T10:00:00", "session_reference"),
        ("2025-08-29T10:00:00", "session_reference"),
        ("2025-08-29T10:00:00.000001", "anonymous"),
    ],
)
def test_a_session_reference_is_known_from_its_login_until_the_absolute_timeout_has_passed(
    time: str, method: str
) -> None:
    moment = datetime.fromisoformat(f"{time}+00:00")
    signed_in = {**login("10:00", session_reference="a", ip_address=OFFICE), "event_time": moment}
    assert whose(request("10:00", session_reference="a"), signed_in)[1] == method


def test_a_session_reference_of_two_users_is_ambiguous() -> None:
    logins = login("09:00", ANN, session_reference="a"), login("09:30", BEN, session_reference="a")
    assert whose(request(session_reference="a"), *logins) == (None, "ambiguous")


def test_a_session_reference_of_no_login_leaves_it_to_the_address() -> None:
    assert whose(request(session_reference="b"), login("09:00", session_reference="a")) == (ANN, "address_and_device")


def test_two_users_behind_one_address_with_different_agents_are_told_apart() -> None:
    logins = login("09:00", ANN), login("09:30", BEN, user_agent="Chrome")
    assert whose(request(), *logins) == (ANN, "address_and_device")


def test_two_users_behind_one_address_with_one_agent_are_ambiguous() -> None:
    assert whose(request(), login("09:00", ANN), login("09:30", BEN)) == (None, "ambiguous")


def test_a_session_reference_of_two_users_is_not_left_to_the_address() -> None:
    logins = (
        login("09:00", ANN, session_reference="a"),
        login("09:10", BEN, session_reference="a", ip_address=OFFICE),
    )
    assert whose(request(session_reference="a"), *logins) == (None, "ambiguous")


def test_an_ambiguous_event_belongs_to_nobody_and_is_no_part_of_a_session() -> None:
    logins = login("09:00", ANN), login("09:30", BEN)
    found = attribute(frame([*logins, request("09:40")]), frame(logins), absolute_timeout=DAY)
    assert found.collect()["user_name"].to_list() == [ANN, BEN, None]
    members = sessionize(found, idle_timeout=timedelta(hours=2), absolute_timeout=DAY, as_of=at("10:00")).collect()
    assert members.select("user_name", "line_number").rows() == [(ANN, 1), (BEN, 2)]


def test_two_people_with_one_address_and_one_browser_are_told_apart_by_their_session_references() -> None:
    logins = login("09:00", ANN, session_reference="a"), login("09:30", BEN, session_reference="b")
    assert whose(request(session_reference="b"), *logins) == (BEN, "session_reference")


def test_the_earlier_user_is_seen_behind_many_logins_of_the_later_one() -> None:
    logins = [login("08:00", ANN), *[login(f"09:{minute}", BEN) for minute in (10, 20, 30)]]
    assert whose(request(), *logins) == (None, "ambiguous")


@pytest.mark.parametrize("reference", ["a", None], ids=["reference", "address and device"])
@pytest.mark.parametrize(
    ("time", "method"), [("10:00:00", "ambiguous"), ("09:59:59.999999", None)], ids=["just within", "just before"]
)
def test_another_user_makes_it_ambiguous_up_to_the_absolute_timeout_before_it(
    time: str, method: str | None, reference: str | None
) -> None:
    logins = login(time, BEN, session_reference=reference), login("10:05", ANN, session_reference=reference)
    event_ = {**request(session_reference=reference), "event_time": at("10:00", day=30)}
    assert whose(event_, *logins)[1] == (method or ("session_reference" if reference else "address_and_device"))


def test_users_are_the_same_whatever_their_case_and_the_latest_spelling_is_given() -> None:
    logins = login("09:00", "STRASSE@example.com"), login("09:30", "Straße@example.com")
    assert whose(request(), *logins) == ("Straße@example.com", "address_and_device")


def test_the_address_alone_counts_where_its_provider_logs_no_agent() -> None:
    assert whose(request(), login("09:00", user_agent=None)) == (ANN, "address")


def test_the_address_alone_does_not_count_where_the_logins_name_another_agent() -> None:
    assert whose(request(), login("09:00", user_agent="Chrome")) == (None, "anonymous")


def test_the_address_alone_is_ambiguous_when_anyone_else_signed_in_there() -> None:
    logins = login("09:00", ANN, user_agent=None), login("09:30", BEN, user_agent="Chrome")
    assert whose(request(), *logins) == (None, "ambiguous")


def test_the_address_alone_is_the_latest_login_there_whatever_agent_it_has() -> None:
    logins = login("09:00", ANN, user_agent=None), login("09:30", "Ann@example.com", user_agent="Chrome")
    assert whose(request(), *logins) == ("Ann@example.com", "address")


@pytest.mark.parametrize(
    ("time", "found"),
    [("10:00:00", (None, "ambiguous")), ("09:59:59.999999", (ANN, "address"))],
    ids=["just within", "just before"],
)
def test_any_login_at_the_address_counts_against_it_up_to_the_absolute_timeout_before_it(
    time: str, found: tuple[str | None, str]
) -> None:
    logins = login(time, BEN, user_agent="Chrome"), login("10:05", ANN, user_agent=None)
    assert whose({**request(), "event_time": at("10:00", day=30)}, *logins) == found


@pytest.mark.parametrize(
    ("time", "found"),
    [("10:00:00", (ANN, "address")), ("09:59:59.999999", (None, "anonymous"))],
    ids=["just within", "just before"],
)
def test_a_login_without_an_agent_opens_its_address_until_the_absolute_timeout_has_passed(
    time: str, found: tuple[str | None, str]
) -> None:
    logins = login(time, ANN, user_agent=None), login("10:05", ANN, user_agent="Chrome")
    assert whose({**request(), "event_time": at("10:00", day=30)}, *logins) == found


def test_a_request_without_an_agent_goes_by_its_address_where_a_login_has_none_either() -> None:
    assert whose(request(user_agent=None), login("09:00", user_agent=None)) == (ANN, "address")


def test_a_login_with_the_same_agent_wins_over_one_without() -> None:
    logins = login("09:00", ANN), login("09:30", BEN, user_agent=None)
    assert whose(request(), *logins) == (ANN, "address_and_device")


@pytest.mark.parametrize("time", ["10:00:00", "10:00:00.000001"])
def test_a_login_counts_until_the_absolute_timeout_has_passed(time: str) -> None:
    found = whose(event(at(time, day=30), user_name=None, ip_address=HOME, user_agent="Firefox"), login("10:00"))
    assert found == ((ANN, "address_and_device") if time == "10:00:00" else (None, "anonymous"))


def test_a_user_whose_login_is_too_old_does_not_make_it_ambiguous() -> None:
    logins = login("09:59:59.999999", BEN), login("10:00", ANN)
    found = whose(event(at("10:00", day=30), user_name=None, ip_address=HOME, user_agent="Firefox"), *logins)
    assert found == (ANN, "address_and_device")


@pytest.mark.parametrize(("time", "method"), [("10:00", "address_and_device"), ("10:00:00.000001", "anonymous")])
def test_a_login_at_the_same_instant_counts_and_a_later_one_does_not(time: str, method: str) -> None:
    assert whose(request("10:00"), login(time))[1] == method


def test_two_users_at_one_instant_are_ambiguous() -> None:
    assert whose(request(), login("10:00", ANN), login("10:00", BEN)) == (None, "ambiguous")


@pytest.mark.parametrize("fields", [{"outcome": "failure"}, {"event_class": "activity"}, {"user_name": None}])
def test_only_successful_logins_that_name_a_user_count(fields: dict[str, Any]) -> None:
    assert whose(request(), {**login("09:00"), **fields}) == (None, "anonymous")


@pytest.mark.parametrize("event_class", ["activity", "background", "logout"])
@pytest.mark.parametrize("agent", ["Firefox", None], ids=["address and device", "address"])
def test_a_request_goes_by_its_address(event_class: str, agent: str | None) -> None:
    assert whose(request(event_class=event_class), login("09:00", user_agent=agent))[0] == ANN


@pytest.mark.parametrize("event_class", ["login", "login_failed", "credential", "admin", "session_end", "other"])
@pytest.mark.parametrize("agent", ["Firefox", None], ids=["address and device", "address"])
def test_what_is_no_request_and_names_nobody_is_not_whoevers_address_it_comes_from(
    event_class: str, agent: str | None
) -> None:
    assert whose(request(event_class=event_class), login("09:00", user_agent=agent)) == (None, "anonymous")


@pytest.mark.parametrize("event_class", ["login", "credential", "session_end", "other"])
def test_what_is_no_request_and_names_nobody_goes_by_its_session_reference(event_class: str) -> None:
    named = request(event_class=event_class, session_reference="a")
    assert whose(named, login("09:00", session_reference="a")) == (ANN, "session_reference")


def test_nothing_matches_nothing() -> None:
    logins = [login("09:00", ip_address=None, user_agent=None)]
    assert whose(request(ip_address=None, user_agent=None), *logins) == (None, "anonymous")


def test_events_come_in_the_order_they_had_with_their_columns() -> None:
    events = [request("10:01"), request("10:00", file_id="b"), request("10:00", file_id="a"), request("10:00")]
    found = attribute(frame(events), frame([login("10:00")]), absolute_timeout=DAY).collect()
    filled = ["user_name", "attribution_method"]
    assert_frame_equal(found.drop(filled), frame(events).collect().drop(filled))
