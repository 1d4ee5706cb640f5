"""Records read in columns are what they are when each is decoded by itself, however they are damaged."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from processors import _in_columns, parse
from processors._reader import SignInRecord
from processors._spans import spans
from tests.sign_ins import records

GOLDEN = Path(__file__).parents[1] / "golden" / "sign_ins"
SHAPES = {name: reader.shape for name, reader in parse.formats().items() if isinstance(reader.shape, SignInRecord)}
PROVIDERS = [name for name, shape in SHAPES.items() if shape.in_columns]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"application": "Panel"},
    {"user": "user_id", "session_reference": "id"},
    {"user": "actor.displayName", "session_reference": "client.id"},
    {"user": "target[type=User].alternateId", "session_reference": "properties.correlationId"},
    {"user": "client", "session_reference": "signIn.name"},
]

LINES = 400
TEXTS = [
    *(r"\"", r"\u0041", r"\ud800", r"\ud83d\ude00", r"\x41", "\\", '"', "\t", "\r", " ", "\u2028", "é", "\ufeff"),
    *("{", "}", "[", "]", ",", ":", "null", "true", "1e999", "-0", "01", "1.5", "[]", "{}", '"a":1,', "9" * 20),
]


def rows(name: str, lines: list[str], *, is_decoded: bool, **options: Any) -> pl.DataFrame:
    reader = parse.reader(name)
    shape = SHAPES[name]
    chosen = replace(reader, shape=replace(shape, in_columns=())) if is_decoded else reader
    frame = pl.LazyFrame({"line_number": range(1, len(lines) + 1), "line": lines})
    given = parse.Options(reference_key=b"k", **options)
    return parse.parse(frame, reader=chosen, source="s", file_id="f", options=given).collect()


def samples(name: str) -> list[dict[str, Any]]:
    """The provider's records of the golden input, by themselves."""
    found: list[Any] = [json.loads(sample) for sample in [parse.reader(name).sample] if sample.startswith("{")]
    for line in (GOLDEN / name / "input.log").read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    lists = SHAPES[name].pages.lists
    found = [record for record in found if isinstance(record, dict)]
    pages = [record[key] for record in found for key in lists if isinstance(record.get(key), list)]
    return [record for record in (*found, *chain.from_iterable(pages)) if isinstance(record, dict)]


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something is in a record."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, one in inner for path in ((*above, key), *places(one, (*above, key)))]


def damaged(record: dict[str, Any], values: list[Any], chance: Random) -> str:
    """A line of the record, some of whose values are others, or elsewhere, or whose text is no longer right."""
    record = deepcopy(record)
    for _ in range(chance.choice([0, 1, 1, 2, 5])):
        where = places(record)
        if not where:
            break
        *above, key = chance.choice(where)
        holder: Any = record
        for step in above:
            holder = holder[step]
        if chance.random() < 0.2:
            del holder[key]
        else:
            holder[key] = deepcopy(chance.choice(chance.choice([values, records.DRIFTED])))
    for name in chance.sample(
        sorted({path[0] for path in places(record)}), k=min(len(record), chance.choice([0, 0, 1]))
    ):
        record[name] = deepcopy(chance.choice(chance.choice([values, records.DRIFTED])))
    line = json.dumps(
        record, ensure_ascii=chance.random() < 0.3, separators=chance.choice([(",", ":"), (" , ", " : ")])
    )
    if record and chance.random() < 0.2:  # a key that is there twice
        key = chance.choice(sorted(record))
        line = line[:-1] + f",{json.dumps(key)}:{json.dumps(chance.choice(chance.choice([values, records.DRIFTED])))}}}"
    for _ in range(chance.choice([0, 0, 0, 1, 2])):
        at = chance.randrange(len(line) + 1)
        line = line[:at] + chance.choice(TEXTS) + line[at + chance.choice([0, 0, 1, 5]) :]
    return line.replace("\n", " ")


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", PROVIDERS)
def test_a_damaged_record_reads_as_it_does_decoded(name: str, options: dict[str, Any]) -> None:
    chance = Random(f"{name} {options}")
    some = samples(name)
    values = [at_path(record, path) for record in some for path in places(record)]
    names = [*SHAPES[name].events, "x"]
    lines = [damaged(chance.choice(some), [*values, *names], chance) for _ in range(LINES)]
    lines += [json.dumps(record, separators=(",", ":")) for record in some]
    found, expected = (rows(name, lines, is_decoded=is_decoded, **options) for is_decoded in (False, True))
    for line, one, other in zip(lines, found.rows(named=True), expected.rows(named=True), strict=True):
        assert one == other, line


def at_path(record: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        record = record[key]
    return record


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_sample_is_read_in_columns(name: str) -> None:
    sample, shape = parse.reader(name).sample, SHAPES[name]
    if sample.startswith("{"):
        fields = tuple(shape.fields.items())
        certain = [
            _in_columns.read(spans(pl.Series([sample])), form, fields, shape.pages.lists)[1].item()
            for form in shape.in_columns
        ]
        assert any(certain)
