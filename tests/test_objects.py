"""The compiled scan for the ends of records changes nothing but the time it takes."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import numpy as np
import pytest

from processors import _documents, _scan
from processors._documents import Cut, Pages

PAGES = [Pages(), Pages(("records", "value")), Pages(("value",), None, ("a", "b")), Pages(("items",), "events")]
VALUES = [
    *(1, -2.5e3, 0, True, False, None, "", "text", 'a "quoted" one', "é😀", "\\", "}{][", "records", [], {}, [1, "a"]),
    *({"records": [1]}, {"value": []}, [{"items": [{}]}], {"a": {"b": [{}, [[]]]}}, [{"n": 1}, {"n": 2}]),
]
KEYS = ["a", "b", "records", "value", "items", "events", "é", 'k"', ""]
TEXTS = [
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        "\n",
        "\r\n",
        "\t",
        " ",
        "\x00",
        "\x0b",
        "\xa0",
        "\ufeff",
        "null",
        "tru",
    ),
    *("-", "01", "-0", "1e999", "9" * 120, r"\u12", r"\ud800", "[" * 70, '{"a":' * 70, "'", "#", "\x7f"),
]


def document(chance: Random) -> bytes:
    """Records in an array, in pages, a line each, or one after the other; some of them no records, some broken."""
    rows = [record(chance) for _ in range(chance.choice([0, 1, 3, 8]))]
    text = chance.choice([",", "\n", ",\n ", ""]).join(rows)
    if chance.random() < 0.5:
        text = (
            chance.choice(["[%s]", '{"records":[%s]}', '{"n":1,"value":[%s],"next":"]}"}', '{"items":[%s]}\n']) % text
        )
    for _ in range(chance.choice([0, 0, 1, 2])):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(TEXTS) + text[at + chance.choice([0, 0, 1, 9]) :]
    return text.encode()


def record(chance: Random) -> str:
    value: Any = {chance.choice(KEYS): chance.choice(VALUES) for _ in range(chance.choice([0, 1, 2, 4]))}
    value = value if chance.random() < 0.9 else chance.choice(VALUES)
    return json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, None, None, 1]))


@pytest.mark.parametrize("pages", PAGES, ids=str)
@pytest.mark.parametrize("more", [True, False])
def test_records_end_where_they_do_for_the_standard_library(
    pages: Pages, more: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(f"{pages} {more}")
    documents = [document(chance) for _ in range(1500)]
    found = [cut(data, pages, more) for data in documents]
    monkeypatch.setattr(_scan, "MOST_OBJECTS", 0)
    for data, fast in zip(documents, found, strict=True):
        assert fast == cut(data, pages, more), data


def cut(data: bytes, pages: Pages, more: bool) -> Cut:
    return _documents.cut(data, pages, more=more, most_bytes=1 << 16, window=1 << 10)


def objects(data: bytes, budget: int = 1 << 20) -> list[bytes]:
    names = np.array([[0, 5]]), np.frombuffer(b"value" + b"\0" * 8, np.uint8)
    at, ends = _scan.objects(np.frombuffer(data, np.uint8), 0, budget, *names)
    return [data[start:end] for start, end in zip(at, ends, strict=True)]


def test_objects_are_found_until_something_else_stands_between_them() -> None:
    assert objects(b'{"a":1} ,\r\n{"b":[{}]}{}]{}') == [b'{"a":1}', b'{"b":[{}]}', b"{}"]


@pytest.mark.parametrize("last", [b"", b'{"a":', b'{"value":1}', b'{"a":01}', b"{'a':1}", b'{"a":"\t"}', b"[{}]"])
def test_what_is_not_certain_ends_them(last: bytes) -> None:
    assert objects(b'{"a":{"value":1}}' + last + b"{}")[:1] == [b'{"a":{"value":1}}']
    assert len(objects(b'{"a":{"value":1}}' + last + b"{}")) == (2 if not last else 1)


def test_no_more_objects_are_found_than_are_asked_for() -> None:
    assert objects(b"{}{}{}{}", budget=3) == [b"{}", b"{}"]
    assert objects(b'{"a":"' + b"x" * (64 << 10) + b'"}') == []
