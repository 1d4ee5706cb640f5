from __future__ import annotations

import errno
import os
import pickle
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from processors import lake
from processors.errors import LakeError, remedy
from schemas import TABLES, InactivityWindows, Sessions

DAY = date(2025, 8, 29)


def rows(count: int) -> pl.DataFrame:
    return InactivityWindows.sample(count).drop("login_date")


def test_a_table_without_files_is_empty_and_typed(tmp_path: Path) -> None:
    for table in TABLES:
        frame = lake.scan(tmp_path, table).collect()
        assert frame.height == 0 and str(table.partition_column) in frame.columns


def test_what_was_written_is_read_with_its_partition(tmp_path: Path) -> None:
    lake.replace(tmp_path, InactivityWindows, DAY, rows(3))
    assert set(lake.scan(tmp_path, InactivityWindows).collect()["login_date"]) == {DAY}
    plain = pl.scan_parquet(tmp_path / "inactivity_windows", hive_partitioning=True).collect()
    assert plain.height == 3 and plain.schema["login_date"] == pl.Date


def test_only_the_wanted_partitions_are_opened(tmp_path: Path) -> None:
    for n in (1, 2):
        lake.replace(tmp_path, InactivityWindows, date(2025, 8, n), rows(n))
    lake.file_of(tmp_path, InactivityWindows, date(2025, 8, 1)).write_bytes(b"no parquet")
    assert lake.scan(tmp_path, InactivityWindows, [date(2025, 8, 2)]).collect().height == 2


def test_replacing_leaves_the_new_rows_alone_and_no_other_file(tmp_path: Path) -> None:
    path = lake.file_of(tmp_path, InactivityWindows, DAY)
    lake.replace(tmp_path, InactivityWindows, DAY, rows(5), notes={"as_of": "then"})
    lake.replace(tmp_path, InactivityWindows, DAY, rows(2), notes={"as_of": "now"})
    assert pl.read_parquet(path).height == 2
    assert lake.metadata(path)["as_of"] == "now"
    assert list(path.parent.iterdir()) == [path]


def test_the_same_rows_are_the_same_bytes_however_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake, "ROW_GROUP_SIZE", 300)
    frame = rows(1000)
    paths = [lake.file_of(tmp_path / name, InactivityWindows, DAY) for name in "ab"]
    lake.replace(tmp_path / "a", InactivityWindows, DAY, frame)
    lake.replace(tmp_path / "b", InactivityWindows, DAY, (frame[n : n + 70] for n in range(0, 1000, 70)))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_frame_of_other_types_is_a_defect(tmp_path: Path) -> None:
    wrong = rows(1).with_columns(pl.lit(1, dtype=pl.Int32).alias("window_s"))
    with pytest.raises(TypeError, match="window_s"):
        lake.replace(tmp_path, InactivityWindows, DAY, wrong)


def test_a_place_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "sessions").touch()
    with pytest.raises(LakeError, match=r"sessions.*run the same command again") as caught:
        lake.replace(tmp_path, Sessions, DAY, Sessions.create_empty())
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_plain_readers_never_meet_a_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.replace(tmp_path, InactivityWindows, DAY, rows(3))
    seen = []

    def look(self: Path, target: Path) -> None:
        seen.append(pl.scan_parquet(tmp_path / "inactivity_windows", hive_partitioning=True).collect().height)

    monkeypatch.setattr(Path, "replace", look)
    lake.replace(tmp_path, InactivityWindows, DAY, rows(5))
    assert seen == [3]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), lake.written(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EACCES, "permission to read and write"),
        (errno.EROFS, "Mount the disk"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENOTDIR, "A file stands where a folder is needed"),
        (errno.EIO, "Check the disk"),
    ],
)
def test_every_refusal_of_the_system_has_its_own_remedy(tmp_path: Path, number: int, remedy: str) -> None:
    with pytest.raises(LakeError, match=rf"{remedy}.*run the same command again") as caught, lake.explained(tmp_path):
        raise OSError(number, os.strerror(number))
    assert ("Free some space" in str(caught.value)) is (number == errno.ENOSPC)


def test_a_refusal_that_polars_tells_without_its_number_has_its_remedy_too() -> None:
    assert "ulimit -n" in remedy(OSError("Too many open files (os error 24)"))


def test_a_lake_that_is_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "lake").touch()
    with pytest.raises(LakeError, match="A file stands where a folder is needed"), lake.locked(tmp_path / "lake", "x"):
        pass


def test_a_file_of_an_earlier_version_has_null_in_later_columns(tmp_path: Path) -> None:
    lake.replace(tmp_path, InactivityWindows, DAY, rows(2))
    old = lake.file_of(tmp_path, InactivityWindows, date(2025, 8, 28))
    assert isinstance(old, Path)
    old.parent.mkdir()
    rows(1).drop("user_name").with_columns(retired=pl.lit(1)).write_parquet(old)
    found = lake.scan(tmp_path, InactivityWindows).collect()
    assert found.columns == InactivityWindows.column_names() and found["user_name"].null_count() == 1
    alone = lake.read_file(old, InactivityWindows)
    assert alone["user_name"].to_list() == [None] and alone.schema["user_name"] == pl.String
