"""Paths into records as the numbers with which a loop over bytes finds them: see `_scan.json`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from processors import _scan
from processors._paths import compiled
from processors._records import is_path


class Unreadable(ValueError):
    """Some paths cannot be looked for at once: two filters of one list, or a value that is an object as well."""


@dataclass
class _Block:
    """What is looked for in an object: by key, the path of a value, something else below it, or None: nothing.

    Of the objects of a list the one whose value of the first key is `wanted`.
    """

    below: dict[str, str | _Block | None] = field(default_factory=dict)
    wanted: tuple[str, str] | None = None


class Tree:
    """The nodes, keys and texts of some paths, and the slot of each; `absent` are keys no record may have.

    Errors: `Unreadable`.
    """

    def __init__(self, paths: frozenset[str], absent: frozenset[str] = frozenset()) -> None:
        self.slots: dict[str, int] = {}
        self.slot_count = 0
        self._nodes: list[tuple[int, ...]] = []
        self._keys: list[tuple[int, ...]] = []
        self._text = b""
        root = _Block(dict.fromkeys(sorted(absent)))
        for path in sorted(paths):
            _insert(root, path)
        self._grow(root, _scan.OBJECT)
        self.nodes, self.keys = np.array(self._nodes), np.array(self._keys).reshape(-1, _scan.KEY_COLUMNS)
        self.text = np.frombuffer(self._text + b"\0" * _scan.ROOM, np.uint8)

    def _grow(self, block: _Block, kind: int) -> int:
        """The node of the block, with all that is below it."""
        node, slot, first_child = len(self._nodes), self.slot_count, 0
        self._nodes.append(())
        if block.wanted and kind == _scan.ITEMS:
            first_child = self._grow(block, _scan.ITEM)
            self._nodes[node] = (first_child, first_child, slot, self.slot_count, kind, 0, 0)
            return node
        children = [(self._placed(name), self._child(below)) for name, below in block.below.items()]
        first = len(self._keys)
        self._keys += [(*at, child) for at, child in children]
        wanted = self._placed(block.wanted[1]) if block.wanted else (0, 0)
        self._nodes[node] = (first, len(self._keys), slot, self.slot_count, kind, *wanted)
        return node

    def _child(self, below: str | _Block | None) -> int:
        if isinstance(below, _Block):
            return self._grow(below, _scan.ITEMS if below.wanted else _scan.BLOCK)
        node, slot = len(self._nodes), self.slot_count
        if below is not None:
            self.slots[below] = slot
            self.slot_count += 1
        kind = _scan.NEVER if below is None else _scan.VALUE
        self._nodes.append((0, 0, slot, self.slot_count, kind, 0, 0))
        return node

    def _placed(self, text: str) -> tuple[int, int]:
        """Where the text stands among all, and how long it is."""
        at, written = len(self._text), text.encode()
        self._text += written
        return at, len(written)


def _insert(root: _Block, path: str) -> None:
    block, written = root, ""
    *above, last = compiled(path)
    for name, key, value in above:
        wanted = None if key is None else (key, value or "")
        written += f"{name}." if key is None else f"{name}[{key}={value}]."
        new = _Block({} if key is None else {key: f"{written}{key}"}, wanted)
        block = _same(block.below.setdefault(name, new), wanted)
        if not is_path((name,) if wanted is None else (name, *filter(None, wanted))):
            raise Unreadable(path)
    if last.key is not None or not is_path((last.name,)) or block.below.setdefault(last.name, path) != path:
        raise Unreadable(path)


def _same(found: str | _Block | None, wanted: tuple[str, str] | None) -> _Block:
    if not isinstance(found, _Block) or found.wanted != wanted:
        raise Unreadable
    return found
