"""Records of any log, by a mapping: values, times, alternatives, and records that are not as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import parse, trial
from processors._field_map import FieldMap, Meanings
from processors._field_table import table
from tests.parsing import frame

FIELDS: dict[str, Any] = {
    "event_time": "ts",
    "event_action": "name",
    "user_name": ["user.email", "user.name", "login"],
    "session_reference": "sid",
    "application": "target[type=application].name",
    "ip_address": "client.ip",
    "user_agent": "client.agent",
    "source_event_id": "id",
    "event_class": {"path": "action", "login": ["signin", "sso*"], "logout": "signout", "background": "sso.token*"},
    "outcome": {"path": "result", "success": ["ok", True, 200], "failure": ["no", False]},
}
RECORD = {
    "ts": "2025-08-29T04:37:12Z",
    "action": "signin",
    "name": "Sign-in",
    "result": "ok",
    "user": {"email": "riya.sharma@example.com", "name": "Riya"},
    "sid": "s-1",
    "target": [{"type": "tenant", "name": "x"}, {"type": "application", "name": "Panel"}],
    "client": {"ip": "192.0.2.10", "agent": "curl/8.5.0"},
    "id": "7",
}


def rows(lines: list[str], fields: dict[str, Any] | None = None, **options: object) -> list[dict[str, Any]]:
    found = table(fields or FIELDS, "json").field_map()
    return frame(lines, "fields:json", field_map=found, **options).to_dicts()


def row(
    fields: dict[str, Any] | None = None, options: dict[str, object] | None = None, **changes: Any
) -> dict[str, Any]:
    return rows([json.dumps(RECORD | changes)], fields, **options or {})[0]


def test_every_column_is_taken_from_its_path() -> None:
    found = row()
    names = ("event_class", "event_action", "outcome", "user_name", "application", "ip_address", "user_agent", "device")
    assert [found[name] for name in (*names, "source_event_id")] == [
        "login", "Sign-in", "success", "riya.sharma@example.com", "Panel", "192.0.2.10", "curl/8.5.0", "curl 8", "7",
    ]  # fmt: skip
    assert found["session_reference"] not in {None, "s-1"} and found["address_trust"] == "provider"


def test_the_event_is_called_as_its_class_is_told_where_nothing_else_names_it() -> None:
    fields = {name: path for name, path in FIELDS.items() if name != "event_action"}
    assert row(fields)["event_action"] == "signin"


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"email": "a@example.com", "name": "A"}, "a@example.com"),
        ({"email": "", "name": "A"}, "A"),
        ({"email": "-", "name": "A"}, "A"),
        ({"email": None, "name": "A"}, "A"),
        ({"email": {"value": "a@example.com"}, "name": "A"}, "A"),
        ({"email": 42}, "42"),
        ("A", None),
        ({}, None),
    ],
)
def test_the_first_alternative_that_is_there_counts(user: object, name: str | None) -> None:
    assert row(user=user)["user_name"] == name


def test_a_key_that_has_dots_itself_counts_before_steps() -> None:
    assert row(**{"user.email": "flat@example.com"})["user_name"] == "flat@example.com"


@pytest.mark.parametrize(
    ("action", "event_class"),
    [
        ("signin", "login"),
        ("Signin", "other"),
        ("signin ", "other"),
        ("sso", "login"),
        ("sso.saml", "login"),
        ("sso.token.refresh", "background"),
        ("a sso", "other"),
        (None, "other"),
        ({"name": "signin"}, "other"),
        (["signin"], "other"),
        ("sso" + "x" * 998, "other"),
    ],
)
def test_the_longest_pattern_that_fits_says_the_class(action: object, event_class: str) -> None:
    assert row(action=action)["event_class"] == event_class


@pytest.mark.parametrize(
    ("value", "outcome", "event_class"),
    [
        ("ok", "success", "login"),
        (True, "success", "login"),
        ("true", "success", "login"),
        (200, "success", "login"),
        ("200", "success", "login"),
        (200.0, "unknown", "other"),
        ("no", "failure", "login_failed"),
        (False, "failure", "login_failed"),
        ("later", "unknown", "other"),
        (None, "unknown", "other"),
    ],
)
def test_the_outcome_is_told_by_value(value: object, outcome: str, event_class: str) -> None:
    found = row(result=value)
    assert (found["outcome"], found["event_class"]) == (outcome, event_class)


def test_without_an_outcome_a_login_is_one_that_succeeded() -> None:
    fields = {name: path for name, path in FIELDS.items() if name != "outcome"}
    fields["event_class"] = {"path": "action", "login": "signin", "login_failed": "denied", "logout": "signout"}
    found = [row(fields, action=action) for action in ("signin", "denied", "signout")]
    assert [(one["event_class"], one["outcome"]) for one in found] == [
        ("login", "success"),
        ("login_failed", "failure"),
        ("logout", "unknown"),
    ]


def test_a_log_of_one_kind_needs_no_value() -> None:
    fields = {"event_time": "ts", "user_name": "login", "event_class": {"otherwise": "activity"}}
    found = row(fields, login="riya")
    assert (found["event_class"], found["event_action"], found["user_name"]) == ("activity", None, "riya")


def test_only_logins_to_the_application_count() -> None:
    options: dict[str, object] = {"application": "Panel"}
    assert row(options=options)["event_class"] == "login"
    assert row(options=options, target=[])["event_class"] == "credential"
    assert row(options=options, target=[{"type": "application", "name": "Payroll"}])["event_class"] == "other"


@pytest.mark.parametrize(
    "written",
    [
        "2025-08-29T04:37:12Z",
        "2025-08-29 10:07:12+05:30",
        "29/Aug/2025:10:07:12 +0530",
        1756442232,
        "1756442232",
        1756442232.0,
        1756442232000,
        1756442232000000,
        1756442232000000000,
    ],
)
def test_usual_times_are_known_without_a_shape(written: object) -> None:
    assert str(row(ts=written)["event_time"]) == "2025-08-29 04:37:12+00:00"


def test_a_fraction_is_kept_as_it_is_written() -> None:
    line = json.dumps(RECORD).replace('"2025-08-29T04:37:12Z"', "1756442232.345678")
    assert str(rows([line])[0]["event_time"]) == "2025-08-29 04:37:12.345678+00:00"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("29/08/2025 10:07:12", None),
        ("29.08.2025 10:07:12", None),
        ("08-29-25 10:07:12 AM", None),
        ("2025-08-29T04:37:12Z", "malformed_time"),
        ("31/02/2025 10:07:12", "malformed_time"),
        ("yesterday", "malformed_time"),
        (None, "missing_field"),
        ("", "missing_field"),
        ("-", "missing_field"),
        (True, "malformed_time"),
        ({"seconds": 1}, "missing_field"),
        ([1756442232], "missing_field"),
        (10**40, "missing_field"),
    ],
)
def test_times_of_several_shapes(written: object, reason: str | None) -> None:
    shapes = ["%d/%m/%Y %H:%M:%S", "%d.%m.%Y %T", "%m-%d-%y %I:%M:%S %p"]
    fields = FIELDS | {"event_time": {"path": "ts", "format": shapes}}
    found = row(fields, {"time_zone": "Asia/Kolkata"}, ts=written)
    assert found["quarantine_reason"] == reason
    assert reason or str(found["event_time"]) == "2025-08-29 04:37:12+00:00"


@pytest.mark.parametrize(
    ("day", "clock", "reason"),
    [
        ("29/08/2025", "10:07:12", None),
        ("29/08/2025", None, "missing_field"),
        (None, "10:07:12", "missing_field"),
        ("29/08/2025", "10:07", "malformed_time"),
        ("29/08/2025 10:07:12", "10:07:12", "malformed_time"),
    ],
)
def test_the_time_of_day_may_stand_apart(day: str | None, clock: str | None, reason: str | None) -> None:
    fields = FIELDS | {"event_time": {"path": "day", "clock": "at", "format": "%d/%m/%Y %H:%M:%S"}}
    found = row(fields, {"time_zone": "Asia/Kolkata"}, day=day, at=clock)
    assert found["quarantine_reason"] == reason
    assert reason or str(found["event_time"]) == "2025-08-29 04:37:12+00:00"


def test_a_time_without_an_offset_needs_a_zone() -> None:
    assert row(ts="2025-08-29 10:07:12")["quarantine_reason"] == "time_zone_unknown"
    fields = FIELDS | {"event_time": {"path": "ts", "format": ["%d.%m.%Y %T", "%d/%m/%Y %H:%M:%S"]}}
    assert row(fields, ts="29/08/2025 10:07:12")["quarantine_reason"] == "time_zone_unknown"


@pytest.mark.parametrize("line", ["[]", "7", '"text"', "{", '{"a":1} {"b":2}', "[" * 300_000, '{"a":' * 200_000])
def test_what_is_no_object_is_malformed_json(line: str) -> None:
    assert rows([line])[0]["quarantine_reason"] == "malformed_json"


DRIFTED = [None, 7, 7.5, True, "text", "", [], {}, [{}], {"a": {"b": []}}, [None, 1], 10**30]


@pytest.mark.parametrize("drifted", DRIFTED)
@pytest.mark.parametrize("block", ["user", "client", "target", "sid", "id", "name", "result", "action"])
def test_a_drifted_block_costs_its_own_columns_only(block: str, drifted: object) -> None:
    columns = {
        "user": {"user_name", "attribution_method"},
        "client": {"ip_address", "user_agent", "device"},
        "target": {"application"},
        "sid": {"session_reference"},
        "id": {"source_event_id"},
        "name": {"event_action"},
        "result": {"outcome", "event_class"},
        "action": {"event_class"},
    }[block]
    good = json.dumps(RECORD)
    before, found, after = rows([good, json.dumps(RECORD | {block: drifted}), good])
    assert {name for name in before if found[name] != before[name]} <= columns | {"line_number"}
    assert found["quarantine_reason"] is None and before | {"line_number": 3} == after


@pytest.mark.parametrize("text", ['=HYPERLINK("https://example.com")', "+1", "@x", "<b>", "a\0b", "${x}", "{{x}}"])
def test_text_stays_text(text: str) -> None:
    assert row(user={"email": text})["user_name"] == text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "name", "ip"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(list(RECORD)), values, max_size=8))
def test_no_record_crashes_the_reader(changes: dict[str, Any]) -> None:
    found = rows([json.dumps(RECORD | changes), json.dumps(RECORD)])
    assert found[1]["event_class"] == "login"
    assert found[0]["quarantine_reason"] in {None, "missing_field", "malformed_time", "time_zone_unknown"}


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("*", "", True),
        ("a*", "a", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("*ab*ba*", "aba", False),
        ("*ab*ba*", "abba", True),
        ("[a]*", "a", False),
        ("a?*", "ab", False),
    ],
)
def test_a_star_stands_for_anything_and_nothing_else_does(pattern: str, value: str, fits: bool) -> None:
    assert Meanings({pattern: "login"}, "other").of(value) == ("login" if fits else None)


def test_a_map_of_times_alone_is_enough() -> None:
    found = table({"event_time": "ts", "event_class": {}}, "json").field_map()
    assert found == FieldMap({"event_time": ("ts",)}, Meanings({}, "other"))


def test_an_array_of_records_is_read_record_by_record(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps([RECORD, RECORD | {"ts": "yesterday"}, {"a": [{}]}, RECORD], indent=1))
    options = trial.options(field_map=table(FIELDS, "json").field_map())
    found = trial.read(file, reader=parse.reader("fields:json"), options=options)
    assert (found.lines, found.events, dict(found.reasons)) == (4, 2, {"malformed_time": 1, "missing_field": 1})
