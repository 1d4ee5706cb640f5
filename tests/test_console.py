"""What the command writes arrives, whatever its caller made of its streams."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from processors import run, settings
from tests import workspaces

AS_OF = workspaces.AS_OF.isoformat()
DAY = "2025-08-29"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    workspace = workspaces.write(tmp_path_factory.mktemp("workspace"))
    lines = [workspaces.line(workspaces.AS_OF.replace(day=29), user) for user in ("Jos\\xc3\\xa9", "mei")]
    workspaces.land(workspace, "access.log", b"".join(lines))
    run.run(workspace, as_of=workspaces.AS_OF, dates=[date.fromisoformat(DAY)])
    return workspace


def called(
    workspace: settings.Settings, *arguments: str, streams: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The command as a shell calls it."""
    command = [sys.executable, "-m", "processors", *arguments, "-w", str(workspace.root)]
    shell = ["sh", "-c", f'exec "$@" {streams}', "sh", *command]
    root = Path(__file__).parent.parent
    done = subprocess.run(
        shell, capture_output=True, cwd=root, env={"PATH": "/usr/bin:/bin", **environment}, timeout=60, check=False
    )
    assert b"Traceback" not in done.stdout + done.stderr
    return done


ASCII = [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]


@pytest.mark.parametrize("environment", ASCII)
def test_a_terminal_without_a_letter_is_given_its_escape(
    workspace: settings.Settings, environment: dict[str, str]
) -> None:
    done = called(workspace, "show", **environment)
    assert done.returncode == 0 and rb"Jos\xe9" in done.stdout and rb"2 sessions" in done.stdout
    assert called(workspace, "status", **environment).returncode == 0


@pytest.mark.parametrize("environment", ASCII)
def test_data_is_utf_8_whatever_the_terminal_is(workspace: settings.Settings, environment: dict[str, str]) -> None:
    assert "José" in called(workspace, "show", "-f", "csv", **environment).stdout.decode()
    assert {row["user_name"] for row in json.loads(called(workspace, "show", "-f", "json", **environment).stdout)} == {
        "José",
        "mei",
    }


@pytest.mark.parametrize("format", ["table", "csv", "json", "parquet"])
def test_data_for_a_closed_stream_is_a_wrong_call(workspace: settings.Settings, format: str) -> None:
    done = called(workspace, "show", "-f", format, streams=">&-")
    assert done.returncode == 2 and "Standard output: is closed" in done.stderr.decode()


def test_a_run_whose_streams_are_closed_does_its_work(workspace: settings.Settings) -> None:
    call = ("run", "--date", DAY, "--as-of", AS_OF)
    for streams in (">&-", "2>&-", "<&- >&- 2>&-"):
        assert called(workspace, *call, streams=streams).returncode == 0


def test_messages_for_a_closed_stream_do_not_go_among_the_data(workspace: settings.Settings) -> None:
    done = called(workspace, "run", "--date", DAY, "--as-of", AS_OF, "--json", streams="2>&-")
    assert done.returncode == 0 and json.loads(done.stdout)["reports"][0]["date"] == DAY
    done = called(workspace, "run", "--from", "2025-08-28", "--to", DAY, "--as-of", AS_OF, streams="2>&-")
    assert done.returncode == 0 and b"no events" not in done.stdout


def test_parquet_goes_into_a_pipe_as_it_is(workspace: settings.Settings) -> None:
    done = called(workspace, "show", "-f", "parquet", streams="2>&-")
    assert pl.read_parquet(io.BytesIO(done.stdout)).height == 2
