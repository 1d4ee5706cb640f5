"""What sessions become of each provider's sign-ins, with a web server's lines that name nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from processors import lake, pipeline, run, workspace_day
from processors.sign_ins import aws_identity_center, entra_id, google_workspace, okta
from schemas import Events, Sessions
from tests import workspaces
from tests.workspaces import AGENT, AS_OF

LOGIN = datetime(2025, 8, 29, 10, tzinfo=UTC)
LAST = LOGIN + timedelta(minutes=40)
ADDRESS = "192.0.2.10"
TEXT = workspaces.TEXT + '[[sources]]\nname = "idp"\nformat = "{format}"\nfiles = "landing/*.json"\n'


def sessions(
    folder: Path, format: str, records: list[dict[str, Any]], *, address: str = ADDRESS
) -> list[dict[str, Any]]:
    return delivered(folder, format, [records], address=address)


def delivered(
    folder: Path, format: str, exports: list[list[dict[str, Any]]], *, address: str = ADDRESS
) -> list[dict[str, Any]]:
    """The sessions of exports that land one after the other, with three requests that name nobody."""
    here = workspaces.write(folder, zone="UTC", text=TEXT.replace("{format}", format))
    requests = (LOGIN + timedelta(minutes=minutes) for minutes in (10, 25, 40))
    workspaces.land(here, "a.log", b"".join(workspaces.line(time, "-", address=address) for time in requests))
    for number, records in enumerate(exports):
        data = "".join(json.dumps(record) + "\n" for record in records).encode()
        workspaces.land(here, f"{number}.json", data)
        run.sessions(here, run.ingest(here, as_of=AS_OF).dates, as_of=AS_OF)
    return lake.scan(here.lake, Sessions).sort("login_time").collect().to_dicts()


def attributed(folder: Path) -> pl.DataFrame:
    """The provider's events of the workspace with whom they were attributed to."""
    here = workspaces.settings.load(folder)
    day = LOGIN.date()
    known = lake.scan(here.lake, Events, workspace_day.utc_dates(LOGIN, AS_OF)).select(pipeline.EVENT_COLUMNS)
    rows = pipeline.attributed(known, here, pipeline.neighbourhood(here, day, day), as_of=AS_OF)
    return rows.filter(pl.col("source") == "idp").collect()


def after(minutes: int) -> str:
    return f"{LOGIN + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def entra(minutes: int = 0, **over: object) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(entra_id.SAMPLE)
    record["properties"] |= {"id": f"id-{minutes}", "createdDateTime": after(minutes), "userAgent": AGENT}
    return record | over


def google(name: str, minutes: int = 0) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(google_workspace.SAMPLE)
    record["id"] |= {"time": after(minutes), "uniqueQualifier": f"{minutes}"}
    record["events"][0]["name"] = name
    return record


def okta_record(name: str, minutes: int = 0, **over: object) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(okta.SAMPLE)
    record["client"]["userAgent"]["rawUserAgent"] = AGENT
    return record | {"eventType": name, "published": after(minutes), "uuid": f"{name}-{minutes}"} | over


def keycloak_record(name: str, minutes: int = 0, **over: object) -> dict[str, Any]:
    moment = LOGIN + timedelta(minutes=minutes)
    known = {"id": f"{name}-{minutes}", "time": int(moment.timestamp() * 1000), "type": name, "clientId": "panel"}
    known |= {"userId": "8d2e", "sessionId": "51ab", "ipAddress": ADDRESS}
    return known | {"details": {"username": "riya.sharma@example.com"}} | over


def aws(name: str, minutes: int = 0) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(aws_identity_center.SAMPLE)
    return record | {"eventName": name, "eventTime": after(minutes), "eventID": f"{name}-{minutes}", "userAgent": AGENT}


def test_entra_has_no_sign_out_so_the_end_is_derived(tmp_path: Path) -> None:
    (found,) = sessions(tmp_path, "entra_id", [entra(), entra(1, resultType="50140")])
    assert (found["user_name"], found["activity_count"]) == ("riya.sharma@example.com", 3)
    assert (found["end_reason"], found["end_time"] - LAST) == ("idle_timeout", timedelta(hours=2))


def test_what_entra_does_without_the_user_keeps_no_session_awake(tmp_path: Path) -> None:
    records = [entra(), *(entra(40 + 30 * n, category="NonInteractiveUserSignInLogs") for n in range(1, 9))]
    (found,) = sessions(tmp_path, "entra_id", records)
    assert (found["end_reason"], found["end_time"] - LAST) == ("idle_timeout", timedelta(hours=2))


def test_machines_of_entra_open_no_session(tmp_path: Path) -> None:
    kinds = sorted(entra_id.NOT_PEOPLE)
    assert sessions(tmp_path, "entra_id", [entra(n, category=kind) for n, kind in enumerate(kinds)]) == []


@pytest.mark.parametrize("category", sorted(entra_id.NOT_PEOPLE))
def test_a_machine_of_entra_is_nobody_though_one_person_alone_signed_in_at_its_address(
    tmp_path: Path, category: str
) -> None:
    machine = entra(20, category=category)
    del machine["properties"]["sessionId"]
    (found,) = sessions(tmp_path, "entra_id", [entra(), machine])
    assert (found["user_name"], found["activity_count"]) == ("riya.sharma@example.com", 3)
    assert attributed(tmp_path).select("event_class", "user_name", "attribution_method").rows() == [
        ("login", "riya.sharma@example.com", "log_user"),
        ("other", None, "anonymous"),
    ]


