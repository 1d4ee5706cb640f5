"""Lines of many files parsed together: a part of the staging for every slab's worth, and what each file counted.

The rows of a reading are staged under its token: which file's they are, is known once every file has been read.
"""

from __future__ import annotations

import functools
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import polars as pl

from processors import _sign_in, decision, headers, parse, workspace_day
from processors._encoded import Coded
from processors._spans import Spans, spans
from processors._visible import shape
from processors.lake import Staging
from processors.ledger import ID_LINES, Entry
from processors.lines import OUT_OF_RANGE, quarantined, spans_of
from processors.settings import Settings, Source
from processors.slabs import LINE_BYTES, SLAB_BYTES, SLAB_LINES, Slab
from schemas import Quarantine

SAMPLE_CHARACTERS = 120
_EVENT = pl.col("quarantine_reason").is_null() & pl.col("skipped").is_null()
_TIME = pl.col("event_time")
_COUNTED = ("file_id", "line_number", "event_time", "event_action", "event_class", "quarantine_reason", "skipped")
MOST_WORKERS = 2
"""Parts parsed at a time: each takes some ten times its size."""


@dataclass
class Result:
    """What a run read. `lines = events + quarantined + skipped`. `file_events`: of its files, ever."""

    files: int = 0
    lines: int = 0
    events: int = 0
    quarantined: int = 0
    skipped: int = 0
    late: int = 0
    file_events: int = 0
    days: set[date] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __iadd__(self, other: Result) -> Result:
        for name, mine in vars(self).items():
            theirs = getattr(other, name)
            setattr(self, name, mine | theirs if isinstance(mine, set) else mine + theirs)
        return self


