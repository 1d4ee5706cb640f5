from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from processors.__main__ import app
from processors.formats import nginx
from schemas import Events, Quarantine
from tests import workspaces

MORNING = datetime(2025, 8, 29, 4, 30, tzinfo=UTC)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def document(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "access.log"
    path.write_bytes(workspaces.line(MORNING) * 19 + b"\n\x16\x03\x01 \x1b[31m[red]\xff\n" + workspaces.line(MORNING))
    return path


def test_parse_counts_every_line_once(lines: Path) -> None:
    result = call("parse", "--format", "combined", "--json", lines)
    found = document(result)
    assert result.exit_code == 0
    assert {name: found[name] for name in ("lines", "events", "quarantined", "skipped")} == {
        "lines": 22, "events": 20, "quarantined": 1, "skipped": 1,
    }  # fmt: skip
    (file,) = found["files"]
    assert file["file"] == str(lines) and file["reasons"] == {"invalid_utf8": 1} and file["lines"] == 22
    assert file["first_rejects"][0]["line_number"] == 21


@pytest.fixture
def w3c(tmp_path: Path) -> Path:
    path = tmp_path / "u_ex250829.log"
    path.write_text("#Version: 1.0\n2025-08-29 04:37:12 192.0.2.10\n#Fields: date time\n2025-08-29 04:37:13\n")
    return path


def test_parse_is_told_the_fields_of_lines_above_the_first_header(w3c: Path, tmp_path: Path) -> None:
    quarantine = tmp_path / "quarantine.parquet"
    without = call("parse", "-f", "iis_w3c", w3c, "--json", "--quarantine", quarantine)
    assert without.exit_code == 1 and "--fields" in without.stderr
    assert pl.read_parquet(quarantine).select("quarantine_reason", "header").rows() == [("unknown_fields", None)]
    found = document(call("parse", "-f", "iis_w3c", w3c, "--json", "--fields", "date time c-ip"))
    assert (found["events"], found["skipped"], found["quarantined"]) == (2, 2, 0)


@pytest.mark.parametrize(("format", "fields"), [("combined", "date time"), ("iis_w3c", "date"), ("iis_w3c", "")])
def test_parse_refuses_fields_that_cannot_be(lines: Path, format: str, fields: str) -> None:
    result = call("parse", "-f", format, lines, "--fields", fields)
    assert result.exit_code == 2 and "--fields" in result.stderr


def test_parse_shows_a_reject_with_its_control_characters_written_out(lines: Path) -> None:
    result = call("parse", "--format", "combined", lines)
    assert r"line 21  invalid_utf8  \x16\x03\x01 \x1b[31m[red]\xff" in result.stderr
    assert "\x1b" not in result.output and "\x16" not in result.output


def test_parse_writes_events_and_quarantine_as_their_tables(lines: Path, tmp_path: Path) -> None:
    events, quarantine = tmp_path / "events.parquet", tmp_path / "out" / "quarantine.parquet"
    assert call("parse", "-f", "combined", lines, "--events", events, "--quarantine", quarantine).exit_code == 0
    Events.validate(pl.read_parquet(events))
    Quarantine.validate(pl.read_parquet(quarantine))
    assert (pl.read_parquet(events).height, pl.read_parquet(quarantine)["line_number"].to_list()) == (20, [21])


def test_parse_writes_through_a_link(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "link.parquet").symlink_to("events.parquet")
    assert call("parse", "-f", "combined", lines, "--events", tmp_path / "link.parquet").exit_code == 0
    assert (tmp_path / "link.parquet").is_symlink() and pl.read_parquet(tmp_path / "events.parquet").height == 20


def test_parse_adds_files_up(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "more.log").write_bytes(workspaces.line(MORNING))
    found = document(call("parse", "-f", "combined", "--json", lines, tmp_path / "more.log"))
    assert found["events"] == 21 and [file["events"] for file in found["files"]] == [20, 1]


def test_parse_names_every_file_that_cannot_be_read(tmp_path: Path) -> None:
    result = call("parse", "-f", "combined", tmp_path / "absent.log", tmp_path)
    assert result.exit_code == 2
    assert "absent.log: cannot be read (No such file or directory)" in result.stderr
    assert "Is a directory" in result.stderr and result.stdout == ""


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that even root cannot read")
def test_parse_of_a_file_that_breaks_while_it_is_read_is_no_traceback() -> None:
    result = call("parse", "-f", "combined", "/proc/self/mem")
    assert result.exit_code == 2 and "/proc/self/mem" in result.stderr and "Traceback" not in result.output


def test_parse_says_that_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()
    result = call("parse", "-f", "combined", "--json", tmp_path / "empty.log")
    assert result.exit_code == 1 and document(result)["events"] == 0
    assert "Nothing readable" in result.stderr and "is empty" in result.stderr


def test_parse_names_the_format_that_fits_better(lines: Path) -> None:
    result = call("parse", "-f", "common", lines)
    assert result.exit_code == 1 and "try --format combined" in result.stderr


def test_parse_names_the_nearest_format(lines: Path) -> None:
    result = call("parse", "-f", "combind", lines)
    assert result.exit_code == 2 and "did you mean combined" in " ".join(result.stderr.split())


def test_a_time_without_an_offset_asks_for_a_zone(tmp_path: Path) -> None:
    line = '2025-08-29 10:00:00,000 INFO  [org.keycloak.events] (x) type="LOGIN", userId="1", ipAddress="192.0.2.1"\n'
    (tmp_path / "keycloak.log").write_text(line)
    result = call("parse", "-f", "keycloak", tmp_path / "keycloak.log")
    assert result.exit_code == 1 and "--time-zone" in result.stderr


def test_a_zone_that_is_none_is_named_with_the_nearest(lines: Path) -> None:
    result = call("parse", "-f", "combined", "--time-zone", "Asia/Kolkatta", lines)
    assert result.exit_code == 2 and "Asia/Kolkata" in result.stderr


def test_parse_takes_no_pipe_because_it_could_read_its_beginning_only_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = call("parse", "-f", "combined", tmp_path / "pipe")
    assert result.exit_code == 2 and "no regular file" in result.stderr


def test_an_output_never_replaces_an_input_or_a_device(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"precious\n")
    for output in (log, Path("/dev/null")):
        result = call("parse", log, "--format", "combined", "--events", output)
        assert result.exit_code == 2 and "name another file" in " ".join(result.stderr.split())
    assert log.read_bytes() == b"precious\n"


OWN = f"nginx:{nginx.FORMAT}"


def test_parse_reads_a_server_s_own_format(lines: Path) -> None:
    found = document(call("parse", "-f", OWN, "--json", lines))
    assert (found["events"], found["quarantined"]) == (20, 1)


@pytest.mark.parametrize(
    ("format", "token", "said"),
    [
        (f"{OWN} $request_tim", "$request_tim", "Did you mean $request_time?"),
        ("apache:%h %t %{Referer}i %{User-agent}i", "%{User-agent}i", "Write quotes around them in httpd.conf"),
        ("nginx", "", "nginx needs its log_format. Write format = 'nginx:$remote_addr …'"),
    ],
)
def test_parse_shows_what_cannot_be_read_back_with_a_caret(lines: Path, format: str, token: str, said: str) -> None:
    result = call("parse", "-f", format, lines)
    assert result.exit_code == 2 and "Traceback" not in result.output and result.stdout == ""
    *first, line, caret = result.stderr.splitlines()
    assert said in "\n".join(first) and line[caret.index("^") :].startswith(token)


def test_parse_of_a_server_s_own_format_that_does_not_fit_names_one_that_does(lines: Path) -> None:
    result = call("parse", "-f", "apache:%h %t", lines)
    assert result.exit_code == 1 and "It does not look like apache:…" in result.stderr
    assert "try --format combined" in result.stderr


def test_where_half_the_lines_read_the_format_is_right_and_the_reasons_are_named(tmp_path: Path) -> None:
    path = tmp_path / "utf.log"
    path.write_bytes(workspaces.line(MORNING) + b"\xff\n")
    said = call("parse", "-f", "combined", path).stderr
    assert "The others read as combined. These do not: the line is not UTF-8 (1 invalid_utf8)" in said
    assert "does not look like" not in said
    path.write_bytes(workspaces.line(MORNING) + b"\xff\n" * 2)
    assert "It does not look like combined" in call("parse", "-f", "combined", path).stderr


MAPPING = """
event_time = "time"
user_name = "user"
event_class = { path = "action", login = "in" }
"""
RECORDS = '{"time":"2025-08-29T04:37:12Z","user":"riya","action":"in"}\n{"time":"yesterday"}\n'


def mapped(folder: Path, name: str = "app.json", text: str = RECORDS, mapping: str = MAPPING) -> tuple[Path, Path]:
    (folder / name).write_text(text)
    (folder / "fields.toml").write_text(mapping)
    return folder / name, folder / "fields.toml"


def test_parse_reads_any_log_by_a_mapping_in_a_file(tmp_path: Path) -> None:
    log, fields = mapped(tmp_path)
    found = document(call("parse", "-f", "fields:json", log, "--fields", fields, "--json"))
    assert (found["events"], found["files"][0]["reasons"]) == (1, {"malformed_time": 1})
    log, fields = mapped(tmp_path, "app.csv", "time;user;action\n2025-08-29T04:37:12Z;riya;in\n")
    found = document(call("parse", "-f", "fields:csv", log, "--fields", fields, "--json"))
    assert (found["events"], found["skipped"], found["quarantined"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (None, "fields:json needs to be told what is where in a record"),
        ("absent.toml", "got nothing there, expected a mapping of fields"),
        ("fields.toml", "event_tim: got the unknown setting 'event_tim'"),
        ("fields.toml", "the nearest is 'event_time'"),
        ("fields.toml", "event_class: got nothing"),
    ],
)
def test_parse_says_all_that_is_wrong_with_a_mapping(tmp_path: Path, fields: str | None, said: str) -> None:
    log, _ = mapped(tmp_path, mapping='event_tim = "time"')
    result = call("parse", "-f", "fields:json", log, *(["--fields", tmp_path / fields] if fields else []))
    assert result.exit_code == 2 and said in " ".join(result.stderr.split()) and "Traceback" not in result.output


@pytest.mark.parametrize("format", ["fields", "fields:jsn"])
def test_parse_names_both_kinds_of_any_other_log(lines: Path, format: str) -> None:
    result = call("parse", "-f", format, lines)
    assert result.exit_code == 2 and "'fields:json' or 'fields:csv'" in result.stderr


def test_a_csv_file_without_its_header_is_told_what_to_do(tmp_path: Path) -> None:
    log, fields = mapped(tmp_path, "app.csv", "".join(f"2025-08-29T04:37:1{n}Z;riya;in\n" for n in range(3)))
    result = call("parse", "-f", "fields:csv", log, "--fields", fields)
    assert result.exit_code == 1 and "give `header` if files have none" in " ".join(result.stderr.split())
