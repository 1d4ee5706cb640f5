"""Events a stretch of time after the other, so that memory is that of a stretch."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import polars as pl

_TIME = pl.col("event_time")


def stretches(rows: pl.LazyFrame, most: int) -> list[tuple[pl.Expr, int]]:
    """Conditions that hold for one stretch of time after the other, and how many rows each has: some `most`.

    Whole seconds, so it may be that of one second more. What Parquet knows of its row groups lets it read those of
    the stretch only. Batches of one query that is streamed are not bounded so: where whoever takes them is slower,
    Polars 2.1 reads on, a gigabyte and more.
    """
    seconds = rows.group_by(_TIME.dt.truncate("1s")).len().sort(_TIME).collect(engine="streaming")
    number = (pl.col("len").cum_sum() - 1) // most
    pieces = seconds.group_by(number, maintain_order=True).agg(_TIME.min(), pl.col("len").sum().alias("count"))
    edges = [*pieces["event_time"], datetime.max.replace(tzinfo=UTC)]
    conditions = [_TIME.is_between(*edge, closed="left") for edge in pairwise(edges)]
    return list(zip(conditions, pieces["count"], strict=True))
