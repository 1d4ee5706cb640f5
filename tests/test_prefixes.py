"""Of overlapping networks the one with the longest prefix has an address."""

from __future__ import annotations

import ipaddress
import random

import polars as pl

from processors._address_words import distinct
from processors._prefixes import longest


def found(networks: list[str], *addresses: str) -> dict[str, str | None]:
    asked = distinct(pl.Series(addresses))
    places = longest(tuple(networks), asked).tolist()
    return {
        text: None if place < 0 else networks[place] for text, place in zip(asked.texts.to_list(), places, strict=True)
    }


def test_the_longest_prefix_wins_wherever_it_stands() -> None:
    inner, outer = "203.0.113.64/26", "203.0.113.0/24"
    for networks in ([inner, outer], [outer, inner]):
        assert found(networks, "203.0.113.63", "203.0.113.64", "203.0.113.127", "203.0.113.128") == {
            "203.0.113.63": outer,
            "203.0.113.64": inner,
            "203.0.113.127": inner,
            "203.0.113.128": outer,
        }


def test_networks_side_by_side_have_their_own_addresses() -> None:
    assert found(["203.0.113.0/25", "203.0.113.128/25"], "203.0.113.127", "203.0.113.128", "203.0.114.0") == {
        "203.0.113.127": "203.0.113.0/25",
        "203.0.113.128": "203.0.113.128/25",
        "203.0.114.0": None,
    }


def test_ipv4_and_ipv6_are_apart() -> None:
    networks = ["0.0.0.0/0", "2001:db8::/32", "::/0"]
    assert found(networks, "255.255.255.255", "2001:db8::1", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == {
        "::1": "::/0",
        "255.255.255.255": "0.0.0.0/0",
        "2001:db8::1": "2001:db8::/32",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "::/0",
    }
    assert found([], "203.0.113.1") == {"203.0.113.1": None}


def test_any_networks_are_found_as_python_finds_them() -> None:
    chance = random.Random(3)
    for _ in range(200):
        networks = {
            str(ipaddress.ip_network((chance.getrandbits(32) & 0xFF0000FF | 0xCB000000, chance.randint(0, 32)), False))
            for _ in range(chance.randint(1, 12))
        }
        networks |= {
            str(ipaddress.ip_network((chance.getrandbits(8) << chance.choice([0, 100]), chance.randint(0, 128)), False))
            for _ in range(chance.randint(0, 5))
        }
        ordered = [*networks]
        parsed = [ipaddress.ip_network(network) for network in ordered]
        edges = [
            address
            for network in parsed
            for number in (int(network.network_address), int(network.broadcast_address))
            for address in (number - 1, number, number + 1)
            if 0 <= address < 1 << network.max_prefixlen
            for address in [(ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address)(address)]
            if address.version == 4 or not address.ipv4_mapped
        ]
        said = found(ordered, *map(str, edges))
        for address in edges:
            around = [one for one in parsed if address.version == one.version and address in one]
            best = max(around, key=lambda network: network.prefixlen, default=None)
            assert said[str(address)] == (best and str(best))
