"""A location database and sessions, and what is done with them: `python -m bench._places CASE DATABASE INPUT`.

The database has as many languages in its records as GeoLite2's. Addresses are clustered as those of offices and of
carriers are, or random.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

LANGUAGES = ("de", "en", "es", "fr", "ja", "pt-BR", "ru", "zh-CN")
NETWORKS, RECORDS, PREFIX = 60_000, 30_000, 17
FIRST, LAST = 1 << 24, 224 << 24
_CHUNK = 500_000


def write_database(path: Path) -> None:
    """Networks over half of IPv4."""
    from mmdb_writer import MMDBWriter, TreeWriter
    from netaddr import IPSet

    made = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Bench-City")
    records = [_record(number) for number in range(RECORDS)]
    step = (LAST - FIRST) // NETWORKS
    for number in range(NETWORKS):
        start = (FIRST + number * step) >> (32 - PREFIX) << (32 - PREFIX)
        network = f"{start >> 24}.{start >> 16 & 255}.{start >> 8 & 255}.0/{PREFIX}"
        made.insert_network(IPSet([network]), records[number * 7919 % RECORDS])
    facts = {
        "ip_version": 6,
        "database_type": "Bench-City",
        "languages": [*LANGUAGES],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "description": {"en": "made by chance"},
        "build_epoch": int(datetime(2025, 8, 20, tzinfo=UTC).timestamp()),
    }
    TreeWriter(made.tree, facts, "u32", "f64").write(str(path))


def _record(number: int) -> dict[str, Any]:
    def named(what: str) -> dict[str, Any]:
        return {"geoname_id": number, "names": {language: f"{what} {number} {language}" for language in LANGUAGES}}

    return {
        "city": named("City"),
        "continent": {"code": "AS", **named("Continent")},
        "country": {"iso_code": "IN", **named("Country")},
        "location": {
            "accuracy_radius": 20,
            "latitude": number % 90 + 0.5,
            "longitude": 72.5,
            "time_zone": "Asia/Kolkata",
        },
        "subdivisions": [{"iso_code": "MH", **named("Region")}],
    }


def addresses(count: int, *, is_clustered: bool) -> pl.Series:
    """So many distinct addresses of IPv4."""
    chance = np.random.default_rng(20250829)
    if is_clustered:
        starts = chance.choice(np.arange(FIRST, LAST, 512), count // 500 + 1, replace=False)
        numbers = (starts[:, None] + np.arange(500)).ravel()[:count]
    else:
        numbers = np.unique(chance.integers(FIRST, LAST, count * 2))
        numbers = chance.permutation(numbers)[:count]
    octets = [pl.Series((numbers >> shift) & 255) for shift in (24, 16, 8, 0)]
    return pl.DataFrame(octets).select(pl.concat_str(pl.all(), separator=".").alias("ip_address")).to_series()


def write_sessions(path: Path, count: int, *, address_count: int, agent_count: int) -> None:
    """Sessions at so many addresses, half of them clustered, with so many agents."""
    chance = np.random.default_rng(7)
    half = address_count // 2
    known = pl.concat([addresses(half, is_clustered=True), addresses(address_count - half, is_clustered=False)])
    agents = pl.Series(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{n % 60 + 80}.0.{n}.0 Safari/537.36"
        for n in range(agent_count)
    )
    rows = pl.DataFrame(
        {
            "session_id": pl.Series(np.arange(count)),
            "ip_address": known[chance.integers(0, len(known), count)],
            "user_agent": agents[chance.integers(0, len(agents), count)],
        }
    )
    rows.write_parquet(path, row_group_size=_CHUNK)


def geoip2(database: Path, given: Path) -> None:
    """Reader.city() of each row."""
    from geoip2.database import Reader
    from geoip2.errors import AddressNotFoundError

    found = []
    with Reader(database) as reader:
        for address in pl.read_parquet(given)["ip_address"]:
            try:
                said = reader.city(address)
            except AddressNotFoundError:
                continue
            found.append((said.country.iso_code, said.city.name, said.location.latitude, said.location.longitude))
    print(len(found))


def ours(database: Path, given: Path) -> None:
    """The lookup of all of them."""
    from processors.location_database import Database

    with Database(database) as opened:
        print(opened.lookup(pl.read_parquet(given)["ip_address"]).rows["is_found"].sum())


def enrich(database: Path, given: Path) -> None:
    """Places, networks and devices of sessions, some hundred thousand at a time."""
    from processors import device
    from processors.locate import Network, locate
    from processors.location_database import Database
    from processors.locations import Lookup

    sessions = pl.scan_parquet(given)
    addresses, agents = (_distinct(sessions, name) for name in ("ip_address", "user_agent"))
    with Database(database) as opened:
        places = Lookup({"city": [opened]}, []).places(addresses)
    networks = [Network(f"203.0.{n}.0/24", f"Branch {n}", "office") for n in range(256)]
    labels = agents.to_frame().with_columns(device=device.label(pl.col("user_agent")))
    located = locate(addresses.to_frame().lazy(), places.lazy(), networks=networks).collect()
    done = 0
    for batch in sessions.collect_batches(chunk_size=_CHUNK):
        known = batch.join(located, on="ip_address", how="left").join(labels, on="user_agent", how="left")
        done += known["device"].len()
    print(done)


def _distinct(rows: pl.LazyFrame, column: str) -> pl.Series:
    parts = [batch[column].unique() for batch in rows.select(column).collect_batches(chunk_size=_CHUNK)]
    return pl.concat(parts).unique()


if __name__ == "__main__":
    {"geoip2": geoip2, "ours": ours, "enrich": enrich}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
