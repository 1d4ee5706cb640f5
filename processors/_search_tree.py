"""The search tree of a MaxMind DB file: which leaf each address leads to, and which leaves are sound.

A library's reader decodes the record of each address anew. Of many addresses few lead to different records: here the
tree is walked for all of them at once, and only one address of each leaf is left to be looked up. Of a leaf that is not
sound none must be: the reader in C (maxminddb 3.2) ends the process where the key of a map is no text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from processors._machine_code import call

SEPARATOR, TOTALS, FRAMES = 16, 2, (32, 3)
BITS = {4: 32, 6: 128}
_MOST_BITS = 128
_MARKER, _MARKED_BYTES = b"\xab\xcd\xefMaxMind.com", 128 << 10  # the metadata is behind the last one of these bytes


class BrokenTree(Exception):
    """The tree leads nowhere, or out of the file, or there is none."""


class File(NamedTuple):
    """The bytes of a file, and how many of them are before its metadata."""

    data: Any
    size: int


def mapped(path: Path) -> File:
    """The file in memory. Errors: `BrokenTree` where no sound metadata is at its end."""
    data = np.memmap(path, np.uint8, mode="r")
    tail = data[-_MARKED_BYTES:]
    place = tail.tobytes().rfind(_MARKER)
    about = tail[place + len(_MARKER) :]
    if place < 0 or not _are_sound(about, len(about), np.zeros(1, np.int64))[0]:
        raise BrokenTree
    return File(data, len(data) - len(tail) + place)


class Leaves(NamedTuple):
    """The distinct leaves; how many networks lead to them, and how many addresses of IPv4."""

    leaves: Any
    networks: int
    ipv4_addresses: int


class SearchTree:
    """The tree of a file. Errors: `BrokenTree` where the file is shorter than it."""

    def __init__(self, file: File, *, nodes: int, record_bits: int, ip_version: int) -> None:
        self._nodes, self._width = nodes, record_bits // 4
        self._data_size = file.size - nodes * self._width - SEPARATOR
        if nodes < 1 or self._width not in (6, 7, 8) or self._data_size < 0:
            raise BrokenTree
        self._file = file.data
        self._ip_version = ip_version
        zero = np.zeros(1, np.uint64)
        self._ipv4_start = int(self._walk(zero, zero, 0, 96)[0]) if ip_version == 6 else 0

    def has(self, ip_version: int) -> bool:
        """Whether addresses of this version of IP are in it at all."""
        return self._ip_version == 6 if ip_version == 6 else self._ipv4_start < self._nodes

    def leaves(self, highs: Any, lows: Any, ip_version: int) -> Any:
        """The leaf of each address, and 0 where it has none. Addresses of IPv4 are the upper half of `highs`."""
        found = self._walk(highs, lows, self._ipv4_start if ip_version == 4 else 0, BITS[ip_version])
        found[found <= self._nodes] = 0
        return found

    def are_sound(self, leaves: Any) -> Any:
        """Which of the leaves lead to data that is whole and of known types."""
        data = self._file[self._nodes * self._width + SEPARATOR :]
        return _are_sound(data, self._data_size, leaves - self._nodes - SEPARATOR)

    def every_leaf(self) -> Leaves:
        """All that the tree leads to. Errors: `BrokenTree` where it turns back on itself, or out of the data."""
        marks, seen = np.zeros(self._nodes, np.uint8), np.zeros(self._data_size, np.uint8)
        path = np.empty(2 * _MOST_BITS, np.int64)
        parts, networks, ipv4_addresses = [], 0, 0
        for version, start in {4: self._ipv4_start, 6: 0}.items():
            if not self.has(version):
                continue
            found = np.empty(min(2 * self._nodes, self._data_size) + 1, np.int64)
            totals = np.zeros(TOTALS, np.int64)
            arrays = [array.ctypes.data for array in (marks, seen, path, found, totals)]
            shape = (self._file.ctypes.data, self._nodes, self._width, start, BITS[version], self._data_size)
            count = call("survey", *shape, *arrays)
            if count < 0:
                raise BrokenTree
            parts.append(found[:count])
            networks += int(totals[0])
            ipv4_addresses += int(totals[1]) if version == 4 else 0
        return Leaves(np.concatenate(parts), networks, ipv4_addresses)

    def _walk(self, highs: Any, lows: Any, start: int, bits: int) -> Any:
        found = np.empty(len(highs), np.int64)
        arrays = [np.ascontiguousarray(words, np.uint64) for words in (highs, lows)]
        places = [array.ctypes.data for array in arrays]
        tree = (self._file.ctypes.data, self._nodes, self._width)
        call("walk", *tree, start, bits, *places, len(found), found.ctypes.data)
        return found


def _are_sound(data: Any, size: int, places: Any) -> Any:
    answers, room = np.empty(len(places), np.uint8), np.empty(FRAMES, np.int64)
    at = np.ascontiguousarray(places, np.int64)
    arrays = [array.ctypes.data for array in (room, answers)]
    call("sound", data.ctypes.data, size, at.ctypes.data, len(at), *arrays)
    return answers.astype(bool)
