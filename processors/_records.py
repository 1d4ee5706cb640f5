"""Lines of JSON that an attacker may have written → the text at some paths of their objects.

A loop over bytes takes the lines of which it is certain: see `_json_kernel`. The others are decoded together, into
structures of the wanted fields alone; where that fails each by itself; and one that still fails is read by the standard
library, whose word is final: no line costs another one anything. The first ways never disagree with the last:

- Lines are decoded together only where each begins with `{` and ends with `}`. No value spans two of them: after the
  end of the first it would go on with a comma or a bracket, and within a string a line end is no JSON. So where there
  are as many values as lines, each line is one.
- A wanted field may be anything; where an object must be above it and something else is there, decoding fails.
- Numbers are kept as they are written. Of a key that is there twice the last one counts.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import polars as pl

from processors import _scan
from processors._encoded import Encoded, constant, encoded
from processors._json import DEEPEST, is_deep
from processors._spans import Spans

Path = tuple[str, ...]

TOGETHER = 2048
"""Lines decoded at a time: their values stay in the processor's caches until they are in columns."""
MOST_DECODERS = 64
_WHOLE_DIGITS = 4300  # of a longer number Python makes none, by default, and msgspec refuses the line
_SPACE = " \t\r"
_NONE = type(None)


def read(lines: Spans, paths: frozenset[Path]) -> tuple[dict[Path, Encoded], pl.Series]:
    """The text at each path, where any line has some, and which lines are one JSON object.

    Whole numbers are their digits, lists of text are joined by commas; null where there is nothing, or anything else.
    """
    tree = _tree(paths)
    at, lengths, is_certain = _scan.json(
        lines.data, lines.at, lines.lengths, tree.nodes, tree.keys, tree.text, len(tree.slots)
    )
    there = {path: slot for path, slot in tree.slots.items() if lengths[slot].max(initial=-1) >= 0}
    columns = {path: encoded(Spans(lines.data, at[slot], lengths[slot])) for path, slot in there.items()}
    is_object = pl.Series(is_certain)
    if not is_certain.all():
        places = pl.Series(np.flatnonzero(~is_certain))
        others, is_other = _others(lines.some(places.to_numpy()), paths)
        is_object = is_object.scatter(places, is_other)
        nothing = constant(None, len(lines))
        for path, column in others.items():
            if path in columns or column.null_count() < len(column):
                columns[path] = columns.get(path, nothing).replaced(places, encoded(column))
    return columns, is_object


class _Tree:
    """Paths as numbers: see `_scan.json`. Below one of them there is no other."""

    def __init__(self, paths: frozenset[Path]) -> None:
        self.slots: dict[Path, int] = {}
        self._nodes: list[tuple[int, ...]] = []
        self._keys: list[tuple[int, ...]] = []
        self._text = b""
        self._grow((), paths)
        self.nodes, self.keys = np.array(self._nodes), np.array(self._keys).reshape(-1, _scan.KEY_COLUMNS)
        self.text = np.frombuffer(self._text + b"\0" * _scan.ROOM, np.uint8)

    def _grow(self, above: Path, paths: frozenset[Path]) -> int:
        """The node of that path, with all that is below it."""
        node, slot = len(self._nodes), len(self.slots)
        self._nodes.append(())
        if above in paths:
            self.slots[above] = slot
            self._nodes[node] = (0, 0, slot, slot + 1, _scan.TEXT, 0, 0)
            return node
        names = sorted({path[len(above)] for path in paths if path[: len(above)] == above})
        below = [(name.encode(), self._grow((*above, name), paths)) for name in names]
        first = len(self._keys)
        for name, child in below:
            self._keys.append((len(self._text), len(name), child))
            self._text += name
        self._nodes[node] = (first, len(self._keys), slot, len(self.slots), _scan.OBJECT, 0, 0)
        return node


_tree = lru_cache(MOST_DECODERS)(_Tree)


def _others(lines: pl.Series, paths: frozenset[Path]) -> tuple[dict[Path, pl.Series], pl.Series]:
    """The same of lines of any kind."""
    bodies, may_be = _objects(lines)
    columns, is_none = _values(bodies, _shape(paths))
    if len(bodies) < len(lines):
        nothing = pl.repeat(None, len(lines), dtype=pl.String, eager=True)
        places = may_be.arg_true()
        columns = {path: nothing.clone().scatter(places, column) for path, column in columns.items()}
        return columns, may_be.scatter(places.filter(is_none), False) if is_none.any() else may_be
    return columns, ~is_none


