from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from processors import pipeline, run, settings, workspace_day
from processors.errors import SettingsError
from tests import workspaces

GOOD = """
[workspace]
name = "Example Brand"
time_zone = "Asia/Kolkata"

[sessions]
idle_timeout = "1h30m"

[[sources]]
name = "panel"
format = "combined"
files = "landing/panel/**/access.log*"
trusted_proxies = ["10.0.0.0/8"]

[networks]
"203.0.113.0/24" = { label = "Head office", kind = "office" }

[rules.impossible_travel]
speed_km_per_hour = 900
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "workspace.toml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        settings.load(write(folder, text))
    assert str(folder / "workspace.toml") in str(caught.value)
    return {problem.where: str(problem) for problem in caught.value.problems}


def test_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path, GOOD))
    assert loaded.lake == tmp_path / "lake"
    assert loaded.reports == tmp_path / "reports"


def test_durations_add_up_and_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path, GOOD))
    assert loaded.sessions.idle_timeout == timedelta(minutes=90)
    assert loaded.sessions.lateness == timedelta(days=3)


def test_a_folder_stands_for_the_workspace_in_it(tmp_path: Path) -> None:
    assert settings.load(write(tmp_path, GOOD).parent).path == tmp_path / "workspace.toml"


def test_the_environment_names_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECENT_ACTIVITIES_WORKSPACE", str(write(tmp_path, GOOD)))
    assert settings.load().workspace.name == "Example Brand"


def test_all_problems_come_at_once_with_the_nearest_valid_key(tmp_path: Path) -> None:
    text = GOOD.replace("idle_timeout", "idle_timout").replace("Kolkata", "Kolkatta").replace('"combined"', '"combned"')
    found = problems(tmp_path, text)
    assert "nearest is 'idle_timeout'" in found["sessions.idle_timout"]
    assert "nearest is 'Asia/Kolkata'" in found["workspace.time_zone"]
    assert "nearest is 'combined'" in found["sources[panel].format"]


@pytest.mark.parametrize(
    ("was", "now", "where"),
    [
        ('"1h30m"', '"90"', "sessions.idle_timeout"),
        ('"1h30m"', '"0m"', "sessions.idle_timeout"),
        ('"1h30m"', '"25h"', "sessions.idle_timeout"),
        ('"1h30m"', '"-1d"', "sessions.idle_timeout"),
        ('"1h30m"', '"99999999d"', "sessions.idle_timeout"),
        ('"1h30m"', "02:00:00", "sessions.idle_timeout"),
        ('idle_timeout = "1h30m"', 'lateness = "-1d"', "sessions.lateness"),
        ('"Example Brand"', '"x"\nlake = "a\\u0000b"', "workspace.lake"),
        ('"Example Brand"', f'"x"\nroster = "{"a" * 300}"', "workspace.roster"),
        ('"Example Brand"', '"x"\nreports = "lake"', "workspace.reports"),
        ('"Example Brand"', '"x"\nreports = "lake/of/reports"', "workspace.reports"),
        ('"Example Brand"', '"x"\nreports = "."', "workspace.reports"),
        ("[rules.impossible_travel]", "[ingest]\nquarantined_share = true", "ingest.quarantined_share"),
        ("[workspace]", 'path = "/tmp"\n[workspace]', "path"),
        ("[rules.impossible_travel]", '[retention]\nevents = "4d1h"', "retention.events"),
        ("landing/panel/**/access.log*", "landing/panel/**", "sources[panel].files"),
        ("landing/panel/**/access.log*", "landing/.hidden*", "sources[panel].files"),
        ("landing/panel/**/access.log*", "~/access.log*", "sources[panel].files"),
        ("landing/panel/**/access.log*", "**/*", "sources[panel].files"),
        ("landing/panel/**/access.log*", "lake/**/*.parquet", "sources[panel].files"),
        ('"combined"', '"okta"\nuser = "a..[b"', "sources[panel].user"),
        ('"combined"', '"okta"\nsession_reference = "[x"', "sources[panel].session_reference"),
        ('"combined"', '"combined"\nlogin_requests = ["post /login"]', "sources[panel].login_requests[0]"),
        ('"combined"', '"combined"\nlogin_requests = ["POST /login?next=*"]', "sources[panel].login_requests[0]"),
        ('"combined"', f'"combined"\nbackground_paths = {["/a"] * 501}', "sources[panel].background_paths"),
        ('"Asia/Kolkata"', '"+05:30"', "workspace.time_zone"),
        ('"10.0.0.0/8"', '"10.0.0.1/8"', "sources[panel].trusted_proxies[0]"),
        ('"combined"', '"combined"\nfields = "date time"', "sources[panel].fields"),
        ('"combined"', '"iis_w3c"\nfields = "date c-ip"', "sources[panel].fields"),
        ('"combined"', '"iis_w3c"\nfields = "date time date"', "sources[panel].fields"),
        ('"office"', '"ofice"', "networks.203.0.113.0/24.kind (line 16)"),
        ('"landing/panel/**/access.log*"', '"/var/log/*"', "sources[panel].files"),
        ('name = "panel"', 'name = "../panel"', "sources[../panel].name"),
        ('name = "Example Brand"', 'lake = "s3://Bucket"', "workspace.lake"),
        ('name = "Example Brand"', 'lake = "s3://bucket/../x"', "workspace.lake"),
        ('name = "Example Brand"', 'lake = "s3://key:secret@bucket/x"', "workspace.lake"),
        ('name = "Example Brand"', 'lake = "s3://bucket/login_date=1"', "workspace.lake"),
        ('name = "Example Brand"', 'lake = "gs://bucket/prefix"', "workspace.lake"),
        ('name = "Example Brand"', 'reports = "s3://bucket/prefix"', "workspace.reports"),
        ('name = "Example Brand"', 'lake = "~/lake"', "workspace.lake"),
        ('name = "Example Brand"', 'reports = "~"', "workspace.reports"),
        ('name = "Example Brand"', 'roster = "~riya/people.csv"', "workspace.roster"),
        ("speed_km_per_hour = 900", "speed_km_per_hour = inf", "rules.impossible_travel.speed_km_per_hour"),
        ("speed_km_per_hour = 900", "speed_km_per_hour = [900]", "rules.impossible_travel.speed_km_per_hour"),
        ("speed_km_per_hour = 900", "speed.km = 900", "rules.impossible_travel.speed"),
        ("speed_km_per_hour = 900", "since = 2025-08-29", "rules.impossible_travel.since"),
        ("speed_km_per_hour = 900", f'why = "{"x" * 201}"', "rules.impossible_travel.why"),
        ("speed_km_per_hour = 900", '"speed km" = 900', "rules.impossible_travel.speed km"),
        ("rules.impossible_travel", 'rules."Impossible Travel"', "rules.Impossible Travel"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_place(tmp_path: Path, was: str, now: str, where: str) -> None:
    assert where in problems(tmp_path, GOOD.replace(was, now))


def test_a_proxy_may_be_written_as_ipv4_mapped_ipv6(tmp_path: Path) -> None:
    (panel,) = settings.load(write(tmp_path, GOOD.replace("10.0.0.0/8", "::ffff:10.0.0.0/104"))).sources
    assert panel.trusted_proxies == ("10.0.0.0/8",)


def test_thresholds_of_rules_are_numbers_words_and_durations(tmp_path: Path) -> None:
    given = {"speed_km_per_hour": 900, "share": 0.5, "window": "15m", "is_on": True}
    written = "\n".join(
        f"{name} = {str(value).lower() if value is True else repr(value)}" for name, value in given.items()
    )
    loaded = settings.load(write(tmp_path, GOOD.replace("speed_km_per_hour = 900", written)))
    assert loaded.rules == {"impossible_travel": given}


@pytest.mark.parametrize("lake", ["s3://bucket", "s3://bucket/", "s3://my.bucket-1/logs/recent_activities"])
def test_a_lake_may_lie_in_a_bucket(tmp_path: Path, lake: str) -> None:
    loaded = settings.load(write(tmp_path, GOOD.replace('name = "Example Brand"', f'lake = "{lake}"')))
    assert str(loaded.lake) == lake.removesuffix("/")


@pytest.mark.parametrize("fields", ["date time c-ip", "#Fields: date time c-ip "])
def test_the_fields_of_a_w3c_log_may_be_written_as_its_header_is(tmp_path: Path, fields: str) -> None:
    loaded = settings.load(write(tmp_path, GOOD.replace('"combined"', f'"iis_w3c"\nfields = "{fields}"')))
    assert loaded.source("panel").fields == "date time c-ip"


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = GOOD + '\n[[sources]]\nname = "panel"\nformat = "combined"\nfiles = "x"\n'
    assert "panel" in " ".join(problems(tmp_path, twice).values())


def test_a_source_whose_files_all_belong_to_another_as_well_is_refused(tmp_path: Path) -> None:
    inside = GOOD + '\n[[sources]]\nname = "shop"\nformat = "combined"\nfiles = "landing/panel/shop/access.log*"\n'
    found = problems(tmp_path, inside)
    assert "the files of shop" in found["sources[panel].files"]
    beside = inside.replace("landing/panel/shop/", "landing/shop/")
    assert len(settings.load(write(tmp_path, beside)).sources) == 2


def test_what_is_wrong_together_is_named_along_with_what_is_wrong_alone(tmp_path: Path) -> None:
    text = GOOD.replace("1h30m", "25h").replace("Kolkata", "Kolkatta").replace('"combined"', '"combned"')
    text = text.replace('"Example Brand"', '"x"\nreports = "lake"')
    assert {"sessions.idle_timeout", "workspace.time_zone", "workspace.reports", "sources[panel].format"} <= set(
        problems(tmp_path, text)
    )


def test_nothing_is_compared_with_what_stands_for_a_wrong_value(tmp_path: Path) -> None:
    text = GOOD.replace('"1h30m"', '"2 hours"\nabsolute_timeout = "1h"')
    found = problems(tmp_path, text)
    assert list(found) == ["sessions.idle_timeout"] and "got '2 hours'" in found["sessions.idle_timeout"]
    found = problems(tmp_path, GOOD.replace('"1h30m"', '"30h"\nabsolute_timeout = "a day"'))
    assert list(found) == ["sessions.absolute_timeout"]
    assert "retention.events" not in problems(
        tmp_path, GOOD.replace('"1h30m"', '"x"\nabsolute_timeout = "60d"') + '[retention]\nevents = "5d"\n'
    )


def test_an_unknown_setting_is_named_by_its_key(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace("[workspace]", '[workspace]\nlakes = "lake"'))
    assert "got the unknown setting 'lakes', expected one of lake, name" in found["workspace.lakes"]


@pytest.mark.parametrize("pattern", [f"/{'é' * 92}*a*a*a*", f"GET /{'界' * 60}*a*a*a*"])
def test_as_many_requests_as_are_allowed_can_be_looked_for(tmp_path: Path, pattern: str) -> None:
    requests = [f"{pattern}{n:03}" for n in range(500)]
    listed = f'"combined"\nlogin_requests = {requests}\nbackground_paths = {requests}'
    workspace = settings.load(write(tmp_path, GOOD.replace('"combined"', listed)))
    (tmp_path / "landing" / "panel").mkdir(parents=True)
    (tmp_path / "landing" / "panel" / "access.log").write_bytes(workspaces.line(workspaces.AS_OF))
    assert run.ingest(workspace, as_of=workspaces.AS_OF).events == 1


def test_the_look_back_is_that_of_a_neighbourhood(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path, GOOD))
    day = date(2025, 8, 29)
    place = pipeline.neighbourhood(loaded, day, day)
    assert workspace_day.bounds(day, loaded.time_zone)[0] - loaded.look_back == place.logins_start


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[workspace\n", "Mend that line"),
        (b"", "workspace"),
        (b"x = = 1", "Mend that line"),
        (b"x = " + b"[" * 5000 + b"]" * 5000, "nested too deep"),
        (b"x = " + b"9" * 5000, "Correct that value"),
        (b"# caf\xe9", "no UTF-8 in line 1"),
        (GOOD.encode("utf-16"), "no UTF-8"),
        (b"#" * (1 << 19), "not a log"),
    ],
)
def test_what_is_no_settings_file_is_said_with_its_name(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "workspace.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=said) as caught:
        settings.load(tmp_path)
    assert str(tmp_path / "workspace.toml") in str(caught.value)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    write(tmp_path, GOOD).write_text(GOOD, encoding="utf-8-sig")
    assert settings.load(tmp_path).workspace.name == "Example Brand"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "workspace.toml")
    with pytest.raises(SettingsError, match="got a named pipe, expected a regular file"):
        settings.load(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "a" * 300, "a/" * 3000])
def test_a_path_that_cannot_be_is_a_settings_error(name: str) -> None:
    with pytest.raises(SettingsError):
        settings.load(name)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="recent-activities init"):
        settings.load(tmp_path / "nowhere.toml")


def test_the_digest_is_of_the_meaning_not_of_the_layout(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path, GOOD))
    (tmp_path / "other").mkdir()
    spaced = settings.load(write(tmp_path / "other", "# a comment\n" + GOOD.replace(" = ", "  =  ")))
    longer = settings.load(write(tmp_path / "other", GOOD.replace("1h30m", "1h31m")))
    assert spaced.digest() == loaded.digest() != longer.digest()


FORMAT = 'format = "combined"'


@pytest.mark.parametrize(
    "format",
    [
        """'nginx:$remote_addr [$time_local] "$request" $status'""",
        """'''nginx:
log_format main '$remote_addr [$time_local] '
                '"$request" $status';
'''""",
        """'apache:%h %t "%r" %>s'""",
    ],
)
def test_a_server_s_own_format_is_a_format(tmp_path: Path, format: str) -> None:
    loaded = settings.load(write(tmp_path, GOOD.replace(FORMAT, f"format = {format}")))
    assert loaded.source("panel").format.startswith(("nginx:", "apache:"))


def test_what_cannot_be_read_back_of_a_server_s_format_is_shown_with_a_caret(tmp_path: Path) -> None:
    text = """'''nginx:
log_format main '$remote_addr [$time_local] '
                '"$requst" $statuss';
'''"""
    told = problems(tmp_path, GOOD.replace(FORMAT, f"format = {text}"))["sources[panel].format"]
    first, line, caret = told.splitlines()
    assert "where nginx has no variable $statuss" in first and "Did you mean $status?" in first
    assert line.strip() == """'"$requst" $statuss';""" and line[caret.index("^") :].startswith("$statuss")


def test_a_server_without_its_format_is_told_what_to_write(tmp_path: Path) -> None:
    told = problems(tmp_path, GOOD.replace(FORMAT, 'format = "apache"'))["sources[panel].format"]
    assert "apache needs its LogFormat" in told and "Write format = 'apache:%h …'" in told


@pytest.mark.parametrize(
    ("prefix", "why"),
    [
        ("203.0.113.7/24", "203.0.113.7/24 has host bits set"),
        ("203.0.113.0/33", "'203.0.113.0/33' does not appear to be an IPv4 or IPv6 network"),
        ("office", "'office' does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_a_bad_prefix_is_named_with_its_line(tmp_path: Path, prefix: str, why: str) -> None:
    (problem,) = problems(tmp_path, GOOD.replace("203.0.113.0/24", prefix)).values()
    assert problem.startswith(f"networks.{prefix} (line 16): got '{prefix}', expected a network such as 203.0.113.0/24")
    assert why in problem


def test_a_network_written_in_two_ways_is_refused(tmp_path: Path) -> None:
    twice = GOOD.replace("[rules", '"::ffff:203.0.113.0/120" = { label = "Branch" }\n\n[rules')
    (problem,) = problems(tmp_path, twice).values()
    assert "each network once: ::ffff:203.0.113.0/120 is 203.0.113.0/24" in problem


def test_a_location_database_is_a_path_or_several(tmp_path: Path) -> None:
    (tmp_path / "workspace.toml").write_text(GOOD + '\n[locations]\ncity = "a.mmdb"\nasn = ["b.mmdb", "/c.mmdb"]\n')
    found = settings.load(tmp_path / "workspace.toml").locations
    assert (found.city, found.asn, found.anonymous) == (("a.mmdb",), ("b.mmdb", "/c.mmdb"), None)
    for wrong in ("3", "[]", '["a", 3]', "{}"):
        assert "locations.city" in problems(tmp_path, GOOD + f"\n[locations]\ncity = {wrong}\n")
