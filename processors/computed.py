"""The tables of one day as they were computed, and what was noted with them for its report."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import polars as pl

from processors import clocks, lake, locations, outdated, pipeline, workspace_day
from processors.settings import Settings
from schemas import InactivityWindows, LimitOverruns, Sessions, Table
from schemas.columns import ATTRIBUTION_METHODS


def replace(
    settings: Settings, day: date, tables: pipeline.DayTables, *, as_of: datetime, lookup: locations.Lookup
) -> bool:
    """Whether the rows of the day's tables changed, which are replaced."""
    start, end = workspace_day.bounds(day, settings.time_zone)
    on_day = pl.col("event_time").is_between(start, end, closed="left")
    methods = dict(tables.attribution.filter(event_date=day).drop("event_date").iter_rows())
    unmatched = tables.unmatched.filter(event_date=day)["event_count"].sum()
    notes = {
        "as_of": as_of.isoformat(),
        "attribution": json.dumps({method: methods.get(method, 0) for method in ATTRIBUTION_METHODS}),
        "unmatched_logouts": str(unmatched),
        "governed": json.dumps(
            dict(tables.governed.filter(login_date=day).drop("login_date").sort("policy_name").iter_rows())
        ),
        "locations": json.dumps({"used": locations.noted(lookup.used()), "problems": lookup.problems}),
        **outdated.notes(settings),
        **clocks.note(settings, tables.logins.lazy().filter(on_day)),
    }
    is_changed = False
    written: list[tuple[type[Table], pl.DataFrame]] = [
        (InactivityWindows, tables.windows),
        (Sessions, tables.sessions),
    ]
    if settings.policies or lake.file_of(settings.lake, LimitOverruns, day).exists():
        written.insert(0, (LimitOverruns, tables.overruns))
    for table, rows in written:
        path = lake.file_of(settings.lake, table, day)
        new = rows.filter(pl.col("login_date") == day).drop("login_date")
        is_changed |= not path.exists() or not _same(lake.read_file(path, table), new)
        lake.replace(settings.lake, table, day, new, notes=notes)
    return is_changed


def notes(settings: Settings, day: date) -> dict[str, Any]:
    """What `replace` noted; nothing where a run was killed between two of the tables, or there was none."""
    noted = lake.metadata(lake.file_of(settings.lake, Sessions, day))
    policies = noted.get("policies", "[]")
    tables = (InactivityWindows, LimitOverruns) if json.loads(policies) else (InactivityWindows,)
    others = [lake.metadata(lake.file_of(settings.lake, table, day)) for table in tables]
    known = [(other.get("as_of"), other.get("policies", "[]")) for other in others]
    if "as_of" not in noted or any(one != (noted["as_of"], policies) for one in known):
        return {}
    return {
        "as_of": noted["as_of"],
        "attribution": json.loads(noted["attribution"]),
        "unmatched_logouts": int(noted["unmatched_logouts"]),
        "clocks": clocks.noted(noted),
        "policies": json.loads(policies),
        "governed": json.loads(noted.get("governed", "{}")),
        "locations": json.loads(noted.get("locations", '{"used": [], "problems": []}')),
    }


def _same(old: pl.DataFrame, new: pl.DataFrame) -> bool:
    """Whether two tables say the same, whenever it was said."""
    return old.drop("as_of_time", strict=False).equals(new.drop("as_of_time", strict=False))