def _objects(lines: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The lines that may be objects, without the space around them, and which lines these are."""
    if not (lines.str.starts_with("{") & lines.str.ends_with("}")).fill_null(False).all():
        lines = lines.str.strip_prefix("\ufeff").str.strip_chars(_SPACE)
    may_be = (lines.str.starts_with("{") & lines.str.ends_with("}")).fill_null(False)
    brackets = lines.str.count_matches("{", literal=True) + lines.str.count_matches("[", literal=True)
    suspects = (may_be & (brackets > DEEPEST)).arg_true()
    deep = [place for place in suspects if is_deep(lines[place])]
    may_be = may_be.scatter(deep, False) if deep else may_be
    return lines if may_be.all() else lines.filter(may_be), may_be


def is_path(path: Path) -> bool:
    """Whether it can be looked for: keys with quotes, backslashes or control characters cannot."""
    return all(key and key.isprintable() and not {'"', "\\"} & {*key} for key in path)


def _values(bodies: pl.Series, shape: _Shape) -> tuple[dict[Path, pl.Series], pl.Series]:
    """The text at each path of the shape, and which lines are no object."""
    parts: dict[Path, list[pl.Series]] = {}
    none: list[int] = []
    for start in range(0, len(bodies), TOGETHER):
        some = bodies[start : start + TOGETHER]
        records = _decoded(some, shape)
        if None in records:
            none += [start + place for place, record in enumerate(records) if record is None]
            records = [shape.empty if record is None else record for record in records]
        for path, column in _columns(records, shape.node, ()).items():
            parts.setdefault(path, []).append(column)
    is_none = pl.repeat(False, len(bodies), dtype=pl.Boolean, eager=True)
    return {path: pl.concat(some) for path, some in parts.items()}, is_none.scatter(none, True) if none else is_none


def _decoded(lines: pl.Series, shape: _Shape) -> list[Any]:
    """The record of each line; None for one that is none."""
    try:
        found = shape.decoder.decode_lines(lines.str.join("\n").cast(pl.Binary).item())
    except (ValueError, RecursionError):
        found = []
    return found if len(found) == len(lines) else [_alone(line, shape) for line in lines]


def _alone(line: str, shape: _Shape) -> Any:
    try:
        return shape.decoder.decode(line)
    except (ValueError, RecursionError):
        pass
    try:
        found = json.loads(line, parse_float=str, parse_int=_whole, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return _filled(shape.node, found)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _WHOLE_DIGITS else digits


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@dataclass(frozen=True)
class _Node:
    """An object of which some fields are wanted: by its keys, what the structure calls them; objects in it likewise."""

    structure: type[msgspec.Struct]
    names: Mapping[str, str]
    inner: Mapping[str, _Node]


@dataclass(frozen=True)
class _Shape:
    """How lines are decoded for some paths."""

    node: _Node
    decoder: msgspec.json.Decoder[Any]
    empty: msgspec.Struct


@lru_cache(MOST_DECODERS)
def _shape(paths: frozenset[Path]) -> _Shape:
    node = _node(paths)
    return _Shape(node, msgspec.json.Decoder(node.structure, float_hook=str), node.structure())


def _node(paths: Collection[Path]) -> _Node:
    names: dict[str, str] = {}
    inner: dict[str, _Node] = {}
    fields: list[tuple[str, Any, Any]] = []
    for key in sorted({path[0] for path in paths}):
        name = names[key] = f"f{len(names)}"
        if (key,) in paths:
            fields.append((name, Any, None))
        else:
            node = inner[key] = _node([path[1:] for path in paths if path[0] == key])
            fields.append((name, node.structure, node.structure()))
    renamed = {name: key for key, name in names.items()}
    return _Node(msgspec.defstruct("Record", fields, rename=renamed, frozen=True, gc=False), names, inner)


def _filled(node: _Node, found: dict[str, Any]) -> Any:
    """The structure of an object that was decoded without one."""
    values = {}
    for key, name in node.names.items():
        value = found.get(key)
        if key in node.inner:
            values[name] = _filled(node.inner[key], value if isinstance(value, dict) else {})
        else:
            values[name] = _sound(value)
    return node.structure(**values)


def _sound(value: Any) -> Any:
    """The value without lone surrogates, which are no text; only the standard library lets them pass."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_sound(item) for item in value] if isinstance(value, list) else value


def _columns(records: list[Any], node: _Node, above: Path) -> dict[Path, pl.Series]:
    found: dict[Path, pl.Series] = {}
    for key, name in node.names.items():
        values = list(map(attrgetter(name), records))
        if key in node.inner:
            found |= _columns(values, node.inner[key], (*above, key))
        else:
            found[*above, key] = _column(values)
    return found


def _column(values: list[Any]) -> pl.Series:
    first = next((value for value in values if value is not None), "")
    with contextlib.suppress(TypeError, OverflowError):  # where not all values are like the first
        if isinstance(first, str):
            return pl.Series(values, dtype=pl.String)
        kinds = {*map(type, values), _NONE}
        if kinds == {int, _NONE}:  # and no truth values
            return pl.Series(values, dtype=pl.Int64).cast(pl.String)
        if kinds == {list, _NONE}:  # headers, nearly all of them there once
            return pl.Series(
                [value[0] if value and len(value) == 1 else _text(value) for value in values], dtype=pl.String
            )
    return pl.Series(list(map(_text, values)), dtype=pl.String)


def _text(value: Any) -> str | None:
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return None
