"""Landing files → events, quarantine, ledger: every line once, whatever files are called and however often they come.

A source is read under its lock into staging; what is to be done with it there is decided at once (see `decision`).
A file is read on where the last run stopped. It is read again from its beginning, and its rows are replaced, where the
source's settings have changed since, where a line taken as its last one goes on, and where it had no line with a time:
so what the tables hold depends on the files and the settings as they are, not on what was run before. For the same
reason a file that another source had read leaves that one in the decision that reads it here (see `moved`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from datetime import date, datetime

import polars as pl

from processors import _globs, decision, lake, landing, ledger, moved, parse, pending, slabs
from processors._json import object_of
from processors._source_options import CLOCK_ERROR, in_range, lost_key, options, reference_key, settings_digest
from processors.content import Content
from processors.decision import Plan
from processors.errors import LandingError
from processors.lake import Staging
from processors.ledger import Entry
from processors.lines import OUT_OF_RANGE
from processors.reading import Parts, Reading, Result
from processors.recognize import Entries, Known
from processors.remarks import counted, remarks, remarks_on_copy, waiting
from processors.settings import Settings, Source
from processors.shortfall import Unread
from schemas import Events, Ledger, Quarantine

__all__ = ["CLOCK_ERROR", "Progress", "Result", "in_range", "ingest", "options", "reference_key", "settings_digest"]

JUDGED_ROWS = 200_000

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def ingest(settings: Settings, source: Source, *, as_of: datetime, progress: Progress | None = None) -> Result:
    """Read what is new of a source into the lake.

    Errors: `LakeError` where the lake cannot be written; what was read so far is then read again by the next run.
    A landing file that cannot be read is one of the result's `problems`, and the others are read.
    """
    decision.finish(settings.lake)
    names = {source.name}
    while True:
        with decision.held(settings.lake, names) as stagings:
            files, problems = landing.files(settings, source)
            entries = ledger.read(settings.lake, source.name)
            others = moved.entries(settings, source, files, entries)
            if others.keys() <= names:
                batch = _Batch(settings, source, as_of, stagings[source.name], files, entries, others, progress)
                for problem in problems:
                    batch.unread.refused(problem)
                    batch.result.problems.append(str(problem))
                if not files and not problems:
                    batch.result.warnings.append(f"{source.name}: no file matches {source.files!r}")
                batch.run()
                batch.unread.note(files, batch.entries)
                return batch.result
        names |= others.keys()


class _Batch:
    """One run over one source: what it reads goes to staging, what it learns into the ledger's entries."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        as_of: datetime,
        staging: Staging,
        files: list[landing.File],
        entries: list[Entry],
        others: dict[str, list[Entry]],
        progress: Progress | None,
    ) -> None:
        self.settings, self.source, self.as_of, self.staging = settings, source, as_of, staging
        self.settings_digest = settings_digest(source)
        self.result = Result(warnings=lost_key(settings.lake))
        self.options = options(settings, source, as_of)
        reader = parse.reader(source.format)
        self.is_json, self.pages = reader.is_json, reader.pages
        self.parts = Parts(settings, source, self.options, as_of, staging)
        self.entries = Entries(entries, files)
        self.others = {name: Entries(theirs, files) for name, theirs in others.items()}
        self.unread = Unread(settings, source)
        self._files, self._progress = files, progress
        self._bytes_done, self._bytes = 0, sum(file.size_bytes for file in files)
        self._before = {entry.file_id: entry for entry in entries}
        self._replaced: dict[str, Entry] = {}
        self._moved: dict[str, list[Entry]] = {}
        self._readings: list[Reading] = []
        self._tokens = self._again = 0
        self._is_changed = False

    def run(self) -> None:
        """Read all files, and do what is to be done with what was read."""
        with self.parts:
            for file in self._files:
                self.read(file)
            self.say("writing", 0, 1)
            self.finish()
        decision.carry_out(self.settings.lake, self.source.name, self.staging)
        self.say("writing", 1, 1)

    def read(self, file: landing.File) -> None:
        """Read what is new of one file; one that fails half-way counts as not read at all."""
        unchanged = self.entries.unchanged(file)
        if not unchanged or unchanged.settings_digest != self.settings_digest:
            try:
                self._read(file)
            except LandingError as problem:
                self.unread.refused(problem)
                self.result.problems.append(str(problem))
        self._bytes_done += file.size_bytes
        self.say("reading", self._bytes_done, self._bytes)

    def say(self, what: str, done: int, total: int) -> None:
        """Tell how much is done of what is being done with the source."""
        if self._progress:
            self._progress(f"{what} {self.source.name}", done, total)

    def _read(self, file: landing.File) -> None:
        content = Content(file.path)
        head = content.head()
        is_document = slabs.holds_records(head, self.pages)
        known, is_copy = self.entries.known(file, content, head, is_document=is_document)
        strays = {
            name: found
            for name, theirs in self.others.items()
            if (found := theirs.known(file, content, head, is_document=is_document)[0])
        }
        longer = [found for found in strays.values() if found.is_shorter]
        if (known and is_copy) or (not known and longer):
            self._pass_over(file, content, known or longer[0], is_ours=known is not None)
            return
        if known:
            self.parts.settle(known.entry)
        again = known is not None and self._is_void(known, content, is_document)
        if known and not again:
            reading, digest = self._reading(known.entry), known.digest
        else:
            reading, digest = self._reading(Entry("", "", "", is_document)), ledger.Digest(is_document=is_document)
            reading.entry.file_id = reading.token
        entry = reading.entry
        entry.stream, entry.path, entry.file_state = file.stream, file.name, file.state
        entry.settings_digest, entry.read_as_of_time = self.settings_digest, self.as_of
        lines_before = reading.line_count
        self._read_on(reading, file, content, digest)
        entry.is_truncated, reading.has_garbage = content.is_truncated, content.has_garbage
        reading.is_of_file, reading.result.files = True, int(reading.line_count > lines_before)
        self._readings.append(reading)
        if known:
            self._forget(known.entry, is_replaced=again)
        if entry.read_bytes:
            self.entries.put(entry)
            self._is_changed = True
            for name, found in strays.items():
                if not found.is_shorter:
                    self.others[name].remove(found.entry)
                    self._moved.setdefault(name, []).append(found.entry)
        elif content.is_truncated:
            self.unread.broke_off_at_once(file.name)

    def _pass_over(self, file: landing.File, content: Content, known: Known, *, is_ours: bool) -> None:
        if known.is_shorter or not any(content.chunks(known.offset)):
            self.result += remarks_on_copy(file.name, known, is_truncated=content.is_truncated)
            if is_ours and content.is_truncated and not self.entries.is_there(known.entry, content, file):
                self.unread.broken_copy(file.name, known.entry)
            elif is_ours:
                self.entries.note_copy(known.entry, file)
                self._is_changed = True

    def _reading(self, entry: Entry) -> Reading:
        self._tokens += 1
        return Reading(str(self._tokens), copy.deepcopy(entry), entry.line_count)

    def _is_void(self, known: Known, content: Content, is_document: bool) -> bool:
        """Whether what was read of the file is not what is read of it now."""
        entry = known.entry
        if entry.settings_digest != self.settings_digest or entry.is_document != is_document:
            return True
        return (entry.is_open_ended or not entry.is_placed) and any(content.chunks(known.offset))

    def _forget(self, entry: Entry, *, is_replaced: bool) -> None:
        self.entries.remove(entry)
        self._is_changed = True
        if is_replaced:
            self._again += entry.settings_digest != self.settings_digest
            if entry.file_id in self._before:
                self._replaced[entry.file_id] = self._before[entry.file_id]

    def _read_on(self, reading: Reading, file: landing.File, content: Content, digest: ledger.Digest) -> None:
        entry = reading.entry

        def is_whole(rest: bytes) -> bool:
            if content.is_truncated:
                return False
            is_closed = file.is_rotated and not content.is_too_short_to_tell
            entry.is_open_ended = is_closed or content.is_compressed or (self.is_json and _is_json(rest, entry))
            if not entry.is_open_ended:
                reading.result.notes.append(waiting(file.name, rest, is_all=not entry.read_bytes))
            return entry.is_open_ended

        cut = slabs.slabs(
            digest.through(content.chunks(digest.offset)),
            at_start=digest.offset == 0,
            is_document=entry.is_document,
            pages=self.pages,
            is_whole=is_whole,
        )
        for slab in cut:
            if slab.data:
                self.parts.add(reading, slab)
            entry.read_bytes += slab.span
            self.say("reading", self._bytes_done + content.position, self._bytes)
        if digest.offset != entry.read_bytes:
            digest = ledger.digest_of(content, entry.read_bytes, is_document=entry.is_document)
        if digest.offset != entry.read_bytes:
            raise LandingError(file.path, "became shorter while it was read", "Run the same command again")
        digest.mark()
        checkpoints = {at: value for at, value in digest.checkpoints.items() if at <= entry.read_bytes}
        entry.checkpoints = checkpoints | {entry.read_bytes: digest.marks[entry.read_bytes]}

    def finish(self) -> None:
        """Count all that was read, and write down what is to be done: from here on it will be done."""
        self.parts.flush()
        self._judge_again()
        bases = {one.token: ledger.id_base(one.entry.stream, one.first_time, one.first_line) for one in self._readings}
        ids = ledger.identified(self.entries, bases)
        for entry in self.entries:
            if entry.file_id in self._before and ids[entry.file_id] != entry.file_id:
                self._stage_again(entry)
        self._tell(ids)
        if not self._is_changed:
            return
        tokens = {one.token: ids[one.entry.file_id] for one in self._readings if one.entry.file_id in ids}
        for entry in self.entries:
            entry.file_id = ids[entry.file_id]
        self.entries.forget_copies()
        login_dates, late_dates = self._login_dates()
        plan = Plan(
            landed_date=self.as_of.date(),
            event_dates=sorted(self.parts.event_dates | _utc_dates(self._gone())),
            login_dates=login_dates,
            late_dates=late_dates,
            parts=self.parts.count,
            file_ids=tokens,
            replaced=sorted(self._replaced),
            moved={name: sorted(entry.file_id for entry in theirs) for name, theirs in self._moved.items()},
        )
        decision.write(self.staging, plan, ledger.frame(list(self.entries)))

    def _judge_again(self) -> None:
        """Take from quarantine what was out of range at another `as_of` and is in range at this one.

        So the order of runs does not matter, and a forgotten --as-of is mended by giving it.
        """
        entries = {one.file_id: one for one in self.entries if one.settings_digest == self.settings_digest}
        kept = lake.scan(self.settings.lake, Quarantine).filter(
            pl.col("source") == self.source.name,
            pl.col("quarantine_reason") == OUT_OF_RANGE,
            pl.col("event_time").is_between(self.options.earliest, self.options.latest),
            pl.col("file_id").is_in(list(entries)),
        )
        for rows in kept.select("file_id", "line_number", "raw_bytes", "header").collect_batches(
            chunk_size=JUDGED_ROWS
        ):
            readings = {one: self._reading(entries[one]) for one in rows["file_id"].unique(maintain_order=True)}
            self.parts.judge(readings, rows)
            for file_id, reading in readings.items():
                self._forget(entries[file_id], is_replaced=False)
                self.entries.put(reading.entry)
                entries[file_id] = reading.entry
            self._readings += readings.values()

    def _stage_again(self, entry: Entry) -> None:
        """Stage the rows that the lake has of a file, because another one takes its id."""
        reading, old = self._reading(entry), self._before[entry.file_id]
        self._readings.append(reading)
        self._replaced[old.file_id] = old
        token, is_its = (
            pl.lit(reading.token).alias("file_id"),
            (pl.col("file_id") == old.file_id) & (pl.col("source") == self.source.name),
        )
        rejected = lake.scan(self.settings.lake, Quarantine).filter(is_its).collect()
        released = decision.released(self.staging.folder, self.parts.count).collect()
        rejected = rejected.join(released, on=Quarantine.primary_key(), how="anti")
        events = lake.scan(self.settings.lake, Events, _utc_dates([old])).filter(is_its)
        for rows in events.collect_batches(chunk_size=JUDGED_ROWS):
            self.parts.stage(rows.with_columns(token), Quarantine.empty())
        self.parts.stage(Events.empty(), rejected.with_columns(token))

    def _login_dates(self) -> tuple[list[date], list[date]]:
        """The days to be computed again, and those to be only if named: near an event that came or went, and not empty.

        A day counts that had events, if all of them went.
        """
        others = [name for name in lake.partitions(self.settings.lake, Ledger) if name != self.source.name]
        entries = [entry for name in others for entry in ledger.read(self.settings.lake, name)]
        entries += [*self.entries, *self._replaced.values()]
        with_events = {day for entry in entries for day in entry.days(self.settings.time_zone)}  # no event, no session
        again, missed = pending.affected(self.settings, self.result.days, as_of=self.as_of)
        return sorted(again & with_events), sorted(missed & with_events)

    def _gone(self) -> list[Entry]:
        """The entries whose rows leave the lake."""
        return [*self._replaced.values(), *(entry for theirs in self._moved.values() for entry in theirs)]

    def _tell(self, ids: dict[str, str]) -> None:
        for reading in self._readings:
            if reading.entry.read_bytes and reading.entry.file_id not in ids:
                continue  # read again in this run
            self.result += reading.result
            if reading.is_of_file:
                self.result += remarks(reading, self.settings, self.source)
        self.result.days |= {day for one in self._gone() for day in one.days(self.settings.time_zone)}
        for name, theirs in sorted(self._moved.items()):
            them = counted(len(theirs), "file that was", "files that were")
            again = f"read as {name} {'is' if len(theirs) == 1 else 'are'} read again, as {self.source.name} alone"
            self.result.notes.append(f"{self.source.name}: {them} {again}")
        changed = f"{self.source.name}: its settings have changed"
        before = [entry for entry in self.entries if entry.settings_digest != self.settings_digest]
        left = sum(_globs.matches(self.source.files, entry.path) for entry in before)
        if self._again:
            self.result.warnings.append(f"{changed}; {counted(self._again, 'file is', 'files are')} read again")
        if left:
            them = counted(left, "file that was read before is", "files that were read before are")
            self.result.warnings.append(f"{changed}, but {them} no longer there: what was read of them stays as it is")


def _utc_dates(entries: Iterable[Entry]) -> set[date]:
    return {start.date() for entry in entries for start in entry.quarter_hours}


def _is_json(rest: bytes, entry: Entry) -> bool:
    """Whether an end without a newline is a record, or ends the document."""
    try:
        return bool(object_of(rest.decode()))
    except ValueError:
        return entry.is_document and rest.rstrip().endswith(b"]")
