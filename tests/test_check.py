from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from processors import check as checking
from processors.__main__ import app
from processors.formats import nginx
from tests import workspaces

MORNING = datetime(2025, 8, 29, 4, 30, tzinfo=UTC)
KEYCLOAK = """[workspace]
time_zone = "UTC"
[[sources]]
name = "keycloak"
format = "keycloak"
files = "landing/*.log"
"""
ERROR = (
    '2025-08-29 10:00:00,000 WARN  [org.keycloak.events] (x) type="LOGIN_ERROR", userId="1", ipAddress="192.0.2.1"\n'
)


def check(folder: Path, as_of: str = "2025-08-31") -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(app, ["check", "-w", str(folder), "--as-of", as_of, "--json"])
    return result.exit_code, json.loads(result.stdout)["findings"]


def problems(folder: Path, as_of: str = "2025-08-31") -> tuple[int, str]:
    code, findings = check(folder, as_of)
    return code, "\n".join(
        f"{f['where']}: {f['message']}. {f['remedy']}" for f in findings if f["kind"] not in ("ok", "note")
    )


def test_a_workspace_that_is_well_has_no_problem(tmp_path: Path) -> None:
    workspaces.land(workspaces.write(tmp_path), "access.log", workspaces.line(MORNING))
    assert problems(tmp_path) == (0, "")


@pytest.mark.parametrize(
    ("as_of", "said"), [("2031-01-01", "older than the longest retention"), ("2025-08-01", "more than a day ahead")]
)
def test_times_out_of_range_are_a_warning_that_names_their_days(tmp_path: Path, as_of: str, said: str) -> None:
    lines = workspaces.line(MORNING) + workspaces.line(MORNING.replace(day=30))
    workspaces.land(workspaces.write(tmp_path), "access.log", lines)
    code, told = problems(tmp_path, as_of)
    assert code == 0 and "2 of its first 2 events are of 2025-08-29 to 2025-08-30, " + said in told


def test_all_settings_that_are_wrong_are_named_at_once(tmp_path: Path) -> None:
    text = workspaces.TEXT.replace("{zone}", "Asia/Kolkatta").replace("combined", "combind") + 'stalled = "1h"\n'
    (tmp_path / "workspace.toml").write_text(text)
    code, told = problems(tmp_path)
    assert code == 2
    for wrong, right in (("Asia/Kolkatta", "Asia/Kolkata"), ("combind", "combined"), ("stalled", "stalled_after")):
        assert wrong in told and right in told


def test_a_source_without_files_is_a_problem(tmp_path: Path) -> None:
    workspaces.write(tmp_path)
    code, told = problems(tmp_path)
    assert code == 1 and "no file matches 'landing/**/*.log*'" in told


def test_a_folder_in_the_place_of_a_file_is_a_problem(tmp_path: Path) -> None:
    workspaces.write(tmp_path, text=workspaces.TEXT.replace("landing/**/*.log*", "landing/access.log"))
    (tmp_path / "landing" / "access.log").mkdir(parents=True)
    code, told = problems(tmp_path)
    assert code == 1 and "it is a folder" in told


def test_a_file_of_another_format_is_named_with_the_format_it_has(tmp_path: Path) -> None:
    settings = workspaces.write(tmp_path, text=workspaces.TEXT.replace("combined", "common"))
    workspaces.land(settings, "access.log", workspaces.line(MORNING) * 3)
    code, told = problems(tmp_path)
    assert code == 1 and "landing/access.log: 3 of its first 3 lines" in told and "format = 'combined'" in told


def test_a_file_that_two_sources_claim_is_a_problem(tmp_path: Path) -> None:
    again = workspaces.TEXT[workspaces.TEXT.index("[[sources]]") :].replace('"panel"', '"shop"')
    twice = workspaces.TEXT + again.replace("**/*.log*", "access*")
    workspaces.land(workspaces.write(tmp_path, text=twice), "access.log", workspaces.line(MORNING))
    code, told = problems(tmp_path)
    assert code == 1 and told.count("is claimed by the sources panel and shop") == 1
    said = CliRunner().invoke(app, ["run", "-w", str(tmp_path), "--as-of", "2025-08-31"]).stderr
    assert said.count("is claimed by the sources panel and shop") == 1


