"""Generated events of people at work: sessions with logins, requests that name nobody, polling, logouts, pauses."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from bench._logs import AGENTS, DAY_START
from processors.device import label

PIECE_EVENTS = 2_000_000
EVENTS_PER_SESSION = 25
CLASSES = ("login", "activity", "background", "logout")


def write(folder: Path, events: int, *, users: int) -> None:
    """Nothing: writes so many events of two days as Parquet, in the order of their times. The same every time."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = -(-events // PIECE_EVENTS)
    hours = np.linspace(0, 48 * 3600 * 1_000_000, pieces + 1).astype(np.int64)
    for number in range(pieces):
        first, last = events * number // pieces, events * (number + 1) // pieces
        piece = _piece(last - first, users, int(hours[number]), int(hours[number + 1]), number)
        piece = piece.with_columns(pl.int_range(first + 1, last + 1, dtype=pl.Int64).alias("line_number"))
        piece.write_parquet(folder / f"{number:04}.parquet", compression="zstd", row_group_size=250_000)


def _piece(count: int, users: int, start: int, end: int, seed: int) -> pl.DataFrame:
    """Sessions that begin in a stretch of time, most of which end in it."""
    dice = np.random.default_rng(seed)
    sessions = -(-count // EVENTS_PER_SESSION)
    user = np.repeat(dice.integers(0, users, sessions), EVENTS_PER_SESSION)[:count]
    place = np.tile(np.arange(EVENTS_PER_SESSION), sessions)[:count]
    gap = dice.exponential(np.where(dice.random(count) < 0.03, 2_400e6, 60e6)).astype(np.int64)
    gap[place == 0] = 0
    passed = np.cumsum(gap)
    opened = np.flatnonzero(place == 0)
    passed -= np.repeat(passed[opened], np.diff([*opened, count]))
    time = np.repeat(dice.integers(start, end, sessions), EVENTS_PER_SESSION)[:count] + passed
    is_background = dice.random(count) < 0.1
    kind = np.where(place == 0, 0, np.where(is_background, 2, 1))
    kind[(place == 0) & (dice.random(count) < 0.15)] = 1  # the login was not seen
    kind[(place == EVENTS_PER_SESSION - 1) & (dice.random(count) < 0.4)] = 3
    frame = pl.DataFrame(
        {
            "event_time": DAY_START * 1_000_000 + time,
            "user": user,
            "kind": kind,
            "is_named": (kind != 1) | (dice.random(count) < 0.6),
            "is_away": np.repeat(dice.random(sessions) < 0.1, EVENTS_PER_SESSION)[:count],
        }
    ).sort("event_time", maintain_order=True)
    number = pl.col("user")
    home = pl.format("10.{}.{}.{}", number // 65_536, number // 256 % 256, number % 256)
    frame = frame.select(
        pl.col("event_time").cast(pl.Datetime("us", "UTC")),
        pl.lit("panel").alias("source"),
        pl.lit(pl.Series(CLASSES)).gather("kind").alias("event_class"),
        pl.lit("success").alias("outcome"),
        pl.when("is_named").then(pl.format("user{}@example.com", number)).alias("user_name"),
        pl.lit(None, pl.String).alias("attribution_method"),
        pl.lit(None, pl.String).alias("session_reference"),
        pl.lit(None, pl.String).alias("application"),
        pl.when("is_away").then(pl.lit("198.51.100.7")).otherwise(home).alias("ip_address"),
        pl.lit(pl.Series(AGENTS)).gather((number * 7 + 3) % len(AGENTS)).alias("user_agent"),
        pl.lit("0123456789abcdef" * 2).alias("file_id"),
    )
    return frame.with_columns(label(pl.col("user_agent")).alias("device"))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), users=int(sys.argv[3]))
