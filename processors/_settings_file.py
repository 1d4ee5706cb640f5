"""A settings file as the TOML in it, whatever somebody put in its place."""

from __future__ import annotations

import stat
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from processors.errors import Problem

MOST_BYTES = 1 << 18
_NETWORKS = "networks."
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read(file: Path, *, missing: str, what: str = "a workspace.toml") -> dict[str, Any] | Problem:
    """The TOML of the file, or what stands in the way; `missing` is the remedy where there is no file."""
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):  # opening a pipe waits for a writer that may never come
            kind = _KINDS.get(stat.S_IFMT(about.st_mode), "something else")
            return Problem("file", kind, "a regular file", "Write the settings into a file, and name that")
        if about.st_size > MOST_BYTES:
            size = f"{about.st_size:,} bytes"
            return Problem("file", size, f"no more than {MOST_BYTES:,}", "Name the settings file, not a log")
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES).decode("utf-8-sig")  # Notepad begins its files with a byte order mark
    except FileNotFoundError:
        return Problem("file", "nothing there", what, missing)
    except PermissionError:
        return Problem("file", "no permission to read it", "a readable file", "Let the user who runs this read it")
    except UnicodeDecodeError as problem:
        line = problem.object.count(b"\n", 0, problem.start) + 1
        return Problem("file", f"bytes that are no UTF-8 in line {line}", "UTF-8 text", "Save it in that encoding")
    except OSError as problem:
        return Problem(
            "file", problem.strerror or str(problem), "a readable file", "Name another file, or mend the disk"
        )
    except ValueError as problem:  # a NUL byte in the name
        return Problem("file", str(problem), "the path of a file", "Correct the path")
    return _parsed(text)


def with_line(file: Path, problem: Problem) -> Problem:
    """The problem with the number of its line, where it is of a network: these are many, and look alike."""
    if not problem.where.startswith(_NETWORKS):
        return problem
    network = problem.where.removeprefix(_NETWORKS)
    for number, line in enumerate(file.read_text("utf-8-sig").splitlines(), 1):
        key = line.strip().partition("=")[0].strip().strip("\"'")
        if key and network in (key, f"{key}.kind", f"{key}.label"):
            return replace(problem, where=f"{problem.where} (line {number})")
    return problem


def _parsed(text: str) -> dict[str, Any] | Problem:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        return Problem("file", str(problem), "TOML", "Mend that line")
    except RecursionError:
        return Problem("file", "values nested too deep", "TOML of a few levels", "Remove the brackets inside brackets")
    except ValueError as problem:  # a number of thousands of digits
        return Problem("file", str(problem), "TOML", "Correct that value")
