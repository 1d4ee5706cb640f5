"""Auth0's tenant log: its records, and the wrapped ones that log streams send, told apart one by one.

A stream's record is `{"log_id": …, "data": {…}}`, and EventBridge puts that below `detail`. Both have the same
`log_id`, so that a record which arrives in both ways is one event.

Every `s` is a login, also the one with `details.prompts=[]`, for which nobody was asked for anything: with single
sign-on a known cookie opens another application. It is a new session only where no open one has its `session_id`.
A user agent such as `Chrome 126.0.0 / Windows 10.0.0` is Auth0's own short form (seen in 2023; others are logged as
sent): it tells the device, and no other log has it.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from processors._in_columns import InColumns

TITLE = "Auth0 tenant log and log streams"
SPECIFICATION = "https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes"
SAMPLE = (
    '{"log_id":"90020250829043712345000000000000000000000000000000000001","data":{"date":"2025-08-29T04:37:12.345Z",'
    '"type":"s","client_id":"exampleclient","client_name":"Panel","connection":"Username-Password-Authentication",'
    '"strategy":"auth0","ip":"192.0.2.10","user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) '
    'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36","hostname":"example.auth0.com",'
    '"user_id":"auth0|66d0example","user_name":"riya.sharma@example.com","details":{"prompts":[{"name":'
    '"prompt-authenticate"}],"session_id":"example-session-1"},'
    '"log_id":"90020250829043712345000000000000000000000000000000000001"}}'
)

PAGES = ("logs",)  # of the Management API with `include_totals`

RECORD = {
    "event_time": ("date",),
    "event_action": ("type",),
    "outcome": ("type",),  # no field tells it: the code does
    "user_name": ("user_name", "user_id"),
    "session_reference": ("details.session_id",),
    "application": ("client_name",),
    "ip_address": ("ip",),
    "user_agent": ("user_agent",),
    "device": ("short_user_agent",),
    "source_event_id": ("log_id", "_id"),
}

SHORT_AGENT = re.compile(r"[^/();]{1,80} / [^/();]{1,80}")
NAMED_BY_SESSION = {"logout", "session_end", "background"}

EVENTS = {
    # logins
    "s": "login",
    "scoa": "login",
    "sens": "login",
    # the password, or what comes after it, is sent for a token: the application's own form (unverified that no `s` is
    # logged beside it)
    "sepft": "login",
    "seotpft": "login",
    "seoobft": "login",
    "sercft": "login",
    "sepkoobft": "login",
    "sepkotpft": "login",
    "sepkrcft": "login",
    "f": "login_failed",
    "fp": "login_failed",
    "fu": "login_failed",
    "fc": "login_failed",
    "fco": "login_failed",
    "fcoa": "login_failed",
    "fens": "login_failed",
    "fepft": "login_failed",
    "feotpft": "login_failed",
    "feoobft": "login_failed",
    "fercft": "login_failed",
    "fepotpft": "login_failed",
    # silent authentication is what a page asks for by itself when a token runs out: no action of a person
    "ssa": "background",
    "fsa": "other",
    # tokens for a login that is logged as such
    "seacft": "background",
    "sertft": "background",
    "sede": "background",
    "secte": "background",
    "seta": "background",  # seen in lists of codes; not described
    "ciba_exchange_succeeded": "background",
    "idjag_exchange_succeeded": "background",
    "sd": "background",
    "feacft": "other",
    "fertft": "other",
    "ferrt": "other",
    "fede": "other",
    "fecte": "other",
    "feta": "other",
    "ciba_exchange_failed": "other",
    "idjag_exchange_failed": "other",
    "jwt_bearer_exchange_failed": "other",
    "fd": "other",
    # services are not people
    "seccft": "other",
    "feccft": "other",
    # ends
    "slo": "logout",
    "oidc_backchannel_logout_succeeded": "logout",
    "universal_logout_succeeded": "session_end",
    "flo": "other",
    "oidc_backchannel_logout_failed": "other",
    "federated_logout_failed": "other",
    "universal_logout_failed": "other",
    "srrt": "other",
    # sign-up, passwords, factors: steps of a login, not logins by themselves
    "ss": "credential",
    "fs": "credential",
    "si": "credential",
    "fi": "credential",
    "scp": "credential",
    "fcp": "credential",
    "scpr": "credential",
    "fcpr": "credential",
    "scv": "credential",
    "pwd_leak": "credential",
    "signup_pwd_leak": "credential",
    "reset_pwd_leak": "credential",
    "cls": "credential",
    "cs": "credential",
    "mfar": "credential",
    "gd_tenant_update": "admin",
    "gd_*": "credential",
    "passkey_*": "credential",
    "my_account_authentication_method_*": "credential",
    "ciba_start_succeeded": "credential",
    "ciba_start_failed": "credential",
    "fdeac": "credential",
    "fdeaz": "credential",
    "fdecc": "credential",
    "fpar": "credential",
    # administration
    "sapi": "admin",
    "fapi": "admin",
    "mgmt_api_read": "admin",
    "organization_member_added": "admin",
    "kms_key_*": "admin",
    "ss_sso_*": "admin",
    "sscim": "admin",
    # blocks and warnings
    "limit_wc": "other",
    "limit_sul": "other",
    "limit_mu": "other",
    "limit_delegation": "other",
    "ublkdu": "other",
    "pla": "other",
    "w": "other",
    # the account
    "sce": "other",
    "fce": "other",
    "scu": "other",
    "fcu": "other",
    "scpn": "other",
    "fcpn": "other",
    "sv": "other",
    "fv": "other",
    "svr": "other",
    "fvr": "other",
    "sdu": "other",
    "fdu": "other",
    "du": "other",
    "sui": "other",
    "fui": "other",
    # the tenant
    "acls_summary": "other",
    "actions_execution_failed": "other",
    "admin_update_launch": "other",
    "api_limit": "other",
    "api_limit_warning": "other",
    "appi": "other",
    "coff": "other",
    "con": "other",
    "depnote": "other",
    "fcph": "other",
    "fcpro": "other",
    "flows_execution_*": "other",
    "fn": "other",
    "forms_submission_*": "other",
    "fpurh": "other",
    "resource_cleanup": "other",
    "rich_consents_access_error": "other",
    "too_many_records": "other",
    "wn": "other",
    "wum": "other",
}

NOTES = {
    "scoa": "cross-origin",
    "sens": "native social",
    "sepft": "the password was sent for a token, by the application's own form",
    "seotpft": "likewise, a one-time password",
    "seoobft": "likewise, an out-of-band challenge",
    "sercft": "likewise, a recovery code",
    "fp": "wrong password",
    "fu": "no such user",
    "fc": "by the connector of a directory",
    "fco": "from an origin that is not allowed",
    "ssa": "no login: a page asks by itself when its token runs out",
    "fsa": "no failure: nobody is signed in there",
    "seacft": "no login: the application fetches its token after one",
    "sertft": "no login: a client renewed its token",
    "sede": "no login: a token for a device code",
    "ferrt": "a rotated refresh token came again",
    "seccft": "no login: a service, not a person",
    "feccft": "a service, not a person",
    "oidc_backchannel_logout_succeeded": "an application was told; of a revoked session it is all there is",
    "flo": "no end: it failed",
    "srrt": "no end: a refresh token was revoked",
    "cls": "a code or link was sent",
    "cs": "a code was sent",
    "mfar": "no login: a second factor is asked for",
    "gd_*": "factors: `gd_auth_succeed`, `gd_enrollment_complete` and so on",
    "ss_sso_*": "set-up of single sign-on by the customer",
}

_SUCCEEDED = (
    *("s", "scoa", "sens", "sepft", "seotpft", "seoobft", "sercft", "sepkoobft", "sepkotpft", "sepkrcft", "ssa"),
    *("seacft", "sertft", "sede", "secte", "seta", "ciba_exchange_succeeded", "idjag_exchange_succeeded", "sd"),
    *("seccft", "slo", "oidc_backchannel_logout_succeeded", "universal_logout_succeeded", "srrt", "ss", "si", "scp"),
    *("scpr", "scv", "gd_auth_succeed", "gd_enrollment_complete", "gd_recovery_succeed", "ciba_start_succeeded"),
    *("my_account_authentication_method_succeeded", "gd_unenroll", "gd_update_device_account", "sapi", "sscim"),
    *("mgmt_api_read", "organization_member_added", "kms_key_management_success", "ss_sso_success", "ublkdu", "sce"),
    *("scu", "scpn", "sv", "svr", "sdu", "du", "sui"),
)
_FAILED = (
    *("f", "fp", "fu", "fc", "fco", "fcoa", "fens", "fepft", "feotpft", "feoobft", "fercft", "fepotpft", "fsa"),
    *("feacft", "fertft", "ferrt", "fede", "fecte", "feta", "ciba_exchange_failed", "idjag_exchange_failed"),
    *("jwt_bearer_exchange_failed", "fd", "feccft", "flo", "oidc_backchannel_logout_failed"),
    *("federated_logout_failed", "universal_logout_failed", "fs", "fi", "fcp", "fcpr", "pwd_leak", "signup_pwd_leak"),
    *("reset_pwd_leak", "gd_auth_failed", "gd_auth_rejected", "gd_recovery_failed", "gd_start_enroll_failed"),
    *("gd_webauthn_challenge_failed", "gd_webauthn_enrollment_failed", "gd_otp_rate_limit_exceed"),
    *("gd_recovery_rate_limit_exceed", "passkey_challenge_failed", "passkey_register_failed", "ciba_start_failed"),
    *("my_account_authentication_method_failed", "fdeac", "fdeaz", "fdecc", "fpar", "fapi", "ss_sso_failure"),
    *("kms_key_management_failure", "limit_wc", "limit_sul", "limit_mu", "limit_delegation", "fce", "fcu", "fcpn"),
    *("fv", "fvr", "fdu", "fui", "actions_execution_failed", "fcph", "fcpro", "fn", "fpurh"),
)
OUTCOMES = dict.fromkeys(_SUCCEEDED, "success") | dict.fromkeys(_FAILED, "failure")


def _in_columns(inside: str | None, *absent: str) -> InColumns:
    """The records in that block."""
    block = "" if inside is None else f"{inside}."
    agent, session, own = (pl.col(f"{block}{name}") for name in ("user_agent", "details.session_id", "log_id"))
    name, is_short = pl.col(f"{block}type"), agent.str.contains(rf"\A{SHORT_AGENT.pattern}\z")
    names = [name for name, event_class in EVENTS.items() if event_class in NAMED_BY_SESSION]
    return InColumns(
        # a session is nothing where it is the number 0; an id that is null hides that of the wrapper
        fits=name.is_not_null() & session.ne_missing("0") & (pl.lit(inside is None) | own.is_not_null()),
        made={"short_user_agent": pl.when(is_short).then(agent)},
        hidden={"user_agent": is_short, "user_id": name.is_in(names) & (session != "")},
        absent=absent,
        inside=inside,
    )


IN_COLUMNS = (_in_columns("data", "detail"), _in_columns(None, "detail", "data"), _in_columns("detail.data"))


def decode(record: dict[str, Any]) -> dict[str, Any]:
    """The tenant log's record, out of what a log stream wraps around it."""
    for wrapper in ("detail", "data"):
        inner = record.get(wrapper)
        if isinstance(inner, dict):
            record = {"log_id": record.get("log_id"), **inner}
    found = dict(record)
    agent = record.get("user_agent")
    if isinstance(agent, str) and SHORT_AGENT.fullmatch(agent):
        found |= {"user_agent": None, "short_user_agent": agent}
    if _is_named_by_session(record):
        found["user_id"] = None
    return found


def _is_named_by_session(record: dict[str, Any]) -> bool:
    """Whether it may have an internal id alone for its user, and a session that tells the name."""
    details, name = record.get("details"), record.get("type")
    has_session = isinstance(details, dict) and bool(details.get("session_id"))
    return has_session and isinstance(name, str) and EVENTS.get(name) in NAMED_BY_SESSION
