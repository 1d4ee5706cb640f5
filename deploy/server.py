"""An Airflow of one's own on this machine: SQLite, loopback only, all it writes below one private folder.

It starts what `airflow standalone` starts, less the log servers of the scheduler and the triggerer: those listen on
every address (seen in 3.3.2), and on one machine the API server reads the log files itself. And it can be stopped
whole: standalone leaves children behind when its parent is gone.
"""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent
USER = "admin"
COMPONENTS = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
STOP_SECONDS = 60


class ServerError(Exception):
    """What stands in the way of Airflow, and what to do about it."""


@dataclass(frozen=True)
class Started:
    """What was started: for which settings file, on which port, each component's process id and the time it began."""

    workspace: str = ""
    port: int = 0
    processes: dict[str, tuple[int, float]] = field(default_factory=dict)


class Server:
    """The Airflow whose home is `home`; there is at most one at a time."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.password_file = self.home / "passwords.json"
        self._state = self.home / "running.json"

    @property
    def password(self) -> str:
        """The generated password of `admin`."""
        return str(json.loads(self.password_file.read_text())[USER])

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.started.port}"

    @property
    def started(self) -> Started:
        """What was started last."""
        return Started(**json.loads(self._state.read_text())) if self._state.exists() else Started()

    def is_running(self) -> bool:
        """Whether anything that was started is alive."""
        return bool(self.processes())

    def dead(self) -> list[str]:
        """Names of the components that ended, though nobody stopped them."""
        alive = {process.pid for process in self.processes()}
        return [name for name, (pid, _) in self.started.processes.items() if pid not in alive]

    def log_file(self, component: str) -> Path:
        """Where a component writes what it does."""
        return self.home / "logs" / f"{component}.log"

    def start(self, workspace: Path, port: int | None = None) -> None:
        """Start all components for a workspace, without waiting for them.

        Errors: `ServerError` where the port is taken or the database cannot be made.
        """
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home.chmod(0o700)
        if self.started.workspace != str(workspace):
            self._forget()
        (self.home / "logs").mkdir(exist_ok=True)
        now = Started(str(workspace), self._port(port))
        self._configure(now.port)
        self._remember(now)
        environment = self._environment(workspace)
        if not (self.home / "airflow.db").exists():
            self._make_database(environment)
        for name, options in COMPONENTS.items():
            with self.log_file(name).open("wb") as log:
                process = subprocess.Popen(  # noqa: S603  # our own interpreter, fixed words
                    [sys.executable, "-m", "airflow", name, *options],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            began = psutil.Process(process.pid).create_time()
            now = replace(now, processes={**now.processes, name: (process.pid, began)})
            self._remember(now)

    def stop(self) -> bool:
        """Stop what `start` started, and nothing else; tells whether there was anything to stop."""
        members = self.processes()
        for pid in {pid for pid, _ in self.started.processes.values()} & {process.pid for process in members}:
            _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while (left := self.processes()) and time.monotonic() < deadline:
            psutil.wait_procs(left, timeout=0.5)
        for process in self.processes():
            _signal(process.pid, signal.SIGKILL)
        if self._state.exists():
            self._remember(replace(self.started, processes={}))
        return bool(members)

    def processes(self) -> list[psutil.Process]:
        """All that is alive of it."""
        # a session's id is not given away while the session has a process
        sessions = {pid for pid, began in self.started.processes.values() if not _is_another(pid, began)}
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
                if os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def _remember(self, started: Started) -> None:
        _write_private(self._state, json.dumps(asdict(started)))

    def _forget(self) -> None:
        """Remove the history of runs: it is that of another workspace."""
        for path in self.home.glob("airflow.db*"):
            path.unlink()
        shutil.rmtree(self.home / "logs", ignore_errors=True)

    def _port(self, wanted: int | None) -> int:
        """The port asked for; else the one it had the last time, if that is free; else any that is."""
        for port in [wanted] if wanted else [self.started.port, 0]:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return int(probe.getsockname()[1])
        raise ServerError(
            f"Port {wanted} of 127.0.0.1 is in use. Give another with --port, or none to have one chosen."
        )

    def _configure(self, port: int) -> None:
        if not self.password_file.exists():
            _write_private(self.password_file, json.dumps({USER: secrets.token_urlsafe(15)}))
        file = self.home / "airflow.cfg"
        known = configparser.RawConfigParser()
        known.read(file)
        url = f"http://127.0.0.1:{port}"
        settings: dict[str, dict[str, object]] = {
            "core": {
                "dags_folder": PROJECT / "dags",
                "plugins_folder": PROJECT / "plugins",
                "load_examples": False,
                "executor": "LocalExecutor",
                "parallelism": 4,
                "execution_api_server_url": f"{url}/execution/",
                "simple_auth_manager_users": f"{USER}:admin",
                "simple_auth_manager_passwords_file": self.password_file,
                "fernet_key": known.get(
                    "core", "fernet_key", fallback=urlsafe_b64encode(secrets.token_bytes(32)).decode()
                ),
            },
            "database": {"sql_alchemy_conn": f"sqlite:///{self.home / 'airflow.db'}"},
            "dag_processor": {"min_file_process_interval": 120},
            "logging": {"base_log_folder": self.home / "logs"},
            "api": {
                "host": "127.0.0.1",
                "port": port,
                "base_url": url,
                "workers": 1,
                "secret_key": known.get("api", "secret_key", fallback=secrets.token_urlsafe(48)),
            },
            "api_auth": {
                "jwt_secret": known.get("api_auth", "jwt_secret", fallback=secrets.token_urlsafe(48)),
            },
        }
        lines = []
        for section, options in settings.items():
            lines += [f"[{section}]", *(f"{k} = {str(v).replace('%', '%%')}" for k, v in options.items()), ""]
        _write_private(file, "\n".join(lines))

    def _environment(self, workspace: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
        return {
            **kept,
            "AIRFLOW_HOME": str(self.home),
            "RECENT_ACTIVITIES_WORKSPACE": str(workspace),
            "NO_PROXY": ",".join(["127.0.0.1", *filter(None, [kept.get("NO_PROXY")])]),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]),
        }

    def _make_database(self, environment: dict[str, str]) -> None:
        log = self.log_file("database")
        with log.open("wb") as file:
            made = subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
            )
        if made.returncode:
            for path in self.home.glob("airflow.db*"):
                path.unlink()
            raise ServerError(f"Airflow's database could not be made. The reason stands at the end of {log}")


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _is_another(pid: int, began: float) -> bool:
    """Whether the process id went to a process that began at another time."""
    try:
        return bool(abs(psutil.Process(pid).create_time() - began) > 1)
    except psutil.NoSuchProcess:
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
