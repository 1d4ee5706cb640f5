"""Landing files → events, quarantine, ledger: every line once, whatever files are called and however often they come.

A source is read under its lock into staging; what is to be done with it there is decided at once (see `decision`).
"""

from __future__ import annotations

import copy
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl

from processors import decision, lake, landing, ledger, parse, pending, slabs, workspace_day
from processors._json import object_of
from processors.content import Content
from processors.decision import Plan
from processors.errors import LandingError
from processors.lines import OUT_OF_RANGE, lines_of, quarantined
from processors.settings import Settings, Source
from schemas import Events, Quarantine

CLOCK_ERROR = timedelta(days=1)
RETENTION_MARGIN = timedelta(days=30)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass
class Result:
    """What a run read. `lines = events + quarantined + skipped`."""

    files: int = 0
    lines: int = 0
    events: int = 0
    quarantined: int = 0
    skipped: int = 0
    late: int = 0
    days: set[date] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __iadd__(self, other: Result) -> Result:
        for name, mine in vars(self).items():
            theirs = getattr(other, name)
            setattr(self, name, mine | theirs if isinstance(mine, set) else mine + theirs)
        return self


def ingest(settings: Settings, source: Source, *, as_of: datetime, progress: Progress | None = None) -> Result:
    """Read what is new of a source into the lake.

    Errors: `LakeError` where the lake cannot be written; what was read so far is then read again by the next run.
    A landing file that cannot be read is one of the result's `problems`, and the others are read.
    """
    with lake.locked(settings.lake, f"source-{source.name}") as staging:
        decision.carry_out(settings.lake, source.name, staging)
        batch = _Batch(settings, source, as_of, staging)
        files, problems = landing.files(settings, source)
        batch.result.problems += [str(problem) for problem in problems]
        if not files and not problems:
            batch.result.warnings.append(f"{source.name}: no file matches {source.files!r}")
        total = sum(file.size_bytes for file in files)
        done = 0
        for file in files:
            batch.read(file)
            done += file.size_bytes
            if progress:
                progress(f"reading {source.name}", done, total)
        batch.judge_again()
        batch.decide()
        decision.carry_out(settings.lake, source.name, staging)
        return batch.result


