"""Records of any JSON or CSV log → the fields of events, by a mapping in the settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

import polars as pl

from processors import _client_hints, _csv, _times, _values, device
from processors._encoded import Columns, Encoded, constant
from processors._field_map import PATHS, FieldMap, Meanings
from processors._json import object_of
from processors._options import Options
from processors._paths import Path, compiled, found_at
from processors._reader import FieldRecord
from processors._sign_in import event_class
from processors._unique import map_unique

_ABSENT = ("peer_address", "http_method", "http_path", "http_query", "http_status", "response_bytes", "referrer")
_MOST_DIGITS = 30
_DIRECTIVE = "directive"

Row = tuple[str | None, ...]
"""What a line says at each wanted path."""
Read = Callable[[str, str | None], Row | str]
"""From a line and the mark of its header; a text says why it is no record."""


def events(lines: pl.Series, headers: pl.Series | None, shape: FieldRecord, options: Options) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a record is no event.

    `headers` has for each line of CSV the mark of `_csv.runs`.
    """
    fields = options.field_map
    if fields is None:
        raise ValueError("nothing says what the fields of the records are")
    found = _said(lines, headers, shape, fields)
    if "event_clock" in fields.paths:
        found = found.with_columns(event_time=pl.concat_str("event_time", pl.lit(" "), "event_clock"))
    moments = _moments(found["event_time"], fields.time_shapes, options)
    action, user_agent = pl.coalesce("event_action", "event_class"), pl.col("user_agent")
    listed = _meant(pl.col("event_class"), fields.classes)
    if fields.outcomes:
        outcome = _meant(pl.col("outcome"), fields.outcomes)
    else:
        meant = {"login": "success", "login_failed": "failure"}
        outcome = listed.replace_strict(meant, default="unknown", return_dtype=pl.String)
    is_missing = pl.col("event_time").is_null()
    rest = found.select(
        "user_name",
        "application",
        "user_agent",
        "source_event_id",
        event_action=action,
        listed_class=listed,
        outcome=outcome,
        session_reference=_values.digest(pl.col("session_reference"), options.reference_key),
        ip_address=_values.address(pl.col("ip_address")),
        device=device.label(user_agent),
        is_directive=(pl.col("reason") == _DIRECTIVE).fill_null(False),
        field_reason=pl.coalesce(
            "reason", pl.when(is_missing).then(pl.lit("missing_field")).otherwise(moments["field_reason"])
        ),
    )
    rest = rest.with_columns(moments["event_time"], event_class=event_class(options.application)).drop("listed_class")
    columns = {column.name: Encoded(column) for column in rest}
    hints = (Encoded(found[name]) for name in ("platform_version", "platform"))
    columns["device"] = _client_hints.refined(columns["device"], *hints)
    return columns | {
        **dict.fromkeys(_ABSENT, constant(None, len(lines))),
        "address_trust": constant("provider", len(lines)),
    }


def _said(lines: pl.Series, headers: pl.Series | None, shape: FieldRecord, fields: FieldMap) -> pl.DataFrame:
    """What each line says: `PATHS`, and `reason` where it is no record, or a directive."""
    wanted = list(dict.fromkeys(path for paths in fields.paths.values() for path in paths))
    read = _csv_reader(wanted, fields) if shape.kind == "csv" else _json_reader(wanted)
    nothing: Row = (None,) * len(wanted)
    marks = [None] * len(lines) if headers is None else _shared(headers)
    rows, reasons = list[Row](), list[str | None]()
    for line, mark in zip(lines.to_list(), marks, strict=True):
        row = read(line, mark) if line is not None else nothing
        rows.append(row if not isinstance(row, str) else nothing)
        reasons.append(row if isinstance(row, str) else None)
    cells = zip(*rows, strict=True) if rows else [()] * len(wanted)
    found = pl.DataFrame([pl.Series(name, column, pl.String) for name, column in zip(wanted, cells, strict=True)])
    value = pl.all().str.strip_chars() if shape.kind == "csv" else pl.all()
    found = found.select(pl.when(~value.is_in(["", *fields.nothing])).then(value))
    alternatives = {name: [found[path] for path in fields.paths.get(name, ())] for name in PATHS}
    absent = pl.repeat(None, len(lines), dtype=pl.String)
    columns = [(pl.coalesce(some) if some else absent).alias(name) for name, some in alternatives.items()]
    return pl.select(pl.Series("reason", reasons, pl.String), *columns)


