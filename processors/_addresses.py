"""Whose address a request came from, past the proxies that are trusted."""

from __future__ import annotations

from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import polars as pl

from processors._unique import map_unique
from processors._values import canonical_address

_BETWEEN = "\0"  # no line that has one is read


def client(peer: pl.Series, forwarded: pl.Series, trusted: tuple[str, ...]) -> pl.DataFrame:
    """`ip_address` (canonical text) and `address_trust`, as nginx's `real_ip_recursive on` finds the address.

    From the peer, from right to left through the forwarded list (`X-Forwarded-For`), past trusted addresses, to the
    first that is not. A list from a peer who is not trusted is ignored. What is no address ends the search: who wrote
    it is the last address that is known. Source: https://nginx.org/en/docs/http/ngx_http_realip_module.html
    """

    def resolved(pair: str) -> str | None:
        return _resolved(*pair.split(_BETWEEN, 1), trusted)

    pairs = pl.select(pl.concat_str(peer, forwarded.fill_null(""), separator=_BETWEEN).alias("pair"))
    rows = pairs.select(ip_address=map_unique(pl.col("pair"), resolved), peer=peer)
    known = map_unique(pl.col("peer"), canonical_address)
    is_forwarded = pl.col("ip_address").ne_missing(known)
    trust = pl.when(is_forwarded).then(pl.lit("forwarded")).otherwise(pl.lit("peer"))
    return rows.select("ip_address", address_trust=trust)


def last_forwarded(forwarded: pl.Series, trusted: tuple[str, ...]) -> pl.DataFrame:
    """The same where the server logs the forwarded list alone, having added who connected: its last address is that."""
    hops = forwarded.str.extract_groups(r"(?s)\A(?:(?P<others>.*),)?[ \t]*(?P<last>[^,]*?)[ \t]*\z").struct.unnest()
    found = client(hops["last"], hops["others"], trusted)
    return found.with_columns(address_trust=pl.lit("forwarded"))


@lru_cache(maxsize=65_536)
def _resolved(peer: str, forwarded: str, trusted: tuple[str, ...]) -> str | None:
    found = canonical_address(peer)
    for hop in reversed([hop.strip() for hop in forwarded.split(",")] if forwarded not in ("", "-") else []):
        address = canonical_address(hop)
        if found is None or address is None or not _is_within(found, trusted):
            break
        found = address
    return found


def unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """The network of IPv4 that one of IPv4-mapped IPv6 stands for, or the network: addresses are written so, too."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    parsed = ip_address(address)
    return any(parsed in network for network in _networks(networks) if network.version == parsed.version)


@cache
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text) for text in texts)