@dataclass
class Reading:
    """One reading of a file: its entry as it will be, and what of it this reading brought."""

    token: str
    entry: Entry
    line_count: int = 0
    """That of the entry, with the lines that still wait to be parsed."""
    first_line: bytes = b""
    first_time: datetime | None = None
    is_of_file: bool = False
    """Rather than of rows that the lake has already."""
    has_garbage: bool = False
    samples: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By reason, the number and the shape of the first line that is in quarantine for it."""
    result: Result = field(default_factory=Result)


@dataclass(frozen=True)
class _Parsed:
    """What is to be counted of the rows of a part, the days of its events, and what it rejected."""

    rows: pl.DataFrame
    rejected: pl.DataFrame
    event_dates: set[date]


class Parts:
    """What is read, on its way into the staging."""

    def __init__(
        self, settings: Settings, source: Source, options: parse.Options, as_of: datetime, to: Staging
    ) -> None:
        self._settings, self._source, self._options, self._as_of, self._staging = settings, source, options, as_of, to
        self._reader = parse.reader(source.format)
        self._headers = headers.finder(self._reader, options)
        self._waiting: list[tuple[Reading, int, Slab]] = []
        self._bytes = self._lines = 0
        self._pool = ThreadPoolExecutor(MOST_WORKERS)
        self._parsing: deque[tuple[dict[str, Reading], Future[_Parsed]]] = deque()
        self._day = functools.cache(self._day_of)
        self.count = 0
        self.event_dates: set[date] = set()

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *problem: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def add(self, reading: Reading, slab: Slab) -> None:
        """Take the next slab of a file."""
        lines = slab.line_count
        if self._bytes + len(slab.data) > SLAB_BYTES or self._lines + lines > SLAB_LINES:
            self._hand_over()
        if not reading.line_count:
            reading.first_line = slab.data.split(b"\n", 1)[0][:LINE_BYTES]
        self._waiting.append((reading, reading.line_count + 1, slab))
        reading.line_count += lines
        self._bytes, self._lines = self._bytes + len(slab.data), self._lines + lines

    def settle(self, entry: Entry) -> None:
        """Count all that was read of an entry."""
        being_parsed = (reading for readings, _ in self._parsing for reading in readings.values())
        if any(reading.entry is entry for reading in (*(one for one, *_ in self._waiting), *being_parsed)):
            self.flush()

    def flush(self) -> None:
        """Parse, count and stage all that waits."""
        self._hand_over()
        while self._parsing:
            self._take()

    def _hand_over(self) -> None:
        """Have parsed what waits, and take what is parsed where there is more than can be worked on."""
        if not self._waiting:
            return
        waiting, self._waiting, self._bytes, self._lines = self._waiting, [], 0, 0
        self.count += 1
        job = self._pool.submit(self._part, self.count, waiting, _keys(waiting, self._headers))
        self._parsing.append(({reading.token: reading for reading, *_ in waiting}, job))
        if len(self._parsing) > MOST_WORKERS:
            self._take()

    def _take(self) -> None:
        readings, job = self._parsing.popleft()
        done = job.result()
        self.event_dates |= done.event_dates
        self._count(readings, done.rows, done.rejected)

    def _part(self, number: int, waiting: list[tuple[Reading, int, Slab]], keys: pl.DataFrame) -> _Parsed:
        """Slabs parsed and staged."""
        data = b"".join(slab.data if slab.data.endswith(b"\n") else slab.data + b"\n" for *_, slab in waiting)
        parsed = self._parsed(spans_of(data, keys.height), keys["header"])
        rejected = quarantined(parsed.rows, data, 1, _measured(waiting))
        rejected = rejected.with_columns(*keys[rejected["line_number"] - 1], source=pl.lit(self._source.name))
        texts = {name: text for name, text in parsed.texts.items() if name != "file_id"}
        rows = Coded(parsed.rows.with_columns(keys["file_id"], keys["line_number"]), texts)
        events = rows.filter(rows.rows.select(_EVENT).to_series())
        self._stage(number, events, rejected)
        return _Parsed(rows.decoded(_COUNTED), rejected, set(events.rows["event_time"].dt.date().unique()))

    def judge(self, readings: dict[str, Reading], rows: pl.DataFrame) -> None:
        """Make events of rows in quarantine for their time alone, where it is in range now.

        `readings` by the rows' `file_id`.
        """
        line = rows["raw_bytes"].cast(pl.String).str.strip_suffix("\r")
        parsed = self._parsed(spans(line), rows["header"]).decoded()
        released = rows.select(Quarantine.primary_key()).filter(parsed.select(_EVENT).to_series())
        for file_id, count in released.group_by("file_id").len().iter_rows():
            entry = readings[file_id].entry
            entry.quarantined_count -= count
            entry.line_count -= count
            entry.reasons = dict(Counter(entry.reasons) - Counter({OUT_OF_RANGE: count}))
        tokens = {file_id: reading.token for file_id, reading in readings.items()}
        events = parsed.with_columns(rows["file_id"].replace_strict(tokens), rows["line_number"]).filter(_EVENT)
        self._count({reading.token: reading for reading in readings.values()}, events, Quarantine.empty())
        self.stage(events, Quarantine.empty(), released)

    def stage(self, events: pl.DataFrame, rejected: pl.DataFrame, released: pl.DataFrame | None = None) -> None:
        """Stage rows as one part."""
        self.count += 1
        self.event_dates |= set(events["event_time"].dt.date().unique())
        self._stage(self.count, Coded(events, {}), rejected, released)

    def _stage(self, number: int, events: Coded, rejected: pl.DataFrame, released: pl.DataFrame | None = None) -> None:
        decision.stage(self._staging, number, events, rejected.select(Quarantine.column_names()), released)

    def _parsed(self, lines: Spans, above: pl.Series) -> Coded:
        numbers = pl.int_range(1, len(lines) + 1, dtype=pl.Int64, eager=True)
        parsed = parse.coded(
            lines, numbers, above, reader=self._reader, source=self._source.name, file_id="", options=self._options
        )
        if parsed.rows.height != len(lines):
            raise AssertionError(f"{self._source.name}: lines are not conserved")
        return parsed

    def _count(self, readings: dict[str, Reading], parsed: pl.DataFrame, rejected: pl.DataFrame) -> None:
        is_blank, is_directive = (pl.col("skipped") == kind for kind in ("blank", "directive"))
        kinds = parsed.group_by("file_id").agg(
            pl.len(), events=_EVENT.sum(), blank=is_blank.sum(), directive=is_directive.sum()
        )
        for token, lines, events, blank, directive in kinds.iter_rows():
            reading, bad = readings[token], lines - events - blank - directive
            reading.entry.line_count += lines
            reading.entry.event_count += events
            reading.entry.quarantined_count += bad
            reading.entry.blank_count += blank
            reading.entry.directive_count += directive
            reading.result += Result(lines=lines, events=events, quarantined=bad, skipped=blank + directive)
        reasons = rejected.group_by("file_id", "quarantine_reason", maintain_order=True).agg(
            pl.len(), pl.col("line_number").first(), pl.col("raw_bytes").first()
        )
        for token, reason, count, number, raw in reasons.iter_rows():
            entry = readings[token].entry
            entry.reasons[reason] = entry.reasons.get(reason, 0) + count
            readings[token].result.reasons[reason] += count
            readings[token].samples.setdefault(reason, (number, shape(raw, SAMPLE_CHARACTERS)))
        for token, action, count in _sign_in.unlisted(parsed.filter(_EVENT), self._reader.events).iter_rows():
            readings[token].entry.count_unlisted(action, count)
        quarters = (
            parsed.filter(_EVENT)
            .group_by("file_id", start_time=_TIME.dt.truncate("15m"))
            .agg(pl.len(), _TIME.max())
            .sort("start_time")
        )
        for token, start, count, last in quarters.iter_rows():
            reading, (day, is_late) = readings[token], self._day(start)
            before, late, before_last = reading.entry.quarter_hours.get(start, (0, 0, last))
            counted = before + count, late + count * is_late, max(before_last, last)
            reading.entry.quarter_hours[start] = counted
            reading.result.days.add(day)
            reading.result.late += count * is_late
        is_dated = _EVENT | (pl.col("quarantine_reason") == OUT_OF_RANGE)
        firsts = (
            parsed.filter(is_dated, pl.col("line_number") <= ID_LINES)
            .group_by("file_id", maintain_order=True)
            .agg(_TIME.first())
        )
        for token, first in firsts.iter_rows():
            readings[token].first_time = readings[token].first_time or first

    def _day_of(self, instant: datetime) -> tuple[date, bool]:
        """The workspace day, and whether what arrives now comes too late for it."""
        day = workspace_day.of(instant, self._settings.time_zone)
        end = workspace_day.bounds(day, self._settings.time_zone)[1]
        return day, end + self._settings.sessions.lateness < self._as_of


def _keys(waiting: list[tuple[Reading, int, Slab]], find: headers.Runs | None) -> pl.DataFrame:
    """`file_id` (the token), `path`, `line_number` and `header` of every line; entries get the header at their end."""
    rows: list[tuple[str, str, int, int, str | None]] = []
    for reading, first, slab in waiting:
        entry = reading.entry
        runs = find(slab.data, entry.header) if find else [(slab.line_count, None)]
        for count, header in runs:
            rows.append((reading.token, entry.path, first, count, header))
            first += count
        entry.header = runs[-1][1]
    schema = {"file_id": pl.String, "path": pl.String, "first": pl.Int64, "count": pl.Int64, "header": pl.String}
    some = pl.DataFrame(rows, schema=schema, orient="row").filter(pl.col("count") > 0)
    counts = some["count"].to_numpy()
    every = some[np.repeat(np.arange(some.height), counts)]  # copies no text, of which headers may have much
    number = np.arange(every.height) - np.repeat(np.cumsum(counts) - counts, counts) + every["first"].to_numpy()
    return every.select("file_id", "path", pl.Series("line_number", number, pl.Int64), "header")


def _measured(waiting: list[tuple[Reading, int, Slab]]) -> dict[int, int]:
    """How long the lines are that were cut, by their place among all."""
    measured, place = {}, 1
    for *_, slab in waiting:
        if slab.line_bytes is not None:
            measured[place] = slab.line_bytes
        place += slab.line_count
    return measured
