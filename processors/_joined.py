"""Two MaxMind DB files, one of IPv4 and one of IPv6, as one that has both: the packages of ip-location-db bring two.

The tree of IPv4 is hung at ::/96 of the other, where readers look for it. The data stand one behind the other, and the
pointers in those that move are written anew. Source: https://maxmind.github.io/MaxMind-DB/, version 2.0.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_MARK = b"\xab\xcd\xefMaxMind.com"
_LONGEST_METADATA = 128 * 1024
_SEPARATOR = bytes(16)
_IPV4_DEPTH = 96
_RECORD_BITS = 32
_POINTER, _STRING, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY, _BOOLEAN = 1, 2, 5, 6, 7, 9, 11, 14
_POINTER_BASES = (0, 2_048, 526_336, 0)
_SIZE_BASES = (29, 285, 65_821)
_WIDE_POINTER = _POINTER << 5 | 3 << 3
_WIDE_BYTES = 5


class NotJoinable(ValueError):
    """The two are no pair, or one of them is damaged."""


class _Layout(NamedTuple):
    """What the metadata of a file say of it."""

    nodes: int
    record_bits: int
    ip_version: int
    build_epoch: int


def join(paths: Sequence[Path], target: Path, *, name: str, description: str) -> None:
    """Write one file of both to `target`; it is as old as the older one. Errors: `NotJoinable`."""
    contents = {(layout := _layout(content := path.read_bytes())).ip_version: (layout, content) for path in paths}
    if len(paths) != 2 or contents.keys() != {4, 6}:
        raise NotJoinable(f"expected a file of IPv4 and one of IPv6; got {', '.join(path.name for path in paths)}")
    ipv4, ipv6 = contents[4][0], contents[6][0]
    (tree4, data4), (tree6, data6) = (_sections(*contents[version]) for version in (4, 6))
    moved, shifts = _moved(data6, len(data4))
    node, depth = 0, 0
    while depth < _IPV4_DEPTH - 1 and tree6[node, 0] < ipv6.nodes:
        node, depth = int(tree6[node, 0]), depth + 1
    chain = _IPV4_DEPTH - 1 - depth  # as many nodes are missing on the way to ::/96
    nodes = ipv6.nodes + chain + ipv4.nodes
    aside = tree6[node, :1]  # what all of ::/96 led to, less IPv4
    six, beside = (_numbered(records, ipv6.nodes, nodes, 0, shifts) for records in (tree6, aside))
    six[node, 0] = ipv6.nodes  # the first of the chain; where none is missing, the root of the other tree
    links = np.stack([np.arange(chain) + ipv6.nodes + 1, np.full(chain, beside[0])], axis=1)
    four = _numbered(tree4, ipv4.nodes, nodes, ipv6.nodes + chain, np.arange(len(data4), dtype=np.uint32))
    facts = {
        "binary_format_major_version": (_UINT16, 2),
        "binary_format_minor_version": (_UINT16, 0),
        "build_epoch": (_UINT64, min(ipv4.build_epoch, ipv6.build_epoch)),
        "database_type": name,
        "description": {"en": description},
        "ip_version": (_UINT16, 6),
        "languages": [],
        "node_count": (_UINT32, nodes),
        "record_size": (_UINT16, _RECORD_BITS),
    }
    with target.open("wb") as file:
        for records in (six, links, four):
            file.write(records.astype(">u4").data)
        for part in (_SEPARATOR, data4, moved, _MARK, _encoded(facts)):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _layout(content: bytes) -> _Layout:
    at = content.rfind(_MARK, -_LONGEST_METADATA)
    try:
        facts, _ = _decoded(content, at + len(_MARK))
        found = _Layout(*(facts[key] for key in ("node_count", "record_size", "ip_version", "build_epoch")))
        is_good = at > 0 and all(isinstance(number, int) for number in found)
    except (IndexError, KeyError, RecursionError, TypeError, ValueError):
        is_good = False
    if not is_good:
        raise NotJoinable("a file is no MaxMind DB")
    return found


def _sections(layout: _Layout, content: bytes) -> tuple[Any, bytes]:
    """The records of a file's tree, a node a row, and its data."""
    width, end = layout.record_bits // 4, content.rfind(_MARK)
    size = layout.nodes * width
    if width not in (6, 7, 8) or layout.nodes < 1 or size + len(_SEPARATOR) > end:
        raise NotJoinable("a file is shorter than its tree")
    raw = np.frombuffer(content, np.uint8, size).reshape(layout.nodes, width)
    tree = np.empty((layout.nodes, 2), np.uint32)
    for side, columns in enumerate(((0, 1, 2), (width - 3, width - 2, width - 1))):
        first, second, third = (raw[:, column].astype(np.uint32) for column in columns)
        tree[:, side] = first << 16 | second << 8 | third
    if width == 7:  # the halves of the middle byte are the highest bits
        tree[:, 0] |= (raw[:, 3] >> 4).astype(np.uint32) << 24
        tree[:, 1] |= (raw[:, 3] & 15).astype(np.uint32) << 24
    if width == 8:
        tree = raw.view(">u4").astype(np.uint32)
    return tree, content[size + len(_SEPARATOR) : end]


