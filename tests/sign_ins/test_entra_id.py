"""Entra sign-ins: every category, interrupts, people and machines, diagnostic settings and Graph, drifted records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from processors.sign_ins import entra_id
from tests.parsing import frame
from tests.sign_ins.records import DRIFTED, changes, differing

CLASSES = {
    "login": "SignInLogs signinlogs",
    "background": "NonInteractiveUserSignInLogs",
    "other": (
        "ServicePrincipalSignInLogs ManagedIdentitySignInLogs MicrosoftServicePrincipalSignInLogs ADFSSignInLogs "
        "AuditLogs ProvisioningLogs RiskyUsers UserRiskEvents RiskyServicePrincipals ServicePrincipalRiskEvents "
        "NetworkAccessTrafficLogs EnrichedOffice365AuditLogs MicrosoftGraphActivityLogs RemoteNetworkHealthLogs "
        "SignOutLogs"
    ),
}
TABLE = [(name, kind) for kind, names in CLASSES.items() for name in names.split(" ")]


def record(**over: object) -> dict[str, Any]:
    """A record of a diagnostic log; what its properties have is changed there."""
    found: dict[str, Any] = json.loads(entra_id.SAMPLE)
    for name, value in over.items():
        (found["properties"] if name in found["properties"] else found)[name] = value
    return found


def graph(**over: object) -> dict[str, Any]:
    found = {name: value for name, value in record()["properties"].items() if name != "userAgent"}
    return found | over


def rows(*records: object, **options: object) -> list[dict[str, Any]]:
    return frame([json.dumps(one) for one in records], "entra_id", **options).to_dicts()


def row(**over: object) -> dict[str, Any]:
    return rows(record(**over))[0]


@pytest.mark.parametrize(("name", "event_class"), TABLE)
def test_every_category_has_its_class(name: str, event_class: str) -> None:
    assert row(category=name)["event_class"] == event_class


def test_every_row_of_the_table_is_tested() -> None:
    assert set(entra_id.EVENTS) <= {name for name, _ in TABLE}


def test_what_is_no_login_is_written_down() -> None:
    assert set(entra_id.NOTES) <= set(entra_id.EVENTS)
    assert {"NonInteractiveUserSignInLogs", *entra_id.NOT_PEOPLE} <= set(entra_id.NOTES)


def test_there_is_no_sign_out() -> None:
    assert {"logout", "session_end"}.isdisjoint(entra_id.EVENTS.values())


CODES = [("0", "success", "login"), (0, "success", "login"), ("50126", "failure", "login_failed")]
CODES += [(500121, "failure", "login_failed"), ("53003", "failure", "login_failed")]
CODES += [(code, "unknown", "other") for code in (*sorted(entra_id.INTERRUPTS), 50140, None, "", True, {"a": 1})]


@pytest.mark.parametrize(("code", "outcome", "event_class"), CODES)
def test_a_login_has_code_0_and_an_interrupt_is_no_failure(code: object, outcome: str, event_class: str) -> None:
    for found in (row(resultType=code, status={}), rows(graph(status={"errorCode": code}))[0]):
        assert (found["outcome"], found["event_class"]) == (outcome, event_class)


@pytest.mark.parametrize("code", ["0", "50126", "50140", "70043"])
def test_what_no_user_did_is_background_whatever_became_of_it(code: str) -> None:
    assert row(category="NonInteractiveUserSignInLogs", resultType=code)["event_class"] == "background"


@pytest.mark.parametrize("is_interactive", [False, "false", "False"])
def test_a_sign_in_that_is_not_interactive_is_background_in_any_log(is_interactive: object) -> None:
    for found in (row(isInteractive=is_interactive), rows(graph(isInteractive=is_interactive))[0]):
        assert (found["event_action"], found["event_class"]) == ("NonInteractiveUserSignInLogs", "background")


def test_an_interrupt_and_what_became_of_it_share_an_id_and_are_two_events() -> None:
    interrupt, login = rows(record(resultType="50074"), record())
    assert login["source_event_id"] == record()["properties"]["id"]
    assert interrupt["source_event_id"] == f"{login['source_event_id']}/50074"


@pytest.mark.parametrize("category", sorted(entra_id.NOT_PEOPLE))
def test_machines_are_nobody(category: str) -> None:
    found = row(category=category, servicePrincipalName="Nightly export")
    assert (found["user_name"], found["attribution_method"], found["event_class"]) == (None, None, "other")


@pytest.mark.parametrize(
    ("kinds", "action"),
    [
        (["interactiveUser"], "SignInLogs"),
        (["nonInteractiveUser"], "NonInteractiveUserSignInLogs"),
        (["servicePrincipal"], "ServicePrincipalSignInLogs"),
        (["managedIdentity"], "ManagedIdentitySignInLogs"),
        (["unknownFutureValue"], "signIn"),
        ([], "signIn"),
        (None, "signIn"),
        ("interactiveUser", "signIn"),
        ([{}, 1], "signIn"),
    ],
)
def test_graph_tells_the_kinds_apart(kinds: object, action: str) -> None:
    assert rows(graph(signInEventTypes=kinds, isInteractive=None))[0]["event_action"] == action


def test_graph_without_kinds_tells_people_by_is_interactive() -> None:
    assert rows(graph())[0]["event_class"] == "login"


def test_graph_tells_the_same_login_but_for_its_user_agent() -> None:
    (diagnostic,), (exported,) = rows(record()), rows(graph())
    assert differing(diagnostic, exported) == {"user_agent", "device"}
    assert exported["device"] == "unknown"


def test_the_instant_is_that_of_the_sign_in_and_not_of_its_logging() -> None:
    found = row(time="2025-08-29T04:41:00.0000000Z", createdDateTime="2025-08-28T23:37:12.3456789-05:00")
    assert found["event_time"] == row()["event_time"]
    assert row(createdDateTime=None)["event_time"] == row()["event_time"]


def test_the_address_stands_beside_the_properties_as_well() -> None:
    assert row(ipAddress={"v4": "192.0.2.10"}, callerIpAddress="198.51.100.7")["ip_address"] == "198.51.100.7"


@pytest.mark.parametrize("name", ["00000000-0000-0000-0000-000000000000", "", None, 7, {"a": 1}])
def test_an_account_that_is_none_is_nobody(name: object) -> None:
    assert row(userPrincipalName=name)["user_name"] is None


def test_the_application_in_question_alone_is_signed_in_to() -> None:
    found = rows(record(), record(appDisplayName="Payroll"), record(appDisplayName=None), application="Panel")
    assert [one["event_class"] for one in found] == ["login", "other", "credential"]


@pytest.mark.parametrize("block", ["properties", "status"])
def test_a_block_may_be_a_string_of_json(block: str) -> None:
    found = record(resultType=None)
    holder = found if block == "properties" else found["properties"]
    holder[block] = json.dumps(holder[block])
    assert differing(rows(found)[0], row()) == set()


@pytest.mark.parametrize("text", ["{", "{}}", "[]", '{"a":' * 5000])
def test_a_string_that_is_no_block_costs_the_block(text: str) -> None:
    found, good = rows(record(properties=text) | {"properties": text}, record())
    assert (found["quarantine_reason"], found["user_name"], found["ip_address"]) == (None, None, "192.0.2.10")
    assert good["event_class"] == "login"


COLUMNS = {
    "userPrincipalName": {"user_name", "attribution_method"},
    "ipAddress": {"ip_address"},
    "userAgent": {"user_agent", "device"},
    "sessionId": {"session_reference"},
    "appDisplayName": {"application"},
    "id": {"source_event_id"},
    "status": set(),
    "callerIpAddress": set(),
    "resultType": {"outcome", "event_class", "source_event_id"},
    "category": {"event_action", "event_class", "outcome"},
    "Level": set(),
}


@pytest.mark.parametrize("drifted", DRIFTED)
@pytest.mark.parametrize("field", COLUMNS)
def test_a_drifted_field_costs_its_own_columns_only(field: str, drifted: object) -> None:
    before, found, after = rows(record(), record(**{field: drifted}), record())
    assert differing(found, row()) <= COLUMNS[field]
    assert found["quarantine_reason"] is None
    assert differing(before, row()) == differing(after, row()) == set()


@settings(max_examples=60, deadline=None)
@given(changes([*json.loads(entra_id.SAMPLE), "value", "records", "signIn", "createdDateTime", "signInEventTypes"]))
def test_no_record_crashes_the_reader(over: dict[str, Any]) -> None:
    found, good = rows(record() | over, record())
    assert good["event_class"] == "login"
    assert found["quarantine_reason"] in {None, "missing_field", "malformed_time", "time_zone_unknown"}
