"""What a lake holds depends on the files and settings as they are, not on what was run before they became so."""

from __future__ import annotations

import gzip
import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from processors import decision, lake, ledger, run, settings
from schemas import Events, Quarantine
from tests import workspaces
from tests.test_laws import DAYS, KEY, compute, left_behind
from tests.workspaces import AS_OF

TIME = datetime(2025, 8, 29, 10, 0, tzinfo=UTC)
SOURCE = '[workspace]\ntime_zone = "{zone}"\n[[sources]]\nname = "panel"\nfiles = "landing/**/*.log*"\n'
COMBINED = SOURCE + 'format = "combined"\nlogin_requests = ["POST /login"]\nlogout_requests = ["POST /logout"]\n'
WRONG = {
    "format": SOURCE + 'format = "common"\n',
    "another kind of format": SOURCE + 'format = "okta"\n',
    "requests": SOURCE + 'format = "combined"\n',
    "background_paths": COMBINED + 'background_paths = ["/orders"]\n',
    "trusted_proxies": COMBINED + 'trusted_proxies = ["203.0.113.0/24"]\n',
    "session_reference": COMBINED + 'session_reference = "$cookie_sid"\n',
}


def at(second: float) -> datetime:
    return TIME + timedelta(seconds=second)


def settle(folder: Path, text: str, *, zone: str = "Asia/Kolkata") -> settings.Settings:
    """The settings of a workspace with a key of its own that is everybody's, so that lakes can be compared whole."""
    workspace = workspaces.write(folder, text=text, zone=zone)
    key = workspace.root / "lake" / "_recent_activities" / KEY
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_bytes(bytes(32))
    return workspace


def held(folder: Path) -> dict[str, object]:
    """Events, sessions, windows, and quarantine but for the names that files had when they were read."""
    found: dict[str, object] = dict(workspaces.files(folder / "lake", without=("_recent_activities",)))
    for name in found:
        if name.startswith("quarantine/"):
            found[name] = pl.read_parquet(folder / "lake" / name).drop("path").rows()
    return found


def entries(workspace: settings.Settings) -> list[ledger.Entry]:
    """The ledger with all but names and inodes."""
    known = ledger.read(workspace.lake, "panel")
    for entry in known:
        entry.file_state = entry.path = ""
        entry.copies = {}
    return sorted(known, key=lambda entry: entry.file_id)


def assert_same(workspace: settings.Settings, fresh: settings.Settings) -> None:
    assert held(workspace.root) == held(fresh.root)
    assert entries(workspace) == entries(fresh)


