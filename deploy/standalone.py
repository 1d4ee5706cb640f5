"""Takes a day through Airflow on this machine: `python -m deploy.standalone run --workspace FILE`, then `… stop`."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from deploy.api import INGEST, REPORT, SESSIONS, Api, Run
from deploy.server import PROJECT, USER, Server, ServerError
from processors import _activities, _arguments, _console, lake, query, settings, workspace_day
from processors.errors import RecentActivitiesError
from schemas import Events

PROGRAM = "python -m deploy.standalone"
HOME = PROJECT / ".airflow"
START_SECONDS = 300
RUN_SECONDS = 3600
SHOWN_ROWS = 10

T = TypeVar("T")

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)


class TaskError(Exception):
    """Tasks failed: what they met, or where their logs are."""


def main() -> int:
    """Exit code: 0 done, 1 a task failed, 2 Airflow or the call is wrong."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    parser.add_argument("command", choices=["run", "stop"])
    parser.add_argument("--workspace", type=Path, help="settings file; default: as the command line finds it")
    parser.add_argument("--date", help="day to report; default: the last whole day that is new")
    parser.add_argument("--as-of", help="exclusive end of what is known; default: now")
    parser.add_argument("--home", type=Path, default=HOME, help="folder of this Airflow")
    parser.add_argument("--port", type=int, help="port of the page; default: that of the last time, or any free one")
    call = parser.parse_args()
    server = Server(call.home)
    if call.command == "stop":
        with console.status("Stopping Airflow"):
            stopped = server.stop()
        console.print("Airflow is stopped." if stopped else "Airflow was not running.")
        return 0
    try:
        workspace = settings.load(call.workspace)
        now = datetime.now(UTC).replace(microsecond=0)
        day = _arguments.day(call.date) if call.date else None
        as_of = _arguments.instant(call.as_of, time_zone=workspace.time_zone, now=now)
        start(server, workspace.path, call.port)
        return run(server, workspace, day, as_of, is_as_of=bool(call.as_of))
    except TaskError as problem:
        _console.say("error", str(problem))
        return 1
    except (ServerError, RecentActivitiesError) as problem:
        _console.say("error", str(problem))
        return 2
    except typer.BadParameter as problem:
        _console.say("error", problem.message)
        return 2
    except KeyboardInterrupt:
        console.print(f"\nInterrupted. Airflow is {'running: make stop' if server.is_running() else 'stopped'}.")
        return 130


def start(server: Server, workspace: Path, port: int | None = None) -> None:
    """Start Airflow for the workspace and wait until it is ready; if it runs already, leave it as it is.

    Errors: `ServerError`; nothing is left running then.
    """
    if server.is_running():
        if server.started.workspace != str(workspace):
            raise ServerError(f"Airflow is running for {server.started.workspace}. Stop it first: make stop")
        if not server.dead():
            console.print(f"Airflow is running at {server.url}")
            return
        server.stop()
    began = time.monotonic()
    try:
        with console.status("Starting Airflow: half a minute, two on a busy machine"):
            server.start(workspace, port)
            api = Api(server)

            def alive(answer: Callable[[], bool]) -> bool:
                for name in server.dead():
                    raise ServerError(f"Airflow's {name} has ended. The reason stands in {server.log_file(name)}")
                return answer()

            _until(lambda: alive(api.is_healthy), START_SECONDS, f"Airflow is not ready; see {server.home / 'logs'}")
            for dag in (INGEST, SESSIONS, REPORT):
                late = f"Airflow has not read {dag}; see {server.log_file('dag-processor')}"
                _until(lambda dag=dag: alive(lambda: api.is_known(dag)), START_SECONDS, late)  # type: ignore[misc]  # bound now, not later
    except BaseException:
        server.stop()
        raise
    console.print(f"Airflow is ready at {server.url} after {time.monotonic() - began:.0f} s")