def test_the_first_bytes_of_every_file_are_looked_at(tmp_path: Path) -> None:
    made = workspaces.write(tmp_path)
    for name, data in (("old.log", b"PK\x03\x04"), ("odd.log.gz", b"\x1f\x8bgarbage"), ("none.log", b"")):
        workspaces.land(made, name, data)
    for number in range(4):
        workspaces.land(made, f"new-{number}.log", workspaces.line(MORNING))
    code, told = problems(tmp_path)
    assert code == 1 and "old.log: is a zip archive" in told and "none.log" not in told
    assert "panel: landing/odd.log.gz: its compressed data is damaged, or breaks off, before its first line" in told


def test_times_without_an_offset_need_a_zone(tmp_path: Path) -> None:
    settings = workspaces.write(tmp_path, text=KEYCLOAK)
    workspaces.land(settings, "keycloak.log", ERROR.replace("_ERROR", "").encode())
    code, told = problems(tmp_path)
    assert code == 1 and "set time_zone of the source keycloak" in told


def test_failures_alone_tell_that_keycloak_keeps_its_successes_to_itself(tmp_path: Path) -> None:
    settings = workspaces.write(tmp_path, text=KEYCLOAK + 'time_zone = "UTC"\n')
    path = workspaces.land(settings, "keycloak.log", ERROR.encode())
    code, findings = check(tmp_path)
    assert code == 0 and any("DEBUG" in finding["remedy"] for finding in findings)
    path.write_text(ERROR + ERROR.replace("_ERROR", ""))
    assert not any("DEBUG" in finding["remedy"] for finding in check(tmp_path)[1])


def test_a_lake_that_is_a_file_is_a_wrong_setting(tmp_path: Path) -> None:
    workspaces.land(workspaces.write(tmp_path), "access.log", workspaces.line(MORNING))
    (tmp_path / "lake").touch()
    code, told = problems(tmp_path)
    assert code == 2 and "lake is a file, not a folder" in told
    result = CliRunner().invoke(app, ["run", "-w", str(tmp_path)])
    assert result.exit_code == 2 and "A file stands where a folder is needed" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place that even root cannot write")
def test_a_lake_that_cannot_be_written_is_a_wrong_setting(tmp_path: Path) -> None:
    text = workspaces.TEXT.replace("[[sources]]", 'lake = "/proc/lake"\n\n[[sources]]')
    workspaces.land(workspaces.write(tmp_path, text=text), "access.log", workspaces.line(MORNING))
    code, told = problems(tmp_path)
    assert code == 2 and "cannot be written" in told
    result = CliRunner().invoke(app, ["run", "-w", str(tmp_path)])
    assert result.exit_code == 2 and "/proc/lake" in result.stderr and "Traceback" not in result.output


def test_little_space_is_a_warning_and_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspaces.land(workspaces.write(tmp_path), "access.log", workspaces.line(MORNING))
    monkeypatch.setattr(checking, "LEAST_FREE_BYTES", 1 << 62)
    code, told = problems(tmp_path)
    assert code == 0 and "may be needed" in told


def test_the_space_that_may_be_needed_goes_with_what_has_landed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("usage", (), {"free": 70_000_000, "total": 10**12})
    monkeypatch.setattr(checking.shutil, "disk_usage", lambda _: usage)
    path = workspaces.land(workspaces.write(tmp_path), "access.log", workspaces.line(MORNING))
    assert problems(tmp_path) == (0, "")
    path.write_bytes(workspaces.line(MORNING) * 20_000)
    code, told = problems(tmp_path)
    assert code == 0 and "lake: 70 MB are free at" in told and "75 MB may be needed" in told


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 kB"), (999_999, "1,000 kB"), (1_100_000_000, "1.1 GB"), (75_500_000_000, "76 GB")]
)
def test_a_size_is_shown_in_its_unit(count: int, shown: str) -> None:
    assert checking._size(count) == shown


def test_a_roster_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    text = workspaces.TEXT.replace("[[sources]]", 'roster = "people.csv"\n\n[[sources]]')
    workspaces.land(workspaces.write(tmp_path, text=text), "access.log", workspaces.line(MORNING))
    code, told = problems(tmp_path)
    assert code == 0 and "people.csv" in told


def test_wrong_settings_do_not_hide_what_else_is_wrong(tmp_path: Path) -> None:
    text = workspaces.TEXT.replace("{zone}", "Asia/Kolkatta").replace("combined", "common")
    text = text.replace("[[sources]]", 'roster = "people.csv"\n\n[[sources]]\nname = "x"\nformat = "y"\n[[sources]]')
    path = tmp_path / "landing" / "access.log"
    path.parent.mkdir()
    path.write_bytes(workspaces.line(MORNING) * 3)
    (tmp_path / "lake").touch()
    (tmp_path / "workspace.toml").write_text(text)
    code, told = problems(tmp_path)
    assert code == 2
    for wrong in ("Asia/Kolkatta", "sources[x].files", "format = 'combined'", "lake is a file", "people.csv"):
        assert wrong in told


