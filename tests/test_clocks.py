"""The clocks of an identity provider and of web servers: when their difference is known, and what is said of it."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from processors import clocks, lake, run, status
from processors.__main__ import app
from processors.clock_skew import SKEWS, clock_skew
from processors.clocks import Skew
from processors.settings import Settings
from schemas import Events, Sessions
from tests import workspaces
from tests.oracle import COLUMNS, FIREFOX, Event, at, event, frame

DAY = date(2025, 8, 29)
TEXT = workspaces.TEXT + "".join(
    f'\n[[sources]]\nname = "{name}"\nformat = "{name}"\nfiles = "landing/{name}/*.json"\n'
    for name in ("okta", "keycloak")
)


def twice(clock: str, user: int, skew: float = 0, *, provider: str = "okta", server: str = "panel") -> list[Event]:
    """One login recorded by both, the provider's clock ahead by `skew` seconds."""
    ahead = event(at(clock) + timedelta(seconds=skew), "login", source=provider, user_name=f"u{user}@example.com")
    return [event(at(clock), "login", source=server, user_name=f"u{user}@example.com"), ahead]


def logins(users: int, skew: float = 0, **sources: str) -> list[Event]:
    """A login of each user, minutes apart."""
    return [one for n in range(users) for one in twice(f"{9 + n // 60:02}:{n % 60:02}", n, skew, **sources)]


def unrelated(seed: int, count: int, *, users: int = 40) -> list[Event]:
    """Logins at random times of a working day, in both sources."""
    rng = random.Random(seed)
    return [
        event(
            at("08:00") + timedelta(seconds=rng.uniform(0, 10 * 3600)),
            "login",
            source=source,
            user_name=f"u{rng.randrange(users)}@example.com",
        )
        for source in ("okta", "panel")
        for _ in range(count)
    ]


def skews(events: list[Event], **sources: Any) -> list[tuple[Any, ...]]:
    named = {"providers": ["okta", "keycloak"], "servers": ["panel", "shop"]} | sources
    found = clock_skew(frame(events), **named).collect()
    assert found.schema == SKEWS
    return found.rows()


@pytest.mark.parametrize("skew", [0, 45, -120, 899, -899])
def test_the_skew_is_how_far_the_provider_is_ahead(skew: int) -> None:
    assert skews(logins(10, skew)) == [("okta", "panel", skew, 10)]


def test_beyond_a_quarter_of_an_hour_nothing_is_paired() -> None:
    assert skews(logins(10, 901)) == []


def test_below_ten_pairs_nothing_is_said() -> None:
    assert skews(logins(9, 45)) == []


def test_ten_pairs_of_four_users_say_nothing_and_of_five_do() -> None:
    assert skews(logins(4, 45) + [one for n in range(4) for one in twice(f"12:{n:02}", n, 45)] * 2) == []
    assert skews(logins(5, 45) + [one for n in range(5) for one in twice(f"12:{n:02}", n, 45)])[0][3] == 10


def test_a_machine_that_signs_in_to_both_by_a_timetable_counts_twice_at_most() -> None:
    timetable = [one for n in range(30) for one in twice(f"{n // 2:02}:{n % 2 * 30:02}", 99, -300)]
    assert skews(timetable) == []
    assert skews(logins(8, 0) + timetable) == [("okta", "panel", 0, 10)]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [40, 400, 4_000])
def test_random_logins_of_clocks_that_agree_give_no_warning(seed: int, count: int) -> None:
    assert not [one for one in skews(unrelated(seed, count)) if abs(one[2]) > clocks.WARN_ABOVE_S]


def test_a_minority_of_unrelated_logins_does_not_move_the_median() -> None:
    others = [one for n in range(20, 28) for one in twice("15:00", n, (-1) ** n * (200 + 20 * n))]
    assert skews(logins(12, 45) + others) == [("okta", "panel", 45, 20)]


