"""Frames written to one Parquet file as they come, while the next ones are made."""

from __future__ import annotations

import contextlib
import queue
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from processors import lake
from processors._encoded import Coded
from processors._row_groups import row_groups
from schemas import Table

WAITING_FRAMES = 2


class Parquet:
    """A file that is there whole, when the block ends well, or as it was before.

    Each frame is a row group. Errors: what the system says to the writing is raised by the next `write`, or at the end.
    """

    def __init__(self, path: Path, table: type[Table]) -> None:
        self._schema = table.empty().schema
        self._required = [name for name, column in table.columns().items() if not column.nullable]
        self._file: AbstractContextManager[Path] = lake.written(path)
        self._frames: queue.Queue[Coded | None] = queue.Queue(WAITING_FRAMES)
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Parquet:
        self._written = self._pool.submit(self._sink, self._file.__enter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._put(None)
        self._pool.shutdown()
        failed = problem or self._written.exception()
        suppressed = self._file.__exit__(type(failed) if failed else None, failed, trace)
        if not problem:
            self._written.result()
        return suppressed

    def write(self, frame: Coded) -> None:
        """Take the next rows."""
        self._put(frame)
        if self._written.done():
            self._written.result()

    def _put(self, frame: Coded | None) -> None:
        """Hand over once there is room, unless nobody takes any more."""
        while not self._written.done():
            with contextlib.suppress(queue.Full):
                self._frames.put(frame, timeout=0.1)
                return

    def _sink(self, path: Path) -> None:
        with row_groups(path, self._schema, required=self._required) as write:
            while (frame := self._frames.get()) is not None:
                write(frame)
