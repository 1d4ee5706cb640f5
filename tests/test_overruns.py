from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from processors.continuation import continuations
from processors.overruns import OVERRUNS, Policy, governed, overruns
from processors.sessionize import sessionize
from schemas import LimitOverruns
from tests.oracle import CHROME, FIREFOX, Event, at, event, frame

IDLE, ABSOLUTE = timedelta(hours=2), timedelta(hours=24)
CARDS = Policy("cards", idle_limit=timedelta(minutes=15))
DAY = Policy("day", absolute_limit=timedelta(hours=12))


def found(*events: Event, policies: tuple[Policy, ...] = (CARDS,), as_of: datetime | None = None) -> pl.DataFrame:
    """The overruns of the events; credential events among them are those that were passed."""
    as_of = as_of or at("00:00", day=31)
    members = sessionize(frame(events), idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=as_of)
    credentials = frame(events).filter(pl.col("event_class") == "credential")
    before = continuations(members, reach=ABSOLUTE)
    rows = overruns(members, credentials, before, policies=policies).collect()
    assert rows.schema == OVERRUNS
    return rows.sort("next_action_time", "policy_name")


def spans(*events: Event, **more: Any) -> list[tuple[str, str, int, str]]:
    """From when to when, how long, and how it is known; clocks of the 30th are marked."""
    rows = found(*events, **more).select("measured_from_time", "next_action_time", "measured_s", "evidence").rows()
    shown = [[f"{time:%H:%M:%S}{'+' * (time.day - 29)}" for time in row[:2]] for row in rows]
    return [(start, end, row[2], row[3]) for (start, end), row in zip(shown, rows, strict=True)]


# ---- a silence inside one session


@pytest.mark.parametrize(
    ("time", "expected"),
    [("10:15:00", []), ("10:15:00.000001", [("10:00:00", "10:15:00", 900, "device")])],
    ids=["equal", "longer"],
)
def test_a_silence_equal_to_the_limit_is_within_it(time: str, expected: list[tuple[str, str, int, str]]) -> None:
    assert spans(event("10:00", "login"), event(time)) == expected


def test_a_silence_that_nothing_follows_is_no_overrun() -> None:
    assert spans(event("10:00", "login")) == []
    assert spans(event("10:00", "login"), event("10:40", "logout")) == []
    assert spans(event("10:00", "login"), event("10:40", "background")) == []


def test_a_new_login_after_the_silence_is_what_ought_to_be() -> None:
    assert spans(event("10:00", "login"), event("10:40", "login"), event("10:41")) == []


def test_every_action_after_a_silence_is_a_row() -> None:
    assert spans(event("10:00", "login"), event("10:20"), event("10:30"), event("11:00")) == [
        ("10:00:00", "10:20:00", 1200, "device"),
        ("10:30:00", "11:00:00", 1800, "device"),
    ]


def test_background_requests_do_not_make_a_silence_shorter() -> None:
    events = event("10:00", "login"), event("10:10", "background"), event("10:20")
    assert spans(*events) == [("10:00:00", "10:20:00", 1200, "device")]


def test_a_later_as_of_adds_rows_and_moves_none() -> None:
    events = event("10:00", "login"), event("10:40"), event("11:20")
    early = found(*events, as_of=at("11:20"))
    assert early.height == 1 and found(*events)[:1].equals(early)


def test_who_passed_a_second_factor_after_the_last_action_did_authenticate() -> None:
    events = event("10:00", "login"), event("10:40")
    assert spans(*events, event("10:39", "credential")) == []
    assert spans(*events, event("10:40", "credential")) == []
    assert len(spans(*events, event("10:00", "credential"))) == 1
    assert len(spans(*events, event("10:39", "credential", user_name="ben@example.com"))) == 1


def test_a_login_with_the_reference_of_the_session_is_no_new_one_and_says_so() -> None:
    login = event("10:00", "login", session_reference="a")
    rows = found(login, event("10:40", "login", session_reference="a"))
    assert rows.select("next_action_class", "evidence").rows() == [("login", "session_reference")]