def test_a_login_that_failed_without_a_name_is_not_of_whoever_signed_in_at_its_address(tmp_path: Path) -> None:
    nameless = {"userId": None, "sessionId": None, "details": {}, "error": "user_not_found"}
    sessions(tmp_path, "keycloak", [keycloak_record("LOGIN"), keycloak_record("LOGIN_ERROR", 5, **nameless)])
    assert attributed(tmp_path)["attribution_method"].to_list() == ["log_user", "anonymous"]


def test_keycloak_logs_no_user_agent_so_the_address_alone_tells_whose_requests_they_are(tmp_path: Path) -> None:
    (found,) = sessions(tmp_path, "keycloak", [keycloak_record("LOGIN")])
    assert (found["user_name"], found["activity_count"]) == ("riya.sharma@example.com", 3)
    assert (found["end_reason"], found["end_time"] - LAST) == ("idle_timeout", timedelta(hours=2))
    assert (found["source"], found["device"], found["user_agent"]) == ("idp", "Chrome 126 · Windows 10/11", AGENT)


def test_two_people_of_keycloak_at_one_address_leave_its_requests_to_nobody(tmp_path: Path) -> None:
    other = {"sessionId": "77cd", "details": {"username": "tom@example.com"}}
    found = sessions(tmp_path, "keycloak", [keycloak_record("LOGIN"), keycloak_record("LOGIN", 5, **other)])
    assert [(one["user_name"], one["activity_count"]) for one in found] == [
        ("riya.sharma@example.com", 0),
        ("tom@example.com", 0),
    ]


def test_a_login_of_keycloak_by_a_known_cookie_opens_no_session(tmp_path: Path) -> None:
    (found,) = sessions(tmp_path, "keycloak", [keycloak_record("LOGIN"), keycloak_record("LOGIN", 30)])
    assert (found["login_time"], found["activity_count"]) == (LOGIN, 4)


def test_a_token_that_keycloak_renews_keeps_no_session_awake(tmp_path: Path) -> None:
    renewals = [keycloak_record("REFRESH_TOKEN", minutes, details={}) for minutes in range(50, 200, 30)]
    (found,) = sessions(tmp_path, "keycloak", [keycloak_record("LOGIN"), *renewals])
    assert (found["end_reason"], found["end_time"] - LAST) == ("idle_timeout", timedelta(hours=2))


def test_a_logout_of_keycloak_that_names_nobody_ends_the_session_that_it_names(tmp_path: Path) -> None:
    logout = keycloak_record("LOGOUT", 50, details={}, ipAddress="198.51.100.9")
    (found,) = sessions(tmp_path, "keycloak", [keycloak_record("LOGIN"), logout])
    assert (found["end_reason"], found["inactivity_s"]) == ("logout", 600)


def test_a_logout_of_keycloak_under_another_id_than_its_login_ends_nothing(tmp_path: Path) -> None:
    (found,) = sessions(
        tmp_path, "keycloak", [keycloak_record("LOGIN"), keycloak_record("LOGOUT", 50, sessionId="other")]
    )
    assert found["end_reason"] == "idle_timeout"


def test_overlapping_exports_of_okta_make_the_sessions_of_one_export(tmp_path: Path) -> None:
    records = [
        okta_record("user.authentication.sso"),
        okta_record("app.oauth2.as.token.grant.access_token", 30),
        okta_record("user.session.end", 50),
    ]
    whole = sessions(tmp_path / "whole", "okta", records)
    assert delivered(tmp_path / "again", "okta", [records[:2], records[1:]]) == whole
    assert delivered(tmp_path / "back", "okta", [records[1:], records[:2]]) == whole
    assert [(one["activity_count"], one["end_reason"], one["inactivity_s"]) for one in whole] == [(3, "logout", 600)]


def test_a_login_of_okta_that_is_exported_twice_is_no_activity(tmp_path: Path) -> None:
    login = okta_record("user.authentication.sso")
    (found,) = delivered(tmp_path, "okta", [[login], [login, okta_record("user.session.end", 50)]])
    assert found["activity_count"] == 3


def test_google_logs_no_user_agent_so_the_address_alone_tells_whose_requests_they_are(tmp_path: Path) -> None:
    (found,) = sessions(tmp_path, "google_workspace", [google("login_success"), google("logout", 50)])
    assert (found["user_name"], found["activity_count"]) == ("riya.sharma@example.com", 3)
    assert (found["end_reason"], found["inactivity_s"]) == ("logout", 600)
    assert found["device"] == "Chrome 126 · Windows 10/11"  # of the first request


def test_from_another_address_google_tells_nothing(tmp_path: Path) -> None:
    (found,) = sessions(tmp_path, "google_workspace", [google("login_success")], address="198.51.100.9")
    assert found["activity_count"] == 0


def test_the_steps_of_a_login_at_aws_are_no_sessions(tmp_path: Path) -> None:
    records = [
        aws("UserAuthentication"),
        aws("CredentialVerification"),
        aws("CredentialChallenge", -1),
        aws("Logout", 45),
    ]
    (found,) = sessions(tmp_path, "aws_identity_center", records)
    assert (found["login_time"], found["activity_count"], found["end_reason"]) == (LOGIN, 3, "logout")
