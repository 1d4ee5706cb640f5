"""Airflow's REST API, as far as driving a day through the DAGs needs it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime
from typing import Any

from deploy.server import USER, Server, ServerError

Run = dict[str, Any]
"""A run of a DAG as the API tells it."""

INGEST, SESSIONS, REPORT = (f"recent_activities_{name}" for name in ("ingest", "sessions", "report"))
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no business with loopback


class Api:
    """Calls to one server, signed in as its admin."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._token = ""

    def is_healthy(self) -> bool:
        """Whether all parts say that they are healthy."""
        try:
            parts = self._send("GET", "/api/v2/monitor/health").values()
        except OSError:
            return False
        return all(part["status"] == "healthy" for part in parts)

    def is_known(self, dag: str) -> bool:
        """Whether the DAG has been read. Errors: `ServerError` where it cannot be."""
        try:
            self.get(f"/dags/{dag}")
        except urllib.error.HTTPError as refusal:
            if refusal.code != 404:
                raise
            errors = self.get("/importErrors")["import_errors"]
            if errors:
                trace = errors[0]["stack_trace"].strip().splitlines()[-1]
                raise ServerError(f"{errors[0]['filename']} cannot be read by Airflow: {trace}") from None
            return False
        return True

    def pause(self, dag: str, is_paused: bool) -> None:
        """Let the DAG's runs wait, or run."""
        self._call("PATCH", f"/dags/{dag}", {"is_paused": is_paused})

    def trigger(self, dag: str, conf: dict[str, Any], *, due: datetime | None = None) -> Run:
        """Start a run of the DAG, before those that fall due later than `due` (now, unless given); gives the run."""
        body = {"logical_date": None, "conf": conf, "run_after": due and due.isoformat()}
        return self._call("POST", f"/dags/{dag}/dagRuns", body)

    def runs(self, dag: str, since: str) -> list[Run]:
        """Runs of the DAG that were due at `since` or later, oldest first."""
        query = urllib.parse.urlencode({"run_after_gte": since, "order_by": "run_after", "limit": 1000})
        return list(self.get(f"/dags/{dag}/dagRuns?{query}")["dag_runs"])

    def tasks(self, run: Run) -> list[Run]:
        """Task instances of a run."""
        return list(self.get(f"{_path(run)}/taskInstances?limit=1000")["task_instances"])

    def run(self, run: Run) -> dict[str, Any]:
        """The run as it is now."""
        return self.get(_path(run))

    def result(self, run: Run, task: str, map_index: int = -1) -> Any:
        """What a task of the run returned; null if nothing."""
        query = f"deserialize=true&map_index={map_index}"
        try:
            return self.get(f"{_path(run)}/taskInstances/{task}/xcomEntries/return_value?{query}")["value"]
        except urllib.error.HTTPError as refusal:
            if refusal.code != 404:
                raise
            return None

    def get(self, path: str) -> dict[str, Any]:
        """The answer to a GET."""
        return self._call("GET", path)

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        if not self._token:
            answer = self._send("POST", "/auth/token", {"username": USER, "password": self._server.password})
            self._token = answer["access_token"]
        while True:
            try:
                return self._send(method, f"/api/v2{path}", body)
            except urllib.error.HTTPError as refusal:
                # SQLite has one writer: "database is locked" under load. A repeated GET or PATCH does no harm.
                if refusal.code < 500 or method == "POST":
                    raise
                time.sleep(1)

    def _send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  # our own address, http
            self._server.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
            method=method,
        )
        with _OPENER.open(request, timeout=30) as answer:
            return dict(json.load(answer))


def _path(run: Run) -> str:
    return f"/dags/{run['dag_id']}/dagRuns/{urllib.parse.quote(run['dag_run_id'], safe='')}"
