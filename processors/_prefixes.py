"""Which of some networks each address belongs to: the one with the longest prefix, where they overlap."""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import Any

import numpy as np

from processors._address_words import Addresses, keys

_BITS, _MAPPED = 128, 0xFFFF << 32
NOWHERE = -1


def longest(networks: tuple[str, ...], addresses: Addresses) -> Any:
    """For each address the place of its network among them, or `NOWHERE`."""
    starts, owners = _stretches(networks)
    return owners[np.searchsorted(starts, keys(addresses.highs, addresses.lows), side="right")]


@cache
def _stretches(networks: tuple[str, ...]) -> tuple[Any, Any]:
    """Where each stretch of addresses of one network begins, in order; whose the stretch before each is, and the last.

    A network inside another cuts it: what comes behind it is the outer one's again. No network of IPv6 has IPv4 in it.
    """
    every = [(NOWHERE, _span("0.0.0.0/0")), *enumerate(map(_span, networks))]
    spans = sorted((first, -last, place) for place, (first, last) in every)
    begins: list[tuple[int, int]] = []
    inside: list[tuple[int, int]] = []
    for first, negative_last, place in spans:
        while inside and inside[-1][0] < first:
            _leave(begins, inside)
        begins.append((first, place))
        inside.append((-negative_last, place))
    while inside:
        _leave(begins, inside)
    words = [(number >> 64, number & (1 << 64) - 1) for number, _ in begins if number < 1 << _BITS]
    highs, lows = (np.array([pair[n] for pair in words], np.uint64) for n in (0, 1))
    return keys(highs, lows), np.array([NOWHERE, *(place for _, place in begins)], np.int64)[: len(words) + 1]


def _leave(begins: list[tuple[int, int]], inside: list[tuple[int, int]]) -> None:
    """Nothing: ends the innermost network, behind which the one around it goes on."""
    last, _ = inside.pop()
    begins.append((last + 1, inside[-1][1] if inside else NOWHERE))


def _span(text: str) -> tuple[int, int]:
    """The first and last address of a network, as numbers."""
    network = ipaddress.ip_network(text)
    offset = _MAPPED if network.version == 4 else 0
    return int(network.network_address) + offset, int(network.broadcast_address) + offset
