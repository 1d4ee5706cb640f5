"""Generated histories through the overruns and through one obvious loop; and the laws of a kernel."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from processors.continuation import continuations
from processors.overruns import Policy, overruns
from tests import oracle
from tests.oracle import Event, Session, event, frame
from tests.test_sessionize_oracle import ABSOLUTE, IDLE, MULTIPLE, TICK, histories, members_of, moments

LIMIT = timedelta(seconds=60)
POLICIES = Policy("idle", idle_limit=LIMIT), Policy("age", absolute_limit=timedelta(seconds=250))
FACTS = ["next_action_time", "policy_name", "last_action_time", "measured_from_time", "measured_from", "evidence"]


def kinship(device: str) -> str | None:
    """The family and platform: the histories have versions only behind `Chrome` and `Android`."""
    return None if device == "unknown" else device.replace("126", "").replace("127", "")


def found(events: list[Event], as_of: datetime) -> pl.DataFrame:
    members = members_of(events, as_of)
    credentials = frame(events).filter(pl.col("event_class") == "credential", pl.col("outcome") == "success")
    before = continuations(members, reach=ABSOLUTE)
    return overruns(members, credentials, before, policies=POLICIES).collect()


def expected(events: list[Event], as_of: datetime) -> list[tuple[Any, ...]]:
    """The overruns by way of the oracle's sessions, one after the other."""
    rows = []
    passed = [e for e in events if e["event_class"] == "credential" and e["outcome"] == "success"]
    known = [e for e in events if e["event_class"] != "credential"]
    for user in oracle.users(known, idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=as_of):
        for session in user.sessions:
            rows += _of_session(session, user.sessions, [c["event_time"] for c in passed])
    return sorted(rows)


def _of_session(session: Session, others: list[Session], passed: list[datetime]) -> list[tuple[Any, ...]]:
    opening, rows, told = session["events"][0], [], set()
    since, observed, last, way = opening["event_time"], opening["event_class"] == "login", None, ""
    before = None if observed else _before(opening, [s for s in others if s["actions"][-1] < opening["event_time"]])
    if before and before[0]["end_reason"] in ("idle_timeout", "absolute_timeout") and before[0]["end_time"] <= since:
        (earlier, way) = before
        first, silent_since = earlier["events"][0], earlier["actions"][-1]
        if since - silent_since <= ABSOLUTE:
            since, observed, last = first["event_time"], first["event_class"] == "login", silent_since
    references: set[str] = set()
    devices: set[str] = set()
    for each in session["events"]:
        reference, device, time = each["session_reference"], kinship(each["device"]), each["event_time"]
        if each is not opening:
            way = "session_reference" if reference in references else "device" if device in devices else "address"
        references |= {reference} - {None}
        devices |= {device} - {None}
        if not oracle.is_action(each):
            continue
        if last is not None:
            recent = max((c for c in passed if c <= time), default=None)
            if time - last > LIMIT and not (recent and recent > last):
                rows.append((time, "idle", last, last, "last_action", way))
            start, what = since, "login" if observed else "first_event"
            if recent and recent > since:
                start, what = recent, "authentication"
            if time - start > timedelta(seconds=250) and start not in told:
                told.add(start)
                rows.append((time, "age", last, start, what, way))
        last = time
    return rows


def _before(opening: Event, sessions: list[Session]) -> tuple[Session, str] | None:
    """The session that the opening would have gone on with, and why."""

    def last(these: list[Session]) -> Session | None:
        return max(these, key=lambda s: s["actions"][-1], default=None)

    reference, device, address = opening["session_reference"], kinship(opening["device"]), opening["ip_address"]
    said = {
        id(s): [(e["source"], e["session_reference"]) for e in s["events"] if e["session_reference"]] for s in sessions
    }
    if reference:
        holder = last([s for s in sessions if reference in [one for _, one in said[id(s)]]])
        if holder:
            return holder, "session_reference"
    ways = (
        ("device", device, lambda s: next((k for e in s["events"] if (k := kinship(e["device"]))), None) == device),
        (
            "address",
            address,
            lambda s: kinship(s["events"][0]["device"]) is None and address in [e["ip_address"] for e in s["events"]],
        ),
    )
    for way, value, fits in ways:
        found = last([s for s in sessions if value is not None and fits(s)])
        if found and not (reference and opening["source"] in [source for source, _ in said[id(found)]]):
            return found, way
    return None


@st.composite
def with_second_factors(draw: st.DrawFn, largest: int = 30) -> list[Event]:
    events = draw(histories(largest=largest))
    for number in range(draw(st.sampled_from([0, 0, 1, 3]))):
        time = draw(st.sampled_from([e["event_time"] for e in events])) + draw(st.sampled_from([-TICK, 0 * TICK, TICK]))
        outcome = draw(st.sampled_from(["success", "failure"]))
        events.append(event(time, "credential", outcome=outcome, file_id="factors", line_number=number + 1))
    return events


def distinct(events: list[Event]) -> bool:
    """Whether no two actions are at one instant: of sessions that acted last at the same one, any may go on."""
    times = [e["event_time"] for e in events if oracle.is_action(e)]
    return len(times) == len(set(times))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_overruns_are_those_of_the_loop(data: st.DataObject) -> None:
    events = data.draw(with_second_factors().filter(distinct))
    as_of = data.draw(moments(events))
    assert sorted(found(events, as_of).select(FACTS).rows()) == expected(events, as_of)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_overruns_of_a_day_need_only_the_events_around_it(data: st.DataObject) -> None:
    """Four times the absolute timeout and once the idle timeout behind, once the absolute timeout ahead."""
    events = data.draw(with_second_factors(largest=60))
    as_of = max(e["event_time"] for e in events) + 2 * ABSOLUTE
    start = data.draw(moments(events))
    near = [
        e for e in events if start - 4 * ABSOLUTE - IDLE <= e["event_time"] <= start + timedelta(seconds=90) + ABSOLUTE
    ]

    def of_day(known: list[Event]) -> pl.DataFrame:
        logins = members_of(known, as_of).select("session_id", "login_time").unique().collect()
        within = pl.col("login_time").is_between(start, start + timedelta(seconds=90), closed="left")
        return found(known, as_of).join(logins, on="session_id").filter(within).sort(pl.all())

    assert_frame_equal(of_day(near), of_day(events))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(histories("ann@example.com", 12), histories("ben@example.com", 12), st.randoms(use_true_random=False))
def test_users_are_independent_and_the_order_of_rows_is_irrelevant(
    ann: list[Event], ben: list[Event], random: Any
) -> None:
    as_of = MULTIPLE + 3 * ABSOLUTE
    both = [*ann, *ben]
    random.shuffle(both)
    apart = pl.concat([found(ann, as_of), found(ben, as_of)]).sort(pl.all())
    assert_frame_equal(found(both, as_of).sort(pl.all()), apart)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_a_later_as_of_takes_no_overrun_back(data: st.DataObject) -> None:
    events = data.draw(with_second_factors())
    earlier, later = sorted((data.draw(moments(events)), data.draw(moments(events))))
    before, after = found(events, earlier), found(events, later)
    assert before.join(after, on=before.columns, nulls_equal=True, how="semi").height == before.height
