"""Laws: whatever way the same input arrives, and whatever happens meanwhile, the tables are the same bytes."""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal

from processors import decision, lake, ledger, pipeline, run, settings, user_slices, workspace_day
from schemas import Events, Quarantine, Sessions
from tests import workspaces
from tests.workspaces import AS_OF

DAYS = tuple(date(2025, 8, n) for n in (28, 29, 30))
KEY = "reference.key"


def compute(workspace: settings.Settings) -> None:
    run.ingest(workspace, as_of=AS_OF)
    run.sessions(workspace, DAYS, as_of=AS_OF)


def carry_through(workspace: settings.Settings) -> None:
    compute(workspace)
    for day in DAYS:
        run.report(workspace, day)


def tables(workspace: settings.Settings) -> dict[str, bytes]:
    """What readers see: all but the ledger (it knows names and inodes) and the source's line keys."""
    return workspaces.files(workspace.root, without=("_recent_activities/", "landing/"))


def results(workspace: settings.Settings) -> dict[str, bytes]:
    """Sessions and windows: what must not depend on which file a line came in."""
    return workspaces.files(workspace.lake, without=("_recent_activities/", "events/", "quarantine/"))


def delivered_whole(folder: Path, lines: list[bytes]) -> settings.Settings:
    workspace = workspaces.write(folder)
    workspaces.land(workspace, "access.log", b"".join(lines))
    carry_through(workspace)
    return workspace


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return workspaces.history(7)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> settings.Settings:
    return delivered_whole(tmp_path_factory.mktemp("whole"), lines)


def test_the_history_is_worth_the_laws(whole: settings.Settings) -> None:
    sessions = lake.scan(whole.lake, Sessions).collect()
    assert set(sessions["end_reason"]) >= {"logout", "idle_timeout", "superseded"}
    assert sessions["login_observed"].any() and not sessions["login_observed"].all()


def test_every_line_is_an_event_or_quarantined_or_skipped(whole: settings.Settings, lines: list[bytes]) -> None:
    (entry,) = ledger.read(whole.lake, "panel")
    assert entry.line_count == len(lines)
    assert entry.line_count == entry.event_count + entry.quarantined_count + entry.skipped_count
    assert lake.scan(whole.lake, Events).collect().height == entry.event_count
    quarantine = lake.scan(whole.lake, Quarantine).collect()
    assert quarantine.height == entry.quarantined_count == lines.count(b"\x16\x03\x01 not a line\n") > 0
    assert set(quarantine["raw_bytes"]) == {b"\x16\x03\x01 not a line"}


def test_twice_is_once(tmp_path: Path, lines: list[bytes]) -> None:
    workspace = delivered_whole(tmp_path, lines)
    before = workspaces.files(tmp_path)
    carry_through(workspace)
    assert workspaces.files(tmp_path) == before


