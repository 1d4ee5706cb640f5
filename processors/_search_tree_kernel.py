"""Loops over the tree and the records of a MaxMind DB file; like the others in `_kernels`. `_search_tree` calls them.

A node is two records, each the number of a node or, from `nodes` on, a leaf: `nodes` itself stands for nothing, and
what is more for a place in the data. Source: https://maxmind.github.io/MaxMind-DB/, version 2.0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from processors._words import WORD, byte_at, inlined, int64s, uint8s, uint64s

SEPARATOR = 16
"""Bytes of zeros between the tree and the data."""
NETWORKS, ADDRESSES, TOTALS = range(3)  # of `totals`
ENDLESS, ASTRAY = -1, -2  # what is wrong with a tree
_OPEN, _DONE = 1, 2
_MOST_BITS = 128
_ONE, _LAST = np.uint64(1), np.uint64(63)


@inlined
def record(tree: int, width: int, node: int, side: int) -> Any:
    """One of the two records of a node, which is 6, 7 or 8 bytes wide; in 7 the middle one is shared."""
    at = uint8s(tree + node * width)
    if width == 6:
        first = 3 * side
        found = (np.int64(at[first]) << 16) | (np.int64(at[first + 1]) << 8) | np.int64(at[first + 2])
    elif width == 8:
        first = 4 * side
        found = (np.int64(at[first]) << 24) | (np.int64(at[first + 1]) << 16)
        found |= (np.int64(at[first + 2]) << 8) | np.int64(at[first + 3])
    else:
        first = 4 * side
        top = np.int64(at[3]) & 0x0F if side else np.int64(at[3]) >> 4
        found = (top << 24) | (np.int64(at[first]) << 16) | (np.int64(at[first + 1]) << 8) | np.int64(at[first + 2])
    return found


@inlined
def bit_of(high: Any, low: Any, depth: int) -> Any:
    """The bit of an address of two words, the first one highest."""
    word = high if depth < 64 else low
    return np.int64((word >> (_LAST - np.uint64(depth & 63))) & _ONE)


def walk(
    tree: int, nodes: int, width: int, start: int, bits: int, highs: int, lows: int, count: int, leaves: int
) -> int:
    """Nothing; the leaf of each address from the node `start` on, or a node where the tree does not end in `bits`."""
    high, low, found = uint64s(highs), uint64s(lows), int64s(leaves)
    for row in range(count):
        node, depth = start, 0
        while node < nodes and depth < bits:
            node = record(tree, width, node, bit_of(high[row], low[row], depth))
            depth += 1
        found[row] = node
    return 0


def survey(
    tree: int,
    nodes: int,
    width: int,
    start: int,
    bits: int,
    data_size: int,
    marks: int,
    seen: int,
    path: int,
    found: int,
    totals: int,
) -> int:
    """How many distinct leaves are below `start` that are not `seen` yet; or what is wrong, below zero.

    `marks` has a byte for each node, `seen` one for each byte of data: what another survey marked is not visited again.
    `path` has room for twice `_MOST_BITS` numbers. `totals`: networks that have data, and of IPv4 their addresses.
    """
    mark, known, rows, total = uint8s(marks), uint8s(seen), int64s(found), int64s(totals)
    steps, sides = int64s(path), int64s(path + _MOST_BITS * WORD)
    if start >= nodes or mark[start] == _DONE:
        return 0
    count, depth = 0, 0
    steps[0], sides[0] = start, 0
    mark[start] = _OPEN
    while depth >= 0:
        side = sides[depth]
        sides[depth] += 1
        if side > 1:
            mark[steps[depth]] = _DONE
            depth -= 1
            continue
        node = record(tree, width, steps[depth], side)
        if node < nodes and mark[node] == 0 and depth + 1 < bits:
            depth += 1
            steps[depth], sides[depth] = node, 0
            mark[node] = _OPEN
        elif node < nodes and mark[node] != _DONE:
            return ENDLESS
        elif node > nodes:
            place = node - nodes - SEPARATOR
            if place < 0 or place >= data_size:
                return ASTRAY
            total[NETWORKS] += 1
            if bits == 32:
                total[ADDRESSES] += np.int64(1) << (bits - depth - 1)
            if known[place] == 0:
                known[place] = 1
                rows[count] = node
                count += 1
    return count


POINTER, TEXT, DOUBLE, BYTES, UINT16, UINT32, MAP, INT32, UINT64, UINT128, ARRAY, _, _, TRUTH, FLOAT = range(1, 16)
_MOST_DEPTH, _MOST_VALUES = 32, 1 << 16
FRAME_LEFT, FRAME_RESUME, FRAME_IS_MAP, FRAME_COLUMNS = range(4)  # of a row of `frames`


@njit
def is_text(place: int, end: int) -> bool:
    """Whether the bytes are UTF-8."""
    is_right = True
    while is_right and place < end:
        first = byte_at(place)
        place += 1
        if first < 0x80:
            continue
        more = 1 if first < 0xE0 else 2 if first < 0xF0 else 3
        least, most = 0x80, 0xBF
        if first == 0xE0:
            least = 0xA0
        elif first == 0xED:  # surrogates
            most = 0x9F
        elif first == 0xF0:
            least = 0x90
        elif first == 0xF4:
            most = 0x8F
        is_right = 0xC2 <= first <= 0xF4 and place + more <= end
        for _ in range(more):
            is_right = is_right and least <= byte_at(place) <= most
            place += 1
            least, most = 0x80, 0xBF
    return is_right


@njit
def is_sound(data: int, size: int, at: int, room: int) -> bool:
    """Whether a value of known types is there, all of it inside the data, and every key of its maps is a text.

    `room`: for `_MOST_DEPTH` frames.
    """
    frames = int64s(room)
    depth, values = 0, 0
    frames[FRAME_LEFT], frames[FRAME_RESUME], frames[FRAME_IS_MAP] = 1, -1, 0
    place, is_pointed_at = at, False
    while depth >= 0:
        frame = depth * FRAME_COLUMNS
        left = frames[frame + FRAME_LEFT]
        if left == 0:
            if frames[frame + FRAME_RESUME] >= 0:
                place = frames[frame + FRAME_RESUME]
            depth -= 1
            continue
        values += 1
        if place >= size or values > _MOST_VALUES:
            return False
        control = byte_at(data + place)
        place += 1
        kind = control >> 5
        if kind == 0:
            if place >= size:
                return False
            kind = byte_at(data + place) + 7
            place += 1
        is_key = frames[frame + FRAME_IS_MAP] != 0 and left % 2 == 0
        if kind == POINTER:
            wide = ((control >> 3) & 3) + 1
            if is_pointed_at or place + wide > size or depth + 1 >= _MOST_DEPTH:
                return False
            target = 0 if wide == 4 else control & 7
            for step in range(wide):
                target = (target << 8) | byte_at(data + place + step)
            target += 2048 if wide == 2 else 526336 if wide == 3 else 0
            frames[frame + FRAME_LEFT] = left - 1
            depth += 1
            frame = depth * FRAME_COLUMNS
            # a map of which a key is left, where a key has to be there
            frames[frame + FRAME_LEFT], frames[frame + FRAME_RESUME] = 2 if is_key else 1, place + wide
            frames[frame + FRAME_IS_MAP] = 1 if is_key else 0
            place, is_pointed_at = target, True
            continue
        length = control & 31
        more = length - 28 if length > 28 else 0
        if place + more > size:
            return False
        if more:
            extra = 0
            for step in range(more):
                extra = (extra << 8) | byte_at(data + place + step)
            length = extra + (29 if more == 1 else 285 if more == 2 else 65821)
            place += more
        frames[frame + FRAME_LEFT] = left - 1
        if is_pointed_at and is_key:  # there is no value behind what was pointed at
            frames[frame + FRAME_LEFT] = 0
        is_pointed_at = False
        if is_key and kind != TEXT:
            return False
        if kind in (MAP, ARRAY):
            if depth + 1 >= _MOST_DEPTH or length > _MOST_VALUES:
                return False
            depth += 1
            frame = depth * FRAME_COLUMNS
            frames[frame + FRAME_LEFT], frames[frame + FRAME_RESUME] = 2 * length if kind == MAP else length, -1
            frames[frame + FRAME_IS_MAP] = 1 if kind == MAP else 0
            continue
        if kind == TRUTH:
            if length > 1:
                return False
            continue
        is_long = (
            (kind == DOUBLE and length != 8)
            or (kind == FLOAT and length != 4)
            or (kind == UINT16 and length > 2)
            or (kind in (UINT32, INT32) and length > 4)
            or (kind == UINT64 and length > 8)
            or (kind == UINT128 and length > 16)
        )
        if is_long or kind > FLOAT or kind in (12, 13) or place + length > size:
            return False
        if kind == TEXT and not is_text(data + place, data + place + length):
            return False
        place += length
    return True


def sound(data: int, size: int, places: int, count: int, room: int, answers: int) -> int:
    """Nothing; for each place in the data 1 where a sound map is, and 0 where none is."""
    at, found = int64s(places), uint8s(answers)
    for row in range(count):
        is_map = 0 <= at[row] < size and byte_at(data + at[row]) >> 5 == MAP
        found[row] = 1 if is_map and is_sound(data, size, at[row], room) else 0
    return 0
