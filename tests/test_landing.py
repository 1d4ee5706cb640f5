from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from processors import landing, settings
from processors.errors import LandingError

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def content(path: Path, data: bytes) -> landing.Content:
    path.write_bytes(data)
    return landing.Content(path)


def cut(chunks: list[bytes], *, whole: bool = True, document: bool = False) -> list[landing.Slab]:
    return list(landing.slabs(iter(chunks), at_start=True, is_document=document, is_whole=lambda rest: whole))


@pytest.mark.parametrize("packed", PACKERS)
def test_content_is_told_by_its_first_bytes_not_by_its_name(tmp_path: Path, packed: str) -> None:
    data = b"first\nsecond\n" * 5000
    read = content(tmp_path / "access.log", PACKERS[packed](data))
    assert b"".join(read.chunks()) == data
    assert b"".join(read.chunks(len(data) - 7)) == b"second\n"
    assert read.is_compressed == (packed != "plain") and not read.is_truncated


@pytest.mark.parametrize("packed", ["gzip", "zstd", "bzip2", "xz"])
def test_members_one_after_the_other_are_one_content(tmp_path: Path, packed: str) -> None:
    pack = PACKERS[packed]
    assert b"".join(content(tmp_path / "x", pack(b"a\n") + pack(b"b\n")).chunks()) == b"a\nb\n"


@pytest.mark.parametrize("packed", ["gzip", "zstd", "bzip2", "xz"])
def test_compressed_data_that_breaks_off_gives_what_it_holds_and_says_so(tmp_path: Path, packed: str) -> None:
    data = os.urandom(1 << 20)
    whole = PACKERS[packed](data)
    read = content(tmp_path / "x", whole[: len(whole) * 3 // 4])
    held = b"".join(read.chunks())
    assert data.startswith(held) and read.is_truncated
    assert packed in ("bzip2", "xz") or held  # those two hold nothing of a block that is not whole


def test_zeros_after_a_member_are_padding_and_garbage_is_damage(tmp_path: Path) -> None:
    padded = content(tmp_path / "padded", gzip.compress(b"a\n") + bytes(9000))
    assert b"".join(padded.chunks()) == b"a\n" and not padded.is_truncated
    garbage = content(tmp_path / "garbage", gzip.compress(b"a\n") + b"garbage")
    assert b"".join(garbage.chunks()) == b"a\n" and garbage.is_truncated


def test_a_bomb_is_unpacked_piece_by_piece(tmp_path: Path) -> None:
    bomb = content(tmp_path / "bomb.gz", gzip.compress(bytes(64 << 20), 9))
    assert max(map(len, bomb.chunks())) < 8 << 20


@given(
    st.lists(st.sampled_from([b"a", b"bb\n", b"\n", b"\r\n", b"\x00", b"\xff", "\u2028".encode()])), st.integers(1, 9)
)
def test_lines_are_cut_at_newlines_only_and_every_byte_is_accounted_for(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    slabs = cut([data[n : n + size] for n in range(0, len(data), size)])
    assert b"".join(slab.data for slab in slabs) == data
    assert sum(slab.span for slab in slabs) == len(data)
    assert all(slab.data.endswith(b"\n") for slab in slabs[:-1])


def test_an_unfinished_last_line_waits_unless_it_is_whole() -> None:
    assert [slab.data for slab in cut([b"a\nb"], whole=False)] == [b"a\n"]
    assert [slab.data for slab in cut([b"a\nb"], whole=True)] == [b"a\n", b"b"]


def test_a_line_longer_than_a_slab_is_cut_and_its_neighbours_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "SLAB_BYTES", 50)
    monkeypatch.setattr(landing, "LINE_BYTES", 20)
    data = b"before\n" + b"x" * 500 + b"\nafter\n"
    slabs = cut([data[n : n + 7] for n in range(0, len(data), 7)])
    assert [slab.data for slab in slabs] == [b"before\n", b"x" * 21 + b"\n", b"after\n"]
    assert sum(slab.span for slab in slabs) == len(data)


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    (slab,) = cut([b"\xef\xbb\xbfa\n"])
    assert (slab.data, slab.span) == (b"a\n", 5)


@pytest.mark.parametrize(
    ("document", "records"),
    [
        (b'[{"a":1},{"a":2}]', [b'{"a":1}', b'{"a":2}']),
        (b'[\n {"a":1},\n {"a":\n  "]}"}\n]\n[{"a":3}]\n', [b'{"a":1}', b'{"a":   "]}"}', b'{"a":3}']),
        (b'{\n "a": 1\n}\n{\n "a": 2\n}\n', [b'{  "a": 1 }', b'{  "a": 2 }']),
        (b'[{"a":1},\n{"a":x},\n{"a":3}]', [b'{"a":1}', b'{"a":x},', b'{"a":3}']),
        (b"[]", []),
    ],
)
def test_records_of_a_document_come_one_a_line(document: bytes, records: list[bytes]) -> None:
    slabs = cut([document], document=True)
    assert b"".join(slab.data for slab in slabs).splitlines() == records
    assert not document[sum(slab.span for slab in slabs) :].strip(b"\n[]")  # brackets after the last record wait


@given(st.integers(1, 30))
def test_a_document_is_cut_alike_however_it_is_read(size: int) -> None:
    document = '[{"a":"é"},\n{"b":{"c":[1,2]}} , {"d":"\\""}]'.encode()
    slabs = cut([document[n : n + size] for n in range(0, len(document), size)], document=True)
    assert b"".join(slab.data for slab in slabs).count(b"\n") == 3


def test_a_record_that_is_still_being_written_waits() -> None:
    slabs = cut([b'[{"a":1},{"a":'], document=True, whole=False)
    assert [(slab.data, slab.span) for slab in slabs] == [(b'{"a":1}\n', 8)]


def test_a_bomb_of_brackets_is_one_bad_record() -> None:
    slabs = cut([b'{"a":' * 200_000 + b"\n"], document=True)
    assert b"".join(slab.data for slab in slabs).count(b"\n") <= 2


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("panel/access.log", "panel/access.log"),
        ("panel/access.log.1", "panel/access.log"),
        ("panel/access.log.12.gz", "panel/access.log"),
        ("panel/access.log-20250829.gz", "panel/access.log"),
        ("panel/access.log-20250829-0400.zst", "panel/access.log"),
        ("keycloak.log.2025-08-29", "keycloak.log"),
        ("okta/export.json.gz", "okta/export.json"),
        ("okta/page-17.json", "okta/page-17.json"),
        ("host-1/access.log", "host-1/access.log"),
    ],
)
def test_a_stream_is_a_path_without_what_rotation_adds(name: str, stream: str) -> None:
    assert landing.stream_of(name)[0] == stream