def rotations(workspace: settings.Settings, lines: list[bytes]) -> Iterator[None]:
    """The life of a log: written, read half-way through a line, rotated, read, compressed, read, copied, read."""
    data = b"".join(lines)
    live = workspaces.land(workspace, "access.log", data[: len(data) // 3])
    yield
    live.write_bytes(data)
    live.rename(live.with_name("access.log.1"))
    yield
    workspaces.land(workspace, "access.log.2.gz", gzip.compress(data))
    (live.parent / "access.log.1").unlink()
    yield
    workspaces.land(workspace, "access.log-20250830.zst", zstandard.compress(data))
    workspaces.land(workspace, "access.log.3", data[: len(data) // 2])
    yield


def test_growth_rotation_compression_and_copies_change_nothing(
    tmp_path: Path, whole: settings.Settings, lines: list[bytes]
) -> None:
    workspace = workspaces.write(tmp_path)
    for _ in rotations(workspace, lines):
        run.ingest(workspace, as_of=AS_OF)
    carry_through(workspace)
    assert tables(workspace).keys() == tables(whole).keys()
    assert results(workspace) == results(whole)
    assert [e.line_count for e in ledger.read(workspace.lake, "panel")] == [len(lines)]
    for table in (Events, Quarantine):
        ours, theirs = (lake.scan(w.lake, table).drop("path", strict=False).collect() for w in (workspace, whole))
        assert_frame_equal(ours, theirs)


def test_a_renamed_file_is_the_same_file(tmp_path: Path, whole: settings.Settings, lines: list[bytes]) -> None:
    workspace = workspaces.write(tmp_path)
    path = workspaces.land(workspace, "access.log", b"".join(lines))
    run.ingest(workspace, as_of=AS_OF)
    path.rename(path.with_name("old-panel.log"))
    compute(workspace)
    assert results(workspace) == results(whole)


@pytest.mark.parametrize("runs", [0, 1, 2])
@pytest.mark.parametrize("after", [b"", b"a line of the next day\n"])
def test_a_log_that_a_rotation_moves_into_another_folder_is_the_same_file(
    tmp_path: Path, whole: settings.Settings, lines: list[bytes], runs: int, after: bytes
) -> None:
    workspace = workspaces.write(tmp_path)
    live = workspaces.land(workspace, "access.log", b"".join(lines[:120]))
    if runs > 0:
        run.ingest(workspace, as_of=AS_OF)
    live.write_bytes(b"".join(lines))
    if runs > 1:
        run.ingest(workspace, as_of=AS_OF)
    (live.parent / "old").mkdir()
    live.rename(live.parent / "old" / "access.log.1")
    live.write_bytes(after)
    for _ in range(2):
        compute(workspace)
        counts = [e.line_count for e in ledger.read(workspace.lake, "panel")]
        assert sorted(counts) == sorted([len(lines), *([1] if after else [])])
    assert results(workspace) == results(whole)


def test_an_inode_that_another_host_was_given_makes_no_file_of_it(tmp_path: Path, lines: list[bytes]) -> None:
    """As where files are delivered by way of temporary ones: those that went leave their numbers to the next."""
    workspace = workspaces.write(tmp_path)
    second = workspaces.land(workspace, "web-2/access.log", b"".join(lines[:50]))
    run.ingest(workspace, as_of=AS_OF)
    (tmp_path / "landing/web-1").mkdir()
    second.rename(tmp_path / "landing/web-1/access.log")
    second.write_bytes(b"".join(lines[:60]))
    run.ingest(workspace, as_of=AS_OF)
    assert sorted(e.line_count for e in ledger.read(workspace.lake, "panel")) == [50, 60]


def test_a_log_cut_and_rewritten_in_place_is_a_new_one(tmp_path: Path, lines: list[bytes]) -> None:
    workspace = workspaces.write(tmp_path)
    path = workspaces.land(workspace, "access.log", b"".join(lines[:120]))
    run.ingest(workspace, as_of=AS_OF)
    path.write_bytes(b"".join(lines[120:]))
    run.ingest(workspace, as_of=AS_OF)
    assert sorted(e.line_count for e in ledger.read(workspace.lake, "panel")) == [len(lines) - 120, 120]


def test_two_hosts_whose_logs_begin_alike_are_two_streams(tmp_path: Path, lines: list[bytes]) -> None:
    workspace = workspaces.write(tmp_path)
    for host in ("web-1", "web-2"):
        workspaces.land(workspace, f"{host}/access.log", b"".join(lines[:50]))
    run.ingest(workspace, as_of=AS_OF)
    assert [e.line_count for e in ledger.read(workspace.lake, "panel")] == [50, 50]


def test_a_line_out_of_range_is_judged_again_at_another_as_of(
    tmp_path: Path, whole: settings.Settings, lines: list[bytes]
) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", b"".join(lines))
    assert run.ingest(workspace, as_of=datetime(2035, 1, 1, tzinfo=UTC)).events == 0
    early = run.ingest(workspace, as_of=datetime(2025, 8, 28, tzinfo=UTC))
    assert 0 < early.events < len(lines) / 2
    assert lake.scan(workspace.lake, Quarantine).collect()["quarantine_reason"].n_unique() == 2
    compute(workspace)
    assert results(workspace) == results(whole)
    (entry,), (expected,) = (ledger.read(w.lake, "panel") for w in (workspace, whole))
    assert (entry.line_count, entry.event_count, entry.reasons, entry.quarter_hours) == (
        expected.line_count,
        expected.event_count,
        expected.reasons,
        expected.quarter_hours,
    )
    assert lake.scan(workspace.lake, Quarantine).collect().height == entry.quarantined_count


@pytest.mark.parametrize("seed", range(12))
def test_any_split_order_and_repetition_gives_the_same_sessions(
    tmp_path: Path, whole: settings.Settings, lines: list[bytes], seed: int
) -> None:
    rng = random.Random(seed)
    workspace = workspaces.write(tmp_path)
    cuts = sorted({0, len(lines), *rng.sample(range(1, len(lines)), rng.randint(1, 6))})
    pieces = [b"".join(lines[start:end]) for start, end in pairwise(cuts)]
    pack: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, zstandard.compress]
    for number in rng.sample(range(len(pieces)), len(pieces)):
        workspaces.land(workspace, f"access.log.{number}", rng.choice(pack)(pieces[number]))
        if rng.random() < 0.5:
            run.ingest(workspace, as_of=AS_OF)
        if rng.random() < 0.3:
            run.sessions(workspace, DAYS, as_of=AS_OF)
    compute(workspace)
    assert results(workspace) == results(whole)


def test_a_day_merged_in_slices_is_the_same(
    tmp_path: Path, whole: settings.Settings, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision, "SLICE_ROWS", 9)
    assert tables(delivered_whole(tmp_path, lines)) == tables(whole)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_days_computed_in_slices_of_the_users_are_the_same(
    tmp_path: Path, whole: settings.Settings, lines: list[bytes], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    events = lake.scan(whole.lake, Events).collect().height
    monkeypatch.setattr(pipeline, "EVENTS_PER_SLICE", -(-events // count))
    monkeypatch.setattr(pipeline, "BATCH_EVENTS", 20)
    monkeypatch.setattr(user_slices, "EVENTS_AT_ONCE", 50)
    assert tables(delivered_whole(tmp_path, lines)) == tables(whole)


def test_days_computed_alone_together_or_backwards_are_the_same(
    tmp_path: Path, whole: settings.Settings, lines: list[bytes]
) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", b"".join(lines))
    run.ingest(workspace, as_of=AS_OF)
    for day in reversed(DAYS):
        run.sessions(workspace, [day], as_of=AS_OF)
    assert results(workspace) == results(whole)


def test_as_of_never_moves_a_closed_value(tmp_path: Path, lines: list[bytes]) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", b"".join(lines))
    run.ingest(workspace, as_of=AS_OF)
    final: dict[str, tuple[object, ...]] = {}
    for hours in range(0, 54, 3):
        as_of = datetime(2025, 8, 28, 21, tzinfo=UTC) + timedelta(hours=hours)
        run.sessions(workspace, DAYS, as_of=as_of)
        rows = lake.scan(workspace.lake, Sessions).drop("as_of_time").collect()
        now = {row[0]: row for row in rows.iter_rows()}
        assert final.items() <= now.items()
        final |= {row["session_id"]: now[row["session_id"]] for row in rows.filter("is_final").to_dicts()}
    assert len(final) > 20


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25)])
def test_a_day_with_a_clock_change_holds_the_logins_of_all_its_hours(tmp_path: Path, day: date, hours: int) -> None:
    workspace = workspaces.write(tmp_path, zone="Europe/Berlin")
    start, end = workspace_day.bounds(day, "Europe/Berlin")
    times = [start - timedelta(hours=1) + timedelta(hours=n) for n in range(hours + 2)]
    data = b"".join(workspaces.line(time, f"user{n}", "POST /login", status=302) for n, time in enumerate(times))
    workspaces.land(workspace, "access.log", data)
    run.ingest(workspace, as_of=end + timedelta(hours=4))
    assert run.sessions(workspace, [day], as_of=end + timedelta(hours=4)).sessions == hours


@contextlib.contextmanager
def left_behind(monkeypatch: pytest.MonkeyPatch, folder: Path, copies: Path) -> Iterator[list[Path]]:
    """What a process leaves of the folder that is killed before a file operation: a copy for each of the first ones,
    then for fewer and fewer, where the files are not those of the copy before. Landing files are the same in all.
    """
    killed: list[Path] = []
    files: dict[str, bytes] = {}
    count = due = 0

    def copied(source: str, target: str) -> None:
        (os.link if "landing" in Path(source).parts else shutil.copy2)(source, target)

    def watched(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            nonlocal count, due, files
            if count == due:
                due += max(1, due // 6)
                files, before = workspaces.files(folder), files
                if files != before:
                    killed.append(copies / f"killed-{count}")
                    shutil.copytree(folder, killed[-1], symlinks=True, copy_function=copied)
            count += 1
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for owner, names in (
            (Path, ("replace", "unlink", "mkdir", "chmod", "symlink_to", "write_bytes")),
            (pl.DataFrame, ("write_parquet",)),
        ):
            for name in names:
                patch.setattr(owner, name, watched(getattr(owner, name)))
        yield killed


def test_a_run_killed_at_any_file_operation_and_started_again_was_never_killed(
    tmp_path: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "whole"
    workspaces.write(folder)
    for name, data in (
        ("access.log", b"".join(lines)),
        ("broken/access.log.gz", gzip.compress(b"".join(lines))[:-500]),
        ("refused/access.log", b"PK\x03\x04"),
    ):
        workspaces.land(settings.load(folder), name, data)
    with left_behind(monkeypatch, folder, tmp_path) as killed:
        carry_through(settings.load(folder))
    expected = tables(settings.load(folder))
    assert len(killed) > 15 and "breaks off" in str(expected) and "is a zip archive" in str(expected)
    for copy in (folder, *killed):
        workspace = settings.load(copy)
        carry_through(workspace)
        assert tables(workspace) == expected, copy.name
        leftovers = [p for p in workspace.lake.rglob("*") if "staging" in p.parts and p.is_file() and p.name != ".lock"]
        assert not leftovers


def test_a_run_killed_between_events_and_sessions_loses_no_date(tmp_path: Path, lines: list[bytes]) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", b"".join(lines))
    touched = run.ingest(workspace, as_of=AS_OF).dates
    assert set(touched) >= set(DAYS[1:])
    assert run.ingest(workspace, as_of=AS_OF).dates == touched
    run.sessions(workspace, [DAYS[1]], as_of=AS_OF)
    assert set(run.ingest(workspace, as_of=AS_OF).dates) == set(touched) - {DAYS[1]}
    run.sessions(workspace, touched, as_of=AS_OF)
    assert run.ingest(workspace, as_of=AS_OF).dates == ()


def test_events_that_arrive_while_a_day_is_computed_let_it_wait_again(
    tmp_path: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", b"".join(lines[:100]))
    run.ingest(workspace, as_of=AS_OF)
    real = run._events

    def meanwhile(*arguments: object) -> pl.LazyFrame:
        events = real(*arguments)
        workspaces.land(workspace, "access.log", b"".join(lines))
        run.ingest(workspace, as_of=AS_OF)
        return events

    monkeypatch.setattr(run, "_events", meanwhile)
    run.sessions(workspace, DAYS, as_of=AS_OF)
    assert set(DAYS) & set(run.ingest(workspace, as_of=AS_OF).dates)


def test_a_day_without_events_is_not_computed_for_its_neighbours(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, zone="America/New_York")
    workspaces.land(workspace, "access.log", workspaces.line(datetime(2025, 8, 29, 2, tzinfo=UTC)))
    assert run.ingest(workspace, as_of=AS_OF).dates == (date(2025, 8, 28),)


def test_a_session_has_the_same_id_in_every_lake(tmp_path: Path, lines: list[bytes]) -> None:
    lakes = [delivered_whole(tmp_path / name, lines) for name in "ab"]
    keys = {(workspace.lake / "_recent_activities" / KEY).read_bytes() for workspace in lakes}
    assert len(keys) == 2 and results(lakes[0]) == results(lakes[1])


def test_a_process_killed_for_good_in_the_middle_leaves_no_trace(
    tmp_path: Path, whole: settings.Settings, lines: list[bytes]
) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", b"".join(lines))
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from processors import run, settings; from tests import workspaces\n"
        "real, left = Path.replace, [5]\n"
        "def replace(self, target):\n"
        "    left[0] -= 1\n"
        "    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(self, target)\n"
        "Path.replace = replace\n"
        "run.ingest(settings.load(sys.argv[1]), as_of=workspaces.AS_OF)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parent.parent, check=False
    )
    assert killed.returncode == -9
    carry_through(workspace)
    assert tables(workspace) == tables(whole)


def test_a_user_is_spelled_one_way_on_a_day(whole: settings.Settings) -> None:
    sessions = lake.scan(whole.lake, Sessions).collect()
    spellings = sessions.group_by("login_date", pl.col("user_name").str.to_lowercase().alias("folded")).agg(
        pl.col("user_name").n_unique().alias("ways"), pl.col("user_name").sort_by("login_time", "session_id").first()
    )
    assert set(spellings["ways"]) == {1} and {"riya", "Riya"} & set(spellings["user_name"])
