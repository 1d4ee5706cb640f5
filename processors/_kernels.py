"""Loops over bytes, of which `_machine_code` has machine code made. `_scan` says what they are for, and calls them.

All they are given are whole numbers, and places in memory of eight bytes each if nothing else is said.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from processors._cut_kernel import cut
from processors._encode_kernel import encode, grow
from processors._json_kernel import json
from processors._objects_kernel import objects
from processors._search_tree_kernel import sound, survey, walk
from processors._session_kernel import follow, group, precede, settle
from processors._views_kernel import views
from processors._words import WORD, byte_at, copy, find, int64s, uint8s, word

LINE_FEED, CARRIAGE_RETURN, SPACE, SLASH, HASH, QUESTION = b"\n\r /#?"
LESS, CAPITAL_T, DIGIT_2, DIGIT_0 = b"<T20"
PROTOCOLS = tuple(
    np.uint64(int.from_bytes(b"HTTP/" + version, "little")) for version in (b"1.0", b"1.1", b"2.0", b"3.0")
)


def counted(data: int, size: int, byte: int) -> int:
    """How many of the byte there are."""
    values, count = uint8s(data), 0
    for place in range(size):
        count += values[place] == byte
    return count


def holds(data: int, size: int, byte: int) -> int:
    """Whether the byte is there: 1 or 0."""
    return 1 if find(data, data + size, data + size - WORD, byte) >= 0 else 0


def lines(data: int, size: int, at: int, lengths: int, most: int) -> int:
    """How many lines there are, up to `most`; where each begins, and how long it is without its line end."""
    starts, sizes = int64s(at), int64s(lengths)
    end = data + size
    limit = end - WORD
    place, count = data, 0
    while place < end and count < most:
        stop = find(place, end, limit, LINE_FEED)
        if stop < 0:
            stop = end
        has_return = stop > place and byte_at(stop - 1) == CARRIAGE_RETURN
        starts[count] = place - data
        sizes[count] = stop - place - (1 if has_return else 0)
        count += 1
        place = stop + 1
    return count


def gather(data: int, size: int, at: int, offsets: int, count: int, texts: int) -> int:
    """Nothing; the bytes of each text, one after the other."""
    starts, ends = int64s(at), int64s(offsets)
    for row in range(count):
        copy(data + starts[row], ends[row + 1] - ends[row], data + size - WORD, texts + ends[row])
    return 0


def requests(data: int, size: int, at: int, lengths: int, count: int, part_at: int, part_lengths: int) -> int:
    """Nothing; where method, path and query of each request line begin, and how long they are."""
    starts, sizes, found_at, found_lengths = int64s(at), int64s(lengths), int64s(part_at), int64s(part_lengths)
    limit = data + size - WORD
    for row in range(count):
        start = data + starts[row]
        end = start + sizes[row]
        for part in range(3):
            found_at[part * count + row], found_lengths[part * count + row] = 0, -1
        target = find(start, end, limit, SPACE) + 1
        stop = find(target, end, limit, SPACE) if target else -1
        if stop < 0 or end - stop - 1 != WORD or byte_at(target) != SLASH or word(stop + 1, limit) not in PROTOCOLS:
            continue
        if find(target, stop, limit, HASH) >= 0:
            continue
        question = find(target, stop, limit, QUESTION)
        path_end = question if question >= 0 else stop
        found_at[row], found_lengths[row] = starts[row], target - 1 - start
        found_at[count + row], found_lengths[count + row] = target - data, path_end - target
        if question >= 0:
            found_at[2 * count + row], found_lengths[2 * count + row] = question + 1 - data, stop - question - 1
    return 0


def suspects(data: int, at: int, lengths: int, count: int, places: int) -> int:
    """How many lines, and which, begin with `<`, with a capital letter up to S, or with 20."""
    starts, sizes, found = int64s(at), int64s(lengths), int64s(places)
    suspect = 0
    for row in range(count):
        if sizes[row] > 1:
            first, second = byte_at(data + starts[row]), byte_at(data + starts[row] + 1)
            if LESS <= first < CAPITAL_T or (first == DIGIT_2 and second == DIGIT_0):
                found[suspect] = row
                suspect += 1
    return suspect


KERNELS: tuple[Any, ...] = (
    *(counted, holds, lines, suspects, gather, cut, requests, encode.py_func, grow, json, objects),
    *(group, settle, follow, precede, views),
    *(walk, survey, sound),
)
