from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests import workspaces

CONNECTION = {
    "conn_type": "aws",
    "login": "example",
    "password": "example-secret",
    "extra": {"region_name": "eu-central-1", "endpoint_url": "http://127.0.0.1:9"},
}


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspaces.write(tmp_path, text=workspaces.TEXT.replace("[workspace]", '[workspace]\nlake = "s3://bucket/prefix"'))
    monkeypatch.setattr(os, "environ", {**os.environ, "RECENT_ACTIVITIES_WORKSPACE": str(tmp_path)})
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "dags")


def test_the_credentials_of_a_bucket_are_those_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    import _lake

    monkeypatch.setenv("AIRFLOW_CONN_RECENT_ACTIVITIES_LAKE", json.dumps(CONNECTION))
    workspace = _lake.load()
    assert os.environ["AWS_ACCESS_KEY_ID"] == "example" and os.environ["AWS_SECRET_ACCESS_KEY"] == "example-secret"
    assert os.environ["AWS_REGION"] == "eu-central-1" and "127.0.0.1:9" in str(workspace.lake.bucket)


def test_without_a_connection_the_environment_stays_as_it_is() -> None:
    import _lake

    before = dict(os.environ)
    _lake.load()
    assert os.environ == before
