"""What has been read of every landing file: a file is known by its decompressed content, not by its name.

The content is digested at the end of every line (of every object, in a JSON document) of its first 64 KiB, then at
every 64 KiB, and where reading stopped.
A file whose content begins with all that was read of another one of its stream is that one, grown; a file that is
the beginning of what was read is a copy, and brings nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from processors import lake as tables
from processors.content import Content
from processors.landing import File
from schemas import Ledger

HEAD_BYTES = 64 << 10
STEP_BYTES = 64 << 10


@dataclass
class Entry:
    """One row of the ledger."""

    stream: str
    path: str
    file_state: str
    is_document: bool
    file_id: str = ""
    is_truncated: bool = False
    read_bytes: int = 0
    line_count: int = 0
    event_count: int = 0
    quarantined_count: int = 0
    blank_count: int = 0
    directive_count: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    days: dict[date, tuple[int, int, datetime]] = field(default_factory=dict)
    """Workspace date → events, of them late, time of the last one."""
    checkpoints: dict[int, int] = field(default_factory=dict)
    read_as_of_time: datetime | None = None

    @property
    def skipped_count(self) -> int:
        """Lines that are neither events nor in quarantine."""
        return self.blank_count + self.directive_count


@dataclass(frozen=True)
class Known:
    """What the ledger knows of a file: its entry, and how much of the file is already read."""

    entry: Entry
    offset: int
    digest: Digest


class Digest:
    """Digests of content at its checkpoints, fed in order."""

    def __init__(self, *, is_document: bool = False) -> None:
        self.checkpoints: dict[int, int] = {}
        self._end = re.compile(rb"[\n}]" if is_document else rb"\n")
        self.offset = 0
        self._hash = hashlib.blake2b(digest_size=8)

    def through(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks, each digested as it passes."""
        for chunk in chunks:
            self.feed(chunk)
            yield chunk

    def feed(self, data: bytes) -> None:
        """Take the next bytes, noting a digest at each line end of the head and at each step after it."""
        start = 0
        while start < len(data):
            if self.offset < HEAD_BYTES:
                limit = min(len(data), start + HEAD_BYTES - self.offset)
                found = self._end.search(data, start, limit)
                end, is_checkpoint = (found.end(), True) if found else (limit, False)
            else:
                end = min(len(data), start + STEP_BYTES - self.offset % STEP_BYTES)
                is_checkpoint = (self.offset + end - start) % STEP_BYTES == 0
            self._hash.update(data[start:end])
            self.offset += end - start
            if is_checkpoint:
                self.note()
            start = end

    def note(self) -> None:
        """Note a digest here."""
        self.checkpoints[self.offset] = int.from_bytes(self._hash.copy().digest(), "big", signed=True)


def digest_of(content: Content, end: int, *, is_document: bool) -> Digest:
    """The digest of the first `end` bytes of the content."""
    digest = Digest(is_document=is_document)
    for chunk in content.chunks():
        digest.feed(chunk[: end - digest.offset])
        if digest.offset >= end:
            break
    digest.note()
    return digest


def recognize(content: Content, entries: list[Entry], *, is_document: bool = False) -> Known | None:
    """The entry of the stream whose content this file continues or repeats, the longest of them; else none."""
    rivals = [entry for entry in entries if entry.checkpoints and entry.is_document == is_document]
    if not rivals:
        return None
    wanted = max(entry.read_bytes for entry in rivals)
    digest = Digest(is_document=is_document)
    ends = {entry.read_bytes for entry in rivals}
    for chunk in content.chunks():
        chunk = chunk[: wanted - digest.offset]
        while cuts := [end for end in ends if digest.offset < end < digest.offset + len(chunk)]:
            part = min(cuts) - digest.offset
            digest.feed(chunk[:part])
            digest.note()
            chunk = chunk[part:]
        digest.feed(chunk)
        if digest.offset in ends:
            digest.note()
        rivals = [entry for entry in rivals if _agrees(entry.checkpoints, digest)]
        if not rivals or digest.offset >= wanted:
            break
    known = [entry for entry in rivals if _is_same(entry, digest)]
    if not known:
        return None
    entry = max(known, key=lambda one: (min(one.read_bytes, digest.offset), one.file_id))
    offset = min(entry.read_bytes, digest.offset)
    return Known(
        entry, offset, digest if digest.offset == offset else digest_of(content, offset, is_document=is_document)
    )


def _agrees(theirs: dict[int, int], digest: Digest) -> bool:
    """Whether the content so far has the entry's digest at every checkpoint both have."""
    ours = digest.checkpoints
    return all(ours[offset] == theirs[offset] for offset in ours.keys() & theirs.keys())


def _is_same(entry: Entry, digest: Digest) -> bool:
    ours = digest.checkpoints
    if digest.offset >= entry.read_bytes:
        return ours.get(entry.read_bytes) == entry.checkpoints[entry.read_bytes]
    head = [offset for offset in ours if offset <= HEAD_BYTES]
    return bool(head) and all(entry.checkpoints.get(offset) == ours[offset] for offset in head)


def read(lake: tables.Location, source: str) -> list[Entry]:
    """The entries of a source."""
    rows = tables.read_file(tables.file_of(lake, Ledger, source), Ledger).to_dicts()
    return [_entry(row) for row in rows]


def frame(entries: list[Entry]) -> pl.DataFrame:
    """The entries as rows of the ledger, by `file_id`."""
    rows = [_row(entry) for entry in sorted(entries, key=lambda entry: entry.file_id)]
    return pl.DataFrame(rows, schema=Ledger.create_empty().schema)


def candidates(entries: list[Entry], file: File) -> list[Entry]:
    """The entries a file may continue: those of its stream, and the one it was before somebody renamed it."""
    root = Path(str(file.path).removesuffix(file.name))
    inode = file.state.rsplit(" ", 1)[1]
    return [
        entry
        for entry in entries
        if entry.stream == file.stream
        or (entry.file_state.rsplit(" ", 1)[1] == inode and not (root / entry.path).exists())
    ]


def _entry(row: dict[str, Any]) -> Entry:
    row["reasons"] = {r["quarantine_reason"]: r["line_count"] for r in row["reasons"]}
    row["days"] = {d["workspace_date"]: (d["event_count"], d["late_count"], d["last_event_time"]) for d in row["days"]}
    row["checkpoints"] = dict(zip(row.pop("checkpoint_bytes"), row.pop("checkpoint_digests"), strict=True))
    return Entry(**row)


def _row(entry: Entry) -> dict[str, Any]:
    row = dict(vars(entry))
    row["reasons"] = [{"quarantine_reason": k, "line_count": n} for k, n in sorted(entry.reasons.items())]
    row["days"] = [
        {"workspace_date": day, "event_count": events, "late_count": late, "last_event_time": last}
        for day, (events, late, last) in sorted(entry.days.items())
    ]
    checkpoints = row.pop("checkpoints")
    row["checkpoint_bytes"] = sorted(checkpoints)
    row["checkpoint_digests"] = [checkpoints[offset] for offset in sorted(checkpoints)]
    return row
