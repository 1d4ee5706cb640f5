"""Google Workspace's audit activities of sign-ins: the Reports API's pages, its push messages, and split exports.

No user agent, no session id. An activity holds one event or several, which come one a line. Of a warning
(`suspicious_…` and the like) the user is the one that is affected, and its time is that of the login it warns of.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

TITLE = "Google Workspace login activities (Reports API)"
SPECIFICATION = "https://developers.google.com/workspace/admin/reports/v1/appendix/activity/login"
SAMPLE = (
    '{"kind":"admin#reports#activity","id":{"time":"2025-08-29T04:37:12.345Z","uniqueQualifier":"400000000001",'
    '"applicationName":"login","customerId":"C03example"},"actor":{"email":"riya.sharma@example.com",'
    '"profileId":"100000000000000000001"},"ipAddress":"192.0.2.10","events":[{"type":"login","name":"login_success",'
    '"parameters":[{"name":"login_type","value":"google_password"},{"name":"is_suspicious","boolValue":false}]}]}'
)
PAGES = ("items",)
SPLIT = "events"

RECORD = {
    "event_time": ("activity.time",),
    "event_action": ("activity.name",),
    "outcome": ("activity.result",),
    "user_name": ("activity.user",),
    "application": ("activity.application",),
    "ip_address": ("ipAddress",),
    "source_event_id": ("activity.id",),
}

EVENTS = {
    # logins, and what Google logs under that name besides
    "login_success": "login",
    "login_success (reauth)": "activity",
    "login_success (exchange)": "background",
    "login_failure": "login_failed",
    # steps of a login
    "login_challenge": "credential",
    "login_verification": "credential",
    # ends
    "logout": "logout",
    "user_signed_out_due_to_suspicious_session_cookie": "session_end",
    # passwords, second factors, recovery
    "password_edit": "credential",
    "2sv_enroll": "credential",
    "2sv_disable": "credential",
    "passkey_enrolled": "credential",
    "passkey_removed": "credential",
    "recovery_email_edit": "credential",
    "recovery_phone_edit": "credential",
    "recovery_secret_qa_edit": "credential",
    "titanium_enroll": "credential",
    "titanium_unenroll": "credential",
    # warnings
    "suspicious_login": "other",
    "suspicious_login_less_secure_app": "other",
    "suspicious_programmatic_login": "other",
    "account_disabled_*": "other",
    "gov_attack_warning": "other",
    "risky_sensitive_action_allowed": "other",
    "risky_sensitive_action_blocked": "other",
    "blocked_sender": "other",
    "email_forwarding_out_of_domain": "other",
    # machines
    "* (machine)": "other",
}

NOTES = {
    "login_success (reauth)": "no login: the user, signed in already, gave the password again",
    "login_success (exchange)": "no login: a client exchanged one token for another",
    "login_challenge": "no login: a question asked after the password; login_success follows",
    "login_verification": "no login: the answer to it",
    "suspicious_login": "no login: a warning of one, which login_success has as well",
    "suspicious_login_less_secure_app": "no login: a warning of one",
    "suspicious_programmatic_login": "no login: a warning of one",
    "account_disabled_*": "no end of a session: nothing says when its sessions end",
    "risky_sensitive_action_allowed": "no login: an action in a session that Google doubts",
    "risky_sensitive_action_blocked": "no login: likewise, refused",
    "titanium_enroll": "the Advanced Protection Program",
    "titanium_unenroll": "the Advanced Protection Program",
    "* (machine)": "no login: the actor is a `KEY`, a robot account and no person",
}

OUTCOMES = {"success": "success", "failure": "failure"}

_FAILED = {"login_failure", "risky_sensitive_action_blocked"}
_WARNINGS = ("suspicious_", "account_disabled_", "user_signed_out_due_to_")
_STEPS = {"login_challenge", "login_verification"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 1 << 53


def decode(record: dict[str, Any]) -> dict[str, Any] | None:
    """The record with what its `activity` is; None for a page without activities. Errors: `ValueError`."""
    if record.get("kind") == "admin#reports#activities":  # a page without activities has no `items` either
        return None
    event, number = _event(record)
    identity, actor = _object(record.get("id")), _object(record.get("actor"))
    parameters = _parameters(event)
    found = event.get("name")
    name = found if isinstance(found, str) else ""
    is_warning = name.startswith(_WARNINGS)
    time = (_instant(parameters.get("login_timestamp")) if is_warning else None) or identity.get("time")
    key = [identity.get(part) for part in ("customerId", "time", "uniqueQualifier")]
    is_keyed = all(isinstance(part, str | int) and part != "" for part in key)
    return {
        **record,
        "activity": {
            "time": time,
            "name": _name(name, parameters, actor) if name else None,
            "result": _result(name, parameters),
            "user": parameters.get("affected_email_address") if is_warning else _person(actor),
            "application": parameters.get("application_name"),  # of the application `saml`
            "id": "/".join(map(str, [*key, number])) if is_keyed else None,
        },
    }


def _event(record: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The one event of the record, and which it was of its activity's. Errors: `ValueError` where there are several."""
    found, number = record.get("events"), record.get("event_index", 0)
    if isinstance(found, list) and len(found) > 1:
        raise ValueError("too large to be split")
    event = found[0] if isinstance(found, list) and found else found
    if event is None and isinstance(record.get("name"), str):  # exports with the event's fields beside the activity's
        event = record
    return _object(event), number if isinstance(number, int) else 0


def _parameters(event: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the event by their names."""
    found = event.get("parameters")
    if isinstance(found, dict):  # as exports have them
        return found
    return {
        one["name"]: next((one[kind] for kind in ("value", "intValue", "boolValue") if kind in one), None)
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    }


def _name(name: str, parameters: dict[str, Any], actor: dict[str, Any]) -> str:
    if actor.get("callerType") == "KEY":
        return f"{name} (machine)"
    kind = parameters.get("login_type")
    return f"{name} ({kind})" if name == "login_success" and kind in ("reauth", "exchange") else name


def _result(name: str, parameters: dict[str, Any]) -> str | None:
    if name in _STEPS:
        status = parameters.get("login_challenge_status")
        if not isinstance(status, str) or not status:
            return None
        return "success" if "passed" in status.casefold() else "failure"
    if name.startswith(("suspicious_", "account_disabled_", "gov_")):
        return None
    return "failure" if name in _FAILED else "success"


def _person(actor: dict[str, Any]) -> object:
    """The actor's address; a `KEY` is a machine."""
    return None if actor.get("callerType") == "KEY" else actor.get("email")


def _instant(microseconds: object) -> str | None:
    """The time of an epoch in microseconds."""
    text = str(microseconds) if isinstance(microseconds, str | int) and not isinstance(microseconds, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) < 18 and 0 < int(text) < _LAST):
        return None
    return (_EPOCH + timedelta(microseconds=int(text))).isoformat(timespec="microseconds")


def _object(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
