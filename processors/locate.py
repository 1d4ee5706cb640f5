"""Where sessions came from, approximately, and over what kind of network. Split key: the address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from processors import _operators
from processors._address_words import distinct
from processors._prefixes import longest
from schemas import Sessions

PLACE = (
    "country_code",
    "region_name",
    "city_name",
    "latitude",
    "longitude",
    "accuracy_radius_km",
)
DATABASE = ("location_database_name", "location_database_date")
COLUMNS = (*PLACE, "asn", "network_name", "network_kind", *DATABASE)
"""What `locate` fills."""
PLACES: dict[str, Any] = {
    "ip_address": pl.String,
    "is_found": pl.Boolean,
    **{name: dtype for name, dtype in Sessions.empty().schema.items() if name in COLUMNS and name != "network_kind"},
    "anonymity": pl.String,
}
"""What is known of addresses: whether a database has a place, the operator as `network_name`, kinds such as `tor`."""

NOBODYS = {  # https://www.iana.org/assignments/iana-ipv4-special-registry, -ipv6-special-registry (2024)
    "10.0.0.0/8": "private",
    "172.16.0.0/12": "private",
    "192.168.0.0/16": "private",
    "fc00::/7": "private",
    "127.0.0.0/8": "private",
    "::1/128": "private",
    "169.254.0.0/16": "private",
    "fe80::/10": "private",
    "0.0.0.0/8": "private",
    "::/128": "private",
    "240.0.0.0/4": "private",
    "100.64.0.0/10": "carrier_nat",
}
"""Networks that are nowhere, whatever a database says, and their kinds."""
DOCUMENTATION = dict.fromkeys(
    ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"), "private"
)
"""Networks of examples, which are nowhere but in a database made for them: the sample's."""


class Network(NamedTuple):
    """What the settings say of a network. `kind`: None where they say nothing of it."""

    prefix: str
    label: str
    kind: str | None


def locate(sessions: pl.LazyFrame, places: pl.LazyFrame, *, networks: Iterable[Network] = ()) -> pl.LazyFrame:
    """The sessions in any order, with what is known of their address: `COLUMNS`.

    `places` has the columns `PLACES` and a row for each distinct address. The settings' network with the longest prefix
    names the network and its kind. Where they do not: a network that is nobody's has its kind and no place; then count
    what databases say of Tor, VPNs and relays, what is certain of the operator, and else the kind is `unknown`.
    """
    known = places.collect()
    addresses = distinct(known["ip_address"])
    own = tuple(networks)
    nobodys = {**NOBODYS, **DOCUMENTATION}
    judged = pl.DataFrame(
        {
            "ip_address": addresses.texts,
            "label": _values([one.label or None for one in own], longest(tuple(one.prefix for one in own), addresses)),
            "said": _values([one.kind for one in own], longest(tuple(one.prefix for one in own), addresses)),
            "nobodys": _values([*nobodys.values()], longest(tuple(nobodys), addresses)),
            "is_of_examples": longest(tuple(DOCUMENTATION), addresses) >= 0,
        }
    )
    found = known.lazy().join(judged.lazy(), on="ip_address", how="left")
    is_nowhere = pl.col("nobodys").is_not_null() & ~(pl.col("is_of_examples") & pl.col("is_found").fill_null(False))
    nowhere = [name for name in COLUMNS if name not in ("network_kind", *DATABASE)]
    located = (
        found.with_columns(is_nowhere=is_nowhere)
        .with_columns(
            pl.when(~pl.col("is_nowhere")).then(pl.col(nowhere)), nobodys=pl.when("is_nowhere").then("nobodys")
        )
        .select(
            "ip_address",
            *(name for name in (*nowhere, *DATABASE) if name != "network_name"),
            network_name=pl.coalesce("label", "network_name"),
            network_kind=pl.coalesce(
                "said",
                "nobodys",
                "anonymity",
                _operators.kind(pl.col("asn"), pl.col("network_name")),
                pl.lit("unknown"),
            ),
        )
    )
    return sessions.drop(COLUMNS, strict=False).join(located, on="ip_address", how="left")


def _values(values: list[str | None], which: Any) -> pl.Series:
    """The value at each place; null where that is below zero."""
    return pl.Series([*values, None], dtype=pl.String)[np.where(which < 0, len(values), which)]
