"""Places in a workspace: from which databases they come, and what is said where there are none, old or damaged ones."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from processors import check, locations, query, run, settings, status
from processors.location_database import Credit
from tests import databases, workspaces
from tests.databases import asn, city, flat
from tests.workspaces import AS_OF

DAY = AS_OF.date() - timedelta(days=2)
LOGIN = datetime(2025, 8, 29, 5, tzinfo=UTC)
NONE = locations.NONE
LONDON, MUMBAI, DELHI, NEW_YORK = "81.2.69.7", "49.36.1.1", "49.36.2.1", "2001:4860::1"
CITIES = {
    "81.2.69.0/24": city("London", "GB", "England", (51.5, -0.12), accuracy_radius=10),
    "49.36.1.0/24": city("Mumbai", "IN", "Maharashtra"),
    "49.36.2.0/24": city("Delhi", "IN"),
    "2001:4860::/32": city("New York", "US"),
}


def landed(folder: Path, *addresses: str, text: str = workspaces.TEXT) -> settings.Settings:
    """A workspace with a login of somebody at each address."""
    workspace = workspaces.write(folder, text=text)
    lines = [
        workspaces.line(LOGIN + timedelta(minutes=n), f"user{n}", "POST /login", address=address)
        for n, address in enumerate(addresses)
    ]
    workspaces.land(workspace, "access.log", b"".join(lines))
    return workspace


def places(workspace: settings.Settings, *columns: str) -> dict[str, tuple[Any, ...]]:
    rows = query.sessions(workspace).select("ip_address", *columns).collect()
    return {row[0]: row[1:] for row in rows.iter_rows()}


def manifest(workspace: settings.Settings) -> dict[str, Any]:
    return dict(json.loads((workspace.reports / str(DAY) / "manifest.json").read_text()))


def test_sessions_have_the_places_of_the_database_beside_the_settings(tmp_path: Path) -> None:
    workspace = landed(tmp_path, LONDON, NEW_YORK, "9.9.9.9", "10.0.0.1")
    databases.write(tmp_path / "location" / "city.mmdb", CITIES)
    _, computed, (report,) = run.run(workspace, as_of=AS_OF, dates=[DAY])
    known = ("GeoLite2-City", databases.BUILT.date())
    names = ("city_name", "network_kind", "location_database_name", "location_database_date")
    assert places(workspace, *names) == {
        LONDON: ("London", "unknown", *known),
        NEW_YORK: ("New York", "unknown", *known),
        "9.9.9.9": (None, "unknown", *known),
        "10.0.0.1": (None, "private", *known),
    }
    assert computed.warnings == () and not [note for note in report.notes if "location" in note]
    said = manifest(workspace)
    assert said["location_databases"] == [
        {
            "kind": "city",
            "name": "GeoLite2-City",
            "build_date": "2025-08-20",
            "credit": "This product includes GeoLite Data created by MaxMind, available from",
            "credit_url": "https://www.maxmind.com",
        }
    ]
    assert said["credits"] == [
        {
            "text": "This product includes GeoLite Data created by MaxMind, available from",
            "url": "https://www.maxmind.com",
        }
    ]
    assert said["completeness"]["location_database_date"] == "2025-08-20"


def test_files_of_ipv4_and_ipv6_are_one_database(tmp_path: Path) -> None:
    workspace = landed(tmp_path, LONDON, NEW_YORK, "9.9.9.9", "2001:4861::1")
    folder = tmp_path / "location"
    older = databases.BUILT - timedelta(days=1)
    old, new = {"81.2.69.0/24": flat("London", "GB")}, {"2001:4860::/32": flat("New York", "US")}
    databases.write(folder / "city-ipv4.mmdb", old, name="city ipv4", ip_version=4)
    databases.write(folder / "city-ipv6.mmdb", new, name="city ipv6", built=older)
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    assert places(workspace, "city_name", "location_database_name") == {
        LONDON: ("London", "city ipv4"),
        NEW_YORK: ("New York", "city ipv6"),
        "9.9.9.9": (None, "city ipv4"),
        "2001:4861::1": (None, "city ipv6"),
    }
    assert manifest(workspace)["completeness"]["location_database_date"] == str(older.date())
    assert [one["text"] for one in manifest(workspace)["credits"]] == ["IP Geolocation by DB-IP"]


def test_of_several_databases_the_first_that_knows_an_address_counts(tmp_path: Path) -> None:
    text = f'{workspaces.TEXT}\n[locations]\ncity = ["own.mmdb", "other/all.mmdb"]\nasn = "asn.mmdb"\n'
    workspace = landed(tmp_path, LONDON, MUMBAI, text=text)
    databases.write(tmp_path / "own.mmdb", {"81.2.69.0/24": city("Croydon", "GB")}, name="Our-City")
    databases.write(tmp_path / "other" / "all.mmdb", CITIES)
    databases.write(tmp_path / "asn.mmdb", {"49.36.0.0/16": asn(55836, "Reliance Jio")}, name="GeoLite2-ASN")
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    assert places(workspace, "city_name", "location_database_name", "network_name") == {
        LONDON: ("Croydon", "Our-City", None),
        MUMBAI: ("Mumbai", "GeoLite2-City", "Reliance Jio"),
    }


def test_without_a_database_places_are_null_and_the_report_says_so(tmp_path: Path) -> None:
    workspace = landed(tmp_path, LONDON, "10.0.0.1")
    _, computed, (report,) = run.run(workspace, as_of=AS_OF, dates=[DAY])
    assert places(workspace, "country_code", "location_database_date", "network_kind") == {
        LONDON: (None, None, "unknown"),
        "10.0.0.1": (None, None, "private"),
    }
    assert computed.warnings == (NONE,) and NONE not in report.notes + report.reasons
    said = manifest(workspace)
    assert said["completeness"]["location_remarks"] == [NONE]
    assert (said["location_databases"], said["credits"]) == ([], [])


@pytest.mark.parametrize(("days", "is_stale"), [(30, False), (31, True)])
def test_a_database_is_stale_after_thirty_days_and_places_are_told_all_the_same(
    tmp_path: Path, days: int, is_stale: bool
) -> None:
    workspace = landed(tmp_path, LONDON)
    databases.write(tmp_path / "location" / "city.mmdb", CITIES, built=AS_OF - timedelta(days=days))
    _, computed, _ = run.run(workspace, as_of=AS_OF, dates=[DAY])
    said = (
        f"The location database GeoLite2-City is of {AS_OF.date() - timedelta(days=days)}, 31 days old, so what it "
        "says may be wrong by now; `recent-activities geo fetch` gets the newest",
    )
    assert computed.warnings == (said if is_stale else ())
    assert manifest(workspace)["completeness"]["location_remarks"] == [*computed.warnings]
    assert places(workspace, "city_name") == {LONDON: ("London",)}
    assert status.status(workspace, as_of=AS_OF).location_remarks == computed.warnings


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x1f\x8b\x08", bytes(5000)])
def test_a_database_that_is_none_is_told_and_stops_nothing(tmp_path: Path, content: bytes) -> None:
    workspace = landed(tmp_path, LONDON)
    path = tmp_path / "location" / "city.mmdb"
    path.parent.mkdir()
    path.write_bytes(content)
    _, computed, (report,) = run.run(workspace, as_of=AS_OF, dates=[DAY])
    assert report.rows == 1 and places(workspace, "city_name") == {LONDON: (None,)}
    (problem,) = computed.warnings
    assert problem.startswith("City database location/city.mmdb: is ")
    assert str(tmp_path) not in (workspace.reports / str(DAY) / "manifest.json").read_text()


def test_nothing_is_believed_of_a_database_that_is_damaged_somewhere(tmp_path: Path) -> None:
    workspace = landed(tmp_path, LONDON, MUMBAI)
    path = databases.write(tmp_path / "location" / "city.mmdb", CITIES)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"England", b"\xff" * 7))
    _, computed, _ = run.run(workspace, as_of=AS_OF, dates=[DAY])
    assert places(workspace, "city_name") == {LONDON: (None,), MUMBAI: (None,)}
    (problem,) = computed.warnings
    assert problem.startswith("City database location/city.mmdb: is no location database (.mmdb), or a damaged one")
    (said,) = [one for one in check.check(workspace.path, as_of=lambda _: AS_OF) if one.kind == "warning"]
    assert said.where == "locations.city" and "a damaged one" in said.message


def test_a_database_that_the_settings_name_and_is_not_there_is_told(tmp_path: Path) -> None:
    workspace = landed(tmp_path, LONDON, text=f'{workspaces.TEXT}\n[locations]\nanonymous = "gone.mmdb"\n')
    databases.write(tmp_path / "location" / "city.mmdb", CITIES)
    _, computed, _ = run.run(workspace, as_of=AS_OF, dates=[DAY])
    remedy = "Correct its path below [locations], or put one there: `recent-activities geo fetch` gets one of places"
    assert computed.warnings == (f"Anonymous database gone.mmdb: is not there. {remedy}",)
    (warning,) = [one for one in check.check(workspace.path, as_of=lambda _: AS_OF) if one.kind == "warning"]
    assert (warning.where, warning.message) == ("locations.anonymous", f"{tmp_path / 'gone.mmdb'} is not there")


def test_the_same_database_gives_the_same_bytes_and_the_same_revision(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        workspace = landed(tmp_path / name, LONDON, MUMBAI, DELHI, "10.0.0.1")
        databases.write(tmp_path / name / "location" / "city.mmdb", CITIES)
        run.run(workspace, as_of=AS_OF, dates=[DAY])
        *_, (again,) = run.run(workspace, as_of=AS_OF, dates=[DAY])
        assert (again.revision, again.is_new) == (1, False)
        found.append(workspaces.files(workspace.reports) | workspaces.files(tmp_path / name / "lake" / "sessions"))
    assert found[0] == found[1]


def test_after_an_update_a_new_revision_says_which_places_changed(tmp_path: Path) -> None:
    workspace = landed(tmp_path, LONDON, MUMBAI, DELHI)
    path = tmp_path / "location" / "city.mmdb"
    databases.write(path, CITIES)
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    ids = {address: row[0] for address, row in places(workspace, "session_id").items()}
    databases.write(path, CITIES | {"49.36.2.0/24": city("Noida", "IN")}, built=databases.BUILT + timedelta(days=7))
    *_, (report,) = run.run(workspace, as_of=AS_OF, dates=[DAY])
    changes = manifest(workspace)["changes"]
    assert (report.revision, report.is_new) == (2, True)
    assert (changes["sessions_changed"], changes["sessions_places_changed"]) == (1, 1)
    assert changes["session_ids"]["places_changed"] == changes["session_ids"]["changed"] == [ids[DELHI]]
    assert changes["columns_changed"] == {"city_name": 1, "location_database_date": 3}
    assert changes["location_databases"] == {
        "before": ["GeoLite2-City of 2025-08-20"],
        "after": ["GeoLite2-City of 2025-08-27"],
    }
    assert report.notes == (
        "1 session is at another place or network than before, from GeoLite2-City of 2025-08-20 to GeoLite2-City of "
        "2025-08-27; manifest.json names them",
    )


def test_a_network_of_the_settings_that_changes_is_said_without_a_database(tmp_path: Path) -> None:
    workspace = landed(tmp_path, "10.0.0.1")
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    own = '\n[networks]\n"10.0.0.0/8" = { label = "Head office", kind = "office" }\n'
    workspace.path.write_text(workspace.path.read_text() + own)
    *_, (report,) = run.run(settings.load(workspace.path), as_of=AS_OF, dates=[DAY])
    assert report.revision == 2
    assert "1 session is at another place or network than before; manifest.json names them" in report.notes


def test_an_update_that_moves_nobody_changes_no_session(tmp_path: Path) -> None:
    workspace = landed(tmp_path, LONDON)
    path = tmp_path / "location" / "city.mmdb"
    databases.write(path, CITIES)
    run.run(workspace, as_of=AS_OF, dates=[DAY])
    databases.write(path, CITIES, built=databases.BUILT + timedelta(days=7))
    *_, (report,) = run.run(workspace, as_of=AS_OF, dates=[DAY])
    changes = manifest(workspace)["changes"]
    assert (report.revision, changes["sessions_changed"], changes["sessions_places_changed"]) == (2, 0, 0)
    assert not report.notes


def test_days_can_be_located_one_by_one(tmp_path: Path) -> None:
    chance = random.Random(2)
    found = []
    for name in ("together", "apart"):
        chance.seed(2)
        workspace = workspaces.write(tmp_path / name)
        lines = [
            workspaces.line(
                LOGIN + timedelta(hours=n), f"user{n % 5}", address=chance.choice([LONDON, MUMBAI, "9.9.9.9"])
            )
            for n in range(36)
        ]
        workspaces.land(workspace, "access.log", b"".join(lines))
        databases.write(tmp_path / name / "location" / "city.mmdb", CITIES)
        run.ingest(workspace, as_of=AS_OF)
        days = [DAY, DAY + timedelta(days=1)]
        for dates in [days] if name == "together" else [[days[1]], [days[0]]]:
            run.sessions(workspace, dates, as_of=AS_OF)
        found.append(workspaces.files(tmp_path / name / "lake" / "sessions"))
    assert found[0] == found[1] and len(found[0]) == 2


def test_credits_are_told_once_each() -> None:
    used = [locations.Used("city", name, DAY, "IP Geolocation by DB-IP", "https://db-ip.com") for name in "ab"]
    assert locations.credits(used) == [Credit("IP Geolocation by DB-IP", "https://db-ip.com")]
    assert locations.credits([locations.Used("city", "Our-City", DAY, "", "")]) == []
    assert locations.of_notes(locations.noted(used)) == used


def test_check_names_the_databases(tmp_path: Path) -> None:
    workspace = landed(tmp_path, LONDON)
    (none,) = [one for one in check.check(workspace.path, as_of=lambda _: AS_OF) if "location" in one.where]
    assert (none.kind, none.message) == ("note", NONE)
    path = databases.write(tmp_path / "location" / "city.mmdb", CITIES, built=AS_OF - timedelta(days=40))
    named, stale = [one for one in check.check(workspace.path, as_of=lambda _: AS_OF) if "location" in one.where]
    assert (named.kind, named.message) == ("ok", f"{path} is GeoLite2-City of 2025-07-22")
    assert stale.kind == "warning" and "40 days old" in stale.message
