"""Files of wrapped pages, read into the lake: every record once, however the file is packed, grows or breaks off."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from processors import lake, ledger, run, settings, status
from processors.__main__ import app
from processors.sign_ins import auth0, aws_identity_center, entra_id, google_workspace, onelogin
from schemas import Events, Ledger, Quarantine
from tests import workspaces
from tests.workspaces import AS_OF

TEXT = '[workspace]\ntime_zone = "UTC"\n\n[[sources]]\nname = "idp"\nformat = "{format}"\nfiles = "landing/*.json*"\n'
SHOWN = ["event_time", "event_class", "user_name", "source_event_id", "line_number"]


def workspace(folder: Path, format: str = "entra_id") -> settings.Settings:
    return workspaces.write(folder, text=TEXT.replace("{format}", format))


def record(number: int) -> dict[str, Any]:
    found = json.loads(entra_id.SAMPLE)
    found["properties"] |= {"id": f"id-{number}", "createdDateTime": f"2025-08-29T10:{number:02}:00Z"}
    return found


def read(workspace: settings.Settings, data: bytes, name: str = "x.json") -> run.IngestResult:
    workspaces.land(workspace, name, data)
    result = run.ingest(workspace, as_of=AS_OF)
    assert result.lines == result.events + result.quarantined + result.skipped
    return result


def events(workspace: settings.Settings) -> pl.DataFrame:
    return lake.scan(workspace.lake, Events).select(SHOWN).sort("event_time", "line_number").collect()


def page(*numbers: int, indent: int | None = None) -> bytes:
    return json.dumps({"records": [record(number) for number in numbers]}, indent=indent).encode()


@pytest.mark.parametrize(
    "data",
    [
        page(0, 1, 2),
        page(0, 1, 2, indent=2),
        page(0) + b"\n" + page(1, 2) + b"\n",
        b"\xef\xbb\xbf" + page(0, 1, indent=1) + b"\r\n" + b"\xef\xbb\xbf" + page(2),
        json.dumps(record(0)).encode() + b"\n" + page(1, 2),
        gzip.compress(page(0, 1)) + gzip.compress(page(2)),
        b'{"@odata.context":"c","value":' + json.dumps([record(n) for n in range(3)]).encode() + b',"n":3}',
    ],
)
def test_every_record_of_a_page_is_an_event(tmp_path: Path, data: bytes) -> None:
    here = workspace(tmp_path)
    assert (read(here, data).lines, events(here)["source_event_id"].to_list()) == (3, ["id-0", "id-1", "id-2"])
    assert events(here)["line_number"].to_list() == [1, 2, 3]
    (known,) = status.status(here).sources
    assert (known.waiting, known.unfinished) == ((), ())


@pytest.mark.parametrize("indent", [None, 1])
def test_a_page_that_grows_is_read_as_if_it_came_at_once(tmp_path: Path, indent: int | None) -> None:
    data = page(0, 1, 2, indent=indent)
    at_once = workspace(tmp_path / "once")
    read(at_once, data)
    for stop in range(1, len(data), 137):
        growing = workspace(tmp_path / f"{stop}")
        lines = read(growing, data[:stop]).lines + read(growing, data).lines
        assert lines == 3 and events(growing).equals(events(at_once))


def test_a_page_to_which_records_are_added_gives_only_those(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    assert [read(here, data).lines for data in (page(0), page(0, 1), page(0, 1) + b"\n" + page(2))] == [1, 1, 1]


def test_a_page_that_breaks_off_waits_and_its_records_do_not(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    assert read(here, page(0, 1)[:-30]).lines == 1
    (known,) = status.status(here).sources
    assert known.unfinished == ("landing/x.json",)


def test_a_compressed_page_that_breaks_off_gives_its_whole_records(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    result = read(here, gzip.compress(page(*range(50)), compresslevel=0)[:-2000], "x.json.gz")
    assert 0 < result.events == result.lines < 50
    assert "breaks off" in result.warnings[0]


def test_a_bad_record_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    one, two = (json.dumps(record(number)).encode() for number in range(2))
    result = read(here, b'{"records":[%s,{"time":x},null,{"time":{}},%s]}' % (one, two))
    assert (result.events, result.reasons) == (2, {"malformed_json": 2, "missing_field": 1})
    rows = lake.scan(here.lake, Quarantine).sort("line_number").collect()
    assert rows["raw_bytes"].to_list() == [b'{"time":x}', b"null", b'{"time":{}}']
    assert rows["line_number"].to_list() == [2, 3, 4]


@pytest.mark.parametrize(
    "empty", [b'{"records":[]}', b'{"value":[]}\n', b'{\n "@odata.context": "c",\n "value": [\n ]\n}']
)
def test_an_empty_page_is_a_directive_and_its_file_is_read(tmp_path: Path, empty: bytes) -> None:
    here = workspace(tmp_path)
    result = read(here, empty)
    assert (result.lines, result.skipped) == (1, 1)
    assert ledger.read(here.lake, "idp")[0].directive_count == 1
    assert status.status(here).sources[0].waiting == ()


@pytest.mark.parametrize("records", [b"null", b'"none"', b"{}", b'{"time":"2025-08-29T10:00:00Z"}', b"7"])
def test_a_page_whose_list_is_none_is_in_quarantine(tmp_path: Path, records: bytes) -> None:
    result = read(workspace(tmp_path), b'{"records":%s}\n%s' % (records, page(1)))
    assert (result.events, result.reasons) == (1, {"missing_field": 1})


def test_a_record_out_of_range_is_released_from_its_page(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    workspaces.land(here, "x.json", page(0, 1))
    assert run.ingest(here, as_of=AS_OF - timedelta(days=30)).reasons == {"time_out_of_range": 2}
    assert run.ingest(here, as_of=AS_OF).events == 2


def test_the_events_of_an_activity_have_lines_of_their_own(tmp_path: Path) -> None:
    here = workspace(tmp_path, "google_workspace")
    activity = json.loads(google_workspace.SAMPLE)
    activity["events"] *= 3
    data = json.dumps({"kind": "admin#reports#activities", "items": [activity, activity]}).encode()
    result = read(here, data)
    assert (result.lines, result.events, events(here).height) == (6, 6, 3)  # the second one repeats the first
    assert [own.rpartition("/")[2] for own in events(here)["source_event_id"]] == ["0", "1", "2"]


def test_files_of_cloudtrail_are_read(tmp_path: Path) -> None:
    here = workspace(tmp_path, "aws_identity_center")
    records = [json.loads(aws_identity_center.SAMPLE) | {"eventID": f"{number}"} for number in range(3)]
    result = read(here, gzip.compress(json.dumps({"Records": records}).encode()), "trail.json.gz")
    assert (result.events, result.lines) == (3, 3)


def test_the_same_sign_in_twice_is_a_step_and_a_login(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    read(here, json.dumps({"records": [record(0) | {"resultType": "50074"}, record(0), record(0)]}).encode())
    assert events(here)["event_class"].to_list() == ["other", "login"]


# names that no table has


def unlisted(here: settings.Settings) -> tuple[dict[str, int], int]:
    (found,) = status.status(here).sources
    return found.unlisted_actions, found.further_unlisted


def test_onelogin_pages_have_blocks_beside_their_list(tmp_path: Path) -> None:
    here = workspace(tmp_path, "onelogin")
    records = [json.loads(onelogin.SAMPLE) | {"id": number} for number in range(3)]
    beside = {"status": {"error": False, "code": 200}, "pagination": {"before_cursor": None, "after_cursor": "x"}}
    page = json.dumps(beside | {"data": records}).encode()
    assert read(here, page[: len(page) // 2]).events == 1
    assert read(here, page + json.dumps(beside | {"data": []}).encode()).skipped == 1
    assert events(here)["source_event_id"].to_list() == ["0", "1", "2"]


def test_auth0_pages_count_what_there_is(tmp_path: Path) -> None:
    here = workspace(tmp_path, "auth0")
    records = [json.loads(auth0.SAMPLE)["data"] | {"log_id": f"{number}"} for number in range(3)]
    assert read(here, json.dumps({"start": 0, "limit": 3, "total": 9, "logs": records}).encode()).events == 3
    assert events(here)["source_event_id"].to_list() == ["0", "1", "2"]


def named(*names: str) -> bytes:
    return b"\n".join(json.dumps(record(n % 60) | {"category": name}).encode() for n, name in enumerate(names))


def test_events_by_unknown_names_are_counted_over_all_files(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    read(here, named("NewLogs", "AuditLogs", "SignInLogs", "NewLogs"))
    read(here, named("NewLogs", "AuditLogs", "SignInLogs", "NewLogs", "B", "A"))
    read(here, named("A", "x" * 500), "y.json")
    assert unlisted(here) == ({"A": 2, "NewLogs": 2, "B": 1, "x" * 100: 1}, 0)


def test_a_listed_name_is_not_counted_whatever_its_class(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    read(here, json.dumps(record(1) | {"resultType": "50140"}).encode())
    assert unlisted(here) == ({}, 0)


@pytest.mark.parametrize("stop", [10, 55, 80])
def test_of_many_unknown_names_the_first_are_kept_however_they_arrive(tmp_path: Path, stop: int) -> None:
    here = workspace(tmp_path)
    names = [f"name{number:02}" for number in range(80)] + ["name00", "name79"]
    read(here, named(*names[:stop]))
    read(here, named(*names))
    found, further = unlisted(here)
    assert (len(found), found["name00"], further) == (ledger.MOST_NAMES, 2, 31)
    assert list(found)[1:3] == ["name01", "name02"]


def test_status_shows_the_commonest_and_no_control_characters(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    read(here, named("B", "B", "a\x1b[2J", *(f"name{number}" for number in range(5))))
    result = CliRunner().invoke(app, ["status", "-w", str(tmp_path)])
    said = " ".join(result.stderr.split())
    assert "idp: 8 events of class other, by names that its table does not have: 2 B, 1 a\\x1b[2J, 1 name0" in said
    assert said.count("2 of further names") == 1


def test_the_ledger_of_an_earlier_version_counted_none(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    read(here, named("NewLogs"))
    path = lake.file_of(here.lake, Ledger, "idp")
    pl.read_parquet(path).drop("unlisted_actions").write_parquet(path)
    assert unlisted(here) == ({}, 0)
    assert read(here, named("NewLogs", "NewLogs")).lines == 1
    assert unlisted(here) == ({"NewLogs": 1}, 0)
