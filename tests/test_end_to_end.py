"""A day through a real Airflow: its own scheduler, its own API, real processes. The slowest test: under two minutes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest

from deploy.api import INGEST, SESSIONS, Api
from deploy.server import Server
from processors import run, settings
from processors.lake import PRIVATE
from tests import workspaces

ROOT = Path(__file__).parents[1]
DAY = date(2025, 8, 29)
AS_OF = datetime(2025, 8, 29, 22, 30, tzinfo=UTC)
AS_OF_THERE = "2025-08-30T04:00:00+05:30"
TEXT = (
    "[ingest]\nquarantined_share = 0.5\n"
    + workspaces.TEXT.replace("landing/**", "landing/web")
    + """
[[sources]]
name = "okta"
format = "okta"
files = "landing/okta/*.json"
"""
)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2025, 8, 29, hour, minute, second, tzinfo=ZoneInfo("Asia/Kolkata"))


def sign_in(time: datetime, user: str, address: str) -> bytes:
    record = {
        "uuid": f"{user}-{time:%H%M%S}",
        "published": time.isoformat(),
        "eventType": "user.authentication.sso",
        "actor": {"type": "User", "alternateId": user},
        "client": {"ipAddress": address, "userAgent": {"rawUserAgent": workspaces.AGENT}},
        "outcome": {"result": "SUCCESS"},
        "authenticationContext": {"externalSessionId": f"session-{user}"},
        "target": [{"type": "AppInstance", "displayName": "Panel"}],
    }
    return json.dumps(record).encode() + b"\n"


def land_the_day(workspace: settings.Settings) -> None:
    requests = [at(9, 0, 5), at(9, 10), at(9, 40), at(23, 30)]
    web = [workspaces.line(time, "-", address="192.0.2.10") for time in requests] + [b"not a log line\n"]
    workspaces.land(workspace, "web/access.log", b"".join(web))
    workspaces.land(workspace, "okta/export.json", sign_in(at(9), "riya@example.com", "192.0.2.10"))


def straight(workspace: settings.Settings) -> None:
    """What the command line does."""
    dates = run.ingest(workspace, as_of=AS_OF).dates
    run.sessions(workspace, dates, as_of=AS_OF)
    for day in dates:
        if day <= DAY:
            run.report(workspace, day, as_of=AS_OF)


def written(workspace: settings.Settings) -> dict[str, bytes]:
    """Every file of the tables and of every revision of the reports, by its place.

    Only of the year of the test: at 04:00 the scheduler publishes a day of its own accord.
    """
    files = (path for path in workspace.root.rglob("*") if path.is_file() and "landing" not in path.parts)
    return {
        str(path.relative_to(workspace.root)): path.read_bytes()
        for path in files
        if PRIVATE not in path.parts and f"{DAY:%Y}-" in str(path)
    }


class Launcher:
    """`python -m deploy.standalone` with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.server = Server(home)

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """What it printed, of a call that ended so; of one that failed, what it said."""
        call = [sys.executable, "-m", "deploy.standalone", *arguments, "--home", str(self.server.home)]
        done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == code, done.stdout + done.stderr + self._logs()
        return done.stderr if code else done.stdout

    def _logs(self) -> str:
        return "".join(f"\n== {path}\n{path.read_text()[-2000:]}" for path in self.server.home.rglob("*.log"))


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path_factory.mktemp("airflow") / "home")
    yield launcher
    launcher.server.stop()


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    """The workspace that never meets Airflow."""
    workspace = workspaces.write(tmp_path_factory.mktemp("by-hand"), text=TEXT)
    land_the_day(workspace)
    straight(workspace)
    return workspace


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory, by_hand: settings.Settings) -> settings.Settings:
    """The workspace that Airflow works on. The same key, so that equal references have equal digests."""
    workspace = workspaces.write(tmp_path_factory.mktemp("scheduled"), text=TEXT)
    land_the_day(workspace)
    key = Path(PRIVATE) / "reference.key"
    (workspace.lake / key).parent.mkdir(parents=True)
    shutil.copy(by_hand.lake / key, workspace.lake / key)
    return workspace


