from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from processors import _console, locations, run
from processors.__main__ import app
from processors.errors import SettingsError
from processors.settings import Settings
from schemas import Sessions
from tests import workspaces

ROOT = Path(__file__).parent.parent
MORNING = datetime(2025, 8, 29, 4, 30, tzinfo=UTC)
AS_OF = "2025-08-31T00:00:00Z"
HOSTILE = "=cmd\u001b[31m[bold]\u202e@example.com"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def landed(folder: Path) -> Settings:
    settings = workspaces.write(folder)
    login = workspaces.line(MORNING, "riya.sharma@example.com", "POST /login", status=302)
    later = workspaces.line(MORNING + timedelta(minutes=20), "riya.sharma@example.com")
    tom = workspaces.line(
        MORNING + timedelta(hours=1), "tom@example.com", "POST /login", status=302, address="2001:db8::7"
    )
    later_tom = workspaces.line(MORNING + timedelta(hours=1), "tom@example.com", address="2001:db8::7")
    late = workspaces.line(datetime(2025, 8, 29, 18, tzinfo=UTC), "-", address="198.51.100.9")
    workspaces.land(settings, "access.log", login + later + b"not a line\n" + tom + later_tom * 7 + late)
    return settings


@pytest.fixture
def workspace(tmp_path: Path) -> Settings:
    return landed(tmp_path)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The workspace after a run, to be looked at only."""
    settings = landed(tmp_path_factory.mktemp("shown"))
    call("run", "-w", settings.root, "--as-of", AS_OF)
    return settings


def test_help_shows_the_commands_in_the_order_of_the_work() -> None:
    output = call("--help").stdout
    names = ("init", "check", "parse", "ingest", "sessions", "report", "run", "show", "explain", "status")
    places = [output.index(f"│ {name} ") for name in names]
    assert places == sorted(places)


def test_help_names_no_type_beside_a_flag() -> None:
    for command in ((), ("show",), ("explain",), ("status",), ("geo", "fetch")):
        assert "--help" in call(*command, "--help").stdout and "bool" not in call(*command, "--help").stdout


def test_the_help_of_every_command_ends_in_examples_of_it() -> None:
    names = ("init", "check", "parse", "ingest", "sessions", "report", "run", "show", "explain", "status")
    for name in (*names, "geo fetch", "geo status"):
        _, _, examples = call(*name.split(), "--help").stdout.partition("Examples:")
        calls = [line for line in examples.splitlines() if line.strip()]
        assert calls and all(one.split("recent-activities ")[1].startswith(name) for one in calls)


def test_a_format_that_is_not_given_is_one_of_those_listed() -> None:
    result = call("parse", "access.log")
    assert result.exit_code == 2 and "combined" in result.stderr and "keycloak" in result.stderr


def test_help_loads_neither_polars_nor_pydantic() -> None:
    code = "import sys; import processors.__main__; sys.exit(bool({'polars', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_command_does_not_import_sqlalchemy() -> None:
    code = (
        "import sys; from processors import __main__ as m; sys.argv = ['x', 'parse', '-f', 'combined', '/dev/null']\n"
        "try: m.main()\nexcept SystemExit: print(sys.modules['sqlalchemy'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.endswith("None\n")


def test_run_reads_computes_and_publishes(workspace: Settings) -> None:
    result = call("--workspace", workspace.path, "run", "--as-of", AS_OF, "--json")
    found = document(result)
    assert result.exit_code == 0 and found["as_of"] == "2025-08-31T00:00:00.000000Z"
    assert (found["ingest"]["lines"], found["ingest"]["events"], found["ingest"]["quarantined"]) == (12, 11, 1)
    by_date = {report["date"]: report for report in found["reports"]}
    assert by_date["2025-08-29"]["revision"] == 1 and by_date["2025-08-29"]["is_complete"]
    assert (workspace.reports / "2025-08-29" / "manifest.json").exists()


def test_run_tells_people_the_same(workspace: Settings) -> None:
    result = call("run", "-w", workspace.root, "--as-of", AS_OF)
    assert "Read 1 file: 12 lines → 11 events, 1 quarantined (1 malformed_line), 0 skipped" in result.stdout
    assert "COMPLETE" in result.stdout and "2025-08-30: panel: no events" not in result.stdout
    assert "2025-08-30: panel: no events" in result.stderr.replace("2025-08-30: 2025-08-30: ", "2025-08-30: ")


def test_a_second_run_reads_nothing_and_keeps_the_revision(workspace: Settings) -> None:
    call("run", "-w", workspace.root, "--as-of", AS_OF)
    result = call("run", "-w", workspace.root, "--as-of", AS_OF)
    assert result.exit_code == 0 and "Nothing new in the landing files" in result.stdout
    assert "1 (as before)" in result.stdout


def test_the_steps_one_by_one_give_what_run_gives(workspace: Settings, tmp_path: Path) -> None:
    assert call("ingest", "-w", workspace.root, "--as-of", AS_OF).exit_code == 0
    computed = call("sessions", "-w", workspace.root, "--date", "2025-08-29", "--as-of", AS_OF, "--json")
    assert document(computed) == {
        "dates": ["2025-08-29"],
        "sessions": 2,
        "changed": ["2025-08-29"],
        "warnings": [locations.NONE],
    }
    published = document(call("report", "-w", workspace.root, "--date", "2025-08-29", "--json"))
    assert (published["date"], published["revision"], published["rows"]) == ("2025-08-29", 1, 2)


def test_old_logs_say_how_to_look_at_them(workspace: Settings) -> None:
    result = call("run", "-w", workspace.root, "--as-of", "2031-01-01")
    assert result.exit_code == 1 and "--as-of" in result.stderr and "No day to compute" in result.stderr
    again = call("run", "-w", workspace.root, "--as-of", AS_OF)
    assert "Judged again what was in quarantine: 11 lines → 11 events" in again.stdout


def test_every_run_names_the_midnight_from_which_lines_out_of_range_are_read(workspace: Settings) -> None:
    for _ in range(2):
        told = " ".join(call("run", "-w", workspace.root, "--as-of", "2031-01-01").stderr.split())
        assert "11 lines are in quarantine because of the time, 2025-08-29: older than" in told
    assert f"recent-activities run -w {workspace.root} --as-of 2025-08-30`" in told
    assert call("run", "-w", workspace.root, "--as-of", "2025-08-30", "--json").exit_code == 0
    after = call("run", "-w", workspace.root, "--as-of", "2031-01-01")
    assert after.exit_code == 0 and "because of the time" not in after.stderr


def test_lines_ahead_of_the_run_are_said_to_wait(workspace: Settings) -> None:
    told = " ".join(call("ingest", "-w", workspace.root, "--as-of", "2025-08-20T10:00").stderr.split())
    assert "2025-08-29: more than a day after 2025-08-20 10:00" in told and "--as-of" not in told


def test_a_time_at_the_end_of_the_calendar_is_told_like_any_other(workspace: Settings) -> None:
    workspaces.land(workspace, "broken.log", workspaces.line(datetime(9999, 12, 31, 23, 59, tzinfo=UTC)))
    assert "9999-12-30: more than a day" in " ".join(call("ingest", "-w", workspace.root).stderr.split())


def test_a_report_without_events_says_that_the_lines_of_its_day_are_out_of_range(workspace: Settings) -> None:
    days = ("--from", "2025-08-28", "--to", "2025-08-29")
    result = call("run", "-w", workspace.root, *days, "--as-of", "2031-01-01", "--json")
    reasons = {report["date"]: report["reasons"] for report in document(result)["reports"]}
    assert reasons["2025-08-28"] == ["panel: no events on 2025-08-28"]
    (reason,) = reasons["2025-08-29"]
    assert reason == "panel: no events on 2025-08-29; 11 lines of that day are in quarantine as out of range"


def test_a_file_whose_times_are_out_of_range_is_not_said_to_have_another_format(workspace: Settings) -> None:
    told = call("run", "-w", workspace.root, "--as-of", "2031-01-01").stderr
    assert "100% of its lines" in told and "format" not in told


def test_a_file_that_is_mostly_quarantined_is_named(workspace: Settings) -> None:
    workspaces.land(workspace, "noise.log", b"noise\n" * 9 + workspaces.line(MORNING))
    result = call("run", "-w", workspace.root, "--as-of", AS_OF)
    assert result.exit_code == 1
    assert "landing/noise.log: 90% of its lines are in quarantine" in result.stderr
    assert "9 malformed_line, such as line " in result.stderr
    assert (workspace.reports / "2025-08-29").exists()


def test_a_report_of_a_day_never_computed_says_what_to_run(workspace: Settings) -> None:
    result = call("report", "-w", workspace.root, "--date", "2025-08-29")
    assert result.exit_code == 1
    assert f"recent-activities sessions -w {workspace.root} --date 2025-08-29`" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--date", "2025-08-29", "--from", "2025-08-28"), "either --date, or --from"),
        (("--from", "2025-08-29", "--to", "2025-08-28"), "2025-08-29 is after 2025-08-28"),
        (("--to", "2025-08-28"), "--to needs --from"),
        (("--date", "29.8.2025"), "write it as 2025-08-29"),
        (("--as-of", "yesterday"), "is no time"),
    ],
)
def test_days_that_make_no_sense_are_a_wrong_call(
    workspace: Settings, arguments: tuple[str, ...], message: str
) -> None:
    result = call("sessions", "-w", workspace.root, *arguments)
    assert result.exit_code == 2 and message in " ".join(result.stderr.split())


def as_of(workspace: Settings, text: str) -> str:
    return str(document(call("run", "-w", workspace.root, "--json", "--as-of", text))["as_of"])


def test_an_instant_without_an_offset_is_in_the_workspace_zone(workspace: Settings) -> None:
    assert as_of(workspace, "2025-08-31T05:30:00") == "2025-08-31T00:00:00.000000Z"
    assert as_of(workspace, "2025-08-31") == "2025-08-30T18:30:00.000000Z"
    assert as_of(workspace, "2025-08-31T05:30:00+02:00") == "2025-08-31T03:30:00.000000Z"


def test_a_local_time_that_happens_twice_needs_its_offset(tmp_path: Path) -> None:
    workspaces.write(tmp_path, zone="Europe/Berlin")
    result = call("ingest", "-w", tmp_path, "--as-of", "2025-10-26T02:30:00")
    assert result.exit_code == 2 and "add its offset" in " ".join(result.stderr.split())


def test_both_ends_of_from_and_to_are_computed(workspace: Settings) -> None:
    result = call("sessions", "-w", workspace.root, "--from", "2025-08-28", "--to", "2025-08-30", "--json")
    assert document(result)["dates"] == ["2025-08-28", "2025-08-29", "2025-08-30"]


def test_an_unknown_source_is_named_with_the_known_ones(workspace: Settings) -> None:
    result = call("ingest", "-w", workspace.root, "--source", "pannel")
    assert result.exit_code == 2 and "pannel" in result.stderr and "panel" in result.stderr


def test_a_workspace_that_is_not_there_says_how_to_write_one(tmp_path: Path) -> None:
    result = call("run", "-w", tmp_path / "workspace.toml")
    assert (
        result.exit_code == 2 and "recent-activities init" in result.stderr and result.exception.__class__ is SystemExit
    )


@pytest.fixture
def computed(workspace: Settings) -> Settings:
    """The workspace after a run, to go on with."""
    call("run", "-w", workspace.root, "--as-of", AS_OF)
    return workspace


def test_show_lists_the_newest_login_first(shown: Settings) -> None:
    rows = [line.split() for line in call("show", "-w", shown.root).stdout.splitlines()]
    assert rows[0][:5] == ["user", "login", "inactive", "address", "device"]
    assert [row[0] for row in rows[1:3]] == ["tom@example.com", "riya.sharma@example.com"]
    assert rows[2][1:5] == ["2025-08-29", "10:00:00", "02:00:00", "203.0.113.7"]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_terminal_is_too_narrow_for_times_and_numbers(
    shown: Settings, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    table = call("show", "-w", shown.root).stdout
    assert "2025-08-29 10:00:00" in table
    if width >= 60:
        assert "  02:00:00  203.0.113.7" in table and max(map(len, table.splitlines()[:4])) <= width
    status = call("status", "-w", shown.root).stdout
    assert "quarantined  skipped  late  last event" in status and "2025-08-29  COMPLETE r1    panel" in status


def test_show_of_no_session_still_counts_them(shown: Settings) -> None:
    result = call("show", "-w", shown.root, "--limit", 0)
    assert result.exit_code == 0 and "0 of 2 sessions" in result.stdout


def test_show_says_how_many_more_there_are(shown: Settings) -> None:
    output = call("show", "-w", shown.root, "--limit", "1").stdout
    assert "1 of 2 sessions" in output and "1 more" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("203.0.113.7/99",), "203.0.113.0/24"),
        (("300.1.1.1",), "is no address"),
        (("--ip", "junk"), "is no address"),
        (("--from", "2025-02-30"), "write it as 2025-08-29"),
        (("--from", "2025-08-30", "--to", "2025-08-29"), "is after"),
    ],
)
def test_show_refuses_what_it_cannot_look_for(shown: Settings, arguments: tuple[str, ...], said: str) -> None:
    result = call("show", "-w", shown.root, *arguments)
    assert result.exit_code == 2 and said in " ".join(result.stderr.split()) and not result.stdout


def test_show_says_what_is_known_where_it_finds_nothing(shown: Settings) -> None:
    assert "what is computed are the days 2025-08-29 to 2025-08-30" in call("show", "-w", shown.root, "nobody").stderr


def test_show_names_every_instant_its_days_are_known_at(computed: Settings) -> None:
    call("sessions", "-w", computed.root, "--date", "2025-08-28", "--as-of", AS_OF)
    assert "as of 2025-08-31 05:30\n" in call("show", "-w", computed.root).stdout
    login = workspaces.line(datetime(2025, 8, 28, 9, tzinfo=UTC), "mei", "POST /login", status=302)
    workspaces.land(computed, "mei.log", login)
    call("ingest", "-w", computed.root, "--as-of", AS_OF)
    call("sessions", "-w", computed.root, "--date", "2025-08-28", "--as-of", "2025-08-30")
    assert "as of 2025-08-30 00:00 to 2025-08-31 05:30\n" in call("show", "-w", computed.root).stdout


def test_show_counts_the_later_addresses_of_a_session(computed: Settings) -> None:
    assert "+1" not in call("show", "-w", computed.root).stdout
    moved = workspaces.line(MORNING + timedelta(minutes=30), "riya.sharma@example.com", address="198.51.100.9")
    workspaces.land(computed, "moved.log", moved)
    call("run", "-w", computed.root, "--as-of", AS_OF)
    assert "203.0.113.7 +1" in call("show", "-w", computed.root, "198.51.100.9").stdout


def test_no_line_ends_in_spaces(computed: Settings) -> None:
    for command in ("show", "status", "run"):
        output = call(command, "-w", computed.root, *(("--as-of", AS_OF) if command == "run" else ())).stdout
        assert output and not [line for line in output.splitlines() if line != line.rstrip()]


def test_show_as_csv_is_the_report(shown: Settings) -> None:
    report = (shown.reports / "2025-08-29" / "recent_activities.csv").read_text(encoding="utf-8")
    assert call("show", "-w", shown.root, "--format", "csv").stdout == report


def test_show_as_json_and_parquet_has_every_column_of_sessions(shown: Settings, tmp_path: Path) -> None:
    rows = document(call("show", "-w", shown.root, "--format", "json", "riya"))
    assert [row["inactivity_s"] for row in rows] == [7200] and set(Sessions.column_names()) <= set(rows[0])
    assert call("show", "-w", shown.root, "-f", "parquet", "-o", tmp_path / "x.parquet").exit_code == 0
    Sessions.validate(pl.read_parquet(tmp_path / "x.parquet"))
    piped = call("show", "-w", shown.root, "-f", "parquet").stdout_bytes
    assert pl.read_parquet(io.BytesIO(piped)).height == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pipe", "is no regular file"),
        ("circle", "is no regular file"),
        ("to_pipe", "is no regular file"),
        ("workspace.toml", "is of the settings of this workspace"),
        ("to_settings", "is of the settings of this workspace"),
        ("lake/sessions/login_date=2025-08-29/0.parquet", "is of the lake of this workspace"),
        ("lake/new.csv", "is of the lake of this workspace"),
        ("reports/2025-08-29/recent_activities.csv", "is of the reports of this workspace"),
        ("people.csv", "is of the roster of this workspace"),
        ("landing/new.log.csv", "is a landing file of the source panel"),
    ],
)
def test_show_writes_over_nothing_that_is_no_file_or_is_of_the_workspace(tmp_path: Path, name: str, said: str) -> None:
    workspace = workspaces.write(
        tmp_path, text=workspaces.TEXT.replace("[[sources]]", 'roster = "people.csv"\n\n[[sources]]', 1)
    )
    os.mkfifo(tmp_path / "pipe")
    for link, target in (("circle", "circle"), ("to_pipe", "pipe"), ("to_settings", "workspace.toml")):
        (tmp_path / link).symlink_to(target)
    before = workspaces.files(tmp_path, without=("pipe",))
    result = call("show", "-w", workspace.root, "-f", "csv", "-o", tmp_path / name)
    assert result.exit_code == 2 and said in " ".join(re.sub(r"[│\n]", " ", result.stderr).split())
    assert workspaces.files(tmp_path, without=("pipe",)) == before and (tmp_path / "pipe").is_fifo()


def test_show_writes_through_a_link(shown: Settings, tmp_path: Path) -> None:
    for name in ("there.csv", "new.csv"):
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to(name)
        (tmp_path / "there.csv").write_text("old")
        assert call("show", "-w", shown.root, "-f", "csv", "-o", tmp_path / "link").exit_code == 0
        assert (tmp_path / "link").is_symlink() and (tmp_path / name).read_text().startswith("user_name,")


@pytest.mark.parametrize("format", ["table", "csv", "json", "parquet"])
def test_masked_output_has_neither_e_mail_nor_address(shown: Settings, format: str) -> None:
    output = call("show", "-w", shown.root, "--masked", "--format", format).stdout_bytes
    for secret in (b"riya.sharma", b"tom@", b"203.0.113.7", b"2001:db8::7"):
        assert secret not in output
    if format != "parquet":
        assert b"r***@example.com" in output and b"203.0.113.0/24" in output and b"2001:db8::/48" in output


def test_hostile_names_reach_neither_the_terminal_nor_a_formula(tmp_path: Path) -> None:
    okta = {
        "uuid": "1", "eventType": "user.authentication.sso", "published": "2025-08-29T04:30:00.000Z",
        "actor": {"type": "User", "alternateId": HOSTILE}, "outcome": {"result": "SUCCESS"},
        "client": {"ipAddress": "203.0.113.7", "userAgent": {"rawUserAgent": workspaces.AGENT}},
        "target": [{"type": "AppInstance", "displayName": "Panel"}],
    }  # fmt: skip
    text = workspaces.TEXT.replace("combined", "okta").split("login_requests")[0]
    settings = workspaces.write(tmp_path, text=text)
    workspaces.land(settings, "okta.log", json.dumps(okta).encode() + b"\n")
    assert call("run", "-w", tmp_path, "--as-of", AS_OF).exit_code == 0
    table = call("show", "-w", tmp_path).stdout
    assert r"=cmd\x1b[31m[bold]\u202e@example.com" in table and "\x1b" not in table and "\u202e" not in table
    (row,) = csv.DictReader(io.StringIO(call("show", "-w", tmp_path, "--format", "csv").stdout))
    assert row["user_name"] == r"'=cmd\x1b[31m[bold]\u202e@example.com"
    output = call("show", "-w", tmp_path, "--format", "json").stdout
    assert "\u202e" not in output and json.loads(output)[0]["user_name"] == HOSTILE


def test_status_counts_what_was_read_and_names_nobody(shown: Settings) -> None:
    result = call("status", "-w", shown.root, "--json")
    found = document(result)
    assert result.exit_code == 0 and "riya" not in result.stdout and "203.0.113" not in result.stdout
    (source,) = found["sources"]
    assert (source["files"], source["lines"], source["events"], source["quarantined"]) == (1, 12, 11, 1)
    assert source["reasons"] == {"malformed_line": 1}
    (day,) = found["days"]
    assert (day["date"], day["events"], day["last_event_time"]) == ("2025-08-29", 11, "2025-08-29T18:00:00.000000Z")
    assert ("2025-08-29", 1, True) in [(r["date"], r["revision"], r["is_complete"]) for r in found["reports"]]
    table = call("status", "-w", shown.root).stdout
    assert "COMPLETE r1" in table and "2025-08-29 23:30:00" in table


def test_status_names_files_that_wait_and_lines_that_are_unfinished(computed: Settings) -> None:
    access = computed.root / "landing" / "access.log"
    access.write_bytes(access.read_bytes() + workspaces.line(MORNING)[:40])
    assert document(call("status", "-w", computed.root, "--json"))["sources"][0]["waiting"] == ["landing/access.log"]
    call("ingest", "-w", computed.root, "--as-of", AS_OF)
    (source,) = document(call("status", "-w", computed.root, "--json"))["sources"]
    assert source["waiting"] == [] and source["unfinished"] == ["landing/access.log"]


def test_status_shows_the_last_days_unless_all_are_asked_for(tmp_path: Path) -> None:
    settings = workspaces.write(tmp_path)
    days = [MORNING - timedelta(days=n) for n in reversed(range(16))]
    workspaces.land(settings, "access.log", b"".join(map(workspaces.line, days)))
    run.ingest(settings, as_of=workspaces.AS_OF)
    some, every = (document(call("status", "-w", tmp_path, "--json", *extra)) for extra in ((), ("--all",)))
    assert (len(some["days"]), some["days_left_out"], len(every["days"])) == (14, 2, 16)


def test_init_writes_a_workspace_that_checks_and_runs_and_is_not_overwritten(tmp_path: Path) -> None:
    assert call("init", tmp_path / "demo", "--time-zone", "Europe/Berlin").exit_code == 0
    assert call("check", "-w", tmp_path / "demo").exit_code == 0
    before = workspaces.files(tmp_path / "demo")
    again = call("init", tmp_path / "demo")
    assert again.exit_code == 2 and "Name another folder" in again.stderr
    assert workspaces.files(tmp_path / "demo") == before


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes")
def test_a_disk_that_is_full_is_an_error_with_a_remedy_and_loses_nothing(workspace: Settings) -> None:
    workspaces.land(workspace, "access.log", b"".join(workspaces.history(1, 400)))

    def limit() -> None:  # a write beyond the limit fails as one to a full disk does
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    command = [sys.executable, "-m", "processors", "run", "-w", str(workspace.root), "--as-of", AS_OF]
    failed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=limit)
    assert failed.returncode == 2 and "Traceback" not in failed.stderr and "Free some space" in failed.stderr
    assert document(call("run", "-w", workspace.root, "--as-of", AS_OF, "--json"))["ingest"]["lines"] == 400


def test_a_run_that_is_interrupted_ends_without_a_traceback(
    workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run", interrupted)
    result = call("run", "-w", workspace.root)
    assert result.exit_code == 130 and result.output == ""


def test_an_interrupt_ends_a_wait_though_polars_would_have_it_go_on() -> None:
    code = (
        "import sys, polars\nfrom processors import _console\n"
        "with _console.progress():\n    print('waits', flush=True)\n    sys.stdin.buffer.raw.read(1)"
    )

    def heed() -> None:  # a shell starts what runs in the background with the interrupt ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)

    command, pipe = [sys.executable, "-c", code], subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, preexec_fn=heed, text=True, stdin=pipe, stdout=pipe, stderr=pipe
    ) as waiting:
        assert waiting.stdout and waiting.stdout.readline() == "waits\n"
        waiting.send_signal(signal.SIGINT)
        try:
            waiting.wait(timeout=60)
        finally:
            waiting.kill()
    assert waiting.returncode == -signal.SIGINT


def test_no_bar_is_shown_where_nobody_watches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([0.0, 10.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))
    with _console.progress() as bar:
        bar("reading panel", 1, 2)
    assert capsys.readouterr().err == ""


def test_settings_problems_are_told_without_a_traceback(tmp_path: Path) -> None:
    text = workspaces.TEXT.replace("{zone}", "Mars/Olympus").replace("format", "fromat")
    with pytest.raises(SettingsError):
        workspaces.write(tmp_path, text=text)
    result = call("run", "-w", tmp_path)
    assert result.exit_code == 2 and "Mars/Olympus" in result.stderr and "fromat" in result.stderr
