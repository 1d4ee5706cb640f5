"""Loops over the search tree of a MaxMind DB file; like the others in `_kernels`. `_search_tree` calls them.

A node is two records, each the number of a node or, from `nodes` on, a leaf: `nodes` itself stands for nothing, and
what is more for a place in the data. Source: https://maxmind.github.io/MaxMind-DB/, version 2.0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from processors._words import inlined, int64s, uint8s, uint64s

SEPARATOR = 16
"""Bytes of zeros between the tree and the data."""
FOUND_LEAF, FOUND_HIGH, FOUND_LOW, FOUND_COLUMNS = range(4)  # of a row of `found`
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
    """How many distinct leaves are below `start` that are not `seen` yet, each with an address; or what is wrong.

    `marks` has a byte for each node, `seen` one for each byte of data: what another survey marked is not visited again.
    `path` has room for `_MOST_BITS` nodes. `totals`: networks that have data, and for up to 62 bits their addresses.
    """
    mark, known, steps, rows, total = uint8s(marks), uint8s(seen), int64s(path), int64s(found), int64s(totals)
    if start >= nodes or mark[start] == _DONE:
        return 0
    count, depth, high, low = 0, 0, np.uint64(0), np.uint64(0)
    side = 0
    steps[0] = start
    mark[start] = _OPEN
    while depth >= 0:
        if side == 2:
            mark[steps[depth]] = _DONE
            depth -= 1
            if depth >= 0:
                step = _ONE << (_LAST - np.uint64(depth & 63))
                is_second = (high & step) != 0 if depth < 64 else (low & step) != 0
                side = 2 if is_second else 1
                if is_second and depth < 64:
                    high &= ~step
                elif is_second:
                    low &= ~step
            continue
        step = _ONE << (_LAST - np.uint64(depth & 63))
        if side == 1 and depth < 64:
            high |= step
        elif side == 1:
            low |= step
        node = record(tree, width, steps[depth], side)
        if node < nodes and mark[node] == 0:
            if depth + 1 >= bits:
                return ENDLESS
            depth += 1
            steps[depth] = node
            mark[node] = _OPEN
            side = 0
            continue
        if node < nodes and mark[node] == _OPEN:
            return ENDLESS
        if node > nodes:
            place = node - nodes - SEPARATOR
            if place < 0 or place >= data_size:
                return ASTRAY
            total[NETWORKS] += 1
            if bits < 63:
                total[ADDRESSES] += np.int64(1) << (bits - depth - 1)
            if known[place] == 0:
                known[place] = 1
                row = count * FOUND_COLUMNS
                rows[row + FOUND_LEAF] = node
                rows[row + FOUND_HIGH] = np.int64(high)
                rows[row + FOUND_LOW] = np.int64(low)
                count += 1
        if side == 1 and depth < 64:
            high &= ~step
        elif side == 1:
            low &= ~step
        side += 1
    return count
