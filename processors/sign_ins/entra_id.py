"""Microsoft Entra ID's sign-ins: diagnostic settings (files, or Event Hub's `records`), and Graph's `signIns` pages.

Entra logs no sign-out: the end of a session is always derived. One sign-in may come twice under one id, first as an
interrupt (the question for a second factor, "stay signed in?"), then as what became of it.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from processors._in_columns import WHOLE, InColumns
from processors._json import object_of

TITLE = "Microsoft Entra ID sign-ins (diagnostic settings, Event Hub, Graph)"
SPECIFICATION = "https://learn.microsoft.com/en-us/graph/api/resources/signin"
SAMPLE = (
    '{"time":"2025-08-29T04:37:12.3456789Z","operationName":"Sign-in activity","category":"SignInLogs",'
    '"resultType":"0","callerIpAddress":"192.0.2.10","properties":{"id":"6f7c1c52-84a1-11f0-9d5b-0f5a3c1e7a10",'
    '"createdDateTime":"2025-08-29T04:37:12.3456789+00:00","userPrincipalName":"riya.sharma@example.com",'
    '"appDisplayName":"Panel","ipAddress":"192.0.2.10","isInteractive":true,"status":{"errorCode":0},'
    '"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) '
    'Chrome/126.0.0.0 Safari/537.36","sessionId":"00000000-aaaa-bbbb-cccc-000000000001"}}'
)
PAGES = ("records", "value")

RECORD = {
    "event_time": ("properties.createdDateTime", "createdDateTime", "time"),  # `time` is when it was logged
    "event_action": ("signIn.category",),
    "outcome": ("signIn.result",),
    "user_name": ("signIn.user",),
    "session_reference": ("properties.sessionId", "sessionId"),
    "application": ("properties.appDisplayName", "appDisplayName"),
    "ip_address": ("properties.ipAddress", "ipAddress", "callerIpAddress"),
    "user_agent": ("properties.userAgent", "userAgent"),  # Graph has it in beta only
    "source_event_id": ("signIn.id",),
}

EVENTS = {
    # people
    "SignInLogs": "login",
    "NonInteractiveUserSignInLogs": "background",
    # no people
    "ServicePrincipalSignInLogs": "other",
    "ManagedIdentitySignInLogs": "other",
    "MicrosoftServicePrincipalSignInLogs": "other",
    # what one diagnostic setting may send along
    "ADFSSignInLogs": "other",
    "AuditLogs": "other",
    "ProvisioningLogs": "other",
    "RiskyUsers": "other",
    "UserRiskEvents": "other",
    "RiskyServicePrincipals": "other",
    "ServicePrincipalRiskEvents": "other",
    "NetworkAccessTrafficLogs": "other",
    "EnrichedOffice365AuditLogs": "other",
    "MicrosoftGraphActivityLogs": "other",
    "RemoteNetworkHealthLogs": "other",
}

NOTES = {
    "SignInLogs": "a login where code is 0; an interrupt is none, and no failure either; nor is one not interactive",
    "NonInteractiveUserSignInLogs": "no login: a client renewed its token without the user",
    "ServicePrincipalSignInLogs": "no login: an application, not a person",
    "ManagedIdentitySignInLogs": "no login: a resource in Azure, not a person",
    "MicrosoftServicePrincipalSignInLogs": "no login: Microsoft's own services",
    "ADFSSignInLogs": "no login: at the organisation's own AD FS; at Entra it comes again (unverified)",
    "AuditLogs": "no login: changes to the directory",
}

OUTCOMES = {"success": "success", "failure": "failure"}

INTERRUPTS = {
    "16000",  # which of several accounts?
    "50058",  # nobody is signed in yet
    "50072",  # enrol for a second factor
    "50074",  # the second factor; one that was wrong is 500121
    "50076",  # the same, by a policy
    "50079",  # enrol for a second factor, by a policy
    "50097",  # the device must authenticate
    "50125",  # reset the password, or register for that
    "50140",  # stay signed in?
    "50199",  # are you trying to sign in to this application?
    "70043",  # the session has expired, by a policy on how often to sign in
    "70044",
}
"""Codes of a step, by the list of AADSTS errors (June 2023) and what Sentinel's rules take for no failure."""

NOT_PEOPLE = {name for name in EVENTS if name.endswith(("PrincipalSignInLogs", "IdentitySignInLogs"))}

_CATEGORIES = {name.casefold(): name for name in EVENTS}
_KINDS = {
    "interactiveuser": "SignInLogs",
    "noninteractiveuser": "NonInteractiveUserSignInLogs",
    "serviceprincipal": "ServicePrincipalSignInLogs",
    "managedidentity": "ManagedIdentitySignInLogs",
}
"""Graph's `signInEventTypes`."""
_NOBODY = re.compile(r"\A[0-]*\Z")  # an id of zeros


