"""What became of a few events: their sessions as short lists."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from processors.sessionize import MEMBERS, sessionize
from tests.oracle import Event, at, frame

IDLE, ABSOLUTE = timedelta(hours=2), timedelta(hours=24)


def members(*events: Event, as_of: datetime | None = None) -> pl.DataFrame:
    found = sessionize(
        frame(events), idle_timeout=IDLE, absolute_timeout=ABSOLUTE, as_of=as_of or at("00:00", day=31)
    ).collect()
    assert found.schema == MEMBERS
    return found


def lines(*events: Event, **limits: Any) -> list[list[int]]:
    """The line numbers of each session, what closed it included, in the order of their openings."""
    rows = members(*events, **limits).drop_nulls("session_id")
    return rows.group_by("session_id", maintain_order=True).agg("line_number")["line_number"].to_list()


def ends(*events: Event, **limits: Any) -> list[tuple[str, str | None]]:
    """How and at what time of day each session ended."""
    rows = members(*events, **limits).filter(membership="opened").select("end_reason", "end_time")
    return [(reason, time and time.strftime("%H:%M:%S")) for reason, time in rows.iter_rows()]


def memberships(*events: Event, **limits: Any) -> list[tuple[int, str]]:
    return members(*events, **limits).select("line_number", "membership").rows()
