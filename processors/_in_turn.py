"""Staged parts, each a stretch of time, put together in the order of their rows: each of them is read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from processors._coded_rows import mapped, ordered, read, together
from processors._encoded import Coded
from schemas import Events

TIME, ID = "event_time", "source_event_id"


@dataclass(frozen=True, order=True)
class Part:
    """A staged part, its rows and between which times they are. `is_plain`: none has an id of its own."""

    first: datetime
    last: datetime
    rows: int
    is_plain: bool
    path: Path


def parts(paths: Iterable[Path]) -> list[Part] | None:
    """Those with rows, in the order of time; nothing where an earlier version wrote one of them."""
    import pyarrow.parquet

    found = []
    for path in paths:
        metadata = pyarrow.parquet.read_metadata(path)
        if b"ARROW:schema" in (metadata.metadata or {}):
            return None
        if metadata.num_rows:
            group = metadata.row_group(0)
            time, own = (group.column(metadata.schema.names.index(name)).statistics for name in (TIME, ID))
            found.append(Part(time.min, time.max, metadata.num_rows, own.null_count == metadata.num_rows, path))
    return sorted(found)


def of_day(found: Iterable[Part], day: date) -> list[Part]:
    """Those that may have rows of the day."""
    return [part for part in found if part.first.date() <= day <= part.last.date()]


def most_waiting(found: list[Part]) -> int:
    """So many rows `merged` has to hold at a time, or fewer."""
    most, waiting = 0, list[Part]()
    for part in found:
        waiting = [one for one in waiting if one.last >= _second(part)] + [part]
        most = max(most, sum(one.rows for one in waiting))
    return most


def merged(found: list[Part], day: date, file_ids: Mapping[str, str]) -> Iterator[Coded]:
    """The wanted rows of the day by time and key, each key once; no second is spread over two frames.

    `file_ids` by the tokens of the files under which rows are staged; those of no such token are not wanted.
    """

    def known(token: pl.Expr) -> pl.Expr:
        return token.replace_strict(file_ids, default=None)

    waiting = Coded(Events.empty(), {})
    for part, following in zip_longest(found, found[1:]):
        rows = mapped(read(part.path, Events.empty().schema), "file_id", known)
        time = rows.rows[TIME]
        is_wanted = (time.dt.date() == day) & (rows.rows["file_id"] > 0)
        is_among = time <= waiting.rows[TIME].max() if waiting.rows.height else pl.repeat(False, len(time), eager=True)
        is_sure = time < _second(following) if following else pl.repeat(True, len(time), eager=True)
        among = ordered(rows.filter(is_wanted & is_among))
        among = together([waiting, among]) if waiting.rows.height else among
        is_sure_among = among.rows[TIME] < _second(following) if following else among.rows[TIME].is_not_null()
        for sure in (among.filter(is_sure_among), rows.filter(is_wanted & ~is_among & is_sure)):
            if sure.rows.height:
                yield _in_order(sure)
        waiting = together([among.filter(~is_sure_among), ordered(rows.filter(is_wanted & ~is_among & ~is_sure))])


def _second(part: Part) -> datetime:
    """The second in which it begins."""
    return part.first.replace(microsecond=0)


def _in_order(one: Coded) -> Coded:
    names = one.texts["file_id"]
    rank = np.empty(len(names), np.uint32)
    rank[names.arg_sort().to_numpy()] = np.arange(len(names), dtype=np.uint32)
    rows = one.rows.with_columns(file_rank=rank[one.rows["file_id"]])
    key = [TIME, "file_rank", "line_number"]
    order, is_repeated = _order(*(rows[name].to_physical().to_numpy() for name in key))
    if not order.all():
        rows = rows.sort(key, maintain_order=True)
        is_repeated = _order(*(rows[name].to_physical().to_numpy() for name in key))[1]
    if is_repeated.any():
        rows = rows.filter(pl.Series(np.append(True, ~is_repeated)))
    return Coded(rows.drop("file_rank"), one.texts)


def _order(times: Any, ranks: Any, numbers: Any) -> tuple[Any, Any]:
    """Whether each row but the first comes after the one before it, or has its key; and whether it has its key."""
    time, rank, number = (np.diff(column.astype(np.int64)) for column in (times, ranks, numbers))
    is_after = (time > 0) | ((time == 0) & ((rank > 0) | ((rank == 0) & (number >= 0))))
    return is_after, (rank == 0) & (number == 0)
