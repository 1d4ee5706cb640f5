"""Location databases for tests, written by mmdb_writer: documentation addresses, and some of nobody in particular."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter, SearchTreeNode, TreeWriter
from netaddr import IPSet

BUILT = datetime(2025, 8, 20, tzinfo=UTC)
ANYWHERE = "81.2.69.0/24"
"""A network of no documentation, for places that everybody may have."""


def city(
    name: str | None,
    country: str = "IN",
    region: str | None = None,
    at: tuple[float, float] = (19.076, 72.8777),
    **more: Any,
) -> dict[str, Any]:
    """A record in MaxMind's layout, as full as theirs are. `more` goes into its location."""
    found: dict[str, Any] = {
        "continent": {"code": "AS", "geoname_id": 6255147, "names": {"de": "Asien", "en": "Asia"}},
        "country": {"geoname_id": 1269750, "iso_code": country, "names": {"en": country, "de": country}},
        "registered_country": {"iso_code": "US", "names": {"en": "United States"}},
        "location": {"latitude": at[0], "longitude": at[1], "time_zone": "Asia/Kolkata", **more},
    }
    if name:
        found["city"] = {"geoname_id": 1275339, "names": {"en": name, "fr": f"{name} (fr)"}}
    if region:
        found["subdivisions"] = [{"iso_code": "MH", "names": {"en": region}}, {"names": {"en": "a district"}}]
    return found


def flat(
    name: str, country: str = "IN", region: str = "", at: tuple[float, float] = (19.076, 72.8777)
) -> dict[str, Any]:
    """A record in the flat layout of DB-IP's npm package."""
    return {
        "city": name,
        "country_code": country,
        "latitude": at[0],
        "longitude": at[1],
        "postcode": "",
        "state1": region,
        "state2": "",
        "timezone": "",
    }


def asn(number: int, name: str) -> dict[str, Any]:
    """A record of GeoLite2 ASN."""
    return {"autonomous_system_number": number, "autonomous_system_organization": name}


def write(
    path: Path,
    records: Mapping[str, Any],
    *,
    name: str = "GeoLite2-City",
    built: datetime = BUILT,
    ip_version: int = 6,
    record_bits: int | None = None,
    aliases: bool = False,
) -> Path:
    """A database of the networks' records, the later ones inside the earlier ones.

    `aliases`: 2002::/16 leads to the tree of IPv4, as in MaxMind's databases of IPv6.
    """
    made = MMDBWriter(ip_version=ip_version, ipv4_compatible=ip_version == 6, database_type=name)
    for network, record in records.items():
        made.insert_network(IPSet([network]), record)
    if aliases:
        _alias(made.tree)
    facts = {
        "ip_version": ip_version,
        "database_type": name,
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "description": {"en": "of a test"},
        "build_epoch": int(built.timestamp()),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = _Wider(made.tree, facts, "u32", "f64")
    writer.wanted = record_bits
    writer.write(str(path))
    return path


def _alias(tree: SearchTreeNode) -> None:
    old: Any = tree
    for _ in range(96):
        old = old[0]
    node = tree
    bits = [int(bit) for bit in f"{0x2002:016b}"]
    for bit in bits[:-1]:
        node = node.get_or_create(bit)
    node[bits[-1]] = old


class _Wider(TreeWriter):  # type: ignore[misc]  # mmdb_writer 0.2.7 has no types that mypy may read
    """Writes records as wide as wanted; by itself it takes the narrowest."""

    wanted: int | None = None

    def _adjust_record_size(self) -> None:
        super()._adjust_record_size()
        if self.wanted:
            self.record_size = self.wanted
            self.data_offset = self.record_size * 2 / 8 * self._node_counter