def test_a_token_that_the_format_does_not_log_is_a_warning(tmp_path: Path) -> None:
    text = workspaces.TEXT + 'user = "nonsense"\nsession_reference = "$cookie_sid"\napplication = "Panel"\n'
    workspaces.land(workspaces.write(tmp_path, text=text), "access.log", workspaces.line(MORNING))
    code, told = problems(tmp_path)
    assert code == 0
    for token in (
        "'nonsense', expected what combined logs: $remote_addr, $remote_user",
        "'$cookie_sid'",
        "sources[panel].application",
    ):
        assert token in told


def test_a_field_that_no_record_has_is_a_warning(tmp_path: Path) -> None:
    text = KEYCLOAK + 'time_zone = "UTC"\nuser = "details.nobody"\nlogin_requests = ["POST /login"]\n'
    workspaces.land(workspaces.write(tmp_path, text=text), "keycloak.log", ERROR.encode())
    code, told = problems(tmp_path)
    assert code == 0
    assert "none of its first 1 event has 'details.nobody'" in told and "sources[keycloak].login_requests" in told


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('[sessions]\ninactivity_window = "2h"', "no inactivity window is ever listed"),
        ('[sessions]\nlateness = "40d"', "retention.landing: got 31d, expected at least 40d"),
        ('[sessions]\nlateness = "90d"', "retention.events: got 90d, expected at least 94d2h"),
    ],
)
def test_settings_that_hardly_fit_together_are_a_warning(tmp_path: Path, section: str, said: str) -> None:
    workspaces.land(workspaces.write(tmp_path, text=workspaces.TEXT + section), "access.log", workspaces.line(MORNING))
    code, told = problems(tmp_path)
    assert code == 0 and said in told


def test_a_roster_without_its_columns_is_a_warning(tmp_path: Path) -> None:
    text = workspaces.TEXT.replace("[[sources]]", 'roster = "people.csv"\n\n[[sources]]')
    workspaces.land(workspaces.write(tmp_path, text=text), "access.log", workspaces.line(MORNING))
    (tmp_path / "people.csv").write_text("user,name\nmei,Zhang Mei\n")
    assert "people.csv has no column user_name and display_name" in problems(tmp_path)[1]


OWN = f"""'nginx:{nginx.FORMAT} $request_time "$cookie_sid"'"""


def own(folder: Path) -> Path:
    text = workspaces.TEXT.replace('format = "combined"', f'format = {OWN}\nsession_reference = "$cookie_sid"')
    settings = workspaces.write(folder, text=text)
    return workspaces.land(settings, "access.log", workspaces.line(MORNING)[:-1] + b' 0.045 "5f2c9a"\n')


def test_of_a_server_s_own_format_each_token_is_shown_with_what_it_feeds(tmp_path: Path) -> None:
    own(tmp_path)
    code, findings = check(tmp_path)
    (found,) = (finding for finding in findings if finding["feeds"])
    assert code == 0 and found["where"] == "panel" and found["kind"] == "note"
    assert {feed["token"]: feed["columns"] for feed in found["feeds"]} == {
        "$remote_addr": ["ip_address", "peer_address"],
        "$remote_user": ["user_name"],
        "$time_local": ["event_time"],
        "$request": ["http_method", "http_path"],
        "$status": ["http_status", "outcome"],
        "$body_bytes_sent": ["response_bytes"],
        "$http_referer": ["referrer"],
        "$http_user_agent": ["user_agent", "device"],
        "$request_time": [],
        "$cookie_sid": ["session_reference"],
    }


def test_what_the_tokens_feed_is_a_table_for_people(tmp_path: Path) -> None:
    own(tmp_path)
    result = CliRunner().invoke(app, ["check", "-w", str(tmp_path), "--as-of", "2025-08-31"])
    rows = [line.split(maxsplit=1) for line in result.stdout.splitlines() if line.startswith("  $")]
    assert ["$status", "http_status, outcome"] in rows and ["$request_time", "dropped"] in rows
    assert "read as nginx:…" in result.stdout


def test_a_server_s_format_that_cannot_be_read_back_is_shown_with_a_caret(tmp_path: Path) -> None:
    format = "'nginx:$remote_addr [$time_local] $http_referer $http_user_agent'"
    (tmp_path / "workspace.toml").write_text(workspaces.TEXT.replace('"combined"', format))
    result = CliRunner().invoke(app, ["check", "-w", str(tmp_path), "--as-of", "2025-08-31"])
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.endswith("^"))
    assert lines[at - 1][lines[at].index("^") :] == "$http_user_agent"
    assert "→ Write quotes around them" in lines[at + 1]