def lay(workspace: settings.Settings, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        workspaces.land(workspace, name, data)


def delivery(lines: list[bytes]) -> dict[str, bytes]:
    half = len(lines) // 2
    return {
        "access.log.1": b"".join(lines[:half]),
        "access.log": b"".join(lines[half:]),
        "b/access.log.2.gz": gzip.compress(b"".join(lines[:20])),
    }


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return workspaces.history(7, 120)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> settings.Settings:
    """The delivery in a lake that never knew other settings."""
    workspace = settle(tmp_path_factory.mktemp("fresh"), COMBINED)
    lay(workspace, delivery(lines))
    compute(workspace)
    return workspace


@pytest.mark.parametrize("wrong", WRONG)
def test_corrected_settings_give_what_a_fresh_lake_would_hold(
    tmp_path: Path, fresh: settings.Settings, lines: list[bytes], wrong: str
) -> None:
    workspace = settle(tmp_path, WRONG[wrong])
    lay(workspace, delivery(lines))
    run.ingest(workspace, as_of=AS_OF)
    workspace = settle(workspace.root, COMBINED)
    read = run.ingest(workspace, as_of=AS_OF)
    assert "panel: its settings have changed; 3 files are read again" in read.warnings
    assert DAYS[1] in read.dates
    compute(workspace)
    assert_same(workspace, fresh)
    assert run.ingest(workspace, as_of=AS_OF).lines == 0


@pytest.mark.parametrize("seed", range(6))
def test_any_settings_in_any_order_end_as_the_last_would_alone(tmp_path: Path, lines: list[bytes], seed: int) -> None:
    rng = random.Random(seed)
    files = delivery(lines)
    chosen = [rng.choice([COMBINED, *WRONG.values()]) for _ in range(3)]
    zones = [rng.choice(["Asia/Kolkata", "UTC", "America/New_York"]) for _ in range(3)]
    fresh = settle(tmp_path / "fresh", chosen[-1], zone=zones[-1])
    lay(fresh, files)
    compute(fresh)
    for text, zone in zip(chosen, zones, strict=True):
        workspace = settle(tmp_path / "changed", text, zone=zone)
        name = rng.choice(list(files))
        lay(workspace, files if text is chosen[-1] else {name: files[name]})
        run.ingest(workspace, as_of=AS_OF)
    compute(workspace)
    assert_same(workspace, fresh)


def test_a_partition_that_only_the_old_reading_had_is_removed(tmp_path: Path) -> None:
    workspace = settle(tmp_path, COMBINED)
    workspaces.land(workspace, "access.log", workspaces.line(TIME))
    run.ingest(workspace, as_of=AS_OF)
    assert lake.partitions(workspace.lake, Events) == ["2025-08-29"]
    workspace = settle(tmp_path, WRONG["another kind of format"])
    run.ingest(workspace, as_of=AS_OF)
    assert lake.partitions(workspace.lake, Events) == []
    assert lake.partitions(workspace.lake, Quarantine) == ["2025-08-31"]
    workspace = settle(tmp_path, COMBINED)
    run.ingest(workspace, as_of=AS_OF)
    assert lake.partitions(workspace.lake, Events) == ["2025-08-29"]
    assert lake.partitions(workspace.lake, Quarantine) == []


def test_what_the_parser_does_not_read_by_changes_nothing(tmp_path: Path, lines: list[bytes]) -> None:
    workspace = settle(tmp_path, COMBINED + 'background_paths = ["/a", "/b"]\n')
    lay(workspace, delivery(lines))
    run.ingest(workspace, as_of=AS_OF)
    other = COMBINED.replace("**/*.log*", "**/*.l*g*") + 'background_paths = ["/b", "/a"]\nstalled_after = "1h"\n'
    assert run.ingest(settle(tmp_path, other, zone="UTC"), as_of=AS_OF).files == 0


def test_what_is_no_longer_there_stays_as_it_was_and_is_said(
    tmp_path: Path, fresh: settings.Settings, lines: list[bytes]
) -> None:
    workspace = settle(tmp_path, WRONG["requests"])
    lay(workspace, delivery(lines))
    run.ingest(workspace, as_of=AS_OF)
    before = entries(workspace)
    (tmp_path / "landing" / "access.log.1").unlink()
    workspace = settle(tmp_path, COMBINED)
    warnings = run.ingest(workspace, as_of=AS_OF).warnings
    assert "panel: its settings have changed; 2 files are read again" in warnings
    assert (
        "panel: its settings have changed, but 1 file that was read before is no longer there: "
        "what was read of them stays as it is" in warnings
    )
    assert lake.scan(workspace.lake, Events).collect().height == sum(entry.event_count for entry in before)
    lay(workspace, delivery(lines))
    compute(workspace)
    assert_same(workspace, fresh)


def test_a_change_of_settings_killed_anywhere_and_started_again_was_never_killed(
    tmp_path: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "changed"
    lay(settle(folder, WRONG["format"]), delivery(lines))
    run.ingest(settings.load(folder), as_of=AS_OF)
    workspace = settle(folder, COMBINED)
    with left_behind(monkeypatch, folder, tmp_path) as killed:
        run.ingest(workspace, as_of=AS_OF)
    assert len(killed) > 10
    fresh = settle(tmp_path / "fresh", COMBINED)
    lay(fresh, delivery(lines))
    run.ingest(fresh, as_of=AS_OF)
    for copy in (folder, *killed):
        again = settings.load(copy)
        run.ingest(again, as_of=AS_OF)
        assert_same(again, fresh)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_read_before_all_of_it_was_there_is_replaced_by_the_whole_one(
    tmp_path: Path, pack: Callable[[bytes], bytes], end: bytes
) -> None:
    data = b"".join(workspaces.line(at(n), f"user{n}") for n in range(3)).removesuffix(b"\n") + end
    workspace, fresh = settle(tmp_path / "a", COMBINED), settle(tmp_path / "b", COMBINED)
    for size in range(1, len(data), 67):
        workspaces.land(workspace, "access.log.1", pack(data[:size]))
        run.ingest(workspace, as_of=AS_OF)
    lay(workspace, {"access.log.1": pack(data)})
    lay(fresh, {"access.log.1": pack(data)})
    compute(workspace)
    compute(fresh)
    assert_same(workspace, fresh)
    assert lake.scan(workspace.lake, Events).collect().height == 3


def test_a_file_whose_first_lines_have_no_time_is_named_as_if_it_had_been_read_at_once(tmp_path: Path) -> None:
    data = [b"not a line\n", b"\n", workspaces.line(at(0)), workspaces.line(at(1))]
    fresh = settle(tmp_path / "fresh", COMBINED)
    lay(fresh, {"access.log": b"".join(data)})
    compute(fresh)
    workspace = settle(tmp_path / "grown", COMBINED)
    for count in range(1, len(data) + 1):
        lay(workspace, {"access.log": b"".join(data[:count])})
        run.ingest(workspace, as_of=AS_OF)
    compute(workspace)
    assert_same(workspace, fresh)


def test_growth_changes_no_id_once_a_line_with_a_time_was_read(tmp_path: Path) -> None:
    workspace, ids = settle(tmp_path, COMBINED), set()
    for count in range(1, 6):
        lay(workspace, {"access.log": b"".join(workspaces.line(at(n)) for n in range(count))})
        assert run.ingest(workspace, as_of=AS_OF).lines == 1
        ids |= {entry.file_id for entry in ledger.read(workspace.lake, "panel")}
    assert len(ids) == 1


ALIKE = {
    f"access.log.{n}": b"".join(
        [workspaces.line(at(0)), b"bad\n" * n, workspaces.line(at(0), f"user{n}"), workspaces.line(at(n), "tom")]
    )
    for n in (1, 2, 3)
}


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    """Files that begin alike, read at once."""
    workspace = settle(tmp_path_factory.mktemp("alike"), COMBINED)
    lay(workspace, ALIKE)
    compute(workspace)
    return workspace


@pytest.mark.parametrize("order", [*itertools.permutations(ALIKE)])
def test_files_that_begin_alike_are_told_apart_by_content_not_by_who_came_first(
    tmp_path: Path, alike: settings.Settings, order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision, "SLICE_ROWS", 2)
    workspace = settle(tmp_path, COMBINED)
    for name in order:
        lay(workspace, {name: ALIKE[name]})
        run.ingest(workspace, as_of=AS_OF)
    compute(workspace)
    assert_same(workspace, alike)
    assert lake.scan(workspace.lake, Events).collect().height == 9


def test_a_file_that_is_renumbered_keeps_its_lines_when_it_is_gone(tmp_path: Path) -> None:
    first = workspaces.line(at(0))
    workspace = settle(tmp_path, COMBINED)
    for n in range(6):
        lay(workspace, {"access.log": first + workspaces.line(at(n + 1), f"user{n}") + b"bad\n"})
        run.ingest(workspace, as_of=AS_OF)
        assert lake.scan(workspace.lake, Events).collect().height == 2 * (n + 1)
        assert lake.scan(workspace.lake, Quarantine).collect().height == n + 1
    assert len({entry.file_id for entry in ledger.read(workspace.lake, "panel")}) == 6
    events = lake.scan(workspace.lake, Events).collect()
    assert set(events.group_by("file_id").len()["len"]) == {2}


def grown(rng: random.Random, data: bytes, size: int) -> int:
    """A later size of a file: the end of its next line, all of it, or any."""
    ends = [n + 1 for n in range(size, len(data)) if data[n : n + 1] == b"\n"]
    return rng.choice([rng.randint(size, len(data)), *ends[:1], len(data)])


@pytest.mark.parametrize("seed", range(15))
def test_any_order_growth_and_compression_ends_as_the_last_files_would_alone(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    kinds = [*(workspaces.line(at(n // 2), f"user{n % 2}") for n in range(4)), b"bad\n", b"\n", b"worse\n"]
    names = ["access.log", "access.log.1", "access.log.2", "b/access.log.3"]
    finals = {name: b"".join(rng.choices(kinds, k=rng.randint(1, 5))) for name in names}
    finals = {name: data[: len(data) - rng.choice([0, 0, 1, 9])] or b"\n" for name, data in finals.items()}
    workspace, fresh = settle(tmp_path / "grown", COMBINED), settle(tmp_path / "fresh", COMBINED)
    sizes = dict.fromkeys(names, 0)
    packed: dict[str, Callable[[bytes], bytes]] = {name: rng.choice([bytes, gzip.compress]) for name in names[1:]}
    while sizes != {name: len(data) for name, data in finals.items()}:
        name = rng.choice(names)
        sizes[name] = grown(rng, finals[name], sizes[name])
        lay(workspace, {name: packed.get(name, bytes)(finals[name][: sizes[name]])})
        if rng.random() < 0.7:
            run.ingest(workspace, as_of=AS_OF)
    for one in (workspace, fresh):
        lay(one, {name: packed.get(name, bytes)(data) for name, data in finals.items()})
        run.ingest(one, as_of=AS_OF)
    assert_same(workspace, fresh)


@pytest.mark.parametrize("order", [("access.log.1", "access.log.2"), ("access.log.2", "access.log.1")])
@pytest.mark.parametrize(("end", "count"), [(b"\xff", 4), (b"2", 2)])
def test_a_closed_file_is_a_copy_of_another_ones_beginning_only_to_its_last_byte(
    tmp_path: Path, order: tuple[str, str], end: bytes, count: int
) -> None:
    workspace = settle(tmp_path, COMBINED)
    lines = [workspaces.line(at(n)) for n in range(2)]
    files = {"access.log.1": lines[0] + end, "access.log.2": b"".join(lines)}
    for name in order:
        lay(workspace, {name: files[name]})
        run.ingest(workspace, as_of=AS_OF)
    assert sum(entry.line_count for entry in ledger.read(workspace.lake, "panel")) == count
