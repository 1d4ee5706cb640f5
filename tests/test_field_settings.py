"""`[sources.fields]`: what may be written there, and what is said where it cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from processors import _source_options, settings
from processors._field_map import FieldMap
from processors.errors import SettingsError

SOURCE = """
[workspace]
time_zone = "UTC"

[[sources]]
name = "app"
format = "fields:{kind}"
files = "landing/*"
"""
GOOD = """
[sources.fields]
event_time = "ts"
user_name = ["user.email", "user.name"]
event_class = { path = "action", login = ["signin", "sso*"], logout = "signout" }
outcome = { path = "result", success = ["ok"], failure = ["no*"] }
"""


def load(folder: Path, fields: str = GOOD, kind: str = "json") -> settings.Settings:
    (folder / "workspace.toml").write_text(SOURCE.replace("{kind}", kind) + fields)
    return settings.load(folder)


def mapping(folder: Path, fields: str = GOOD, kind: str = "json") -> FieldMap:
    found = _source_options.of_any_time(load(folder, fields, kind).source("app")).field_map
    assert found is not None
    return found


def problems(folder: Path, fields: str, kind: str = "json") -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, fields, kind)
    return {problem.where.removeprefix("sources[app]."): str(problem) for problem in caught.value.problems}


def test_one_path_and_a_list_of_one_mean_the_same(tmp_path: Path) -> None:
    listed = GOOD.replace('"ts"', '["ts"]').replace('"action"', '["action"]').replace('"signout"', '["signout"]')
    assert mapping(tmp_path, listed) == mapping(tmp_path)
    assert mapping(tmp_path, GOOD.replace('"ts"', '{ path = "ts" }')) == mapping(tmp_path)


def test_numbers_and_truth_values_are_as_records_have_them(tmp_path: Path) -> None:
    found = mapping(tmp_path, GOOD.replace('["ok"]', '[true, 200, 1.5, "yes"]').replace('["no*"]', "false"))
    assert found.outcomes is not None
    assert found.outcomes.listed == {"true": "success", "200": "success", "1.5": "success", "yes": "success",
                                     "false": "failure"}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%{usec_frac}"),
        ("%d.%m.%Y %H:%M:%S %%f", "%d.%m.%Y %H:%M:%S %%f"),
    ],
)
def test_microseconds_are_as_python_writes_them(tmp_path: Path, written: str, shape: str) -> None:
    shown = GOOD.replace('"ts"', f'{{ path = "ts", format = "{written}" }}')
    assert mapping(tmp_path, shown).time_shapes == (shape,)


@pytest.mark.parametrize("format", ["fields", "fields:", "fields:jsn", "fields:xml", "fields:csv,"])
def test_a_kind_of_log_that_is_none_is_told_both(tmp_path: Path, format: str) -> None:
    (tmp_path / "workspace.toml").write_text(SOURCE.replace("fields:{kind}", format) + GOOD)
    with pytest.raises(SettingsError) as caught:
        settings.load(tmp_path)
    told = str(caught.value)
    assert "sources[app].format" in told and "'fields:json' or 'fields:csv'" in told


def test_all_that_is_wrong_is_said_at_once_with_the_nearest_key(tmp_path: Path) -> None:
    text = """
