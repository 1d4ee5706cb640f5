"""What has been read of every landing file: a file is known by its decompressed content, not by its name.

The content is digested at the end of every line (of every object, in a JSON document) of its head, then at every
64 KiB, and where reading stopped.
A file whose content begins with all that was read of another one of its stream is that one, grown; a file that is
the beginning of what was read is a copy, and brings nothing (see `recognize`): that it is one is noted too.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from processors import lake as tables
from processors import workspace_day
from processors.content import HEAD_BYTES, Content
from processors.lines import OUT_OF_RANGE
from schemas import Ledger

STEP_BYTES = 64 << 10
ID_LINES = 1000
"""The first of these with a time tells when a file begins."""

MOST_NAMES, NAME_CHARACTERS = 50, 100

Count = tuple[int, int, datetime]
"""Events, of them those too late to revise a report, time of the last one."""


@dataclass
class Entry:
    """One row of the ledger."""

    stream: str
    path: str
    file_state: str
    is_document: bool
    settings_digest: str = ""
    """What the settings were by which it was read (see `_source_options`)."""
    file_id: str = ""
    is_truncated: bool = False
    is_open_ended: bool = False
    """Whether its last line was read without an end: where more comes, that line was not whole."""
    read_bytes: int = 0
    header: str | None = None
    """The one in effect where reading stopped, where the format has headers."""
    line_count: int = 0
    event_count: int = 0
    quarantined_count: int = 0
    blank_count: int = 0
    directive_count: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    unlisted_actions: dict[str | None, int] = field(default_factory=dict)
    """Events by names that are not in the provider's table: of `MOST_NAMES`, and of all further ones without a name."""
    quarter_hours: dict[datetime, Count] = field(default_factory=dict)
    """By the UTC quarter of an hour in which the events lie: there every zone has its midnights."""
    checkpoints: dict[int, int] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    """By their path, the states of other files that hold only what was read of this one."""
    read_as_of_time: datetime | None = None

    @property
    def known_files(self) -> list[tuple[str, str]]:
        """Path and state of all files that have nothing new."""
        return [*self.copies.items(), (self.path, self.file_state)]

    def count_unlisted(self, action: str, events: int) -> None:
        """Count events of a name that is not in the table."""
        name: str | None = action[:NAME_CHARACTERS]
        if name not in self.unlisted_actions and len(self.unlisted_actions.keys() - {None}) >= MOST_NAMES:
            name = None
        self.unlisted_actions[name] = self.unlisted_actions.get(name, 0) + events

    @property
    def skipped_count(self) -> int:
        """Lines that are neither events nor in quarantine."""
        return self.blank_count + self.directive_count

    @property
    def is_placed(self) -> bool:
        """Whether its id is for good: a line with a time is read, or all the lines that could tell (see `id_base`)."""
        return self.line_count >= ID_LINES or bool(self.event_count or self.reasons.get(OUT_OF_RANGE))

    def days(self, time_zone: str) -> dict[date, Count]:
        """The counts by workspace day."""
        found: dict[date, Count] = {}
        for start, (events, late, last) in sorted(self.quarter_hours.items()):
            day = _day(start, time_zone)
            before, before_late, _ = found.get(day, (0, 0, last))
            found[day] = before + events, before_late + late, last
        return found


class Digest:
    """Digests of content at its checkpoints, fed in order."""

    def __init__(self, *, is_document: bool = False) -> None:
        self.checkpoints: dict[int, int] = {}
        """At places that the content alone names."""
        self.marks: dict[int, int] = {}
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
                self.checkpoints[self.offset] = value(self._hash)
            start = end

    def mark(self) -> None:
        """Note a digest here."""
        self.marks[self.offset] = value(self._hash)


def value(digest: hashlib.blake2b) -> int:
    """A digest so far, as the ledger keeps it."""
    return int.from_bytes(digest.copy().digest(), "big", signed=True)


def digest_of(content: Content, end: int, *, is_document: bool) -> Digest:
    """The digest of the first `end` bytes of the content."""
    digest = Digest(is_document=is_document)
    for chunk in content.chunks():
        digest.feed(chunk[: end - digest.offset])
        if digest.offset >= end:
            break
    digest.mark()
    return digest


