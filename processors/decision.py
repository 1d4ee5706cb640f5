"""All or nothing for a run that changes many files: stage, decide, carry out.

`decided.json` in the staging folder is the point of no return. Before it a killed run left nothing; after it the next
run carries out what was decided. Carrying out twice is the same as once.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import chain, pairwise
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from processors import _in_turn, lake, ledger, pending
from processors._encoded import Coded
from processors._listing import listed
from processors._row_groups import row_groups
from processors.errors import DataError
from processors.lake import Location, Staging
from schemas import Events, Ledger, Quarantine

DECIDED, LEDGER = "decided.json", "ledger.parquet"
SLICE_ROWS = 200_000
"""Rows merged at once: a day is merged in stretches of time, so memory does not grow with it."""
WAITING_ROWS = 600_000
"""Rows that may wait for others where parts come in turn, the days of which are new: then nothing is read twice."""

_KEY = ["file_id", "line_number"]
_TIME = pl.col("event_time")


class Plan(msgspec.Struct):
    """What is to be done with the staged parts: into which partitions they go, and which login dates they change.

    They came too late to change `late_dates` by themselves (see `pending`).
    `file_ids` by the tokens under which rows are staged; rows of no such token are not wanted after all. The rows that
    the lake has of the files in `replaced` are dropped, and those of the files in `moved`, by the sources they were of.
    """

    landed_date: date
    event_dates: list[date]
    login_dates: list[date]
    parts: int
    file_ids: dict[str, str]
    replaced: list[str]
    moved: dict[str, list[str]] = {}
    late_dates: list[date] = []
    staged: str = ""
    """The name by which the parts are shared."""


@contextlib.contextmanager
def held(root: Location, sources: Iterable[str]) -> Iterator[dict[str, Staging]]:
    """Hold the pens of the sources, once nothing decided for them waits to be carried out; by source its empty staging.

    In the order of their names, so that two runs never wait for each other.
    """
    names = set(sources)
    while True:
        with contextlib.ExitStack() as pens:
            stagings = {name: pens.enter_context(lake.locked(root, f"source-{name}")) for name in sorted(names)}
            others = {other for name in stagings for other in _decided(root, name, stagings[name]).moved}
            if others <= names:
                for name, staging in stagings.items():
                    carry_out(root, name, staging)
                yield stagings
                return
        names |= others


def finish(root: Location) -> None:
    """Carry out what killed runs had decided, also for sources that the settings no longer have."""
    decided = listed(root / lake.PRIVATE / "staging", f"source-*/{DECIDED}")
    for name in sorted(path.parent.name.removeprefix("source-") for path in decided):
        with held(root, [name]):
            pass


def stage(
    staging: Staging, part: int, events: Coded, quarantined: pl.DataFrame, released: pl.DataFrame | None = None
) -> None:
    """Stage one part: rows for events, rows for quarantine, and keys of rows to be released from quarantine."""
    folder = staging.folder
    keys = quarantined.select(_KEY).clear() if released is None else released.select(_KEY)
    with lake.explained(folder):
        path, schema = folder / f"events-{part:06}.parquet", Events.empty().schema
        with row_groups(path, schema, compression="lz4", statistics=["source_event_id"]) as write:
            write(events)
        quarantined.write_parquet(folder / f"quarantine-{part:06}.parquet", compression="lz4")
        keys.write_parquet(folder / f"released-{part:06}.parquet", compression="lz4")


def write(staging: Staging, plan: Plan, entries: pl.DataFrame) -> None:
    """Decide: the plan and the ledger as it will be."""
    with lake.explained(staging.folder):
        entries.write_parquet(staging.folder / LEDGER)
    plan = msgspec.structs.replace(plan, staged=staging.share())
    lake.put(staging.place / DECIDED, msgspec.json.encode(plan))


def carry_out(root: Location, source: str, staging: Staging) -> None:
    """Carry out what was decided for a source, if anything, and leave its staging empty."""
    decided = staging.place / DECIDED
    if decided.exists():
        plan = _decided(root, source, staging)
        staging.fetch(plan.staged)
        # a run that slept while it wrote its decision: another one took over and cleared away what this is about
        if all(path.exists() for path in _everything(staging.folder, plan)):
            _carry_out(root, source, staging.folder, plan)
        lake.delete(decided)
    staging.clear()


def _decided(root: Location, source: str, staging: Staging) -> Plan:
    """What is decided; an empty plan where nothing is. Errors: `DataError` for what is no decision any more."""
    decided = staging.place / DECIDED
    if not decided.exists():
        return Plan(date.min, [], [], 0, {}, [])
    try:
        return msgspec.json.decode(decided.read_bytes(), type=Plan)
    except ValueError as problem:  # msgspec's own are some
        remedy = (
            f"Restore it from a backup, or delete it and {lake.file_of(root, Ledger, source)} and run again: the "
            "landing files that are still there are read again, and no event is doubled"
        )
        raise DataError(str(decided), f"is damaged: it holds no decision any more ({problem})", remedy) from problem


def _carry_out(root: Location, source: str, staging: Path, plan: Plan) -> None:
    for other, file_ids in plan.moved.items():
        leaving = msgspec.structs.replace(plan, parts=0, file_ids={}, replaced=file_ids)
        _change_events(root, other, staging, leaving)
        _change_quarantine(root, other, staging, leaving)
        _forget(root, other, file_ids)
    if not lake.file_of(root, Ledger, source).exists():  # lost, or never there: every file is read from its beginning
        plan = msgspec.structs.replace(plan, replaced=[*plan.replaced, *plan.file_ids.values()])
    _change_events(root, source, staging, plan)
    _change_quarantine(root, source, staging, plan)
    entries = (staging / LEDGER).read_bytes()
    batch = hashlib.blake2b(entries, digest_size=8).hexdigest()
    pending.add(root, plan.login_dates, f"{source}~{batch}")
    pending.add_late(root, plan.late_dates, f"{source}~{batch}")
    lake.replace(root, Ledger, source, pl.read_parquet(entries))


def _forget(root: Location, source: str, file_ids: list[str]) -> None:
    path = lake.file_of(root, Ledger, source)
    kept = [entry for entry in ledger.read(root, source) if entry.file_id not in file_ids]
    if kept:
        lake.replace(root, Ledger, source, ledger.frame(kept))
    else:
        lake.delete(path)


def _change_events(root: Location, source: str, staging: Path, plan: Plan) -> None:
    parts = _in_turn.parts(_parts(staging, "events", plan))
    for day in plan.event_dates:
        path = lake.file_of(root, Events, day, source)
        of_day = None if parts is None or path.exists() else _in_turn.of_day(parts, day)
        is_in_turn = of_day is not None and all(one.is_plain for one in of_day)
        if of_day is not None and is_in_turn and _in_turn.most_waiting(of_day) <= WAITING_ROWS:
            slices: Iterator[pl.DataFrame | Coded] = _in_turn.merged(of_day, day, plan.file_ids)
        else:
            slices = _by_stretches(path, _staged(staging, "events", plan).filter(_TIME.dt.date() == day), plan.replaced)
        first = next(slices, None)
        if first is None:
            lake.delete(path)
        else:
            lake.replace(root, Events, day, chain([first], slices), bucket=source)


def _by_stretches(path: Location, new: pl.LazyFrame, replaced: list[str]) -> Iterator[pl.DataFrame]:
    """The rows of a day that stay, and the new ones, merged in stretches of time."""
    old = lake.scan_file(path, Events).filter(~pl.col("file_id").is_in(replaced))
    for within in _stretches_of_time(pl.concat([old.select(_TIME), new.select(_TIME)])):
        yield _merged(old.filter(within).collect(), new.filter(within).collect())


def _stretches_of_time(rows: pl.LazyFrame) -> list[pl.Expr]:
    """Conditions that hold for one stretch of time after the other, each of no more rows than a slice has, or a second.

    Of time alone: a record that was delivered twice has one time, and meets itself.
    """
    seconds = rows.group_by(_TIME.dt.truncate("1s")).agg(pl.len()).sort(_TIME).collect(engine="streaming")
    counts = np.cumsum(seconds["len"].to_numpy(), dtype=np.int64)
    edges, place, before = [], 0, 0
    while place < len(counts):
        edges.append(seconds["event_time"][place])
        place = max(place + 1, int(np.searchsorted(counts, before + SLICE_ROWS, side="right")))
        before = int(counts[place - 1])
    return [_TIME.is_between(*pair, closed="left") for pair in pairwise([*edges, datetime.max.replace(tzinfo=UTC)])]


def _merged(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Rows by time and key. A record with an id of its own counts once: the first in that order."""
    rows = pl.concat([old, new]).sort("event_time", *_KEY)
    is_repeated = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in _KEY).fill_null(False)
    own = pl.col("source_event_id")
    return rows.filter(~is_repeated).filter(own.is_null() | own.is_first_distinct())


