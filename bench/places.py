"""Places of many addresses, against geoip2's own reader asked row by row."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from bench import _places
from bench._measure import Case, once, run

ADDRESSES = 1_000_000
SESSIONS, SESSION_ADDRESSES, AGENTS = 10_000_000, 300_000, 20_000


def report(folder: Path, *, runs: int, large: bool, database: Path | None = None) -> str:
    """The tables as Markdown. `large`: of 10 million sessions, else of a tenth; `database`: another than a made one."""
    known = database or folder / "places.mmdb"
    if not known.exists():
        _places.write_database(known)
    cases = []
    for kind in ("clustered", "random"):
        given = folder / f"{kind}.parquet"
        pl.DataFrame(_places.addresses(ADDRESSES, is_clustered=kind == "clustered")).write_parquet(given)
        cases += [_case(f"ours, {kind}", "ours", known, given), _case(f"geoip2, {kind}", "geoip2", known, given)]
    run(cases, runs)
    found = [
        f"## Places of {ADDRESSES:,} addresses\n",
        "| | CPU seconds | addresses a CPU second | x geoip2 | peak MiB |",
        "|---|--:|--:|--:|--:|",
    ]
    for ours, theirs in zip(cases[::2], cases[1::2], strict=True):
        for case in (ours, theirs):
            figure = case.median()
            rate, ratio = ADDRESSES / figure.cpu, theirs.median().cpu / figure.cpu
            found.append(f"| {case.name} | {figure.cpu:.2f} | {rate:,.0f} | {ratio:.1f} | {figure.memory:,.0f} |")
    count = SESSIONS if large else SESSIONS // 10
    given = folder / "places-sessions.parquet"
    _places.write_sessions(given, count, address_count=SESSION_ADDRESSES, agent_count=AGENTS)
    figure = once(_case("", "enrich", known, given).command)
    found += [
        "",
        f"{count:,} sessions with {SESSION_ADDRESSES:,} addresses and {AGENTS:,} agents get places, networks and "
        f"devices in {figure.cpu:.1f} CPU seconds, {figure.wall:.1f} s, and {figure.memory:,.0f} MiB.",
    ]
    return "\n".join(found)


def _case(name: str, what: str, database: Path, given: Path) -> Case:
    return Case(name, [sys.executable, "-m", "bench._places", what, str(database), str(given)], given.stat().st_size)
