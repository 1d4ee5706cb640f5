from __future__ import annotations

import gzip
import json
import os
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from processors import ingest, lake, ledger, run, settings, slabs, status
from processors.errors import CallError, LakeError
from schemas import Events, Quarantine
from tests import workspaces
from tests.workspaces import AS_OF

OKTA = '[[sources]]\nname = "okta"\nformat = "okta"\nfiles = "landing/*.json*"\n'
TIME = datetime(2025, 8, 29, 10, 0, tzinfo=UTC)
GOOD = workspaces.line(TIME)


def record(number: int) -> dict[str, object]:
    return {
        "uuid": f"id-{number}",
        "published": f"2025-08-29T10:{number:02}:00.000Z",
        "eventType": "user.session.start",
        "outcome": {"result": "SUCCESS"},
        "actor": {"alternateId": "riya@example.com"},
        "client": {"ipAddress": "203.0.113.7", "userAgent": {"rawUserAgent": workspaces.AGENT}},
    }


def read(workspace: settings.Settings, data: bytes, name: str = "access.log") -> run.IngestResult:
    workspaces.land(workspace, name, data)
    result = run.ingest(workspace, as_of=AS_OF)
    assert result.lines == result.events + result.quarantined + result.skipped
    return result


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"not a line\n", "malformed_line"),
        (GOOD.replace(b"/orders", b"/\xff\xfe"), "invalid_utf8"),
        (GOOD.replace(b"/orders", b"/\0"), "nul_bytes"),
        (b"\0" * 4096 + GOOD, "nul_bytes"),
        (GOOD.replace(b"/orders", b"/" + b"x" * (10 << 20)), "line_too_long"),
        (GOOD.replace(b"29/Aug", b"31/Feb"), "malformed_time"),
        (GOOD.replace(b"2025", b"2062"), "time_out_of_range"),
        (GOOD.replace(b"2025", b"2015"), "time_out_of_range"),
        (GOOD[:60] + b"\n", "malformed_line"),
    ],
)
def test_a_bad_line_is_kept_with_its_reason_and_costs_its_neighbours_nothing(
    tmp_path: Path, bad: bytes, reason: str
) -> None:
    workspace = workspaces.write(tmp_path)
    result = read(workspace, GOOD + bad + GOOD)
    assert (result.events, result.reasons) == (2, {reason: 1})
    (row,) = lake.scan(workspace.lake, Quarantine).collect().to_dicts()
    assert (row["line_number"], row["line_bytes"]) == (2, len(bad) - 1)
    assert row["raw_bytes"] == bad[:-1][: 1 << 20]


