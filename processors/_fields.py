"""Records of any JSON or CSV log → the fields of events, by a mapping in the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import polars as pl

from processors import _csv, _times, _values, device
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
_SCHEMA = dict.fromkeys((*PATHS, "reason", "is_directive"), pl.String)

Row = tuple[str | None, ...]
"""What a line says, in the order of `PATHS`; why it is no record, and whether it is a directive."""


def events(lines: pl.Series, headers: pl.Series | None, shape: FieldRecord, options: Options) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a record is no event.

    `headers` has for each line of CSV the mark of `_csv.runs`.
    """
    fields = options.field_map
    if fields is None:
        raise ValueError("nothing says what the fields of the records are")
    found = pl.DataFrame(list(rows(lines, headers, shape, fields)), schema=_SCHEMA, orient="row")
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
        is_directive=pl.col("is_directive").is_not_null(),
        field_reason=pl.coalesce(
            "reason", pl.when(is_missing).then(pl.lit("missing_field")).otherwise(moments["field_reason"])
        ),
    )
    rest = rest.with_columns(moments["event_time"], event_class=event_class(options.application)).drop("listed_class")
    columns = {column.name: Encoded(column) for column in rest}
    return columns | {
        **dict.fromkeys(_ABSENT, constant(None, len(lines))),
        "address_trust": constant("provider", len(lines)),
    }


def rows(lines: pl.Series, headers: pl.Series | None, shape: FieldRecord, fields: FieldMap) -> Iterator[Row]:
    """What each line says."""
    nothing = (None,) * len(PATHS)
    if shape.kind == "csv":
        read: Callable[[str, str | None], Row | str] = _CsvRows(fields)
        above: pl.Series | list[None] = [None] * len(lines) if headers is None else headers
    else:
        read, above = partial(_json_row, fields=fields, paths=_json_paths(fields)), [None] * len(lines)
    for line, header in zip(lines, above, strict=True):
        row = read(line, header) if line is not None else nothing
        if isinstance(row, str):
            yield (*nothing, None, "yes") if row == "directive" else (*nothing, row, None)
        else:
            yield (*row, None, None)


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
    times = pl.select(pl.coalesce(one["event_time"] for one in found))
    is_time = times.to_series().is_not_null()
    # of several shapes the reason is of the one that the time has, if it has any: that it lacks a zone, for example
    other = pl.coalesce(
        *(pl.when(one["field_reason"] != "malformed_time").then(one["field_reason"]) for one in found),
        pl.lit("malformed_time"),
    )
    return times.with_columns(field_reason=pl.when(~is_time).then(other))


def _json_paths(fields: FieldMap) -> list[list[tuple[str, Path]]]:
    return [[(path, compiled(path)) for path in fields.paths.get(name, ())] for name in PATHS]


def _json_row(line: str, _: str | None, *, fields: FieldMap, paths: list[list[tuple[str, Path]]]) -> Row | str:
    try:
        record = object_of(line.removeprefix("\ufeff"), is_exact=True)
    except ValueError:
        return "malformed_json"
    return tuple(_first((json_value(record, *path) for path in some), fields) for some in paths)


def json_value(record: dict[str, Any], path: str, steps: Path) -> str | None:
    """The text at a path, numbers and truth values as they are written; a key that is the whole path counts first."""
    value = record[path] if path in record else found_at(record, steps)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_MOST_DIGITS else None
    return value if isinstance(value, str) else None


def _first(values: Iterator[str | None], fields: FieldMap) -> str | None:
    return next((value for value in values if value and value not in fields.nothing), None)


class _CsvRows:
    """Reads lines of CSV: below one header the columns are looked for once."""

    def __init__(self, fields: FieldMap) -> None:
        self._fields = fields
        self._known: dict[str, list[list[int]] | None] = {}

    def __call__(self, line: str, mark: str | None) -> Row | str:
        if mark is None:
            return "unknown_fields"
        if mark.endswith(_csv.INSIDE):
            return "quoted_line_break"
        line = _csv.bare(line)
        if line == mark:
            return "directive"
        header = _csv.header(mark)
        places = self._places(mark, header)
        if header is None or places is None:
            return "malformed_fields"
        cells = _csv.cells(line, header.delimiter)
        if cells == "open":
            return "quoted_line_break"
        if isinstance(cells, str):
            return "malformed_line"
        if len(cells) != len(header.names):
            return "wrong_column_count"
        return tuple(_first((cells[place].strip() for place in some), self._fields) for some in places)

    def _places(self, mark: str, header: _csv.Header | None) -> list[list[int]] | None:
        """For each of `PATHS` the columns it may be in; None where a header has no time."""
        if mark not in self._known:
            names = {name: place for place, name in enumerate(header.names)} if header else {}
            places = [[names[path] for path in self._fields.paths.get(name, ()) if path in names] for name in PATHS]
            self._known = {mark: places if places[PATHS.index("event_time")] else None}
        return self._known[mark]
