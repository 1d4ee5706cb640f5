"""The search tree of a MaxMind DB file: which leaf each address leads to, and which leaves there are.

A library's reader decodes the record of each address anew. Of many addresses few lead to different records: here the
tree is walked for all of them at once, and only one address of each leaf is left to be looked up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from processors._machine_code import call

SEPARATOR, FOUND_COLUMNS, TOTALS = 16, 3, 2
ENDLESS, ASTRAY = -1, -2
BITS = {4: 32, 6: 128}
_MOST_BITS = 128


class BrokenTree(Exception):
    """The tree leads nowhere, or out of the file."""


class Leaves(NamedTuple):
    """One address of each distinct leaf, as `addresses` has them, with its version of IP; what they are of.

    `networks`: how many lead to data; `ipv4_addresses`: how many addresses of IPv4 do.
    """

    highs: Any
    lows: Any
    versions: Any
    networks: int
    ipv4_addresses: int


class SearchTree:
    """The tree, as part of the file's memory map. Errors: `BrokenTree` where the file is shorter than it."""

    def __init__(self, path: Path, *, nodes: int, record_bits: int, ip_version: int) -> None:
        self._nodes, self._width = nodes, record_bits // 4
        self._data_size = path.stat().st_size - nodes * self._width - SEPARATOR
        if nodes < 1 or self._width not in (6, 7, 8) or self._data_size < 0:
            raise BrokenTree
        self._file = np.memmap(path, np.uint8, mode="r")
        self._ip_version = ip_version
        zero = np.zeros(1, np.uint64)
        self._ipv4_start = int(self._walk(zero, zero, 0, 96)[0]) if ip_version == 6 else 0

    def leaves(self, highs: Any, lows: Any, ip_version: int) -> Any:
        """The leaf of each address, and 0 where it has none. Addresses of IPv4 are the upper half of `highs`."""
        if ip_version > self._ip_version:
            return np.zeros(len(highs), np.int64)
        found = self._walk(highs, lows, self._ipv4_start if ip_version == 4 else 0, BITS[ip_version])
        found[found <= self._nodes] = 0
        return found

    def every_leaf(self) -> Leaves:
        """All that the tree leads to. Errors: `BrokenTree` where it turns back on itself, or out of the data."""
        marks, seen = np.zeros(self._nodes, np.uint8), np.zeros(self._data_size, np.uint8)
        path = np.empty(_MOST_BITS + 1, np.int64)
        parts, networks, ipv4_addresses = [], 0, 0
        for version, start in {4: self._ipv4_start, 6: 0}.items():
            if version > self._ip_version:
                continue
            found = np.empty((min(2 * self._nodes, self._data_size) + 1, FOUND_COLUMNS), np.int64)
            totals = np.zeros(TOTALS, np.int64)
            arrays = [array.ctypes.data for array in (marks, seen, path, found, totals)]
            shape = (self._file.ctypes.data, self._nodes, self._width, start, BITS[version], self._data_size)
            count = call("survey", *shape, *arrays)
            if count < 0:
                raise BrokenTree
            parts.append((found[:count, 1:].astype(np.uint64), np.full(count, version)))
            networks += int(totals[0])
            ipv4_addresses += int(totals[1]) if version == 4 else 0
        words = np.concatenate([one for one, _ in parts])
        versions = np.concatenate([one for _, one in parts])
        return Leaves(words[:, 0], words[:, 1], versions, networks, ipv4_addresses)

    def _walk(self, highs: Any, lows: Any, start: int, bits: int) -> Any:
        found = np.empty(len(highs), np.int64)
        arrays = [np.ascontiguousarray(words, np.uint64) for words in (highs, lows)]
        places = [array.ctypes.data for array in arrays]
        tree = (self._file.ctypes.data, self._nodes, self._width)
        call("walk", *tree, start, bits, *places, len(found), found.ctypes.data)
        return found
