"""How the findings of `check` are shown, and the exit code they mean."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from processors import _console
from processors._visible import visible
from processors.check import Finding

_SIGNS = {"ok": "done", "note": "note", "warning": "warning", "problem": "error", "settings": "error"}
EXIT_CODES = {"settings": 2, "problem": 1}


def show(findings: list[Finding], *, as_json: bool) -> int:
    """The exit code; the findings go to stdout."""
    code = max((EXIT_CODES.get(finding.kind, 0) for finding in findings), default=0)
    if as_json:
        _console.write_json({"is_fine": not code, "findings": [asdict(finding) for finding in findings]})
        return code
    console = _console.out()
    for finding in findings:
        sign, style = _console.SIGNS[_SIGNS[finding.kind]]
        where, message, remedy = (
            visible(_console.spelled(text)) for text in (finding.where, finding.message, finding.remedy)
        )
        _console.show(console, Text(sign, style), Text.assemble((where, "bold"), ": ", message))
        for line in finding.excerpt.splitlines():
            console.print(Text(f"  {visible(line)}"), soft_wrap=True)
        if remedy:
            _console.show(console, Text(" "), Text.assemble(("→ ", "cyan"), remedy))
        if finding.feeds:
            _show_feeds(console, finding)
    return code


def _show_feeds(console: Console, finding: Finding) -> None:
    is_counted = any(feed.records is not None for feed in finding.feeds)
    rows = _console.table("  token", "feeds", *["records"] * is_counted, left=("  token", "feeds"))
    for feed in finding.feeds:
        counted = ["" if feed.records is None else f"{feed.records:,}"] * is_counted
        rows.add_row(Text(f"  {visible(feed.token)}"), Text(str(feed), "" if feed.columns else "dim"), *counted)
    _console.show_table(console, rows)
