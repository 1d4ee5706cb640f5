"""Parts read in turn are what they are when they are merged in stretches of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from processors import _in_turn, decision
from processors._encoded import Coded
from processors.decision import Plan
from processors.lake import Staging
from schemas import Events, Quarantine

DAY = date(2025, 8, 29)
MIDNIGHT = datetime(2025, 8, 29, tzinfo=UTC)
FILE_IDS = {"1": "a-2", "2": "a-1", "3": "a-2"}
"""Of two tokens the same file; of 4 none."""


def events(*rows: tuple[float, str, int]) -> pl.DataFrame:
    """Of seconds after midnight, tokens, and line numbers."""
    seconds, tokens, numbers = zip(*rows, strict=True) if rows else ((), (), ())
    times = [MIDNIGHT + timedelta(seconds=second) for second in seconds]
    texts = {name: pl.lit(name) for name in ("source", "event_class", "outcome", "device", "address_trust")}
    frame = pl.DataFrame({"event_time": times, "file_id": tokens, "line_number": numbers}, schema_overrides=KINDS)
    frame = frame.with_columns(pl.format("/{}", "line_number").alias("http_path"), **texts)
    return pl.concat([Events.empty(), frame], how="diagonal").select(Events.column_names())


KINDS = {name: Events.empty().schema[name] for name in ("event_time", "file_id", "line_number")}


def staged(folder: Path, *parts: pl.DataFrame) -> tuple[list[_in_turn.Part], pl.LazyFrame]:
    """The parts, and what `decision` makes of all of them."""
    for number, part in enumerate(parts, 1):
        decision.stage(Staging(folder, folder), number, Coded(part, {}), Quarantine.empty())
    plan = Plan(DAY, [], [], len(parts), FILE_IDS, [])
    found = _in_turn.parts([folder / f"events-{number:06}.parquet" for number in range(1, len(parts) + 1)])
    assert found is not None
    return found, decision._staged(folder, "events", plan).filter(pl.col("event_time").dt.date() == DAY)


def rows(found: list[_in_turn.Part]) -> pl.DataFrame:
    slices = [one.decoded() for one in _in_turn.merged(_in_turn.of_day(found, DAY), DAY, FILE_IDS)]
    return pl.concat([Events.empty(), *slices])


def test_rows_of_one_second_come_by_file_and_line_whichever_part_they_are_in(tmp_path: Path) -> None:
    found, _ = staged(tmp_path, events((1, "1", 1), (2.5, "1", 3)), events((2.5, "2", 9), (2.5, "1", 2), (2, "4", 1)))
    assert rows(found).select("file_id", "line_number", "http_path").rows() == [
        ("a-2", 1, "/1"),
        ("a-1", 9, "/9"),
        ("a-2", 2, "/2"),
        ("a-2", 3, "/3"),
    ]


def test_a_line_that_is_staged_twice_is_one_row(tmp_path: Path) -> None:
    found, _ = staged(tmp_path, events((1, "1", 1), (2, "1", 2)), events((2, "3", 2), (3, "1", 3)))
    assert rows(found)["line_number"].to_list() == [1, 2, 3]


def test_rows_of_other_days_are_left_out(tmp_path: Path) -> None:
    found, _ = staged(tmp_path, events((-1, "1", 1), (0, "1", 2)), events((86_399.9, "1", 3), (86_400, "1", 4)))
    assert rows(found)["line_number"].to_list() == [2, 3]
    assert [part.rows for part in _in_turn.of_day(found, date(2025, 8, 28))] == [2]


@pytest.mark.parametrize("seed", range(30))
def test_parts_of_any_order_are_merged_as_by_stretches_of_time(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    parts = [
        events(
            *(
                (start + chance.choice([0, 0.5, 1, 1, 2, chance.random() * 9]), chance.choice("1234"), number)
                for number in chance.sample(range(40), chance.randrange(12))
            )
        )
        for start in (chance.randrange(12) for _ in range(6))
    ]
    one_time = pl.concat(parts).unique(["file_id", "line_number"]).with_columns(
        event_time=pl.col("event_time").first().over(pl.col("file_id").replace(FILE_IDS), "line_number")
    )  # fmt: skip
    parts = [one_time.filter(pl.int_range(pl.len()) % 6 == number) for number in range(6)]
    found, new = staged(tmp_path, *parts)
    expected = pl.concat([Events.empty(), *decision._by_stretches(tmp_path / "none", new, [])])
    assert rows(found).equals(expected)


def test_so_many_rows_wait_as_parts_that_reach_into_each_other_have(tmp_path: Path) -> None:
    in_turn, _ = staged(tmp_path, *(events(*((n + s, "1", n) for s in (0, 9.5))) for n in (0, 10, 20)))
    assert _in_turn.most_waiting(in_turn) == 2
    reaching, _ = staged(tmp_path, *(events(*((n + s, "1", n) for s in (0, 10))) for n in (0, 10, 20)))
    assert _in_turn.most_waiting(reaching) == 4


def test_parts_that_an_earlier_version_wrote_are_none(tmp_path: Path) -> None:
    events((1, "1", 1)).write_parquet(tmp_path / "events-000001.parquet", compression="lz4")
    assert _in_turn.parts([tmp_path / "events-000001.parquet"]) is None


def test_records_with_ids_of_their_own_are_not_plain(tmp_path: Path) -> None:
    own = events((1, "1", 1), (2, "1", 2)).with_columns(source_event_id=pl.Series([None, "x"]))
    found, _ = staged(tmp_path, events(), own, events((3, "1", 3)))
    assert [part.is_plain for part in found] == [False, True]
