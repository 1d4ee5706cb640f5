"""Speed and memory of whole processes on generated input: `make bench`, or `python -m bench --lines 4000000`.

Machines are noisy: every figure is the median of several runs, and what is compared runs in turn.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

DAY = datetime(2025, 8, 29, tzinfo=UTC)
AS_OF = "2025-08-30T04:00:00Z"
BARE = (
    "import polars as pl, sys; pl.scan_csv(sys.argv[1], separator=' ', has_header=False, infer_schema=False)"
    ".sink_parquet(sys.argv[2], compression='zstd')"
)
WORKSPACE = """
[workspace]
time_zone = "UTC"

[[sources]]
name = "panel"
format = "combined"
files = "access.log"
login_requests = ["POST /login"]
logout_requests = ["POST /logout"]
"""


def write_log(path: Path, lines: int, *, users: int = 2000, seed: int = 1) -> None:
    """A combined log of one day: people who log in, work, pause and log out, and strangers."""
    rng = random.Random(seed)
    agents = [
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/{n}.0.0.0 Safari/537.36"
        for n in range(90, 128)
    ]
    people = [(f"user{n}@example.com", f"198.51.100.{n % 254 + 1}", rng.choice(agents)) for n in range(users)]
    requests = ["GET /orders", "GET /orders/17", "GET /static/app.js", "POST /orders", "POST /login", "POST /logout"]
    weights = [40, 30, 20, 8, 1, 1]
    with path.open("w") as out:
        for number in range(lines):
            name, address, agent = people[int(rng.random() ** 2 * users)]
            moment = DAY + timedelta(seconds=number * 86_400 // lines)
            (request,) = rng.choices(requests, weights)
            who = name if rng.random() < 0.7 else "-"
            out.write(
                f'{address} - {who} [{moment:%d/%b/%Y:%H:%M:%S +0000}] "{request} HTTP/1.1" 200 '
                f'{rng.randrange(100, 90_000)} "https://panel.example.com/orders" "{agent}"\n'
            )


def measured(command: list[str], *, environment: dict[str, str] | None = None) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak memory in MiB of one whole process."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the generated log (default 1,000,000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, in turn (default 3)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "access.log"
        write_log(log, arguments.lines)
        ours = [sys.executable, "-m", "processors"]
        stages = {
            "bare pass: scan_csv to Parquet": [sys.executable, "-c", BARE, str(log), str(folder / "bare.parquet")],
            "parse to Parquet": [
                *ours,
                "parse",
                str(log),
                "--format",
                "combined",
                "--events",
                str(folder / "e.parquet"),
            ],
        }
        figures: dict[str, list[tuple[float, float, float]]] = {stage: [] for stage in stages}
        for _ in range(arguments.runs):
            for stage, command in stages.items():
                figures[stage].append(measured(command))
        for run in range(arguments.runs):
            workspace = folder / str(run)
            workspace.mkdir()
            (workspace / "workspace.toml").write_text(WORKSPACE)
            (workspace / "access.log").symlink_to(log)
            environment = {"RECENT_ACTIVITIES_WORKSPACE": str(workspace / "workspace.toml")}
            for stage in ("ingest", "sessions", "report"):
                command = [
                    *ours,
                    stage,
                    "--as-of",
                    AS_OF,
                    *([] if stage == "ingest" else ["--date", f"{DAY:%Y-%m-%d}"]),
                ]
                figures.setdefault(stage, []).append(measured(command, environment=environment))
        _print(figures, log.stat().st_size)


def _print(figures: dict[str, list[tuple[float, float, float]]], size: int) -> None:
    table = Table(title=f"{size / 1e6:,.0f} MB of log; medians of whole processes")
    for column in ("stage", "seconds", "CPU seconds", "peak MiB", "MB/s"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage, runs in figures.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*runs, strict=True))
        table.add_row(stage, f"{wall:.2f}", f"{cpu:.2f}", f"{memory:,.0f}", f"{size / 1e6 / wall:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
