"""Location databases say what geoip2 says address by address; what is no database, or a damaged one, says so."""

from __future__ import annotations

import gzip
import ipaddress
import os
import random
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import maxminddb
import polars as pl
import pytest
from geoip2.database import Reader
from geoip2.errors import AddressNotFoundError

from processors.errors import DatabaseProblem
from processors.location_database import DB_IP, GEOLITE, Database, Description, credit_of, describe
from tests import databases
from tests.databases import asn, city, flat

PLACES = ("country_code", "region_name", "city_name", "latitude", "longitude", "accuracy_radius_km")
MUMBAI = ("IN", "Maharashtra", "Mumbai", 19.076, 72.8777, 20)
RECORDS = {
    "81.2.0.0/16": city(None, "GB", at=(51.5, -0.12)),
    "81.2.69.0/24": city("London", "GB", "England", (51.5142, -0.0931), accuracy_radius=10),
    "81.2.69.160/27": city("Mumbai", region="Maharashtra", accuracy_radius=20),
    "2001:db8::/32": city("Mumbai", region="Maharashtra", accuracy_radius=20),
    "2001:db8:1::/48": city("Berlin", "DE", "Berlin", (52.52, 13.405)),
    "175.16.199.0/24": {"country": {"iso_code": "CN", "names": {"en": "China"}}},
    "9.9.9.9/32": {},
}


def said(database: Path, *addresses: str) -> dict[str, tuple[Any, ...] | None]:
    """What a database says of addresses; None of those that are not in it."""
    with Database(database) as opened:
        rows = opened.lookup(pl.Series(addresses)).rows
    return {row[0]: row[2:] if row[1] else None for row in rows.iter_rows()}


def said_by_geoip2(reader: Reader, address: str) -> tuple[Any, ...] | None:
    try:
        found = reader.city(address)
    except (AddressNotFoundError, ValueError):
        return None
    region = found.subdivisions[0].name if found.subdivisions else None
    degrees = (found.location.latitude, found.location.longitude)
    point = (None, None) if None in degrees else tuple(round(one or 0.0, 4) for one in degrees)
    return (found.country.iso_code, region, found.city.name, *point, found.location.accuracy_radius)


def addresses_around(networks: list[str], chance: random.Random) -> list[str]:
    """The first and last of each network, their neighbours, one between them, and any."""
    found = set()
    for network in map(ipaddress.ip_network, networks):
        first, last = int(network.network_address), int(network.broadcast_address)
        most = (1 << network.max_prefixlen) - 1
        for number in (first - 1, first, chance.randint(first, last), last, last + 1, chance.randint(0, most)):
            kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
            found.add(str(kind(min(max(number, 0), most))))
    return sorted(found)


def test_the_reader_in_c_is_loaded(tmp_path: Path) -> None:
    assert type(maxminddb.open_database(databases.write(tmp_path / "a.mmdb", RECORDS))).__module__ != "maxminddb.reader"


@pytest.mark.parametrize("record_bits", [24, 28, 32])
@pytest.mark.parametrize("name", ["GeoLite2-City", "GeoIP2-City", "DBIP-City-Lite", "GeoIP2-Enterprise"])
def test_a_database_says_what_geoip2_says_of_each_address(tmp_path: Path, name: str, record_bits: int) -> None:
    path = databases.write(tmp_path / "city.mmdb", RECORDS, name=name, record_bits=record_bits)
    addresses = addresses_around([*RECORDS], random.Random(1))
    found = said(path, *addresses)
    if name == "GeoIP2-Enterprise":
        assert found["81.2.69.160"] == MUMBAI
        return
    with Reader(path) as reader:
        assert found == {address: said_by_geoip2(reader, address) for address in addresses}


