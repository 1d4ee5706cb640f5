"""What is done to every byte, in compiled loops: lines found, cut at the literal text of a template, text as codes."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from processors._compiled import (
    WORD,
    address,
    compiled,
    copy,
    find,
    find_text,
    first_byte,
    hashed,
    inlined,
    is_same,
    starts_with,
    word,
)

BEFORE, BEFORE_LENGTH, FIRST_CELL, END_CELL, TAIL = range(5)  # of a row of `parts`; the last cell of all in the tail
AFTER, AFTER_LENGTH, ENDS, WIDTH, SLOT, IS_WORD, IS_LAST_SUCH, CELL_COLUMNS = range(8)  # of a row of `cells`
AT_BYTE, AT_TEXT, AT_WIDTH, AT_END = range(4)  # where a cell ends: `ENDS`
LINE_FEED, CARRIAGE_RETURN, QUOTE, BACKSLASH, SPACE, SLASH, HASH, QUESTION = b'\n\r"\\ /#?'
PROTOCOLS = tuple(
    np.uint64(int.from_bytes(b"HTTP/" + version, "little")) for version in (b"1.0", b"1.1", b"2.0", b"3.0")
)

_SEED = np.uint64(secrets.randbits(64))  # nobody can write lines whose texts all have one hash
_HIGH, _LOW = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_LEAST_PLACES = 1 << 12


def lines(data: Any) -> tuple[Any, Any]:
    """Where each line begins, and how long it is without its line end."""
    count = counted(data, LINE_FEED) + 1
    at, lengths = np.empty(count, np.int64), np.empty(count, np.int64)
    count = _lines(data, at, lengths)
    return at[:count], lengths[:count]


@compiled
def _lines(data: Any, at: Any, lengths: Any) -> int:
    origin = address(data)
    end = origin + len(data)
    limit = end - WORD
    place, count = origin, 0
    while place < end:
        stop = find(place, end, limit, LINE_FEED)
        if stop < 0:
            stop = end
        at[count] = place - origin
        has_return = stop > place and first_byte(stop - 1) == CARRIAGE_RETURN
        lengths[count] = stop - place - (1 if has_return else 0)
        count += 1
        place = stop + 1
    return count


@compiled
def counted(data: Any, byte: int) -> int:
    """How many of the byte there are."""
    count = 0
    for value in data:
        count += value == byte
    return count


def gathered(data: Any, at: Any, lengths: Any) -> tuple[Any, Any]:
    """Where each text ends in the bytes of them all, one after the other."""
    offsets = np.zeros(len(at) + 1, np.int64)
    np.cumsum(np.maximum(lengths, 0), out=offsets[1:])
    texts = np.empty(offsets[-1] + WORD, np.uint8)
    _gather(data, at, offsets, texts)
    return offsets, texts


@compiled
def _gather(data: Any, at: Any, offsets: Any, texts: Any) -> None:
    origin, into = address(data), address(texts)
    limit = origin + len(data) - WORD
    for row in range(len(at)):
        copy(origin + at[row], offsets[row + 1] - offsets[row], limit, into + offsets[row])


def cut(
    data: Any,
    starts: Any,
    sizes: Any,
    parts: Any,
    cells: Any,
    text: Any,
    slots: int,
    *,
    is_open: bool,
    has_escapes: bool,
) -> tuple[Any, Any, Any]:
    """For each slot and line where its text begins and how long it is (-1: not cut), and which lines are cut.

    `data` is bytes, `starts` and `sizes` are where each line is in it (-1: nothing is).
    """
    at = np.empty((slots, len(starts)), np.int64)
    lengths = np.empty((slots, len(starts)), np.int64)
    fits = np.empty(len(starts), np.bool_)
    _cut(data, starts, sizes, parts, cells, text, is_open, has_escapes, at, lengths, fits)
    return at, lengths, fits


@inlined
def is_escaped(start: int, place: int) -> bool:
    """Whether a backslash keeps what is there: one that is not kept itself. Text begins at `start`."""
    before = place - 1
    while before >= start and first_byte(before) == BACKSLASH:
        before -= 1
    return (place - before) % 2 == 0


@compiled
def _cut(
    data: Any,
    starts: Any,
    sizes: Any,
    parts: Any,
    cells: Any,
    text: Any,
    is_open: bool,
    has_escapes: bool,
    at: Any,
    lengths: Any,
    fits: Any,
) -> None:
    origin, literals = address(data), address(text)
    limit, literal_limit = origin + len(data) - WORD, literals + len(text) - WORD
    last = len(parts) - 1
    for row in range(len(starts)):
        place = origin + starts[row]
        line_end = place + sizes[row]
        fits[row] = False
        for number in range(last + 1 if sizes[row] >= 0 else 0):
            end = line_end
            if number < last or not is_open:
                quote = find(place, line_end, limit, QUOTE)
                while has_escapes and quote > place and is_escaped(place, quote):
                    quote = find(quote + 1, line_end, limit, QUOTE)
                if (quote >= 0) != (number < last):
                    break
                end = quote if number < last else line_end
            length = parts[number, BEFORE_LENGTH]
            if end - place < length or not starts_with(place, literals + parts[number, BEFORE], length, limit):
                break
            place += length
            part_end = end
            end -= parts[number, TAIL]
            for index in range(parts[number, FIRST_CELL], parts[number, END_CELL]):
                after, length = literals + cells[index, AFTER], cells[index, AFTER_LENGTH]
                if index == parts[number, END_CELL] - 1:
                    end = part_end
                ends = cells[index, ENDS]
                if ends == AT_BYTE:
                    stop = find(place, end, limit, first_byte(after))
                elif ends == AT_TEXT:
                    stop = find_text(place, end, limit, after, length, literal_limit)
                elif ends == AT_WIDTH:
                    stop = place + cells[index, WIDTH]
                else:
                    stop = end - length
                if stop < place or stop + length > end or not starts_with(stop, after, length, limit):
                    place = -1
                    break
                if cells[index, IS_LAST_SUCH] and find_text(stop + 1, end, limit, after, length, literal_limit) >= 0:
                    place = -1
                    break
                if cells[index, IS_WORD] and (
                    stop == place or (has_escapes and find(place, stop, limit, BACKSLASH) >= 0)
                ):
                    place = -1
                    break
                slot = cells[index, SLOT]
                if slot >= 0:
                    at[slot, row] = place - origin
                    lengths[slot, row] = stop - place
                place = stop + length
            if place != part_end:
                break
            if number == last:
                fits[row] = True
            place = part_end + 1
        if not fits[row]:
            for slot in range(len(lengths)):
                lengths[slot, row] = -1


def requests(data: Any, at: Any, lengths: Any) -> tuple[Any, Any]:
    """Method, path and query of each request line: where they begin, and how long they are (-1: none).

    All are -1 but for `METHOD /path?query HTTP/1.1`, or 1.0, 2.0 and 3.0, without a fragment.
    """
    places = np.zeros((3, len(at)), np.int64)
    sizes = np.full((3, len(at)), -1, np.int64)
    _requests(data, at, lengths, places, sizes)
    return places, sizes


@compiled
def _requests(data: Any, at: Any, lengths: Any, places: Any, sizes: Any) -> None:
    origin = address(data)
    limit = origin + len(data) - WORD
    for row in range(len(at)):
        start = origin + at[row]
        end = start + lengths[row]
        target = find(start, end, limit, SPACE) + 1
        stop = find(target, end, limit, SPACE) if target else -1
        if stop < 0 or end - stop - 1 != WORD or first_byte(target) != SLASH:
            continue
        if word(stop + 1, limit) not in PROTOCOLS:
            continue
        if find(target, stop, limit, HASH) >= 0:
            continue
        question = find(target, stop, limit, QUESTION)
        path_end = question if question >= 0 else stop
        places[0, row], sizes[0, row] = at[row], target - 1 - start
        places[1, row], sizes[1, row] = target - origin, path_end - target
        if question >= 0:
            places[2, row], sizes[2, row] = question + 1 - origin, stop - question - 1


def encode(data: Any, at: Any, lengths: Any) -> tuple[Any, Any, Any]:
    """The code of each text, and where each distinct one ends in the bytes of them all, one after the other.

    Code 0 is no text (length -1), and is there in any case.
    """
    codes = np.empty(len(at), np.uint32)
    offsets = np.empty(len(at) + 2, np.int64)
    spare = np.empty(len(data) + WORD, np.uint8)
    count = _encode(data, at, lengths, _SEED, codes, offsets, spare)
    offsets = offsets[: count + 1].copy()
    return codes, offsets, spare[: offsets[-1]].copy()


@compiled
def _encode(data: Any, at: Any, lengths: Any, seed: Any, codes: Any, offsets: Any, texts: Any) -> int:
    """How many codes there are. A place of the table has the upper half of a hash and, below it, the code."""
    origin, known_texts = address(data), address(texts)
    limit, known_limit = origin + len(data) - WORD, known_texts + len(texts) - WORD
    table = np.zeros(_LEAST_PLACES, np.uint64)
    mask = np.uint64(_LEAST_PLACES - 1)
    count = 1
    offsets[0] = offsets[1] = 0
    for row in range(len(at)):
        place, length = origin + at[row], lengths[row]
        if length < 0:
            codes[row] = 0
            continue
        hash_ = hashed(place, length, limit, seed)
        entry_place = hash_ >> _HALF
        code = 0
        while True:
            entry = table[entry_place & mask]
            if not entry:
                break
            if entry & _HIGH == hash_ & _HIGH:
                code = np.int64(entry & _LOW)
                code_place = known_texts + offsets[code]
                if offsets[code + 1] - offsets[code] == length and is_same(
                    place, code_place, length, limit, known_limit
                ):
                    break
                code = 0
            entry_place += np.uint64(1)
        if code == 0:
            code = count
            count += 1
            table[entry_place & mask] = (hash_ & _HIGH) | np.uint64(code)
            code_place = known_texts + offsets[code]
            copy(place, length, limit, code_place)
            offsets[code + 1] = offsets[code] + length
            if count * 2 > len(table):
                table = _grown(table)
                mask = np.uint64(len(table) - 1)
        codes[row] = code
    return count


@compiled
def _grown(table: Any) -> Any:
    larger = np.zeros(len(table) * 4, np.uint64)
    mask = np.uint64(len(larger) - 1)
    for entry in table:
        if entry:
            place = entry >> _HALF
            while larger[place & mask]:
                place += np.uint64(1)
            larger[place & mask] = entry
    return larger
