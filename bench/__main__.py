"""Speed and memory of whole processes on generated input: `make bench`, or `python -m bench --lines 400000`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from bench import _measure, end_to_end, parse, places, sessions, stages

RESULTS = Path(__file__).parent / "results.md"


def main() -> None:
    """Measure, print, and write the results beside this file."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--lines",
        type=int,
        default=4_000_000,
        help="lines of the log (default 4,000,000); a fifth of the events",
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each, in turn (default 5)")
    parser.add_argument("--large", action="store_true", help="also 20 times as many lines, 5 times as many events")
    parser.add_argument("--folder", type=Path, help="where the logs are written and kept (default: a temporary folder)")
    parser.add_argument("--no-results", action="store_true", help=f"do not write {RESULTS.name}")
    arguments = parser.parse_args()
    machine = _measure.machine()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        kept = arguments.folder or Path(name)
        parts = [
            "# Measured\n",
            f"{machine}. {arguments.lines:,} lines; medians of {arguments.runs} runs, in turn. By `make bench`.\n",
            parse.report(kept, lines=arguments.lines, runs=arguments.runs, large=arguments.large),
            "",
            sessions.report(kept, events=arguments.lines * 5, runs=min(arguments.runs, 3), large=arguments.large),
            "",
            places.report(kept, runs=min(arguments.runs, 3), large=arguments.large),
            "",
            stages.report(Path(name), lines=arguments.lines // 4, runs=min(arguments.runs, 3)),
            "",
            end_to_end.report(kept, lines=arguments.lines, runs=min(arguments.runs, 3)),
        ]
    text = "\n".join(parts) + "\n"
    if not arguments.no_results:
        RESULTS.write_text(text, encoding="utf-8")
    Console().print(Markdown(text))


if __name__ == "__main__":
    main()
