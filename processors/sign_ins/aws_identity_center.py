"""AWS IAM Identity Center's sign-ins, from CloudTrail's files of `Records`, which are in no order.

A login is a UserAuthentication; the challenges and their answers before it are steps. Records of other services, and
of names that only other services have, are of class `other` under the service's name.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from processors._in_columns import WHOLE, InColumns

TITLE = "AWS IAM Identity Center (CloudTrail)"
SPECIFICATION = "https://docs.aws.amazon.com/singlesignon/latest/userguide/understanding-sign-in-events.html"
SAMPLE = (
    '{"eventVersion":"1.11","userIdentity":{"type":"IdentityCenterUser","accountId":"111122223333",'
    '"userName":"riya.sharma@example.com","onBehalfOf":{"userId":"00000000-1111-0000-0000-000000000001"},'
    '"credentialId":"00000000-2222-0000-0000-000000000001"},"eventTime":"2025-08-29T04:37:12Z",'
    '"eventSource":"signin.amazonaws.com","eventName":"UserAuthentication","sourceIPAddress":"192.0.2.10",'
    '"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) '
    'Chrome/126.0.0.0 Safari/537.36","additionalEventData":{"AuthWorkflowID":"00000000-3333-0000-0000-000000000001",'
    '"LoginTo":"https://portal.example.com/start/","CredentialType":"PASSWORD"},'
    '"eventID":"00000000-4444-0000-0000-000000000001","eventType":"AwsServiceEvent",'
    '"serviceEventDetails":{"UserAuthentication":"Success"}}'
)
PAGES = ("Records",)

RECORD = {
    "event_time": ("eventTime",),
    "event_action": ("signIn.name",),
    "outcome": ("signIn.result",),
    "user_name": ("signIn.user",),
    "session_reference": ("userIdentity.credentialId",),  # the session in the access portal; not the AuthWorkflowID
    "application": ("signIn.application",),
    "ip_address": ("sourceIPAddress",),  # also a service's host name, or `AWS Internal`: then there is none
    "user_agent": ("userAgent",),
    "source_event_id": ("eventID",),
}

EVENTS = {
    # signin.amazonaws.com; those after ConsoleLogin are in no table of the manual (unverified)
    "UserAuthentication": "login",
    "CredentialChallenge": "credential",
    "CredentialVerification": "credential",
    "ConsoleLogin": "login",
    "ConsoleLogin (Identity Center)": "activity",
    "CheckMfa": "credential",
    "PasswordRecoveryRequested": "credential",
    "PasswordRecoveryCompleted": "credential",
    "PasswordUpdated": "credential",
    "SwitchRole": "admin",
    "ExitRole": "admin",
    # sso.amazonaws.com: the access portal
    "Authenticate": "credential",
    "Federate": "activity",
    "Logout": "logout",
    "GetRoleCredentials": "background",
    "ListApplications": "background",
    "ListProfilesForApplication": "background",
    "ListAccounts": "background",
    "ListAccountRoles": "background",
    # sso-oauth.amazonaws.com, sso.amazonaws.com: tokens
    "CreateToken": "background",
    "CreateTokenWithIAM": "background",
    "RegisterClient": "background",
    "StartDeviceAuthorization": "background",
}

NOTES = {
    "UserAuthentication": "logged once all factors are passed",
    "CredentialChallenge": "no login: a factor is asked for",
    "CredentialVerification": "no login: the answer; where it failed, no UserAuthentication follows",
    "ConsoleLogin": "of an IAM user, or of the root user",
    "ConsoleLogin (Identity Center)": "no login: a user of the access portal opens an account's console",
    "CheckMfa": "no login: the second factor of an IAM user",
    "Authenticate": "no login: the access portal takes note of a UserAuthentication (unverified)",
    "Federate": "no login: a user of the access portal opens an account or an application",
    "GetRoleCredentials": "no login: command line and SDK fetch credentials by themselves",
    "CreateToken": "no login: a token, for a device code or by renewal",
}

OUTCOMES = {"Success": "success", "Failure": "failure"}

SOURCES = ("signin.amazonaws.com", "sso.amazonaws.com", "sso-oauth.amazonaws.com", "sso-oidc.amazonaws.com")
"""Whose events the names are. Others have a CreateToken or a Logout as well."""

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""In place of what was typed as user name, where there is no such user: it may be a password."""