@pytest.mark.parametrize(
    ("character", "before", "packed"),
    [
        (b"x", 0, bytes),
        (b"x", 15 << 20, gzip.compress),
        ("é".encode(), 0, gzip.compress),
        ("é".encode(), 15 << 20, bytes),
        (b"\xff", 1, bytes),
        (b"\0", 15 << 20, bytes),
    ],
)
def test_a_line_too_long_is_told_by_its_length_alone_wherever_it_begins(
    tmp_path: Path, character: bytes, before: int, packed: Callable[[bytes], bytes]
) -> None:
    workspace = workspaces.write(tmp_path)
    bad = b"y" + character * ((17 << 20) // len(character)) + b"\r\n"
    result = read(workspace, packed(GOOD + b"z" * before + b"\n" * (before > 0) + bad + GOOD))
    (row,) = lake.scan(workspace.lake, Quarantine).filter(pl.col("line_bytes") > 16 << 20).collect().to_dicts()
    assert (row["quarantine_reason"], row["line_bytes"]) == ("line_too_long", len(bad) - 1)
    assert row["raw_bytes"] == bad[: 1 << 20] and result.events == 2


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    assert read(workspaces.write(tmp_path), GOOD.replace(b"\n", b"\r\n") * 2).events == 2


def test_blank_lines_are_skipped_by_name(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    result = read(workspace, b"\n" + GOOD + b"  \t\n\r\n")
    assert (result.events, result.skipped) == (1, 3)
    assert ledger.read(workspace.lake, "panel")[0].blank_count == 3


def test_an_empty_file_is_said_and_read_once_it_has_lines(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    assert "access.log: is empty" in read(workspace, b"").warnings[0]
    assert read(workspace, GOOD).events == 1


def test_a_pattern_that_matches_nothing_is_said(tmp_path: Path) -> None:
    result = run.ingest(workspaces.write(tmp_path), as_of=AS_OF)
    assert "panel: no file matches" in result.warnings[0]


def test_an_unfinished_line_waits_for_its_rest(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    assert read(workspace, GOOD + GOOD[:40]).lines == 1
    assert read(workspace, GOOD + GOOD).lines == 1


def test_that_an_unfinished_line_waits_is_said_once_and_without_its_content(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    (note,) = read(workspace, GOOD + b"203.0.113.9 - riya").notes
    assert note == "landing/access.log: its last line has no line end yet and waits for it"
    assert run.ingest(workspace, as_of=AS_OF).notes == ()
    assert status.status(workspace).sources[0].unfinished == ("landing/access.log",)


def test_a_file_of_carriage_returns_is_said_with_its_remedy(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    result = read(workspace, GOOD.replace(b"\n", b"\r") * 3)
    assert result.lines == 0 and "carriage returns alone" in result.notes[0] and r"tr '\r' '\n'" in result.notes[0]
    (source,) = status.status(workspace).sources
    assert (source.waiting, source.unfinished) == ((), ("landing/access.log",))


@pytest.mark.parametrize("data", [b'[{"uuid": "1"}]\n', b'[{"uuid": "1"}, ', b'[\n{"uuid": "1"}\n]\n'])
def test_brackets_after_the_last_record_are_no_unfinished_line(tmp_path: Path, data: bytes) -> None:
    workspace = workspaces.write(tmp_path, text=workspaces.TEXT + OKTA)
    assert read(workspace, data, "x.json").notes == ()
    assert [source.unfinished for source in status.status(workspace).sources] == [(), ()]


def test_garbage_after_compressed_data_is_said_and_no_reason_to_deliver_again(tmp_path: Path) -> None:
    result = read(workspaces.write(tmp_path), gzip.compress(GOOD * 2) + b"signature", "access.log.1.gz")
    assert result.events == 2
    assert result.warnings == ("landing/access.log.1.gz: garbage after the end of the compressed data was ignored",)


def test_an_archive_is_refused_with_its_remedy_and_the_others_are_read(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    member = tarfile.TarInfo("access.log").tobuf()
    workspaces.land(workspace, "logs.log.1.gz", gzip.compress(member + bytes(1024)))
    result = read(workspace, GOOD)
    assert result.events == 1
    (problem,) = result.problems
    assert "logs.log.1.gz: is a tar archive, not a log. Unpack it with tar -xf" in problem
    (source,) = status.status(workspace).sources
    assert source.waiting == () and source.problems == result.problems


def test_the_last_line_of_a_rotated_file_needs_no_newline(tmp_path: Path) -> None:
    assert read(workspaces.write(tmp_path), GOOD + GOOD[:-1], "access.log.1").events == 2


def test_a_truncated_gzip_gives_its_whole_lines_and_later_the_rest_once(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    lines = workspaces.history(3, 400)
    packed = gzip.compress(b"".join(lines))
    half = read(workspace, packed[: len(packed) // 2], "access.log.1.gz")
    assert 0 < half.lines < len(lines) and "breaks off" in half.warnings[0] and "access.log.1.gz" in half.warnings[0]
    assert half.lines + read(workspace, packed, "access.log.1.gz").lines == len(lines)


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "loop.log").symlink_to("loop.log")
    (tmp_path / "landing" / "gone.log").symlink_to("nothing")
    os.mkfifo(tmp_path / "landing" / "pipe.log")
    (tmp_path / "landing" / "folder.log").mkdir()
    result = read(workspace, GOOD)
    assert result.events == 1
    named = " ".join(result.problems)
    assert all(name in named for name in ("loop.log", "gone.log", "pipe.log"))


def test_a_file_of_another_format_ends_in_quarantine(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    result = read(workspace, json.dumps(record(1)).encode() + b"\n")
    assert (result.events, result.quarantined) == (0, 1)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("lines.json", b"".join(json.dumps(record(n)).encode() + b"\n" for n in range(3))),
        ("no-newline.json", b"\n".join(json.dumps(record(n)).encode() for n in range(3))),
        ("array.json", json.dumps([record(n) for n in range(3)]).encode()),
        ("pretty.json", json.dumps([record(n) for n in range(3)], indent=2).encode()),
        ("objects.json", b"\n".join(json.dumps(record(n), indent=1).encode() for n in range(3))),
        ("page.json.gz", gzip.compress(json.dumps([record(n) for n in range(3)]).encode())),
    ],
)
def test_records_are_read_in_every_shape_they_are_exported_in(tmp_path: Path, name: str, data: bytes) -> None:
    workspace = workspaces.write(tmp_path, text=workspaces.TEXT + OKTA)
    assert read(workspace, data, name).events == 3
    assert lake.scan(workspace.lake, Events).collect()["source_event_id"].to_list() == ["id-0", "id-1", "id-2"]


def test_a_last_record_without_a_newline_is_whole_and_the_file_is_read_again_when_it_goes_on(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, text=workspaces.TEXT + OKTA)
    lines = [json.dumps(record(n)).encode() for n in range(3)]
    assert read(workspace, b"\n".join(lines[:2]), "x.json").lines == 2
    assert read(workspace, b"\n".join(lines), "x.json").lines == 3
    assert lake.scan(workspace.lake, Events).collect()["source_event_id"].to_list() == ["id-0", "id-1", "id-2"]
    (entry,) = ledger.read(workspace.lake, "okta")
    assert (entry.line_count, entry.event_count) == (3, 3)


def test_an_array_delivered_again_with_more_records_brings_the_new_ones(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, text=workspaces.TEXT + OKTA)
    for count in (2, 5):
        read(workspace, json.dumps([record(n) for n in range(count)], indent=1).encode(), "x.json")
    read(workspace, json.dumps([record(n) for n in range(3)], indent=1).encode()[:-20], "x.json.1")
    assert sum(entry.event_count for entry in ledger.read(workspace.lake, "okta")) == 5


def test_a_file_that_differs_after_its_head_is_another_file_even_if_shorter(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    lines = [workspaces.line(TIME, f"user{n}") for n in range(3000)]
    read(workspace, b"".join(lines), "access.log")
    other = [*lines[:1500], *(workspaces.line(TIME, f"other{n}") for n in range(1000))]
    assert read(workspace, b"".join(other), "access.log.1").lines == 2500


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_record_in_two_overlapping_exports_is_one_event_whichever_came_first(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    workspace = workspaces.write(tmp_path, text=workspaces.TEXT + OKTA)
    exports = {"a": [record(1), record(2)], "b": [record(2), record(3)]}
    for name in order:
        read(workspace, json.dumps(exports[name]).encode(), f"{name}.json")
    events = lake.scan(workspace.lake, Events).collect()
    assert events["source_event_id"].to_list() == ["id-1", "id-2", "id-3"]
    twin = events.row(1, named=True)
    assert twin["file_id"] == min(entry.file_id for entry in ledger.read(workspace.lake, "okta"))
    assert sum(entry.event_count for entry in ledger.read(workspace.lake, "okta")) == 4


def test_an_event_a_day_ahead_is_the_last_in_range(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    data = workspaces.line(AS_OF + ingest.CLOCK_ERROR) + workspaces.line(datetime(2025, 9, 1, 0, 0, 1, tzinfo=UTC))
    assert read(workspace, data).reasons == {"time_out_of_range": 1}


def test_what_comes_after_lateness_is_kept_and_said_with_the_command_that_rebuilds(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path, zone="UTC")
    workspaces.land(workspace, "access.log", GOOD)
    in_time = datetime(2025, 9, 2, tzinfo=UTC)
    run.run(workspace, as_of=in_time)
    workspaces.land(workspace, "late.log", GOOD)
    late = run.ingest(workspace, as_of=in_time.replace(microsecond=1))
    assert late.late == 1 and "run --from 2025-08-29 --to 2025-08-29" in late.warnings[0]
    again = workspaces.write(tmp_path / "again", zone="UTC")
    workspaces.land(again, "access.log", GOOD)
    assert run.ingest(again, as_of=in_time).late == 0


def test_an_unknown_source_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="panel"):
        run.ingest(workspaces.write(tmp_path), as_of=AS_OF, sources=["pane"])


def test_a_lake_that_cannot_be_written_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", GOOD)
    workspace.lake.write_text("a file in the lake's place")
    with pytest.raises(LakeError, match="lake"):
        run.ingest(workspace, as_of=AS_OF)
    workspace.lake.unlink()
    assert run.ingest(workspace, as_of=AS_OF).events == 1


def test_the_key_of_references_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    key = ingest.reference_key(tmp_path)
    assert len(key) == 32 and ingest.reference_key(tmp_path) == key
    assert (tmp_path / "_recent_activities" / "reference.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_what_is_no_key_of_references_is_refused(tmp_path: Path, key: bytes) -> None:
    workspace = workspaces.write(tmp_path)
    (tmp_path / "lake/_recent_activities").mkdir(parents=True)
    (tmp_path / "lake/_recent_activities/reference.key").write_bytes(key)
    with pytest.raises(LakeError, match=rf"reference\.key: is no key: got {len(key)} bytes, expected 32.*backup"):
        run.ingest(workspace, as_of=AS_OF)


def test_a_key_of_references_that_was_lost_is_said_once(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    workspaces.land(workspace, "access.log", workspaces.line(AS_OF))
    assert run.ingest(workspace, as_of=AS_OF).warnings == ()
    (tmp_path / "lake/_recent_activities/reference.key").unlink()
    (said,) = run.ingest(workspace, as_of=AS_OF).warnings
    assert "reference.key was lost, and a new key is made" in said and "backup" in said
    assert run.ingest(workspace, as_of=AS_OF).warnings == ()


def test_every_folder_of_the_lake_is_for_owner_and_group_only(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    read(workspace, GOOD)
    folders = [path for path in (workspace.lake, *workspace.lake.rglob("*")) if path.is_dir()]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o750}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_progress_is_told_within_a_file_by_its_own_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setitem(slabs.slabs.__kwdefaults__, "slab_bytes", 1 << 18)
    workspace = workspaces.write(tmp_path)
    size = workspaces.land(workspace, "access.log", pack(b"".join(workspaces.history(1, 12_000)))).stat().st_size
    told: list[tuple[str, int, int]] = []
    run.ingest(workspace, as_of=AS_OF, progress=lambda *what: told.append(what))
    reading = [done for what, done, total in told if what == "reading panel" and total == size]
    assert len(reading) > 3 and reading == sorted(reading) and 0 < reading[0] < reading[-1] == size


def test_a_good_file_that_grows_by_a_blank_or_a_bad_line_is_readable(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    data = b"".join(workspaces.line(TIME) for _ in range(30))
    workspaces.land(workspace, "access.log", data)
    run.ingest(workspace, as_of=AS_OF)
    for more in (b"\n", b"bad\n"):
        data += more
        workspaces.land(workspace, "access.log", data)
        read = run.ingest(workspace, as_of=AS_OF)
        assert (read.lines, read.events, read.problems) == (1, 0, ())
    workspaces.land(workspace, "other.log", b"\n")
    assert "Nothing readable" in run.ingest(workspace, as_of=AS_OF).problems[0]


def test_a_compressed_file_caught_after_its_first_byte_waits_for_the_rest(tmp_path: Path) -> None:
    workspace = workspaces.write(tmp_path)
    packed = gzip.compress(GOOD)
    for size in (1, 2, 5):
        workspaces.land(workspace, "access.log.1.gz", packed[:size])
        read = run.ingest(workspace, as_of=AS_OF)
        assert (read.lines, read.problems) == (0, ())
    workspaces.land(workspace, "access.log.1.gz", packed[:1])
    assert status.status(workspace).sources[0].unfinished == ("landing/access.log.1.gz",)
    workspaces.land(workspace, "access.log.1.gz", packed)
    assert run.ingest(workspace, as_of=AS_OF).events == 1
    assert lake.scan(workspace.lake, Quarantine).collect().is_empty()