def released(folder: Path, parts: int) -> pl.LazyFrame:
    """The keys of the rows that the first `parts` parts release from quarantine."""
    paths = [folder / f"released-{part:06}.parquet" for part in range(1, parts + 1)]
    return _scan(paths) if paths else Quarantine.empty().select(_KEY).lazy()


def _change_quarantine(root: Location, source: str, staging: Path, plan: Plan) -> None:
    if not plan.parts and not plan.replaced:
        return
    new = _staged(staging, "quarantine", plan)
    leaving = released(staging, plan.parts)
    is_thinned = bool(plan.replaced) or _height(leaving) > 0
    landed = str(plan.landed_date)
    for day in sorted({landed, *(lake.partitions(root, Quarantine) if is_thinned else [])}):
        path = lake.file_of(root, Quarantine, day, source)
        old = lake.scan_file(path, Quarantine)
        kept = old.filter(~pl.col("file_id").is_in(plan.replaced))
        # a file of an earlier version lacks the columns that came later
        rows = pl.concat([kept, new], how="diagonal") if day == landed else kept
        slices = [rows.filter(within).join(leaving.filter(within), on=_KEY, how="anti") for within in _stretches(rows)]
        height = sum(_height(part) for part in slices)
        if not height:
            lake.delete(path)
        elif day == landed or height != _height(old):
            lake.replace(
                root, Quarantine, day, (part.collect().unique(_KEY).sort(_KEY) for part in slices), bucket=source
            )