def read(lake: tables.Location, source: str, *conditions: pl.Expr) -> list[Entry]:
    """The entries of a source, those that meet the conditions."""
    rows = tables.read_file(tables.file_of(lake, Ledger, source), Ledger)
    return [_entry(row) for row in rows.filter(*conditions).iter_rows(named=True)]


def days(lake: tables.Location, time_zone: str) -> set[date]:
    """The workspace days of which any source, also one that the settings have no more, gave events."""
    names = tables.partitions(lake, Ledger)
    return {day for name in names for entry in read(lake, name) for day in entry.days(time_zone)}


def frame(entries: list[Entry]) -> pl.DataFrame:
    """The entries as rows of the ledger, by `file_id`."""
    rows = [_row(entry) for entry in sorted(entries, key=lambda entry: entry.file_id)]
    return pl.DataFrame(rows, schema=Ledger.empty().schema)


def id_base(stream: str, first_time: datetime | None, first_line: bytes) -> str:
    """The beginning of a file's id. Ids sort as time does: so equal instants keep their order through rotation.

    `first_time` is that of the first of `ID_LINES` lines that has one: once it is there, growth does not change it.
    """
    instant = max(int(first_time.timestamp()), 0) if first_time else 0
    return f"{_digest(stream.encode())}-{instant:011d}-{_digest(first_line)}"


def identified(entries: Iterable[Entry], bases: Mapping[str, str]) -> dict[str, str]:
    """The id that each entry must have, by the one that it has; `bases` of new ones.

    Files of a stream that begin alike are numbered in the order of their contents, not of their arrival.
    """
    groups: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[bases.get(entry.file_id) or "-".join(entry.file_id.split("-")[:3])].append(entry)
    return {
        entry.file_id: f"{base}-{number:03}" if number > 1 else base
        for base, group in groups.items()
        for number, entry in enumerate(sorted(group, key=_content_order) if len(group) > 1 else group, 1)
    }


def _content_order(entry: Entry) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """First by the digests that growth does not move: all but the last, where reading stopped within a line."""
    checkpoints = sorted(entry.checkpoints.items())
    is_moved = entry.is_open_ended or (entry.read_bytes > HEAD_BYTES and entry.read_bytes % STEP_BYTES)
    return checkpoints[:-1] if is_moved else checkpoints, checkpoints


@functools.cache
def _day(quarter_hour: datetime, time_zone: str) -> date:
    return workspace_day.of(quarter_hour, time_zone)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=4).hexdigest()


def _entry(row: dict[str, Any]) -> Entry:
    row["reasons"] = {r["quarantine_reason"]: r["line_count"] for r in row["reasons"]}
    row["quarter_hours"] = {
        q["start_time"]: (q["event_count"], q["late_count"], q["last_event_time"]) for q in row["quarter_hours"]
    }
    # an earlier version noted none
    row["copies"] = {c["path"]: c["file_state"] for c in row.get("copies") or ()}
    row["unlisted_actions"] = {a["event_action"]: a["event_count"] for a in row.get("unlisted_actions") or ()}
    row["checkpoints"] = dict(zip(row.pop("checkpoint_bytes"), row.pop("checkpoint_digests"), strict=True))
    return Entry(**row)


def _row(entry: Entry) -> dict[str, Any]:
    row = dict(vars(entry))
    row["reasons"] = [{"quarantine_reason": k, "line_count": n} for k, n in sorted(entry.reasons.items())]
    row["unlisted_actions"] = [
        {"event_action": action, "event_count": count}
        for action, count in sorted(entry.unlisted_actions.items(), key=lambda one: (one[0] is None, one))
    ]
    row["quarter_hours"] = [
        {"start_time": start, "event_count": events, "late_count": late, "last_event_time": last}
        for start, (events, late, last) in sorted(entry.quarter_hours.items())
    ]
    row["copies"] = [{"path": path, "file_state": state} for path, state in sorted(entry.copies.items())]
    checkpoints = row.pop("checkpoints")
    row["checkpoint_bytes"] = sorted(checkpoints)
    row["checkpoint_digests"] = [checkpoints[offset] for offset in sorted(checkpoints)]
    return row
