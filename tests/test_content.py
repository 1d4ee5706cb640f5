from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from processors.content import HEAD_BYTES, Content
from processors.errors import LandingError

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def content(path: Path, data: bytes) -> Content:
    path.write_bytes(data)
    return Content(path)


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


@pytest.mark.parametrize("packed", ["gzip", "zstd", "bzip2", "xz"])
def test_zeros_after_a_member_are_padding_and_other_bytes_are_ignored_and_said(tmp_path: Path, packed: str) -> None:
    pack = PACKERS[packed]
    padded = content(tmp_path / "padded", pack(b"a\n") + bytes(9000) + pack(b"b\n"))
    assert b"".join(padded.chunks()) == b"a\nb\n" and not padded.is_truncated and not padded.has_garbage
    garbage = content(tmp_path / "garbage", pack(b"a\n") + b"garbage")
    assert b"".join(garbage.chunks()) == b"a\n" and garbage.has_garbage and not garbage.is_truncated


@pytest.mark.parametrize("size", [1, 5, 20])
def test_a_second_member_that_breaks_off_is_no_garbage(tmp_path: Path, size: int) -> None:
    broken = content(tmp_path / "x", gzip.compress(b"a\n") + gzip.compress(b"b\n")[:size])
    b"".join(broken.chunks())
    assert broken.is_truncated and not broken.has_garbage


def wide(data: bytes, window_log: int) -> bytes:
    """As `zstd --long=…` packs what it is given through a pipe."""
    parameters = zstandard.ZstdCompressionParameters(window_log=window_log, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("window_log", [27, 28])
def test_a_window_of_zstd_may_be_as_wide_as_memory_allows(tmp_path: Path, window_log: int) -> None:
    read = content(tmp_path / "x", wide(b"a\n", window_log))
    assert read.head() == b"a\n" and not read.is_truncated


@pytest.mark.parametrize(("window_log", "size"), [(29, "512"), (31, "2,048")])
@pytest.mark.parametrize("before", [b"", *(struct.pack("<II", 0x184D2A50, n) + bytes(n) for n in range(2028, 2042))])
def test_a_wider_one_is_refused_and_not_taken_for_damage(
    tmp_path: Path, window_log: int, size: str, before: bytes
) -> None:
    read = content(tmp_path / "x", before + wide(os.urandom(9000), window_log))
    with pytest.raises(LandingError, match=rf"needs a window of {size} MiB .*256 MiB are allowed.*without --long"):
        b"".join(read.chunks())


def test_zstd_may_begin_with_a_frame_of_metadata(tmp_path: Path) -> None:
    for n in range(16):
        metadata = struct.pack("<II", 0x184D2A50 + n, 4) + b"size"
        read = content(tmp_path / "x", (metadata + zstandard.compress(b"a\n")) * 2)
        assert read.is_compressed and b"".join(read.chunks()) == b"a\na\n" and not read.is_truncated


def tar(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("access.log")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("access.log", data)
    return packed.getvalue()


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("archive", [tar, zipped])
def test_an_archive_is_no_log_however_it_is_compressed(
    tmp_path: Path, archive: Callable[[bytes], bytes], packed: str
) -> None:
    data = PACKERS[packed](archive(os.urandom(100_000)))
    with pytest.raises(LandingError, match=r"archive.*Unpack it"):
        content(tmp_path / "logs.tar.gz", data).head()


@pytest.mark.parametrize("packed", PACKERS)
def test_the_head_is_the_same_however_it_is_compressed(tmp_path: Path, packed: str) -> None:
    data = random.Random(1).randbytes(300_000)
    assert content(tmp_path / "x", PACKERS[packed](data)).head() == data[:HEAD_BYTES]
    assert content(tmp_path / "y", PACKERS[packed](data[:10])).head() == data[:10]


def test_a_bomb_is_unpacked_piece_by_piece(tmp_path: Path) -> None:
    bomb = content(tmp_path / "bomb.gz", gzip.compress(bytes(64 << 20), 9))
    assert max(map(len, bomb.chunks())) < 8 << 20


def test_a_missing_file_is_said_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(LandingError, match=r"gone\.log.*Check the path"):
        Content(tmp_path / "gone.log")


def test_a_disk_that_fails_while_reading_is_named(tmp_path: Path) -> None:
    memory = tmp_path / "broken.log"
    memory.symlink_to("/proc/self/mem")  # its first page cannot be read
    with pytest.raises(LandingError, match=r"broken\.log.*Check the disk"):
        Content(memory)


@pytest.mark.parametrize("data", [b"\x1f", b"B", b"BZ", b"\x28\xb5", b"\xfd7zX", b"P"])
def test_the_first_bytes_of_a_compressed_file_are_not_yet_told_from_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    assert Content(path).is_too_short_to_tell and not Content(path).is_compressed
    for more in (b"", b"a", data + b"x"):
        path.write_bytes(more)
        assert not Content(path).is_too_short_to_tell
