"""One file read without a workspace: what becomes of its lines."""

from __future__ import annotations

import os
import secrets
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from processors import _parquet, headers, parse, slabs
from processors import content as contents
from processors._encoded import Coded
from processors._field_map import FieldMap
from processors.content import Content
from processors.errors import LandingError
from processors.lines import quarantined, spans_of
from schemas import Events, Quarantine, Table

SHOWN_REJECTS = 5
SLAB_BYTES = 24 << 20
MOST_WORKERS = 8
"""Slabs parsed at a time: each takes some ten times its size."""
HEAD_LINES = 100


@dataclass(frozen=True)
class Reject:
    """A line that is no event, and why."""

    line_number: int
    reason: str
    raw_bytes: bytes


@dataclass
class Outcome:
    """What became of a file. `lines = events + quarantined + skipped`."""

    file: Path
    lines: int = 0
    events: int = 0
    quarantined: int = 0
    skipped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first_rejects: list[Reject] = field(default_factory=list)
    is_truncated: bool = False
    has_garbage: bool = False

    @property
    def quarantined_share(self) -> float:
        """Quarantined lines by all lines that are not skipped."""
        return self.quarantined / max(self.events + self.quarantined, 1)


class Writer(Protocol):
    """Takes the frames of a file one after the other."""

    def __call__(self, events: Coded, quarantined: pl.DataFrame) -> None: ...


def options(
    *,
    time_zone: str | None = None,
    day: date | None = None,
    fields: str | None = None,
    field_map: FieldMap | None = None,
) -> parse.Options:
    """What the parser needs to know where there are no settings. Session references of two calls never meet."""
    key = secrets.token_bytes(32)
    return parse.Options(reference_key=key, time_zone=time_zone, date=day, fields=fields, field_map=field_map)


def unreadable(files: list[Path]) -> list[LandingError]:
    """The problem of every file that cannot be read."""
    problems = []
    for file in files:
        if file.exists() and not (file.is_file() or file.is_dir()):
            # it is opened more than once, and a pipe gives its beginning only to the first
            problems.append(LandingError(file, "is no regular file", "Write what it gives into a file first"))
            continue
        try:
            Content(file).head()
        except LandingError as problem:
            problems.append(problem)
        except OSError as problem:  # opened, and then the disk refuses
            problems.append(contents.unreadable(file, problem))
    return problems


