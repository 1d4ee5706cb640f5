"""The examples of the README, carried out: commands with their output, Python blocks without an error."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
_BLOCK = re.compile(r"```(console|python)\n(.*?)```", re.DOTALL)


def carried_out(text: str, folder: Path) -> str:
    """The text with the output that its `console` blocks have when carried out in order, beginning in `folder`.

    Errors: `RuntimeError` for a command or a `python` block that fails.
    """
    place = folder

    def block(match: re.Match[str]) -> str:
        nonlocal place
        kind, body = match.groups()
        if kind == "python":
            _run([sys.executable, "-c", body], place)
            return match.group()
        lines = []
        for command in re.findall(r"^\$ (.*)$", body, re.MULTILINE):
            lines.append(f"$ {command}")
            words = shlex.split(command)
            if words[0] == "cd":
                place /= words[1]
                continue
            output = _run([sys.executable, "-m", "processors", *words[1:]], place)
            lines += [line.rstrip() for line in output.rstrip().splitlines()]
        return "```console\n" + "\n".join(lines) + "\n```"

    return _BLOCK.sub(block, text)


def _run(command: list[str], place: Path) -> str:
    # as on a terminal of eighty columns, but for colours and bars
    terminal = {"COLUMNS": "80", "TERM": "dumb", "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0"}
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **terminal, "PATH": beside, "PYTHONPATH": str(README.parent)}
    environment.pop("RECENT_ACTIVITIES_WORKSPACE", None)
    done = subprocess.run(  # noqa: S603 - the README's own commands
        command, cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command[2:])} ended with {done.returncode}\n{done.stdout}")
    return done.stdout