@pytest.fixture(scope="module")
def printed(launcher: Launcher, scheduled: settings.Settings) -> str:
    """What `make run` printed of the day."""
    return launcher("run", "--workspace", str(scheduled.path), "--as-of", AS_OF_THERE)


def test_the_last_rows_printed_say_where_everything_is(
    printed: str, launcher: Launcher, scheduled: settings.Settings
) -> None:
    assert "\n2 sessions" in printed and "\n2025-08-29: INCOMPLETE" in printed
    for part in (
        "COMPLETE revision 1",
        "riya",
        str(scheduled.reports / str(DAY)),
        launcher.server.url,
        "stop",
    ):
        assert part in printed
    assert launcher.server.password not in printed


@pytest.mark.usefixtures("printed")
def test_airflow_and_the_command_line_write_the_same_bytes(
    scheduled: settings.Settings, by_hand: settings.Settings
) -> None:
    assert (scheduled.reports / str(DAY) / "recent_activities.csv").read_bytes().count(b"\n") == 3
    assert written(scheduled) == written(by_hand)


@pytest.mark.usefixtures("printed")
def test_sessions_run_once_for_each_login_date(launcher: Launcher, by_hand: settings.Settings) -> None:
    runs = Api(launcher.server).runs(SESSIONS, "2000-01-01T00:00:00Z")
    computed = [path.name.partition("=")[2] for path in sorted((by_hand.lake / "sessions").iterdir())]
    assert sorted(run["partition_key"] for run in runs) == computed


@pytest.mark.usefixtures("printed")
def test_late_lines_revise_their_day(
    launcher: Launcher, scheduled: settings.Settings, by_hand: settings.Settings
) -> None:
    Api(launcher.server).pause(INGEST, True)  # until the launcher's run is first in line
    for workspace in (scheduled, by_hand):
        workspaces.land(workspace, "okta/late.json", sign_in(at(15), "asha@example.com", "192.0.2.20"))
    straight(by_hand)
    again = launcher("run", "--workspace", str(scheduled.path), "--as-of", AS_OF_THERE)
    assert "Airflow is running" in again
    assert json.loads((scheduled.reports / str(DAY) / "manifest.json").read_text())["revision"] == 2
    assert written(scheduled) == written(by_hand)


@pytest.mark.usefixtures("printed")
def test_a_file_of_noise_fails_its_source_and_keeps_what_is_good(
    launcher: Launcher, scheduled: settings.Settings, by_hand: settings.Settings
) -> None:
    good = workspaces.line(at(9, 20), "-", address="192.0.2.10")
    for workspace in (scheduled, by_hand):
        workspaces.land(workspace, "web/noise.log", b"riya@example.com said 42\n" * 3 + good)
    straight(by_hand)
    said = launcher("run", "--workspace", str(scheduled.path), "--as-of", AS_OF_THERE, code=1)
    assert "web/noise.log: 75% of its lines are in quarantine" in said
    assert "3 malformed_line, such as line 1, masked: xxxx@xxxxxxx.xxx xxxx 99" in said
    assert "riya" not in said
    api = Api(launcher.server)
    ingest = api.runs(INGEST, "2000-01-01T00:00:00Z")[-1]
    states = {(task["task_id"], task["rendered_map_index"]): task["state"] for task in api.tasks(ingest)}
    assert states["ingest", "panel"] == "failed"
    assert states["ingest", "okta"] == "success"
    assert written(scheduled) == written(by_hand)


@pytest.mark.usefixtures("printed")
def test_only_this_machine_and_this_user_can_reach_it(launcher: Launcher) -> None:
    home = launcher.server.home
    assert home.stat().st_mode & 0o777 == 0o700
    for name in ("airflow.cfg", "passwords.json", "running.json"):
        assert (home / name).stat().st_mode & 0o777 == 0o600, name
    listening = {
        connection.laddr.ip
        for process in launcher.server.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


@pytest.mark.usefixtures("printed")
def test_stopping_leaves_no_process(launcher: Launcher) -> None:
    processes = launcher.server.processes()
    assert processes
    assert "stopped" in launcher("stop")
    assert not [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert "was not running" in launcher("stop")
