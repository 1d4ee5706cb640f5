"""A table file whose bytes are wrong is named, with a remedy that works."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from processors import __main__, lake, run, settings
from processors.errors import DataError, LakeError
from schemas import Events, Quarantine
from tests import workspaces
from tests.workspaces import AS_OF

DAY = date(2025, 8, 29)


@pytest.fixture(scope="module")
def lines() -> bytes:
    return b"".join(workspaces.history(7, 60))


def days_work(folder: Path, lines: bytes) -> settings.Settings:
    workspace = workspaces.write(folder)
    workspaces.land(workspace, "access.log", lines)
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    return workspace


def table_files(workspace: settings.Settings) -> list[Path]:
    return sorted((workspace.root / "lake").rglob("*.parquet"))


@pytest.mark.parametrize("damage", [lambda _: b"", lambda data: data[:-9], lambda data: bytes(len(data))])
def test_a_file_that_was_emptied_cut_or_overwritten_is_refused(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    lake.replace(tmp_path, Events, DAY, Events.empty(), bucket="panel")
    path = lake.file_of(tmp_path, Events, DAY, "panel")
    assert isinstance(path, Path)
    path.write_bytes(damage(path.read_bytes()))
    for read in (
        lambda: lake.scan(tmp_path, Events),
        lambda: lake.read_file(path, Events),
        lambda: lake.metadata(path),
    ):
        with pytest.raises(DataError, match=re.escape(f"{path}: is damaged")):
            read()


def test_every_command_names_a_damaged_table_file_in_a_line(tmp_path: Path, lines: bytes) -> None:
    workspace = days_work(tmp_path, lines)
    named = set()
    for path in table_files(workspace):
        data = path.read_bytes()
        path.write_bytes(data[:-9])
        for command in (
            ["ingest"],
            ["sessions", "--date", str(DAY)],
            ["report", "--date", str(DAY)],
            ["show"],
            ["status"],
        ):
            result = CliRunner().invoke(__main__.app, [*command, "-w", str(tmp_path)])
            assert result.exception is None or isinstance(result.exception, SystemExit), (path, command)
            if result.exit_code:
                said = result.stderr.replace("\n", "")
                assert result.exit_code == 1 and str(path) in said and "is damaged" in said
                named.add(path)
        path.write_bytes(data)
    assert named == set(table_files(workspace))


@pytest.mark.parametrize("table", ["events", "quarantine", "_recent_activities/ledger"])
def test_without_a_damaged_file_and_its_ledger_all_comes_back_once(tmp_path: Path, lines: bytes, table: str) -> None:
    workspace = days_work(tmp_path, lines)
    before = [lake.scan(workspace.lake, kind).collect() for kind in (Events, Quarantine)]
    assert all(rows.height for rows in before)
    for path in (tmp_path / "lake" / table).rglob("*.parquet"):
        path.write_bytes(b"")
        with pytest.raises(DataError, match=r"_recent_activities/ledger/source=panel/0\.parquet"):
            lake.scan(workspace.lake, Events).collect(), lake.scan(workspace.lake, Quarantine).collect()
            lake.read_file(path, Events)
        path.unlink()
    (tmp_path / "lake/_recent_activities/ledger/source=panel/0.parquet").unlink(missing_ok=True)
    run.ingest(workspace, as_of=AS_OF.replace(month=9, day=2))
    for rows, kind in zip(before, (Events, Quarantine), strict=True):
        assert (
            lake.scan(workspace.lake, kind)
            .drop("landed_date", strict=False)
            .collect()
            .equals(rows.drop("landed_date", strict=False))
        )


def test_what_may_not_be_read_asks_for_permission_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = workspaces.write(tmp_path)
    lake.replace(workspace.lake, Events, DAY, Events.empty(), bucket="panel")
    opened = Path.open

    def denied(self: Path, *arguments: str) -> object:
        if self.suffix == ".parquet":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments)

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(LakeError, match=r"panel\.parquet: cannot be read .*read permission"):
        lake.scan(workspace.lake, Events)


def test_damage_within_a_file_names_where_it_is(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match=f"{re.escape(str(tmp_path))}: holds a file that is damaged"),
        lake.reached(tmp_path),
    ):
        raise pl.exceptions.ComputeError("parquet: File out of specification: Invalid thrift")
