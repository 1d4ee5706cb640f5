"""Takes a day through Airflow on this machine: `python -m deploy.standalone run --workspace FILE`, then `… stop`."""

from __future__ import annotations

import argparse
import json
import re
import shlex
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
from processors import _activities, _arguments, _calls, _console, lake, ledger, outdated, query, settings, workspace_day
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
    parser.add_argument("--from", dest="first", help="first day to compute again and report, though it is published")
    parser.add_argument("--to", dest="last", help="last of these days; default: today")
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
        as_of = _arguments.instant(call.as_of, time_zone=workspace.time_zone, now=now)
        day, first, last = (_arguments.day(text) if text else None for text in (call.date, call.first, call.last))
        days = _arguments.days(day, first, last, today=workspace_day.of(as_of, workspace.time_zone)) or []
        start(server, workspace.path, call.port)
        return run(server, workspace, days, as_of, is_again=bool(call.as_of or call.first))
    except TaskError as problem:
        return _failed(server, str(problem), 1)
    except (ServerError, RecentActivitiesError) as problem:
        return _failed(server, str(problem), 2)
    except typer.BadParameter as problem:
        return _failed(server, problem.message, 2)
    except KeyboardInterrupt:
        console.print(f"\nInterrupted. Airflow is {'running: make stop' if server.is_running() else 'stopped'}.")
        return 130


def _failed(server: Server, problem: str, code: int) -> int:
    """The exit code; says what is wrong, and that Airflow is not stopped by it."""
    _console.say("error", problem)
    if server.is_running():
        _console.say("note", f"Airflow is still running at {server.url}: {_stop(server)} stops it")
    return code


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


def run(server: Server, workspace: settings.Settings, days: list[date], known: datetime, *, is_again: bool) -> int:
    """Take what has landed through ingest, sessions and report, and show the report of a day; gives the exit code.

    `days` are those asked for. `is_again`: those of them that are published are computed again.
    """
    api = Api(server)
    began = datetime.now(UTC)
    since = began.isoformat()
    # the hourly run, where it fell due while the DAG was paused, would come first and take what has landed
    ingest = api.trigger(INGEST, {"as_of": known.isoformat()}, due=began - timedelta(hours=1))
    for dag in (INGEST, SESSIONS, REPORT):
        api.pause(dag, False)
    is_good = _follow(server, api, ingest)
    for warning in [warning for result in _results(api, ingest) for warning in result["warnings"]]:
        _console.say("warning", _spelled(warning, workspace.path))
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
    new = [on for on in days if is_again or not _rows(workspace, on)]
    if new:
        _expect_events(workspace, new)
    elif _is_due(workspace, today - timedelta(days=1)):
        wanted.add(today - timedelta(days=1))
    wanted.update(new)
    for on in sorted(wanted):  # a day that is over is due only in the small hours
        conf = {"date": str(on), "as_of": known.isoformat()}
        _succeed(server, api, _find(api, REPORT, since, on) or api.trigger(REPORT, conf))
    shown = _last_day(workspace, set(days) or wanted)
    for warning in outdated.warnings(workspace):
        _console.say("warning", _spelled(warning, workspace.path))
    folder = workspace.reports / str(shown)
    console.print()
    found = query.search(workspace, "", from_=shown, to=shown)
    _activities.show(workspace, found, format="table", limit=SHOWN_ROWS, is_masked=False, output=None)
    console.print()
    _say_how_complete(folder / "manifest.json")
    others = ", ".join(f"{a} to {b}" if a < b else str(a) for a, b in workspace_day.span(wanted - {shown}))
    if others:
        console.print(f"\nReported as well: {others}")
    console.print(f"\nMore   {_calls.program()} show -w {_calls.named(workspace.path)}")
    console.print(f"Files  {_calls.short(folder)}")
    console.print(f"DAGs   {server.url}  (user {USER}, password in {_calls.short(server.password_file)})")
    console.print(f"Stop   {_stop(server)}")
    if not is_good:
        _console.say("error", _failure(server, api, ingest))
    return 0 if is_good else 1


