from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import obstore
import polars as pl
import pytest
from typer.testing import CliRunner

from processors import ingest, lake, query, run, settings
from processors.__main__ import app
from processors.bucket import S3Path
from processors.errors import LakeError
from schemas import Events, InactivityWindows, Sessions
from tests import buckets, workspaces
from tests.buckets import Clock
from tests.workspaces import AS_OF

ROOT = Path(__file__).parent.parent.parent
KEY = "_recent_activities/reference.key"
DAYS = [date(2025, 8, 28), date(2025, 8, 29)]
LINES = workspaces.history(1, 120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    """A workspace whose lake is in a folder, carried through."""
    workspace = workspaces.write(tmp_path_factory.mktemp("folder"))
    workspaces.land(workspace, "access.log", b"".join(LINES))
    (workspace.root / "lake" / "_recent_activities").mkdir(parents=True)
    (workspace.root / "lake" / KEY).write_bytes(bytes(32))
    carry_through(workspace)
    return workspace


@pytest.fixture(scope="module")
def expected(folder: settings.Settings) -> dict[str, bytes]:
    """What that lake holds."""
    return workspaces.files(folder.root / "lake")


@pytest.fixture
def workspace(folder: settings.Settings) -> settings.Settings:
    """The same workspace with its lake in the bucket."""
    return buckets.write(folder.root)


@pytest.fixture(autouse=True)
def known_key(place: S3Path) -> None:
    (place / KEY).put(bytes(32))


def carry_through(workspace: settings.Settings) -> None:
    run.ingest(workspace, as_of=AS_OF)
    run.sessions(workspace, run.days(workspace, as_of=AS_OF), as_of=AS_OF)


def test_a_lake_in_a_bucket_holds_the_bytes_of_one_in_a_folder(
    workspace: settings.Settings, place: S3Path, expected: dict[str, bytes]
) -> None:
    carry_through(workspace)
    assert buckets.objects(place) == expected


def test_a_day_is_reported_queried_and_shown(workspace: settings.Settings, folder: settings.Settings) -> None:
    carry_through(workspace)
    ours = run.report(workspace, DAYS[1])
    assert ours.rows and replace(ours, folder=Path()) == replace(run.report(folder, DAYS[1]), folder=Path())
    assert workspaces.files(workspace.reports, without=("manifest",)) == workspaces.files(
        folder.reports, without=("manifest",)
    )
    found = query.search(workspace, "riya", from_=DAYS[1]).sort("session_id").collect()
    assert found.height and found.equals(query.search(folder, "riya", from_=DAYS[1]).sort("session_id").collect())
    shown = CliRunner().invoke(app, ["show", "203.0.113.", "--format", "csv", "-w", str(workspace.path)])
    assert shown.exit_code == 0 and len(shown.stdout.splitlines()) > 2
    status = CliRunner().invoke(app, ["status", "-w", str(workspace.path), "--json"])
    assert status.exit_code == 0 and f'"events": {lake.scan(workspace.lake, Events).collect().height}' in status.stdout


def test_plain_polars_reads_a_table_with_its_partitions(workspace: settings.Settings) -> None:
    carry_through(workspace)
    plain = pl.scan_parquet(f"{buckets.LAKE}/sessions/", hive_partitioning=True).collect()
    assert plain.height > 5 and plain.schema["login_date"] == pl.Date


class Killed(BaseException):
    pass


def kill_after(requests: int, patch: pytest.MonkeyPatch) -> list[int]:
    """Nothing that would change the bucket gets there after so many of them, as if the process were gone."""
    count = [0]

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            count[0] += 1
            if count[0] > requests:
                raise Killed
            return real(*arguments, **named)

        return call

    for name in ("put", "delete"):
        patch.setattr(obstore, name, counted(getattr(obstore, name)))
    return count


def test_a_run_killed_at_any_request_and_continued_elsewhere_was_never_killed(
    workspace: settings.Settings,
    place: S3Path,
    expected: dict[str, bytes],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests, is_done = 0, False
    while not is_done:
        for path in buckets.objects(place):
            (place / path).unlink()
        (place / KEY).put(bytes(32))
        with monkeypatch.context() as patch:
            count = kill_after(requests, patch)
            try:
                carry_through(workspace)
                is_done = True
            except Killed:
                pass
        carry_through(workspace)
        assert buckets.objects(place) == expected, f"killed at request {requests}"
        requests += 1 + requests
    assert count[0] > 30


def test_what_a_killed_process_decided_is_carried_out_by_another(
    workspace: settings.Settings, place: S3Path, expected: dict[str, bytes], clock: Clock
) -> None:
    script = (
        "import os, sys\n"
        "from processors import lake, run, settings; from tests import workspaces\n"
        "real = lake.put\n"
        "def put(path, data):\n"
        "    real(path, data)\n"
        "    if path.name == 'decided.json': os._exit(9)\n"
        "lake.put = put\n"
        "run.ingest(settings.load(sys.argv[1]), as_of=workspaces.AS_OF)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(workspace.path)], cwd=ROOT, check=False)
    assert killed.returncode == 9
    assert not (place / "events").glob("*/*")
    assert run.ingest(workspace, as_of=AS_OF).lines == 0
    run.sessions(workspace, run.days(workspace, as_of=AS_OF), as_of=AS_OF)
    assert buckets.objects(place) == expected


def test_what_was_shared_and_never_decided_is_read_again(
    workspace: settings.Settings,
    place: S3Path,
    expected: dict[str, bytes],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    staging = place / "_recent_activities" / "staging" / "source-panel"
    with monkeypatch.context() as patch, pytest.raises(Killed):

        def die(*_: object, **__: object) -> None:
            patch.setattr(obstore, "put", die)  # nor is the lease given back
            raise Killed

        patch.setattr(lake, "put", die)
        run.ingest(workspace, as_of=AS_OF)
    assert staging.glob("*/ledger.parquet") and not staging.glob("decided.json")
    assert not (place / "events").glob("*/*")
    assert run.ingest(workspace, as_of=AS_OF).lines == len(LINES)
    assert not staging.glob("*/*")
    run.sessions(workspace, run.days(workspace, as_of=AS_OF), as_of=AS_OF)
    assert buckets.objects(place) == expected


def test_two_processes_at_once_read_every_line_once(
    workspace: settings.Settings, place: S3Path, expected: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import sys; from processors import lease, run, settings; from tests import workspaces\n"
        "lease.WATCH_SECONDS = 0.01\n"
        "print(run.ingest(settings.load(sys.argv[1]), as_of=workspaces.AS_OF).lines)\n"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(workspace.path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert sorted(int(one.communicate()[0]) for one in both) == [0, len(LINES)]
    run.sessions(workspace, run.days(workspace, as_of=AS_OF), as_of=AS_OF)
    assert buckets.objects(place) == expected


def test_a_run_that_was_taken_over_decides_nothing(
    workspace: settings.Settings, place: S3Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lake.Staging.share

    def meanwhile(staging: lake.Staging) -> str:
        monkeypatch.setattr(lake.Staging, "share", real)
        ours = place.bucket.leases[:]
        place.bucket.leases.clear()
        run.ingest(workspace, as_of=AS_OF)  # as another process does once our lease has run out
        place.bucket.leases.extend(ours)
        return real(staging)

    monkeypatch.setattr(lake.Staging, "share", meanwhile)
    with pytest.raises(LakeError, match="taken over by another run"):
        run.ingest(workspace, as_of=AS_OF)
    assert lake.scan(workspace.lake, Events).collect().height
    assert not (place / "_recent_activities" / "staging" / "source-panel" / "decided.json").exists()
    assert run.ingest(workspace, as_of=AS_OF).lines == 0


def test_a_decision_of_a_run_that_slept_while_it_wrote_it_is_dropped(
    workspace: settings.Settings, place: S3Path, expected: dict[str, bytes]
) -> None:
    staging, kept = place / "_recent_activities" / "staging" / "source-panel", []
    real = lake.put

    def put(path: lake.Location, data: bytes) -> None:
        kept.append(data)
        real(path, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lake, "put", put)
        carry_through(workspace)
    (staging / "decided.json").put(next(data for data in kept if b"staged" in data))
    assert run.ingest(workspace, as_of=AS_OF).lines == 0
    assert buckets.objects(place) == expected


def test_a_file_that_somebody_else_changed_meanwhile_is_not_written_over(workspace: settings.Settings) -> None:
    path = lake.file_of(workspace.lake, InactivityWindows, DAYS[0])
    rows = InactivityWindows.sample(3).drop("login_date")
    lake.replace(workspace.lake, InactivityWindows, DAYS[0], rows)
    theirs = path.read_bytes()

    def frames() -> object:
        lake.replace(workspace.lake, InactivityWindows, DAYS[0], rows[:1])
        yield rows[:2]

    with pytest.raises(LakeError, match="changed by another run meanwhile"):
        lake.replace(workspace.lake, InactivityWindows, DAYS[0], frames())
    assert path.read_bytes() != theirs and lake.read_file(path, InactivityWindows).height == 1


def test_a_store_that_stops_answering_in_mid_run_is_named_and_the_next_run_completes(
    workspace: settings.Settings,
    place: S3Path,
    expected: dict[str, bytes],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = S3Path._replace
    with monkeypatch.context() as patch:

        def stopped(path: S3Path, *arguments: object) -> None:
            patch.setattr(path.bucket, "endpoint", "http://127.0.0.1:9")
            patch.delitem(vars(path.bucket), "store")
            real(path, *arguments)  # type: ignore[arg-type]  # as it was called

        patch.setattr("processors.bucket.RETRIES", 1)
        patch.setattr(S3Path, "_replace", stopped)
        with pytest.raises(LakeError, match=r"events.*the store does not answer.*Run the same command again"):
            run.ingest(workspace, as_of=AS_OF)
        vars(place.bucket).pop("store", None)
    vars(place.bucket).pop("store", None)
    carry_through(workspace)
    assert buckets.objects(place) == expected


def test_a_file_that_was_replaced_while_it_was_read_is_named_with_the_remedy(workspace: settings.Settings) -> None:
    path = lake.file_of(workspace.lake, Sessions, DAYS[0])
    assert isinstance(path, S3Path)
    path.put(b"PAR1 of another file PAR1")
    result = CliRunner().invoke(app, ["show", "-w", str(workspace.path)])
    assert result.exit_code == 2 and "replaced while it was read" in " ".join(result.stderr.split())


def test_two_first_users_agree_on_the_key_of_references(place: S3Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / KEY).unlink()
    other = S3Path.exists

    def first(path: S3Path) -> bool:
        monkeypatch.setattr(S3Path, "exists", other)
        is_there = path.exists()
        theirs.append(ingest.reference_key(place))
        return is_there

    theirs: list[bytes] = []
    monkeypatch.setattr(S3Path, "exists", first)
    ours = ingest.reference_key(place)
    assert len(ours) == 32 and theirs == [ours] and ingest.reference_key(place) == ours


def test_a_query_of_a_store_that_does_not_answer_ends_in_an_error_with_the_remedy(
    workspace: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.replace(workspace.lake, Sessions, DAYS[0], Sessions.create_empty().drop("login_date"))
    monkeypatch.setattr("processors.bucket.RETRIES", 0)
    found = query.sessions(workspace)
    monkeypatch.setattr(query, "search", lambda *_, **__: found)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    result = CliRunner().invoke(app, ["show", "-w", str(workspace.path)])
    assert result.exit_code == 2 and f"{buckets.LAKE}: the store does not answer" in result.stderr