def _shared(texts: pl.Series) -> list[str | None]:
    """The text of each row, equal ones as one object: headers may be long, and are above every line."""
    known = texts.unique(maintain_order=True)
    codes = texts.replace_strict(known, pl.int_range(len(known), eager=True), return_dtype=pl.Int64)
    values = known.to_list()
    return [values[code] for code in codes]


def record(line: str, mark: str | None, shape: FieldRecord) -> dict[str, Any]:
    """All that a line says; nothing where it is no record."""
    if shape.kind == "json":
        try:
            return object_of(line.removeprefix("\ufeff"), is_exact=True)
        except ValueError:
            return {}
    line = _csv.bare(line)
    header = _csv.header(mark) if mark and not mark.endswith(_csv.INSIDE) and line != mark else None
    cells = _csv.cells(line, header.delimiter) if header else []
    if header is None or isinstance(cells, str) or len(cells) != len(header.names):
        return {}
    return {name: cell.strip() for name, cell in zip(header.names, cells, strict=True)}


def _meant(value: pl.Expr, meanings: Meanings) -> pl.Expr:
    return map_unique(value, meanings.of).fill_null(meanings.otherwise)


def _moments(raw: pl.Series, shapes: tuple[str, ...], options: Options) -> pl.DataFrame:
    """`event_time` and `field_reason`, in the first of the shapes that fits."""
    written = raw.fill_null("")
    found = [
        _times.read(written, shape, time_zone=options.time_zone, day=options.date) for shape in shapes or ("recorded",)
    ]
    is_read = [one["field_reason"].is_null() for one in found]
    times = pl.select(
        pl.coalesce(pl.when(fits).then(one["event_time"]) for fits, one in zip(is_read, found, strict=True))
    )
    # where a time has one of several shapes, and lacks a zone, that is the reason
    reasons = [pl.when(one["field_reason"] != "malformed_time").then(one["field_reason"]) for one in found]
    reason = pl.when(~pl.any_horizontal(*is_read)).then(pl.coalesce(*reasons, pl.lit("malformed_time")))
    return times.with_columns(field_reason=reason)


def _json_reader(wanted: list[str]) -> Read:
    paths = [(path, compiled(path)) for path in wanted]

    def read(line: str, _: str | None) -> Row | str:
        try:
            record = object_of(line.removeprefix("\ufeff"), is_exact=True)
        except ValueError:
            return "malformed_json"
        return tuple([json_value(record, path, steps) for path, steps in paths])

    return read


def json_value(record: dict[str, Any], path: str, steps: Path) -> str | None:
    """The text at a path, numbers and truth values as they are written; a key that is the whole path counts first."""
    value = record[path] if path in record else found_at(record, steps)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_MOST_DIGITS else None
    return value if isinstance(value, str) else None


def _csv_reader(wanted: list[str], fields: FieldMap) -> Read:
    @lru_cache(_csv.KNOWN_HEADERS)
    def columns(mark: str) -> tuple[_csv.Header, Callable[[list[str | None]], Row]] | None:
        """What a header says, and how the wanted cells are taken; None where it has no time."""
        header = _csv.header(mark)
        if header is None or not set(fields.paths["event_time"]) & set(header.names):
            return None
        names = {name: place for place, name in enumerate(header.names)}
        places = [names.get(path, len(header.names)) for path in wanted]  # behind the last there is nothing
        return header, itemgetter(*places) if len(places) > 1 else lambda cells: (cells[places[0]],)

    def read(line: str, mark: str | None) -> Row | str:
        if mark is None:
            return "unknown_fields"
        if mark.endswith(_csv.INSIDE):
            return "quoted_line_break"
        line = _csv.bare(line)
        if line[: _csv.LONGEST_HEADER + 1] == mark:
            return _DIRECTIVE
        known = columns(mark)
        if known is None:
            return "malformed_fields"
        header, take = known
        cells = _csv.cells(line, header.delimiter)
        if isinstance(cells, str):
            return "quoted_line_break" if cells == "open" else "malformed_line"
        if len(cells) != len(header.names):
            return "wrong_column_count"
        return take([*cells, None])

    return read
