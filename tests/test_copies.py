"""A copy of what was read brings nothing, is known to be one, and hides nothing that comes after it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from processors import ingest, lake, ledger, run, status
from processors.content import Content
from schemas import Events
from tests import workspaces
from tests.test_rereading import COMBINED, WRONG, at, lay, settle
from tests.workspaces import AS_OF

LINES = [workspaces.line(at(n), f"user{n}") for n in range(6)]
DATA = b"".join(LINES)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("size", [len(DATA), len(DATA) // 2])
def test_an_unchanged_copy_costs_a_look_at_its_state_and_waits_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes], size: int
) -> None:
    workspace = settle(tmp_path, COMBINED)
    lay(workspace, {"access.log": DATA, "access.log.1": pack(DATA[:size])})
    assert run.ingest(workspace, as_of=AS_OF).lines == 6
    assert status.status(workspace).sources[0].waiting == ()
    opened: list[Path] = []

    def open_it(path: Path) -> Content:
        opened.append(path)
        return Content(path)

    monkeypatch.setattr(ingest, "Content", open_it)
    lay(workspace, {"access.log": DATA + workspaces.line(at(9))})
    for _ in range(2):
        run.ingest(workspace, as_of=AS_OF)
    assert [path.name for path in opened] == ["access.log"]


def test_a_copy_that_grows_or_goes_is_a_copy_no_more(tmp_path: Path) -> None:
    workspace = settle(tmp_path, COMBINED)
    lay(workspace, {"access.log": DATA, "access.log.1": DATA, "access.log.2": DATA})
    run.ingest(workspace, as_of=AS_OF)
    (entry,) = ledger.read(workspace.lake, "panel")
    assert [Path(name).name for name in entry.copies] == ["access.log.1", "access.log.2"]
    lay(workspace, {"access.log.1": DATA + workspaces.line(at(9), "tom")})
    (tmp_path / "landing" / "access.log.2").unlink()
    assert run.ingest(workspace, as_of=AS_OF).lines == 1
    (entry,) = ledger.read(workspace.lake, "panel")
    assert not entry.copies or "landing/access.log.2" not in entry.copies
    assert lake.scan(workspace.lake, Events).collect().height == 7


def test_a_copy_of_a_line_that_still_waits_for_its_end_is_read_when_it_is_all_that_is_left(tmp_path: Path) -> None:
    workspace = settle(tmp_path, COMBINED)
    lay(workspace, {"access.log": DATA.removesuffix(b"\n"), "access.log.1": DATA.removesuffix(b"\n")})
    assert run.ingest(workspace, as_of=AS_OF).lines == 5
    (tmp_path / "landing" / "access.log").unlink()
    run.ingest(workspace, as_of=AS_OF)
    assert lake.scan(workspace.lake, Events).collect().height == 6


def test_a_copy_is_read_again_under_other_settings_where_its_original_is_gone(tmp_path: Path) -> None:
    workspace = settle(tmp_path, WRONG["format"])
    lay(workspace, {"access.log": DATA, "access.log.1.gz": gzip.compress(DATA)})
    run.ingest(workspace, as_of=AS_OF)
    (tmp_path / "landing" / "access.log").unlink()
    workspace = settle(tmp_path, COMBINED)
    assert run.ingest(workspace, as_of=AS_OF).events == 6
    assert lake.scan(workspace.lake, Events).collect().height == 6


def test_a_compressed_file_that_breaks_off_within_what_was_read_is_said_to_break_off(tmp_path: Path) -> None:
    workspace = settle(tmp_path, COMBINED)
    packed = gzip.compress(DATA, compresslevel=0)
    lay(workspace, {"access.log": DATA, "access.log.1.gz": packed[: len(packed) - 200]})
    (warning,) = run.ingest(workspace, as_of=AS_OF).warnings
    assert warning.startswith("landing/access.log.1.gz: the compressed data breaks off")
    assert "read from landing/access.log" in warning and "Deliver the whole file again" in warning
