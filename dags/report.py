"""Daily at 04:00 in the workspace's zone: publishes the day before, and days that were computed and never published.

`recent_activities_sessions` starts it again for a day that is due and whose sessions it computed: a higher revision, if
the day says something new. By hand: *date* is the day to publish, *as_of* the exclusive end of what is known.
"""

from __future__ import annotations

import logging
import os
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, CronTriggerTimetable, Param, get_current_context, task

REPORTS = Asset("recent_activities_reports")
INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$"  # format alone checks no time

log = logging.getLogger(__name__)


def _time_zone() -> str:
    """The zone in the settings, read without their checks because this file is parsed all day; UTC if there is none."""
    try:
        settings = tomllib.loads(Path(os.environ["RECENT_ACTIVITIES_WORKSPACE"]).read_text(encoding="utf-8"))
        return str(settings["workspace"]["time_zone"])
    except (KeyError, OSError, TypeError, ValueError):
        return "UTC"


with DAG(
    "recent_activities_report",
    # run_immediately=False means None (3.3.2): unpaused before 06:24, it would run for the day past
    schedule=CronTriggerTimetable("0 4 * * *", timezone=_time_zone(), run_immediately=timedelta()),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "recent-activities", "retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["recent-activities"],
    description="Sessions to the files of one day's report",
    doc_md=__doc__,
    params={
        "date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day",
            description="A day of the workspace. Empty: the day before.",
        ),
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date-time",
            pattern=INSTANT,
            title="As of",
            description="Exclusive end of what is known. Empty: the time of the run.",
        ),
    },
):

    @task(
        doc_md="Publishes the files of the day and of those left behind, of their sessions as of the run's time.",
        outlets=[REPORTS],
    )
    def publish(as_of: str) -> list[dict[str, Any]]:
        from _lake import load

        from processors import pending, run, workspace_day

        workspace, known = load(), datetime.fromisoformat(as_of).astimezone(UTC)
        asked = get_current_context()["params"]["date"]
        day = date.fromisoformat(asked) if asked else workspace_day.of(known, workspace.time_zone) - timedelta(days=1)
        left = [] if asked else [one for one in pending.unreported(workspace, as_of=known) if one != day]
        published = []
        for one in (day, *left):
            result = run.report(workspace, one, as_of=known)
            for reason in result.reasons:
                log.warning("%s is INCOMPLETE: %s", one, reason)
            facts = {"revision": result.revision, "rows": result.rows, "is_new": result.is_new}
            published.append({"date": one.isoformat(), **facts})
        return published

    publish("{{ params.as_of or dag_run.run_after }}")
