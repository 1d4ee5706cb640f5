"""Frames written to one Parquet file as they come, while the next ones are made."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

import polars as pl
from polars.io.plugins import register_io_source

from processors import lake
from schemas import Table

WAITING_FRAMES = 2
COMPRESSION_LEVEL = 1  # of zstd: on tables of events as small as its default, in two thirds of the time


class Parquet:
    """A file that is there whole, when the block ends well, or as it was before.

    Errors: what the system says to the writing is raised by the next `write`, or at the end.
    """

    def __init__(self, path: Path, table: type[Table]) -> None:
        self._schema = table.empty().schema
        self._file: AbstractContextManager[Path] = lake.written(path)
        self._frames: queue.Queue[pl.DataFrame | None] = queue.Queue(WAITING_FRAMES)
        self._problem: BaseException | None = None

    def __enter__(self) -> Parquet:
        self._thread = threading.Thread(target=self._sink, args=(self._file.__enter__(),))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._frames.put(None)
        self._thread.join()
        failed = problem or self._problem
        suppressed = self._file.__exit__(type(failed) if failed else None, failed, trace)
        if self._problem and not problem:
            raise self._problem
        return suppressed

    def write(self, frame: pl.DataFrame) -> None:
        """Take the next rows."""
        if self._problem:
            raise self._problem
        self._frames.put(frame)

    def _sink(self, path: Path) -> None:
        rows = register_io_source(self._given, schema=self._schema)
        try:
            rows.sink_parquet(path, compression="zstd", compression_level=COMPRESSION_LEVEL, maintain_order=True)
        except BaseException as problem:  # raised where the rows come from, which is another thread
            self._problem = problem
            for _ in self._given():  # nobody may wait for room
                pass

    def _given(self, *_: object) -> Iterator[pl.DataFrame]:
        while (frame := self._frames.get()) is not None:
            yield frame
