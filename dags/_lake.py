"""The settings for a task, with the credentials of a lake in a bucket from Airflow's connection, if there is one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from processors.settings import Settings

CONNECTION = "recent_activities_lake"
"""Of the type Amazon Web Services: login and password are the key and its secret."""
EXTRA = {
    "aws_session_token": "AWS_SESSION_TOKEN",
    "region_name": "AWS_REGION",
    "endpoint_url": "AWS_ENDPOINT_URL",
}


def load() -> Settings:
    """The settings. For a lake in a bucket, what the connection says takes the place of the environment's `AWS_*`."""
    from processors import settings

    workspace = settings.load()
    if "://" in workspace.workspace.lake:
        os.environ |= _credentials()  # of this task's own process
    return workspace


def _credentials() -> dict[str, str]:
    try:
        connection: Any = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        return {}
    extra = connection.extra_dejson
    found = {"AWS_ACCESS_KEY_ID": connection.login, "AWS_SECRET_ACCESS_KEY": connection.password}
    found |= {variable: extra.get(name) for name, variable in EXTRA.items()}
    return {variable: value for variable, value in found.items() if value}
