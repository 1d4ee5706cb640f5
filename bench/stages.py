"""`ingest`, `sessions` and `report` of one day."""

from __future__ import annotations

from pathlib import Path

from bench import _logs
from bench._measure import Case, once, ours, table

AS_OF = "2025-08-30T04:00:00Z"
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


def report(folder: Path, *, lines: int, runs: int) -> str:
    """The table as Markdown."""
    log = folder / "day.log"
    _logs.write(log, lines)
    size = log.stat().st_size
    cases = [Case(stage, [], size) for stage in ("ingest", "sessions", "report")]
    for number in range(runs):
        workspace = folder / f"{number}"
        workspace.mkdir()
        (workspace / "workspace.toml").write_text(WORKSPACE)
        (workspace / "access.log").symlink_to(log)
        environment = {"RECENT_ACTIVITIES_WORKSPACE": str(workspace / "workspace.toml")}
        for case in cases:
            day = [] if case.name == "ingest" else ["--date", "2025-08-29"]
            case.runs.append(once(ours(case.name, "--as-of", AS_OF, *day), environment))
    return "\n".join(["## A day\n", table(cases, cases[0])])