def test_pairs_that_disagree_say_nothing_whatever_their_median_is() -> None:
    assert skews([one for n in range(20) for one in twice(f"09:{n:02}", n, 40 * n - 100)]) == []


def test_half_of_the_pairs_within_fifteen_seconds_of_the_median_are_enough() -> None:
    def spread(apart: float) -> list[Event]:
        near, far = logins(5, 40), [twice(f"12:{n:02}", n + 10, 40 + (-1) ** n * apart) for n in range(5)]
        return near + [one for pair in far for one in pair]

    assert [one[3] for one in skews(spread(300))] == [10]
    less = [*spread(300), *twice("15:00", 30, 500), *twice("15:01", 31, -500)]
    assert skews(less) == []


def test_each_login_is_in_one_pair_with_the_nearest() -> None:
    """Okta records a login twice, 2.5 s apart; the nearer one is the pair."""
    again = [{**one, "event_time": one["event_time"] - timedelta(seconds=2.5)} for one in logins(10)[1::2]]
    assert skews(logins(10) + again) == [("okta", "panel", 0, 10)]


def test_logins_on_two_devices_are_no_pair_and_an_unknown_device_may_be_any() -> None:
    for device, expected in ((FIREFOX, []), ("unknown", [("okta", "panel", 45, 10)])):
        assert (
            skews([{**one, "device": device} if one["source"] == "okta" else one for one in logins(10, 45)]) == expected
        )


def test_failed_logins_and_other_users_are_no_pairs() -> None:
    assert skews([{**one, "outcome": "failure"} if one["source"] == "okta" else one for one in logins(10)]) == []
    assert skews([{**one, "user_name": f"x{n}"} for n, one in enumerate(logins(10))]) == []


def test_names_are_compared_case_folded() -> None:
    shouted = [{**one, "user_name": one["user_name"].upper()} if one["source"] == "okta" else one for one in logins(10)]
    assert skews(shouted)[0][3] == 10


def test_every_provider_and_server_has_a_row() -> None:
    events = logins(10, 45) + logins(10, 3, provider="keycloak", server="shop")
    pairs = {one[:3] for one in skews(events)}
    assert pairs == {("okta", "panel", 45), ("okta", "shop", 45), ("keycloak", "panel", 3), ("keycloak", "shop", 3)}


def test_the_order_of_the_events_does_not_matter() -> None:
    events = [{**one, "line_number": n} for n, one in enumerate(unrelated(1, 200) + logins(30, 45), start=1)]
    expected = skews(events)
    for seed in range(5):
        assert skews(random.Random(seed).sample(events, len(events))) == expected


def test_no_source_of_a_kind_is_no_skew() -> None:
    assert skews(logins(10), providers=[]) == skews(logins(10), servers=[]) == []


# ---- what is said of it


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return workspaces.write(tmp_path, text=TEXT, zone="UTC")


def told(settings: Settings, *known: Skew) -> str:
    return "\n".join(clocks.told(settings, known, beside=known))


@pytest.mark.parametrize(("skew", "is_said"), [(30, False), (31, True), (-30, False), (-31, True)])
def test_up_to_thirty_seconds_nothing_is_said(settings: Settings, skew: int, is_said: bool) -> None:
    assert bool(told(settings, Skew("okta", "panel", skew, 10))) is is_said


def test_the_clock_of_a_vendor_is_right_so_the_web_servers_need_ntp(settings: Settings) -> None:
    assert told(settings, Skew("okta", "panel", -45, 1234)) == (
        "the clock of okta is 45 s behind that of panel, by the median of 1,234 logins that both recorded. "
        "See that NTP runs on the hosts that write the files of panel (`timedatectl`, `chronyc tracking`); "
        "okta has its vendor's clock"
    )


def test_two_records_that_are_too_far_apart_to_be_merged_are_said_to_be_two_sessions(settings: Settings) -> None:
    assert "is two sessions" in told(settings, Skew("okta", "panel", -61, 10))
    assert "is two sessions" not in told(settings, Skew("okta", "panel", -60, 10))


