"""What ends or becomes known by itself: the day computed before waits, whoever comes next, and is reported again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from processors import lake, pending, run, settings
from schemas import Sessions
from tests import workspaces

DAY = date(2025, 8, 29)
LOGIN = datetime(2025, 8, 29, 16, 0, tzinfo=UTC)
LAST = LOGIN + timedelta(hours=1)
MIDNIGHT = datetime(2025, 8, 29, 18, 30, tzinfo=UTC)
TIMES_OUT = LAST + timedelta(hours=2)
INSTANT = timedelta(microseconds=1)
IMPATIENT = '[sessions]\nidle_timeout = "30m"\n'


def landed(folder: Path, *, more: str = "") -> settings.Settings:
    """Riya logs in on the 29th at 21:30 and acts once more, an hour later."""
    workspace = workspaces.write(folder, text=workspaces.TEXT + more)
    lines = workspaces.line(LOGIN, "riya", "POST /login", status=302) + workspaces.line(LAST)
    workspaces.land(workspace, "access.log", lines)
    return workspace


@pytest.fixture
def active(tmp_path: Path) -> settings.Settings:
    """The 29th, computed after its end while Riya was still there."""
    workspace = landed(tmp_path)
    run.run(workspace, as_of=MIDNIGHT)
    assert ends(workspace) == ["active"]
    return workspace


def ends(workspace: settings.Settings) -> list[str]:
    return lake.scan(workspace.lake, Sessions).sort("login_time").collect()["end_reason"].to_list()


def waiting(workspace: settings.Settings, as_of: datetime) -> tuple[date, ...]:
    return run.ingest(workspace, as_of=as_of).dates


def test_a_day_waits_once_its_session_timed_out_though_no_line_lands(active: settings.Settings) -> None:
    assert waiting(active, TIMES_OUT) == ()  # equal is still active
    assert waiting(active, TIMES_OUT + INSTANT) == (DAY,)
    run.sessions(active, [DAY], as_of=TIMES_OUT + INSTANT)
    assert ends(active) == ["idle_timeout"]
    assert waiting(active, TIMES_OUT + timedelta(days=9)) == ()


def test_a_day_computed_while_its_session_is_still_active_waits_on(active: settings.Settings) -> None:
    run.sessions(active, [DAY], as_of=TIMES_OUT)
    assert ends(active) == ["active"] and waiting(active, TIMES_OUT + INSTANT) == (DAY,)


def test_the_absolute_timeout_counts_as_well(tmp_path: Path) -> None:
    workspace = landed(tmp_path, more='[sessions]\nidle_timeout = "20h"\nabsolute_timeout = "20h"\n')
    run.run(workspace, as_of=datetime(2025, 8, 30, 10, tzinfo=UTC))  # after the last multiple of 20 h before its end
    assert waiting(workspace, LOGIN + timedelta(hours=20)) == ()
    assert waiting(workspace, LOGIN + timedelta(hours=20) + INSTANT) == (DAY,)


def test_a_day_waits_however_long_nothing_ran(active: settings.Settings) -> None:
    _, computed, reports = run.run(active, as_of=TIMES_OUT + timedelta(days=20))
    assert DAY in computed.dates and ends(active) == ["idle_timeout"]
    assert DAY.isoformat() in [report.folder.name for report in reports]


def test_a_report_with_an_unfinished_session_is_published_again_when_that_has_ended(tmp_path: Path) -> None:
    workspace = landed(tmp_path)
    morning = datetime(2025, 8, 29, 22, 30, tzinfo=UTC)
    late = b"".join(workspaces.line(LAST + timedelta(hours=hours)) for hours in (1, 2, 3, 4, 5))
    workspaces.land(workspace, "access.log", (workspace.root / "landing/access.log").read_bytes() + late)
    run.run(workspace, as_of=morning)
    assert ends(workspace) == ["active"]
    run.run(workspace, as_of=morning + timedelta(days=1))
    manifest = json.loads((workspace.reports / str(DAY) / "manifest.json").read_text())
    assert manifest["revision"] == 2 and manifest["changes"]["sessions_changed"] == 1
    run.run(workspace, as_of=morning + timedelta(days=2))
    assert json.loads((workspace.reports / str(DAY) / "manifest.json").read_text()) == manifest


def test_the_day_before_is_always_among_the_days(tmp_path: Path) -> None:
    workspace = landed(tmp_path, more='[sessions]\nlateness = "1h"\n')
    run.ingest(workspace, as_of=LAST)
    run.sessions(workspace, [DAY], as_of=LAST + timedelta(days=1))
    assert run.days(workspace, as_of=datetime(2025, 8, 30, 18, tzinfo=UTC)) == (DAY,)
    assert run.days(workspace, as_of=datetime(2025, 9, 15, tzinfo=UTC)) == (date(2025, 9, 14),)


def test_a_run_killed_when_it_has_replaced_a_day_leaves_it_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = landed(tmp_path)
    run.ingest(workspace, as_of=LAST)
    pending.done(pending.marks(workspace.lake)[DAY])  # nothing waits now
    replace = lake.replace

    def killed(*arguments: Any, **named: Any) -> None:
        replace(*arguments, **named)
        if arguments[1] is Sessions:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lake, "replace", killed)
        run.sessions(workspace, [DAY], as_of=LAST + INSTANT)
    assert ends(workspace) == ["active"] and waiting(workspace, TIMES_OUT + INSTANT) == (DAY,)


def test_a_run_killed_before_it_replaced_a_day_leaves_it_waiting(
    active: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lake, "replace", killed)
        run.sessions(active, [DAY], as_of=TIMES_OUT + INSTANT)
    assert ends(active) == ["active"] and waiting(active, TIMES_OUT + INSTANT) == (DAY,)


def test_a_day_waits_once_it_is_over(tmp_path: Path) -> None:
    workspace = landed(tmp_path, more=IMPATIENT)
    run.run(workspace, as_of=MIDNIGHT - INSTANT)
    assert waiting(workspace, MIDNIGHT) == ()
    assert waiting(workspace, MIDNIGHT + INSTANT) == (DAY,)
    run.sessions(workspace, [DAY], as_of=MIDNIGHT + timedelta(days=1))
    assert waiting(workspace, MIDNIGHT + timedelta(days=9)) == ()


def test_a_day_waits_for_the_first_event_that_was_not_known_yet(tmp_path: Path) -> None:
    workspace = landed(tmp_path)
    run.run(workspace, as_of=MIDNIGHT + timedelta(days=1))
    run.sessions(workspace, [DAY], as_of=LAST)  # a look back
    assert waiting(workspace, LAST) == () and waiting(workspace, LAST + INSTANT) == (DAY,)
    run.run(workspace, as_of=MIDNIGHT + timedelta(days=20))
    assert ends(workspace) == ["idle_timeout"]


def test_a_day_that_had_not_begun_when_its_events_were_read_waits_from_its_beginning(tmp_path: Path) -> None:
    workspace = landed(tmp_path)
    evening_before = MIDNIGHT - timedelta(hours=25)
    assert run.ingest(workspace, as_of=evening_before).dates == ()
    assert waiting(workspace, MIDNIGHT + timedelta(days=20)) == (DAY,)
    _, computed, _ = run.run(workspace, as_of=MIDNIGHT + timedelta(days=20))
    assert DAY in computed.dates and ends(workspace) == ["idle_timeout"]


def test_a_session_that_may_be_a_machines_lets_its_day_wait_for_the_next_multiple(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, zone="UTC")
    multiple = datetime(2025, 8, 30, tzinfo=UTC)
    robot = [workspaces.line(multiple - n * timedelta(hours=1), "robot") for n in range(26, 0, -1)]
    workspaces.land(workspace, "access.log", b"".join(robot))
    run.run(workspace, as_of=multiple)
    assert ends(workspace) == ["absolute_timeout", "active"] and waiting(workspace, multiple) == ()
    assert waiting(workspace, multiple + INSTANT) == (DAY,)
    run.run(workspace, as_of=multiple + INSTANT)
    assert ends(workspace) == ["absolute_timeout"] * 2


# ---- reports


def published(workspace: settings.Settings) -> dict[str, int]:
    """How many sessions are in the reports that stand."""
    manifests = [json.loads(path.read_text()) for path in workspace.reports.glob("*/manifest.json")]
    return {one["report_date"]: one["files"]["recent_activities.csv"]["rows"] for one in manifests}


def test_a_day_computed_before_it_was_over_is_reported_however_late_the_next_run(tmp_path: Path) -> None:
    workspace = landed(tmp_path, more=IMPATIENT)
    run.run(workspace, as_of=MIDNIGHT - INSTANT)
    assert published(workspace) == {} and ends(workspace) == ["idle_timeout", "idle_timeout"]
    run.run(workspace, as_of=MIDNIGHT + timedelta(days=20))
    assert published(workspace)[str(DAY)] == 2


def test_a_day_computed_since_its_report_is_reported_by_the_next_run_alone(tmp_path: Path) -> None:
    workspace = landed(tmp_path)
    run.run(workspace, as_of=TIMES_OUT + timedelta(days=1))
    more = b"".join(workspaces.line(LAST, user) for user in ("tom", "mei"))
    workspaces.land(workspace, "more.log", more)
    run.ingest(workspace, as_of=TIMES_OUT + timedelta(days=1))
    run.sessions(workspace, [DAY], as_of=TIMES_OUT + timedelta(days=1))
    later = TIMES_OUT + timedelta(days=20)
    assert published(workspace)[str(DAY)] == 1
    assert str(DAY) in [report.folder.name for report in run.run(workspace, as_of=later)[2]]
    assert published(workspace)[str(DAY)] == 3
    assert str(DAY) not in [report.folder.name for report in run.run(workspace, as_of=later)[2]]


def test_a_run_killed_before_it_reported_is_made_good_by_any_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = lake.replace

    def killed(*arguments: Any, **named: Any) -> None:
        if arguments[1] is Sessions:
            raise KeyboardInterrupt
        replace(*arguments, **named)

    run.run(landed(tmp_path), as_of=TIMES_OUT + timedelta(days=1))
    workspace = landed(tmp_path, more=IMPATIENT)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lake, "replace", killed)
        run.run(workspace, as_of=TIMES_OUT + timedelta(days=1), dates=[DAY])
    run.run(workspace, as_of=TIMES_OUT + timedelta(days=20))
    assert published(workspace)[str(DAY)] == 2


def test_a_report_as_of_an_instant_has_what_was_read_since_and_heeds_the_settings(tmp_path: Path) -> None:
    workspace = landed(tmp_path)
    as_of = TIMES_OUT + timedelta(days=1)
    run.run(workspace, as_of=as_of)
    workspaces.land(workspace, "more.log", workspaces.line(LAST, "tom"))
    run.ingest(workspace, as_of=as_of)
    assert run.report(workspace, DAY, as_of=as_of).rows == 2
    impatient = landed(tmp_path, more=IMPATIENT)
    assert run.report(impatient, DAY, as_of=as_of).rows == 3


def test_sessions_of_events_that_are_all_gone_go_with_them(tmp_path: Path) -> None:
    workspace = landed(tmp_path)
    as_of = TIMES_OUT + timedelta(days=1)
    run.run(workspace, as_of=as_of)
    other = workspaces.write(tmp_path, text=workspaces.TEXT.replace('"combined"', '"vhost_combined"'))
    run.run(other, as_of=as_of)
    assert ends(other) == [] and published(other)[str(DAY)] == 0
    assert waiting(other, as_of) == ()
