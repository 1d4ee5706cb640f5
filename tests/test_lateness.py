"""Events that come after their day: until `lateness` every day they touch is computed again, after it none is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from processors import lake, run, settings, status
from schemas import Sessions
from tests import workspaces

BEFORE, DAY = date(2025, 8, 28), date(2025, 8, 29)
END = datetime(2025, 8, 30, tzinfo=UTC)
IN_TIME = END + timedelta(days=3)
TOO_LATE = IN_TIME + timedelta(microseconds=1)
REBUILD = "2025-08-28 to 2025-08-29: events came later than `lateness` allows and are not in the sessions yet; rebuild "


@pytest.fixture
def reported(tmp_path: Path) -> settings.Settings:
    """Riya at ten to midnight on the 28th, reported; her next request, on the 29th, has just landed."""
    workspace = workspaces.write(tmp_path, zone="UTC")
    workspaces.land(workspace, "access.log", workspaces.line(datetime(2025, 8, 28, 23, 50, tzinfo=UTC)))
    run.run(workspace, as_of=END + timedelta(hours=4))
    workspaces.land(workspace, "late.log", workspaces.line(datetime(2025, 8, 29, 0, 5, tzinfo=UTC)))
    return workspace


def last(workspace: settings.Settings) -> list[str]:
    """When the sessions were last active."""
    return [f"{time:%H:%M}" for time in lake.scan(workspace.lake, Sessions).collect()["last_activity_time"]]


def test_an_event_in_time_for_its_own_day_revises_the_day_before_too(reported: settings.Settings) -> None:
    read, computed, _ = run.run(reported, as_of=IN_TIME)
    assert read.late == 0 and read.warnings == () and BEFORE in computed.changed
    assert last(reported) == ["00:05"]


def test_an_event_too_late_revises_nothing_and_every_day_it_touches_is_named(reported: settings.Settings) -> None:
    read, computed, _ = run.run(reported, as_of=TOO_LATE)
    assert read.late == 1 and not {BEFORE, DAY} & {*computed.dates}
    assert read.warnings == (f"{REBUILD}with `recent-activities run --from {BEFORE} --to {DAY}`",)
    assert last(reported) == ["23:50"]
    assert "1 event came too late to revise this report" in run.report(reported, DAY).notes


def test_the_days_are_named_until_somebody_rebuilds_them(reported: settings.Settings) -> None:
    run.ingest(reported, as_of=TOO_LATE)
    for _ in range(2):
        assert run.run(reported, as_of=TOO_LATE)[0].warnings[0].startswith(REBUILD)
    assert status.status(reported).warnings[0].startswith(REBUILD)
    read, _, reports = run.run(reported, as_of=TOO_LATE, dates=[BEFORE, DAY])
    assert read.warnings == () and last(reported) == ["00:05"]
    assert reports[1].notes[1:] == ("1 event in this report came later than `lateness` allows",)


def test_a_report_whose_users_were_there_since_the_day_before_does_not_call_them_unknown(
    reported: settings.Settings,
) -> None:
    (report,) = run.run(reported, as_of=TOO_LATE, dates=[DAY])[2]
    assert report.rows == 0 and report.notes[0].startswith("No session began: the events of known users (1 log_user)")


def test_a_day_that_is_computed_anyway_has_what_came_too_late_and_says_so(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, zone="UTC")
    workspaces.land(workspace, "access.log", workspaces.line(END - timedelta(minutes=10)))
    run.run(workspace, as_of=END)  # she is still there
    workspaces.land(workspace, "late.log", workspaces.line(END - timedelta(hours=9), "tom"))
    read, computed, reports = run.run(workspace, as_of=TOO_LATE)
    assert read.late == 1 and read.warnings == () and DAY in computed.changed
    assert [report.rows for report in reports if report.folder.name == str(DAY)] == [2]
    assert "1 event in this report came later than `lateness` allows" in reports[0].notes


def test_what_is_read_of_one_source_of_several_leaves_the_days_to_be_told_once(reported: settings.Settings) -> None:
    assert run.read(reported, as_of=TOO_LATE, sources=["panel"]).warnings == ()
    assert len(run.ingest(reported, as_of=TOO_LATE).warnings) == 1


def test_ingest_names_no_day_that_waits_anyway(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, zone="UTC")
    workspaces.land(workspace, "access.log", workspaces.line(END - timedelta(minutes=10)))
    run.run(workspace, as_of=END)
    workspaces.land(workspace, "late.log", workspaces.line(END - timedelta(hours=9), "tom"))
    read = run.ingest(workspace, as_of=TOO_LATE)
    assert (read.late, read.warnings, read.dates) == (1, (), (DAY,))


def test_the_first_run_computes_and_reports_every_day_that_the_logs_hold_however_old(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, zone="UTC")
    workspaces.land(workspace, "access.log", workspaces.line(END - timedelta(hours=9)))
    workspaces.land(workspace, "other.log", workspaces.line(END - timedelta(days=40), "tom"))
    read, computed, reports = run.run(workspace, as_of=END + timedelta(days=20))
    assert read.late == 2 and read.warnings == ()
    assert [(one.folder.name, one.rows) for one in reports] == [
        ("2025-07-21", 1),
        ("2025-08-29", 1),
        ("2025-09-18", 0),  # the day before has its report, whatever came
    ]
    assert len(computed.dates) == 3


def test_what_comes_too_late_for_a_day_that_the_first_run_computed_waits_to_be_named(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, zone="UTC")
    workspaces.land(workspace, "access.log", workspaces.line(END - timedelta(hours=9)))
    run.run(workspace, as_of=END + timedelta(days=20))
    workspaces.land(workspace, "more.log", workspaces.line(END - timedelta(hours=8), "tom"))
    read, computed, _ = run.run(workspace, as_of=END + timedelta(days=20))
    assert DAY not in computed.dates and f"--from {DAY} --to {DAY}" in read.warnings[0]


def test_days_without_events_between_old_logs_and_now_are_not_computed(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, zone="UTC")
    workspaces.land(workspace, "access.log", workspaces.line(END - timedelta(hours=9)))
    for _ in range(2):
        run.run(workspace, as_of=END + timedelta(days=2, hours=4))
    assert lake.partitions(workspace.lake, Sessions) == ["2025-08-29", "2025-08-31"]
