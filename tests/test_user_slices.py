"""The same tables, whatever number of slices the users are cut into and however the events come."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from processors import pipeline, user_slices
from processors.inactivity import sessions, windows
from processors.overruns import Policy
from processors.sessionize import sessionize
from processors.user_slices import sliced
from tests import workspaces
from tests.oracle import at, event, frame

POLICY = Policy("everybody", timedelta(minutes=5), timedelta(hours=3))
AS_OF = at("00:00", day=31)
NAMES = [f"user{number}@example.com" for number in range(20)]
EVENTS = [
    event(at("09:00") + timedelta(minutes=(7 * n) % 600), kind, user_name=name.upper() if n % 5 == 0 else name)
    for number, name in enumerate([*NAMES, *NAMES])
    for n, kind in enumerate(("login", "activity", "activity", "background", "logout", "activity"), start=number)
]
EVENTS += [
    event("12:00", "credential", user_name=NAMES[3]),
    *(event("23:50", "logout", user_name=name, device="unknown") for name in NAMES[4:7]),
    *(event("10:00", user_name=None) for _ in range(3)),
]


def tables(pieces: list[pl.DataFrame], count: int, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    found, silences = [], []
    for one in sliced(pieces, count, folder):
        members = sessionize(
            one, idle_timeout=timedelta(hours=2), absolute_timeout=timedelta(hours=24), as_of=AS_OF
        ).collect()
        found.append(sessions(members.lazy(), as_of=AS_OF).collect())
        silences.append(windows(members.lazy(), inactivity_window=timedelta(minutes=15), as_of=AS_OF).collect())
    return pl.concat(found).sort("session_id"), pl.concat(silences).sort("session_id", "window_start_time")


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("size", [1, 50, 1000])
def test_the_tables_are_the_same_for_any_number_of_slices(count: int, size: int, tmp_path: Path) -> None:
    whole = frame(EVENTS).collect()
    expected = tables([whole], 1, tmp_path)
    folder = tmp_path / "slices"
    folder.mkdir()
    found = tables(list(whole.iter_slices(size)), count, folder)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.height >= 40
        assert_frame_equal(ours, theirs)


def test_a_user_is_in_one_slice_however_the_name_is_spelled(tmp_path: Path) -> None:
    events = frame([event("09:00", user_name=name) for name in ("ann", "ANN", "Ann", "ben", "cid")]).collect()
    slices = [one.collect()["user_name"].to_list() for one in sliced([events], 7, tmp_path)]
    assert [len({"ann", "ANN", "Ann"} & {*names}) for names in slices if "ann" in names] == [3]
    assert sorted(name for names in slices for name in names) == sorted(events["user_name"])


def test_events_of_nobody_are_in_no_slice(tmp_path: Path) -> None:
    events = frame([event("09:00", user_name=None)]).collect()
    assert not list(sliced([events], 3, tmp_path))


@pytest.mark.parametrize("count", [2, 7, 60])
def test_all_tables_of_days_are_the_same_for_any_number_of_slices(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = workspaces.write(tmp_path)
    place = pipeline.Neighbourhood(at("00:00"), at("00:00"), AS_OF)

    def computed() -> pipeline.DayTables:
        return pipeline.day_tables(frame(EVENTS), here, place, as_of=AS_OF, policies=(POLICY,), folder=tmp_path)

    whole = computed()
    assert min(whole.overruns.height, whole.windows.height, whole.governed.height, whole.unmatched.height) > 0
    monkeypatch.setattr(pipeline, "EVENTS_PER_SLICE", -(-len(EVENTS) // count))
    monkeypatch.setattr(pipeline, "BATCH_EVENTS", 10)
    monkeypatch.setattr(user_slices, "EVENTS_AT_ONCE", 25)
    found = computed()
    for name in vars(whole):
        assert_frame_equal(getattr(found, name), getattr(whole, name), check_row_order=name != "logins")
    assert not list(tmp_path.glob("slices-*"))


def test_of_days_that_are_not_asked_for_no_rows_are_kept(tmp_path: Path) -> None:
    here = workspaces.write(tmp_path, zone="UTC")
    place = pipeline.Neighbourhood(at("00:00"), at("00:00"), AS_OF)
    every = pipeline.day_tables(frame(EVENTS), here, place, as_of=AS_OF)
    (day,) = every.sessions["login_date"].unique()
    assert day == AS_OF.date() - timedelta(days=2)
    for days, height in (([day], every.sessions.height), ([AS_OF.date()], 0)):
        found = pipeline.day_tables(frame(EVENTS), here, place, as_of=AS_OF, days=days)
        assert found.sessions.height == height
        assert found.windows.height == (every.windows.height if height else 0)
