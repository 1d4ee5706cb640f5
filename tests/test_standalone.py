from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from deploy import standalone
from deploy.api import INGEST, Api
from deploy.server import Server, ServerError
from processors import run
from tests import workspaces

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
        standalone._expect_events(workspace, date(2025, 8, 29))
    workspaces.land(workspace, "access.log", workspaces.line(datetime(2025, 8, 29, 10, tzinfo=UTC)))
    run.ingest(workspace, as_of=workspaces.AS_OF)
    standalone._expect_events(workspace, date(2025, 8, 29))
    with pytest.raises(ServerError, match="no event of 2025-09-02 to report; there are some of 2025-08-29"):
        standalone._expect_events(workspace, date(2025, 9, 2))


@pytest.mark.parametrize(("option", "said"), [("--date", "'foo' is no date"), ("--as-of", "'foo' is no time")])
def test_a_wrong_day_is_told_before_airflow_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, said: str
) -> None:
    call = ["x", "run", "--workspace", str(workspaces.write(tmp_path).path), "--home", str(tmp_path / "home")]
    monkeypatch.setattr(sys, "argv", [*call, option, "foo"])
    assert standalone.main() == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
