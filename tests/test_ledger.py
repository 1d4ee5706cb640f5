from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors import landing, ledger, recognize
from processors.content import Content
from processors.landing import File

LINES = b"".join(b"line %d of a log that is long enough to pass a checkpoint\n" % n for n in range(60_000))


def entry(data: bytes, *, stream: str = "access.log", name: str = "a") -> ledger.Entry:
    digest = ledger.Digest()
    digest.feed(data)
    digest.mark()
    return ledger.Entry(
        stream,
        "access.log",
        "1 1 1",
        False,
        file_id=name,
        read_bytes=len(data),
        checkpoints=digest.checkpoints | digest.marks,
    )


def recognized(path: Path, data: bytes, *entries: ledger.Entry) -> tuple[str, int] | None:
    path.write_bytes(data)
    known = recognize.recognize(Content(path), list(entries))
    return known and (known.entry.file_id, known.offset)


@pytest.mark.parametrize("size", [100, 70_000, 3_000_000])
def test_a_grown_file_continues_where_reading_stopped(tmp_path: Path, size: int) -> None:
    assert recognized(tmp_path / "x", LINES, entry(LINES[:size])) == ("a", size)


@pytest.mark.parametrize("size", [100, 70_000, 3_000_000])
def test_the_same_content_brings_nothing(tmp_path: Path, size: int) -> None:
    assert recognized(tmp_path / "x", LINES[:size], entry(LINES[:size])) == ("a", size)


@pytest.mark.parametrize("size", [150, 60_000, 70_000, 3_000_000])
def test_a_copy_of_the_beginning_is_known_wherever_it_was_cut(tmp_path: Path, size: int) -> None:
    known = recognized(tmp_path / "x", LINES[:size], entry(LINES))
    assert known == ("a", size)


@pytest.mark.parametrize("place", [10, 65_000, 66_000, 2_999_999])
def test_one_other_byte_makes_another_file(tmp_path: Path, place: int) -> None:
    other = LINES[:place] + b"#" + LINES[place + 1 :]
    assert recognized(tmp_path / "x", other, entry(LINES[:3_000_000])) is None


def test_a_file_with_another_ending_in_its_head_is_another_file(tmp_path: Path) -> None:
    head = b"one\ntwo\n"
    assert recognized(tmp_path / "x", head + b"2.5\n", entry(head + b"three\n")) is None


def test_of_two_beginnings_the_longest_is_continued(tmp_path: Path) -> None:
    entries = entry(LINES[:100], name="short"), entry(LINES[:5000], name="long")
    assert recognized(tmp_path / "x", LINES[:9000], *entries) == ("long", 5000)


def test_an_empty_file_is_nobody(tmp_path: Path) -> None:
    assert recognized(tmp_path / "x", b"", entry(LINES[:100])) is None


@given(st.lists(st.integers(1, 200_000), max_size=5))
def test_digests_do_not_depend_on_how_the_content_is_fed(cuts: list[int]) -> None:
    data = LINES[:200_000]
    at_once, in_pieces = ledger.Digest(), ledger.Digest()
    at_once.feed(data)
    edges = sorted({0, len(data), *cuts})
    for start, end in pairwise(edges):
        in_pieces.feed(data[start:end])
    assert in_pieces.checkpoints == at_once.checkpoints


def test_entries_survive_the_table() -> None:
    one = entry(LINES[:5000])
    one.reasons = {"malformed_line": 2}
    frame = ledger.frame([one])
    (back,) = [ledger._entry(row) for row in frame.to_dicts()]
    assert back == one


def test_a_file_is_renamed_when_its_inode_stays_and_is_not_behind_its_old_name(tmp_path: Path) -> None:
    one = entry(LINES[:100])
    one.path, one.file_state = "landing/access.log", "9 9 1"
    file = File("panel", tmp_path / "landing/old.log", "landing/old.log", "landing/old.log", "9 9 1", False, 9)
    assert recognize.Entries([one], [file]).candidates(file, b"") == [one]
    (tmp_path / "landing").mkdir()
    live = tmp_path / "landing/access.log"
    for content, is_renamed in ((b"", True), (LINES[100:], True), (LINES[:100], False), (LINES, False)):
        live.write_bytes(content)
        assert recognize.Entries([one], [file]).candidates(file, b"") == ([one] if is_renamed else [])
    live.write_bytes(LINES[100:])
    linked = replace(file, state=landing.state_of(live) or "")
    one.file_state = linked.state
    assert recognize.Entries([one], [linked]).candidates(linked, b"") == []
