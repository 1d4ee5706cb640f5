"""The header above a line is known to whoever reads the line: after growth, between runs, and in quarantine."""

from __future__ import annotations

import gzip
import random
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from processors import headers, lake, ledger, reading, run, settings, slabs
from schemas import Events, Ledger, Quarantine
from tests.test_laws import left_behind
from tests.test_rereading import SOURCE, assert_same, held, lay, settle
from tests.workspaces import AS_OF

IIS = SOURCE + 'format = "iis_w3c"\nlogin_requests = ["POST /login"]\n'
WITH_FIELDS = IIS + 'fields = "date time cs-username c-ip cs-method cs-uri-stem sc-status"\n'
HEADERS = [
    "#Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status",
    # as many: a line below the one that is read by the other is an event, and a wrong one
    "#Fields: date time cs-username c-ip cs-method cs-uri-stem sc-status",
    "#Fields: date time cs-method cs-uri-stem sc-status c-ip cs-username",
    "#Fields: date time",
    "#Fields: date c-ip",
]


def log(seed: int, count: int = 20) -> bytes:
    """A log that changes its fields in mid-file, and says so."""
    rng = random.Random(seed)
    lines, names = [], HEADERS[1].split()[1:]
    for n in range(count):
        if rng.random() < 0.3:
            header = rng.choice(HEADERS)
            names = header.split()[1:]
            lines += ["#Software: Microsoft Internet Information Services 10.0", header]
        values = {
            "date": rng.choice(["2025-08-29", "2025-08-29", "2025-08-30", "2025-09-02"]),
            "time": f"10:{n:02}:{rng.randrange(60):02}",
            "c-ip": f"203.0.113.{rng.randrange(3)}",
            "cs-username": rng.choice(["riya", "tom", "-"]),
            "cs-method": rng.choice(["GET", "POST"]),
            "cs-uri-stem": rng.choice(["/login", "/a", "/b"]),
            "sc-status": rng.choice(["200", "302", "404", "x"]),
        }
        lines.append(" ".join(values[name] for name in names))
    return "\r\n".join([*lines, ""]).encode()


@pytest.mark.parametrize(("seed", "text", "at_a_time"), [(0, IIS, 9), (1, IIS, 1), (2, IIS, 99), (3, WITH_FIELDS, 2)])
def test_a_file_that_grew_in_any_steps_means_what_it_does_whole(
    tmp_path: Path, seed: int, text: str, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    files = {"u_ex.log": log(seed), "b/u_ex.log": log(seed + 100), "c/u_ex.log.1.gz": gzip.compress(log(seed + 200))}
    fresh, workspace = settle(tmp_path / "fresh", text), settle(tmp_path / "grown", text)
    lay(fresh, files)
    run.ingest(fresh, as_of=AS_OF)
    for module in (slabs, reading):
        monkeypatch.setattr(module, "SLAB_LINES", at_a_time)
    for _ in range(4):
        name = rng.choice(["u_ex.log", "b/u_ex.log"])
        ends = [match.end() for match in re.finditer(rb"#Fields.*\n", files[name])]  # right after a header
        lay(workspace, {name: files[name][: rng.choice([*ends, rng.randrange(len(files[name]))])]})
        run.ingest(workspace, as_of=AS_OF)
    lay(workspace, files)
    run.ingest(workspace, as_of=AS_OF)
    assert_same(workspace, fresh)
    assert lake.scan(fresh.lake, Events).collect().height > 10


def test_a_run_killed_anywhere_between_two_headers_was_never_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, folder = log(1), tmp_path / "grown"
    workspace, fresh = settle(folder, IIS), settle(tmp_path / "fresh", IIS)
    lay(workspace, {"u_ex.log": data[: len(data) // 2]})
    run.ingest(workspace, as_of=AS_OF)
    lay(workspace, {"u_ex.log": data})
    lay(fresh, {"u_ex.log": data})
    run.ingest(fresh, as_of=AS_OF)
    with left_behind(monkeypatch, folder, tmp_path) as killed:
        run.ingest(workspace, as_of=AS_OF)
    assert killed
    for copy in (folder, *killed):
        again = settings.load(copy)
        run.ingest(again, as_of=AS_OF)
        assert_same(again, fresh)


def test_a_line_out_of_range_is_judged_again_by_the_header_it_was_below(tmp_path: Path) -> None:
    header, other = HEADERS[0], HEADERS[1]
    line = "2025-08-29 10:00:00 203.0.113.7 riya GET /a 200"
    data = f"{header}\n{line}\n{other}\n2025-08-29 10:00:01 tom 203.0.113.8 GET /b 200\n".encode()
    workspace, fresh = settle(tmp_path / "a", IIS), settle(tmp_path / "b", IIS)
    for one in (workspace, fresh):
        lay(one, {"u_ex.log": data})
    run.ingest(workspace, as_of=datetime(2025, 8, 20, tzinfo=UTC))
    kept = lake.scan(workspace.lake, Quarantine).collect()
    assert kept.select("quarantine_reason", "header").rows() == [
        ("time_out_of_range", header),
        ("time_out_of_range", other),
    ]
    assert run.ingest(workspace, as_of=AS_OF).events == 2
    run.ingest(fresh, as_of=AS_OF)
    assert held(workspace.root) == held(fresh.root)
    assert lake.scan(workspace.lake, Events).sort("event_time").collect()["user_name"].to_list() == ["riya", "tom"]


def test_the_ledger_knows_the_header_where_reading_stopped(tmp_path: Path) -> None:
    workspace = settle(tmp_path, IIS)
    lay(
        workspace,
        {"u_ex.log": f"{HEADERS[0]}\n2025-08-29 10:00:00 203.0.113.7 riya GET /a 200\n{HEADERS[2]}\n".encode()},
    )
    run.ingest(workspace, as_of=AS_OF)
    (entry,) = ledger.read(workspace.lake, "panel")
    assert entry.header == HEADERS[2]
    combined = settle(tmp_path / "c", SOURCE + 'format = "combined"\n')
    lay(combined, {"u_ex.log": b"#Fields: x\n"})
    run.ingest(combined, as_of=AS_OF)
    (entry,) = ledger.read(combined.lake, "panel")
    assert entry.header is None


def test_tables_of_a_version_that_knew_no_headers_are_read_on(tmp_path: Path) -> None:
    workspace = settle(tmp_path, SOURCE + 'format = "combined"\n')
    lay(workspace, {"access.log": b"bad\n"})
    run.ingest(workspace, as_of=AS_OF)
    for table in (Ledger, Quarantine):
        (path,) = (workspace.lake / ("_recent_activities" if table is Ledger else ".") / table.name).rglob("*.parquet")
        pl.read_parquet(path, hive_partitioning=False).drop("header").write_parquet(path)
    lay(workspace, {"access.log": b"bad\nworse\n"})
    assert run.ingest(workspace, as_of=AS_OF).quarantined > 0
    assert lake.scan(workspace.lake, Quarantine).collect()["header"].to_list() == [None, None]
    (entry,) = ledger.read(workspace.lake, "panel")
    assert (entry.line_count, entry.header) == (2, None)


def test_a_long_header_is_not_copied_for_every_line() -> None:
    line = "t," + "n" * 8_000
    above = headers.column([(200_000, line)])
    assert above.len() == 200_000
    program = (
        "import resource; from processors import _fields, headers\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"  # also what started this one had
        f"marks = _fields._shared(headers.column([(200_000, {line!r})]))\n"
        "assert len(marks) == 200_000 and len({id(mark) for mark in marks}) == 1\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    more = int(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
    assert more < 300 << 10  # KiB: the text itself would be 1.6 GB
