"""CloudTrail records: every event name, steps and logins, whose they are, other services, drifted records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from processors.sign_ins import aws_identity_center
from tests.parsing import frame
from tests.sign_ins.records import DRIFTED, changes, differing

CLASSES = {
    "login": "UserAuthentication ConsoleLogin",
    "credential": (
        "CredentialChallenge CredentialVerification CheckMfa PasswordRecoveryRequested PasswordRecoveryCompleted "
        "PasswordUpdated Authenticate"
    ),
    "activity": "Federate",
    "logout": "Logout",
    "admin": "SwitchRole ExitRole",
    "background": (
        "GetRoleCredentials ListApplications ListProfilesForApplication ListAccounts ListAccountRoles CreateToken "
        "CreateTokenWithIAM RegisterClient StartDeviceAuthorization"
    ),
    "other": "MadeUpName userauthentication ConsoleLogout",
}
TABLE = [(name, kind) for kind, names in CLASSES.items() for name in names.split(" ")]
PORTAL_ROLE = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:riya.sharma@example.com",
    "arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/riya.sharma@example.com",
}


def record(**over: object) -> dict[str, Any]:
    return json.loads(aws_identity_center.SAMPLE) | over


def rows(*records: object, **options: object) -> list[dict[str, Any]]:
    return frame([json.dumps(one) for one in records], "aws_identity_center", **options).to_dicts()


def row(**over: object) -> dict[str, Any]:
    return rows(record(**over))[0]


@pytest.mark.parametrize(("name", "event_class"), TABLE)
def test_every_event_name_has_its_class(name: str, event_class: str) -> None:
    found = row(eventName=name)
    assert (found["event_action"], found["event_class"]) == (name, event_class)


def test_every_row_of_the_table_is_tested() -> None:
    assert set(aws_identity_center.EVENTS) - {"ConsoleLogin (Identity Center)"} <= {name for name, _ in TABLE}


def test_what_is_no_login_is_written_down() -> None:
    assert set(aws_identity_center.NOTES) <= set(aws_identity_center.EVENTS)


def test_a_console_that_a_user_of_the_portal_opens_is_no_second_login() -> None:
    found = row(eventName="ConsoleLogin", userIdentity=PORTAL_ROLE)
    assert (found["event_action"], found["event_class"]) == ("ConsoleLogin (Identity Center)", "activity")
    assert found["user_name"] == row()["user_name"]


@pytest.mark.parametrize("source", ["s3.amazonaws.com", "licensemanager.amazonaws.com", "signin.example.com"])
@pytest.mark.parametrize("name", ["UserAuthentication", "Logout", "CreateToken", "GetObject"])
def test_a_name_is_that_of_its_service(source: str, name: str) -> None:
    found = row(eventSource=source, eventName=name)
    assert found["event_action"] == f"{source.removesuffix('.amazonaws.com')}:{name}"
    assert found["event_class"] == "other"


@pytest.mark.parametrize("source", aws_identity_center.SOURCES)
def test_the_services_of_the_names_are_known(source: str) -> None:
    assert row(eventSource=source)["event_class"] == "login"


RESULTS = [
    ({"serviceEventDetails": {"UserAuthentication": "Success"}}, "success", "login"),
    ({"serviceEventDetails": {"UserAuthentication": "Failure"}}, "failure", "login_failed"),
    ({"serviceEventDetails": {"UserAuthentication": "Pending"}}, "unknown", "other"),
    ({"serviceEventDetails": None}, "success", "login"),
    ({"serviceEventDetails": None, "errorMessage": "Failed authentication"}, "failure", "login_failed"),
    ({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Success"}}, "success", "login"),
    ({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}}, "failure", "login_failed"),
    ({"eventName": "CredentialVerification", "serviceEventDetails": {"CredentialVerification": "Failure"}}, "failure",
     "credential"),
    ({"eventName": "Federate", "errorCode": "AccessDenied"}, "failure", "activity"),
]  # fmt: skip


@pytest.mark.parametrize(("over", "outcome", "event_class"), RESULTS)
def test_a_login_is_one_only_where_it_succeeded(over: dict[str, Any], outcome: str, event_class: str) -> None:
    found = row(**over)
    assert (found["outcome"], found["event_class"]) == (outcome, event_class)


@pytest.mark.parametrize(
    ("identity", "user"),
    [
        ({"userName": "riya", "onBehalfOf": {"userId": "94d0"}}, "riya"),
        ({"userName": "", "onBehalfOf": {"userId": "94d0"}}, "94d0"),
        ({"onBehalfOf": {"userId": "94d0"}}, "94d0"),
        ({"userName": aws_identity_center.HIDDEN, "onBehalfOf": {"userId": "94d0"}}, None),
        ({"type": "Root", "accountId": "111122223333"}, "root of 111122223333"),
        ({"type": "Root"}, None),
        (PORTAL_ROLE, "riya.sharma@example.com"),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Deploy/riya"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_user_is_whom_the_record_names(identity: object, user: str | None) -> None:
    assert row(userIdentity=identity)["user_name"] == user


def test_the_session_is_the_portals_and_not_the_way_through_its_factors() -> None:
    other = record()["additionalEventData"] | {"AuthWorkflowID": "another"}
    assert row(additionalEventData=other)["session_reference"] == row()["session_reference"]
    assert row(userIdentity={"userName": "riya"})["session_reference"] is None


@pytest.mark.parametrize("address", ["AWS Internal", "cloudtrail.amazonaws.com", "", None])
def test_an_address_may_be_a_name_and_then_there_is_none(address: object) -> None:
    assert differing(row(sourceIPAddress=address), row()) == {"ip_address"}


@pytest.mark.parametrize(
    ("goes_to", "application"),
    [
        ("https://portal.example.com/start/?relay=secret#also", "portal.example.com"),
        ("https://riya:secret@portal.example.com/", None),
        ("portal.example.com", None),
        ({"a": 1}, None),
    ],
)
def test_the_application_is_a_host_without_what_may_be_secret(goes_to: object, application: str | None) -> None:
    found = row(additionalEventData={"LoginTo": goes_to})
    assert found["application"] == application
    assert "secret" not in str(found)


COLUMNS = {
    "userIdentity": {"user_name", "attribution_method", "session_reference"},
    "additionalEventData": {"application"},
    "serviceEventDetails": set(),
    "responseElements": set(),
    "sourceIPAddress": {"ip_address"},
    "userAgent": {"user_agent", "device"},
    "eventID": {"source_event_id"},
    "eventVersion": set(),
}


@pytest.mark.parametrize("drifted", DRIFTED)
@pytest.mark.parametrize("field", COLUMNS)
def test_a_drifted_field_costs_its_own_columns_only(field: str, drifted: object) -> None:
    before, found, after = rows(record(), record(**{field: drifted}), record())
    assert differing(found, row()) <= COLUMNS[field]
    assert found["quarantine_reason"] is None
    assert differing(before, row()) == differing(after, row()) == set()


@settings(max_examples=60, deadline=None)
@given(changes([*json.loads(aws_identity_center.SAMPLE), "Records", "signIn", "responseElements", "errorCode"]))
def test_no_record_crashes_the_reader(over: dict[str, Any]) -> None:
    found, good = rows(record() | over, record())
    assert good["event_class"] == "login"
    assert found["quarantine_reason"] in {None, "missing_field", "malformed_time", "time_zone_unknown"}
