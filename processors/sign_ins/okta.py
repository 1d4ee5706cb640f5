"""Okta's System Log: one JSON object an event, from the API or its NDJSON exports.

Okta's own idle limit is never logged: `user.session.expire` appears only on sign-out or revocation.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from processors._in_columns import InColumns

TITLE = "Okta System Log"
SPECIFICATION = "https://developer.okta.com/docs/reference/api/event-types/"
SAMPLE = (
    '{"uuid":"6f7c1c52-84a1-11f0-9d5b-0f5a3c1e7a10","published":"2025-08-29T04:37:12.345Z",'
    '"eventType":"user.authentication.sso","actor":{"type":"User","alternateId":"riya.sharma@example.com"},'
    '"client":{"ipAddress":"192.0.2.10","userAgent":{"rawUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) '
    'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"}},"outcome":{"result":"SUCCESS"},'
    '"authenticationContext":{"externalSessionId":"102example"},'
    '"target":[{"type":"AppInstance","displayName":"Panel"}]}'
)

RECORD = {
    "event_time": ("published",),
    "event_action": ("eventType",),
    "outcome": ("outcome.result",),
    "user_name": ("actor.alternateId",),
    "session_reference": ("authenticationContext.externalSessionId",),
    "application": ("target[type=AppInstance].displayName",),
    "ip_address": ("client.ipAddress",),
    "user_agent": ("client.userAgent.rawUserAgent",),
    "source_event_id": ("uuid",),
}

EVENTS = {
    # logins; sso is "fired even when the sign-on is unsuccessful", so the outcome decides
    "user.session.start": "login",
    "user.authentication.sso": "login",
    "app.oauth2.signon": "login",
    # steps of a login, not logins by themselves
    "user.authentication.auth_via_mfa": "credential",  # Identity Engine: first factors too; Classic: second ones only
    "user.authentication.auth_via_AD_agent": "credential",
    "user.authentication.auth_via_LDAP_agent": "credential",
    "user.authentication.auth_via_IDP": "credential",
    "user.authentication.auth_via_social": "credential",
    "user.authentication.auth_via_inbound_SAML": "credential",
    "user.authentication.auth_via_inbound_delauth": "credential",
    "user.authentication.auth_via_iwa": "credential",
    "user.authentication.auth_via_radius": "credential",
    "user.authentication.auth_via_richclient": "credential",
    "user.authentication.verify": "credential",
    "user.authentication.authenticate": "credential",
    # ends
    "user.session.end": "logout",
    "user.authentication.slo": "logout",  # of one application
    "user.authentication.universal_logout": "session_end",
    "user.session.clear": "session_end",  # by an administrator
    "user.session.expire": "session_end",
    # passwords
    "user.account.update_password": "credential",
    "user.account.reset_password": "credential",
    "user.account.expire_password": "credential",
    "security.breached_credential.detected": "credential",
    # administration
    "user.session.access_admin_app": "admin",
    "user.session.impersonation.grant": "admin",
    "user.session.impersonation.initiate": "admin",
    "user.session.impersonation.extend": "admin",
    "user.session.impersonation.end": "admin",
    "user.session.impersonation.revoke": "admin",
    # tokens
    "app.oauth2.*token.grant*": "background",  # app.oauth2.as.token.grant.access_token and so on
    # the rest
    "policy.evaluate_sign_on": "other",
    "user.account.lock": "other",
    "user.account.lock.limit": "other",
    "user.account.unlock*": "other",
    "user.session.context.change": "other",
    "security.session.detect_client_roaming": "other",
}

NOTES = {
    "user.session.start": "a login to Okta itself; one that failed has no session",
    "user.authentication.sso": "a login to one application, where the outcome says so",
    "app.oauth2.signon": "likewise, by OpenID Connect",
    "user.authentication.auth_via_mfa": "no login: a factor was passed, as by all of these; the login follows",
    "user.authentication.verify": "no login: likewise",
    "user.authentication.authenticate": "no login: likewise",
    "user.authentication.slo": "of one application",
    "user.session.clear": "by an administrator: the user is the target",
    "user.session.expire": "only at a sign-out or when revoked; the idle end of a session is not logged",
    "user.session.impersonation.initiate": "no login: somebody acts as the user",
    "app.oauth2.*token.grant*": "no login: a client renewed its token",
    "policy.evaluate_sign_on": "no login: what a policy allows, or asks for",
    "user.session.context.change": "no login: a session goes on elsewhere",
}

OUTCOMES = {"SUCCESS": "success", "ALLOW": "success", "FAILURE": "failure", "DENY": "failure"}

ADMIN_CONSOLE = "okta.b58d5b75-07d4-5f25-bf59-368a1261a405"
"""Client id of the Admin Console, whose address and user agent are Okta's own, not the person's."""

NOT_PEOPLE = ("SystemPrincipal", "PublicClientApp")
"""Actor types without a person behind them (seen in exports; the documentation lists no closed set)."""


IN_COLUMNS = (
    InColumns(
        fits=pl.col("eventType").ne_missing("user.session.clear"),
        hidden={
            "client": pl.col("client.id") == ADMIN_CONSOLE,
            "actor": (pl.col("actor.alternateId") == "unknown") | pl.col("actor.type").is_in(NOT_PEOPLE),
        },
    ),
)


def decode(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what Okta says of itself, and about the person whose session it is."""
    record = dict(record)
    client = _object(record, "client")
    actor = _object(record, "actor")
    if client.get("id") == ADMIN_CONSOLE:
        record["client"] = {}
    if actor.get("alternateId") == "unknown" or actor.get("type") in NOT_PEOPLE:
        record["actor"] = {}
    if record.get("eventType") == "user.session.clear":
        record |= _cleared(record)
    return record


def _cleared(record: dict[str, Any]) -> dict[str, Any]:
    """The actor, address and session are the administrator's; the person is the target."""
    targets = record.get("target")
    people = [
        target
        for target in (targets if isinstance(targets, list) else [])
        if isinstance(target, dict) and target.get("type") == "User"
    ]
    if not people or people[0].get("alternateId") == _object(record, "actor").get("alternateId"):
        return {}
    return {"actor": people[0], "client": {}, "authenticationContext": {}}


def _object(record: dict[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}
