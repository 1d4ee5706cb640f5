from __future__ import annotations

import shlex
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from deploy import standalone
from deploy.api import INGEST, Api
from deploy.server import Server, ServerError
from processors import _calls, run
from tests import workspaces

ROOT = Path(__file__).parent.parent
RUN = {"dag_id": INGEST, "dag_run_id": "manual"}
PROBLEM = "landing/access.log: 90% of its lines are in quarantine"


class Answers:
    """What Airflow says of a run in which one source met a problem and another one broke."""

    def tasks(self, _: Any) -> list[dict[str, Any]]:
        names = (("ingest", 0, "failed"), ("ingest", 1, "failed"), ("verdict", -1, "failed"))
        return [{"task_id": name, "map_index": at, "state": state, "try_number": 1} for name, at, state in names]

    def result(self, _: Any, task: str, map_index: int) -> Any:
        return {"problems": [PROBLEM], "warnings": []} if (task, map_index) == ("ingest", 0) else None


def test_a_failed_ingest_says_what_its_sources_met_and_names_the_logs_of_the_rest(tmp_path: Path) -> None:
    problem, log = standalone._failure(Server(tmp_path), cast(Api, Answers()), RUN).splitlines()
    assert problem == PROBLEM and "task_id=ingest/map_index=1/" in log


def test_a_day_without_events_is_not_reported(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    with pytest.raises(ServerError, match="there are none at all"):
        standalone._expect_events(workspace, [date(2025, 8, 29)])
    workspaces.land(workspace, "access.log", workspaces.line(datetime(2025, 8, 29, 10, tzinfo=UTC)))
    run.ingest(workspace, as_of=workspaces.AS_OF)
    standalone._expect_events(workspace, [date(2025, 8, 29)])
    with pytest.raises(ServerError, match="no event of 2025-09-02 to report; there are some of 2025-08-29"):
        standalone._expect_events(workspace, [date(2025, 9, 2)])
    standalone._expect_events(workspace, [date(2025, 8, 29), date(2025, 9, 2)])


@pytest.mark.parametrize(("option", "said"), [("--date", "'foo' is no date"), ("--as-of", "'foo' is no time")])
def test_a_wrong_day_is_told_before_airflow_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, said: str
) -> None:
    call = ["x", "run", "--workspace", str(workspaces.write(tmp_path).path), "--home", str(tmp_path / "home")]
    monkeypatch.setattr(sys, "argv", [*call, option, "foo"])
    assert standalone.main() == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_commands_in_messages_are_those_of_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_calls, "program", lambda: "recent-activities")
    path = tmp_path / "my demo" / "workspace.toml"
    for said, told in (
        (
            "`recent-activities run --as-of 2015-05-21`",
            "`make run WORKSPACE='my demo/workspace.toml' AS_OF=2015-05-21`",
        ),
        (
            "x; rebuild with `recent-activities run --from 2025-08-01 --to 2025-08-09`",
            "x; rebuild with `make run WORKSPACE='my demo/workspace.toml' FROM=2025-08-01 TO=2025-08-09`",
        ),
        ("`recent-activities check`", "`recent-activities check -w 'my demo'`"),
    ):
        assert standalone._spelled(said, path) == told


def test_make_hands_over_the_days() -> None:
    call = [
        "make",
        "-n",
        "--no-print-directory",
        "run",
        "WORKSPACE=x.toml",
        "FROM=2025-08-01",
        "TO=2025-08-09",
        "DATE=",
        "AS_OF=",
    ]
    printed = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    words = shlex.split(printed.splitlines()[-1])
    assert words[-4:] == ["--from", "2025-08-01", "--to", "2025-08-09"]


def test_where_there_is_no_day_to_report_what_was_read_tells_why(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    with pytest.raises(ServerError, match=r"nothing was read\. Files are expected in .*landing"):
        standalone._last_day(workspace, set())
    workspaces.land(workspace, "access.log", b"no line\n")
    run.ingest(workspace, as_of=workspaces.AS_OF)
    with pytest.raises(ServerError, match=r"none of the 1 lines that were read is an event\. .*check.* says why"):
        standalone._last_day(workspace, set())


def test_the_day_before_is_due_its_report_once_there_were_events(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    day = date(2025, 8, 30)
    assert not standalone._is_due(workspace, day)
    workspaces.land(workspace, "access.log", workspaces.line(datetime(2025, 8, 29, 10, tzinfo=UTC)))
    run.ingest(workspace, as_of=workspaces.AS_OF)
    assert standalone._is_due(workspace, day) and not standalone._is_due(workspace, date(2025, 8, 28))
    run.report(workspace, day, as_of=workspaces.AS_OF)
    assert not standalone._is_due(workspace, day)


def test_what_fails_says_that_airflow_is_still_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server(tmp_path)
    assert standalone._failed(server, "x", 2) == 2 and "Airflow" not in capsys.readouterr().err
    monkeypatch.setattr(Server, "is_running", lambda _: True)
    assert standalone._failed(server, "x", 1) == 1
    assert "Airflow is still running at http://127.0.0.1:0: python -m deploy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("run", "label"),
    [
        ({"partition_key": "2025-08-29", "conf": None}, "sessions 2025-08-29"),
        ({"partition_key": None, "conf": {"date": "2025-08-28"}}, "sessions 2025-08-28"),
        ({"partition_key": None, "conf": {"as_of": "x"}}, "sessions"),
    ],
)
def test_progress_names_the_day(run: dict[str, Any], label: str) -> None:
    assert standalone._label({"dag_id": "recent_activities_sessions", **run}) == label