def test_the_evidence_is_the_session_id_else_the_device_else_the_address() -> None:
    login = event("10:00", "login", device="unknown", session_reference="k", ip_address="192.0.2.1", source="keycloak")
    first = event("10:20", ip_address="192.0.2.1")
    second, third = event("10:40", session_reference="p"), event("11:00", session_reference="p", device=FIREFOX)
    assert [row[3] for row in spans(login, first, second, third)] == ["address", "device", "session_reference"]


# ---- a session that had timed out, and went on


def test_who_comes_back_after_the_idle_timeout_without_a_login_went_on() -> None:
    rows = found(event("10:00", "login"), event("12:30"))
    assert rows.select("measured_s", "evidence", "last_action_time").rows() == [(9000, "device", at("10:00"))]
    assert rows["continued_session_id"][0] not in (None, rows["session_id"][0])


def test_the_same_session_id_tells_more_than_another_device() -> None:
    login = event("09:00", "login", session_reference="a", device=FIREFOX)
    other = event("10:00", "login", session_reference="b")
    back = event("12:30", session_reference="a")
    assert spans(login, other, back) == [("09:00:00", "12:30:00", 12600, "session_reference")]


def test_another_session_id_of_the_same_source_is_of_a_login_that_nobody_saw() -> None:
    assert spans(event("10:00", "login", session_reference="a"), event("12:30", session_reference="b")) == []


def test_another_device_is_another_session() -> None:
    assert spans(event("10:00", "login"), event("12:30", device=FIREFOX)) == []


def test_an_unknown_device_at_the_same_address_goes_on_where_the_login_told_none() -> None:
    login = event("10:00", "login", device="unknown", ip_address="192.0.2.1")
    back = event("12:30", device="unknown", ip_address="192.0.2.1")
    assert spans(login, back) == [("10:00:00", "12:30:00", 9000, "address")]
    assert spans(login | {"device": CHROME}, back) == []


@pytest.mark.parametrize("closing", ["logout", "session_end"])
def test_what_follows_a_logout_is_another_matter(closing: str) -> None:
    assert spans(event("10:00", "login"), event("10:10", closing), event("10:40")) == []


def test_of_two_sessions_on_a_device_the_last_to_act_goes_on() -> None:
    first = event("08:00", "login", session_reference="a")
    second = event("08:10", "login", session_reference="b"), event("08:20", "logout", session_reference="b")
    third = event("08:30", session_reference="a")
    assert spans(first, *second[:1], event("12:00"))[0][0] == "08:10:00"
    assert spans(first, *second, third, event("12:00"), policies=(Policy("x", timedelta(hours=3)),)) == [
        ("08:30:00", "12:00:00", 12600, "device")
    ]


def test_two_users_of_one_device_are_two() -> None:
    assert spans(event("10:00", "login"), event("12:30", user_name="ben@example.com")) == []
    assert len(spans(event("10:00", "login"), event("12:30", user_name="ANN@example.com"))) == 1


@pytest.mark.parametrize(("time", "count"), [("10:00:00", 1), ("10:00:00.000001", 0)], ids=["equal", "longer"])
def test_a_return_later_than_the_absolute_timeout_is_not_looked_for(time: str, count: int) -> None:
    assert len(spans(event("10:00", "login"), event(at(time, day=30)))) == count


# ---- too long after the login


def every(minutes: int, count: int, *, first: str = "08:00", opening: str = "login") -> list[Event]:
    times = [at(first) + n * timedelta(minutes=minutes) for n in range(count)]
    return [event(time, "activity" if n else opening) for n, time in enumerate(times)]


def test_the_first_action_later_than_the_absolute_limit_is_a_row_and_no_other() -> None:
    assert spans(*every(60, 16), policies=(DAY,)) == [("08:00:00", "21:00:00", 46800, "device")]


