"""Attribution, sessions and windows of generated events, against DuckDB's window functions (`sessions.sql`)."""

from __future__ import annotations

import importlib.util
import math
import statistics
import subprocess
import sys
from pathlib import Path

import polars as pl

from bench._measure import Case, once, run, table
from processors import _allocators
from processors.pipeline import EVENTS_PER_SLICE

EVENTS_PER_USER = 100
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
    cases = [_case("ours", folder, size) for size in sizes]
    figures = [once(case.command, case.environment) for case in cases]
    for size, figure in zip(sizes, figures, strict=True):
        shown = f"{figure.wall:.2f} | {figure.cpu:.2f} | {figure.memory:,.0f}"
        found.append(f"| {size:,} | {_slices(size)} | {shown} |")
    exponent = math.log(figures[-1].cpu / figures[0].cpu) / math.log(sizes[-1] / sizes[0])
    same = "the same bytes" if _is_same_in_more_slices(folder, sizes[0]) else "OTHER BYTES"
    return "\n".join(
        [*found, f"\nProcessor time grows with size to the power of {exponent:.2f}. In three times the slices: {same}."]
    )


def _is_same_in_more_slices(folder: Path, events: int) -> bool:
    cases = [_case("ours", folder, events), _case("in more slices", folder, events)]
    cases[1].command[-1] = str(3 * _slices(events))
    found = []
    for case in cases:
        once(case.command, case.environment)
        found.append({file.name: file.read_bytes() for file in (folder / case.name).glob("*.parquet")})
    return len(found[0]) > 0 and found[0] == found[1]


def _agreement(folder: Path) -> str:
    """In how many sessions both say the same."""
    mine, theirs = (pl.read_parquet(folder / name / "sessions*.parquet") for name in ("ours", "DuckDB"))
    both = mine.join(theirs, on=SHOWN, suffix="_other")
    equal = both.select(
        pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_other")) for name in SAME).sum()
    ).item()
    return f"Sessions: {mine.height:,} and {theirs.height:,}, of which {equal:,} say the same."


def _case(name: str, folder: Path, events: int) -> Case:
    made, out = folder / f"events-{events}", folder / name
    if not made.exists():
        size = (str(events), str(events // EVENTS_PER_USER))
        subprocess.run([sys.executable, "-m", "bench._events", str(made), *size], check=True)
    out.mkdir(exist_ok=True)
    arguments = [] if name == "DuckDB" else [str(_slices(events))]
    kind = name if name == "DuckDB" else "ours"
    size = sum(file.stat().st_size for file in made.iterdir())
    command = [sys.executable, "-m", "bench._sessions", kind, str(made), str(out), *arguments]
    return Case(name, command, size, dict(_allocators.OF_POLARS))  # as our own command has it


def _slices(events: int) -> int:
    return -(-events // EVENTS_PER_SLICE)
