"""How a command that a message names is typed from here, for the workspace that the message is about."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

NAME = "recent-activities"
_NAMED = re.compile(rf"`{NAME} (?P<command>(?:geo )?[a-z]+)(?P<rest>[^`]*)`")
_WITHOUT_WORKSPACE = ("init", "parse")


def program() -> str:
    """The command's name where that is found, else its path."""
    beside = Path(sys.executable).with_name(NAME)
    if shutil.which(NAME) or not beside.exists():
        return NAME
    return shlex.quote(str(short(beside)))


def spelled(text: str, workspace: Path | None) -> str:
    """The text, and in it every command as it is typed. `workspace`: the settings file, where the text is about one."""
    option = f" -w {named(workspace)}" if workspace and not _is_found(workspace) else ""

    def call(match: re.Match[str]) -> str:
        its = "" if match["command"] in _WITHOUT_WORKSPACE else option
        return f"`{program()} {match['command']}{its}{match['rest']}`"

    return _NAMED.sub(call, text)


def named(workspace: Path) -> str:
    """How a settings file is named: by its folder, where it has the usual name there."""
    from processors.settings import DEFAULT_NAME

    return shlex.quote(str(short(workspace.parent if workspace.name == DEFAULT_NAME else workspace)))


def short(path: Path) -> Path:
    """The path from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _is_found(workspace: Path) -> bool:
    """Whether it is found without being named."""
    from processors import settings

    return settings.find() == workspace
