"""Identity providers' records → the fields of events."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import polars as pl

from processors import _decoded, _in_columns, _times, _values, device
from processors._encoded import Columns, Encoded, constant
from processors._options import Options
from processors._reader import SignInRecord
from processors._spans import Spans
from processors._unique import map_unique

FIELDS = (
    "event_time",
    "event_action",
    "outcome",
    "user_name",
    "session_reference",
    "application",
    "ip_address",
    "user_agent",
    "device",
    "source_event_id",
)
ABSENT = ("peer_address", "http_method", "http_path", "http_query", "http_status", "response_bytes", "referrer")


def events(lines: Spans, shape: SignInRecord, options: Options) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a record is no event."""
    rows = _fields(lines, shape, options)
    action, raw_time = pl.col("event_action"), pl.col("event_time")
    moments = _times.usual(rows["event_time"], time_zone=options.time_zone, day=options.date)
    is_missing = action.is_null() | raw_time.is_null()
    found = rows.with_columns(
        outcome=pl.col("outcome").replace_strict(shape.outcomes, default="unknown", return_dtype=pl.String),
        listed_class=map_unique(action, lambda name: _listed(name, shape.events)),
    ).select(
        "event_action",
        "outcome",
        "user_name",
        "application",
        "user_agent",
        "source_event_id",
        moments["event_time"],
        event_class=event_class(options.application),
        device=device.label(pl.coalesce("user_agent", "device")),
        session_reference=_values.digest(pl.col("session_reference"), options.reference_key),
        ip_address=_values.address(pl.col("ip_address")),
        is_directive=(pl.col("remark") == _decoded.DIRECTIVE).fill_null(False),
        field_reason=pl.coalesce(
            "field_reason", pl.when(is_missing).then(pl.lit("missing_field")).otherwise(moments["field_reason"])
        ),
    )
    return {
        **{column.name: Encoded(column) for column in found},
        **dict.fromkeys(ABSENT, constant(None, len(lines))),
        "address_trust": constant("provider", len(lines)),
    }


def _fields(lines: Spans, shape: SignInRecord, options: Options) -> pl.DataFrame:
    """The text of `FIELDS` and `REMARKS`: read in columns where that is certain, the other records one by one."""
    chosen = dict(shape.fields)
    if options.user:
        chosen["user_name"] = (options.user,)
    if options.session_reference:
        chosen["session_reference"] = (options.session_reference,)
    fields = tuple((name, chosen.get(name, ())) for name in FIELDS)
    left = np.arange(len(lines))
    parts: list[tuple[Any, pl.DataFrame]] = []
    for form in shape.in_columns:
        some = Spans(lines.data, lines.at[left], lines.lengths[left])
        found, is_certain = _in_columns.read(some, form, fields, shape.pages.lists)
        if is_certain.any():
            nothing = dict.fromkeys(_decoded.REMARKS, pl.lit(None, pl.String))
            parts.append((left[is_certain], found.filter(is_certain).with_columns(**nothing)))
            left = left[~is_certain]
    if len(left) or not parts:
        parts.append((left, _decoded.read(lines.some(left), shape, fields)))
    if len(parts) == 1:
        return parts[0][1]
    places = np.concatenate([some for some, _ in parts])
    return pl.concat([rows for _, rows in parts])[np.argsort(places)]


def event_class(application: str | None) -> pl.Expr:
    """The listed class, where a login succeeded at the application in question."""
    listed, outcome = pl.col("listed_class").fill_null("other"), pl.col("outcome")
    is_login = listed == "login"
    is_other_application = pl.lit(False)
    is_elsewhere = pl.lit(False)
    if application is not None:
        theirs = pl.col("application")
        is_other_application = (theirs != application).fill_null(False) & listed.is_in(
            [
                "login",
                "login_failed",
                "logout",
            ]
        )
        is_elsewhere = is_login & theirs.is_null()
    return (
        pl.when(is_other_application)
        .then(pl.lit("other"))
        .when(is_login & (outcome == "failure"))
        .then(pl.lit("login_failed"))
        .when(is_login & (outcome != "success"))
        .then(pl.lit("other"))
        .when(is_elsewhere)  # at the provider itself: a step of the login to the application
        .then(pl.lit("credential"))
        .otherwise(listed)
    )


def unlisted(events: pl.DataFrame, table: Mapping[str, str]) -> pl.DataFrame:
    """`file_id`, `event_action` and how many, of events whose name is not in the table, in the order of their lines.

    Without a table all names are as they should be.
    """
    of_name = (
        events.filter(pl.col("event_class") == "other", pl.lit(bool(table)))
        .group_by("file_id", "event_action", maintain_order=True)
        .agg(event_count=pl.len())
    )
    unknown = [name for name in of_name["event_action"].unique().drop_nulls() if not _listed(name, table)]
    return of_name.filter(pl.col("event_action").is_in(unknown))


def _listed(name: str, events: Mapping[str, str]) -> str | None:
    """The class written beside an event name; the first pattern that fits, where the name itself is not listed."""
    return events.get(name) or next(
        (events[pattern] for pattern in events if "*" in pattern and fnmatchcase(name, pattern)), None
    )
