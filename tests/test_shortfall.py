"""A day is never silently short: files that break off, are refused or fill the quarantine make it INCOMPLETE."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from processors import lake, ledger, run, settings, status
from processors.run import ReportResult
from schemas import UnreadFiles
from tests import workspaces

DAY = date(2025, 8, 29)
MORNING, EVENING = (datetime(2025, 8, 29, hour, tzinfo=UTC) for hour in (8, 23))
AS_OF = datetime(2025, 8, 30, 4, tzinfo=UTC)
LATER = AS_OF + timedelta(days=10)
LINES = b"".join(workspaces.line(MORNING + timedelta(minutes=n), f"user{n}") for n in range(300))
BROKEN = gzip.compress(LINES)[:-900]
NAME = "landing/host/access.log-20250829.gz"
TWO_SOURCES = """
[workspace]
time_zone = "UTC"

[[sources]]
name = "panel"
format = "combined"
files = "landing/*.log"

[[sources]]
name = "shop"
format = "combined"
files = "landing/host/*.log"
"""


def workspace(folder: Path) -> settings.Settings:
    """A whole log of the day, to which each test adds another one."""
    made = workspaces.write(folder, zone="UTC")
    workspaces.land(made, "access.log", workspaces.line(MORNING) + workspaces.line(EVENING))
    return made


def land(made: settings.Settings, data: bytes, name: str = NAME) -> Path:
    return workspaces.land(made, name.removeprefix("landing/"), data)


def report(made: settings.Settings, *, as_of: datetime = AS_OF) -> ReportResult:
    reports = run.run(made, as_of=as_of)[2]
    return next(one for one in reports if one.folder.name == str(DAY))


def manifest(made: settings.Settings) -> dict[str, object]:
    return json.loads((made.reports / str(DAY) / "manifest.json").read_text())


def zipped(made: settings.Settings) -> None:
    land(made, b"PK\x03\x04 and so on", "landing/host/old.log")


def dangling(made: settings.Settings) -> None:
    (made.root / "landing/host").mkdir()
    (made.root / "landing/host/old.log").symlink_to("nowhere")


def a_pipe(made: settings.Settings) -> None:
    (made.root / "landing/host").mkdir()
    os.mkfifo(made.root / "landing/host/old.log")


def of_another_format(made: settings.Settings) -> None:
    land(made, b'{"uuid": "1"}\n' * 9, "landing/host/old.log")


def garbage_in_gzip(made: settings.Settings) -> None:
    land(made, b"\x1f\x8b" + b"garbage" * 99, "landing/host/old.log")


def test_a_day_whose_log_broke_off_is_incomplete_and_names_the_file(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    land(made, BROKEN)
    result = report(made)
    assert not result.is_complete and result.reasons == (f"panel: {NAME} breaks off",)
    (source,) = manifest(made)["completeness"]["sources"]  # type: ignore[index]  # a document
    assert source["status"] == "short"
    assert source["shortfalls"] == [{"path": NAME, "shortfall": "breaks off"}]


def test_the_whole_file_makes_the_day_complete_in_a_new_revision(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    land(made, BROKEN)
    report(made)
    land(made, gzip.compress(LINES))
    result = report(made)
    assert (result.is_complete, result.revision, result.reasons) == (True, 2, ())
    assert (report(made).revision, report(made).is_new) == (2, False)


@pytest.mark.parametrize("cut", [-1, -8])
def test_a_file_that_lacks_no_line_but_its_checksum_is_whole_once_that_is_there(tmp_path: Path, cut: int) -> None:
    made = workspace(tmp_path)
    land(made, gzip.compress(LINES)[:cut])
    assert not report(made).is_complete
    land(made, gzip.compress(LINES))
    assert run.ingest(made, as_of=AS_OF).events == 0 and run.ingest(made, as_of=AS_OF).dates == (DAY,)
    assert (report(made).is_complete, report(made).revision) == (True, 2)


def test_a_broken_file_is_no_new_revision_for_being_renamed_by_rotation(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    path = land(made, BROKEN, "landing/host/access.log.2.gz")
    report(made)
    path.rename(path.with_name("access.log.3.gz"))
    result = report(made)
    assert (result.revision, result.is_new) == (1, False) and result.reasons[0].endswith("access.log.3.gz breaks off")


def test_a_broken_file_is_a_matter_of_the_days_of_its_events(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    workspaces.land(made, "next.log", workspaces.line(EVENING + timedelta(days=1)))
    land(made, BROKEN)
    reports = run.run(made, as_of=AS_OF + timedelta(days=1))[2]
    assert [(one.folder.name, one.is_complete) for one in reports] == [("2025-08-29", False), ("2025-08-30", True)]


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (zipped, "is not read: it is a zip archive, not a log"),
        (dangling, "is not read: it cannot be read (No such file or directory)"),
        (a_pipe, "is not read: it cannot be read (it is no regular file)"),
        (of_another_format, "is not read: none of its lines is an event"),
        (garbage_in_gzip, "breaks off before its first event"),
    ],
)
def test_a_file_that_gives_no_event_makes_every_day_incomplete_until_it_is_gone(
    tmp_path: Path, put: Callable[[settings.Settings], None], said: str
) -> None:
    made = workspace(tmp_path)
    put(made)
    results = [report(made) for _ in range(2)]
    assert [(one.is_complete, one.revision) for one in results] == [(False, 1)] * 2
    assert results[1].reasons == (f"panel: landing/host/old.log {said}",)
    (made.root / "landing/host/old.log").unlink()
    assert (report(made).is_complete, report(made).revision) == (True, 2)
    assert lake.partitions(made.lake, UnreadFiles) == []


def test_a_file_without_a_whole_line_says_so_and_is_nothing_that_the_next_run_will_read(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    garbage_in_gzip(made)
    for _ in range(2):
        (warning,) = run.run(made, as_of=AS_OF)[0].warnings
        assert "is damaged, or breaks off, before its first line: nothing of it is read. Deliver" in warning
    (source,) = status.status(made).sources
    assert source.waiting == () and source.unread == ("landing/host/old.log: breaks off before its first event",)
    land(made, gzip.compress(LINES), "landing/host/old.log")
    (source,) = status.status(made).sources
    assert source.waiting == ("landing/host/old.log",) and source.unread == ()


def test_a_file_with_too_many_lines_in_quarantine_makes_the_days_of_its_events_incomplete(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    land(made, workspaces.line(MORNING) * 8 + b"no line\n", NAME.removesuffix(".gz"))
    result = report(made)
    assert result.reasons == (
        "panel: landing/host/access.log-20250829 has more lines in quarantine than the 10% that "
        "ingest.quarantined_share allows",
    )
    land(made, workspaces.line(MORNING) * 8 + b"no line\n" + workspaces.line(MORNING), NAME.removesuffix(".gz"))
    assert report(made).is_complete


def test_lines_out_of_range_are_not_of_the_day(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    land(made, workspaces.line(MORNING) + workspaces.line(MORNING.replace(year=2015)) * 9, "landing/host/old.log")
    assert report(made).is_complete


def test_what_is_short_does_not_depend_on_what_ran_before(tmp_path: Path) -> None:
    reasons = []
    for name in ("at-once", "one-by-one", "after-the-report"):
        made = workspace(tmp_path / name)
        steps: list[Callable[[], object]] = [
            lambda made=made: land(made, BROKEN),  # type: ignore[misc]  # bound now
            lambda made=made: zipped(made),  # type: ignore[misc]
        ]
        for step in steps:
            if name == "after-the-report":
                report(made)
            step()
            if name != "at-once":
                run.ingest(made, as_of=AS_OF)
        reasons.append(report(made).reasons)
    assert len(reasons[0]) == 2 and reasons[0] == reasons[1] == reasons[2]


def test_a_broken_copy_counts_once_the_file_that_it_is_a_copy_of_is_gone(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    original = land(made, LINES, "landing/host/access.log.1")
    run.ingest(made, as_of=AS_OF)
    copy = land(made, BROKEN, "landing/host/access.log.2.gz")
    assert report(made).is_complete
    original.unlink()
    copy.touch()
    result = report(made)
    assert result.reasons == (
        "panel: landing/host/access.log.2.gz breaks off, and the file that it is a copy of is gone",
    )
    assert report(made).reasons == result.reasons
    copy.write_bytes(gzip.compress(LINES))
    assert report(made).is_complete


def test_a_day_longer_ago_than_lateness_is_named_with_what_rebuilds_it(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    zipped(made)
    report(made)
    (made.root / "landing/host/old.log").unlink()
    for _ in range(2):
        (warning,) = run.run(made, as_of=LATER)[0].warnings
        assert warning.startswith("2025-08-29: reported as INCOMPLETE because of files that are read, or gone, by now")
        assert "run --from 2025-08-29 --to 2025-08-29" in warning
    assert status.status(made).warnings == (warning,)
    read, _, (again,) = run.run(made, as_of=LATER, dates=[DAY])
    assert read.warnings == () and again.is_complete


def test_a_new_file_that_cannot_be_read_leaves_old_reports_alone(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    report(made)
    zipped(made)
    read, computed, _ = run.run(made, as_of=LATER)
    assert read.warnings == () and DAY not in computed.dates


def test_a_source_that_is_another_ones_is_not_blamed(tmp_path: Path) -> None:
    made = workspaces.write(tmp_path, zone="UTC", text=TWO_SOURCES)
    workspaces.land(made, "access.log", workspaces.line(MORNING) + workspaces.line(EVENING))
    zipped(made)
    workspaces.land(made, "host/shop.log", workspaces.line(MORNING) + workspaces.line(EVENING))
    assert [reason.partition(":")[0] for reason in report(made).reasons] == ["shop"]
    assert ledger.read(made.lake, "panel") and lake.partitions(made.lake, UnreadFiles) == ["shop"]
