"""Generated histories of two people, through the kernels one after the other and through the oracle.

In them is what the rules are about: lines that name nobody, references, devices, addresses, several sources, logouts,
machines, ties in time, and instants on the limits and a microsecond off them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors import attribute, inactivity, pipeline, policies, sessionize, workspace_day
from processors import settings as configuration
from tests import oracle, workspaces
from tests.oracle import CHROME, Event, event, frame
from tests.test_sessionize_oracle import (
    ABSOLUTE,
    CLOSE,
    GAPS,
    IDLE,
    MULTIPLE,
    NEWER,
    PHONE,
    TICK,
    WINDOW,
    moments,
    with_opening,
)

ANN, BEN = "ann@example.com", "ben@example.com"
DEVICES = {"chrome": CHROME, "newer": NEWER, "phone": PHONE, None: "unknown"}


class Place(NamedTuple):
    """Who is where, on what: the user that a line there names if it names one."""

    user_name: str
    ip_address: str | None
    user_agent: str | None


class Kind(NamedTuple):
    """One sort of line. `user_agent` and `session_reference`: whether its source logs them."""

    source: str
    event_class: str
    is_named: bool = True
    user_agent: bool = True
    session_reference: bool = True
    outcome: str = "success"


HOME, OFFICE = "192.0.2.1", "192.0.2.2"
PLACES = [
    [Place(ANN, HOME, "chrome")],
    [Place(ANN, HOME, "chrome"), Place("Ann@example.com", OFFICE, "newer")],
    [Place(ANN, HOME, "chrome"), Place(ANN, HOME, "phone"), Place(ANN, None, None)],
    [Place(ANN, OFFICE, "chrome"), Place(BEN, OFFICE, "phone")],
    [Place(ANN, OFFICE, "chrome"), Place(BEN, OFFICE, "chrome"), Place(BEN, HOME, "chrome")],
    [Place(ANN, OFFICE, "chrome"), Place(ANN, OFFICE, "phone"), Place(BEN, OFFICE, "phone"), Place(BEN, HOME, None)],
]
NAMELESS = [
    *[Kind("panel", "activity", is_named=False)] * 8,
    Kind("panel", "background", is_named=False),
    Kind("panel", "logout", is_named=False),
    Kind("panel", "other", is_named=False),
]
NAMED = [
    *[Kind("panel", "activity")] * 10,
    Kind("panel", "login"),
    Kind("panel", "background"),
    Kind("panel", "logout"),
    Kind("panel", "login_failed", outcome="failure"),
]
OKTA = [
    Kind("okta", "login"),
    Kind("okta", "login", outcome="failure"),
    Kind("okta", "activity"),
    Kind("okta", "background"),
    Kind("okta", "logout"),
    Kind("okta", "session_end"),
    Kind("okta", "session_end", is_named=False, user_agent=False),
    Kind("okta", "credential"),
    Kind("okta", "other", is_named=False),
]
GOOGLE = [
    Kind("google", "login", user_agent=False, session_reference=False),
    Kind("google", "logout", user_agent=False, session_reference=False),
]
KEYCLOAK = [
    Kind("keycloak", "login", user_agent=False),
    Kind("keycloak", "logout", is_named=False, user_agent=False),
    Kind("keycloak", "login_failed", is_named=False, user_agent=False, outcome="failure"),
]
RESTLESS = [*[Kind("panel", "activity")] * 20, Kind("okta", "login")]
LOGS = [
    [*NAMED, *OKTA],
    [*NAMED, *GOOGLE],
    [*NAMELESS, *OKTA],
    [*NAMELESS, *GOOGLE],
    [*NAMELESS, *KEYCLOAK, *OKTA],
    [*NAMELESS, *NAMED, *OKTA, *GOOGLE, *KEYCLOAK],
    RESTLESS,
]
STEADY = [IDLE, IDLE, IDLE - TICK, timedelta(seconds=60), None]
FEW, MANY = [None, "a"], [None, None, "a", "b", "c"]


@st.composite
def histories(draw: st.DrawFn, largest: int = 24) -> list[Event]:
    """The lines of a few logs in the order of their times; no gap: on to the next multiple.

    Most begin with somebody who signs in, so that there is something to be attributed to.
    """
    places, kinds = draw(st.sampled_from(PLACES)), draw(st.sampled_from(LOGS))
    logins = [kind for kind in kinds if kind.event_class == "login" and kind.outcome == "success"]
    gaps = st.sampled_from(draw(st.sampled_from([CLOSE, CLOSE, GAPS, STEADY])))
    who, references = st.sampled_from(places), st.sampled_from(draw(st.sampled_from([[None], FEW, MANY])))
    files = st.sampled_from(["f", "g"])
    first = st.tuples(st.sampled_from([timedelta(0), TICK]), who, st.sampled_from(logins), references, files)
    other = st.tuples(gaps, who, st.sampled_from(kinds), references, files)
    count = draw(st.sampled_from([1, 3, 6, largest // 2, largest]))
    signed_in = draw(st.sampled_from([0, 1, 2, 3]))
    written = [
        *draw(st.lists(first, min_size=signed_in, max_size=signed_in)),
        *draw(st.lists(other, min_size=count, max_size=count)),
    ]
    now = MULTIPLE + draw(st.sampled_from([timedelta(0), TICK, -TICK, timedelta(seconds=150)]))
    events = []
    for number, (gap, place, kind, reference, file_id) in enumerate(written, start=1):
        now += min((MULTIPLE - now) % ABSOLUTE, IDLE) if gap is None else gap
        agent = place.user_agent if kind.user_agent else None
        events.append(
            event(
                now,
                kind.event_class,
                user_name=place.user_name if kind.is_named else None,
                attribution_method=None,
                source=kind.source,
                outcome=kind.outcome,
                session_reference=reference if kind.session_reference else None,
                ip_address=place.ip_address,
                user_agent=agent,
                device=DEVICES[agent],
                application=kind.source,
                file_id=file_id,
                line_number=number,
            )
        )
    return events


Tables = tuple[list[tuple[Any, ...]], list[dict[str, Any]], list[dict[str, Any]], list[tuple[Any, ...]]]


def by_kernels(events: list[Event], as_of: datetime) -> Tables:
    """Whose each event is, the sessions, their windows, and the logouts that closed nothing."""
    known = frame(events).filter(pl.col("event_time") < as_of)
    attributed = attribute.attribute(known, known, absolute_timeout=ABSOLUTE).collect()
    limits = {"idle_timeout": IDLE, "absolute_timeout": ABSOLUTE}
    members = sessionize.sessionize(attributed.lazy(), **limits, as_of=as_of).collect().lazy()
    windows = inactivity.windows(members, inactivity_window=WINDOW, as_of=as_of).drop("login_time")
    return (
        attributed.sort("event_time", "file_id", "line_number")
        .select("line_number", "user_name", "attribution_method")
        .rows(),
        with_opening(inactivity.sessions(members, as_of=as_of).collect(), members),
        with_opening(windows.collect(), members),
        members.filter(pl.col("membership") == "unmatched").select("file_id", "line_number").collect().rows(),
    )


def by_oracle(events: list[Event], as_of: datetime) -> Tables:
    """The same, one event after the other."""
    known = [each for each in oracle.in_order(events) if each["event_time"] < as_of]
    found = [oracle.attribute(each, known, ABSOLUTE) for each in known]
    named = [
        {**each, "user_name": user, "attribution_method": method}
        for each, (user, method) in zip(known, found, strict=True)
    ]
    users = oracle.users(named, idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=as_of)
    return (
        [(each["line_number"], each["user_name"], each["attribution_method"]) for each in named],
        [user.row(session, as_of) for user in users for session in user.sessions],
        [window for user in users for session in user.sessions for window in user.windows(session, WINDOW, as_of)],
        [(each["file_id"], each["line_number"]) for user in users for each in user.unmatched],
    )


def instants(events: list[Event]) -> st.SearchStrategy[datetime]:
    """As often as not long after all of it."""
    return st.just(MULTIPLE + 100 * ABSOLUTE) | moments(events)


@settings(max_examples=2_000, deadline=None, derandomize=True)
@given(st.data())
def test_whose_events_sessions_and_windows_are_those_of_the_oracle(data: st.DataObject) -> None:
    events = data.draw(histories())
    as_of = data.draw(instants(events))
    assert by_kernels(events, as_of) == by_oracle(events, as_of)


@pytest.mark.long
@settings(max_examples=100_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whose_events_sessions_and_windows_are_those_of_the_oracle_in_many_more(data: st.DataObject) -> None:
    events = data.draw(histories(largest=60))
    as_of = data.draw(instants(events))
    assert by_kernels(events, as_of) == by_oracle(events, as_of)


def test_the_histories_come_to_all_that_there_are_rules_for() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=600, deadline=None, derandomize=True, database=None)
    @given(histories())
    def look(events: list[Event]) -> None:
        attributed, sessions, windows, unmatched = by_oracle(events, MULTIPLE + 100 * ABSOLUTE)
        seen.update({method for _, _, method in attributed})
        seen.update({row["end_reason"] for row in sessions})
        seen.update({"implicit" for row in sessions if not row["login_observed"]})
        seen.update({"moved" for row in sessions if row["ip_switch_count"]})
        seen.update({"machine" for row in sessions if is_machine_cut(row)})
        seen.update({"window" for _ in windows} | {"unmatched" for _ in unmatched})
        seen.update({"two users" for _ in sessions if len({row["user_name"].casefold() for row in sessions}) > 1})
        seen.update({"at once" for one, other in pairwise(sessions) if are_at_once(one, other)})
        seen.update({"tie" for one, other in pairwise(events) if one["event_time"] == other["event_time"]})

    look()
    ways = {"log_user", "session_reference", "address_and_device", "address", "ambiguous", "anonymous"}
    ends = {"logout", "revoked", "superseded", "idle_timeout", "absolute_timeout"}
    others = {"implicit", "moved", "machine", "window", "unmatched", "two users", "at once", "tie"}
    assert {what for what, count in seen.items() if count >= 5} == ways | ends | others, seen


def is_machine_cut(row: dict[str, Any]) -> bool:
    return row["end_reason"] == "absolute_timeout" and row["end_time"] < row["login_time"] + ABSOLUTE


def are_at_once(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["user_name"] == other["user_name"] and other["login_time"] < one["last_activity_time"]


# ---- a day is a function of its neighbourhood

HOURS = 216  # an absolute timeout of 400 s stretched to 24 h, an idle one of 100 s to 6 h
TEXT = """
[workspace]
time_zone = "{zone}"