def workspace(folder: Path, *patterns: str) -> settings.Settings:
    sources = [f'[[sources]]\nname = "s{n}"\nformat = "combined"\nfiles = "{p}"\n' for n, p in enumerate(patterns)]
    (folder / "workspace.toml").write_text('[workspace]\ntime_zone = "UTC"\n' + "".join(sources))
    return settings.load(folder)


def test_a_file_that_two_sources_claim_belongs_to_neither(tmp_path: Path) -> None:
    (tmp_path / "a.log").touch()
    (tmp_path / "b.log").touch()
    loaded = workspace(tmp_path, "*.log", "b.*")
    found, problems = landing.files(loaded, loaded.sources[0])
    assert [file.name for file in found] == ["a.log"]
    assert "b.log" in str(problems[0]) and "s0 and s1" in str(problems[0])


def test_a_folder_in_a_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "access.log").mkdir()
    loaded = workspace(tmp_path, "access.log")
    _, (problem,) = landing.files(loaded, loaded.sources[0])
    assert "access.log" in str(problem) and "folder" in str(problem)


def test_a_missing_file_is_said_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(LandingError, match=r"gone\.log.*Check the path"):
        landing.Content(tmp_path / "gone.log")


def test_a_disk_that_fails_while_reading_is_named(tmp_path: Path) -> None:
    memory = tmp_path / "broken.log"
    memory.symlink_to("/proc/self/mem")  # its first page cannot be read
    with pytest.raises(LandingError, match=r"broken\.log.*Check the disk"):
        landing.Content(memory)


def test_garbage_in_a_document_is_cut_at_newlines_after_so_many_failures() -> None:
    document = b"[\n" + b"{x\n" * 5000 + b'{"a":1}\n'
    records = b"".join(slab.data for slab in cut([document], document=True)).splitlines()
    assert records == [b"{x"] * 5000 + [b'{"a":1}']


def test_many_tiny_lines_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "SLAB_LINES", 10)
    slabs = cut([b"\xef\xbb\xbf" + b"a\n" * 95 + b"\n" * 40])
    assert max(slab.data.count(b"\n") for slab in slabs) <= 10
    assert b"".join(slab.data for slab in slabs) == b"a\n" * 95 + b"\n" * 40
    assert sum(slab.span for slab in slabs) == 3 + 95 * 2 + 40
