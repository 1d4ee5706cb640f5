"""One run for each login date that new events touch: its sessions and inactivity windows, computed again.

The date is the run's partition key, named by `recent_activities_ingest`; by hand, give the partition key or *date*.
A date whose report is already due is reported again. The run emits the partition of `recent_activities_sessions_table`.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, Param, PartitionedAssetTimetable, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

EVENTS = Asset("recent_activities_events")
SESSIONS = Asset("recent_activities_sessions_table")
REPORT_DUE = timedelta(hours=4)  # into the next day: when recent_activities_report publishes a day for the first time
INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$"  # format alone checks no time

log = logging.getLogger(__name__)

with DAG(
    "recent_activities_sessions",
    schedule=PartitionedAssetTimetable(assets=EVENTS),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "recent-activities", "retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["recent-activities"],
    description="Events to sessions and inactivity windows, one login date a run",
    doc_md=__doc__,
    params={
        "date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Login date",
            description="A day of the workspace. Empty: the run's partition key.",
        ),
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date-time",
            pattern=INSTANT,
            title="As of",
            description="Exclusive end of what is known. Empty: that of the ingest, or the time of the run.",
        ),
    },
):

    @task(doc_md="Computes one login date; gives the report to publish again, if it is due.", outlets=[SESSIONS])
    def compute() -> list[dict[str, Any]]:
        from _lake import load

        from processors import run, workspace_day

        context = get_current_context()
        asked = context["params"]["date"] or context["partition_key"]
        if not asked:
            raise AirflowFailException("which login date? Trigger with a partition key or with the parameter date")
        day, as_of = date.fromisoformat(asked), _as_of(context)
        workspace = load()
        result = run.sessions(workspace, (day,), as_of=as_of)
        log.info("%s as of %s: %s", day, as_of, result)
        context["outlet_events"][SESSIONS].add_partitions(day.isoformat())
        if not _is_due(day, workspace_day.local(as_of, workspace.time_zone)):
            return []
        conf = {"date": day.isoformat(), "as_of": as_of.isoformat()}
        return [{"trigger_run_id": f"revised_{day}_by_{context['run_id']}", "conf": conf}]

    TriggerDagRunOperator.partial(
        task_id="report_again",
        trigger_dag_id="recent_activities_report",
        logical_date=None,
        reset_dag_run=True,
        doc_md="Publishes the day again, as a higher revision if anything changed. Skipped until the report is due.",
    ).expand_kwargs(compute())


def _is_due(day: date, local: datetime) -> bool:
    """Whether clocks in the workspace have shown the time of the day's first report, however long that night was."""
    return (local.replace(tzinfo=None) - REPORT_DUE).date() > day


def _as_of(context: Any) -> datetime:
    """The parameter; else the latest `as_of` of the ingests that named this date; else the time of the run. UTC."""
    asked = context["params"]["as_of"]
    given = [asked] if asked else [event.extra["as_of"] for event in context["triggering_asset_events"][EVENTS]]
    named = [datetime.fromisoformat(text).astimezone(UTC) for text in given]
    return max(named, default=context["dag_run"].run_after.astimezone(UTC))
