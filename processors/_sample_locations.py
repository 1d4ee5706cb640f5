"""Location databases of the sample: the documentation addresses in approximate places, and in networks of nobody."""

from __future__ import annotations

import ipaddress
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter, TreeWriter
from netaddr import IPSet

from processors.lake import explained

_Networks = Iterable[tuple[list[str], dict[str, Any]]]


def cities(places: list[dict[str, Any]], *, built: float) -> bytes:
    """A database in the layout of GeoIP2 City."""
    return _database("Sample-City", ((place["networks"], _city(place)) for place in places), built)


def operators(networks: list[dict[str, Any]], *, built: float) -> bytes:
    """A database in the layout of GeoLite2 ASN."""
    rows = (
        (
            one["networks"],
            {"autonomous_system_number": one["number"], "autonomous_system_organization": one["name"]},
        )
        for one in networks
    )
    return _database("Sample-ASN", rows, built)


def _database(name: str, networks: _Networks, built: float) -> bytes:
    described = "Invented places and operators of documentation addresses"
    database = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type=name, description=described)
    for written, record in networks:
        database.insert_network(IPSet([str(ipaddress.ip_network(net)) for net in written]), record)
    facts = {
        "ip_version": 6,
        "database_type": name,
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "description": {"en": described},
        "build_epoch": int(built),  # MMDBWriter itself would take the clock's
    }
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "database.mmdb"
        with explained(path):
            TreeWriter(database.tree, facts, "u32", "f64").write(str(path))
        return path.read_bytes()


def _city(place: dict[str, Any]) -> dict[str, Any]:
    country, iso_code, continent = place["country"]
    latitude, longitude, radius = place["point"]
    found: dict[str, Any] = {
        "continent": {"code": continent},
        "country": {"iso_code": iso_code, "names": {"en": country}},
        "location": {
            "latitude": latitude,
            "longitude": longitude,
            "accuracy_radius": radius,
            "time_zone": place["time_zone"],
        },
    }
    if "city" in place:
        region, region_code = place["region"]
        found["city"] = {"names": {"en": place["city"]}}
        found["subdivisions"] = [{"iso_code": region_code, "names": {"en": region}}]
    return found