def _numbered(records: Any, own: int, nodes: int, first: int, places: Any) -> Any:
    """Records of a tree of `own` nodes in one of `nodes`, of which they are those from `first` on.

    `places`: where in the data each byte of the tree's own data is now.
    """
    leaves = records > own
    at = records[leaves] - (own + len(_SEPARATOR))
    if len(at) and at.max() >= len(places):  # also of a leaf in the separator, whose place is below zero
        raise NotJoinable("a tree leads out of its data")
    found = records + np.uint32(first)
    found[records == own] = nodes
    found[leaves] = places[at] + np.uint32(nodes + len(_SEPARATOR))
    return found


def _moved(data: bytes, start: int) -> tuple[bytes, Any]:
    """The data as they are when they begin at `start`, and where each byte of them is then."""
    positions, sizes, targets = (np.frombuffer(numbers, np.int64) for numbers in _pointers(data))
    if len(targets) and targets.max() >= len(data):
        raise NotJoinable("a pointer leads out of the data")
    growth = np.zeros(len(data) + 1, np.uint32)
    growth[positions + sizes] = _WIDE_BYTES - sizes
    places = np.arange(len(data), dtype=np.uint32) + np.uint32(start) + np.cumsum(growth[:-1], dtype=np.uint32)
    wide = np.zeros((len(targets), _WIDE_BYTES), np.uint8)
    wide[:, 0] = _WIDE_POINTER
    wide[:, 1:] = places[targets].astype(">u4").view(np.uint8).reshape(-1, 4)
    is_kept = np.ones(len(data), np.bool_)
    for byte in range(_WIDE_BYTES):
        is_kept[(positions + byte)[byte < sizes]] = False
    found = np.zeros(len(data) + int(growth.sum()), np.uint8)
    found[(places - np.uint32(start))[is_kept]] = np.frombuffer(data, np.uint8)[is_kept]
    found[(places[positions] - np.uint32(start))[:, None] + np.arange(_WIDE_BYTES, dtype=np.uint32)] = wide
    return found.tobytes(), places


def _pointers(data: bytes) -> tuple[array[int], array[int], array[int]]:
    """Position, size and target of each pointer."""
    positions, sizes, targets = array("q"), array("q"), array("q")
    at, end = 0, len(data)
    while at < end:
        control = data[at]
        kind, size = control >> 5, control & 31
        if kind == _POINTER:
            width = (control >> 3 & 3) + 1
            target = int.from_bytes(data[at + 1 : at + 1 + width]) + _POINTER_BASES[width - 1]
            positions.append(at)
            sizes.append(width + 1)
            targets.append(target + ((control & 7) << 8 * width) * (width < 4))
            at += width + 1
            continue
        at += 1
        if kind == 0 and at < end:
            kind = data[at] + 7
            at += 1
        if size > 28:
            width = size - 28
            size = int.from_bytes(data[at : at + width]) + _SIZE_BASES[width - 1]
            at += width
        if kind not in (_MAP, _ARRAY, _BOOLEAN):
            at += size
    if at != end:
        raise NotJoinable("the data break off")
    return positions, sizes, targets


def _decoded(content: bytes, at: int) -> tuple[Any, int]:
    """A value of the metadata, of the kinds that stand there, and where it ends."""
    control, at = content[at], at + 1
    kind, size = control >> 5, control & 31
    if kind == 0:
        kind, at = content[at] + 7, at + 1
    if size > 28:
        width = size - 28
        size, at = int.from_bytes(content[at : at + width]) + _SIZE_BASES[width - 1], at + width
    if kind == _MAP:
        found = {}
        for _ in range(size):
            key, at = _decoded(content, at)
            found[key], at = _decoded(content, at)
        return found, at
    if kind == _ARRAY:
        items = []
        for _ in range(size):
            item, at = _decoded(content, at)
            items.append(item)
        return items, at
    if kind not in (_STRING, _UINT16, _UINT32, _UINT64):
        raise ValueError(kind)
    value = content[at : at + size]
    return value.decode() if kind == _STRING else int.from_bytes(value), at + size


def _encoded(value: Any) -> bytes:
    """A value of the metadata: text, a map, an empty list, or the kind of a whole number with it."""
    if isinstance(value, dict):
        return _control(_MAP, len(value)) + b"".join(_encoded(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(map(_encoded, value))
    kind, content = (_STRING, value.encode()) if isinstance(value, str) else (value[0], _short(value[1]))
    return _control(kind, len(content)) + content


def _short(number: int) -> bytes:
    return number.to_bytes(8).lstrip(b"\0")


def _control(kind: int, size: int) -> bytes:
    """What stands before a value: its kind, and its size up to 284."""
    short, more = (size, b"") if size < 29 else (29, bytes((size - 29,)))
    return (bytes((short, kind - 7)) if kind > 7 else bytes((kind << 5 | short,))) + more