def run(server: Server, workspace: settings.Settings, day: date | None, known: datetime, *, is_as_of: bool) -> int:
    """Take what has landed through ingest, sessions and report, and show the report of a day; gives the exit code.

    `is_as_of`: the instant was asked for, so that a day which is published is computed again.
    """
    api = Api(server)
    began = datetime.now(UTC)
    since = began.isoformat()
    # the hourly run, where it fell due while the DAG was paused, would come first and take what has landed
    ingest = api.trigger(INGEST, {"as_of": known.isoformat()}, due=began - timedelta(hours=1))
    for dag in (INGEST, SESSIONS, REPORT):
        api.pause(dag, False)
    is_good = _follow(server, api, ingest)
    _tell(api, ingest, workspace)
    touched = [date.fromisoformat(text) for text in api.result(ingest, "affected") or []]
    if not is_good and not touched:
        raise TaskError(_failure(server, api, ingest))
    left = {str(on) for on in touched}
    while left:  # in the order in which Airflow takes them
        late = f"Airflow started no {SESSIONS} of {', '.join(sorted(left))}; see {server.log_file('scheduler')}"
        taken = _until(lambda: _taken(api, since, left), RUN_SECONDS, late)
        _succeed(server, api, taken)
        left.remove(taken["partition_key"])
    today = workspace_day.of(known, workspace.time_zone)
    wanted = {on for on in touched if on < today} or set(touched[-1:])
    if day and (is_as_of or not _rows(workspace, day)):
        _expect_events(workspace, day)
        wanted.add(day)
    for on in sorted(wanted):  # a day that is over is due only in the small hours
        conf = {"date": str(on), "as_of": known.isoformat()}
        _succeed(server, api, _find(api, REPORT, since, on) or api.trigger(REPORT, conf))
    shown = day or _last_day(workspace, wanted)
    folder = workspace.reports / str(shown)
    console.print()
    found = query.search(workspace, "", from_=shown, to=shown)
    _activities.show(workspace, found, format="table", limit=SHOWN_ROWS, is_masked=False, output=None)
    console.print()
    _say_how_complete(folder / "manifest.json")
    console.print(f"\nMore   {_console.command()} show -w {_short(workspace.path)}")
    console.print(f"Files  {_short(folder)}")
    console.print(f"Page   {server.url}  (user {USER}, password in {_short(server.password_file)})")
    console.print(f"Stop   {'make stop' if server.home == HOME else f'{PROGRAM} stop --home {server.home}'}")
    if not is_good:
        _console.say("error", _failure(server, api, ingest))
    return 0 if is_good else 1


def _last_day(workspace: settings.Settings, new: set[date]) -> date:
    """The last of the new days that has a row, else the last of them; where none is new, the last one published."""
    published = {date.fromisoformat(path.parent.name) for path in workspace.reports.glob("????-??-??/manifest.json")}
    days = new or published
    if not days:
        globs = ", ".join(str(workspace.root / source.files) for source in workspace.sources)
        raise ServerError(f"No day to report: no event of the last days was read. Files are expected in {globs}")
    return max([on for on in days if _rows(workspace, on)] or days)


def _expect_events(workspace: settings.Settings, day: date) -> None:
    """Nothing. Errors: `ServerError` where the lake has no event near the day."""
    known = lake.partitions(workspace.lake, Events)
    if not known or set(known).isdisjoint(
        map(str, workspace_day.utc_dates(*workspace_day.bounds(day, workspace.time_zone)))
    ):
        there = f"there are some of {known[0]} to {known[-1]}" if known else "there are none at all"
        raise ServerError(f"There is no event of {day} to report; {there}")


def _rows(workspace: settings.Settings, day: date) -> int:
    """Rows of the published day; 0 if it is not."""
    manifest = workspace.reports / str(day) / "manifest.json"
    return int(json.loads(manifest.read_text())["files"]["recent_activities.csv"]["rows"]) if manifest.exists() else 0


def _taken(api: Api, since: str, days: set[str]) -> Run | None:
    """A run of the sessions of one of the days that Airflow has begun since then."""
    runs = api.runs(SESSIONS, since)
    return next((run for run in runs if run["partition_key"] in days and run["state"] != "queued"), None)


