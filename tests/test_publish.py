from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from processors import lake, run
from processors.errors import DataError, LakeError
from processors.publish import folder
from schemas import ReportsPublished, Sessions
from tests import workspaces
from tests.workspaces import AS_OF

DAY = date(2025, 8, 29)
NOON = datetime(2025, 8, 29, 12, tzinfo=UTC)


def published(path: Path, revision: int) -> dict[str, object]:
    folder.publish(path, DAY, {"a.csv": b"%d" % revision}, {"revision": revision})
    return json.loads((path / str(DAY) / "manifest.json").read_text())


def test_a_reader_sees_the_new_revision_and_the_old_one_stays_as_it_was(tmp_path: Path) -> None:
    published(tmp_path, 1)
    old = (tmp_path / str(DAY)).resolve()
    assert published(tmp_path, 2) == {"revision": 2}
    assert (tmp_path / str(DAY) / "a.csv").read_text() == "2"
    assert (old / "a.csv").read_text() == "1"


def test_files_are_for_owner_and_group_only(tmp_path: Path) -> None:
    published(tmp_path, 1)
    real = (tmp_path / str(DAY)).resolve()
    assert {path.stat().st_mode & 0o777 for path in real.iterdir()} == {0o640}
    assert real.stat().st_mode & 0o777 == 0o750


def test_a_folder_that_somebody_else_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / str(DAY)).mkdir()
    (tmp_path / str(DAY) / "mine.txt").touch()
    with pytest.raises(LakeError, match="Move it away"):
        published(tmp_path, 1)
    assert (tmp_path / str(DAY) / "mine.txt").exists()


def test_a_folder_in_the_place_of_a_report_is_no_revision(tmp_path: Path) -> None:
    (tmp_path / str(DAY)).mkdir()
    with pytest.raises(LakeError, match="Move it away"):
        folder.current(tmp_path, DAY)


def test_the_same_content_is_the_same_revision_and_late_data_is_the_next(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    lines = [workspaces.line(NOON, "riya"), workspaces.line(NOON, "mei")]
    workspaces.land(workspace, "access.log", lines[0])
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    again = run.run(workspace, as_of=AS_OF, dates=[DAY])[2][0]
    assert (again.revision, again.is_new, again.rows) == (1, False, 1)
    first = (tmp_path / "reports" / str(DAY) / "manifest.json").read_bytes()
    workspaces.land(workspace, "access.log", b"".join(lines))
    late = run.run(workspace, as_of=AS_OF, dates=[DAY])[2][0]
    assert (late.revision, late.is_new, late.rows) == (2, True, 2)
    manifest = json.loads((late.folder / "manifest.json").read_text())
    found = manifest["changes"]
    assert (found["sessions_added"], found["sessions_removed"], found["sessions_changed"]) == (1, 0, 0)
    assert found["files"] == {"inactivity_windows.csv": {"rows_added": 1, "rows_removed": 0}}
    assert manifest["previous_manifest_sha256"] == folder.digest(first)
    assert lake.scan(workspace.lake, ReportsPublished).collect()["session_count"].to_list() == [1, 2]


def test_a_revision_names_the_session_that_late_data_changed_and_its_columns(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    lines = [workspaces.line(NOON, "riya"), workspaces.line(NOON.replace(minute=50), "riya")]
    workspaces.land(workspace, "access.log", lines[0])
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    workspaces.land(workspace, "access.log", b"".join(lines))
    where = run.run(workspace, as_of=AS_OF, dates=[DAY])[2][0].folder
    (session,) = lake.scan(workspace.lake, Sessions).collect()["session_id"]
    assert json.loads((where / "manifest.json").read_text())["changes"] == {
        "sessions_added": 0,
        "sessions_removed": 0,
        "sessions_changed": 1,
        "sessions_places_changed": 0,
        "columns_changed": {"last_activity_time": 1, "end_time": 1, "activity_count": 1},
        "session_ids": {"added": [], "removed": [], "changed": [session], "places_changed": []},
        "files": {"inactivity_windows.csv": {"rows_added": 2, "rows_removed": 1}},
        "reasons_added": [],
        "reasons_removed": [],
        "settings_changed": False,
        "location_databases": None,
    }


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def saved(path: Path) -> None:
    """As a spreadsheet does, without the columns that nobody wants to see."""
    path.write_text("user_name;login_time\r\nriya;29.08.2025 17:30\r\n")


def raised(path: Path) -> None:
    path.write_text(path.read_text().replace('"revision": 2', '"revision": 7'))


def edited(path: Path) -> None:
    path.write_text(path.read_text().replace('"is_complete": true', '"is_complete": false'))


@pytest.mark.parametrize("is_changed", [False, True])
@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("recent_activities.csv", emptied),
        ("recent_activities.csv", saved),
        ("recent_activities.csv", Path.unlink),
        ("inactivity_windows.csv", emptied),
        ("manifest.json", emptied),
        ("manifest.json", lambda path: path.write_text("{}")),
        ("manifest.json", lambda path: path.write_text("[]")),
        ("manifest.json", lambda path: path.write_bytes(b"\xff")),
        ("manifest.json", lambda path: path.write_text(path.read_text().replace('"revision": 2', '"revision": "x"'))),
        ("manifest.json", raised),
        ("manifest.json", lambda path: path.write_text(path.read_text().replace('"source": "panel"', '"x": "panel"'))),
        ("manifest.json", edited),
        ("manifest.json", Path.unlink),
        (".", shutil.rmtree),
    ],
)
def test_a_published_file_that_somebody_changed_is_followed_by_a_whole_revision(
    tmp_path: Path, name: str, spoil: Callable[[Path], None], is_changed: bool
) -> None:
    workspace = workspaces.write(tmp_path)
    lines = [workspaces.line(NOON, user) for user in ("riya", "mei", "tom")]
    for count in (1, 2):
        workspaces.land(workspace, "access.log", b"".join(lines[:count]))
        run.run(workspace, as_of=AS_OF, dates=[DAY])
    published = (tmp_path / "reports" / str(DAY)).resolve()
    second = (published / "manifest.json").read_bytes()
    spoil(published / name)
    workspaces.land(workspace, "access.log", b"".join(lines[: 2 + is_changed]))
    for is_new in (True, False):
        report = run.run(workspace, as_of=AS_OF, dates=[DAY])[2][0]
        assert (report.revision, report.is_new, report.rows) == (3, is_new, 2 + is_changed)
        assert any("so what changed since is not known" in note for note in report.notes) is is_new
    manifest = json.loads((report.folder / "manifest.json").read_text())
    what = "manifest.json" if name == "." else name
    assert manifest["changes"] is None
    assert manifest["completeness"]["notes"] == [
        f"{what} of revision 2 is not what was published, so what changed since is not known"
    ]
    assert manifest["previous_manifest_sha256"] == folder.digest(second)
    assert lake.scan(workspace.lake, ReportsPublished).collect()["revision"].to_list() == [1, 2, 3]