class _Batch:
    """One run over one source: what it reads goes to staging, what it learns into the ledger's entries."""

    def __init__(self, settings: Settings, source: Source, as_of: datetime, staging: lake.Staging) -> None:
        self.settings, self.source, self.as_of, self.staging = settings, source, as_of, staging
        self.reader = parse.reader(source.format)
        self.entries = ledger.read(settings.lake, source.name)
        self.options = options(settings, source, as_of)
        self.result = Result()
        self.is_changed = False
        self._parts = 0
        self._dates: set[date] = set()

    def read(self, file: landing.File) -> None:
        """Read what is new of one file; one that fails half-way counts as not read at all."""
        if any(entry.path == file.name and entry.file_state == file.state for entry in self.entries):
            return
        before, parts = copy.deepcopy(self.result), self._parts
        try:
            self._read(file)
        except LandingError as problem:
            self.result, self._parts = before, parts
            self.result.problems.append(str(problem))

    def _read(self, file: landing.File) -> None:
        content = Content(file.path)
        is_document = self.reader.is_json and slabs.looks_like_document(content.head())
        known = ledger.recognize(content, ledger.candidates(self.entries, file), is_document=is_document)
        if known and known.offset < known.entry.read_bytes:
            self.result.warnings.append(f"{file.name}: is a copy of the beginning of {known.entry.path}: nothing new")
            return
        if known:
            entry, digest = copy.deepcopy(known.entry), known.digest
        else:
            entry = ledger.Entry(file.stream, file.name, file.state, is_document)
            digest = ledger.Digest(is_document=is_document)
        lines_before = entry.line_count
        self._read_on(entry, file, content, digest)
        entry.is_truncated = content.is_truncated
        if content.is_truncated:
            self.result.warnings.append(
                f"{file.name}: the compressed data breaks off; its {entry.line_count} whole lines are read. "
                "Deliver the whole file again and only the rest will be added"
            )
        if not entry.read_bytes:
            if not file.size_bytes:
                self.result.warnings.append(f"{file.name}: is empty")
            return
        entry.path, entry.file_state, entry.stream = file.name, file.state, file.stream
        entry.read_as_of_time = self.as_of
        self.entries = [other for other in self.entries if not known or other is not known.entry] + [entry]
        self.is_changed = True
        if entry.line_count > lines_before:
            self.result.files += 1
            self._look_at(entry)

    def _look_at(self, entry: ledger.Entry) -> None:
        limit = self.settings.ingest.quarantined_share
        if entry.quarantined_count > limit * entry.line_count:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(entry.reasons.items()))
            self.result.problems.append(
                f"{entry.path}: {entry.quarantined_count / entry.line_count:.0%} of its lines are in quarantine "
                f"({reasons}), and ingest.quarantined_share allows {limit:.0%}. Its source {self.source.name} reads it "
                f"as {self.source.format}; `recent-activities check` names a format that fits better"
            )

    def _read_on(self, entry: ledger.Entry, file: landing.File, content: Content, digest: ledger.Digest) -> None:
        offset = digest.offset
        chunks = digest.through(content.chunks(offset))
        if offset and not content.is_compressed and not entry.is_document and not _ends_line(content, offset):
            chunks = _without_newline(chunks, entry)  # that of a last record that was whole without it

        def is_whole(rest: bytes) -> bool:
            if content.is_truncated:
                return False
            if file.is_rotated or content.is_compressed:
                return True
            return self.reader.is_json and (_is_json(rest) or (entry.is_document and rest.rstrip().endswith(b"]")))

        cut = slabs.slabs(
            chunks,
            at_start=offset == 0,
            is_document=entry.is_document,
            is_whole=is_whole,
        )
        for slab in cut:
            if slab.data:
                self._read_slab(entry, file, slab)
            entry.read_bytes += slab.span
        if digest.offset != entry.read_bytes:
            digest = ledger.digest_of(content, entry.read_bytes, is_document=entry.is_document)
        if digest.offset != entry.read_bytes:
            raise LandingError(file.path, "became shorter while it was read", "Run the same command again")
        digest.note()
        entry.checkpoints = {at: value for at, value in digest.checkpoints.items() if at <= entry.read_bytes}

    def _read_slab(self, entry: ledger.Entry, file: landing.File, slab: slabs.Slab) -> None:
        first = entry.line_count + 1
        parsed = parse.parse(
            lines_of(slab.data, first).lazy(),
            reader=self.reader,
            source=self.source.name,
            file_id=entry.file_id,
            options=self.options,
        ).collect()
        events = parsed.filter(pl.col("quarantine_reason").is_null() & pl.col("skipped").is_null())
        if not entry.file_id:
            entry.file_id = self._new_id(entry, events, slab.data)
        events = events.with_columns(file_id=pl.lit(entry.file_id)).select(Events.column_names())
        rejected = quarantined(
            parsed, slab.data, first, {first: slab.line_bytes} if slab.line_bytes else {}
        ).with_columns(file_id=pl.lit(entry.file_id), source=pl.lit(self.source.name), path=pl.lit(file.name))
        self._count(entry, parsed, events, rejected)
        self._stage(events, rejected.select(Quarantine.column_names()))

    def _stage(self, events: pl.DataFrame, rejected: pl.DataFrame, released: pl.DataFrame | None = None) -> None:
        self._parts += 1  # a part of a file that failed is overwritten by the next, or outnumbered in `decide`
        self._dates |= set(events["event_time"].dt.date().unique())
        decision.stage(self.staging, self._parts, events, rejected, released)

    def _count(self, entry: ledger.Entry, parsed: pl.DataFrame, events: pl.DataFrame, rejected: pl.DataFrame) -> None:
        skipped = Counter(parsed["skipped"].drop_nulls().to_list())
        reasons = Counter(rejected["quarantine_reason"].to_list())
        if parsed.height != events.height + rejected.height + skipped.total():
            raise AssertionError(f"{entry.path}: lines are not conserved")
        zone = self.settings.time_zone
        days = events.group_by(day=workspace_day.column(pl.col("event_time"), zone)).agg(
            pl.len().alias("n"), pl.col("event_time").max().alias("last")
        )
        for day, count, last in days.sort("day").iter_rows():
            is_late = workspace_day.bounds(day, zone)[1] + self.settings.sessions.lateness < self.as_of
            was, was_late, was_last = entry.days.get(day, (0, 0, last))
            entry.days[day] = (was + count, was_late + count * is_late, max(was_last, last))
            self.result.late += count * is_late
            self.result.days.add(day)
        entry.line_count += parsed.height
        entry.event_count += events.height
        entry.quarantined_count += rejected.height
        entry.blank_count += skipped["blank"]
        entry.directive_count += skipped["directive"]
        entry.reasons = dict(Counter(entry.reasons) + reasons)
        self.result += Result(
            lines=parsed.height,
            events=events.height,
            quarantined=rejected.height,
            skipped=skipped.total(),
            reasons=reasons,
        )

    def judge_again(self) -> None:
        """Take from quarantine what was out of range at another `as_of` and is in range at this one.

        So the order of runs does not matter, and a forgotten --as-of is mended by giving it.
        """
        kept = lake.scan(self.settings.lake, Quarantine).filter(
            pl.col("source") == self.source.name,
            pl.col("quarantine_reason") == OUT_OF_RANGE,
            pl.col("event_time").is_between(self.options.earliest, self.options.latest),
        )
        entries = {entry.file_id: entry for entry in self.entries}
        for (file_id,), rows in kept.collect().group_by("file_id", maintain_order=True):
            lines = rows.select("line_number", line=pl.col("raw_bytes").cast(pl.String).str.strip_suffix("\r"))
            events = parse.parse(
                lines.lazy(),
                reader=self.reader,
                source=self.source.name,
                file_id=str(file_id),
                options=self.options,
            ).collect()
            events = events.filter(pl.col("quarantine_reason").is_null(), pl.col("skipped").is_null())
            entry = entries[str(file_id)]
            entry.quarantined_count -= events.height
            entry.line_count -= events.height
            entry.reasons = dict(Counter(entry.reasons) - Counter({OUT_OF_RANGE: events.height}))
            released = rows.select(Quarantine.primary_key()).join(
                events.select(Quarantine.primary_key()), on=Quarantine.primary_key(), how="semi"
            )
            events = events.select(Events.column_names())
            self._count(entry, events.with_columns(skipped=pl.lit(None, pl.String)), events, rows.clear())
            self._stage(events, rows.clear().select(Quarantine.column_names()), released)
            self.is_changed = True

    def _new_id(self, entry: ledger.Entry, events: pl.DataFrame, data: bytes) -> str:
        """Names sort as time does, so that the order of equal instants survives rotation and splitting."""
        first = events["event_time"][0] if events.height else None
        instant = int(first.timestamp()) if first else 0
        line = data.split(b"\n", 1)[0]
        name = f"{_digest(entry.stream.encode())}-{instant:011d}-{_digest(line)}"
        taken = {other.file_id for other in self.entries}
        ordinal = next(n for n in range(1, len(taken) + 2) if (name if n == 1 else f"{name}-{n}") not in taken)
        return name if ordinal == 1 else f"{name}-{ordinal}"

    def decide(self) -> None:
        """Write down what is to be done; from here on it will be done."""
        if self.is_changed:
            login_dates = {day for on in self.result.days for day in pending.touched(self.settings, on)}
            others = [one.name for one in self.settings.sources if one.name != self.source.name]
            entries = [entry for name in others for entry in ledger.read(self.settings.lake, name)]
            with_events = {day for entry in (*entries, *self.entries) for day in entry.days}
            revised = [day for day in login_dates & with_events if self._is_revised(day)]  # no event, no session
            plan = Plan(self.as_of.date(), sorted(self._dates), sorted(revised), self._parts)
            decision.write(self.staging, plan, ledger.frame(self.entries))

    def _is_revised(self, day: date) -> bool:
        return pending.is_revised(self.settings, day, as_of=self.as_of)


