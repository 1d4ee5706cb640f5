"""Rows of text told apart by where it is in memory, as a compiled loop; like `_kernels`."""

from __future__ import annotations

from typing import Any

import numpy as np

from processors._words import WORD, hashed, int64s, uint8s, uint32s, uint64s

VIEW, NOWHERE = 2 * WORD, -1
_HALF = np.uint64(32)


def views(at: int, nulls: int, count: int, seed: Any, table: int, table_size: int, codes: int, rows: int) -> int:
    """How many different views there are; the code of each row from 1 on, 0 for null, and the first row of each code.

    A view is 16 bytes: a short text itself, or the length, beginning and place of a longer one. `nulls`: where it is
    said of each row whether it is null; 0 where none is. The table is zeros, and has more entries than there are rows.
    """
    words, of, firsts, places = uint64s(at), uint32s(codes), int64s(rows), uint32s(table)
    mask, last = np.uint64(table_size - 1), at + VIEW * count - WORD
    known, code, seen = 0, 0, NOWHERE
    for row in range(count):
        if nulls and uint8s(nulls)[row]:  # whose view may be any, as that of a text
            of[row] = 0
            continue
        first, second = words[2 * row], words[2 * row + 1]
        if seen == NOWHERE or words[2 * seen] != first or words[2 * seen + 1] != second:
            place = np.int64(hashed(at + VIEW * row, VIEW, last, np.uint64(seed)) >> _HALF & mask)
            code = np.int64(places[place])
            while code and (words[2 * firsts[code - 1]] != first or words[2 * firsts[code - 1] + 1] != second):
                place = np.int64(np.uint64(place + 1) & mask)
                code = np.int64(places[place])
            if code == 0:
                firsts[known] = row
                known += 1
                code = known
                places[place] = code
        of[row], seen = code, row
    return known
