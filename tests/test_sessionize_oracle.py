"""Generated histories through the kernels and through the oracle; and the laws of a kernel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from processors import attribute, inactivity, sessionize
from tests import oracle
from tests.oracle import CHROME, Event, event, frame

IDLE, ABSOLUTE, WINDOW = timedelta(seconds=100), timedelta(seconds=400), timedelta(seconds=60)
TICK = timedelta(microseconds=1)
MULTIPLE = datetime(1970, 1, 1, tzinfo=UTC) + 4_391_000 * ABSOLUTE
CLOSE: list[timedelta | None] = [timedelta(0), TICK, timedelta(seconds=10), IDLE - TICK, IDLE, IDLE, None]
CLOSE += [timedelta(seconds=60), timedelta(seconds=60) + TICK]
GAPS: list[timedelta | None] = [*CLOSE, IDLE + TICK, timedelta(seconds=250), ABSOLUTE, ABSOLUTE + TICK]
REFERENCES: list[list[str | None]] = [[None], [None, "a"], [None, "a", "b", "c"]]
ENDS: list[list[str]] = [[], ["logout", "session_end"]]
PHONE, NEWER = "Chrome 126 · Android 14", "Chrome 127 · Windows 10/11"


@st.composite
def histories(draw: st.DrawFn, user_name: str = "ann@example.com", largest: int = 30) -> list[Event]:
    """A user's events, on the boundaries of the rules more often than off them; no gap: on to the next multiple."""
    now = MULTIPLE + draw(st.sampled_from([timedelta(0), TICK, -TICK, timedelta(seconds=150)]))
    gaps = st.sampled_from(draw(st.sampled_from([CLOSE, GAPS])))
    classes = ["login", "background", *["activity"] * draw(st.sampled_from([4, 20])), *draw(st.sampled_from(ENDS))]
    references = draw(st.sampled_from(REFERENCES))
    devices = draw(st.sampled_from([[CHROME], [CHROME, NEWER], [CHROME, "unknown"], [CHROME, PHONE, NEWER, "unknown"]]))
    outcomes = draw(st.sampled_from([["success"], ["success", "success", "failure"]]))
    events = []
    for number in range(draw(st.sampled_from([1, 2, 3, 5, largest // 2, largest]))):
        gap = draw(gaps)
        now += min((MULTIPLE - now) % ABSOLUTE, IDLE) if gap is None else gap
        device = draw(st.sampled_from(devices))
        events.append(
            event(
                now,
                draw(st.sampled_from(classes)),
                user_name=draw(st.sampled_from([user_name, user_name.upper()])),
                source=draw(st.sampled_from(["panel", "okta"])),
                outcome=draw(st.sampled_from(outcomes)),
                session_reference=draw(st.sampled_from(references)),
                ip_address=draw(st.sampled_from([None, "192.0.2.1", "192.0.2.2"])),
                user_agent=None if device == "unknown" else draw(st.sampled_from([device, None])),
                application=draw(st.sampled_from([None, "Panel", "Mail"])),
                device=device,
                file_id=draw(st.sampled_from(["f", "g"])) + user_name,
                line_number=number + 1,
            )
        )
    return events


def moments(events: list[Event]) -> st.SearchStrategy[datetime]:
    """Instants at which something may just happen, or just not."""
    times = sorted({e["event_time"] + gap for e in events for gap in (TICK, IDLE, IDLE + TICK, ABSOLUTE)})
    return st.sampled_from([*times, MULTIPLE + ABSOLUTE, MULTIPLE + ABSOLUTE + TICK, MULTIPLE + 100 * ABSOLUTE])


def members_of(events: list[Event], as_of: datetime) -> pl.LazyFrame:
    members = sessionize.sessionize(frame(events), idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=as_of)
    return members.collect().lazy()


def sessions_of(events: list[Event], as_of: datetime) -> pl.DataFrame:
    return inactivity.sessions(members_of(events, as_of), as_of=as_of).collect()


def openings(members: pl.LazyFrame) -> dict[str, tuple[str, int]]:
    rows = members.filter(pl.col("membership") == "opened").select("session_id", "file_id", "line_number").collect()
    return {session_id: (file_id, line) for session_id, file_id, line in rows.iter_rows()}


def with_opening(rows: pl.DataFrame, members: pl.LazyFrame) -> list[dict[str, Any]]:
    known = openings(members)
    return [{"opening": known[row.pop("session_id")], **row} for row in rows.iter_rows(named=True)]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_sessions_and_windows_are_those_of_the_oracle(data: st.DataObject) -> None:
    events = data.draw(histories())
    as_of = data.draw(moments(events))
    members = members_of(events, as_of)
    [*users] = oracle.users(events, idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=as_of)
    expected = [user.row(session, as_of) for user in users for session in user.sessions]
    assert with_opening(inactivity.sessions(members, as_of=as_of).collect(), members) == expected
    windows = inactivity.windows(members, inactivity_window=WINDOW, as_of=as_of).drop("login_time").collect()
    assert with_opening(windows, members) == [
        window for user in users for session in user.sessions for window in user.windows(session, WINDOW, as_of)
    ]
    unmatched = members.filter(pl.col("membership") == "unmatched").select("file_id", "line_number").collect()
    assert unmatched.rows() == [(e["file_id"], e["line_number"]) for user in users for e in user.unmatched]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_a_later_as_of_never_moves_a_session_that_was_final(data: st.DataObject) -> None:
    events = data.draw(histories())
    earlier, later = sorted((data.draw(moments(events)), data.draw(moments(events))))
    final = sessions_of(events, earlier).filter("is_final").drop("as_of_time")
    assert final.join(sessions_of(events, later).drop("as_of_time"), on=final.columns, nulls_equal=True).equals(final)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(histories("ann@example.com", 12), histories("ben@example.com", 12), st.randoms(use_true_random=False))
def test_users_are_independent_and_the_order_of_rows_is_irrelevant(
    ann: list[Event], ben: list[Event], random: Any
) -> None:
    as_of = MULTIPLE + 3 * ABSOLUTE
    both = [*ann, *ben]
    random.shuffle(both)
    apart = pl.concat([members_of(ann, as_of), members_of(ben, as_of)]).collect()
    together = members_of(both, as_of).collect()
    assert_frame_equal(together.sort(pl.all()), apart.sort(pl.all()))
    assert_frame_equal(together, members_of(both[::-1], as_of).collect())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_sessions_of_a_day_need_only_the_events_around_it(data: st.DataObject) -> None:
    """Twice the absolute timeout and once the idle timeout behind, once the absolute timeout ahead."""
    events = data.draw(histories(largest=40))
    as_of = max(e["event_time"] for e in events) + 2 * ABSOLUTE
    start = data.draw(moments(events))
    end = start + timedelta(seconds=90)
    near = [e for e in events if start - 2 * ABSOLUTE - IDLE <= e["event_time"] <= end + ABSOLUTE]
    of_day = pl.col("login_time").is_between(start, end, closed="left")
    assert_frame_equal(sessions_of(near, as_of).filter(of_day), sessions_of(events, as_of).filter(of_day))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_attribution_is_that_of_the_oracle(data: st.DataObject) -> None:
    def drawn(number: int) -> Event:
        return event(
            MULTIPLE + data.draw(st.sampled_from([0, 1, 2, 399, 400, 401, 800])) * timedelta(seconds=1),
            data.draw(st.sampled_from(["login", "login", "activity", "login_failed"])),
            user_name=data.draw(st.sampled_from([None, "ann@example.com", "ANN@example.com", "ben@example.com"])),
            outcome=data.draw(st.sampled_from(["success", "success", "failure"])),
            session_reference=data.draw(st.sampled_from([None, None, "a", "b"])),
            ip_address=data.draw(st.sampled_from([None, "192.0.2.1", "192.0.2.2"])),
            user_agent=data.draw(st.sampled_from([None, "x", "y"])),
            attribution_method=None,
            line_number=number,
        )

    events = [drawn(number) for number in range(1, data.draw(st.integers(2, 12)))]
    found = attribute.attribute(frame(events), frame(events[::-1]), absolute_timeout=ABSOLUTE).collect()
    expected = [(e["line_number"], *oracle.attribute(e, events, ABSOLUTE)) for e in events]
    assert found.select("line_number", "user_name", "attribution_method").rows() == expected
