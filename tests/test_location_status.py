from __future__ import annotations

import json
import os
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from processors import location_status
from processors.__main__ import app
from tests import location_files, workspaces

TODAY = location_files.BUILT + timedelta(days=30)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "city.mmdb"
    path.write_bytes(location_files.database())
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["geo", "status", *map(str, arguments)])


def document(*arguments: object) -> Any:
    return json.loads(call("--json", *arguments).stdout)


def test_what_it_is_and_what_it_knows_of_addresses_spread_evenly(place: Path) -> None:
    found = location_status.status(place, today=TODAY)
    assert (found.name, found.kind, found.build_date, found.ip_versions) == (
        "GeoLite2-City",
        "city",
        location_files.BUILT,
        (4, 6),
    )
    assert found.ipv4_share == 0.5 and found.ipv4 and found.ipv6
    assert found.ipv4.country == pytest.approx(125 / 221, abs=0.003)  # of the /8 that are public
    assert found.ipv4.city == found.ipv4.accuracy == pytest.approx(62 / 221, abs=0.003)
    assert (found.ipv6.asked, found.ipv6.country) == (20_000, 0.2)
    assert found.credit and found.fetched_from is None


def test_it_is_stale_when_it_is_older_than_thirty_days(place: Path) -> None:
    assert not location_status.status(place, today=TODAY).is_stale
    late = location_status.status(place, today=TODAY + timedelta(days=1))
    assert late.is_stale and late.age_days == 31


def test_a_file_of_ipv4_alone_says_nothing_of_ipv6(tmp_path: Path) -> None:
    path = tmp_path / "city.mmdb"
    path.write_bytes(location_files.database({"0.0.0.0/2": location_files.FLAT_LONDON}, name="city ipv4", ip_version=4))
    found = location_status.status(path, today=TODAY)
    assert found.ip_versions == (4,) and found.ipv6 is None and found.ipv4 and found.ipv4.accuracy == 0


def test_of_networks_no_cities_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "asn.mmdb"
    networks = {"0.0.0.0/2": {"autonomous_system_number": 64496, "autonomous_system_organization": "Example"}}
    path.write_bytes(location_files.database(networks, name="GeoLite2-ASN"))
    found = location_status.status(path, today=TODAY)
    assert found.kind == "asn" and found.ipv4 is None and found.ipv4_share == 0.25


def test_people_read_the_same(place: Path) -> None:
    result = call("--database", place)
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "GeoLite2-City, for places" in lines["Name"] and "2026-11-20" in lines["Date"]
    assert "IPv4 and IPv6: " in lines["Has"] and "50.0% of all IPv4 addresses" in lines["Knows"]
    assert "addresses spread evenly over all public ones" in lines["IPv4"]
    assert "MaxMind" in lines["Credit"] and "https://www.maxmind.com" in lines["Credit"]


def test_programs_read_the_same(place: Path) -> None:
    said = document("--database", place)
    (one,) = said["databases"]
    assert said["problems"] == [] and one["path"] == str(place) and one["build_date"] == "2026-11-20"
    assert one["credit"]["url"] == "https://www.maxmind.com" and one["ipv6"]["country"] == 0.2
    assert one["stale_after_days"] == 30


def test_a_stale_one_is_a_warning_with_the_command_that_gets_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "city.mmdb"
    path.write_bytes(location_files.database(built=date(2023, 4, 1)))
    result = call("--database", path)
    assert result.exit_code == 0 and f"geo fetch --database {path}`" in result.stderr.replace("\n  ", " ")


def test_without_a_database_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    result = call("--database", tmp_path / "city.mmdb")
    assert result.exit_code == 1 and "geo fetch" in result.stderr and result.stderr.count("✗") == 1
    assert document("--database", tmp_path / "city.mmdb")["databases"] == []


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\x1f\x8b\x08", b"PK\x03\x04", bytes(1000), b"\xab\xcd\xefMaxMind.com"]
)
def test_what_is_no_database_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "city.mmdb"
    path.write_bytes(content)
    result = call("--database", path)
    assert result.exit_code == 1 and result.stderr.count("✗") == 1 and "city.mmdb: " in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_folder_and_a_pipe_are_no_databases(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        assert call("--database", path).exit_code == 1


def test_damage_anywhere_ends_in_one_clear_error_or_none(place: Path) -> None:
    rng, good, codes = random.Random(7), place.read_bytes(), set()
    for _ in range(60):
        bad = bytearray(good)
        for _ in range(rng.randint(1, 6)):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        place.write_bytes(bad[: rng.choice((len(bad), rng.randrange(len(bad))))])
        result = call("--database", place)
        assert result.exit_code == result.stderr.count("✗") <= 1, result.output
        codes.add(result.exit_code)
    assert codes == {0, 1}


def test_without_a_file_it_is_about_the_workspace(tmp_path: Path) -> None:
    workspaces.write(tmp_path)
    assert document("-w", tmp_path)["databases"] == [] and call("-w", tmp_path).exit_code == 1
    (tmp_path / "location").mkdir()
    (tmp_path / "location" / "city.mmdb").write_bytes(location_files.database())
    for options in (("geo", "status", "-w", tmp_path, "--json"), ("-w", tmp_path, "geo", "status", "--json")):
        result = CliRunner().invoke(app, list(map(str, options)))
        assert json.loads(result.stdout)["databases"][0]["name"] == "GeoLite2-City"


def test_every_database_of_the_settings_is_described(tmp_path: Path) -> None:
    text = workspaces.TEXT + '[locations]\ncity = ["a.mmdb", "b.mmdb"]\nasn = "a.mmdb"\n'
    workspaces.write(tmp_path, text=text)
    (tmp_path / "a.mmdb").write_bytes(location_files.database())
    result = call("-w", tmp_path)
    assert result.exit_code == 1 and result.stdout.count("GeoLite2-City, for places") == 1
    assert "b.mmdb: is not there" in result.stderr and "expected one of asn" in result.stderr


def test_a_stale_database_that_is_not_fetched_names_no_command(tmp_path: Path) -> None:
    path = tmp_path / "asn.mmdb"
    networks = {"0.0.0.0/2": {"autonomous_system_number": 64496, "autonomous_system_organization": "Example"}}
    path.write_bytes(location_files.database(networks, name="GeoLite2-ASN", built=date(2023, 4, 1)))
    result = call("--database", path)
    assert "put a newer one in its place" in result.stderr and "geo fetch" not in result.stderr