def _ends_line(content: Content, offset: int) -> bool:
    return next(content.chunks(offset - 1), b"").startswith(b"\n")


def _without_newline(chunks: Iterator[bytes], entry: ledger.Entry) -> Iterator[bytes]:
    first = next(chunks, b"")
    if first.startswith(b"\n"):
        entry.read_bytes += 1
    yield first.removeprefix(b"\n")
    yield from chunks


def options(settings: Settings, source: Source, as_of: datetime) -> parse.Options:
    """What a source's settings mean to the parser."""
    return parse.Options(
        time_zone=source.time_zone,
        reference_key=reference_key(settings.lake),
        login_requests=source.login_requests,
        logout_requests=source.logout_requests,
        background_paths=source.background_paths,
        application=source.application,
        user=source.user,
        session_reference=source.session_reference,
        earliest=as_of - settings.retention.longest - RETENTION_MARGIN,
        latest=as_of + CLOCK_ERROR,
        trusted_proxies=source.trusted_proxies,
    )


def reference_key(root: lake.Location) -> bytes:
    """The key that digests session references, made at first use."""
    return lake.made_once(root / lake.PRIVATE / "reference.key", secrets.token_bytes(32))


def _is_json(line: bytes) -> bool:
    try:
        return bool(object_of(line.decode()))
    except ValueError:
        return False


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=4).hexdigest()
