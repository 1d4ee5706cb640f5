"""What of a source's landing files is not in the tables: no day is silently short of it.

Of a file that gave events the ledger knows it: that it breaks off, or that too many of its lines are in quarantine. The
days of its events fall short of it, until it is read whole. A file that gave none is noted in `unread_files` as it was
when its source was read last. What days it holds nobody knows: every day falls short of it, until it is read or gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl

from processors import lake, landing, ledger
from processors.errors import LandingError
from processors.ledger import Entry
from processors.lines import OUT_OF_RANGE
from processors.publish import folder as publishing
from processors.settings import Settings, Source
from schemas import UnreadFiles

_NOTHING = "breaks off before its first event"


@dataclass(frozen=True)
class Shortfall:
    """A file and the rest of the sentence that says what of it is missing."""

    path: str
    shortfall: str

    def __str__(self) -> str:
        return f"{self.path} {self.shortfall}"

    @property
    def key(self) -> tuple[str, str]:
        """What it is, whatever rotation calls the file today."""
        return landing.stream_of(self.path)[0], self.shortfall


class Noted(NamedTuple):
    """A row of `unread_files`."""

    path: str
    shortfall: str
    file_id: str | None
    file_state: str | None


class Shortfalls:
    """Those of a source."""

    def __init__(self, settings: Settings, source: Source, entries: list[Entry] | None = None) -> None:
        entries = ledger.read(settings.lake, source.name) if entries is None else entries
        unread = [(one.path, one.shortfall, one.file_id) for one in noted(settings, source)]
        self._of_every_day = {Shortfall(path, what) for path, what, file_id in unread if file_id is None}
        self._of_days: dict[date, set[Shortfall]] = {}
        for entry in entries:
            found = {Shortfall(path, what) for path, what, file_id in unread if file_id == entry.file_id}
            found |= {Shortfall(entry.path, what) for what in _of_entry(entry, settings) if entry.event_count}
            for day in entry.days(settings.time_zone) if found else ():
                self._of_days.setdefault(day, set()).update(found)

    def of_day(self, day: date) -> list[Shortfall]:
        """What the day falls short of, by path."""
        return sorted(self._of_every_day | self._of_days.get(day, set()), key=str)


def noted(settings: Settings, source: Source) -> list[Noted]:
    """The files that gave no event, or may have held more than was read of them, when the source was read last."""
    rows = lake.read_file(lake.file_of(settings.lake, UnreadFiles, source.name), UnreadFiles)
    return [Noted(*row) for row in rows.iter_rows()]


class Unread:
    """The files of a source that are there and gave nothing, or may have held more than was read of them."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self._settings, self._source = settings, source
        self._found: dict[str, str] = {}
        self._copies: dict[str, Entry] = {}

    def refused(self, problem: LandingError) -> None:
        """A file, or a folder, cannot be taken."""
        path, root = Path(problem.path), self._settings.root
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(problem.path)
        self._found[name] = f"is not read: it {problem.problem}"

    def broke_off_at_once(self, name: str) -> None:
        """A file breaks off before the end of its first line."""
        self._found[name] = _NOTHING

    def broken_copy(self, name: str, entry: Entry) -> None:
        """A file breaks off and holds only what was read of another one, which is gone."""
        self._found[name] = "breaks off, and the file that it is a copy of is gone"
        self._copies[name] = entry

    def note(self, files: Iterable[landing.File], entries: Iterable[Entry]) -> None:
        """Note them, and those of the files that were read and gave no event, in the place of what was noted before."""
        states = {file.name: file.state for file in files}
        silent = [one for one in entries if not one.event_count and states.get(one.path) == one.file_state]
        found = {entry.path: what for entry in silent for what in _of_entry(entry, self._settings)} | self._found
        ids = {name: entry.file_id for name, entry in self._copies.items()}
        rows = [Noted(path, what, ids.get(path), states.get(path)) for path, what in sorted(found.items())]
        place = lake.file_of(self._settings.lake, UnreadFiles, self._source.name)
        before = lake.read_file(place, UnreadFiles)
        new = pl.DataFrame(rows, schema=before.schema, orient="row")
        if new.equals(before):
            return
        if rows:
            lake.replace(self._settings.lake, UnreadFiles, self._source.name, new)
        else:
            lake.delete(place)


def outdated(settings: Settings) -> dict[date, bool]:
    """Days whose standing report does not name what they fall short of; whether it names files in vain."""
    now = {source.name: Shortfalls(settings, source) for source in settings.sources}
    found: dict[date, bool] = {}
    for day, manifest in publishing.standing(settings.reports):
        for known in manifest["completeness"]["sources"]:
            if known["source"] in now:
                said = {Shortfall(**one).key for one in known.get("shortfalls", ())}  # an earlier version named none
                true = {one.key for one in now[known["source"]].of_day(day)}
                if said != true:
                    found[day] = found.get(day, False) or bool(said - true)
    return found


def _of_entry(entry: Entry, settings: Settings) -> list[str]:
    """What is missing of a file that was read. Lines out of range do not count: each tells which day it is of."""
    out_of_range = entry.reasons.get(OUT_OF_RANGE, 0)
    is_over = entry.quarantined_count - out_of_range > settings.ingest.quarantined_share * entry.line_count
    if entry.event_count:
        share = f"more lines in quarantine than the {settings.ingest.quarantined_share:.0%} that"
        over = f"has {share} ingest.quarantined_share allows"
        return ["breaks off"] * entry.is_truncated + [over] * is_over
    if out_of_range:
        return []
    if entry.is_truncated:
        return [_NOTHING]
    return ["is not read: none of its lines is an event"] * is_over
