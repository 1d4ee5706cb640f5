"""What the command line shows: data on stdout, all else on stderr, and no text from a log as it came."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from processors import _calls
from processors._visible import visible
from processors.errors import CallError

WIDTH_OF_A_PIPE = 160
PROGRESS_AFTER_S = 2.0
SIGNS = {
    "error": ("✗", "bold red"),
    "warning": ("!", "bold yellow"),
    "note": ("·", "cyan"),
    "done": ("✓", "bold green"),
}

_workspace: Path | None = None

_INVISIBLE_IN_JSON = re.compile(
    r"[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def open_streams() -> None:
    """Nothing: make the standard streams such that what is written to them can neither fail nor go elsewhere.

    Where a caller closed one, the next file that is opened would get its number, and all that is said below Python.
    A letter that the terminal does not have is written as its escape.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:  # else rich would write messages to stdout
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8")
    _reconfigure(errors="backslashreplace")


def stdout() -> TextIO:
    """Where data goes, or `CallError` where the caller closed it."""
    if sys.stdout is None:
        raise CallError("Standard output", "is closed", "Send it into a file or a pipe")
    return sys.stdout


def out() -> Console:
    """Where data goes."""
    return _console(sys.stdout)


def err() -> Console:
    """Where messages go."""
    return _console(sys.stderr)


def _console(stream: Any) -> Console:
    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = shutil.get_terminal_size((WIDTH_OF_A_PIPE, 24)).columns
    return console


def about(workspace: Path | None) -> None:
    """Let commands that messages name from now on be for the workspace of this settings file, if any."""
    global _workspace  # one command has one workspace, and its errors leave by another door than it came in
    _workspace = workspace


def spelled(message: str) -> str:
    """The message, with the commands in it as they are typed."""
    return _calls.spelled(message, _workspace)


def say(kind: str, message: str) -> None:
    """One message on stderr behind its sign: error, warning, note or done."""
    sign, style = SIGNS[kind]
    first, *rest = spelled(message).splitlines() or [""]
    console = err()
    show(console, Text(sign, style), Text(visible(first)))
    for line in rest:
        show(console, Text(" "), Text(visible(line)))


def show(console: Console, sign: Text, body: Text) -> None:
    """A line behind its sign; on a terminal what goes on below it is indented."""
    lines = body.wrap(console, max(console.width - 2, 20)) if console.is_terminal else [body]
    for n, line in enumerate(lines):
        line.rstrip()
        console.print(Text.assemble(sign if n == 0 else " ", " ", line), soft_wrap=True)


def table(*columns: str, left: Iterable[str], wide: str = "") -> Table:
    """An empty table in the one look of them all: numbers to the right, but for the columns on the `left`."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim", show_edge=False)
    for name in columns:
        made.add_column(name, justify="left" if name in left else "right", no_wrap=name != wide, overflow="fold")
    return made


def show_table(console: Console, rows: Table) -> None:
    """The table without the spaces that would fill its last column; a narrow terminal cuts no number short."""
    natural = Measurement.get(console, console.options.update(max_width=1_000), rows).maximum
    width = max(console.width, natural) if all(column.no_wrap for column in rows.columns) else console.width
    for segments in console.render_lines(rows, console.options.update_width(width), pad=False):
        line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
        line.rstrip()
        console.print(line, soft_wrap=True)


def write_json(data: Any) -> None:
    """One JSON document on stdout."""
    write(json_text(data) + "\n")


def json_text(data: Any) -> str:
    """JSON that a terminal shows as it is: what is invisible is written as an escape."""
    text = json.dumps(data, ensure_ascii=False, indent=2, default=_plain)
    return _INVISIBLE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _plain(value: Any) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(value, datetime) else str(value)


def write(text: str) -> None:
    """Text on stdout as it is, in UTF-8; on a terminal, with what is invisible in it written out."""
    stream = stdout()
    if stream.isatty():
        text = "\n".join(visible(line) for line in text.split("\n"))
    _reconfigure(encoding="utf-8", errors="backslashreplace")  # of the names of files, some bytes are no UTF-8
    stream.write(text)
    stream.flush()


def _reconfigure(*, encoding: str | None = None, errors: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=encoding, errors=errors)


def count(number: int, noun: str) -> str:
    """`1 line`, `2 lines`, `1,234 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counts(parts: Iterable[tuple[str, int]]) -> str:
    """`3 malformed_line, 1 nul_bytes`, the most frequent first."""
    return ", ".join(f"{number:,} {name}" for name, number in sorted(parts, key=lambda part: (-part[1], part[0])))


class Bar:
    """A progress bar on a terminal's stderr, for work longer than `PROGRESS_AFTER_S`. Called as `run.Progress` is."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._console = err()
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if not self._console.is_interactive or time.monotonic() - self._began < PROGRESS_AFTER_S:
            return
        if self._bar is None:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
            self._bar = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
            self._bar.start()
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(visible(what), total=total)
        self._bar.update(self._tasks[what], completed=done, total=total)

    def stop(self) -> None:
        """Take the bar off the screen."""
        if self._bar:
            self._bar.stop()


@contextmanager
def progress() -> Iterator[Bar]:
    """A bar for the work inside the block, which Ctrl-C can end."""
    # polars 2.1 makes the system restart what a signal interrupts: Ctrl-C would not end a wait for a lock or a pipe
    signal.siginterrupt(signal.SIGINT, True)
    bar = Bar()
    try:
        yield bar
    finally:
        bar.stop()
