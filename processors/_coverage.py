"""How many of a log's first records have what a mapping says of them, and which of their values it does not list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from processors import _csv, _fields
from processors._feeds import Feed
from processors._field_map import FieldMap, Meanings
from processors._paths import compiled
from processors._reader import FieldRecord

SHOWN_VALUES = 10
_MOST_KEYS, _DEEPEST = 1000, 6
_SHOWN = {"event_clock": "event_time"}


@dataclass(frozen=True)
class Coverage:
    """Of the first records: which have which path, what keys there are, and the values without a meaning by column."""

    record_count: int
    feeds: tuple[Feed, ...]
    keys: tuple[str, ...]
    unlisted: dict[str, Counter[str]]

    def missing(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The columns for which no record has any of the paths, and these."""
        columns = dict.fromkeys(column for feed in self.feeds for column in feed.columns)
        for column in columns:
            its = [feed for feed in self.feeds if column in feed.columns]
            if not any(feed.records for feed in its):
                yield column, tuple(feed.token for feed in its)


def coverage(heads: list[bytes], shape: FieldRecord, fields: FieldMap) -> Coverage:
    """That of the first lines of some files."""
    records = [record for head in heads for record in _records(head, shape, fields)]
    feeds = []
    for path in dict.fromkeys(path for paths in fields.paths.values() for path in paths):
        columns = tuple(_SHOWN.get(column, column) for column, paths in fields.paths.items() if path in paths)
        count = sum(_value(record, path, shape, fields) is not None for record in records)
        feeds.append(Feed(path, columns, count))
    unlisted = {"event_class": _unlisted(records, "event_class", fields.classes, shape, fields)}
    if fields.outcomes:
        unlisted["outcome"] = _unlisted(records, "outcome", fields.outcomes, shape, fields)
    keys = dict.fromkeys(key for record in records for key in _keys(record))
    return Coverage(len(records), tuple(feeds), tuple(keys)[:_MOST_KEYS], unlisted)


def _records(head: bytes, shape: FieldRecord, fields: FieldMap) -> Iterator[dict[str, Any]]:
    lines = head.decode(errors="replace").split("\n")
    marks: list[str | None] = [None] * len(lines)
    if shape.kind == "csv":
        marks = [mark for count, mark in _csv.runs(head, None, fields.header) for _ in range(count)]
    for line, mark in zip(lines, marks, strict=False):
        if found := _fields.record(line, mark, shape):
            yield found


def _value(record: dict[str, Any], path: str, shape: FieldRecord, fields: FieldMap) -> str | None:
    value = record.get(path) if shape.kind == "csv" else _fields.json_value(record, path, compiled(path))
    return value if value and value not in fields.nothing else None


def _unlisted(
    records: list[dict[str, Any]], column: str, meanings: Meanings, shape: FieldRecord, fields: FieldMap
) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in records:
        values = (_value(record, path, shape, fields) for path in fields.paths.get(column, ()))
        value = next(filter(None, values), None)
        if value is not None and meanings.of(value) is None:
            found[value] += 1
    return found


def _keys(record: dict[str, Any], above: str = "", depth: int = 0) -> Iterator[str]:
    for key, value in record.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _keys(value, f"{above}{key}.", depth + 1)
        else:
            yield f"{above}{key}"
