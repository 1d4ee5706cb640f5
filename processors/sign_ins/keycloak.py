"""Keycloak's events: server log lines, JSON console log, and event objects from listeners or the admin API.

Success is logged at DEBUG by default, so a file may hold only errors. No user agent. LOGIN also comes with a re-used
cookie. Lines of other loggers are directives: the server's own business, not events.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from processors._in_columns import InColumns
from processors.sign_ins import _keycloak_text

TITLE = "Keycloak events"
SPECIFICATION = "https://www.keycloak.org/docs/latest/server_admin/#auditing-user-events"
SAMPLE = (
    "2025-08-29 10:07:12,345 INFO  [org.keycloak.events] (executor-thread-1) "
    'type="LOGIN", realmId="3f9c", realmName="example", clientId="panel", userId="8d2e", sessionId="51ab", '
    'ipAddress="192.0.2.10", auth_method="openid-connect", username="riya.sharma@example.com"'
)

CATEGORY = "org.keycloak.events"

RECORD = {
    "event_time": ("time",),
    "event_action": ("type", "operationType"),
    "outcome": ("outcome",),
    "user_name": ("details.username", "userId", "authDetails.userId"),
    "session_reference": ("sessionId", "details.code_id"),  # code_id is the session's id where there is no other
    "application": ("clientId", "authDetails.clientId"),
    "ip_address": ("ipAddress", "authDetails.ipAddress"),
    "source_event_id": ("id", "uid"),
}

EVENTS = {
    # logins
    "LOGIN": "login",
    "LOGIN_ERROR": "login_failed",
    "IDENTITY_PROVIDER_LOGIN": "login",
    "IDENTITY_PROVIDER_LOGIN_ERROR": "login_failed",
    # steps of a login through a broker: LOGIN follows
    "IDENTITY_PROVIDER_FIRST_LOGIN": "credential",
    "IDENTITY_PROVIDER_FIRST_LOGIN_ERROR": "login_failed",
    "IDENTITY_PROVIDER_POST_LOGIN": "credential",
    "IDENTITY_PROVIDER_POST_LOGIN_ERROR": "login_failed",
    # tokens
    "CODE_TO_TOKEN": "background",
    "REFRESH_TOKEN": "background",
    "TOKEN_EXCHANGE": "background",
    "INTROSPECT_TOKEN": "background",
    "USER_INFO_REQUEST": "background",
    # ends
    "LOGOUT": "logout",
    "LOGOUT_ERROR": "other",  # session_expired: the user came back late, and ended nothing
    "USER_SESSION_DELETED": "session_end",  # since 26.5; up to three minutes after the timeout
    # services are not people
    "CLIENT_LOGIN": "other",
    # passwords
    "UPDATE_PASSWORD": "credential",
    "UPDATE_PASSWORD_ERROR": "credential",
    "RESET_PASSWORD": "credential",
    "RESET_PASSWORD_ERROR": "credential",
    "SEND_RESET_PASSWORD": "credential",
    "SEND_RESET_PASSWORD_ERROR": "credential",
    "UPDATE_CREDENTIAL": "credential",  # newer name of UPDATE_PASSWORD (not verified)
    "UPDATE_CREDENTIAL_ERROR": "credential",
    # administration: impersonation, and the operation types of admin events
    "IMPERSONATE": "admin",
    "IMPERSONATE_ERROR": "admin",
    "CREATE": "admin",
    "UPDATE": "admin",
    "DELETE": "admin",
    "ACTION": "admin",
    # lockouts
    "USER_DISABLED_BY_TEMPORARY_LOCKOUT": "other",
    "USER_DISABLED_BY_PERMANENT_LOCKOUT": "other",
}

NOTES = {
    "LOGIN": "also at the reload of a page: with a session that is known it is activity",
    "IDENTITY_PROVIDER_FIRST_LOGIN": "no login: a step of one; LOGIN follows",
    "IDENTITY_PROVIDER_POST_LOGIN": "no login: likewise",
    "CODE_TO_TOKEN": "no login: the application fetches its token after one",
    "REFRESH_TOKEN": "no login: a client renewed its token",
    "LOGOUT_ERROR": "no end: with session_expired the user came back late",
    "USER_SESSION_DELETED": "since 26.5; up to three minutes after the timeout",
    "CLIENT_LOGIN": "no login: a service, not a person",
    "IMPERSONATE": "no login: an administrator acts as the user",
}

OUTCOMES = {"success": "success", "failure": "failure"}

NAMED_BY_SESSION = {"logout", "session_end", "background"}


def _in_columns(block: str, *absent: str) -> InColumns:
    """The events with their details in that block."""
    written, error, session = pl.col("type"), pl.col("error"), pl.col("sessionId")
    name = written.str.strip_prefix("access.")
    code, user = pl.col(f"{block}code_id"), pl.col(f"{block}username")
    is_failure = (error != "").fill_null(False) | written.str.ends_with("_ERROR").fill_null(False)
    names = [name for name, event_class in EVENTS.items() if event_class in NAMED_BY_SESSION]
    has_session, has_user = (
        pl.any_horizontal((one != "").fill_null(False) for one in some) for some in ((session, code), (user,))
    )
    is_sure = [one.ne_missing("0") for one in (error, session, code, user)]  # nothing only where it is a number
    return InColumns(
        fits=pl.all_horizontal(*is_sure, (code.is_not_null() | user.is_not_null()) if block else pl.lit(True)),
        made={
            "type": name,
            "outcome": pl.when(is_failure).then(pl.lit("failure")).otherwise(pl.lit("success")),
            **({} if block else {"details.username": user, "details.code_id": code}),
        },
        hidden={"userId": name.is_in(names) & has_session & ~has_user},
        absent=absent,
    )


IN_COLUMNS = (_in_columns("details.", "loggerName"), _in_columns("", "loggerName", "details"))


def read(line: str) -> dict[str, Any] | None:
    """The record of a line of the server's text log; None for another logger's. Errors: `ValueError`."""
    entry = _keycloak_text.line(line)
    if entry.category != CATEGORY:
        return None
    return _event(_keycloak_text.message(entry.message), entry.time)


def decode(record: dict[str, Any]) -> dict[str, Any] | None:
    """The event in a JSON object: the object itself, or the message of a JSON console log. Errors: `ValueError`."""
    if "loggerName" not in record:
        return _event(record, record.get("time"))
    if record["loggerName"] != CATEGORY:
        return None
    message = record.get("message")
    if not isinstance(message, str):
        raise ValueError("no message")
    return _event(_keycloak_text.message(message), record.get("timestamp"))


def _event(found: dict[str, Any], time: object) -> dict[str, Any]:
    """The event with its time, outcome and plain type; details may stand beside the fields or below `details`."""
    details = found.get("details")
    event = {**found, "time": time, "details": details if isinstance(details, dict) else found}
    name = event.get("type")
    if isinstance(name, str):
        event["type"] = name.removeprefix("access.")  # p2-inc/keycloak-events
    is_failure = bool(event.get("error")) or (isinstance(name, str) and name.endswith("_ERROR"))
    event["outcome"] = "failure" if is_failure else "success"
    if _is_named_by_session(event):
        event["userId"] = None
    return event


def _is_named_by_session(event: dict[str, Any]) -> bool:
    """Whether the event has only an internal id for its user, and a session that tells the name.

    LOGOUT logs no username: taken at its userId it would belong to somebody else than the LOGIN it ends.
    """
    name, details = event.get("type"), event["details"]
    has_session = bool(event.get("sessionId") or details.get("code_id"))
    is_late = isinstance(name, str) and EVENTS.get(name) in NAMED_BY_SESSION
    return is_late and has_session and not details.get("username")
