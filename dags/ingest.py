"""Hourly: reads what has landed, one task a source, and names the login dates it touches.

The dates leave as partitions of the asset `recent_activities_events`: `recent_activities_sessions` then runs once for
each. A source that fails does not hold back the others; the run
ends as failed all the same. By hand: *as_of* is the
exclusive end of what is known, *sources* restricts the run to some sources.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, CronTriggerTimetable, Param, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

EVENTS = Asset("recent_activities_events")
AS_OF = "{{ params.as_of or dag_run.run_after }}"
INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$"  # format alone checks no time

log = logging.getLogger(__name__)

with DAG(
    "recent_activities_ingest",
    # run_immediately=False means None (3.3.2): unpaused within six minutes of the hour, it would run for the hour past
    schedule=CronTriggerTimetable("0 * * * *", timezone="UTC", run_immediately=timedelta()),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "recent-activities", "retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["recent-activities"],
    description="Landing files to events",
    doc_md=__doc__,
    params={
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date-time",
            pattern=INSTANT,
            title="As of",
            description="Exclusive end of what is known. Empty: the time of the run.",
        ),
        "sources": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "minLength": 1},
            uniqueItems=True,
            title="Sources",
            description="Names of sources in the settings, one a line. Empty: all.",
        ),
    },
):

    @task(doc_md="The sources to read: those asked for, or all in the settings.")
    def sources() -> list[str]:
        from processors import settings

        known = [source.name for source in settings.load().sources]
        asked = get_current_context()["params"]["sources"] or known
        unknown = sorted(set(asked) - set(known))
        if unknown:
            raise AirflowFailException(f"no source {', '.join(unknown)}: the settings have {', '.join(known)}")
        return list(asked)

    @task(
        doc_md="Reads what is new of one source into the lake, and fails after that if a file is no log of its format.",
        map_index_template="{{ source_name }}",
        multiple_outputs=False,
    )
    def ingest(source: str, as_of: str) -> dict[str, Any]:
        from _lake import load

        from processors import run

        get_current_context()["source_name"] = source  # type: ignore[typeddict-unknown-key]  # for the template above
        result = run.read(load(), as_of=datetime.fromisoformat(as_of).astimezone(UTC), sources=(source,))
        for note in result.notes:
            log.info("%s", note)
        for warning in result.warnings:
            log.warning("%s", warning)
        for problem in result.problems:
            log.error("%s", problem)
        counts = {
            "source": source,
            "files": result.files,
            "lines": result.lines,
            "events": result.events,
            "quarantined": result.quarantined,
            "skipped": result.skipped,
            "late": result.late,
            "warnings": list(result.warnings),
            "problems": list(result.problems),
            "dates": [day.isoformat() for day in result.dates],
        }
        if result.problems:  # what could be read is read, and its days are computed all the same
            get_current_context()["ti"].xcom_push("return_value", counts)
            raise AirflowFailException("\n".join(result.problems))
        return counts

    @task(
        doc_md="Names each login date that the new events touch: one run of the sessions for each.",
        outlets=[EVENTS],
        trigger_rule=TriggerRule.ALL_DONE,
    )
    def affected(results: list[dict[str, Any]], as_of: str) -> list[str]:
        from _lake import load

        from processors import outdated

        days = sorted({day for result in results for day in result["dates"]})
        for warning in outdated.late_warnings(load(), but=map(date.fromisoformat, days)):
            log.warning("%s", warning)
        if not days:
            raise AirflowSkipException("nothing new has landed")
        event = get_current_context()["outlet_events"][EVENTS]
        event.extra = {"as_of": as_of}
        event.add_partitions(days)
        return days

    @task(
        doc_md="Fails the run if a source failed or met a file that it could not read; the others went on without it.",
        trigger_rule=TriggerRule.ALL_DONE,
    )
    def verdict(names: list[str], results: list[dict[str, Any]]) -> None:
        problems = [*dict.fromkeys(problem for result in results for problem in result["problems"])]
        failed = sorted(set(names) - {result["source"] for result in results})
        problems += [f"look at the log of the ingest of {name}" for name in failed]
        if problems:
            raise AirflowFailException("; ".join(problems))

    # Airflow hands the lists over at run time
    names: Any = sources()
    results: Any = ingest.partial(as_of=AS_OF).expand(source=names)
    affected(results, AS_OF)
    verdict(names, results)
