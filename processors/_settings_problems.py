"""What pydantic finds wrong with the settings, in our words, and the settings without it."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from processors._setting_kinds import nearest
from processors.errors import Problem

_BARE = re.compile("[A-Za-z0-9_-]+")  # a key that TOML takes without quotes
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 78, 78


def told(error: ErrorDetails, raw: dict[str, Any], model: type[BaseModel]) -> Problem:
    """The problem, with the nearest valid key where one is unknown."""
    where = _dotted(error["loc"], raw)
    if error["type"] == "extra_forbidden":
        valid = _keys(error["loc"], model)
        near = nearest(str(error["loc"][-1]), valid)
        return Problem(
            where,
            f"the unknown setting {str(error['loc'][-1])[:100]!r}",
            f"one of {', '.join(valid)}",
            f"Rename or remove it{near}",
        )
    if error["type"] == "missing":
        return Problem(where, "nothing", "a value", "Add it")
    if error["type"] == "no_fields":
        remedy = "Write it below the source: event_time, event_class and what else its records have"
        return Problem(f"{where}.fields", "nothing", error["msg"], remedy)
    if error["type"] in ("model_type", "dict_type"):
        below = ".".join(["sources", *(step for step in error["loc"] if isinstance(step, str))][1:])
        quoted = ".".join(step if _BARE.fullmatch(step) else json.dumps(step) for step in map(str, error["loc"]))
        name = f"[{quoted}]" if error["loc"][0] != "sources" else f"[{below}]" if "." in below else "[[sources]]"
        return Problem(where, shown(error["input"]), "a table", f"Write its settings below {name}")
    if error["loc"] == ("sources",):
        return Problem(
            where, shown(error["input"]), "a list of one or more", "Write each below a [[sources]] of its own"
        )
    if error["type"] == "server_format":
        facts = error["ctx"]
        got = f"{shown(error['input'])}, where {_lower(facts['problem'])}"
        return Problem(where, got, error["msg"], facts["remedy"], facts["excerpt"])
    expected = error["msg"].removeprefix("Input should be ")
    valid = re.findall(r"'([^']+)'", error["ctx"]["expected"]) if error["type"] == "literal_error" else []
    remedy = f"Correct the value{nearest(str(error['input']), valid)}"
    return Problem(where, shown(error["input"]), expected[0].lower() + expected[1:], remedy)


def _lower(sentence: str) -> str:
    """The sentence as it goes on in another one."""
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def shown(value: object) -> str:
    """The value as the file has it, shortened."""
    return str(value).lower() if isinstance(value, bool) else _SHORT.repr(value)


def without(raw: dict[str, Any], errors: Sequence[ErrorDetails], needed: Sequence[str]) -> dict[str, Any]:
    """The raw settings without all that is wrong in them.

    A source that lacks what it `needed` goes as a whole; without its time zone, a workspace is in UTC.
    """
    tables = {name: dict(table) for name, table in raw.items() if isinstance(table, dict)}
    given = raw.get("sources")
    listed = enumerate(given if isinstance(given, list) else [])
    sources: dict[int | str, Any] = {n: dict(source) for n, source in listed if isinstance(source, dict)}
    for error in errors:
        section, *steps = error["loc"]
        if section == "sources" and len(steps) > 1 and steps[1] not in needed:
            source = sources.get(steps[0], {})
            source.pop(steps[1], None)
            if steps[1] == "fields" and str(source.get("format")).startswith("fields:"):
                sources.pop(steps[0], None)
        elif section == "sources" and steps:
            sources.pop(steps[0], None)
        elif steps:
            tables.get(str(section), {}).pop(steps[0], None)
        else:
            tables.pop(str(section), None)
    workspace = {"time_zone": "UTC", **tables.get("workspace", {})}
    return {**tables, "workspace": workspace, "sources": list(sources.values())}


def _dotted(location: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    """The place as the file has it: what stands there for a list of one, or for a table of paths alone, is no step."""
    parts: list[str] = []
    at: Any = raw
    for step in location:
        above, at = at, at[step] if _has(at, step) else None
        is_implied = isinstance(above, str | list) and step == "path"
        if is_implied or (isinstance(above, str) and isinstance(step, int)):
            at = above
        elif isinstance(step, int) and parts:
            sources = raw.get("sources")
            named = sources[step] if parts == ["sources"] and isinstance(sources, list) else None
            name = named.get("name") if isinstance(named, dict) else None
            parts[-1] += f"[{name if isinstance(name, str) and name else step}]"
        elif step != "[key]":
            parts.append(str(step))
    return ".".join(part[:100] for part in parts) or "file"


def _has(table: Any, step: int | str) -> bool:
    return step in table if isinstance(table, dict) else isinstance(table, list) and step in range(len(table))


def _keys(location: tuple[int | str, ...], model: Any) -> list[str]:
    """The valid keys beside the unknown one at `location`."""
    for step in location[:-1]:
        annotation = model.model_fields[step].annotation if step in model.model_fields else None
        found = [one for one in _parts(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
        model = found[0] if found else model
    return sorted(model.model_fields)


def _parts(annotation: Any) -> list[Any]:
    return [annotation, *(part for argument in get_args(annotation) for part in _parts(argument))]
