"""What is decided can be carried out, whatever it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors import decision, lake, run, settings
from processors.errors import DataError
from schemas import Events
from tests import workspaces
from tests.test_moved import assert_same, text
from tests.test_rereading import COMBINED, lay, settle
from tests.workspaces import AS_OF

TWO_FOLDERS = text(web="landing/a/*.log*", more="landing/b/*.log*")
OKTA = '[workspace]\ntime_zone = "{zone}"\n[[sources]]\nname = "okta"\nfiles = "landing/*.json"\nformat = "okta"\n'
PADDED = b"[\n" + b" " * (17 << 20) + b"]\n"


def moved_over_its_copy(folder: Path) -> settings.Settings:
    """One delivery lay in the folders of two sources, was read there, and then the one file replaced the other."""
    workspace = settle(folder, TWO_FOLDERS)
    data = b"".join(workspaces.history(7, 20))
    lay(workspace, {"a/access.log": data, "b/access.log": data})
    run.ingest(workspace, as_of=AS_OF)
    (folder / "landing/a/access.log").rename(folder / "landing/b/access.log")
    return workspace


def test_a_file_moved_over_its_copy_of_another_source_brings_nothing_and_leaves_that_source(tmp_path: Path) -> None:
    workspace, fresh = moved_over_its_copy(tmp_path / "a"), settle(tmp_path / "b", TWO_FOLDERS)
    for _ in range(2):
        assert not run.ingest(workspace, as_of=AS_OF).problems
    lay(fresh, {"b/access.log": b"".join(workspaces.history(7, 20))})
    run.ingest(fresh, as_of=AS_OF)
    assert_same(workspace, fresh)
    assert set(lake.scan(workspace.lake, Events).collect()["source"]) == {"more"}


def test_a_document_of_nothing_but_white_space_is_read_and_brings_nothing(tmp_path: Path) -> None:
    workspace = settle(tmp_path, OKTA)
    lay(workspace, {"export.json": PADDED})
    for _ in range(2):
        read = run.ingest(workspace, as_of=AS_OF)
        assert (read.lines, read.problems) == (0, ())


def test_a_decision_without_rows_that_an_earlier_version_left_is_carried_out_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = moved_over_its_copy(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(decision, "_carry_out", _killed)
        run.ingest(workspace, as_of=AS_OF)
    assert list((tmp_path / "lake/_recent_activities/staging").glob("source-*/decided.json"))
    (tmp_path / "landing/b/access.log").unlink()
    run.ingest(workspace, as_of=AS_OF)
    assert set(lake.scan(workspace.lake, Events).collect()["source"]) == {"more"}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"parts": "x"}', b"\xff"])
def test_a_decision_that_is_none_any_more_is_named_with_a_remedy_that_works(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = workspaces.history(7, 20)
    workspace, fresh = settle(tmp_path / "a", COMBINED), settle(tmp_path / "b", COMBINED)
    lay(workspace, {"access.log": b"".join(lines[:9])})
    run.ingest(workspace, as_of=AS_OF)
    for one in (workspace, fresh):
        lay(one, {"access.log": b"".join(lines)})
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(decision, "_change_quarantine", _killed)
        run.ingest(workspace, as_of=AS_OF)
    (decided,) = (tmp_path / "a/lake/_recent_activities/staging").glob("source-*/decided.json")
    decided.write_bytes(data)
    ledger = tmp_path / "a/lake/_recent_activities/ledger/source=panel/0.parquet"
    with pytest.raises(DataError, match=rf"decided\.json: is damaged.*delete it and {ledger}"):
        run.ingest(workspace, as_of=AS_OF)
    decided.unlink()
    ledger.unlink()
    for one in (workspace, fresh):
        run.ingest(one, as_of=AS_OF)
    assert_same(workspace, fresh)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