def read(
    file: Path,
    *,
    reader: parse.Reader,
    options: parse.Options,
    write: Writer | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Outcome:
    """What becomes of a file's lines, read slab by slab. An unfinished last line counts.

    Errors: `LandingError` for a file that cannot be read.
    """
    content = Content(file)
    outcome = Outcome(file)
    is_document = slabs.holds_records(content.head(), reader.pages)
    cut = slabs.slabs(
        content.chunks(at_once=SLAB_BYTES),
        at_start=True,
        is_document=is_document,
        pages=reader.pages,
        is_whole=lambda _: not content.is_truncated,
        slab_bytes=SLAB_BYTES,
    )
    done, header = 0, None
    find = headers.finder(reader, options)
    waiting: deque[tuple[slabs.Slab, Future[_Read]]] = deque()

    def take() -> None:
        nonlocal done
        slab, result = waiting.popleft()
        _count(outcome, result.result(), write)
        done += slab.span
        if progress:  # a compressed file holds more than its size says
            progress(f"reading {file.name}", done, max(file.stat().st_size, done))

    workers = min(_processors(), MOST_WORKERS)
    with ThreadPoolExecutor(workers) as pool:
        for slab in cut:
            waiting.append((slab, pool.submit(_parsed, slab, reader, options, str(file), header)))
            header = find(slab.data, header)[-1][1] if find else None
            if len(waiting) > workers:
                take()
        while waiting:
            take()
    outcome.is_truncated, outcome.has_garbage = content.is_truncated, content.has_garbage
    return outcome


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class _Read:
    """A slab's lines, numbered from 1, and those of them that are rejected."""

    source: str
    parsed: Coded
    rejected: pl.DataFrame


def _parsed(
    slab: slabs.Slab, reader: parse.Reader, options: parse.Options, name: str, header: str | None = None
) -> _Read:
    lines = spans_of(slab.data, slab.line_count)
    numbers = pl.int_range(1, len(lines) + 1, dtype=pl.Int64, eager=True)
    find = headers.finder(reader, options)
    above = headers.column(find(slab.data, header)) if find else None
    parsed = parse.coded(lines, numbers, above, reader=reader, source=reader.name, file_id=name, options=options)
    rejected = quarantined(parsed.rows, slab.data, 1, {1: slab.line_bytes} if slab.line_bytes else {})
    of_rejected = pl.lit(None, dtype=pl.String) if above is None else above.gather(rejected["line_number"] - 1)
    return _Read(reader.name, parsed, rejected.with_columns(header=of_rejected))


def _count(outcome: Outcome, read: _Read, write: Writer | None) -> None:
    number = pl.col("line_number") + outcome.lines
    rows, rejected = read.parsed.rows, read.rejected.with_columns(number)
    outcome.lines += rows.height
    outcome.quarantined += rejected.height
    outcome.skipped += rows.height - rows["skipped"].null_count()
    outcome.events = outcome.lines - outcome.quarantined - outcome.skipped
    outcome.reasons.update(dict(rejected["quarantine_reason"].value_counts().iter_rows()))
    wanted = rejected.select("line_number", "quarantine_reason", "raw_bytes")
    outcome.first_rejects += [Reject(*row) for row in wanted.head(SHOWN_REJECTS - len(outcome.first_rejects)).rows()]
    if write:
        is_event = rows["quarantine_reason"].is_null() & rows["skipped"].is_null()
        events = Coded(rows.with_columns(number), read.parsed.texts)
        name = pl.lit(str(outcome.file))
        rejected = rejected.with_columns(file_id=name, source=pl.lit(read.source), path=name)
        write(events if is_event.all() else events.filter(is_event), rejected)


class Parquet:
    """Writes events and quarantined lines to one Parquet file each, part by part, whole or not at all."""

    def __init__(self, events: Path | None, quarantine: Path | None) -> None:
        wanted: tuple[tuple[Path | None, type[Table]], ...] = ((events, Events), (quarantine, Quarantine))
        self._writers = [_parquet.Parquet(path, table) if path else None for path, table in wanted]
        self._stack = ExitStack()

    def __enter__(self) -> Parquet:
        for writer in filter(None, self._writers):
            self._stack.enter_context(writer)
        return self

    def __exit__(self, *problem: Any) -> bool | None:
        return self._stack.__exit__(*problem)

    def __call__(self, events: Coded, quarantined: pl.DataFrame) -> None:
        for writer, frame in zip(self._writers, (events, Coded(quarantined, {})), strict=True):
            if writer and frame.rows.height:
                writer.write(frame)


def head(file: Path, reader: parse.Reader) -> bytes:
    """The first `HEAD_LINES` lines of a file, cut as the format's files are; a line that goes on is left out."""
    data = Content(file).head()
    is_cut = len(data) >= contents.HEAD_BYTES
    is_document, pages = slabs.holds_records(data, reader.pages), reader.pages
    cut = slabs.slabs(iter([data]), at_start=True, is_document=is_document, pages=pages, is_whole=lambda _: not is_cut)
    lines = b"".join(slab.data for slab in cut).removesuffix(b"\n").split(b"\n")
    return b"\n".join(lines[:HEAD_LINES])


def fit(data: bytes, reader: parse.Reader, options: parse.Options, write: Writer | None = None) -> Outcome:
    """What becomes of a few lines under a format."""
    outcome = Outcome(Path())
    if data:
        _count(outcome, _parsed(slabs.Slab(data, len(data)), reader, options, ""), write)
    return outcome
