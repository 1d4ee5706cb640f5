"""The account at MaxMind from Airflow's connection `maxmind`, by the names that the environment has for it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

CONNECTION = "maxmind"
"""Login and password are the account id and the licence key; the extra may have `edition_ids`, the host a mirror."""


def account() -> dict[str, str]:
    """Variables that go before those of the environment; none, where there is no such connection."""
    try:
        connection: Any = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        return {}
    found = {
        "GEOIPUPDATE_ACCOUNT_ID": connection.login,
        "GEOIPUPDATE_LICENSE_KEY": connection.password,
        "GEOIPUPDATE_EDITION_IDS": connection.extra_dejson.get("edition_ids"),
        "GEOIPUPDATE_HOST": connection.host,
    }
    files = {"GEOIPUPDATE_ACCOUNT_ID_FILE": "", "GEOIPUPDATE_LICENSE_KEY_FILE": ""}  # which would go before the values
    return files | {variable: value for variable, value in found.items() if value}
