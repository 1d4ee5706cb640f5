from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors import slabs


def cut(chunks: list[bytes], *, whole: bool = True, document: bool = False) -> list[slabs.Slab]:
    return list(slabs.slabs(iter(chunks), at_start=True, is_document=document, is_whole=lambda rest: whole))


@given(
    st.lists(st.sampled_from([b"a", b"bb\n", b"\n", b"\r\n", b"\x00", b"\xff", "\u2028".encode()])), st.integers(1, 9)
)
def test_lines_are_cut_at_newlines_only_and_every_byte_is_accounted_for(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    found = cut([data[n : n + size] for n in range(0, len(data), size)])
    assert b"".join(slab.data for slab in found) == data
    assert sum(slab.span for slab in found) == len(data)
    assert all(slab.data.endswith(b"\n") for slab in found[:-1])
    assert sum(slab.line_count for slab in found) == len(data.removesuffix(b"\n").split(b"\n") if data else [])


def test_an_unfinished_last_line_waits_unless_it_is_whole() -> None:
    assert [slab.data for slab in cut([b"a\nb"], whole=False)] == [b"a\n"]
    assert [slab.data for slab in cut([b"a\nb"], whole=True)] == [b"a\n", b"b"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"before\n"])
@pytest.mark.parametrize("document", [False, True])
@pytest.mark.parametrize("size", [1, 7, 60, 1000])
def test_a_line_longer_than_a_slab_is_cut_and_measured_wherever_a_chunk_ends(
    monkeypatch: pytest.MonkeyPatch, start: bytes, end: bytes, document: bool, size: int
) -> None:
    monkeypatch.setattr(slabs, "SLAB_BYTES", 50)
    monkeypatch.setattr(slabs, "LINE_BYTES", 20)
    data = start + b"x" * 200 + end + (b"after\n" if end else b"")
    found = cut([data[n : n + size] for n in range(0, len(data), size)], document=document)
    lines = b"".join(slab.data for slab in found).splitlines()
    assert [line[:20] for line in lines] == [b"before"] * (b"before" in start) + [b"x" * 20] + [b"after"] * bool(end)
    assert not data[sum(slab.span for slab in found) :].strip(b"\n")  # what ends a document waits
    (long,) = (slab for slab in found if b"xx" in slab.data)
    assert (long.line_bytes or len(long.data.split(b"\n")[b"before" in long.data])) == 200 + len(end.rstrip(b"\n"))


def test_a_bad_record_is_one_line_wherever_a_slab_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "SLAB_BYTES", 100)
    data = b'[{"a":1},\n' + b'{"a":x' * 12 + b"\n" + b'{"a":2}]'
    for size in range(1, 60):
        found = cut([data[n : n + size] for n in range(0, len(data), size)], document=True)
        assert b"".join(slab.data for slab in found).splitlines() == [b'{"a":1}', b'{"a":x' * 12, b'{"a":2}']


def test_brackets_without_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "SLAB_BYTES", 100)
    found = cut([b"[" * 60] * 50, document=True)
    assert not any(slab.data for slab in found) and sum(slab.span for slab in found) > 2800


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    (slab,) = cut([b"\xef\xbb\xbfa\n"])
    assert (slab.data, slab.span) == (b"a\n", 5)


@pytest.mark.parametrize(
    ("document", "records"),
    [
        (b'[{"a":1},{"a":2}]', [b'{"a":1}', b'{"a":2}']),
        (b'[\n {"a":1},\n {"a":\n  "]}"}\n]\n[{"a":3}]\n', [b'{"a":1}', b'{"a":   "]}"}', b'{"a":3}']),
        (b'{\n "a": 1\n}\n{\n "a": 2\n}\n', [b'{  "a": 1 }', b'{  "a": 2 }']),
        (b'[{"a":1},\n{"a":x},\n{"a":3}]', [b'{"a":1}', b'{"a":x}', b'{"a":3}']),
        (b"[]", []),
    ],
)
def test_records_of_a_document_come_one_a_line(document: bytes, records: list[bytes]) -> None:
    found = cut([document], document=True)
    assert b"".join(slab.data for slab in found).splitlines() == records
    assert not document[sum(slab.span for slab in found) :].strip(b"\n[]")  # brackets after the last record wait


@given(st.integers(1, 30))
def test_a_document_is_cut_alike_however_it_is_read(size: int) -> None:
    document = '[{"a":"é"},\n{"b":{"c":[1,2]}} , {"d":"\\""}]'.encode()
    found = cut([document[n : n + size] for n in range(0, len(document), size)], document=True)
    assert b"".join(slab.data for slab in found).count(b"\n") == 3


def test_a_record_that_is_still_being_written_waits() -> None:
    found = cut([b'[{"a":1},{"a":'], document=True, whole=False)
    assert [(slab.data, slab.span) for slab in found] == [(b'{"a":1}\n', 8)]


def test_a_bomb_of_brackets_is_one_bad_record() -> None:
    found = cut([b'{"a":' * 200_000 + b"\n"], document=True)
    assert b"".join(slab.data for slab in found).count(b"\n") <= 2


def test_garbage_in_a_document_is_cut_at_newlines_after_so_many_failures() -> None:
    document = b"[\n" + b"{x\n" * 5000 + b'{"a":1}\n'
    records = b"".join(slab.data for slab in cut([document], document=True)).splitlines()
    assert records == [b"{x"] * 5000 + [b'{"a":1}']


@pytest.mark.parametrize("lines", [[b"\n"] * 11 + [b"x" * 99 + b"\n"], [b"x" * 99 + b"\n"] + [b"\n"] * 11])
def test_many_tiny_lines_beside_a_long_one_come_in_parts(lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "SLAB_LINES", 10)
    data = b"".join(lines)
    cut = [*slabs.slabs(iter([data]), at_start=True, is_document=False, is_whole=lambda _: True)]
    assert b"".join(slab.data for slab in cut) == data and sum(slab.span for slab in cut) == len(data)
    assert all(slab.data.count(b"\n") <= 10 for slab in cut) and all(slab.data for slab in cut)


def test_many_tiny_lines_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "SLAB_LINES", 10)
    found = cut([b"\xef\xbb\xbf" + b"a\n" * 95 + b"\n" * 40])
    assert max(slab.data.count(b"\n") for slab in found) <= 10
    assert b"".join(slab.data for slab in found) == b"a\n" * 95 + b"\n" * 40
    assert sum(slab.span for slab in found) == 3 + 95 * 2 + 40
