from __future__ import annotations

import ast
import sys
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from processors import pending, run
from tests import workspaces

FOLDER = Path(__file__).parents[2] / "dags"
FILES = sorted(FOLDER.glob("*.py"))
ALLOWED = ("airflow.sdk", "airflow.providers.standard.operators")
INGEST, SESSIONS, REPORT, LOCATIONS = (
    f"recent_activities_{name}" for name in ("ingest", "sessions", "report", "location_database")
)


@pytest.fixture(scope="session")
def bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(FOLDER)


@pytest.fixture(scope="session")
def tasks(bag: Any) -> list[Any]:
    return [task for dag in bag.dags.values() for task in dag.tasks]


def test_every_file_can_be_read(bag: Any) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) >= {INGEST, SESSIONS, REPORT, LOCATIONS}


def test_every_dag_says_what_it_is_and_replays_nothing(bag: Any) -> None:
    for dag in bag.dags.values():
        assert dag.doc_md and dag.description and "recent-activities" in dag.tags, dag.dag_id
        assert not dag.catchup and dag.max_active_runs == 1, dag.dag_id


def test_every_task_is_tried_again_and_says_what_it_does(tasks: list[Any]) -> None:
    # the scheduler may run a task before the API server listens: without a retry it fails
    for task in tasks:
        assert task.retries >= 1 and task.retry_delay >= timedelta(seconds=10), task
        assert task.owner == "recent-activities", task
        assert task.doc_md, task


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_imports_airflow_and_the_standard_library_only(path: Path) -> None:
    # it is read all day long; what it needs more is imported inside its tasks
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.startswith(ALLOWED) or name.partition(".")[0] in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_handles_no_frames_and_reads_no_clock(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "pl." not in source
    assert not [word for word in (".now(", ".utcnow(", ".today(", "time.time(") if word in source]


def test_ingest_is_hourly(bag: Any) -> None:
    assert bag.dags[INGEST].timetable.expression == "0 * * * *"


def test_unpausing_runs_nothing_that_is_past(bag: Any) -> None:
    from airflow.sdk import timezone
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    for name in (INGEST, REPORT, LOCATIONS):
        timetable = coerce_to_core_timetable(bag.dags[name].timetable)
        first = timetable.next_dagrun_info(
            last_automated_data_interval=None, restriction=TimeRestriction(None, None, catchup=False)
        )
        assert first.run_after > timezone.utcnow()


def test_the_report_is_due_at_four_in_the_workspace_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.dag_processing.dagbag import DagBag

    settings = tmp_path / "workspace.toml"
    settings.write_text('[workspace]\ntime_zone = "Asia/Kolkata"\n')
    monkeypatch.setenv("RECENT_ACTIVITIES_WORKSPACE", str(settings))
    timetable = DagBag(FOLDER / "report.py").dags[REPORT].timetable
    assert (timetable.expression, str(timetable.timezone)) == ("0 4 * * *", "Asia/Kolkata")


def test_sessions_run_once_for_each_date_that_ingest_names(bag: Any) -> None:
    emitted = [asset.name for asset in bag.dags[INGEST].get_task("affected").outlets]
    assert emitted == [bag.dags[SESSIONS].timetable.asset_condition.name]
    assert type(bag.dags[SESSIONS].timetable).__name__ == "PartitionedAssetTimetable"


def test_a_revised_day_starts_the_report(bag: Any) -> None:
    again = bag.dags[SESSIONS].get_task("report_again")
    assert again.partial_kwargs["trigger_dag_id"] == REPORT and again.partial_kwargs["reset_dag_run"]


@pytest.mark.parametrize(
    ("local", "is_due"),
    [
        ("2025-03-29T04:00", True),
        ("2025-03-30T03:59", False),
        ("2025-03-30T04:00", True),  # three hours after midnight
        ("2025-10-26T03:59", False),
        ("2025-10-26T04:00", True),
    ],
)
def test_a_day_is_due_at_four_by_the_clock_however_long_the_night(bag: Any, local: str, is_due: bool) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    compute = bag.dags[SESSIONS].get_task("compute").python_callable
    assert compute.__globals__["_is_due"](now.date() - timedelta(days=1), now) == is_due


def test_the_report_publishes_days_left_behind_too(bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", workspaces.line(datetime(2025, 8, 25, 12, tzinfo=UTC)))
    run.ingest(workspace, as_of=datetime(2025, 8, 25, 13, tzinfo=UTC))
    run.sessions(workspace, [date(2025, 8, 25)], as_of=datetime(2025, 8, 25, 13, tzinfo=UTC))
    publish = bag.dags[REPORT].get_task("publish").python_callable
    monkeypatch.setenv("RECENT_ACTIVITIES_WORKSPACE", str(workspace.path))
    monkeypatch.syspath_prepend(FOLDER)
    for asked, expected in (("2025-08-30", ["2025-08-30"]), (None, ["2025-08-30", "2025-08-25"])):
        context = {"params": {"date": asked}}
        monkeypatch.setitem(publish.__globals__, "get_current_context", lambda context=context: context)
        assert [one["date"] for one in publish("2025-08-31T04:00:00+05:30")] == expected


def test_what_came_too_late_is_logged_once_a_run(
    bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    workspace = workspaces.write(tmp_path)
    pending.add_late(workspace.lake, [date(2025, 8, 25)], "panel~x")
    affected = bag.dags[INGEST].get_task("affected").python_callable
    monkeypatch.setenv("RECENT_ACTIVITIES_WORKSPACE", str(workspace.path))
    monkeypatch.syspath_prepend(FOLDER)
    with pytest.raises(AirflowSkipException):
        affected([{"dates": []}, {"dates": []}], "2025-08-31T04:00:00+05:30")
    assert caplog.text.count("run --from 2025-08-25 --to 2025-08-25") == 1


@pytest.mark.parametrize(
    ("dag", "name", "value"),
    [
        (INGEST, "as_of", "2025-08-29T22:30:00Z"),
        (INGEST, "as_of", "2025-08-30T04:00:00+05:30"),
        (INGEST, "sources", ["panel"]),
        (SESSIONS, "date", "2025-08-29"),
        (REPORT, "date", None),
    ],
)
def test_a_sensible_parameter_is_taken(bag: Any, dag: str, name: str, value: object) -> None:
    assert resolved(bag, dag, name, value) == value


@pytest.mark.parametrize(
    ("dag", "name", "value"),
    [
        (INGEST, "as_of", "yesterday"),
        (INGEST, "as_of", "2025-08-29T22:30:00"),
        (INGEST, "as_of", 20250829),
        (INGEST, "sources", "panel"),
        (INGEST, "sources", ["panel", "panel"]),
        (SESSIONS, "date", "2025-02-30"),
        (REPORT, "date", "29.08.2025"),
        (REPORT, "as_of", "2025-08-29"),
    ],
)
def test_nonsense_in_a_parameter_is_refused(bag: Any, dag: str, name: str, value: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        resolved(bag, dag, name, value)


def resolved(bag: Any, dag: str, name: str, value: object) -> object:
    return deepcopy(bag.dags[dag].params.get_param(name)).resolve(value)
