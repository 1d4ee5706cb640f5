from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from processors import _calls
from processors.__main__ import app
from tests import workspaces

REBUILD = "rebuild with `recent-activities run --from 2025-08-28 --to 2025-08-29`"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command, in a virtual environment that is not active, and the current folder beside it."""
    beside = tmp_path / ".venv" / "bin" / "recent-activities"
    beside.parent.mkdir(parents=True)
    beside.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(beside.with_name("python")))
    monkeypatch.setenv("PATH", str(tmp_path))
    return beside


def test_the_command_is_called_by_its_name_where_that_is_found(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _calls.program() == ".venv/bin/recent-activities"
    monkeypatch.setenv("PATH", str(installed.parent))
    assert _calls.program() == "recent-activities"


def test_a_command_is_for_the_workspace_that_the_message_is_about(tmp_path: Path) -> None:
    for file, option in (("old/workspace.toml", " -w old"), ("my logs/panel.toml", " -w 'my logs/panel.toml'")):
        told = _calls.spelled(REBUILD, tmp_path / file)
        assert told == f"rebuild with `.venv/bin/recent-activities run{option} --from 2025-08-28 --to 2025-08-29`"


def test_a_workspace_that_is_found_without_being_named_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "workspace.toml"
    assert " -w " not in _calls.spelled(REBUILD, here)
    monkeypatch.setenv("RECENT_ACTIVITIES_WORKSPACE", str(tmp_path / "other" / "workspace.toml"))
    assert " -w . " in _calls.spelled(REBUILD, here)
    assert " -w " not in _calls.spelled(REBUILD, tmp_path / "other" / "workspace.toml")


def test_a_command_that_takes_no_workspace_gets_none(tmp_path: Path) -> None:
    assert _calls.spelled("`recent-activities init`", tmp_path / "x.toml") == "`.venv/bin/recent-activities init`"


def test_a_command_of_a_group_gets_it_behind_its_own_name(tmp_path: Path) -> None:
    told = _calls.spelled("`recent-activities geo fetch --json`", tmp_path / "old" / "workspace.toml")
    assert told == "`.venv/bin/recent-activities geo fetch -w old --json`"


def test_every_message_of_a_command_names_commands_so(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path / "old")
    workspaces.land(workspace, "access.log", b"no line\n")
    ran = CliRunner().invoke(app, ["run", "-w", "old", "--as-of", "2025-08-31"])
    assert "`.venv/bin/recent-activities check -w old`" in ran.stderr.replace("\n", " ")
    missing = CliRunner().invoke(app, ["-w", "old", "report", "--date", "2025-08-29"])
    assert "`.venv/bin/recent-activities sessions -w old --date 2025-08-29`" in missing.stderr.replace("\n", " ")
