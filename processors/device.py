"""What a user agent says about the device: browser family and major version · platform; and what kind of device it is.

A platform is shown with its version only where that is known: since 2020 browsers send `Mac OS X 10_15_7` from every
Mac, since 2022 Chromium `Android 10; K` from every Android, and `Windows NT 10.0` is Windows 10 or 11. Client hints
tell more, see `_client_hints`. An iPad may call itself a Mac, and then nothing tells.
"""

from __future__ import annotations

import polars as pl

from processors._agents import LONGEST_AGENT, kind_of_label, told
from processors._text_codes import distinct
from processors._unique import map_unique
from schemas.columns import UNKNOWN_DEVICE, UNKNOWN_KIND


def label(user_agent: pl.Expr) -> pl.Expr:
    """`Chrome 126 · Windows 10/11`; the family alone where no platform is known; 'unknown', never null."""
    return map_unique(user_agent, _label).fill_null(UNKNOWN_DEVICE)


def kin(device: pl.Expr) -> pl.Expr:
    """The family and platform of a `label` without versions (browsers update themselves); null for 'unknown'."""
    versions = r"(?: [0-9][0-9./]*)+( |$)"
    return pl.when(device != UNKNOWN_DEVICE).then(device.str.replace_all(versions, "${1}"))


def kinds(devices: pl.DataFrame) -> pl.Series:
    """`device_kind` of each row's `device` and `user_agent`: the agent's, where it is that device's; never null."""
    (labels, devices_there), (agents, agents_there) = distinct(devices["device"]), distinct(devices["user_agent"])
    count = len(agents_there)
    pairs = pl.Series(labels.astype("int64") * count + agents)
    there = pairs.unique()
    found = pl.DataFrame(
        {"device": devices_there.gather(there // count), "user_agent": agents_there.gather(there % count)}
    )
    agent = pl.col("user_agent")
    is_the_agents = kin(label(agent)) == kin(pl.col("device"))
    kind = pl.when(is_the_agents).then(map_unique(agent, _kind)).otherwise(map_unique(pl.col("device"), kind_of_label))
    of_pairs = found.select(kind.cast(pl.String).fill_null(UNKNOWN_KIND)).to_series()
    return pairs.replace_strict(there, of_pairs, return_dtype=pl.String).cast(pl.String).alias("device_kind")


def _label(agent: str) -> str | None:
    return told(agent[:LONGEST_AGENT]).label


def _kind(agent: str) -> str:
    return told(agent[:LONGEST_AGENT]).kind
