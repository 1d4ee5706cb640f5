"""Frames without e-mail addresses or network addresses: the first letter and the domain, /24 and /48, stay."""

from __future__ import annotations

import ipaddress

import polars as pl

IPV4_BITS, IPV6_BITS = 24, 48
DROPPED = ("user_agent", "session_reference", "referrer", "http_path", "http_query")
"""Free text that may hold either."""
NAMED = ("application", "event_action")
"""Names, but written by whoever writes the log: what looks like either in them is."""

_DOMAIN = r"(@(?:[\p{L}\p{N}_-]+\.)*[\p{L}\p{N}_-]*\p{L}[\p{L}\p{N}_-]*)$"
_PERSONAL = (
    r"[^\s@\"'<>()\[\]{},;=]*@[^\s@\"'<>()\[\]{},;=]+"  # e-mail
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}"  # IPv4
    r"|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]*"  # IPv6
)


def masked(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its users and addresses masked, and without the free text that may hold either."""
    columns = {
        **{name: user(pl.col(name)) for name in ("user_name",)},
        **{name: address(pl.col(name)) for name in ("ip_address", "peer_address")},
        "ip_addresses": pl.col("ip_addresses").list.eval(
            address(pl.element()).drop_nulls().unique(maintain_order=True)
        ),
        **{name: pl.col(name).str.replace_all(_PERSONAL, "***") for name in NAMED},
        **{name: pl.lit(None, dtype=pl.String) for name in DROPPED},
    }
    return frame.with_columns(expr.alias(name) for name, expr in columns.items() if name in frame.columns)


def user(name: pl.Expr) -> pl.Expr:
    """`r***@example.com` of `riya.sharma@example.com`; `r***` where there is no domain, or an address in its place."""
    local = name.str.extract(r"^(?s)(.*?)(?:@[^@]*)?$", 1)
    domain = name.str.extract(_DOMAIN, 1).fill_null("")
    return pl.when(name.is_not_null()).then(local.str.slice(0, 1) + "***" + domain)


def address(text: pl.Expr) -> pl.Expr:
    """The network of each address: `203.0.113.0/24`, `2001:db8:10::/48`; null for what is no address."""

    def networks(addresses: pl.Series) -> pl.Series:
        known = {one: _network(one) for one in addresses.unique().drop_nulls()}
        old, new = pl.Series(known.keys(), dtype=pl.String), pl.Series(known.values(), dtype=pl.String)
        return addresses.replace_strict(old, new, default=None, return_dtype=pl.String)

    return text.map_batches(networks, return_dtype=pl.String, is_elementwise=True)


def _network(text: str) -> str | None:
    try:
        one = ipaddress.ip_address(text)
    except ValueError:
        return None
    bits = IPV4_BITS if one.version == 4 else IPV6_BITS
    return str(ipaddress.ip_network((one, bits), strict=False))