def test_every_network_of_a_database_made_at_random_is_found(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(20):
        records = {}
        for number in range(chance.choice([1, 3, 60])):
            bits = chance.choice([32, 32, 128])
            length = chance.randint(1, bits) if bits == 32 else chance.randint(90, 128)
            base = chance.getrandbits(bits) if bits == 32 else (0x20010DB8 << 96) | chance.getrandbits(96)
            kind = ipaddress.IPv4Network if bits == 32 else ipaddress.IPv6Network
            records[str(kind((base, length), strict=False))] = city(
                f"city {number % 7}", at=(number + 0.5, -number - 0.5)
            )
        shortest_first = dict(sorted(records.items(), key=lambda one: ipaddress.ip_network(one[0]).prefixlen))
        path = databases.write(tmp_path / "city.mmdb", shortest_first, aliases=chance.random() < 0.3)
        addresses = addresses_around([*records], chance)
        with Reader(path) as reader:
            assert said(path, *addresses) == {address: said_by_geoip2(reader, address) for address in addresses}


def test_ipv6_that_stands_for_ipv4_is_where_that_is(tmp_path: Path) -> None:
    path = databases.write(tmp_path / "city.mmdb", RECORDS, aliases=True)
    assert said(path, "2002:5102:45a0::1") == {"2002:5102:45a0::1": MUMBAI}
    with Database(path) as opened:
        assert opened.coverage().ipv4_share == (2**16 + 2**8 + 1) / 2**32


def test_flat_files_of_ipv4_and_ipv6_say_the_same_as_one_in_the_other_layout(tmp_path: Path) -> None:
    noise = (19.075978, 72.877655)  # short floats
    old = databases.write(
        tmp_path / "4.mmdb", {"81.2.69.0/24": flat("Mumbai", at=noise)}, name="city ipv4", ip_version=4
    )
    new = databases.write(
        tmp_path / "6.mmdb", {"2001:db8::/32": flat("Mumbai", "IN", "Maharashtra")}, name="city ipv6", ip_version=6
    )
    assert said(old, "81.2.69.1", "9.9.9.9", "2001:db8::1") == {
        "9.9.9.9": None,
        "81.2.69.1": ("IN", None, "Mumbai", 19.076, 72.8777, None),
    }
    assert said(new, "2001:db8::1", "2001:db9::1") == {
        "2001:db8::1": ("IN", "Maharashtra", "Mumbai", 19.076, 72.8777, None),
        "2001:db9::1": None,
    }
    assert describe(old).credit == describe(new).credit == DB_IP


def test_operators_and_anonymous_networks(tmp_path: Path) -> None:
    operators = databases.write(
        tmp_path / "asn.mmdb", {"81.2.69.0/24": asn(14593, "Starlink"), "9.0.0.0/8": {}}, name="GeoLite2-ASN"
    )
    assert said(operators, "81.2.69.1", "9.9.9.9") == {"81.2.69.1": (14593, "Starlink"), "9.9.9.9": (None, None)}
    flags = {
        "81.2.69.1/32": {"is_anonymous": True, "is_tor_exit_node": True, "is_anonymous_vpn": True},
        "81.2.69.2/32": {"is_anonymous": True, "is_anonymous_vpn": True, "is_hosting_provider": True},
        "81.2.69.3/32": {"is_anonymous": True, "is_residential_proxy": True},
        "81.2.69.4/32": {"is_anonymous": True, "is_hosting_provider": True},
        "81.2.69.5/32": {"is_anonymous": True},
        "81.2.69.6/32": {},
    }
    anonymous = databases.write(tmp_path / "anonymous.mmdb", flags, name="GeoIP2-Anonymous-IP")
    found = said(anonymous, *(network.removesuffix("/32") for network in flags))
    assert [row and row[0] for row in found.values()] == ["tor", "vpn", "relay", "hosting", "relay", None]


def test_what_cannot_be_is_not_said(tmp_path: Path) -> None:
    records = {
        "81.2.69.1/32": city("x" * 5000, "India", "", (95.0, 10.0), accuracy_radius=70_000),
        "81.2.69.2/32": city("", "in", None, (float("nan"), 10.0)),
        "81.2.69.3/32": {"location": {"latitude": "19.076", "longitude": 72.8}, "country": {"iso_code": 7}},
    }
    found = said(databases.write(tmp_path / "city.mmdb", records), "81.2.69.1", "81.2.69.2", "81.2.69.3")
    assert [*found.values()] == [(None, None, "x" * 200, None, None, None), (None,) * 6, (None,) * 6]


def test_addresses_are_looked_up_once_and_no_address_is_left_out(tmp_path: Path) -> None:
    path = databases.write(tmp_path / "city.mmdb", RECORDS)
    with Database(path) as opened:
        asked = pl.Series(["81.2.69.160", None, "81.2.69.160", "", "unknown", "81.2.69", "fe80::1%eth0"])
        assert opened.lookup(asked).rows["ip_address"].to_list() == ["81.2.69.160"]
        assert opened.lookup(pl.Series([], dtype=pl.String)).rows.height == 0


def test_a_database_is_described(tmp_path: Path) -> None:
    path = databases.write(tmp_path / "city.mmdb", RECORDS)
    found = describe(path, kind="city")
    assert found == Description(path, "city", "GeoLite2-City", date(2025, 8, 20), 6, found.node_count, GEOLITE)
    with Database(path) as opened:
        told = list[tuple[int, int]]()
        coverage = opened.coverage(lambda done, total: told.append((done, total)))
    with maxminddb.open_database(path) as reader:
        assert coverage.networks == len(list(reader)) and (coverage.records, told) == (6, [(0, 6)])
    assert coverage.ipv4_share == (2**16 + 2**8 + 1) / 2**32


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GeoLite2-City", "This product includes GeoLite Data created by MaxMind, available from"),
        ("GeoIP2-Anonymous-IP", "IP geolocation data by MaxMind"),
        ("DBIP-City-Lite", "IP Geolocation by DB-IP"),
        ("DBIP-ASN-Lite (compat=GeoLite2-ASN)", "IP Geolocation by DB-IP"),
    ],
)
def test_credit_goes_to_who_made_the_data(name: str, text: str) -> None:
    credit = credit_of(name)
    assert credit and credit.text == text and credit.url.startswith("https://")
    assert credit_of("Our-Own-City") is None


