"""Auth0 records: every code, both shapes, and what one cookie opens twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from processors import parse
from processors.attribute import attribute
from processors.sessionize import sessionize
from processors.sign_ins import auth0
from tests.parsing import frame

CLASSES = {
    "login": "s scoa sens sepft seotpft seoobft sercft sepkoobft sepkotpft sepkrcft",
    "login_failed": "f fp fu fc fco fcoa fens fepft feotpft feoobft fercft fepotpft",
    "background": "ssa seacft sertft sede secte seta ciba_exchange_succeeded idjag_exchange_succeeded sd",
    "logout": "slo oidc_backchannel_logout_succeeded",
    "session_end": "universal_logout_succeeded",
    "credential": (
        "ss fs si fi scp fcp scpr fcpr scv pwd_leak signup_pwd_leak reset_pwd_leak cls cs mfar gd_start_auth "
        "gd_auth_succeed gd_auth_failed gd_auth_rejected gd_start_enroll gd_enrollment_complete gd_unenroll "
        "gd_send_sms gd_send_pn gd_recovery_succeed gd_otp_rate_limit_exceed passkey_challenge_started "
        "passkey_challenge_failed my_account_authentication_method_succeeded ciba_start_succeeded ciba_start_failed "
        "fdeac fdeaz fdecc fpar"
    ),
    "admin": (
        "sapi fapi mgmt_api_read organization_member_added kms_key_management_success kms_key_state_changed "
        "ss_sso_success gd_tenant_update sscim"
    ),
    "other": (
        "fsa feacft fertft ferrt fede fecte feta ciba_exchange_failed idjag_exchange_failed jwt_bearer_exchange_failed "
        "fd seccft feccft flo oidc_backchannel_logout_failed federated_logout_failed universal_logout_failed srrt "
        "limit_wc limit_sul limit_mu limit_delegation ublkdu pla w sce fce scu fcu scpn fcpn sv fv svr fvr sdu fdu du "
        "sui fui acls_summary actions_execution_failed admin_update_launch api_limit api_limit_warning appi coff con "
        "depnote fcph fcpro flows_execution_completed fn forms_submission_failed fpurh resource_cleanup "
        "rich_consents_access_error too_many_records wn wum S ss_ login a_code_of_tomorrow"
    ),
}


def record(**changes: object) -> dict[str, Any]:
    return json.loads(auth0.SAMPLE)["data"] | changes


def row(**changes: object) -> dict[str, Any]:
    return frame([json.dumps(record(**changes))], "auth0").row(0, named=True)


@pytest.mark.parametrize(
    ("code", "event_class"), [(code, kind) for kind, codes in CLASSES.items() for code in codes.split(" ")]
)
def test_every_code_has_its_class(code: str, event_class: str) -> None:
    assert row(type=code)["event_class"] == event_class


def test_every_row_of_the_table_is_tested() -> None:
    tested = {code for codes in CLASSES.values() for code in codes.split(" ")}
    assert {code for code in auth0.EVENTS if "*" not in code} <= tested


def test_what_is_no_login_is_written_down() -> None:
    assert set(auth0.NOTES) <= set(auth0.EVENTS)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("s", "success"),
        ("slo", "success"),
        ("gd_auth_succeed", "success"),
        ("fp", "failure"),
        ("flo", "failure"),
        ("gd_auth_failed", "failure"),
        ("limit_wc", "failure"),
        ("w", "unknown"),
        ("gd_start_auth", "unknown"),
        ("a_code_of_tomorrow", "unknown"),
    ],
)
def test_the_code_tells_the_outcome(code: str, outcome: str) -> None:
    assert row(type=code)["outcome"] == outcome


def test_every_login_succeeded_and_every_failed_one_failed() -> None:
    classes = {"login": "success", "login_failed": "failure"}
    wrong = [code for code, kind in auth0.EVENTS.items() if kind in classes and auth0.OUTCOMES[code] != classes[kind]]
    assert not wrong


SHAPES = {
    "tenant log": lambda inner: inner,
    "stream": lambda inner: {"log_id": inner["log_id"], "data": inner},
    "stream without the inner id": lambda inner: {"log_id": inner["log_id"], "data": inner | {"log_id": None}},
    "EventBridge": lambda inner: {"id": "x", "time": "2020-01-01T00:00:00Z", "detail": {"data": inner}},
}


def test_all_shapes_of_one_record_are_one_event_in_one_file() -> None:
    lines = [json.dumps(shape(record())) for shape in SHAPES.values()]
    found = frame(lines, "auth0").drop("line_number")
    assert found["quarantine_reason"].null_count() == len(SHAPES)
    assert found.with_columns(source_event_id=pl.lit("")).unique().height == 1
    assert found["source_event_id"].to_list()[:2] == [record()["log_id"]] * 2


def test_an_event_at_the_end_of_a_session_is_of_whoever_the_session_names() -> None:
    assert row(type="slo", user_name=None)["user_name"] is None
    assert row(type="s", user_name=None)["user_name"] == "auth0|66d0example"
    assert row(type="slo", user_name=None, details={})["user_name"] == "auth0|66d0example"


@pytest.mark.parametrize(
    ("agent", "shown", "device"),
    [
        ("Chrome 126.0.0 / Windows 10.0.0", None, "Chrome 126 · Windows 10/11"),
        ("Other 0.0.0 / Other 0.0.0", None, "unknown"),
        ("curl/8.5.0", "curl/8.5.0", "curl 8"),
        (None, None, "unknown"),
        (7, "7", "unknown"),
    ],
)
def test_the_short_form_of_a_user_agent_tells_the_device_and_is_none(
    agent: object, shown: str | None, device: str
) -> None:
    found = row(user_agent=agent)
    assert (found["user_agent"], found["device"]) == (shown, device)


@pytest.mark.parametrize("drifted", [None, 7, True, "text", "", [], {}, [{}], {"a": {"b": []}}])
@pytest.mark.parametrize("block", ["details", "user_agent", "client_name", "ip", "user_name", "log_id", "connection"])
def test_a_drifted_block_costs_its_own_columns_only(block: str, drifted: object) -> None:
    columns = {
        "details": {"session_reference"},
        "user_agent": {"user_agent", "device"},
        "client_name": {"application"},
        "ip": {"ip_address"},
        "user_name": {"user_name"},
        "log_id": {"source_event_id"},
        "connection": set[str](),
    }[block]
    good = json.dumps(record())
    before, found, after = frame([good, json.dumps(record(**{block: drifted})), good], "auth0").to_dicts()
    assert {name for name in before if found[name] != before[name]} <= columns | {"line_number"}
    assert before | {"line_number": 3} == after


def test_a_time_in_milliseconds_is_read_as_well() -> None:
    assert row(date=1756442232345)["event_time"] == row()["event_time"] == row(date="1756442232345")["event_time"]


NOON = datetime(2025, 8, 29, 12, tzinfo=UTC)


def sessions(*moments: tuple[str, int, dict[str, object]]) -> list[tuple[str, str]]:
    """Membership and end reason of events of one person at those minutes."""
    lines = [
        json.dumps(record(type=code, date=(NOON + timedelta(minutes=minute)).isoformat(), **changes))
        for code, minute, changes in moments
    ]
    events = frame(lines, "auth0").drop("quarantine_reason", "skipped").lazy()
    day = timedelta(hours=24)
    named = attribute(events, events.filter(pl.col("event_class") == "login"), absolute_timeout=day)
    members = sessionize(named, idle_timeout=timedelta(hours=2), absolute_timeout=day, as_of=NOON + day).collect()
    return members.select("membership", "end_reason").rows()


COOKIE = {"details": {"prompts": [], "session_id": "example-session-1"}}


def test_a_cookie_that_is_used_again_is_activity_of_the_session_that_is_open() -> None:
    assert sessions(("s", 0, {}), ("s", 30, COOKIE | {"client_name": "Payroll"}), ("slo", 60, COOKIE)) == [
        ("opened", "logout"),
        ("action", "logout"),
        ("closed", "logout"),
    ]


def test_a_cookie_that_is_used_again_after_the_idle_timeout_opens_a_session() -> None:
    assert sessions(("s", 0, {}), ("s", 121, COOKIE)) == [("opened", "idle_timeout"), ("opened", "idle_timeout")]


def test_a_token_that_is_renewed_keeps_no_session_awake() -> None:
    assert sessions(("s", 0, {}), ("ssa", 100, COOKIE), ("s", 130, COOKIE))[0] == ("opened", "idle_timeout")


def test_a_logout_that_names_nobody_closes_the_session_of_its_reference() -> None:
    nameless = COOKIE | {"user_name": None}
    assert sessions(("s", 0, {}), ("slo", 5, nameless)) == [("opened", "logout"), ("closed", "logout")]


def test_a_page_of_records_is_read_one_by_one() -> None:
    assert parse.reader("auth0").is_json
