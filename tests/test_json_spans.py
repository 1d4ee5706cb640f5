"""A glance at where an object ends never disagrees with the decoder."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors._json_spans import DECODER, WINDOW, items, members, skimmed


@pytest.mark.parametrize("after", [b"", b",", b"\n{", b" ]}", b"}", b" x", b"\r\n"])
def test_a_glance_finds_the_end(after: bytes) -> None:
    data = b'[{"a":"}","b":[{}]}' + after
    assert skimmed(memoryview(data), 1) == 19


@pytest.mark.parametrize(
    "data", [b'{"a":', b'{"a":x}', b'{"a":"\\ud800"}', b"{" + b" " * WINDOW + b"}", b'{"a":' * 9000]
)
def test_a_glance_that_does_not_tell_says_so(data: bytes) -> None:
    assert skimmed(memoryview(data), 0) == 0


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*'{}[],:" \\x1', '"a":', '"b"', "null", "-1", "\xe9", "\n", "1e5", "\\u00e9"]), max_size=20
    )
)
def test_a_glance_and_the_decoder_agree(pieces: list[str]) -> None:
    text = "{" + "".join(pieces)
    found = skimmed(memoryview(text.encode("latin-1")), 0)
    if found:
        assert DECODER.raw_decode(text)[1] == found


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.text(max_size=4), values, max_size=4), st.lists(values, max_size=4), st.sampled_from([None, 2])
)
def test_members_and_items_are_where_they_are(
    record: dict[str, object], some: list[object], indent: int | None
) -> None:
    text = "x" + json.dumps(record, indent=indent) + "x"
    assert [(key, json.loads(text[at:after])) for key, at, after in members(text, 1)] == list(record.items())
    text = json.dumps(some, indent=indent)
    assert [json.loads(text[at:after]) for at, after in items(text, 0)] == some
