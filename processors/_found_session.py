"""The session that somebody means by its id, or by the beginning of it."""

from __future__ import annotations

import re

import polars as pl

from processors import lake, workspace_day
from processors.errors import CallError
from processors.settings import Settings
from schemas import Sessions

SHOWN = 5
_LIST = "`recent-activities show --format csv` lists them"


def found(settings: Settings, session_id: str) -> pl.DataFrame:
    """The row of the table `sessions` whose id begins so.

    Errors: `CallError` where there is none, with what comes near, or more than one.
    """
    text = session_id.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{1,32}", text):
        raise CallError(session_id, "is no session id", f"One is 32 of 0-9 and a-f, or the beginning of it; {_LIST}")
    table = lake.scan(settings.lake, Sessions)
    with lake.reached(settings.lake):
        rows = table.filter(pl.col("session_id").str.starts_with(text)).collect()
    if rows.is_empty():
        raise CallError(session_id, "is the id of no session", _near(settings, table, text))
    # where the time zone was changed, a session may be on two days until both are computed again
    rows = rows.sort("as_of_time", descending=True).unique("session_id", keep="first", maintain_order=True)
    if rows.height > 1:
        begun = f"begins the ids of {rows.height:,} sessions"
        raise CallError(session_id, begun, f"Give more of it:{_listed(settings, rows)}")
    return rows


def _near(settings: Settings, table: pl.LazyFrame, text: str) -> str:
    days = lake.partitions(settings.lake, Sessions)
    if not days:
        return "No session is computed yet: `recent-activities run`"
    part = max(4, len(text) // 2)
    known = f"Sessions are known of {days[0]} to {days[-1]}; {_LIST}"
    if len(text) < part:
        return known
    column = pl.col("session_id")
    is_near = column.str.starts_with(text[:part]) | (column.str.ends_with(text[-part:]) & (len(text) == 32))
    with lake.reached(settings.lake):
        near = table.filter(is_near).collect()
    return known if near.is_empty() else f"Is it one of these?{_listed(settings, near)}\n{known}"


def _listed(settings: Settings, rows: pl.DataFrame) -> str:
    """Some sessions, one a line: nobody is named."""
    shown = rows.sort("login_time", "session_id").head(SHOWN).select("session_id", "login_time", "source")
    lines = [
        f"{one}  {workspace_day.local(login, settings.time_zone):%Y-%m-%d %H:%M:%S}  {source}"
        for one, login, source in shown.iter_rows()
    ]
    rest = [f"and {rows.height - SHOWN:,} more"] if rows.height > SHOWN else []
    return "".join(f"\n{line}" for line in [*lines, *rest])