MAPPED = """[workspace]
time_zone = "UTC"
[[sources]]
name = "app"
format = "fields:json"
files = "landing/*.json"
[sources.fields]
event_time = "ts"
user_name = ["user.mail", "login"]
ip_address = "client.adress"
event_class = { path = "action", login = ["signin"] }
"""
RECORDS = b"""{"ts":"2025-08-29T04:37:12Z","login":"riya","client":{"address":"192.0.2.1"},"action":"signin"}
{"ts":"2025-08-29T04:37:13Z","login":"-","client":"gone","action":"\\u001b[31mview"}
"""


def test_of_a_mapping_each_path_is_shown_with_how_many_records_have_it(tmp_path: Path) -> None:
    workspaces.land(workspaces.write(tmp_path, text=MAPPED), "app.json", RECORDS)
    code, findings = check(tmp_path)
    (found,) = (finding for finding in findings if finding["feeds"])
    assert code == 0 and found["message"] == "what is taken from the first 2 records"
    assert {feed["token"]: (feed["columns"], feed["records"]) for feed in found["feeds"]} == {
        "ts": (["event_time"], 2),
        "action": (["event_class"], 2),
        "user.mail": (["user_name"], 0),
        "login": (["user_name"], 1),
        "client.adress": (["ip_address"], 0),
    }


def test_a_path_that_no_record_has_is_a_warning_with_the_nearest_key(tmp_path: Path) -> None:
    workspaces.land(workspaces.write(tmp_path, text=MAPPED), "app.json", RECORDS)
    code, told = problems(tmp_path)
    assert code == 0 and "none of the first 2 records has 'client.adress'" in told
    assert "the nearest is 'client.address'" in told and "user.mail" not in told


def test_values_in_no_list_are_named_with_what_becomes_of_them(tmp_path: Path) -> None:
    workspaces.land(workspaces.write(tmp_path, text=MAPPED), "app.json", RECORDS)
    result = CliRunner().invoke(app, ["check", "-w", str(tmp_path), "--as-of", "2025-08-31"])
    text = " ".join(result.stdout.split())
    assert "in no list of `event_class`, so that they mean other: '" in text and "[31mview' (1)" in text
    assert "\x1b[31m" not in result.stdout and "records" in text


CSV = MAPPED.replace("fields:json", "fields:csv").replace(".json", ".csv")


def test_the_columns_of_csv_are_those_of_its_header(tmp_path: Path) -> None:
    lines = b"ts,login,client.address,action\r\n2025-08-29T04:37:12Z,riya,192.0.2.1,signin\r\n"
    workspaces.land(workspaces.write(tmp_path, text=CSV), "app.csv", lines)
    code, findings = check(tmp_path)
    (found,) = (finding for finding in findings if finding["feeds"])
    assert code == 0 and {feed["token"]: feed["records"] for feed in found["feeds"]} == {
        "ts": 1, "action": 1, "user.mail": 0, "login": 1, "client.adress": 0,
    }  # fmt: skip
    assert "the nearest is 'client.address'" in problems(tmp_path)[1]


def test_a_header_without_the_time_is_a_problem_that_says_so(tmp_path: Path) -> None:
    workspaces.land(workspaces.write(tmp_path, text=CSV), "app.csv", b"when,login\n2025-08-29T04:37:12Z,riya\n")
    code, told = problems(tmp_path)
    assert code == 1 and "The header has no column of `event_time`" in told


def test_settings_that_a_mapping_takes_the_place_of_are_a_warning(tmp_path: Path) -> None:
    text = MAPPED.replace("[sources.fields]", 'user = "login"\nlogin_requests = ["POST /login"]\n[sources.fields]')
    workspaces.land(workspaces.write(tmp_path, text=text), "app.json", RECORDS)
    code, told = problems(tmp_path)
    assert code == 0 and "sources[app].user" in told and "sources[app].login_requests" in told


def test_an_application_that_no_record_can_have_is_a_warning(tmp_path: Path) -> None:
    text = MAPPED.replace("[sources.fields]", 'application = "Panel"\n[sources.fields]')
    workspaces.land(workspaces.write(tmp_path, text=text), "app.json", RECORDS)
    code, told = problems(tmp_path)
    assert code == 0 and "sources[app].application" in told and "no login counts" in told
