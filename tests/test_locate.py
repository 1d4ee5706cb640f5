"""Where sessions came from, approximately, and over what kind of network."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import polars as pl
import pytest

from processors.locate import COLUMNS, DATABASE, PLACES, Network, locate

OFFICE = Network("203.0.113.0/24", "Head office", "office")
MUMBAI = {
    "is_found": True,
    "country_code": "IN",
    "region_name": "Maharashtra",
    "city_name": "Mumbai",
    "latitude": 19.076,
    "longitude": 72.8777,
    "accuracy_radius_km": 20,
    "location_database_name": "GeoLite2-City",
    "location_database_date": date(2025, 8, 20),
}
NOWHERE = dict.fromkeys(COLUMNS)


def located(address: str | None, *networks: Network, **known: Any) -> dict[str, Any]:
    """What a session at the address has in the end, but for what is null."""
    places = pl.DataFrame([{"ip_address": address, **known}] if address else [], schema=PLACES)
    sessions = pl.DataFrame({"session_id": ["1"], "ip_address": [address]}, schema_overrides={"ip_address": pl.String})
    (row,) = locate(sessions.lazy(), places.lazy(), networks=networks).collect().to_dicts()
    assert [*row] == ["session_id", "ip_address", *(name for name in row if name in COLUMNS)]
    return {name: value for name, value in row.items() if name in COLUMNS and value is not None}


def test_a_place_comes_with_the_database_that_says_it() -> None:
    known = {name: value for name, value in MUMBAI.items() if name != "is_found"}
    assert located("81.2.69.1", **MUMBAI) == {**known, "network_kind": "unknown"}


def test_without_an_address_nothing_is_known_not_even_that_the_network_is_unknown() -> None:
    assert located(None) == {}


def test_what_is_unknown_is_not_residential() -> None:
    assert located("81.2.69.1") == {"network_kind": "unknown"}


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("127.0.0.1", "private"),
        ("169.254.1.1", "private"),
        ("fe80::1", "private"),
        ("fd00::1", "private"),
        ("::1", "private"),
        ("100.64.0.1", "carrier_nat"),
        ("100.127.255.255", "carrier_nat"),
        ("192.0.2.1", "private"),
        ("198.51.100.1", "private"),
        ("203.0.113.1", "private"),
        ("2001:db8::1", "private"),
    ],
)
def test_an_address_that_is_nobodys_has_a_kind_and_no_place(address: str, kind: str) -> None:
    said = {"is_found": False, "location_database_name": "GeoLite2-City", "location_database_date": date(2025, 8, 20)}
    assert located(address, **said) == {"network_kind": kind, **{name: said[name] for name in DATABASE}}


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "100.64.0.1", "fe80::1"])
def test_a_database_cannot_say_where_a_private_address_is(address: str) -> None:
    assert located(address, **MUMBAI, asn=64496, network_name="Example").keys() == {"network_kind", *DATABASE}


@pytest.mark.parametrize(
    "address", ["11.0.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.0", "203.0.114.1", "2001:db9::1"]
)
def test_their_neighbours_have_places(address: str) -> None:
    assert located(address, **MUMBAI)["city_name"] == "Mumbai"


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"])
def test_addresses_of_examples_are_where_a_database_made_for_them_says(address: str) -> None:
    found = located(address, **MUMBAI)
    assert (found["city_name"], found["network_kind"]) == ("Mumbai", "unknown")


def test_the_settings_say_what_a_network_is_before_anybody_else() -> None:
    known = {"asn": 14061, "network_name": "DIGITALOCEAN-ASN", "anonymity": "tor"}
    found = located("203.0.113.7", OFFICE, **MUMBAI, **known)
    assert (found["network_name"], found["network_kind"], found["asn"]) == ("Head office", "office", 14061)
    assert found["city_name"] == "Mumbai"
    assert located("10.0.0.9", Network("10.0.0.0/8", "Branch", "vpn")) == {
        "network_name": "Branch",
        "network_kind": "vpn",
    }


def test_of_overlapping_networks_the_longest_prefix_names_and_judges() -> None:
    guests = Network("203.0.113.128/25", "Guests", None)
    for networks in ((OFFICE, guests), (guests, OFFICE)):
        assert located("203.0.113.7", *networks)["network_name"] == "Head office"
        assert located("203.0.113.200", *networks) == {"network_name": "Guests", "network_kind": "private"}


def test_a_label_alone_leaves_the_kind_to_the_evidence() -> None:
    partner = Network("81.2.69.0/24", "Partner", None)
    assert located("81.2.69.1", partner, anonymity="vpn") == {"network_name": "Partner", "network_kind": "vpn"}
    assert located("81.2.69.1", partner) == {"network_name": "Partner", "network_kind": "unknown"}


@pytest.mark.parametrize(
    ("number", "name", "kind"),
    [
        (14593, "SPACEX-STARLINK", "satellite"),
        (16509, "AMAZON-02", "hosting"),
        (None, "Example Web Hosting Ltd", "hosting"),
        (64500, "Example Data Center", "hosting"),
        (64500, "EXAMPLE-VPS", "hosting"),
        (22394, "CELLCO", "mobile"),
        (8075, "MICROSOFT-CORP-MSN-AS-BLOCK", "unknown"),
        (7922, "COMCAST-7922", "unknown"),
        (64500, "Hostingen Kommun", "unknown"),
    ],
)
def test_an_operator_tells_the_kind_only_where_it_is_certain(number: int | None, name: str, kind: str) -> None:
    assert located("81.2.69.1", asn=number, network_name=name)["network_kind"] == kind


def test_what_is_anonymous_counts_before_the_operator() -> None:
    assert located("81.2.69.1", asn=24940, network_name="Hetzner", anonymity="tor")["network_kind"] == "tor"


def test_sessions_of_different_addresses_can_be_located_apart() -> None:
    chance = random.Random(5)
    addresses = [f"203.0.{chance.randint(112, 114)}.{chance.randint(0, 255)}" for _ in range(200)]
    sessions = pl.DataFrame({"session_id": map(str, range(200)), "ip_address": addresses})
    places = (
        sessions.select("ip_address")
        .unique()
        .sort("ip_address")
        .with_columns(is_found=True, city_name=pl.col("ip_address").str.slice(0, 9))
    )
    places = places.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in PLACES.items() if name not in places.columns
    )
    networks = (OFFICE, Network("203.0.113.64/26", "Guests", "vpn"))
    whole = locate(sessions.lazy(), places.lazy(), networks=networks).collect().sort("session_id")
    is_one = pl.col("ip_address").str.ends_with("1")
    parts = [
        locate(sessions.lazy().filter(one), places.lazy().filter(one), networks=networks).collect()
        for one in (is_one, ~is_one)
    ]
    assert pl.concat(parts).sort("session_id").equals(whole)
    assert whole["network_kind"].null_count() == 0
