"""Lines of JSON that an attacker may have written → the text at some paths of their objects.

Lines are decoded together, into structures of the wanted fields alone. Where that fails each is decoded by itself,
and one that still fails is read by the standard library, whose word is final: no line costs another one anything. The
first ways never disagree with the last:

- Lines are decoded together only where each begins with `{` and ends with `}`. No value spans two of them: after the
  end of the first it would go on with a comma or a bracket, and within a string a line end is no JSON. So where there
  are as many values as lines, each line is one.
- A wanted field may be anything; where an object must be above it and something else is there, decoding fails.
- Numbers are kept as they are written. Of a key that is there twice the last one counts.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

from processors._json import DEEPEST, is_deep

Path = tuple[str, ...]

TOGETHER = 2048
"""Lines decoded at a time: their values stay in the processor's caches until they are in columns."""
FEW_PATHS = 24
"""Of more, those that the first record lacks are not looked for, until a record has a key that the first one lacks."""
MOST_DECODERS = 64
MOST_KEYS = 200
_WHOLE_DIGITS = 4300  # of a longer number Python makes none, by default, and msgspec refuses the line
_SPACE = " \t\r"
_NONE = type(None)


def read(lines: pl.Series, paths: frozenset[Path]) -> tuple[dict[Path, pl.Series], pl.Series]:
    """The text at each path, and which lines are one JSON object.

    Whole numbers are their digits, lists of text are joined by commas; null where there is nothing, or anything else.
    """
    bodies, may_be = _objects(lines)
    keys = _keys(bodies[0]) if len(paths) > FEW_PATHS and len(bodies) else None
    try:
        columns, is_none = _values(bodies, _shape(paths, keys))
    except _Unforeseen:
        columns, is_none = _values(bodies, _shape(paths, None))
    nothing = pl.repeat(None, len(lines), dtype=pl.String, eager=True)
    if len(bodies) < len(lines):
        places = may_be.arg_true()
        columns = {path: nothing.clone().scatter(places, column) for path, column in columns.items()}
        may_be = may_be.scatter(places.filter(is_none), False) if is_none.any() else may_be
    else:
        may_be = ~is_none
    return dict.fromkeys(paths, nothing) | columns, may_be


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


def _keys(body: str) -> frozenset[str] | None:
    """The keys of an object; None where it is none, or no usual one."""
    try:
        keys = frozenset(json.loads(body))
    except (ValueError, RecursionError):
        return None
    return keys if len(keys) <= MOST_KEYS and is_path(tuple(keys)) else None


class _Unforeseen(Exception):
    """A record has a key that the first one has not."""


def _values(bodies: pl.Series, shape: _Shape) -> tuple[dict[Path, pl.Series], pl.Series]:
    """The text at each path of the shape, and which lines are no object. Errors: `_Unforeseen`."""
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
    """The record of each line; None for one that is none. Errors: `_Unforeseen`."""
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
    if shape.keys is not None and not found.keys() <= shape.keys:
        raise _Unforeseen
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
    keys: frozenset[str] | None
    """All that an object may have; None: any."""


@lru_cache(MOST_DECODERS)
def _shape(paths: frozenset[Path], keys: frozenset[str] | None) -> _Shape:
    node = _node([path for path in paths if keys is None or path[0] in keys], keys)
    return _Shape(node, msgspec.json.Decoder(node.structure, float_hook=str), node.structure(), keys)


def _node(paths: list[Path], keys: frozenset[str] | None = None) -> _Node:
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
    for number, key in enumerate(sorted((keys or frozenset()) - names.keys())):  # passed over
        fields.append((f"other{number}", msgspec.Raw, msgspec.Raw()))
        renamed[f"other{number}"] = key
    structure = msgspec.defstruct(
        "Record", fields, rename=renamed, frozen=True, gc=False, forbid_unknown_fields=keys is not None
    )
    return _Node(structure, names, inner)


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
