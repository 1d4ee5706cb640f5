"""What is done to every byte: lines found, cut at the literal text of a template, and text as codes.

Arrays go in and come out; the loops over them are the kernels.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from processors._machine_code import call

ROOM = 32
"""Bytes behind a text that a kernel may read or write, if it is said to."""
PART_COLUMNS, CELL_COLUMNS, COLUMN_COLUMNS = 5, 8, 7
NODE_COLUMNS, KEY_COLUMNS, SEEN_COLUMNS = 7, 3, 4
OBJECT, TEXT, VALUE, BLOCK, ITEMS, ITEM, NEVER = range(7)
DEEPEST, MOST_SEEN, MOST_OBJECTS = 32, 64, 4096
AT_BYTE, AT_TEXT, AT_WIDTH, AT_END = range(4)
LINE_FEED, BACKSLASH = b"\n\\"

Texts = tuple[Any, Any, Any]
BLOCK_LINES = 1024
"""Lines that are cut at a time, and still near when their texts are coded."""
MOST_DIGITS = 18

_SEED = secrets.randbits(63)  # nobody can write lines whose texts all have one hash
_LITERALS = np.frombuffer(b"".join(word.ljust(8, b"\0") for word in (b"true", b"null", b"false", b"")), np.uint8)
_LEAST_PLACES = 1 << 12
_KEPT = threading.local()


def counted(data: Any, byte: int) -> int:
    """How many of the byte there are."""
    return call("counted", _place(data), len(data), byte)


def holds(data: Any, byte: int) -> bool:
    """Whether the byte is there."""
    return bool(call("holds", _place(data), len(data), byte))


def lines(data: Any, count: int) -> tuple[Any, Any]:
    """Where each line begins, and how long it is without its line end. There are no more than so many."""
    at, lengths = np.empty((2, count), np.int64)
    found = call("lines", _place(data), len(data), _place(at), _place(lengths), count)
    return at[:found], lengths[:found]


def suspects(data: Any, at: Any, lengths: Any) -> Any:
    """The places of lines that begin with `<`, with a capital letter up to S, or with 20."""
    places = np.empty(len(at), np.int64)
    return places[: call("suspects", _place(data), _place(at), _place(lengths), len(at), _place(places))]


def gathered(data: Any, at: Any, lengths: Any) -> tuple[Any, Any]:
    """Where each text ends in the bytes of them all, one after the other, and these."""
    offsets = np.zeros(len(at) + 1, np.int64)
    np.cumsum(np.maximum(lengths, 0), out=offsets[1:])
    texts = np.empty(offsets[-1] + ROOM, np.uint8)
    call("gather", _place(data), len(data), _place(at), _place(offsets), len(at), _place(texts))
    return offsets, texts


def cut(
    data: Any,
    at: Any,
    lengths: Any,
    parts: Any,
    cells: Any,
    text: Any,
    digits: Sequence[int],
    *,
    is_open: bool,
    has_escapes: bool,
) -> tuple[list[Any], Any]:
    """For each slot the numbers there, or what `encode` makes of its texts, and which lines are cut.

    Where a line is not, its numbers are 0 and its texts none. `digits` says which slots have numbers (0: text), and
    `text` has the literal text, and `ROOM` behind it. A part (`BEFORE, BEFORE_LENGTH, FIRST_CELL, END_CELL, TAIL`)
    begins with some of it; its last cell alone may reach into the last `TAIL` bytes. A cell (`AFTER, AFTER_LENGTH,
    ENDS, WIDTH, SLOT, IS_WORD, DIGITS, IS_ONLY`) ends where the text after it begins: for the first time (`AT_BYTE`: of
    its first byte), after `WIDTH` bytes, or at the end. It has no slot (-1) or one. A word is neither empty nor
    escaped; a number has so many digits, or one to `MOST_DIGITS`, or is a dash; and behind an only one the text after
    it comes no more.
    """
    count, slots = len(at), len(digits)
    places, fits = np.empty((2, max(slots, 1), BLOCK_LINES), np.int64), np.empty(count, np.bool_)
    columns: list[Any] = [
        np.empty(count, np.int64) if number else _Codes(data, count, slot) for slot, number in enumerate(digits)
    ]
    rows = np.array(
        [[0, _place(one), *[0] * 5] if number else one.row() for one, number in zip(columns, digits, strict=True)],
        np.int64,
    ).reshape(slots, COLUMN_COLUMNS)
    progress = np.zeros(3, np.int64)
    while True:
        full = call(
            "cut",
            *(_place(data), len(data), _place(at), _place(lengths), count),
            *(_place(parts), len(parts), _place(cells), _place(text), is_open, has_escapes, slots),
            *(BLOCK_LINES, _place(places[0]), _place(places[1]), _place(fits)),
            *(_place(rows), _SEED, _place(progress)),
        )
        if full < 0:
            return [one.found() if isinstance(one, _Codes) else one for one in columns], fits
        columns[full].grow()
        rows[full] = columns[full].row()


def json(data: Any, at: Any, lengths: Any, nodes: Any, keys: Any, text: Any, slots: int) -> tuple[Any, Any, Any]:
    """For each slot and line where its text begins and how long it is (-1: none), and which lines are certain.

    `text` has the keys and wanted texts, and `ROOM` behind it. A key is `KEY_AT, KEY_LENGTH, CHILD`; a node is
    `FIRST_KEY, END_KEY, FIRST_SLOT, END_SLOT, KIND, WANTED_AT, WANTED_LENGTH`, and the slots below it are one range.
    Whatever is in their place, a line may be certain with an `OBJECT`, which has keys, and `TEXT`: text, a number, or
    a list of one text. Nothing but they and null may be in the place of a `VALUE` (text, a number, a truth value), a
    `BLOCK` (an object), or `ITEMS`: a list, of which that object counts, the `ITEM` that `FIRST_KEY` names, whose first
    slot has the wanted text first. No line is certain that has `NEVER`, or an escape in a text that is asked for.
    """
    count = len(at)
    found_at, found_lengths = np.zeros((slots, count), np.int64), np.full((slots, count), -1, np.int64)
    fits = np.empty(count, np.bool_)
    stack, seen = np.zeros(2 * DEEPEST, np.int64), np.full(MOST_SEEN * SEEN_COLUMNS, -1, np.int64)
    call(
        "json",
        *(_place(data), len(data), _place(at), _place(lengths), count),
        *(_place(nodes), _place(keys), _place(text), _place(_LITERALS), _place(stack), _place(seen)),
        *(_place(found_at), _place(found_lengths), _place(fits)),
    )
    return found_at, found_lengths, fits


def objects(data: Any, start: int, budget: int, names: Any, text: Any) -> tuple[Any, Any]:
    """Where objects of a JSON document begin and end, from `start` on, until they are `budget` bytes together.

    Nothing but commas and white space is between them. None has a key called one of the `names`, each of which is some
    of `text`: `NAME_AT, NAME_LENGTH`. `ROOM` is behind that.
    """
    found = np.empty((2, MOST_OBJECTS), np.int64)
    count = call(
        "objects",
        *(_place(data), len(data), start, budget, _place(names), len(names), _place(text), _place(_LITERALS)),
        *(_place(found[0]), _place(found[1]), MOST_OBJECTS),
    )
    return found[0, :count], found[1, :count]


def requests(data: Any, at: Any, lengths: Any) -> tuple[Any, Any]:
    """Method, path and query of each request line: where they begin, and how long they are (-1: none).

    All are -1 but for `METHOD /path?query HTTP/1.1`, or 1.0, 2.0 and 3.0, without a fragment.
    """
    found = np.empty((2, 3, len(at)), np.int64)
    call(
        "requests",
        *(_place(data), len(data), _place(at), _place(lengths), len(at), _place(found[0]), _place(found[1])),
    )
    return found[0], found[1]


def encode(data: Any, at: Any, lengths: Any) -> Texts:
    """The code of each text, and where each distinct one ends in the bytes of them all, one after the other.

    Code 0 is no text (length -1), and is there in any case.
    """
    count, row = len(at), 0
    codes = _Codes(data, count)
    while True:
        _, place, *rest = codes.row()
        row = call("encode", *(_place(data), len(data), _place(at), _place(lengths), row, count, _SEED), place, *rest)
        if row == count:
            return codes.found()
        codes.grow()


class _Codes:
    """Where the codes of a column go, and what is known of its texts. Of each `name` a thread has one at a time."""

    def __init__(self, data: Any, count: int, name: int = 0) -> None:
        self._codes = np.empty(count, np.uint32)
        self._known = _spare(f"offsets {name}", count + 3, np.int64)
        self._known[:3] = 1, 0, 0  # how many codes there are, and then where their texts end
        self._texts = _spare(f"texts {name}", len(data) + ROOM, np.uint8)
        self._table = np.zeros(_LEAST_PLACES, np.uint64)

    def row(self) -> tuple[int, ...]:
        """As the kernel has it: `IS_TEXT, CODES, TABLE, TABLE_SIZE, ENDS_OF_TEXTS, TEXTS, TEXTS_SIZE`."""
        table = _place(self._table), len(self._table)
        return 1, _place(self._codes), *table, _place(self._known) + 8, _place(self._texts), len(self._texts)

    def grow(self) -> None:
        """Nothing; there is room for four times as many."""
        larger = np.zeros(len(self._table) * 4, np.uint64)
        call("grow", _place(self._table), len(self._table), _place(larger), len(larger))
        self._table = larger

    def found(self) -> Texts:
        """The codes, where each text ends, and all of them."""
        offsets = self._known[1 : self._known[0] + 2].copy()
        return self._codes, offsets, self._texts[: offsets[-1]].copy()


def _place(array: Any) -> int:
    """Where an array, which is in one piece, begins in memory."""
    return int(array.__array_interface__["data"][0])


def _spare(name: str, size: int, kind: Any) -> Any:
    """An array for this thread's use until it asks for it again: the system would have to clear a new one."""
    kept = getattr(_KEPT, name, None)
    if kept is None or len(kept) < size:
        kept = np.empty(size, kind)
        setattr(_KEPT, name, kept)
    return kept[:size]