def test_a_report_that_may_not_be_read_is_not_published_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", workspaces.line(NOON))
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    read = Path.read_bytes

    def denied(self: Path) -> bytes:
        if self.name == "recent_activities.csv":
            raise PermissionError(13, "Permission denied", str(self))
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(LakeError, match=r"recent_activities\.csv: cannot be read .*permission to read"):
        run.report(workspace, DAY)


def test_a_later_look_at_a_day_that_is_over_is_no_revision(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", workspaces.line(NOON))
    looks = [run.run(workspace, as_of=AS_OF.replace(hour=hour), dates=[DAY])[2][0] for hour in (0, 5)]
    assert [look.revision for look in looks] == [1, 1]


def test_the_manifest_counts_and_digests_its_files(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", workspaces.line(NOON))
    where = run.run(workspace, as_of=AS_OF, dates=[DAY])[2][0].folder
    files = json.loads((where / "manifest.json").read_text())["files"]
    assert {name: file["sha256"] for name, file in files.items()} == {
        name: folder.digest((where / name).read_bytes()) for name in ("recent_activities.csv", "inactivity_windows.csv")
    }
    assert files["recent_activities.csv"]["rows"] == 1


def test_a_day_that_was_never_computed_is_no_empty_report(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sessions --date 2025-08-29"):
        run.report(workspaces.write(tmp_path), DAY)


def test_a_missing_source_stamps_the_day_incomplete(tmp_path: Path) -> None:
    text = workspaces.TEXT + '[[sources]]\nname = "okta"\nformat = "okta"\nfiles = "okta/*.json"\n'
    workspace = workspaces.write(tmp_path, text=text)
    workspaces.land(workspace, "access.log", workspaces.line(NOON))
    (report,) = run.run(workspace, as_of=AS_OF, dates=[DAY])[2]
    assert not report.is_complete and report.reasons == ("okta: no events on 2025-08-29",)


@pytest.mark.parametrize(("hour", "status"), [(6, "stalled"), (7, "complete")])
def test_a_source_is_stalled_when_its_silence_to_the_days_end_is_longer_than_allowed(
    tmp_path: Path, hour: int, status: str
) -> None:
    workspace = workspaces.write(tmp_path, zone="UTC", text=workspaces.TEXT + 'stalled_after = "17h"\n')
    workspaces.land(workspace, "access.log", workspaces.line(datetime(2025, 8, 29, hour, tzinfo=UTC)))
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    manifest = json.loads((tmp_path / "reports" / str(DAY) / "manifest.json").read_text())
    assert manifest["completeness"]["sources"][0]["status"] == status
