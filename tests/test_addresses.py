"""The client's address is found as nginx's `real_ip_recursive on` finds it."""

from __future__ import annotations

import polars as pl
import pytest

from processors import _addresses

TRUSTED = ("10.0.0.0/8", "2001:db8:1::/48")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address", "trust"),
    [
        ("10.0.0.1", "198.51.100.9", "198.51.100.9", "forwarded"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.9", "198.51.100.9", "forwarded"),  # the leftmost is what the client wrote
        ("10.0.0.1", "198.51.100.9, 10.2.3.4", "198.51.100.9", "forwarded"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3", "forwarded"),  # all are trusted: the first of them
        ("10.0.0.1", "[2001:db8::7]:443", "2001:db8::7", "forwarded"),
        ("2001:db8:1::5", "::ffff:198.51.100.9", "198.51.100.9", "forwarded"),
        ("203.0.113.5", "198.51.100.9", "203.0.113.5", "peer"),  # a peer that is not trusted
        ("10.0.0.1", "198.51.100.9, unknown", "10.0.0.1", "peer"),
        ("10.0.0.1", "unknown, 10.0.0.2", "10.0.0.2", "forwarded"),
        ("10.0.0.1", "-", "10.0.0.1", "peer"),
        ("10.0.0.1", None, "10.0.0.1", "peer"),
        ("host.example.com", "198.51.100.9", None, "peer"),
    ],
)
def test_the_search_ends_at_the_first_that_is_not_trusted(
    peer: str, forwarded: str | None, address: str | None, trust: str
) -> None:
    found = _addresses.client(pl.Series([peer]), pl.Series([forwarded], dtype=pl.String), TRUSTED)
    assert found.row(0) == (address, trust)
