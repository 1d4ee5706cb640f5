"""Policies through a workspace: settings, roster, tables, reports, status."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from processors import check, lake, outdated, policies, query, run, settings, status
from processors.__main__ import app
from processors._packs import PACKS
from processors.errors import LakeError, SettingsError
from schemas import LimitOverruns
from tests import workspaces
from tests.workspaces import AS_OF

DAY = date(2025, 8, 29)
NOON = datetime(2025, 8, 29, 12, tzinfo=UTC)
ROSTER = "user_name,display_name,team\nRiya,Riya Sharma,Payments \ntom,Tom,Support\n"
CARDS = '[policies.cards]\npack = "pci_dss"\n'


def workspace(folder: Path, written: str = CARDS, *, roster: str | None = ROSTER) -> settings.Settings:
    """A workspace with these policies; Riya and Tom sign in at noon and go on after 20 minutes."""
    folder.mkdir(exist_ok=True)
    named = 'roster = "roster.csv"\n' if roster is not None else ""
    (folder / "roster.csv").write_text(roster or "")
    text = workspaces.TEXT.replace("[[sources]]", f"{named}\n{written}\n[[sources]]", 1)
    made = workspaces.write(folder, text=text)
    lines = [
        workspaces.line(time, user, request, status=302)
        for user in ("riya", "tom")
        for time, request in ((NOON, "POST /login"), (NOON + timedelta(minutes=20), "GET /orders"))
    ]
    workspaces.land(made, "access.log", b"".join(sorted(lines, key=lambda line: line[20:60])))
    return made


def went_on(made: settings.Settings) -> list[tuple[str, str, int]]:
    rows = lake.scan(made.lake, LimitOverruns).sort("user_name", "policy_name").collect()
    return rows.select("user_name", "policy_name", "measured_s").rows()


def problems(folder: Path, written: str, **more: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        workspace(folder, written, **more)
    return str(caught.value)


# ---- settings


def test_the_packs_are_those_of_the_standards() -> None:
    limits = {name: (pack.idle_limit, pack.absolute_limit) for name, pack in PACKS.items()}
    assert limits == {
        "pci_dss": (timedelta(minutes=15), None),
        "nist_aal2": (timedelta(minutes=30), timedelta(hours=12)),
        "nist_aal3": (timedelta(minutes=15), timedelta(hours=12)),
    }


def test_a_policy_may_be_stricter_than_its_pack(tmp_path: Path) -> None:
    written = '[policies.x]\npack = "nist_aal2"\nidle_limit = "10m"\n'
    (policy,) = policies.resolved(workspace(tmp_path, written))
    assert (policy.idle_limit, policy.absolute_limit) == (timedelta(minutes=10), timedelta(hours=12))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            'pack = "pci_ds"',
            "policies.x.pack: got 'pci_ds', expected one of pci_dss, nist_aal2, nist_aal3; the nearest",
        ),
        ('idle_limits = "15m"', "policies.x.idle_limits: got the unknown setting 'idle_limits'"),
        ('idle_limits = "15m"', "the nearest is 'idle_limit'"),
        ('idle_limit = "0s"', "policies.x.idle_limit: got '0s', expected a duration longer than zero"),
        ("idle_limit = 15", 'policies.x.idle_limit: got 15, expected a duration such as "15m"'),
        ('teams = ["Payments"]', "policies.x: got no limit, expected a pack, an idle_limit or an absolute_limit"),
        ('pack = "pci_dss"\nteams = []', "policies.x.teams: got [], expected one name or more; for everybody, remove"),
        ('pack = "pci_dss"\napplications = [" "]', "policies.x.applications: got [' '], expected one name or more"),
        (
            'pack = "pci_dss"\nidle_limit = "15m1s"',
            "policies.x.idle_limit: got 15m1s, expected no more than the 15m of pci_dss",
        ),
        (
            'pack = "nist_aal3"\nabsolute_limit = "13h"',
            "policies.x.absolute_limit: got 13h, expected no more than the 12h of nist_aal3",
        ),
    ],
)
def test_what_is_wrong_with_a_policy_is_named(tmp_path: Path, written: str, said: str) -> None:
    told = problems(tmp_path, f"[policies.x]\n{written}\n")
    assert said in told and str(tmp_path / "workspace.toml") in told


def test_teams_need_a_roster(tmp_path: Path) -> None:
    told = problems(tmp_path, CARDS + 'teams = ["Payments"]\n', roster=None)
    assert "policies.cards.teams: got Payments, expected a roster that tells who is in a team" in told


def test_a_limit_equal_to_that_of_the_pack_is_no_looser_one(tmp_path: Path) -> None:
    assert policies.resolved(workspace(tmp_path, CARDS + 'idle_limit = "15m"\n'))


def findings(folder: Path) -> list[str]:
    found = check.check(folder, as_of=lambda _: AS_OF)
    return [str(one) for one in found if one.kind != "ok" and one.where.startswith("policies")]


def test_check_doubts_a_limit_that_no_session_can_reach(tmp_path: Path) -> None:
    workspace(tmp_path, '[policies.x]\nabsolute_limit = "24h"\n[policies.y]\nabsolute_limit = "23h59m59s"\n')
    (told,) = findings(tmp_path)
    assert told.startswith("policies.x.absolute_limit: got 1d, expected less than sessions.absolute_timeout (1d)")


def test_check_names_a_team_that_nobody_is_in(tmp_path: Path) -> None:
    workspace(tmp_path, CARDS + 'teams = ["payment", "PAYMENTS"]\n')
    (told,) = findings(tmp_path)
    assert told.startswith("policies.cards.teams: nobody of the roster is in 'payment'; the nearest is 'payments'")


def test_a_roster_without_teams_stops_a_run_and_is_named_by_check(tmp_path: Path) -> None:
    made = workspace(tmp_path, CARDS + 'teams = ["Payments"]\n', roster="user_name,display_name\nriya,Riya\n")
    with pytest.raises(LakeError, match=r"roster\.csv: has no column team"):
        run.run(made, as_of=AS_OF)
    assert "has no column team" in findings(tmp_path)[0]


# ---- tables and reports


def test_everybody_is_measured_where_nobody_is_named(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    run.run(made, as_of=AS_OF)
    assert went_on(made) == [("riya", "cards", 1200), ("tom", "cards", 1200)]


@pytest.mark.parametrize(
    ("written", "users"),
    [
        ('teams = ["payments"]', ["riya"]),
        ('teams = ["Payments", "Support"]', ["riya", "tom"]),
        ('teams = ["Nobody"]', []),
        ('applications = ["Panel"]', ["riya", "tom"]),
        ('applications = ["shop"]', []),
        ('applications = ["panel"]\nteams = ["support"]', ["tom"]),
    ],
)
def test_a_policy_applies_to_its_teams_in_its_applications(tmp_path: Path, written: str, users: list[str]) -> None:
    made = workspace(tmp_path, f"{CARDS}{written}\n")
    run.run(made, as_of=AS_OF)
    assert [user for user, *_ in went_on(made)] == users


def test_two_policies_each_have_their_rows_and_the_looser_hides_nothing(tmp_path: Path) -> None:
    looser = '[policies.support]\nidle_limit = "16m"\nteams = ["Support"]\n[policies.loosest]\nidle_limit = "20m"\n'
    made = workspace(tmp_path, CARDS + looser)
    run.run(made, as_of=AS_OF)
    assert went_on(made) == [("riya", "cards", 1200), ("tom", "cards", 1200), ("tom", "support", 1200)]


def test_the_report_explains_every_number(tmp_path: Path) -> None:
    made = workspace(tmp_path, CARDS + 'teams = ["Payments"]\n')
    (report,) = [one for one in run.run(made, as_of=AS_OF)[2] if one.folder.name == str(DAY)]
    (row,) = pl.read_csv(report.folder / "limit_overruns.csv", infer_schema=False).to_dicts()
    expected = {
        "user_name": "riya",
        "last_action_time": "2025-08-29 17:30:00",
        "next_action_time": "2025-08-29 17:50:00",
        "policy_name": "cards",
        "limit_kind": "idle_limit",
        "limit_duration": "00:15:00",
        "measured_duration": "00:20:00",
        "explanation": "No action for 00:20:00, from 2025-08-29 17:30:00 to 2025-08-29 17:50:00; then the session went "
        "on without a new login (the same device). cards allows 00:15:00",
        "last_action_utc_offset": "UTC+05:30",
    }
    assert expected.items() <= row.items()
    manifest = json.loads((report.folder / "manifest.json").read_text())
    assert manifest["files"]["limit_overruns.csv"]["rows"] == 1
    assert manifest["policies"] == [
        {
            "policy_name": "cards",
            "pack": "pci_dss",
            "standard": "PCI DSS v4.0.1, requirement 8.2.8",
            "idle_limit_s": 900,
            "absolute_limit_s": None,
            "applications": None,
            "teams": ["Payments"],
            "session_count": 1,
            "overrun_session_count": 1,
            "overrun_count": 1,
        }
    ]
    assert report.notes == (
        "1 of 1 session under cards went on after its limits without a new login: auto-logout is not enforced",
    )


def test_a_policy_of_whose_applications_no_session_is_is_said(tmp_path: Path) -> None:
    made = workspace(tmp_path, f'{CARDS}applications = ["Pannel", "Till"]\n')
    (report,) = [one for one in run.run(made, as_of=AS_OF)[2] if one.folder.name == str(DAY)]
    assert report.notes == ("No session of the day is under cards; its applications are Pannel, Till",)


def test_an_overrun_of_the_absolute_limit_and_one_of_another_session_are_said_in_words(tmp_path: Path) -> None:
    made = workspace(tmp_path, '[policies.age]\nabsolute_limit = "2h"\n', roster=None)
    workspaces.land(made, "later.log", workspaces.line(NOON + timedelta(hours=3), "riya"))
    (report,) = [one for one in run.run(made, as_of=AS_OF)[2] if one.folder.name == str(DAY)]
    (told,) = pl.read_csv(report.folder / "limit_overruns.csv")["explanation"]
    assert told == (
        "Action at 2025-08-29 20:30:00, 03:00:00 after the login at 2025-08-29 17:30:00; then the session that had "
        "timed out went on without a new login (the same device). age allows 02:00:00"
    )


def test_without_policies_there_is_neither_table_nor_file(tmp_path: Path) -> None:
    made = workspace(tmp_path, "")
    reports = run.run(made, as_of=AS_OF)[2]
    assert not lake.partitions(made.lake, LimitOverruns)
    assert not list(made.reports.glob("*/limit_overruns.csv"))
    assert json.loads((reports[0].folder / "manifest.json").read_text())["policies"] == []


def test_days_that_were_computed_under_other_policies_are_named_and_a_report_says_what_was_measured(
    tmp_path: Path,
) -> None:
    made = workspace(tmp_path, "")
    run.run(made, as_of=AS_OF)
    made = workspace(tmp_path, CARDS)
    assert "computed under other settings ([sessions], [policies] or the time zone)" in outdated.warnings(made)[0]
    assert not (run.report(made, DAY).folder / "limit_overruns.csv").exists()
    run.run(made, as_of=AS_OF, dates=[DAY, date(2025, 8, 30)])
    assert len(went_on(made)) == 2 and not outdated.warnings(made)
    made = workspace(tmp_path, "")
    run.run(made, as_of=AS_OF, dates=[DAY])
    assert went_on(made) == [] and not (made.reports / str(DAY) / "limit_overruns.csv").exists()


def test_a_session_is_the_same_under_any_policy(tmp_path: Path) -> None:
    tables = []
    for name, written in (("with", CARDS), ("without", "")):
        made = workspace(tmp_path / name, written)
        run.run(made, as_of=AS_OF)
        tables.append([query.sessions(made).collect(), query.inactivity_windows(made).collect()])
    assert all(one.equals(other) for one, other in zip(*tables, strict=True))


def test_who_comes_back_on_the_next_day_is_in_the_report_of_that_day(tmp_path: Path) -> None:
    made = workspace(tmp_path, CARDS)
    run.run(made, as_of=AS_OF)
    before = (made.reports / str(DAY) / "manifest.json").read_bytes()
    workspaces.land(made, "next.log", workspaces.line(NOON + timedelta(hours=22), "riya"))
    run.run(made, as_of=AS_OF + timedelta(days=1))
    rows = query.limit_overruns(made, from_=date(2025, 8, 30)).collect()
    assert rows.select("user_name", "measured_s").rows() == [("riya", 21 * 3600 + 2400)]
    assert rows["continued_session_id"][0] in query.sessions(made, to=DAY).collect()["session_id"].to_list()
    assert (made.reports / str(DAY) / "manifest.json").read_bytes() == before


# ---- where they are shown


def test_status_and_show_count_the_sessions_that_went_on(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    run.run(made, as_of=AS_OF)
    assert status.status(made).overruns == (status.Overrun(DAY, "cards", 2),)
    shown = CliRunner().invoke(app, ["status", "-w", str(tmp_path)]).output
    assert "2025-08-29: 2 sessions went on after the limits of cards without a new login" in " ".join(shown.split())
    found = CliRunner().invoke(app, ["show", "riya", "-w", str(tmp_path)]).output
    assert "went on after a limit without a new login: 1 session under cards" in " ".join(found.split())


def test_overruns_are_found_by_user_and_address(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    run.run(made, as_of=AS_OF)
    assert query.limit_overruns(made, user="sharma").collect()["user_name"].to_list() == ["riya"]
    assert query.limit_overruns(made, ip="203.0.113.").collect().height == 2
    assert query.limit_overruns(made, ip="192.0.2.").collect().is_empty()
