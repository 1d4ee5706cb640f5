"""How much a location database knows of addresses that are spread evenly: a sample, where every address is too many."""

from __future__ import annotations

import functools
import ipaddress
from typing import NamedTuple

import polars as pl

from processors.location_database import Database

ADDRESSES = 20_000
_IPV6 = tuple(ipaddress.IPv6Network(f"{start}::/12") for start in ("2400", "2600", "2800", "2a00", "2c00"))
"""What the five regional registries give away (IANA, "IPv6 Global Unicast Address Assignments"): of all else that could
be an address most belongs to nobody, and databases name places there all the same."""


class Shares(NamedTuple):
    """How many addresses were asked for, and the shares of them, from 0 to 1, of which something is known."""

    asked: int
    country: float
    city: float
    accuracy: float


def shares(database: Database, version: int = 4) -> Shares:
    """Of one version of IP. A share of 20,000 is off by less than 0.7 percentage points, 19 times of 20."""
    addresses = _ipv4() if version == 4 else _ipv6()
    rows = database.lookup(pl.Series(addresses, dtype=pl.String)).rows
    columns = ("country_code", "city_name", "accuracy_radius_km")
    return Shares(len(addresses), *(rows[name].drop_nulls().len() / len(addresses) for name in columns))


@functools.cache
def _ipv4() -> list[str]:
    """Of all public addresses; the middles of as many stretches, so that they are the same every time."""
    size = 1 << 32
    found = (ipaddress.IPv4Address((2 * n + 1) * size // (2 * ADDRESSES)) for n in range(ADDRESSES))
    return [str(address) for address in found if address.is_global and not address.is_multicast]


def _ipv6() -> list[str]:
    count = ADDRESSES // len(_IPV6)
    return [
        str(block.network_address + (2 * n + 1) * block.num_addresses // (2 * count))
        for block in _IPV6
        for n in range(count)
    ]