def _last_day(workspace: settings.Settings, new: set[date]) -> date:
    """The last of the new days that has a row, else the last of them; where none is new, the last one published."""
    published = {date.fromisoformat(path.parent.name) for path in workspace.reports.glob("????-??-??/manifest.json")}
    days = new or published
    if not days:
        raise ServerError(f"No day to report: {_why_nothing(workspace)}")
    return max([on for on in days if _rows(workspace, on)] or days)


def _why_nothing(workspace: settings.Settings) -> str:
    """What was found where events were expected."""
    lines = sum(entry.line_count for source in workspace.sources for entry in ledger.read(workspace.lake, source.name))
    if lines:
        check = _spelled("`recent-activities check`", workspace.path)
        return f"none of the {lines:,} lines that were read is an event. {check} says why"
    globs = ", ".join(str(workspace.root / source.files) for source in workspace.sources)
    return f"nothing was read. Files are expected in {globs}"


def _is_due(workspace: settings.Settings, day: date) -> bool:
    """Whether the day is due its first report though nothing touched it: there were events before its end."""
    known = lake.partitions(workspace.lake, Events)
    return bool(known) and known[0] <= str(day) and not (workspace.reports / str(day)).exists()


def _expect_events(workspace: settings.Settings, days: list[date]) -> None:
    """Nothing. Errors: `ServerError` where the lake has no event near the days."""
    known = lake.partitions(workspace.lake, Events)
    bounds = [workspace_day.bounds(day, workspace.time_zone) for day in days]
    if set(known).isdisjoint(str(day) for start, end in bounds for day in workspace_day.utc_dates(start, end)):
        there = f"there are some of {known[0]} to {known[-1]}" if known else "there are none at all"
        which = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
        raise ServerError(f"There is no event of {which} to report; {there}")


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
    label = _label(run)
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


def _label(run: Run) -> str:
    day = run["partition_key"] or (run["conf"] or {}).get("date") or ""
    return f"{run['dag_id'].removeprefix('recent_activities_')} {day}".strip()


def _results(api: Api, ingest: Run) -> list[dict[str, Any]]:
    """What the ingest of each source gave, of those that gave anything."""
    tasks = [task for task in api.tasks(ingest) if task["task_id"] == "ingest"]
    return list(filter(None, (api.result(ingest, "ingest", task["map_index"]) for task in tasks)))


def _failure(server: Server, api: Api, run: Run) -> str:
    """What the sources met; of other tasks that failed their names and logs."""
    said = [*dict.fromkeys(problem for result in _results(api, run) for problem in result["problems"])]
    for task in api.tasks(run):
        is_told = task["task_id"] == "ingest" and api.result(run, "ingest", task["map_index"])
        if task["state"] == "failed" and not is_told and not (said and task["task_id"] == "verdict"):
            folder = server.home / "logs" / f"dag_id={run['dag_id']}" / f"run_id={run['dag_run_id']}"
            mapped = f"map_index={task['map_index']}/" if task["map_index"] >= 0 else ""
            log = folder / f"task_id={task['task_id']}" / f"{mapped}attempt={task['try_number']}.log"
            said.append(f"Task {task['task_id']} of {run['dag_id']} failed. The reason stands at the end of {log}")
    return "\n".join(said) or f"{run['dag_id']} failed. Look at {server.url}/dags/{run['dag_id']}"


def _spelled(text: str, workspace: Path) -> str:
    """The text, and in it every command as it is typed here: a run goes through Airflow."""
    make = f"make run WORKSPACE={shlex.quote(str(_calls.short(workspace)))}"
    for options, variables in ((r"--as-of (\S+)", r"AS_OF=\1"), (r"--from (\S+) --to (\S+)", r"FROM=\1 TO=\2")):
        text = re.sub(f"`recent-activities run {options}`", f"`{make} {variables}`", text)
    return _calls.spelled(text, workspace)


def _stop(server: Server) -> str:
    return "make stop" if server.home == HOME else f"{PROGRAM} stop --home {server.home}"


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