[sources.fields]
event_tim = "ts"
user_name = 7
ip_address = []
event_class = { path = "action", logn = ["signin"], otherwise = "logins" }
outcome = { success = ["ok"] }
"""
    found = problems(tmp_path, text)
    assert set(found) == {
        "fields.event_tim",
        "fields.event_time",
        "fields.user_name",
        "fields.ip_address",
        "fields.event_class.logn",
        "fields.event_class.otherwise",
        "fields.outcome.path",
    }
    assert "the nearest is 'event_time'" in found["fields.event_tim"]
    assert "the nearest is 'login'" in found["fields.event_class.logn"]
    assert "got 'logins'" in found["fields.event_class.otherwise"]
    assert "the nearest is 'login'" in found["fields.event_class.otherwise"]
    assert "got 7, expected one text, or a list" in found["fields.user_name"]


@pytest.mark.parametrize(
    ("was", "now", "where", "below"),
    [
        ('"ts"', '"ts[0"', "fields.event_time", "ts[0"),
        ('"user.name"', '"user..name"', "fields.user_name[1]", ".name"),
        ('"action"', '"[x]"', "fields.event_class.path", "[x]"),
        ('"ts"', '{ path = "ts", format = "%d/%m/%Y %H:%Q:%S" }', "fields.event_time.format", "%Q:%S"),
        ('"ts"', '{ path = "ts", format = ["%Y-%m-%d %T", "%d/%m/%Y"] }', "fields.event_time.format[1]", ""),
    ],
)
def test_a_caret_shows_where_a_path_or_a_time_is_wrong(
    tmp_path: Path, was: str, now: str, where: str, below: str
) -> None:
    found = problems(tmp_path, GOOD.replace(was, now))
    assert list(found) == [where]
    *_, line, caret = found[where].splitlines()
    assert line[caret.index("^") :] == below


@pytest.mark.parametrize(
    ("was", "now", "where", "said"),
    [
        ('["signin", "sso*"]', '["signout"]', "fields.event_class", "signout is in login and in logout"),
        ('["signin", "sso*"]', '["a*b*c*d*e*f"]', "fields.event_class.login[0]", "no more than 4 *"),
        ('["signin", "sso*"]', '[""]', "fields.event_class.login[0]", "1 to 1000 characters"),
        ('["signin", "sso*"]', str(["x"] * 501), "fields.event_class.login", "no more than 500 values, not 501"),
        ('["signin", "sso*"]', '[["signin"]]', "fields.event_class.login[0]", "valid string"),
        ('"ts"', '" "', "fields.event_time", "a path into a record"),
        ('"ts"', '"ts"\nheader = "a,b"', "fields.header", "records of JSON have no header"),
        ('"ts"', '{ path = "ts", format = "%d/%m/%Y" }', "fields.event_time.format", "lacks the hour"),
        ('"ts"', f"{['x'] * 21}", "fields.event_time", "a list of 1 to 20"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_place(
    tmp_path: Path, was: str, now: str, where: str, said: str
) -> None:
    found = problems(tmp_path, GOOD.replace(was, now))
    assert list(found) == [where] and said in found[where]


@pytest.mark.parametrize("fields", ["", 'fields = "ts,user"', "fields = 7", "[sources.fields]"])
def test_a_source_without_its_table_is_told_to_write_one(tmp_path: Path, fields: str) -> None:
    found = problems(tmp_path, fields)
    assert all(where.startswith("fields") for where in found) and found


@pytest.mark.parametrize("format", ["combined", "okta"])
def test_no_other_format_has_such_a_table(tmp_path: Path, format: str) -> None:
    (tmp_path / "workspace.toml").write_text(SOURCE.replace("fields:{kind}", format) + GOOD)
    with pytest.raises(SettingsError, match=re.escape("sources[app].fields: got {")):
        settings.load(tmp_path)


@pytest.mark.parametrize(
    ("header", "is_one"),
    [("ts,action", True), ("ts;action", True), ("ts\\taction", True), ("ts,ts", False), ("", False), ('\\"ts', False)],
)
def test_a_header_is_written_as_files_would_have_it(tmp_path: Path, header: str, is_one: bool) -> None:
    text = GOOD.replace('"ts"\n', f'"ts"\nheader = "{header}"\n')
    if is_one:
        assert mapping(tmp_path, text, "csv").header == header.replace("\\t", "\t")
    else:
        assert list(problems(tmp_path, text, "csv")) == ["fields.header"]


def test_the_name_of_a_column_may_be_any_text(tmp_path: Path) -> None:
    assert mapping(tmp_path, GOOD.replace('"ts"', '"Time (UTC) [ms]..x"'), "csv").paths["event_time"] == (
        "Time (UTC) [ms]..x",
    )


def test_files_are_read_again_where_the_mapping_changed(tmp_path: Path) -> None:
    one = _source_options.settings_digest(load(tmp_path).source("app"))
    other = load(tmp_path, GOOD.replace('["user.email", "user.name"]', '["user.name", "user.email"]')).source("app")
    assert _source_options.settings_digest(other) != one
    again = load(tmp_path, GOOD.replace("[sources.fields]", "# the same\n[sources.fields]")).source("app")
    assert _source_options.settings_digest(again) == one


def test_what_is_wrong_in_a_mapping_hides_nothing_else(tmp_path: Path) -> None:
    second = SOURCE[SOURCE.index("[[") :].replace("{kind}", "json").replace("app", "web").replace("*", "x*")
    text = SOURCE.replace("{kind}", "json") + GOOD.replace("signout", "") + second.replace("fields:json", "combned")
    (tmp_path / "workspace.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        settings.load(tmp_path)
    assert {problem.where for problem in caught.value.problems} == {
        "sources[app].fields.event_class.logout",
        "sources[web].format",
    }