@pytest.mark.parametrize(
    ("name", "kind", "problem"),
    [
        (
            "GeoLite2-Country",
            None,
            "is a database of the type 'GeoLite2-Country'; expected one of city or asn or anonymous",
        ),
        ("GeoLite2-ASN", "city", "is a database of the type 'GeoLite2-ASN'; expected one of city"),
        ("GeoLite2-City", "asn", "is a database of the type 'GeoLite2-City'; expected one of asn"),
    ],
)
def test_a_database_of_another_kind_is_refused(tmp_path: Path, name: str, kind: str | None, problem: str) -> None:
    path = databases.write(tmp_path / "x.mmdb", RECORDS, name=name)
    with pytest.raises(DatabaseProblem) as refused:
        describe(path, kind=kind)
    assert refused.value.problem == problem
    assert refused.value.path == path and refused.value.exit_code == 1


def test_what_is_no_database_says_what_it_is(tmp_path: Path) -> None:
    whole = databases.write(tmp_path / "city.mmdb", RECORDS).read_bytes()
    page = b"<!DOCTYPE html><html><title>Sign in</title></html>"
    contents = {
        "is empty": b"",
        "is a web page": page,
        "is compressed": gzip.compress(whole),
        "is a zip archive": b"PK\x03\x04" + whole,
        "is no location database (.mmdb), or a damaged one of 4,096 bytes": bytes(4096),
        "is no location database (.mmdb), or a damaged one of 6 bytes": b"abcdef",
    }
    for said, content in contents.items():
        path = tmp_path / "x.mmdb"
        path.write_bytes(content)
        with pytest.raises(DatabaseProblem, match=r"\. [A-Z]") as refused:
            describe(path)
        assert refused.value.problem.startswith(said)
    os.mkfifo(tmp_path / "pipe")
    for name, said in {
        "pipe": "is not a file",
        ".": "is not a file",
        "none": "is not there",
        "a\0b": "null byte",
    }.items():
        with pytest.raises(DatabaseProblem) as refused:
            describe(tmp_path / name)
        assert said in refused.value.problem


def _is_right(path: Path, addresses: list[str]) -> bool:
    """Whether the file is refused, or says of every address what the reader in C says of it. Never anything else."""
    began = time.process_time()
    try:
        with Database(path) as opened:
            answers = opened.lookup(pl.Series(addresses))
            opened.coverage()
    except DatabaseProblem:
        return False
    finally:
        assert time.process_time() - began < 5
    reader = maxminddb.open_database(path)
    for address, is_found, *_ in answers.rows.iter_rows():
        try:
            is_there = reader.get(address) is not None
        except Exception:
            is_there = False
        assert is_there or not is_found
    return True


def test_a_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    whole = databases.write(tmp_path / "city.mmdb", RECORDS).read_bytes()
    path = tmp_path / "cut.mmdb"
    for part in range(50):
        path.write_bytes(whole[: len(whole) * part // 50])
        with pytest.raises(DatabaseProblem):
            describe(path)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_refused_or_read_as_its_reader_reads_it(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    whole = databases.write(tmp_path / "city.mmdb", RECORDS, record_bits=chance.choice([24, 28, 32])).read_bytes()
    addresses = addresses_around([*RECORDS], chance)
    path = tmp_path / "damaged.mmdb"
    readable = 0
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 1, 8])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.1:
            start = chance.randrange(len(data))
            data[start : start + 300] = bytes(len(data[start : start + 300]))
        path.write_bytes(data)
        readable += _is_right(path, addresses)
    assert 50 < readable < 450


def test_a_tree_that_turns_back_on_itself_ends(tmp_path: Path) -> None:
    path = databases.write(tmp_path / "city.mmdb", RECORDS, record_bits=24)
    data = bytearray(path.read_bytes())
    data[3:6] = bytes(3)  # the second record of the root leads to the root
    path.write_bytes(data)
    with Database(path) as opened:
        answers = opened.lookup(pl.Series(["ffff::1", "81.2.69.160"]))
        assert answers.rows["is_found"].to_list() == [True, False]
        with pytest.raises(DatabaseProblem, match="a damaged one of"):
            opened.coverage()


def test_a_date_that_cannot_be_is_damage(tmp_path: Path) -> None:
    for built in (datetime(1970, 1, 2, tzinfo=UTC), datetime(1999, 12, 31, tzinfo=UTC)):
        with pytest.raises(DatabaseProblem):
            describe(databases.write(tmp_path / "city.mmdb", RECORDS, built=built))