def _find(api: Api, dag: str, since: str, day: date) -> Run | None:
    """The last run of the DAG for the day, of those since then."""
    runs = api.runs(dag, since)
    found = [run for run in runs if str(day) in (run["partition_key"], (run["conf"] or {}).get("date"))]
    return found[-1] if found else None


def _succeed(server: Server, api: Api, run: Run) -> None:
    """Follow the run. Errors: `TaskError` where it fails."""
    if not _follow(server, api, run):
        raise TaskError(_failure(server, api, run))


def _follow(server: Server, api: Api, run: Run) -> bool:
    """Print what becomes of each task until the run is over; tells whether it succeeded."""
    printed: set[tuple[str, str, str]] = set()
    began = time.monotonic()
    label = f"{run['dag_id'].removeprefix('recent_activities_')} {run['partition_key'] or ''}".strip()
    while True:
        state = api.run(run)["state"]
        for task in api.tasks(run):
            name = task["rendered_map_index"] or ""
            line = (task["task_id"], "" if name.isdigit() else name, str(task["state"]))
            if task["state"] in ("running", "success", "failed", "up_for_retry", "skipped") and line not in printed:
                printed.add(line)
                console.print(f"{time.monotonic() - began:5.0f} s  {label:<20} {' '.join(line[:2]):<24} {line[2]}")
        if state in ("success", "failed"):
            return bool(state == "success")
        for name in server.dead():
            raise ServerError(f"Airflow's {name} has ended. The reason stands in {server.log_file(name)}")
        if time.monotonic() - began > RUN_SECONDS:
            raise TaskError(f"{run['dag_id']} is not over after an hour. Look at {server.url}/dags/{run['dag_id']}")
        time.sleep(1)


def _tell(api: Api, ingest: Run, workspace: settings.Settings) -> None:
    """Print what each source's ingest warned of."""
    way = rf"`make run WORKSPACE={_short(workspace.path)} AS_OF=\1`"
    for result in _results(api, ingest):
        for warning in result["warnings"]:
            _console.say("warning", re.sub(r"`recent-activities run --as-of (\S+)`", way, warning))


def _results(api: Api, ingest: Run) -> list[dict[str, Any]]:
    """What the ingest of each source gave, of those that gave anything."""
    tasks = [task for task in api.tasks(ingest) if task["task_id"] == "ingest"]
    return list(filter(None, (api.result(ingest, "ingest", task["map_index"]) for task in tasks)))


def _failure(server: Server, api: Api, run: Run) -> str:
    """What the sources met; of other tasks that failed their names and logs."""
    said = [problem for result in _results(api, run) for problem in result["problems"]]
    for task in api.tasks(run):
        is_told = task["task_id"] == "ingest" and api.result(run, "ingest", task["map_index"])
        if task["state"] == "failed" and not is_told and not (said and task["task_id"] == "verdict"):
            folder = server.home / "logs" / f"dag_id={run['dag_id']}" / f"run_id={run['dag_run_id']}"
            mapped = f"map_index={task['map_index']}/" if task["map_index"] >= 0 else ""
            log = folder / f"task_id={task['task_id']}" / f"{mapped}attempt={task['try_number']}.log"
            said.append(f"Task {task['task_id']} of {run['dag_id']} failed. The reason stands at the end of {log}")
    return "\n".join(said) or f"{run['dag_id']} failed. Look at {server.url}/dags/{run['dag_id']}"


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _until(answer: Callable[[], T | None], seconds: float, otherwise: str) -> T:
    """The first answer that is not empty. Errors: `ServerError` when none comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := answer():
            return found
        time.sleep(0.5)
    raise ServerError(otherwise)


def _say_how_complete(file: Path) -> None:
    """Print whether the report can be relied on, and what it notes."""
    manifest = json.loads(file.read_text(encoding="utf-8"))
    complete = manifest["completeness"]
    stamp = "[green]COMPLETE[/green]" if complete["is_complete"] else "[bold yellow]INCOMPLETE[/bold yellow]"
    console.print(f"{manifest['report_date']}: {stamp} revision {manifest['revision']}")
    for line in (*complete["reasons"], *complete["notes"]):
        console.print(Text(f"· {line}"))


if __name__ == "__main__":
    raise SystemExit(main())
