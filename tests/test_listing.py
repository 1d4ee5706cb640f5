"""A folder of the lake that may not be listed, and what is not the lake's in it."""

from __future__ import annotations

import errno
import os
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from processors import __main__, lake, run, settings
from processors._listing import listed
from processors.errors import LakeError
from schemas import Sessions
from tests import workspaces
from tests.test_laws import tables
from tests.workspaces import AS_OF

DAY = date(2025, 8, 29)
PRIVATE = "_recent_activities"


@pytest.fixture
def workspace(tmp_path: Path) -> settings.Settings:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", b"".join(workspaces.history(7, 60)))
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    return workspace


def lock(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let nobody list the folder, root included."""
    real = os.scandir

    def scandir(path: os.PathLike[str]) -> object:
        if Path(path) == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    patch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize(
    "folder",
    [
        "events",
        f"events/event_date={DAY}",
        "quarantine",
        f"{PRIVATE}/ledger",
        f"{PRIVATE}/pending",
        f"{PRIVATE}/staging",
        f"{PRIVATE}/staging/source-panel",
    ],
)
def test_a_run_stops_at_a_folder_that_may_not_be_listed_and_changes_nothing(
    workspace: settings.Settings, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(workspace)
    workspaces.land(workspace, "more.log", workspaces.line(AS_OF, "tom"))
    with monkeypatch.context() as patch:
        lock(workspace.root / "lake" / folder, patch)
        call = ["run", "-w", str(workspace.root), "--as-of", AS_OF.isoformat(), "--date", str(DAY)]
        result = CliRunner().invoke(__main__.app, call)
    said = result.stderr.replace("\n", "")
    assert result.exit_code == 2 and f"{workspace.root / 'lake' / folder}: cannot be listed" in said
    assert "permission to read" in said
    assert {name: data for name, data in tables(workspace).items() if name in before} == before
    run.run(workspace, as_of=AS_OF, dates=[DAY])


@pytest.mark.parametrize("folder", ["sessions", f"sessions/login_date={DAY}"])
def test_a_question_is_not_answered_from_what_happens_to_be_listed(
    workspace: settings.Settings, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(workspace.root / "lake" / folder, monkeypatch)
    for read in (lambda: lake.partitions(workspace.lake, Sessions), lambda: lake.scan(workspace.lake, Sessions)):
        with pytest.raises(LakeError, match=f"{folder}: cannot be listed"):
            read()


def test_a_folder_that_is_not_there_is_empty_and_a_file_in_its_place_is_not(tmp_path: Path) -> None:
    (tmp_path / "x=1").mkdir()
    assert listed(tmp_path / "none", "x=*/*.parquet") == listed(tmp_path, "x=*/*.parquet") == []
    (tmp_path / "x=2").touch()
    with pytest.raises(LakeError, match=r"x=2: cannot be listed .*A file stands where a folder is needed"):
        listed(tmp_path, "x=*/*.parquet")


FOREIGN = {
    "sessions/login_date=foo/0.parquet": "is no partition of sessions, for 'foo' is no day",
    "events/event_date=20250829/panel.parquet": "is no partition of events, for '20250829' is no day",
    "events/event_date=2025-13-01/panel.parquet": "is no partition of events, for '2025-13-01' is no day",
    f"{PRIVATE}/pending/foo~bar": "is no mark of a day that waits",
    f"{PRIVATE}/pending/{DAY}~ends=soon": "is no mark of a day that waits",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_somebody_else_put_into_the_lake_is_named(workspace: settings.Settings, name: str) -> None:
    path = workspace.root / "lake" / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    result = CliRunner().invoke(__main__.app, ["run", "-w", str(workspace.root), "--as-of", AS_OF.isoformat()])
    said = result.stderr.replace("\n", "")
    assert result.exit_code == 2 and f"{FOREIGN[name]}. Move it out of the lake" in said
    assert str(path if PRIVATE in name else path.parent) in said


def test_hidden_files_of_the_system_are_passed_over(workspace: settings.Settings) -> None:
    before = tables(workspace)
    for folder in [path.parent for path in workspace.root.glob("lake/**/*") if path.is_file()]:
        for name in ("._0.parquet", "._2025-08-29~x", ".DS_Store", "._decided.json"):
            (folder / name).write_bytes(b"\x00\x05\x16\x07")
    for command in (["run", "--as-of", AS_OF.isoformat(), "--date", str(DAY)], ["show"], ["status"], ["check"]):
        result = CliRunner().invoke(__main__.app, [*command, "-w", str(workspace.root)])
        assert result.exit_code == 0, result.output
    after = tables(workspace)
    assert {name: data for name, data in after.items() if not Path(name).name.startswith(".")} == before
