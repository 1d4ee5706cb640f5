"""`parse` to Parquet against the bare pass of Polars, DuckDB, ClickHouse and GoAccess, on logs of several kinds."""

from __future__ import annotations

import gzip
import importlib.util
import math
import shutil
import sys
from pathlib import Path

from bench import _logs, _okta
from bench._measure import Case, once, ours, run, table

LINES_A_RECORD = 7
"""So many lines of a log are as long as a record."""


def report(folder: Path, *, lines: int, runs: int, large: bool) -> str:
    """The tables as Markdown. `large` adds what takes tens of gigabytes of disk: a log of 20 GB."""
    log = _log(folder, "combined", lines)
    bare = _other("the bare pass", "bare", log, folder)
    cases = [bare, _parse("parse, combined", log, "combined", folder), *_others(log, folder)]
    run(cases, runs)
    parts = ["## Against others\n", table(cases, bare), _goaccess(log, folder, bare)]
    own = [
        Case(bare.name, bare.command, bare.size),
        *(_parse(f"parse, {shape}", _log(folder, shape, lines), shape, folder) for shape in ("nginx", "apache")),
    ]
    run(own, runs)
    parts += ["\n## Formats that a server's configuration writes\n", table(own, own[0])]
    kinds = [
        _parse("parse, combined", log, "combined", folder),
        _parse("parse, 5 % escaped", _log(folder, "combined", lines, 0.05), "combined", folder),
        _parse("parse, 100 % escaped", _log(folder, "combined", lines, 1.0), "combined", folder),
        _parse("parse, gzip", _gzipped(log), "combined", folder, size=log.stat().st_size),
        _parse("parse, nginx_json", _log(folder, "nginx_json", lines), "nginx_json", folder),
        _okta_case(folder, lines // LINES_A_RECORD),
    ]
    run(kinds, runs)
    parts += ["\n## Kinds of logs\n", table(kinds, kinds[0])]
    parts += ["\n## Memory and growth\n", _growth(folder, log, lines, large=large)]
    return "\n".join(parts)


def _others(log: Path, folder: Path) -> list[Case]:
    """What others do on the same log, of those that are installed."""
    found = []
    if importlib.util.find_spec("duckdb"):
        found.append(_other("DuckDB, CSV reader", "duckdb_csv", log, folder))
        found.append(_other("DuckDB, regex", "duckdb_regex", log, folder))
    if importlib.util.find_spec("chdb"):
        found.append(_other("ClickHouse (chdb), regex", "chdb_regex", log, folder))
    return found


def _goaccess(log: Path, folder: Path, bare: Case) -> str:
    """What GoAccess takes for its report, once: that is minutes."""
    goaccess = shutil.which("goaccess")
    if not goaccess:
        return "\nGoAccess is not installed."
    report = str(folder / "goaccess.html")
    figure = once([goaccess, str(log), "--log-format=COMBINED", "--no-progress", "-o", report])
    times = figure.wall / bare.median().wall
    return f"\nGoAccess, its report: {figure.wall:.0f} s (one run), {times:.0f} x the bare pass."


def _growth(folder: Path, log: Path, lines: int, *, large: bool) -> str:
    """Time and memory by size, and of one line of 1 GB."""
    found = ["| | MB | seconds | peak MiB |", "|---|--:|--:|--:|"]
    times: list[tuple[float, float]] = []
    shares = [0.1, 1.0, *((10.0, 20.0) if large else ())]
    for share in shares:
        grown = log if share == 1 else folder / "grown.log"
        if share != 1:
            _logs.write(grown, int(lines * share))
        case = _parse("", grown, "combined", folder)
        figure = once(case.command)
        times.append((math.log(case.size), math.log(figure.wall)))
        found.append(f"| {share:g} x | {case.size / 1e6:,.0f} | {figure.wall:.2f} | {figure.memory:,.0f} |")
    line = folder / "line.log"
    with line.open("wb") as out:
        for _ in range(1024):
            out.write(b"x" * (1 << 20))
    figure = once([sys.executable, "-c", _ALLOWED, *_parse("", line, "combined", folder).command])
    found.append(f"| one line | {line.stat().st_size / 1e6:,.0f} | {figure.wall:.2f} | {figure.memory:,.0f} |")
    exponent = (times[-1][1] - times[0][1]) / (times[-1][0] - times[0][0])
    return "\n".join([*found, f"\nTime grows with size to the power of {exponent:.2f}."])


_ALLOWED = (  # a line too long is quarantined, which ends in 1: nothing else is in that file
    "import os, sys; status = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]); sys.exit(status != 1)"
)


def _log(folder: Path, shape: str, lines: int, escaped: float = 0.0) -> Path:
    path = folder / f"{shape}-{lines}-{escaped}.log"
    if not path.exists():
        _logs.write(path, lines, shape=shape, escaped=escaped)
    return path


def _okta_case(folder: Path, records: int) -> Case:
    """Sign-in records, one a line."""
    path = folder / f"okta-{records}.json"
    if not path.exists():
        _okta.write(path, records)
    command = ours("parse", str(path), "--format", "okta", "--events", str(folder / "events.parquet"))
    return Case("parse, okta", command, path.stat().st_size)


def _gzipped(log: Path) -> Path:
    packed = log.with_suffix(".log.gz")
    if not packed.exists():
        with log.open("rb") as source, gzip.open(packed, "wb", compresslevel=6) as out:
            shutil.copyfileobj(source, out, 1 << 20)
    return packed


def _other(name: str, what: str, log: Path, folder: Path) -> Case:
    command = [sys.executable, "-m", "bench._others", what, str(log), str(folder / "out.parquet")]
    return Case(name, command, log.stat().st_size)


def _parse(name: str, log: Path, shape: str, folder: Path, *, size: int | None = None) -> Case:
    command = ours("parse", str(log), "--format", _logs.FORMATS[shape], "--events", str(folder / "events.parquet"))
    return Case(name, command, size or log.stat().st_size)
