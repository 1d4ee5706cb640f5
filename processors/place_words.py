"""Places and networks in words, as people are shown them: `near Mumbai, IN ±20 km · office network`."""

from __future__ import annotations

import polars as pl

NETWORKS = {
    "office": "office network",
    "vpn": "VPN",
    "hosting": "hosting network",
    "mobile": "mobile network",
    "residential": "residential network",
    "tor": "Tor",
    "relay": "relay",
    "private": "private network",
    "carrier_nat": "behind a carrier's NAT",
    "satellite": "satellite network",
}
"""Of `network_kind`; what is unknown is not said."""


def in_words() -> pl.Expr:
    """What the columns of a session say of its place and network; empty where they say nothing. A place is `near`."""
    city, region, country = pl.col("city_name"), pl.col("region_name"), pl.col("country_code")
    radius = pl.format(" ±{} km", "accuracy_radius_km").fill_null("")
    near = pl.lit("near ") + pl.coalesce(city, region)
    place = pl.coalesce(pl.concat_str(near, country, separator=", ") + radius, near + radius, pl.lit("in ") + country)
    network = pl.col("network_kind").replace_strict(NETWORKS, default=None, return_dtype=pl.String)
    return pl.concat_str(place, network, separator=" · ", ignore_nulls=True)