def _in_columns(block: str, category: pl.Expr, fits: pl.Expr, *absent: str) -> InColumns:
    """The records with the sign-in in that block."""
    is_interactive = pl.col(f"{block}isInteractive")
    is_person_asked = category.is_in(["SignInLogs", "signIn"]) & (is_interactive == "false").fill_null(False)
    found = pl.when(is_person_asked).then(pl.lit("NonInteractiveUserSignInLogs")).otherwise(category)
    codes = pl.col("resultType"), pl.col(f"{block}status.errorCode")
    code = pl.coalesce(*codes)
    result = (
        pl.when(code.is_in(sorted(INTERRUPTS)))
        .then(None)
        .when(code == "0")
        .then(pl.lit("success"))
        .otherwise(pl.lit("failure"))
    )
    own, user = pl.col(f"{block}id"), pl.col(f"{block}userPrincipalName")
    is_person = ~found.is_in(sorted(NOT_PEOPLE)) & ~user.str.contains(_NOBODY.pattern.replace(r"\Z", r"\z"))
    is_step = (own != "") & code.is_not_null() & result.ne_missing("success")
    is_sure = [
        is_interactive.is_in(["true", "false"]).fill_null(True),
        *(one.str.contains(r"\A[0-9]{1,18}\z").fill_null(True) for one in codes),
        *(~one.str.contains(WHOLE).fill_null(False) for one in (own, user)),
    ]
    return InColumns(
        fits=pl.all_horizontal(fits, *is_sure),
        made={
            "signIn.category": found,
            "signIn.result": pl.when(code.is_not_null()).then(result),
            "signIn.user": pl.when(is_person).then(user),
            "signIn.id": pl.when(is_step).then(pl.concat_str(own, pl.lit("/"), code)).otherwise(own),
        },
        absent=absent,
        flags=(f"{block}isInteractive",),
    )


IN_COLUMNS = (
    _in_columns(
        "properties.",
        pl.col("category"),
        pl.col("category").is_in(list(EVENTS)) & pl.col("properties.createdDateTime").is_not_null(),
    ),
    _in_columns(
        "",
        pl.when(pl.col("isInteractive") == "true").then(pl.lit("SignInLogs")).otherwise(pl.lit("signIn")),
        pl.col("createdDateTime").is_not_null(),
        *("properties", "category", "signInEventTypes"),
    ),
)


def decode(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its blocks as objects, and what `signIn` it is."""
    properties = _object(record.get("properties"))
    sign_in = properties or record
    category = _category(record, sign_in)
    code = _code(record.get("resultType")) or _code(_object(sign_in.get("status")).get("errorCode"))
    result = _result(code)
    own, user = sign_in.get("id"), sign_in.get("userPrincipalName")
    is_person = category not in NOT_PEOPLE and isinstance(user, str) and not _NOBODY.match(user)
    return {
        **record,
        "properties": properties,
        "signIn": {
            "category": category,
            "result": result,
            "user": user if is_person else None,
            # of an interrupt and what became of it, both under one id, none hides the other
            "id": f"{own}/{code}" if isinstance(own, str) and own and code and result != "success" else own,
        },
    }


def _category(record: dict[str, Any], sign_in: dict[str, Any]) -> str | None:
    """The category of the diagnostic log that the record is of, or would be."""
    kinds = sign_in.get("signInEventTypes")
    named = [_KINDS.get(kind.casefold()) for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else []
    is_interactive = str(sign_in.get("isInteractive")).casefold()
    given, category = record.get("category"), None
    if isinstance(given, str) and given:
        category = _CATEGORIES.get(given.casefold(), given)
    elif "createdDateTime" in sign_in:
        category = next(filter(None, named), "SignInLogs" if is_interactive == "true" else "signIn")
    if category in ("SignInLogs", "signIn") and is_interactive == "false":
        return "NonInteractiveUserSignInLogs"
    return category


def _code(found: object) -> str | None:
    """The code as text: `"0"` in a diagnostic log, 0 in Graph."""
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found.strip() or None if isinstance(found, str) else None


def _result(code: str | None) -> str | None:
    if code is None or code in INTERRUPTS:
        return None
    return "success" if code.casefold() in ("0", "success") else "failure"


def _object(found: object) -> dict[str, Any]:
    """The block, which some exports hold as a string of JSON (unverified)."""
    if isinstance(found, str) and found.lstrip().startswith("{"):
        try:
            return object_of(found)
        except ValueError:
            return {}
    return found if isinstance(found, dict) else {}
