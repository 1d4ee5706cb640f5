"""Google Workspace activities: every event name, activities of several events, warnings, drifted records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from processors import parse, slabs
from processors.sign_ins import google_workspace
from tests.parsing import frame
from tests.sign_ins.records import DRIFTED, changes, differing

CLASSES = {
    "login": "login_success",
    "login_failed": "login_failure",
    "credential": (
        "login_challenge login_verification password_edit 2sv_enroll 2sv_disable passkey_enrolled passkey_removed "
        "recovery_email_edit recovery_phone_edit recovery_secret_qa_edit titanium_enroll titanium_unenroll"
    ),
    "logout": "logout",
    "session_end": "user_signed_out_due_to_suspicious_session_cookie",
    "other": (
        "suspicious_login suspicious_login_less_secure_app suspicious_programmatic_login "
        "account_disabled_password_leak account_disabled_generic account_disabled_spamming "
        "account_disabled_spamming_through_relay account_disabled_hijacked gov_attack_warning "
        "risky_sensitive_action_allowed risky_sensitive_action_blocked blocked_sender email_forwarding_out_of_domain "
        "CREATE_USER login_successful"
    ),
}
TABLE = [(name, kind) for kind, names in CLASSES.items() for name in names.split(" ")]
BY_TYPE = [
    ("google_password", "login_success", "login"),
    ("saml", "login_success", "login"),
    ("unknown", "login_success", "login"),
    ("exchange", "login_success (exchange)", "background"),
    ("reauth", "login_success (reauth)", "activity"),
    (None, "login_success", "login"),
    ({"a": 1}, "login_success", "login"),
]


def event(name: str = "login_success", **parameters: object) -> dict[str, Any]:
    return {
        "type": "login",
        "name": name,
        "parameters": [{"name": name, "value": value} for name, value in parameters.items()],
    }


def activity(*events: object, **over: object) -> dict[str, Any]:
    found = json.loads(google_workspace.SAMPLE) | over
    return found | ({"events": list(events)} if events else {})


def rows(*records: object, **options: object) -> list[dict[str, Any]]:
    """What becomes of a file of these records."""
    reader = parse.reader("google_workspace")
    data = iter([json.dumps(one).encode() + b"\n" for one in records])
    cut = slabs.slabs(data, at_start=True, is_document=True, pages=reader.pages, is_whole=lambda _: True)
    lines = b"".join(slab.data for slab in cut).decode().splitlines()
    return frame(lines, reader, **options).to_dicts()


def row(name: str = "login_success", **parameters: object) -> dict[str, Any]:
    return rows(activity(event(name, **parameters)))[0]


@pytest.mark.parametrize(("name", "event_class"), TABLE)
def test_every_event_name_has_its_class(name: str, event_class: str) -> None:
    assert (row(name)["event_action"], row(name)["event_class"]) == (name, event_class)


@pytest.mark.parametrize(("kind", "action", "event_class"), BY_TYPE)
def test_not_every_login_success_is_a_login(kind: object, action: str, event_class: str) -> None:
    found = row(login_type=kind)
    assert (found["event_action"], found["event_class"]) == (action, event_class)


def test_every_row_of_the_table_is_tested() -> None:
    tested = {name for name, _ in TABLE} | {action for _, action, _ in BY_TYPE}
    assert {name for name in google_workspace.EVENTS if "*" not in name} <= tested


def test_what_is_no_login_is_written_down() -> None:
    assert set(google_workspace.NOTES) <= set(google_workspace.EVENTS)
    assert {name for name in google_workspace.EVENTS if name.startswith("login_success (")} <= set(
        google_workspace.NOTES
    )


@pytest.mark.parametrize(
    ("name", "status", "outcome"),
    [
        ("login_success", None, "success"),
        ("login_failure", None, "failure"),
        ("logout", None, "success"),
        ("login_challenge", "passed", "success"),
        ("login_challenge", "Challenge Passed.", "success"),
        ("login_challenge", "incorrect_answer_entered", "failure"),
        ("login_verification", None, "unknown"),
        ("login_verification", {"a": 1}, "unknown"),
        ("suspicious_login", None, "unknown"),
        ("risky_sensitive_action_allowed", None, "success"),
        ("risky_sensitive_action_blocked", None, "failure"),
    ],
)
def test_every_event_has_its_outcome(name: str, status: object, outcome: str) -> None:
    assert row(name, login_challenge_status=status)["outcome"] == outcome


def test_there_is_no_user_agent_and_no_session() -> None:
    found = row()
    assert (found["user_agent"], found["device"], found["session_reference"]) == (None, "unknown", None)


# several events


def test_an_activity_of_several_events_is_several_events() -> None:
    found = rows(activity(event("login_challenge"), event(login_type="saml"), event("logout")), activity(event()))
    assert [one["event_action"] for one in found] == ["login_challenge", "login_success", "logout", "login_success"]
    assert [one["line_number"] for one in found] == [1, 2, 3, 4]
    assert {one["user_name"] for one in found} == {"riya.sharma@example.com"}


def test_the_key_is_the_activitys_and_the_place_of_the_event_in_it() -> None:
    key = "C03example/2025-08-29T04:37:12.345Z/400000000001"
    assert [one["source_event_id"] for one in rows(activity(event(), event()))] == [f"{key}/0", f"{key}/1"]
    assert row()["source_event_id"] == f"{key}/0"


@pytest.mark.parametrize("qualifier", [-5000000000000000050, 9223372036854775807])
def test_a_qualifier_may_be_a_number_or_its_digits(qualifier: int) -> None:
    identity = activity()["id"]
    found = [rows(activity(id=identity | {"uniqueQualifier": kind(qualifier)}))[0] for kind in (int, str)]
    assert found[0]["source_event_id"] == found[1]["source_event_id"]
    assert str(qualifier) in found[0]["source_event_id"]


def test_without_a_part_of_the_key_there_is_none() -> None:
    identity = activity()["id"]
    for name in ("customerId", "uniqueQualifier"):
        assert rows(activity(id=identity | {name: None}))[0]["source_event_id"] is None


def test_an_event_that_is_none_costs_its_activity_nothing_else() -> None:
    found = rows(activity(event(), None, "logout", {}, event("logout")))
    assert [one["quarantine_reason"] for one in found] == [None, *["missing_field"] * 3, None]
    assert found[4]["source_event_id"].endswith("/4")


@pytest.mark.parametrize(
    "split",
    [
        activity(events=event()),
        {name: value for name, value in activity().items() if name != "events"} | event(),
        activity({"name": "login_success", "parameters": {"login_type": "google_password"}}),
    ],
)
def test_exports_that_are_split_already_tell_the_same(split: dict[str, Any]) -> None:
    assert differing(rows(split)[0], row()) == set()


def test_an_activity_too_large_to_be_split_is_in_quarantine() -> None:
    found = rows(activity(*[event(x="x" * 40)] * 4000), activity(event()))
    assert [one["quarantine_reason"] for one in found] == ["malformed_line", None]


# pages


def test_pages_hold_activities() -> None:
    page = {"kind": "admin#reports#activities", "etag": "e", "nextPageToken": "t"}
    one = activity(event(), event("logout"))
    found = rows(page | {"items": [one, activity(event())]}, page, page | {"items": []}, activity(event("logout")))
    assert [each["event_action"] for each in found if not each["skipped"]] == [
        "login_success",
        "logout",
        "login_success",
        "logout",
    ]
    assert [each["skipped"] for each in found] == [None] * 3 + ["directive"] * 2 + [None]


# whose, when, where


WARNED = ["suspicious_login", "account_disabled_hijacked", "user_signed_out_due_to_suspicious_session_cookie"]


@pytest.mark.parametrize("name", WARNED)
def test_a_warning_is_of_the_user_it_names_and_of_the_time_it_names(name: str) -> None:
    found = row(name, affected_email_address="tom@example.com", login_timestamp="1756442188123456")
    assert found["user_name"] == "tom@example.com"
    assert str(found["event_time"]) == "2025-08-29 04:36:28.123456+00:00"
    assert row(name)["user_name"] is None


@pytest.mark.parametrize(
    "time", [None, "", "soon", -1, "9" * 17, "9" * 400, 1.5, True, {"a": 1}, "１７５６４４２１８８１２３４５６"]
)
def test_a_warning_without_a_time_has_that_of_its_activity(time: object) -> None:
    found = row("suspicious_login", login_timestamp=time)
    assert (found["quarantine_reason"], found["event_time"]) == (None, row()["event_time"])


def test_a_user_and_a_time_in_other_events_are_not_believed() -> None:
    found = row(affected_email_address="tom@example.com", login_timestamp="1756442188123456")
    assert differing(found, row()) == set()


def test_a_key_is_no_person() -> None:
    found = rows(activity(event(), actor={"callerType": "KEY", "key": "SYSTEM", "email": "robot@example.com"}))[0]
    assert (found["user_name"], found["event_class"]) == (None, "other")
    assert found["event_action"] == "login_success (machine)"


def test_a_saml_activity_names_its_application() -> None:
    found = rows(*(activity(event(application_name=name)) for name in ("Panel", "Payroll", None)), application="Panel")
    assert [one["event_class"] for one in found] == ["login", "other", "credential"]


COLUMNS = {
    "actor": {"user_name", "attribution_method"},
    "ipAddress": {"ip_address"},
    "kind": set(),
    "etag": set(),
    "event_index": {"source_event_id"},
}


@pytest.mark.parametrize("drifted", DRIFTED)
@pytest.mark.parametrize("field", COLUMNS)
def test_a_drifted_field_costs_its_own_columns_only(field: str, drifted: object) -> None:
    before, found, after = rows(activity(), activity(**{field: drifted}), activity())
    assert differing(found, row(login_type="google_password")) <= COLUMNS[field]
    assert (before["event_class"], found["quarantine_reason"], after["event_class"]) == ("login", None, "login")


@pytest.mark.parametrize("drifted", DRIFTED)
def test_drifted_parameters_cost_no_event(drifted: object) -> None:
    found = rows(activity({"name": "login_success", "parameters": drifted}))[0]
    assert (found["quarantine_reason"], found["event_class"]) == (None, "login")


@pytest.mark.parametrize("drifted", DRIFTED)
@pytest.mark.parametrize("block", ["id", "events"])
def test_a_record_without_its_time_or_event_is_in_quarantine_alone(block: str, drifted: object) -> None:
    before, *found, after = rows(activity(), activity(**{block: drifted}), activity())
    assert {one["quarantine_reason"] for one in found} == {"missing_field"}
    assert (before["event_class"], after["event_class"]) == ("login", "login")


@settings(max_examples=60, deadline=None)
@given(changes([*json.loads(google_workspace.SAMPLE), "items", "activity", "event_index", "name", "parameters"]))
def test_no_record_crashes_the_reader(over: dict[str, Any]) -> None:
    *found, good = rows(activity() | over, activity())
    assert good["event_class"] == "login"
    assert {one["quarantine_reason"] for one in found} <= {
        None,
        "missing_field",
        "malformed_time",
        "time_zone_unknown",
        "malformed_json",
    }