@pytest.mark.parametrize(
    ("other", "host"),
    [
        (None, "the hosts that write the files of panel and the host of keycloak"),
        (Skew("keycloak", "shop", 2, 10), "the hosts that write the files of panel ("),
        (Skew("okta", "panel", 2, 10), "runs on the host of keycloak ("),
        (Skew("okta", "shop", 2, 10), "the hosts that write the files of panel and the host of keycloak"),
    ],
)
def test_between_hosts_of_ones_own_the_one_that_disagrees_with_all_is_named(
    settings: Settings, other: Skew | None, host: str
) -> None:
    known = [Skew("keycloak", "panel", 90, 10), *([other] if other else [])]
    assert host in told(settings, *known)


def computed(settings: Settings, events: list[Event], day: date = DAY) -> None:
    rows = pl.DataFrame([{**one, "line_number": n} for n, one in enumerate(events, start=1)], schema=COLUMNS)
    lake.replace(settings.lake, Events, day, rows)
    run.sessions(settings, [day], as_of=at("04:00", day=31))


@pytest.mark.parametrize(("skew", "is_said"), [(0, False), (45, True), (-120, True)])
def test_the_report_and_status_warn(settings: Settings, skew: int, is_said: bool) -> None:
    computed(settings, logins(12, skew) + unrelated(7, 10))
    published = run.report(settings, DAY)
    manifest = json.loads((published.folder / "manifest.json").read_text())
    (found,) = manifest["completeness"]["clocks"]
    assert (found["provider"], found["server"], found["skew_s"]) == ("okta", "panel", skew)
    way = "ahead of" if skew > 0 else "behind"
    sentence = f"the clock of okta is {abs(skew)} s {way} that of panel"
    assert any(sentence in note for note in manifest["completeness"]["notes"]) is is_said
    assert any(sentence in note for note in published.notes) is is_said
    assert any(f"2025-08-29: {sentence}" in warning for warning in status.status(settings).warnings) is is_said
    shown = CliRunner().invoke(app, ["status", "-w", str(settings.root)])
    assert (sentence in " ".join(shown.stderr.split())) is is_said and shown.exit_code == 0


def test_random_logins_are_published_without_a_skew(settings: Settings) -> None:
    computed(settings, unrelated(3, 200))
    manifest = json.loads((run.report(settings, DAY).folder / "manifest.json").read_text())
    assert manifest["completeness"]["clocks"] == [] and status.status(settings).clocks == ()


def test_status_tells_the_newest_day_that_knows(settings: Settings) -> None:
    for day, events in ((28, logins(12, 45)), (29, logins(12, 2)), (30, [])):
        moved = [{**one, "event_time": one["event_time"] + timedelta(days=day - 29)} for one in events]
        computed(settings, moved, date(2025, 8, day))
    (found,) = status.status(settings).clocks
    assert (found.date, found.skews) == (DAY, (Skew("okta", "panel", 2, 12),))
    document = CliRunner().invoke(app, ["status", "-w", str(settings.root), "--json"])
    assert json.loads(document.stdout)["clocks"][0]["skews"][0]["skew_s"] == 2


def test_the_clocks_are_no_reason_for_incompleteness_nor_of_a_second_revision(settings: Settings) -> None:
    computed(settings, logins(12, 45))
    first, again = run.report(settings, DAY), run.report(settings, DAY)
    assert not [one for one in first.reasons if "clock" in one] and (again.revision, again.is_new) == (1, False)


def test_explain_minds_the_clocks_of_the_sources_of_its_session(settings: Settings) -> None:
    computed(settings, logins(12, 45))
    session = lake.scan(settings.lake, Sessions).collect()["session_id"][0]
    said = CliRunner().invoke(app, ["explain", session, "-w", str(settings.root)], env={"COLUMNS": "100"}).stdout
    assert "Mind the clocks: the clock of okta is 45 s ahead of that of panel" in " ".join(said.split())
