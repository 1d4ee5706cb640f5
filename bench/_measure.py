"""Whole processes, measured in turn: machines are noisy, so figures are medians, and ratios are taken run by run."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

_STARTER = """
import os, sys, time
start = time.perf_counter()
nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=nowhere), 0)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""


class Figure(NamedTuple):
    """One run: wall seconds, processor seconds, peak memory in MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass
class Case:
    """A command, what it reads in bytes, and its runs."""

    name: str
    command: list[str]
    size: int
    environment: dict[str, str] = field(default_factory=dict)
    runs: list[Figure] = field(default_factory=list)

    def median(self) -> Figure:
        """Each of its figures by itself."""
        return Figure(*(statistics.median(column) for column in zip(*self.runs, strict=True)))

    def ratio(self, to: Case) -> float:
        """How many times as long it took as the other."""
        return statistics.median(ours.wall / theirs.wall for ours, theirs in zip(self.runs, to.runs, strict=True))


def run(cases: list[Case], runs: int) -> None:
    """Nothing: runs each case so often, one after the other."""
    for _ in range(runs):
        for case in cases:
            case.runs.append(once(case.command, case.environment))


def once(command: list[str], environment: dict[str, str] | None = None) -> Figure:
    """One whole process, started by a small one: Linux counts what the starting process had in memory as the peak."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", _STARTER, *command],
        capture_output=True,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    if done.returncode:
        told = done.stderr.decode(errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}: {told}")
    return Figure(*map(float, done.stdout.split()))


def table(cases: list[Case], against: Case) -> str:
    """The cases as a Markdown table."""
    lines = [
        f"| | seconds | x {against.name} | MB/s | CPU seconds | MB/s a core | peak MiB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for case in cases:
        figure = case.median()
        lines.append(
            f"| {case.name} | {figure.wall:.2f} | {case.ratio(against):.2f} | {case.size / 1e6 / figure.wall:,.0f} "
            f"| {figure.cpu:.2f} | {case.size / 1e6 / figure.cpu:,.0f} | {figure.memory:,.0f} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """What it was measured on."""
    cpu = next((line.partition(": ")[2] for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    memory = next((int(line.split()[1]) >> 20 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return (
        f"{datetime.now(UTC).date()}, {os.cpu_count()} cores ({cpu or platform.machine()}), {memory} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, Polars {metadata.version('polars')}; "
        f"load before: {os.getloadavg()[0]:.1f}"
    )


def ours(*arguments: str) -> list[str]:
    """Our command line."""
    return [sys.executable, "-m", "processors", *arguments]


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
