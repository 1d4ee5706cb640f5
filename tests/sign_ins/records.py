"""What records of all identity providers are tried with."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

DRIFTED = [None, 7, 7.5, True, "text", "", "0", [], {}, [{}], {"a": {"b": []}}, [None, 1]]
"""Values that no documentation promises where another one should be."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "id", "name"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def changes(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Any values for some of the fields."""
    return st.dictionaries(st.sampled_from(sorted(set(names))), VALUES, max_size=8)


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """The columns in which two rows differ, but for where they stand."""
    return {name for name in one if one[name] != other[name] and name != "line_number"}
