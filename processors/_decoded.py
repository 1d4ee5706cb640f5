"""Identity providers' records decoded one by one → the text of their fields, whatever they hold."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from processors._json import object_of
from processors._paths import Path, compiled, value_at
from processors._reader import Record, SignInRecord

REMARKS = ("field_reason", "remark")
DIRECTIVE = "directive"

Row = tuple[str | None, ...]


def read(lines: pl.Series, shape: SignInRecord, fields: Sequence[tuple[str, tuple[str, ...]]]) -> pl.DataFrame:
    """The fields, each the first of its paths that has something, and `REMARKS`: why a line is none, and directives."""
    paths = [tuple(compiled(path) for path in some) for _, some in fields]
    rows = [_row(line, shape, paths) for line in lines]
    schema = dict.fromkeys((*(name for name, _ in fields), *REMARKS), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


class _NotAnObject(Exception):
    """The line is not one JSON object."""


def _row(line: str | None, shape: SignInRecord, paths: list[tuple[Path, ...]]) -> Row:
    """The raw fields of one line, the reason where it is no record, and whether it is a directive."""
    nothing: Row = (None,) * len(paths)
    if line is None:
        return (*nothing, None, None)
    try:
        record = _record(line, shape)
    except _NotAnObject:
        return (*nothing, "malformed_json", None)
    except ValueError:
        return (*nothing, "malformed_line", None)
    if record is None:
        return (*nothing, None, DIRECTIVE)
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
