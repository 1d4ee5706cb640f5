"""The weekly fetch, with a server on loopback as MaxMind and an account in a connection."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import location_files, location_server, workspaces
from tests.location_server import ACCOUNT, KEY, MaxMind

FOLDER = Path(__file__).parents[2] / "dags"
NAME = "recent_activities_location_database"


@pytest.fixture(scope="module")
def dag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(FOLDER / "location_database.py").dags[NAME]


@pytest.fixture
def maxmind() -> Iterator[tuple[MaxMind, str]]:
    """A server that has the account, and its address."""
    with location_server.running() as front, location_server.running() as store:
        served = MaxMind(location_files.maxmind(location_files.database()), store.url)
        front.on_request(served.front)
        store.on_request(served.store)
        yield served, front.url


@pytest.fixture
def fetch(dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The task's function, for a workspace of its own, where neither the environment nor npm has anything."""
    workspaces.write(tmp_path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GEOIPUPDATE_")}
    monkeypatch.setattr(os, "environ", kept | {"RECENT_ACTIVITIES_WORKSPACE": str(tmp_path), "NO_PROXY": "127.0.0.1"})
    monkeypatch.syspath_prepend(FOLDER)
    task = dag.get_task("fetch").python_callable
    monkeypatch.setitem(task.__globals__, "get_current_context", lambda: {"params": {"source": "maxmind"}})
    return task


def connect(monkeypatch: pytest.MonkeyPatch, **connection: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MAXMIND", json.dumps({"conn_type": "generic", **connection}))


def test_it_is_weekly_and_begins_paused(dag: Any) -> None:
    assert dag.timetable.expression == "30 2 * * 6" and dag.is_paused_upon_creation


def test_an_unknown_source_is_refused(dag: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    assert dag.params.get_param("source").resolve(None) is None
    with pytest.raises(ParamValidationError):
        dag.params.get_param("source").resolve("elsewhere")


def test_the_account_is_that_of_the_connection(
    fetch: Any,
    maxmind: tuple[MaxMind, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "wrong").write_text("of another account")
    monkeypatch.setenv("GEOIPUPDATE_LICENSE_KEY_FILE", str(tmp_path / "wrong"))
    connect(monkeypatch, login=ACCOUNT, password=KEY, host=maxmind[1])
    expected = {"source": "maxmind", "name": "GeoLite2-City", "build_date": "2026-11-20"}
    assert fetch() == {**expected, "is_new": True}
    assert fetch() == {**expected, "is_new": False}
    assert (tmp_path / "location" / "city.mmdb").exists()
    assert "GeoLite2-City of 2026-11-20, as before" in caplog.text and KEY not in caplog.text


def test_a_key_that_is_wrong_is_not_tried_again(
    fetch: Any, maxmind: tuple[MaxMind, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    connect(monkeypatch, login=ACCOUNT, password="wrong", host=maxmind[1])
    with pytest.raises(AirflowFailException, match="does not take the account id"):
        fetch()


def test_without_a_connection_the_environment_has_the_account(
    fetch: Any, maxmind: tuple[MaxMind, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ACCOUNT_ID", ACCOUNT), ("LICENSE_KEY", KEY), ("HOST", maxmind[1])):
        monkeypatch.setenv(f"GEOIPUPDATE_{name}", value)
    assert fetch()["is_new"]