_PORTAL_ROLE = ":assumed-role/AWSReservedSSO_"
_HOST = re.compile(r"\Ahttps?://([A-Za-z0-9.-]+)(?::[0-9]+)?(?=[/?#]|\Z)")


_NAMES = [name for name in EVENTS if " " not in name]
_NAME, _SOURCE, _ARN = pl.col("eventName"), pl.col("eventSource"), pl.col("userIdentity.arn")
_IS_PORTAL_ROLE = _ARN.str.contains(_PORTAL_ROLE, literal=True).fill_null(False)
_RESULTS = [
    pl.coalesce(pl.when(name == _NAME).then(pl.col(f"{block}.{name}")) for name in _NAMES)
    for block in ("serviceEventDetails", "responseElements")
]
_ERRORS = [pl.col("errorCode"), pl.col("errorMessage")]
_USER = pl.col("userIdentity.userName")

IN_COLUMNS = (
    InColumns(
        fits=pl.all_horizontal(
            _NAME.is_in(_NAMES),
            _SOURCE.is_in(["", *SOURCES]).fill_null(True),
            pl.col("userIdentity.type").ne_missing("Root"),
            *(error.ne_missing("0") for error in _ERRORS),
            *(~one.str.contains(WHOLE).fill_null(False) for one in (*_RESULTS, _USER)),
        ),
        made={
            "signIn.name": pl.when((_NAME == "ConsoleLogin") & _IS_PORTAL_ROLE)
            .then(pl.lit("ConsoleLogin (Identity Center)"))
            .otherwise(_NAME),
            "signIn.result": pl.coalesce(
                *_RESULTS,
                pl.when(pl.any_horizontal((error != "").fill_null(False) for error in _ERRORS))
                .then(pl.lit("Failure"))
                .otherwise(pl.lit("Success")),
            ),
            "signIn.user": pl.when(_IS_PORTAL_ROLE)
            .then(_ARN.str.extract(r"([^/]*)\z"))
            .when(_USER.is_null() | (_USER == ""))
            .then(pl.col("userIdentity.onBehalfOf.userId"))
            .when(_USER != HIDDEN)
            .then(_USER),
            "signIn.application": pl.col("additionalEventData.LoginTo").str.extract(
                r"\Ahttps?://([A-Za-z0-9.-]+)(?::[0-9]+)?(?:[/?#]|\z)"
            ),
        },
    ),
)


def decode(record: dict[str, Any]) -> dict[str, Any]:
    """The record with what `signIn` it is."""
    identity = _object(record.get("userIdentity"))
    arn = identity.get("arn")
    is_portal_role = isinstance(arn, str) and _PORTAL_ROLE in arn
    name, source = record.get("eventName"), record.get("eventSource")
    if not isinstance(name, str) or not name:
        name = None
    elif isinstance(source, str) and source and source not in SOURCES:
        name = f"{source.removesuffix('.amazonaws.com')}:{name}"
    elif name == "ConsoleLogin" and is_portal_role:
        name = "ConsoleLogin (Identity Center)"
    goes_to = _object(record.get("additionalEventData")).get("LoginTo")
    host = _HOST.match(goes_to) if isinstance(goes_to, str) else None
    return {
        **record,
        "signIn": {
            "name": name,
            "result": _result(record, record.get("eventName")),
            "user": _user(identity, arn if is_portal_role else None),
            "application": host[1] if host else None,  # without its path and query, which may hold an assertion
        },
    }


def _result(record: dict[str, Any], name: object) -> object:
    """What became of it: in the details under the event's own name, or by an error."""
    for block in ("serviceEventDetails", "responseElements"):
        result = _object(record.get(block)).get(str(name))
        if isinstance(result, str):
            return result
    return "Failure" if record.get("errorCode") or record.get("errorMessage") else "Success"


def _user(identity: dict[str, Any], portal_arn: str | None) -> object:
    """The user's name; since 2025 some events have only the user's id."""
    if portal_arn:  # the session of the role is called as the user is
        return portal_arn.rpartition("/")[2] or None
    name = identity.get("userName")
    if isinstance(name, str) and name and name != HIDDEN:
        return name
    if identity.get("type") == "Root":
        return f"root of {identity['accountId']}" if isinstance(identity.get("accountId"), str) else None
    return None if name == HIDDEN else _object(identity.get("onBehalfOf")).get("userId")


def _object(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
