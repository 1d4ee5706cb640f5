"""Text of many rows as codes: the loop that looks each text up, and one that makes its table larger. See `_scan`."""

from __future__ import annotations

import numpy as np
from numba import njit

from processors._words import WORD, copy, hashed, int64s, is_same, uint32s, uint64s

_HIGH, _LOW, _HALF = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFF), np.uint64(32)


@njit
def encode(
    data: int,
    size: int,
    at: int,
    lengths: int,
    first: int,
    count: int,
    seed: int,
    codes: int,
    table: int,
    table_size: int,
    offsets: int,
    texts: int,
    texts_size: int,
) -> int:
    """The row where the table is half full, or how many there are; the code of each (four bytes), and all texts.

    A place of the table has the upper half of a hash and, below it, a code. `offsets[-1]` is how many codes there are.
    """
    starts, sizes, place_of, code_of, ends = (
        int64s(at),
        int64s(lengths),
        uint64s(table),
        uint32s(codes),
        int64s(offsets),
    )
    limit, text_limit = data + size - WORD, texts + texts_size - WORD
    mask = np.uint64(table_size - 1)
    known = ends[-1]
    last, last_length, last_code = data, -1, 0
    for row in range(first, count):
        place, length = data + starts[row], sizes[row]
        if length < 0:
            code_of[row] = 0
            continue
        if length == last_length and is_same(place, last, length, limit, limit):
            code_of[row] = last_code
            continue
        hash_ = hashed(place, length, limit, np.uint64(seed))
        at_table = hash_ >> _HALF
        code = 0
        while True:
            entry = place_of[np.int64(at_table & mask)]
            if not entry:
                break
            if entry & _HIGH == hash_ & _HIGH:
                code = np.int64(entry & _LOW)
                start = ends[code]
                if ends[code + 1] - start == length and is_same(place, texts + start, length, limit, text_limit):
                    break
                code = 0
            at_table += np.uint64(1)
        if code == 0:
            if known * 2 > table_size:
                ends[-1] = known
                return row
            code = known
            known += 1
            place_of[np.int64(at_table & mask)] = (hash_ & _HIGH) | np.uint64(code)
            copy(place, length, limit, texts + ends[code])
            ends[code + 1] = ends[code] + length
        code_of[row] = code
        last, last_length, last_code = place, length, code
    ends[-1] = known
    return count


def grow(table: int, table_size: int, larger: int, larger_size: int) -> int:
    """Nothing; the entries of a table in a larger one, which is empty."""
    entries, places = uint64s(table), uint64s(larger)
    mask = np.uint64(larger_size - 1)
    for index in range(table_size):
        entry = entries[index]
        if entry:
            place = entry >> _HALF
            while places[np.int64(place & mask)]:
                place += np.uint64(1)
            places[np.int64(place & mask)] = entry
    return 0
