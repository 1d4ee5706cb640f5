"""How the events of one session found their user and came into the session: what the rules went by, event by event."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import polars as pl

from processors._open_sessions import SAME_LOGIN_US
from processors.device import kin

Row = dict[str, Any]
JoinedBy = Literal["opened", "reference", "same_login", "device", "address"]

SAME_LOGIN = timedelta(microseconds=SAME_LOGIN_US)
SHORT = 8
"""Characters that are shown of the digest of a session reference."""
_KEYS: dict[str, tuple[str, ...]] = {
    "session_reference": ("session_reference",),
    "address_and_device": ("ip_address", "user_agent"),
    "address": ("ip_address",),
}


def told(members: pl.DataFrame, logins: pl.DataFrame, *, absolute_timeout: timedelta) -> pl.DataFrame:
    """The events of one session, in order, with what the rules went by.

    `joined_by`: `opened` it · `reference`, one that the session holds · `same_login`, recorded by another source ·
    `device` · `address`. `matched_time`, `matched_source`, `matched_file_id`, `matched_line_number`: the latest login
    of the user that fits it, of those that attribution goes by; null where the line itself names the user. `reference`
    is the beginning of its digest. `logins`: the user's successful ones, before and in the session.
    """
    rows = members.with_columns(kin(pl.col("device")).alias("kin")).to_dicts()
    matched = _matched(logins, absolute_timeout)
    latest = [matched(row) or {} for row in rows]
    return members.with_columns(
        pl.Series("joined_by", _joined(rows), dtype=pl.String),
        pl.Series("matched_time", [one.get("event_time") for one in latest], dtype=pl.Datetime("us", "UTC")),
        pl.Series("matched_source", [one.get("source") for one in latest], dtype=pl.String),
        pl.Series("matched_file_id", [one.get("file_id") for one in latest], dtype=pl.String),
        pl.Series("matched_line_number", [one.get("line_number") for one in latest], dtype=pl.Int64),
        pl.col("session_reference").str.head(SHORT).alias("reference"),
    )


def _joined(rows: list[Row]) -> list[JoinedBy]:
    """Of the rules for this kind of event (see `_session_kernel`) the first that fits, since one of them did."""
    opening = rows[0]
    references: dict[str, str] = {}
    device: str | None = None
    found: list[JoinedBy] = []
    for row in rows:
        reference = row["session_reference"]
        if row is opening:
            found.append("opened")
        elif reference is not None and reference in references.values():
            found.append("reference")
        elif row["event_class"] == "login" and row["source"] != opening["source"]:
            found.append("same_login")
        elif row["kin"] is not None and row["kin"] == device:
            found.append("device")
        else:
            found.append("address")
        if row["membership"] != "closed":
            device = device or row["kin"]
            if reference is not None:
                references.setdefault(row["source"], reference)
    return found


def _matched(logins: pl.DataFrame, absolute_timeout: timedelta) -> Callable[[Row], Row | None]:
    by_keys: dict[tuple[str, ...], dict[tuple[Any, ...], list[Row]]] = {keys: {} for keys in _KEYS.values()}
    for login in logins.sort("event_time", "file_id", "line_number").to_dicts():
        for keys, known in by_keys.items():
            known.setdefault(tuple(login[key] for key in keys), []).append(login)

    def latest(row: Row) -> Row | None:
        keys = _KEYS.get(row["attribution_method"])
        if keys is None:
            return None
        time: datetime = row["event_time"]
        fitting = by_keys[keys].get(tuple(row[key] for key in keys), [])
        place = bisect_right(fitting, time, key=lambda login: login["event_time"])
        if not place or fitting[place - 1]["event_time"] < time - absolute_timeout:
            return None
        return fitting[place - 1]

    return latest
