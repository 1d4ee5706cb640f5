"""Identity providers' records → the fields of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

import polars as pl

from processors import _times, _values, device
from processors._encoded import Columns, Encoded
from processors._json import object_of
from processors._options import Options
from processors._paths import Path, compiled, value_at
from processors._reader import Record, SignInRecord
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
REMARKS = ("field_reason", "remark")
DIRECTIVE = "directive"


def events(lines: pl.Series, shape: SignInRecord, options: Options) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a record is no event."""
    found = (
        _fields(lines.alias("readable").to_frame().lazy(), shape, options)
        .with_columns(device=device.label(pl.coalesce("user_agent", "device")))
        .collect()
    )
    return {column.name: Encoded(column) for column in found}


def _fields(rows: pl.LazyFrame, shape: SignInRecord, options: Options) -> pl.LazyFrame:
    """The same in place of `readable`; `device` is what else tells it."""
    names = pl.Struct(dict.fromkeys((*FIELDS, *REMARKS), pl.String))
    values = pl.col("readable").map_batches(_extractor(shape, options), return_dtype=names, is_elementwise=True)
    rows = rows.select(found=values).unnest("found")
    action, raw_time = pl.col("event_action"), pl.col("event_time")
    event_time, time_reason = _times.any_shape(raw_time, time_zone=options.time_zone, day=options.date)
    is_missing = action.is_null() | raw_time.is_null()
    address = _values.address(pl.col("ip_address"))
    return rows.with_columns(
        outcome=pl.col("outcome").replace_strict(shape.outcomes, default="unknown", return_dtype=pl.String),
        listed_class=map_unique(action, lambda name: _listed(name, shape.events)),
    ).select(
        "event_action",
        "outcome",
        "user_name",
        "application",
        "user_agent",
        "device",
        "source_event_id",
        event_time=event_time,
        event_class=event_class(options.application),
        session_reference=_values.digest(pl.col("session_reference"), options.reference_key),
        ip_address=address,
        peer_address=pl.lit(None, dtype=pl.String),
        address_trust=pl.lit("provider"),
        http_method=pl.lit(None, dtype=pl.String),
        http_path=pl.lit(None, dtype=pl.String),
        http_query=pl.lit(None, dtype=pl.String),
        http_status=pl.lit(None, dtype=pl.Int16),
        response_bytes=pl.lit(None, dtype=pl.Int64),
        referrer=pl.lit(None, dtype=pl.String),
        is_directive=(pl.col("remark") == DIRECTIVE).fill_null(False),
        field_reason=pl.coalesce(
            "field_reason", pl.when(is_missing).then(pl.lit("missing_field")).otherwise(time_reason)
        ),
    )


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


def _extractor(shape: SignInRecord, options: Options) -> Callable[[pl.Series], pl.Series]:
    """The function from lines to the raw fields of their records."""
    chosen = dict(shape.fields)
    if options.user:
        chosen["user_name"] = (options.user,)
    if options.session_reference:
        chosen["session_reference"] = (options.session_reference,)
    paths = [tuple(compiled(path) for path in chosen.get(name, ())) for name in FIELDS]

    def extracted(lines: pl.Series) -> pl.Series:
        rows = [_row(line, shape, paths) for line in lines]
        schema = dict.fromkeys((*FIELDS, *REMARKS), pl.String)
        return pl.DataFrame(rows, schema=schema, orient="row").to_struct(lines.name)

    return extracted


Row = tuple[str | None, ...]
NOTHING: Row = (None,) * len(FIELDS)


class _NotAnObject(Exception):
    """The line is not one JSON object."""


def _row(line: str | None, shape: SignInRecord, paths: list[tuple[Path, ...]]) -> Row:
    """The raw fields of one line, the reason where it is no record, and whether it is a directive."""
    if line is None:
        return (*NOTHING, None, None)
    try:
        record = _record(line, shape)
    except _NotAnObject:
        return (*NOTHING, "malformed_json", None)
    except ValueError:
        return (*NOTHING, "malformed_line", None)
    if record is None:
        return (*NOTHING, None, DIRECTIVE)
    return (*(_first(record, alternatives) for alternatives in paths), None, None)


def _record(line: str, shape: SignInRecord) -> Record | None:
    if shape.read is not None and not line.lstrip("\ufeff \t").startswith("{"):
        return shape.read(line)
    record = _object(line.removeprefix("\ufeff"))
    if shape.pages.is_empty(record):
        return None
    return shape.decode(record) if shape.decode else record


def _first(record: Record, alternatives: tuple[Path, ...]) -> str | None:
    for path in alternatives:
        if value := value_at(record, path):
            return value
    return None


def _object(line: str) -> Record:
    try:
        return object_of(line)
    except ValueError as problem:
        raise _NotAnObject from problem