[sessions]
idle_timeout = "6h"
absolute_timeout = "24h"
inactivity_window = "1h"

[policies.everybody]
idle_limit = "3h"
absolute_limit = "12h"

[[sources]]
name = "panel"
format = "combined"
files = "landing/*.log"
"""
MIDNIGHT = datetime(2025, 8, 20, tzinfo=UTC)


def stretched(events: list[Event]) -> list[Event]:
    """The same in days; what is off a limit by a microsecond stays so."""
    found = []
    for each in events:
        since = each["event_time"] - MULTIPLE
        seconds = timedelta(seconds=round(since.total_seconds()))
        found.append({**each, "event_time": MIDNIGHT + HOURS * seconds + (since - seconds)})
    return found


def of_day(day: date, events: list[Event], here: configuration.Settings, place: pipeline.Neighbourhood) -> list[Any]:
    as_of = max(each["event_time"] for each in events) + timedelta(days=3)
    known = frame(each for each in events if place.logins_start <= each["event_time"] <= place.end)
    tables = pipeline.day_tables(known, here, place, as_of=as_of, policies=policies.resolved(here))
    found = [tables.sessions, tables.windows, tables.overruns, tables.governed]
    rows = [table.filter(login_date=day).drop("as_of_time", strict=False) for table in found]
    return [table.sort(table.columns[0], *table.columns[1:2]).to_dicts() for table in rows]


def is_a_function_of_its_neighbourhood(data: st.DataObject, here: configuration.Settings) -> None:
    events = stretched(data.draw(histories(largest=40)))
    day = workspace_day.of(data.draw(st.sampled_from([each["event_time"] for each in events])), here.time_zone)
    near = pipeline.neighbourhood(here, day, day)
    everything = pipeline.Neighbourhood(MIDNIGHT - timedelta(days=9), MIDNIGHT - timedelta(days=9), near.end)
    # what lies behind the neighbourhood, and ahead of it, is not there at all
    assert of_day(day, events, here, near) == of_day(day, events, here, replace(everything, end=AFTER_ALL))


AFTER_ALL = MIDNIGHT + timedelta(days=99)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> configuration.Settings:
    return workspaces.write(tmp_path_factory.mktemp("here"), zone="Asia/Kolkata", text=TEXT)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_day_and_its_overruns_are_a_function_of_its_neighbourhood(
    here: configuration.Settings, data: st.DataObject
) -> None:
    is_a_function_of_its_neighbourhood(data, here)


@pytest.mark.long
@settings(max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_many_more_days_and_their_overruns_are_functions_of_their_neighbourhoods(
    here: configuration.Settings, data: st.DataObject
) -> None:
    is_a_function_of_its_neighbourhood(data, here)