@pytest.mark.parametrize(("time", "count"), [("20:00:00", 0), ("20:00:00.000001", 1)], ids=["equal", "longer"])
def test_an_action_at_the_absolute_limit_is_within_it(time: str, count: int) -> None:
    assert len(spans(*every(60, 12), event(time), policies=(DAY,))) == count


def test_a_session_without_a_login_is_measured_from_its_first_event_and_says_so() -> None:
    rows = found(*every(60, 14, opening="activity"), policies=(DAY,))
    assert rows.select("measured_from", "measured_s").rows() == [("first_event", 46800)]


def test_a_session_that_goes_on_is_measured_from_the_login_of_the_one_before() -> None:
    events = [*every(60, 5), event("14:30"), event("16:00"), event("18:00"), event("20:00"), event("20:01")]
    rows = found(*events, policies=(DAY,))
    assert rows.select("measured_from", "measured_from_time", "next_action_time").rows() == [
        ("login", at("08:00"), at("20:01"))
    ]


def test_a_second_factor_passed_in_time_begins_the_absolute_limit_again() -> None:
    rows = found(*every(60, 16), event("11:30", "credential"), policies=(DAY,))
    assert rows.is_empty()
    rows = found(*every(60, 18), event("11:30", "credential"), policies=(DAY,))
    assert rows.select("measured_from", "measured_s").rows() == [("authentication", 45000)]


# ---- which policies


def test_every_policy_that_applies_is_measured_by_itself() -> None:
    looser = Policy("looser", timedelta(minutes=30))
    rows = found(event("10:00", "login"), event("10:20"), event("11:00"), policies=(looser, CARDS))
    assert rows.select("policy_name", "limit_s", "measured_s").rows() == [
        ("cards", 900, 1200),
        ("cards", 900, 2400),
        ("looser", 1800, 2400),
    ]


@pytest.mark.parametrize(
    ("policy", "count"),
    [
        (CARDS._replace(users=("ann@example.com",)), 1),
        (CARDS._replace(users=("ben@example.com",)), 0),
        (CARDS._replace(users=()), 0),
        (CARDS._replace(applications=("till",)), 1),
        (CARDS._replace(applications=("other",)), 0),
        (CARDS._replace(applications=("panel",)), 0),
        (CARDS._replace(applications=("till",), users=("ben@example.com",)), 0),
    ],
)
def test_a_policy_applies_to_its_users_in_its_applications(policy: Policy, count: int) -> None:
    events = event("10:00", "login", user_name="Ann@example.com", application="Till"), event("10:20")
    assert found(*events, policies=(policy,)).height == count


def test_a_session_that_names_no_application_is_of_its_source() -> None:
    events = event("10:00", "login"), event("10:20")
    assert found(*events, policies=(CARDS._replace(applications=("panel",)),))["application"].to_list() == [None]


def test_a_session_that_goes_on_is_of_the_application_of_the_one_before() -> None:
    events = event("10:00", "login", application="Till"), event("12:30")
    assert found(*events, policies=(CARDS._replace(applications=("till",)),)).height == 1


def test_the_sessions_that_a_policy_applies_to_are_known_though_nothing_is_wrong() -> None:
    events = frame([event("10:00", "login"), event("10:01", "login", user_name="ben@example.com")])
    members = sessionize(events, idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=at("11:00"))
    each = CARDS, DAY._replace(users=("ben@example.com",))
    rows = governed(continuations(members, reach=ABSOLUTE), policies=each).collect()
    assert sorted(rows["policy_name"]) == ["cards", "cards", "day"]


def test_no_policy_and_no_event_give_nothing() -> None:
    assert found(event("10:00", "login"), event("10:40"), policies=()).is_empty()
    assert found().is_empty()


def test_overruns_have_the_columns_of_their_table_but_the_date() -> None:
    columns = {name: column.dtype for name, column in LimitOverruns.columns().items() if name != "login_date"}
    assert list(OVERRUNS.items()) == list(columns.items())
