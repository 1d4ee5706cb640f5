"""Lines of JSON → the text at paths of their records, of those lines of which a loop over bytes is certain.

Such a line is one object that every decoder reads as the loop does. Where a path leads, it has text, a whole number of
at most 18 digits, null, or nothing; what is above that are objects, and lists where the path has a filter.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from processors import _scan
from processors._record_tree import Tree
from processors._spans import Spans

_OPEN, _QUOTE = b'{"'
_WHOLE = r"\A-?[0-9]{1,18}\z"
_WHOLE_OR_TRUTH = r"\A(?:-?[0-9]{1,18}|true|false)\z"


def read(lines: Spans, tree: Tree, flags: Collection[str] = ()) -> tuple[pl.DataFrame, pl.Series]:
    """The text of each path, null where there is none, and which lines are certain; elsewhere it means nothing.

    At paths that are `flags` truth values are text as well.
    """
    at, lengths, is_certain = _scan.json(
        lines.data, lines.at, lines.lengths, tree.nodes, tree.keys, tree.text, tree.slot_count
    )
    # what stands before it means nothing to the loop, and something where lines may be no JSON
    is_certain[is_certain] = lines.data[lines.at[is_certain]] == _OPEN
    columns: dict[str, pl.Series] = {}
    for path, slot in tree.slots.items():
        lengths[slot][~is_certain] = -1
        columns[path] = Spans(lines.data, at[slot], lengths[slot]).text
        is_bare = lengths[slot] > 0
        is_bare[is_bare] = lines.data[at[slot][is_bare] - 1] != _QUOTE
        if is_bare.any():
            shape = _WHOLE_OR_TRUTH if path in flags else _WHOLE
            is_certain[is_bare] &= columns[path].filter(pl.Series(is_bare)).str.contains(shape).to_numpy()
    return pl.DataFrame(columns), pl.Series(is_certain)
