"""Keycloak events as text old and new, console JSON and event objects; times without a date or a zone."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from processors import parse
from processors.sign_ins import keycloak

NEW = (
    'type="LOGIN", realmId="r1", realmName="example", clientId="panel", userId="u1", sessionId="s1", '
    'ipAddress="192.0.2.10", auth_method="openid-connect", scope="openid email profile", code_id="s1", '
    'username="riya.sharma@example.com"'
)
OLD = (
    "type=LOGIN, realmId=example, clientId=panel, userId=u1, ipAddress=192.0.2.10, auth_method=openid-connect, "
    "scope='openid email profile', code_id=s1, username=riya.sharma@example.com"
)
INSTANT = datetime(2025, 8, 29, 4, 37, 12, 345_000, tzinfo=UTC)


def row(line: str, **options: object) -> dict[str, Any]:
    frame = pl.LazyFrame({"line_number": [1], "line": [line]})
    chosen = parse.Options(reference_key=b"k", **{"time_zone": "Asia/Kolkata", **options})  # type: ignore[arg-type]
    reader = parse.reader("keycloak")
    return parse.parse(frame, reader=reader, source="s", file_id="f", options=chosen).collect().row(0, named=True)


def logged(message: str, time: str = "2025-08-29 10:07:12,345", category: str = "org.keycloak.events") -> str:
    return f"{time} INFO  [{category}] (executor-thread-1) {message}"


def console(message: str | None, **changes: object) -> str:
    fields = {"timestamp": "2025-08-29T10:07:12.345+05:30", "loggerName": "org.keycloak.events", "message": message}
    return json.dumps(fields | changes)


def event(**changes: object) -> str:
    fields: dict[str, object] = {
        "id": "e1",
        "time": 1756442232345,
        "type": "LOGIN",
        "clientId": "panel",
        "userId": "u1",
    }
    fields |= {"sessionId": "s1", "ipAddress": "192.0.2.10", "details": {"username": "riya.sharma@example.com"}}
    return json.dumps(fields | changes)


@pytest.mark.parametrize("line", [logged(NEW), logged(OLD), console(NEW), console(OLD), event()])
def test_every_shape_tells_the_same_login(line: str) -> None:
    found = row(line)
    assert found["quarantine_reason"] is None
    assert found["event_time"] == INSTANT
    assert (found["event_class"], found["event_action"], found["outcome"]) == ("login", "LOGIN", "success")
    assert (found["user_name"], found["ip_address"]) == ("riya.sharma@example.com", "192.0.2.10")
    assert (found["application"], found["device"], found["address_trust"]) == ("panel", "unknown", "provider")
    assert found["session_reference"] == row(event())["session_reference"]


CLASSES = {
    "login": "LOGIN IDENTITY_PROVIDER_LOGIN",
    "login_failed": (
        "LOGIN_ERROR IDENTITY_PROVIDER_LOGIN_ERROR "
        "IDENTITY_PROVIDER_FIRST_LOGIN_ERROR IDENTITY_PROVIDER_POST_LOGIN_ERROR"
    ),
    "credential": (
        "IDENTITY_PROVIDER_FIRST_LOGIN IDENTITY_PROVIDER_POST_LOGIN UPDATE_PASSWORD UPDATE_PASSWORD_ERROR "
        "RESET_PASSWORD RESET_PASSWORD_ERROR SEND_RESET_PASSWORD SEND_RESET_PASSWORD_ERROR "
        "UPDATE_CREDENTIAL UPDATE_CREDENTIAL_ERROR"
    ),
    "background": "CODE_TO_TOKEN REFRESH_TOKEN TOKEN_EXCHANGE INTROSPECT_TOKEN USER_INFO_REQUEST",
    "logout": "LOGOUT",
    "session_end": "USER_SESSION_DELETED",
    "admin": "IMPERSONATE IMPERSONATE_ERROR CREATE UPDATE DELETE ACTION",
    "other": (
        "LOGOUT_ERROR CLIENT_LOGIN USER_DISABLED_BY_TEMPORARY_LOCKOUT USER_DISABLED_BY_PERMANENT_LOCKOUT "
        "REFRESH_TOKEN_ERROR SOMETHING_NEW login"
    ),
}
TABLE = [(name, kind) for kind, names in CLASSES.items() for name in names.split(" ")]


@pytest.mark.parametrize(("name", "event_class"), TABLE)
def test_every_type_has_its_class_and_errors_failed(name: str, event_class: str) -> None:
    found = row(event(type=name))
    assert found["event_class"] == event_class
    assert found["outcome"] == ("failure" if name.endswith("_ERROR") else "success")


def test_notes_are_of_names_in_the_table() -> None:
    assert set(keycloak.NOTES) <= set(keycloak.EVENTS)


def test_every_row_of_the_table_is_tested() -> None:
    assert set(keycloak.EVENTS) <= {name for name, _ in TABLE}


def test_a_prefix_of_the_listener_is_no_part_of_the_type() -> None:
    found = row(event(type="access.LOGIN"))
    assert (found["event_action"], found["event_class"]) == ("LOGIN", "login")


def test_an_admin_event_is_its_operation() -> None:
    found = row(logged('operationType="UPDATE", realmId="r1", clientId="c", userId="u9", ipAddress="192.0.2.20", '
                       'resourceType="USER", resourcePath="users/u1"'))  # fmt: skip
    assert (found["event_class"], found["event_action"], found["user_name"]) == ("admin", "UPDATE", "u9")


# whose


def test_the_user_is_the_username_and_else_the_id() -> None:
    assert row(event(details=None))["user_name"] == "u1"
    assert row(event(userId=None))["user_name"] == "riya.sharma@example.com"
    assert row(logged('type="LOGIN_ERROR", userId="null", ipAddress="192.0.2.10"'))["user_name"] is None


@pytest.mark.parametrize("name", ["LOGOUT", "CODE_TO_TOKEN", "USER_SESSION_DELETED"])
def test_the_session_names_the_user_of_what_logs_no_username(name: str) -> None:
    found = row(event(type=name, details=None))
    assert (found["user_name"], found["attribution_method"]) == (None, None)
    assert found["session_reference"] == row(event())["session_reference"]
    assert row(event(type=name, details=None, sessionId=None))["user_name"] == "u1"


def test_the_code_is_the_session_where_there_is_no_other() -> None:
    assert row(logged(OLD))["session_reference"] == row(event())["session_reference"]
    both = NEW.replace('code_id="s1"', 'code_id="s2"')
    assert row(logged(both))["session_reference"] == row(event())["session_reference"]


# what users type


@pytest.mark.parametrize(
    ("message", "user"),
    [
        (r'type="LOGIN_ERROR", userId="null", username="x, userId=admin"', "x, userId=admin"),
        (r'type="LOGIN_ERROR", userId="null", username="x\", userId=\"admin"', 'x", userId="admin'),
        (r'type="LOGIN_ERROR", userId="null", username="x\\", userId=\"admin"', r'x\", userId="admin'),
        (r'type="LOGIN_ERROR", userId="null", username="back\slash"', r"back\slash"),
        (r"type='LOGIN_ERROR', userId='null', username='O\'Brien'", "O'Brien"),
        ("type=LOGIN_ERROR, userId=null, username='x, userId=admin, y'", "x, userId=admin, y"),
        ("type=LOGIN_ERROR, userId=null, username='Riya O'Brien'", "Riya O'Brien"),
        ("type=LOGIN_ERROR, userId=null, username=a,b", "a,b"),
        ("type=LOGIN_ERROR, userId=null, username=a=b", "a=b"),
        ("type=LOGIN_ERROR, userId=null, username=", None),
    ],
)
def test_a_typed_name_stays_one_value(message: str, user: str | None) -> None:
    found = row(logged(message))
    assert (found["quarantine_reason"], found["user_name"]) == (None, user)
    assert found["event_class"] == "login_failed"


@pytest.mark.parametrize(
    "message",
    [
        "type=LOGIN_ERROR, userId=null, username='x', userId=admin, y='z z'",
        "type=LOGIN_ERROR, username='x', userId=admin, y='z z'",
        "type=LOGIN_ERROR, username=x, username=y",
        'type="LOGIN", userId="u1", userId="admin"',
        'type="LOGIN", userId="u1", username="x\\"',
        'type="LOGIN", userId="u1", username="x\\", code_id="y"',
        'type="LOGIN", userId="u1", username=bare',
        'type="LOGIN", userId="u1" username="x"',
        'type="LOGIN", userId="u1",username="x"',
        'type="LOGIN", userId="u1", ',
        'type="LOGIN", userId="u1", and then some',
        "type=LOGIN, userId=u1, username=two words",
        "Failed to send an event",
    ],
)
def test_a_message_not_read_to_its_end_is_a_malformed_line(message: str) -> None:
    assert row(logged(message))["quarantine_reason"] == "malformed_line"
    assert row(console(message))["quarantine_reason"] == "malformed_line"


def test_a_message_of_many_words_is_read_in_one_pass() -> None:
    bomb = "' " * 250_000
    assert row(logged(f"type=LOGIN, username='{bomb}'"))["user_name"] == bomb
    assert row(logged(f"type=LOGIN, username='{bomb}"))["quarantine_reason"] == "malformed_line"


# which lines


@pytest.mark.parametrize(
    "line",
    [logged("Keycloak started", category="org.keycloak.services"), logged(NEW, category="org.keycloak.eventsx"),
     console("started", loggerName="io.quarkus"), console(NEW, loggerName=None)],
)  # fmt: skip
def test_lines_of_other_loggers_are_directives(line: str) -> None:
    found = row(line)
    assert (found["skipped"], found["quarantine_reason"]) == ("directive", None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("\tat org.keycloak.Example.run(Example.java:12)", "malformed_line"),
        (NEW, "malformed_line"),
        ("[]", "malformed_line"),
        ('{"type":"LOGIN"', "malformed_json"),
        (console(None), "malformed_line"),
        (console(NEW, timestamp=None), "missing_field"),
        (event(time=None), "missing_field"),
        (event(type=None), "missing_field"),
        (event(type={"a": 1}), "missing_field"),
        (event(time="soon"), "malformed_time"),
    ],
)
def test_what_is_no_event_has_its_reason(line: str, reason: str) -> None:
    assert row(line)["quarantine_reason"] == reason


# when


def test_a_time_of_day_needs_the_day_of_the_file() -> None:
    line = logged(NEW, "10:07:12,345")
    assert row(line)["quarantine_reason"] == "date_unknown"
    assert row(line, date=date(2025, 8, 29))["event_time"] == INSTANT
    assert row(line, date=date(2025, 8, 29), time_zone=None)["quarantine_reason"] == "time_zone_unknown"


def test_a_local_time_needs_the_zone_of_the_source() -> None:
    assert row(logged(NEW), time_zone=None)["quarantine_reason"] == "time_zone_unknown"
    assert row(logged(NEW, "2025-08-29 10:07:12,345+0530"), time_zone=None)["event_time"] == INSTANT


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("2025-03-30 01:59:59,999", None),
        ("2025-03-30 02:00:00,000", "time_ambiguous"),  # the clock jumps from 2 to 3
        ("2025-03-30 02:59:59,999", "time_ambiguous"),
        ("2025-03-30 03:00:00,000", None),
        ("2025-10-26 01:59:59,999", None),
        ("2025-10-26 02:00:00,000", "time_ambiguous"),  # and goes back from 3 to 2
        ("2025-10-26 02:59:59,999", "time_ambiguous"),
        ("2025-10-26 03:00:00,000", None),
        ("2025-02-30 12:00:00,000", "malformed_time"),
        ("2025-08-29 25:00:00,000", "malformed_time"),
    ],
)
def test_a_local_time_that_happens_twice_or_never_is_ambiguous(time: str, reason: str | None) -> None:
    assert row(logged(NEW, time), time_zone="Europe/Berlin")["quarantine_reason"] == reason


def test_an_offset_is_never_ambiguous() -> None:
    line = console(NEW, timestamp="2025-10-26T02:30:00+01:00")
    assert row(line, time_zone="Europe/Berlin")["event_time"] == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
