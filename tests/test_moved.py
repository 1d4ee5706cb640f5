"""A file is of the source that the settings give it to, whichever source had read it before."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from processors import check, lake, ledger, run, settings, status
from schemas import Events, Ledger, Quarantine
from tests import workspaces
from tests.test_laws import compute, left_behind
from tests.test_rereading import at, held, lay, settle
from tests.workspaces import AS_OF

REQUESTS = 'login_requests = ["POST /login"]\nlogout_requests = ["POST /logout"]\n'


def text(**files: str) -> str:
    sources = (f'[[sources]]\nname = "{k}"\nfiles = "{v}"\nformat = "combined"\n{REQUESTS}' for k, v in files.items())
    return '[workspace]\ntime_zone = "{zone}"\n' + "".join(sources)


WEB, PANEL = text(web="landing/**/*.log*"), text(panel="landing/**/*.log*")
H1_H2 = text(web="landing/h1/*.log*", more="landing/h2/*.log*")
CROSSED = text(web="landing/h2/*.log*", more="landing/h1/*.log*")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    lines = workspaces.history(7, 60)
    return {
        "h1/access.log.1": b"".join(lines[:25]),
        "h1/access.log": b"".join(lines[25:40]),
        "h2/access.log": b"".join(lines[40:]),
        "h2/access.log.2.gz": gzip.compress(b"".join(lines[40:50])),
    }


def counts(workspace: settings.Settings) -> dict[str, dict[str, tuple[int, int]]]:
    return {
        name: {one.file_id: (one.event_count, one.quarantined_count) for one in ledger.read(workspace.lake, name)}
        for name in lake.partitions(workspace.lake, Ledger)
    }


def assert_same(workspace: settings.Settings, fresh: settings.Settings) -> None:
    assert held(workspace.root) == held(fresh.root)
    assert counts(workspace) == counts(fresh)


@pytest.mark.parametrize(
    ("before", "now"), [(WEB, PANEL), (WEB, H1_H2), (H1_H2, CROSSED), (H1_H2, PANEL), (CROSSED, WEB)]
)
def test_sources_that_were_renamed_split_crossed_or_joined_give_what_a_fresh_lake_would_hold(
    tmp_path: Path, files: dict[str, bytes], before: str, now: str
) -> None:
    workspace, fresh = settle(tmp_path / "a", before), settle(tmp_path / "b", now)
    for one in (workspace, fresh):
        lay(one, files)
        compute(one)
    workspace = settle(workspace.root, now)
    notes = run.ingest(workspace, as_of=AS_OF).notes
    assert any("read again" in note for note in notes)
    compute(workspace)
    assert_same(workspace, fresh)
    assert run.ingest(workspace, as_of=AS_OF).lines == 0


def test_a_folder_renamed_with_its_source_is_the_same_files(tmp_path: Path, files: dict[str, bytes]) -> None:
    workspace = settle(tmp_path, text(web="landing/h1/*.log*"))
    lay(workspace, files)
    run.ingest(workspace, as_of=AS_OF)
    before = lake.scan(workspace.lake, Events).collect().height
    (tmp_path / "landing" / "h1").rename(tmp_path / "landing" / "panel")
    workspace = settle(tmp_path, text(panel="landing/panel/*.log*"))
    assert (
        "panel: 2 files that were read as web are read again, as panel alone"
        in run.ingest(workspace, as_of=AS_OF).notes
    )
    events = lake.scan(workspace.lake, Events).collect()
    assert events.height == before and set(events["source"]) == {"panel"}


def test_a_file_that_grew_and_was_rotated_before_its_source_was_renamed_is_read_once(tmp_path: Path) -> None:
    lines = [workspaces.line(at(n)) for n in range(4)]
    workspace = settle(tmp_path, WEB)
    lay(workspace, {"access.log": b"".join(lines[:2]) + b"bad\n"})
    run.ingest(workspace, as_of=AS_OF)
    workspace = settle(tmp_path, PANEL)
    (tmp_path / "landing" / "access.log").unlink()
    lay(
        workspace,
        {"access.log.1.gz": gzip.compress(b"".join([*lines[:2], b"bad\n", lines[2]])), "access.log": lines[3]},
    )
    run.ingest(workspace, as_of=AS_OF)
    for table, height in ((Events, 4), (Quarantine, 1)):
        rows = lake.scan(workspace.lake, table).collect()
        assert rows.height == height and set(rows["source"]) == {"panel"}


def test_what_another_source_read_of_a_file_that_is_gone_stays(tmp_path: Path, files: dict[str, bytes]) -> None:
    workspace = settle(tmp_path, WEB)
    lay(workspace, files)
    run.ingest(workspace, as_of=AS_OF)
    before = lake.scan(workspace.lake, Events).collect().height
    (tmp_path / "landing" / "h1" / "access.log.1").unlink()
    workspace = settle(tmp_path, PANEL)
    found = [*status.status(workspace).warnings, *(one.message for one in check.check(tmp_path, as_of=lambda _: AS_OF))]
    left = [
        said for said in found if said.startswith("web: no source has this name any more; the 24 events read from 1 ")
    ]
    assert len(left) == 2
    for _ in range(2):
        run.ingest(workspace, as_of=AS_OF)
        rows = lake.scan(workspace.lake, Events).collect()
        assert rows.height == before == rows.select("file_id", "line_number").n_unique()
        assert rows.group_by("source").agg(pl.col("file_id").n_unique()).sort("source").rows() == [
            ("panel", 2),
            ("web", 1),
        ]


def test_a_beginning_of_what_another_source_read_takes_nothing_from_it(tmp_path: Path) -> None:
    lines = [workspaces.line(at(n)) for n in range(4)]
    workspace = settle(tmp_path, WEB)
    lay(workspace, {"access.log": b"".join(lines)})
    run.ingest(workspace, as_of=AS_OF)
    (tmp_path / "landing" / "access.log").unlink()
    workspace = settle(tmp_path, PANEL)
    lay(workspace, {"access.log.1": b"".join(lines[:2])})
    assert run.ingest(workspace, as_of=AS_OF).lines == 0
    assert lake.scan(workspace.lake, Events).collect().height == 4


def test_two_sources_of_one_stream_leave_each_other_what_is_theirs(tmp_path: Path) -> None:
    workspace = settle(tmp_path, text(live="landing/*.log", rotated="landing/*.log.*"))
    line = workspaces.line(at(0))
    lay(workspace, {"access.log": line, "access.log.1": line})
    for lines in (2, 0, 0):
        assert run.ingest(workspace, as_of=AS_OF).lines == lines
    assert lake.scan(workspace.lake, Events).collect().height == 2


@pytest.mark.parametrize("then", [PANEL, WEB])
def test_a_move_killed_anywhere_and_started_again_was_never_killed(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """Whatever the settings are when it is started again."""
    fresh = settle(tmp_path / "fresh", then)
    lay(fresh, files)
    run.ingest(fresh, as_of=AS_OF)
    folder = tmp_path / "moved"
    lay(settle(folder, WEB), files)
    run.ingest(settings.load(folder), as_of=AS_OF)
    workspace = settle(folder, PANEL)
    with left_behind(monkeypatch, folder, tmp_path) as killed:
        run.ingest(workspace, as_of=AS_OF)
    assert len(killed) > 10
    for copy in (folder, *killed):
        again = settle(copy, then)
        run.ingest(again, as_of=AS_OF)
        assert_same(again, fresh)
