"""OneLogin events: every type, both times, and what is done in the place of somebody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from processors.sign_ins import onelogin
from tests.parsing import frame

CLASSES = {
    "login": "5 8 78",
    "login_failed": "6 77 85 86 69 123 129 141 154",
    "logout": "7 29",
    "session_end": "516",
    "credential": ("68 122 130 140 153 515 522 527 528 10 11 18 110 111 145 146 510 511 517 518 22 24 27 36 40 105"),
    "admin": (
        "3 70 71 72 73 4 147 148 149 150 151 152 513 514 74 75 76 112 119 156 157 158 170 171 172 179 180 181 182"
    ),
    "other": "523 12 13 14 15 16 17 19 21 32 531 34 35 137 138 206 207 400 401 0 1 2 55 9999 05 5.0 login",
}


def record(**changes: object) -> dict[str, Any]:
    return json.loads(onelogin.SAMPLE) | changes


def row(**changes: object) -> dict[str, Any]:
    options = changes.pop("options", {})
    assert isinstance(options, dict)
    return frame([json.dumps(record(**changes))], "onelogin", **options).row(0, named=True)


@pytest.mark.parametrize(
    ("type_id", "event_class"), [(name, kind) for kind, names in CLASSES.items() for name in names.split(" ")]
)
def test_every_type_has_its_class(type_id: str, event_class: str) -> None:
    assert row(event_type_id=type_id)["event_class"] == event_class


def test_every_row_of_the_table_is_tested() -> None:
    assert set(onelogin.EVENTS) <= {name for names in CLASSES.values() for name in names.split(" ")}


def test_what_is_no_login_is_written_down() -> None:
    assert set(onelogin.NOTES) <= set(onelogin.EVENTS)


def test_every_login_succeeded_and_every_failed_one_failed() -> None:
    expected = {"login": "success", "login_failed": "failure"}
    kinds = {name: kind for name, kind in onelogin.EVENTS.items() if kind in expected}
    assert {name: onelogin.OUTCOMES[name] for name in kinds} == {name: expected[kind] for name, kind in kinds.items()}


@pytest.mark.parametrize("type_id", [8, "8"])
def test_a_type_is_a_number_or_its_digits(type_id: object) -> None:
    found = row(event_type_id=type_id)
    assert (found["event_class"], found["event_action"], found["outcome"]) == ("login", "8", "success")


@pytest.mark.parametrize("type_id", [None, True, 8.0, [8], {"id": 8}, ""])
def test_what_is_no_type_is_a_missing_field(type_id: object) -> None:
    assert row(event_type_id=type_id)["quarantine_reason"] == "missing_field"


def test_a_login_to_onelogin_is_a_step_where_only_one_application_counts() -> None:
    options = {"application": "Panel"}
    assert row(event_type_id=5, app_name=None, options=options)["event_class"] == "credential"
    assert row(event_type_id=8, options=options)["event_class"] == "login"
    assert row(event_type_id=8, app_name="Payroll", options=options)["event_class"] == "other"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2025-08-29 04:37:12 UTC", None),
        ("2025-08-29T04:37:12.345Z", None),
        ("2025-08-29 04:37:12", "time_zone_unknown"),
        ("2025-08-29 04:37:12 PST", "malformed_time"),
        (7.5, "missing_field"),
    ],
)
def test_a_webhook_writes_its_time_in_another_field(written: object, reason: str | None) -> None:
    found = row(created_at=None, event_timestamp=written)
    assert found["quarantine_reason"] == reason
    assert reason or str(found["event_time"]).startswith("2025-08-29 04:37:12")


@pytest.mark.parametrize("options", [{}, {"user": "user_id"}])
def test_what_an_administrator_does_in_the_place_of_a_user_is_not_the_users(options: dict[str, str]) -> None:
    assert row(options=options)["user_name"] in {"riya.sharma@example.com", "8801"}
    assert row(assuming_acting_user_id=9901, options=options)["user_name"] is None


def test_administration_is_of_who_does_it() -> None:
    names = {"user_name": "riya.sharma@example.com", "actor_user_name": "admin@example.com"}
    assert row(event_type_id=3, **names)["user_name"] == "admin@example.com"
    assert row(event_type_id=3, actor_user_id=9901, **names, options={"user": "user_id"})["user_name"] == "9901"
    assert row(event_type_id=516, **names)["user_name"] == "riya.sharma@example.com"


@pytest.mark.parametrize("drifted", [None, 7, True, "", [], {}, [{}], {"a": {"b": []}}])
@pytest.mark.parametrize("block", ["app_name", "ipaddr", "id", "user_agent", "notes", "actor_user_name"])
def test_a_drifted_block_costs_its_own_columns_only(block: str, drifted: object) -> None:
    columns = {"app_name": "application", "ipaddr": "ip_address", "id": "source_event_id", "user_agent": "user_agent"}
    good = json.dumps(record())
    before, found, after = frame([good, json.dumps(record(**{block: drifted})), good], "onelogin").to_dicts()
    assert {name for name in before if found[name] != before[name]} <= {columns.get(block), "line_number"}
    assert before | {"line_number": 3} == after
