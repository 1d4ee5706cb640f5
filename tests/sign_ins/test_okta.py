"""Okta records: every event name, the application in question, and records that are not as documented."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import parse
from processors.sign_ins import okta

CLASSES = {
    "login": "user.session.start user.authentication.sso app.oauth2.signon",
    "credential": (
        "user.authentication.auth_via_mfa user.authentication.auth_via_AD_agent "
        "user.authentication.auth_via_LDAP_agent user.authentication.auth_via_IDP user.authentication.auth_via_social "
        "user.authentication.auth_via_inbound_SAML user.authentication.auth_via_inbound_delauth "
        "user.authentication.auth_via_iwa user.authentication.auth_via_radius user.authentication.auth_via_richclient "
        "user.authentication.verify user.authentication.authenticate user.account.update_password "
        "user.account.reset_password user.account.expire_password security.breached_credential.detected"
    ),
    "logout": "user.session.end user.authentication.slo",
    "session_end": "user.authentication.universal_logout user.session.clear user.session.expire",
    "admin": (
        "user.session.access_admin_app user.session.impersonation.grant user.session.impersonation.initiate "
        "user.session.impersonation.extend user.session.impersonation.end user.session.impersonation.revoke"
    ),
    "background": (
        "app.oauth2.as.token.grant.access_token app.oauth2.token.grant.refresh_token app.oauth2.as.token.grant"
    ),
    "other": (
        "policy.evaluate_sign_on user.account.lock user.account.lock.limit user.account.unlock "
        "user.account.unlock_by_admin user.session.context.change security.session.detect_client_roaming "
        "user.lifecycle.create user.session user.session.start.x"
    ),
}


def rows(lines: list[str], **options: object) -> list[dict[str, Any]]:
    frame = pl.LazyFrame({"line_number": range(1, len(lines) + 1), "line": lines})
    chosen = parse.Options(reference_key=b"k", **options)  # type: ignore[arg-type]
    return parse.parse(frame, reader=parse.reader("okta"), source="s", file_id="f", options=chosen).collect().to_dicts()


def record(**changes: object) -> dict[str, Any]:
    return json.loads(okta.SAMPLE) | changes


def row(options: dict[str, object] | None = None, **changes: object) -> dict[str, Any]:
    return rows([json.dumps(record(**changes))], **options or {})[0]


@pytest.mark.parametrize(
    ("name", "event_class"), [(name, kind) for kind, names in CLASSES.items() for name in names.split(" ")]
)
def test_every_event_name_has_its_class(name: str, event_class: str) -> None:
    assert row(eventType=name)["event_class"] == event_class


def test_notes_are_of_names_in_the_table() -> None:
    assert set(okta.NOTES) <= set(okta.EVENTS)


def test_every_row_of_the_table_is_tested() -> None:
    tested = {name for names in CLASSES.values() for name in names.split(" ")}
    assert {name for name in okta.EVENTS if "*" not in name} <= tested


@pytest.mark.parametrize(
    ("result", "outcome", "event_class"),
    [
        ("SUCCESS", "success", "login"),
        ("ALLOW", "success", "login"),
        ("FAILURE", "failure", "login_failed"),
        ("DENY", "failure", "login_failed"),
        ("CHALLENGE", "unknown", "other"),
        ("SKIPPED", "unknown", "other"),
        ("UNKNOWN", "unknown", "other"),
        (None, "unknown", "other"),
    ],
)
def test_a_login_is_one_only_where_it_succeeded(result: str | None, outcome: str, event_class: str) -> None:
    found = row(outcome={"result": result})
    assert (found["outcome"], found["event_class"]) == (outcome, event_class)


APPLICATION = [
    ("user.authentication.sso", "Panel", "SUCCESS", "login"),
    ("user.authentication.sso", "Payroll", "SUCCESS", "other"),
    ("user.authentication.sso", "Payroll", "FAILURE", "other"),
    ("user.session.start", None, "SUCCESS", "credential"),
    ("user.session.start", None, "FAILURE", "login_failed"),
    ("user.authentication.slo", "Payroll", "SUCCESS", "other"),
    ("user.session.end", None, "SUCCESS", "logout"),
]


@pytest.mark.parametrize(("name", "application", "result", "event_class"), APPLICATION)
def test_only_logins_to_the_application_count(
    name: str, application: str | None, result: str, event_class: str
) -> None:
    target = [{"type": "AppInstance", "displayName": application}] if application else None
    found = row({"application": "Panel"}, eventType=name, target=target, outcome={"result": result})
    assert (found["event_class"], found["application"]) == (event_class, application)


def test_without_an_application_a_session_start_is_a_login() -> None:
    assert row(eventType="user.session.start", target=None)["event_class"] == "login"


def test_the_application_is_the_first_target_of_its_type() -> None:
    people = {"type": "AppUser", "displayName": "Riya"}
    targets = [people, {"type": "AppInstance", "displayName": "Panel"}, {"type": "AppInstance", "displayName": "B"}]
    assert row(target=targets)["application"] == "Panel"


@pytest.mark.parametrize("actor", [{"type": "User", "alternateId": "unknown"}, {"type": "User"}, None, "riya", []])
def test_an_unknown_actor_is_nobody(actor: object) -> None:
    found = row(actor=actor)
    assert (found["user_name"], found["attribution_method"]) == (None, None)


@pytest.mark.parametrize("kind", ["SystemPrincipal", "PublicClientApp"])
def test_machines_are_nobody(kind: str) -> None:
    assert row(actor={"type": kind, "alternateId": "system@okta.com"})["user_name"] is None


def test_the_admin_console_logs_its_own_address_not_the_persons() -> None:
    client = {"id": okta.ADMIN_CONSOLE, "ipAddress": "192.0.2.99", "userAgent": {"rawUserAgent": "okta"}}
    found = row(client=client)
    assert (found["ip_address"], found["user_agent"], found["device"]) == (None, None, "unknown")


def test_sessions_cleared_by_an_administrator_are_the_targets() -> None:
    person = {"type": "User", "alternateId": "riya.sharma@example.com"}
    found = row(
        eventType="user.session.clear", actor={"type": "User", "alternateId": "admin@example.com"}, target=[person]
    )
    assert found["user_name"] == "riya.sharma@example.com"
    assert (found["session_reference"], found["ip_address"], found["user_agent"]) == (None, None, None)


def test_sessions_cleared_by_their_owner_keep_address_and_session() -> None:
    person = record()["actor"]
    found = row(eventType="user.session.clear", target=[person])
    assert found["session_reference"] is not None
    assert found["ip_address"] == "192.0.2.10"


def test_settings_may_name_other_fields() -> None:
    options = {"user": "actor.displayName", "session_reference": "debugContext.debugData.dtHash"}
    changes = {"actor": {"displayName": "Riya Sharma"}, "debugContext": {"debugData": {"dtHash": "h"}}}
    found = row(options, **changes)
    assert found["user_name"] == "Riya Sharma"
    assert found["session_reference"] not in {None, row()["session_reference"]}


@pytest.mark.parametrize(
    ("published", "instant"),
    [
        ("2025-08-29T04:37:12.345Z", "2025-08-29 04:37:12.345000"),
        ("2025-08-29T10:07:12+05:30", "2025-08-29 04:37:12"),
        ("2025-08-29T10:07:12.123456789+0530", "2025-08-29 04:37:12.123456"),
        ("2025-08-28T23:37:12.9-05:00", "2025-08-29 04:37:12.900000"),
        ("2025-08-29 04:37:12z", "2025-08-29 04:37:12"),
        (1756442232345, "2025-08-29 04:37:12.345000"),
        ("1756442232345", "2025-08-29 04:37:12.345000"),
    ],
)
def test_times_with_an_offset(published: object, instant: str) -> None:
    assert str(row(published=published)["event_time"].replace(tzinfo=None)) == instant


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        ("2025-02-29T04:37:12Z", "malformed_time"),
        ("2025-13-01T04:37:12Z", "malformed_time"),
        ("2025-08-29T24:00:00Z", "malformed_time"),
        ("2025-08-29T04:37:60Z", "malformed_time"),
        ("2025-08-29T04:37:12+99:00", "malformed_time"),
        ("2025-08-29", "malformed_time"),
        ("yesterday", "malformed_time"),
        ("9" * 15, "malformed_time"),
        (10**17, "malformed_time"),
        (-1, "malformed_time"),
        ("2025-08-29T04:37:12", "time_zone_unknown"),
        ("", "missing_field"),
        (None, "missing_field"),
        (10**40, "missing_field"),
        ({"a": 1}, "missing_field"),
        (True, "missing_field"),
    ],
)
def test_times_that_are_none(published: object, reason: str) -> None:
    assert row(published=published)["quarantine_reason"] == reason


def test_an_event_without_a_name_lacks_a_field() -> None:
    assert row(eventType=None)["quarantine_reason"] == "missing_field"


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "null",
        "7",
        '"text"',
        "{",
        "{}}",
        '{"a":1} {"b":2}',
        "{'a':1}",
        '{"a":NaN}',
        "[" * 300_000,
        '{"a":' * 200_000,
    ],
)
def test_what_is_no_object_is_malformed_json(line: str) -> None:
    assert rows([line])[0]["quarantine_reason"] == "malformed_json"


def test_a_lone_surrogate_costs_a_letter_and_not_the_event() -> None:
    line = json.dumps(record(client={"userAgent": {"rawUserAgent": "MARK"}})).replace("MARK", r"a\ud800b \uD83D\uDE00")
    found = rows([line])[0]
    assert (found["quarantine_reason"], found["user_agent"]) == (None, "a?b 😀")
    assert rows([r'{"a":"\ud800"'])[0]["quarantine_reason"] == "malformed_json"


def test_an_escaped_nul_stays_in_its_text() -> None:
    assert row(actor={"alternateId": "riya\0"})["user_name"] == "riya\0"


@pytest.mark.parametrize("drifted", [None, 7, 7.5, True, "text", "", [], {}, [{}], {"a": {"b": []}}, [None, 1]])
@pytest.mark.parametrize("block", ["actor", "client", "outcome", "authenticationContext", "target", "uuid"])
def test_a_drifted_block_costs_its_own_columns_only(block: str, drifted: object) -> None:
    columns = {
        "actor": ["user_name", "attribution_method"],
        "client": ["ip_address", "user_agent", "device"],
        "outcome": ["outcome", "event_class"],
        "authenticationContext": ["session_reference"],
        "target": ["application"],
        "uuid": ["source_event_id"],
    }[block]
    found, usual = row(**{block: drifted}), row()
    assert [name for name in usual if found[name] != usual[name] and name not in columns] == []
    if block != "uuid":
        assert found[columns[0]] in {None, "unknown"}


def test_a_drifted_record_leaves_its_neighbours_alone() -> None:
    good = json.dumps(record())
    found = rows([good, json.dumps(record(client={"ipAddress": {}})), good])
    assert [entry["ip_address"] for entry in found] == ["192.0.2.10", None, "192.0.2.10"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*json.loads(okta.SAMPLE), "debugContext"]), values, max_size=8))
def test_no_record_crashes_the_reader(changes: dict[str, Any]) -> None:
    line = json.dumps(record(**changes))
    found = rows([line, okta.SAMPLE])
    assert found[1]["event_class"] == "login"
    assert found[0]["quarantine_reason"] in {None, "missing_field", "malformed_time", "time_zone_unknown"}
