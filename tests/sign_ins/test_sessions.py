"""What sessions become of each provider's sign-ins, with a web server's lines that name nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from processors import lake, run
from processors.sign_ins import aws_identity_center, entra_id, google_workspace
from schemas import Sessions
from tests import workspaces
from tests.workspaces import AGENT, AS_OF

LOGIN = datetime(2025, 8, 29, 10, tzinfo=UTC)
LAST = LOGIN + timedelta(minutes=40)
ADDRESS = "192.0.2.10"
TEXT = workspaces.TEXT + '[[sources]]\nname = "idp"\nformat = "{format}"\nfiles = "landing/*.json"\n'


def sessions(
    folder: Path, format: str, records: list[dict[str, Any]], *, address: str = ADDRESS
) -> list[dict[str, Any]]:
    here = workspaces.write(folder, zone="UTC", text=TEXT.replace("{format}", format))
    requests = (LOGIN + timedelta(minutes=minutes) for minutes in (10, 25, 40))
    workspaces.land(here, "a.log", b"".join(workspaces.line(time, "-", address=address) for time in requests))
    workspaces.land(here, "a.json", "".join(json.dumps(record) + "\n" for record in records).encode())
    run.sessions(here, run.ingest(here, as_of=AS_OF).dates, as_of=AS_OF)
    return lake.scan(here.lake, Sessions).sort("login_time").collect().to_dicts()


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