def _stretches(rows: pl.LazyFrame) -> Iterator[pl.Expr]:
    """Conditions that hold for one stretch of the rows after the other, in the order of their keys."""
    file_id, line = pl.col("file_id"), pl.col("line_number")
    files = rows.group_by(file_id).agg(pl.len(), line.max()).sort(file_id).collect(engine="streaming")
    together: list[str] = []
    size = 0
    for name, count, last in files.iter_rows():
        if size + count > SLICE_ROWS:
            yield file_id.is_in(together)
            together, size = [], 0
        parts = -(-count // SLICE_ROWS)
        if parts == 1:
            together, size = [*together, name], size + count
            continue
        for start, end in pairwise([last * n // parts for n in range(parts + 1)]):
            yield (file_id == name) & (line > start) & (line <= end)
    yield file_id.is_in(together)


def _height(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _staged(staging: Path, name: str, plan: Plan) -> pl.LazyFrame:
    """The staged rows that are wanted, each with the id of its file."""
    table = Events if name == "events" else Quarantine
    if not (plan.parts and plan.file_ids):  # a file may be known by another name, or hold nothing but white space
        return table.empty().lazy()
    rows = _scan(_parts(staging, name, plan))
    token = pl.col("file_id")
    return rows.filter(token.is_in(list(plan.file_ids))).with_columns(token.replace_strict(plan.file_ids))


def _scan(paths: list[Path]) -> pl.LazyFrame:
    """What they hold, whatever `[…]` and `key=value` may be in the path of the workspace."""
    return pl.scan_parquet(paths, glob=False, hive_partitioning=False)


def _everything(staging: Path, plan: Plan) -> list[Path]:
    parts = [path for name in ("events", "quarantine", "released") for path in _parts(staging, name, plan)]
    return [staging / LEDGER, *parts]


def _parts(staging: Path, name: str, plan: Plan) -> list[Path]:
    return [staging / f"{name}-{part:06}.parquet" for part in range(1, plan.parts + 1)]
