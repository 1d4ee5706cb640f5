"""Attribution, sessions and windows of generated events, against DuckDB's window functions (`sessions.sql`)."""

from __future__ import annotations

import importlib.util
import math
import statistics
import sys
from pathlib import Path

import polars as pl

from bench import _events
from bench._measure import Case, once, run, table

EVENTS_PER_USER = 100
EVENTS_PER_SLICE = 500_000
SHOWN = ("login_time", "user_name")
SAME = ("end_time", "end_reason", "longest_inactivity_s", "activity_count", "ip_count", "ip_switch_count")


def report(folder: Path, *, events: int, runs: int, large: bool) -> str:
    """The tables as Markdown. `large` adds five times as many events."""
    ours = _case("ours", folder, events)
    cases = [ours]
    if importlib.util.find_spec("duckdb"):
        cases.append(_case("DuckDB", folder, events))
    run(cases, runs)
    found = [f"## Sessions of {events:,} events, {events // EVENTS_PER_USER:,} users\n", table(cases, cases[-1])]
    for other in cases[1:]:
        share = statistics.median(mine.cpu / theirs.cpu for mine, theirs in zip(ours.runs, other.runs, strict=True))
        found.append(f"\nProcessor time: {share:.2f} x {other.name}. {_agreement(folder)}")
    return "\n".join([*found, "", _growth(folder, [events // 4, events, *([5 * events] if large else [])])])


def _growth(folder: Path, sizes: list[int]) -> str:
    found = ["| events | slices | seconds | CPU seconds | peak MiB |", "|--:|--:|--:|--:|--:|"]
    figures = [once(_case("ours", folder, size).command) for size in sizes]
    for size, figure in zip(sizes, figures, strict=True):
        shown = f"{figure.wall:.2f} | {figure.cpu:.2f} | {figure.memory:,.0f}"
        found.append(f"| {size:,} | {_slices(size)} | {shown} |")
    exponent = math.log(figures[-1].cpu / figures[0].cpu) / math.log(sizes[-1] / sizes[0])
    return "\n".join([*found, f"\nProcessor time grows with size to the power of {exponent:.2f}."])


def _agreement(folder: Path) -> str:
    """In how many sessions both say the same."""
    mine, theirs = (pl.read_parquet(folder / name / "sessions.parquet") for name in ("ours", "DuckDB"))
    both = mine.join(theirs, on=SHOWN, suffix="_other")
    equal = both.select(
        pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_other")) for name in SAME).sum()
    ).item()
    return f"Sessions: {mine.height:,} and {theirs.height:,}, of which {equal:,} say the same."


def _case(name: str, folder: Path, events: int) -> Case:
    made, out = folder / f"events-{events}", folder / name
    if not made.exists():
        _events.write(made, events, users=events // EVENTS_PER_USER)
    out.mkdir(exist_ok=True)
    arguments = [str(_slices(events))] if name == "ours" else []
    size = sum(file.stat().st_size for file in made.iterdir())
    return Case(name, [sys.executable, "-m", "bench._sessions", name, str(made), str(out), *arguments], size)


def _slices(events: int) -> int:
    return -(-events // EVENTS_PER_SLICE)
