"""How the outcome of `detect` is shown: the evidence on stderr, the lines for the settings on stdout."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from rich.text import Text

from processors import _console
from processors._visible import visible
from processors.candidates import Candidate
from processors.landing import stream_of

SHOWN_VALUE = 60
_COMMON_FOLDERS = {"", "log", "logs", "landing", "var", "tmp", "incoming"}
_KINDS = {"source", "event_action", "outcome", "address_trust", "attribution_method"}  # say nothing about the file


def show(file: Path, found: list[Candidate], *, as_json: bool) -> bool:
    """Whether one format fits, and no other."""
    fitting = [one for one in found if one.fits]
    if as_json:
        _console.write_json(_document(file, found, fitting))
        return len(fitting) == 1
    if not fitting:
        _none(file, found)
    for one in fitting:
        _evidence(one)
    if len(fitting) > 1:
        names = " and ".join(one.format for one in fitting)
        _console.say("error", f"{file}: {names} fit it alike. Which one it is, only its server's settings tell")
    if len(fitting) == 1:
        _console.say("done", f"{file} is {fitting[0].format}. For workspace.toml:")
        _console.write(stanza(file, fitting[0]))
    return len(fitting) == 1


def stanza(file: Path, found: Candidate) -> str:
    """The lines of `workspace.toml` that read such files."""
    stream, _ = stream_of(_below(file))
    lines = [
        "[[sources]]",
        f"name = {_quoted(_name(stream))}",
        f"format = {_quoted(found.format)}",
        f"files = {_quoted(stream + '*')}",
    ]
    if found.needs_time_zone:
        lines.append('time_zone = "UTC"  # its times carry no offset: the zone of the machine that wrote them')
    if "http_method" in found.firsts:
        lines.append('# login_requests = ["POST /login"]')
        lines.append('# logout_requests = ["POST /logout"]')
    return "\n".join(lines) + "\n"


def _below(file: Path) -> str:
    path = Path(os.path.abspath(file))  # noqa: PTH100  # `absolute` leaves .. in it, and links stay what they are called
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else Path("landing", path.name)).as_posix()


def _name(stream: str) -> str:
    path = Path(stream)
    word = path.stem if path.parent.name.lower() in _COMMON_FOLDERS else path.parent.name
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")[:40] or "web"


def _evidence(found: Candidate) -> None:
    outcome = found.outcome
    _console.say(
        "note",
        f"{found.format} ({found.title}) reads {outcome.events:,} of the first "
        f"{_console.count(outcome.lines - outcome.skipped, 'line')}",
    )
    table = _console.table("column", "has it", "first", left=("column", "first"))
    for name, share in found.shares.items():
        if share and name not in _KINDS:
            table.add_row(name, f"{share:.0%}", Text(_shown(found.firsts.get(name, ""))))
    _console.show_table(_console.err(), table)
    if found.needs_date:
        _console.say("note", "its times carry no date: `parse --date` gives it for one file")


def _none(file: Path, found: list[Candidate]) -> None:
    tried = max((one.outcome.lines for one in found), default=0)
    if not tried:
        _console.say("error", f"{file}: is empty, or its first line is too long to judge")
        return
    nearest = min(found, key=lambda one: one.outcome.quarantined_share)
    message = f"{file}: none of the {len(found)} named formats reads its first lines"
    if nearest.outcome.events:
        message += f"; the nearest, {nearest.format}, reads {nearest.outcome.events:,} of {tried:,}"
    _console.say(
        "error",
        f"{message}. If a server's own configuration wrote them, give that as the format: "
        "`nginx:` and its log_format, or `apache:` and its LogFormat. Of any other log of JSON or CSV say what is "
        "where, with `fields:json` or `fields:csv`",
    )


def _document(file: Path, found: list[Candidate], fitting: list[Candidate]) -> dict[str, Any]:
    return {
        "file": str(file),
        "format": fitting[0].format if len(fitting) == 1 else None,
        "stanza": stanza(file, fitting[0]) if len(fitting) == 1 else None,
        "candidates": [
            {
                "format": one.format,
                "fits": one.fits,
                "lines": one.outcome.lines,
                "events": one.outcome.events,
                "quarantined": one.outcome.quarantined,
                "skipped": one.outcome.skipped,
                "needs_time_zone": one.needs_time_zone,
                "needs_date": one.needs_date,
                "columns": {name: round(share, 3) for name, share in one.shares.items() if share},
            }
            for one in found
            if one.outcome.events
        ],
    }


def _shown(value: Any) -> str:
    text = visible(str(value))
    return text if len(text) <= SHOWN_VALUE else text[: SHOWN_VALUE - 1] + "…"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
