"""Bytes of whole lines → the lines the parser reads; what it rejected → rows of quarantine."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from processors import _spans
from processors._spans import Spans, spans
from processors.slabs import LINE_BYTES

OUT_OF_RANGE = "time_out_of_range"


def spans_of(data: bytes, count: int) -> Spans:
    """The lines, of which there are so many, null where one is not UTF-8.

    Of a line that is too long only that is kept right: it may be cut in the middle of a character.
    """
    try:
        if not data.isascii():
            pl.Series([data], dtype=pl.Binary).cast(pl.String)  # four times as fast as to decode it
    except pl.exceptions.ComputeError:
        return spans(_lossy(data))
    return _spans.lines(data, count)


def quarantined(parsed: pl.DataFrame, data: bytes, first: int, line_bytes: Mapping[int, int]) -> pl.DataFrame:
    """The rejected lines: `line_number, quarantine_reason, event_time, line_bytes, raw_bytes`.

    `line_bytes` is what the lines measured of which `data` has only the beginning, by number.
    """
    rejected = parsed.filter(pl.col("quarantine_reason").is_not_null()).select(
        "line_number",
        "quarantine_reason",
        pl.when(pl.col("quarantine_reason") == OUT_OF_RANGE).then("event_time").alias("event_time"),
    )
    if not rejected.height:
        raw: list[bytes] = []
    else:
        lines = data.removesuffix(b"\n").split(b"\n")
        raw = [lines[number - first] for number in rejected["line_number"]]
    measured = [line_bytes.get(number, len(line)) for number, line in zip(rejected["line_number"], raw, strict=True)]
    return rejected.with_columns(
        pl.Series("line_bytes", measured, dtype=pl.Int64),
        pl.Series("raw_bytes", [line[:LINE_BYTES] for line in raw], dtype=pl.Binary),
    )


def _lossy(data: bytes) -> pl.Series:
    """The lines, null where one is not UTF-8."""
    raw = [line.removesuffix(b"\r") for line in data.removesuffix(b"\n").split(b"\n")]
    lines = pl.Series([line.decode(errors="replace") for line in raw], dtype=pl.String)
    is_suspect = lines.str.contains("\ufffd", literal=True) & (pl.Series(map(len, raw)) <= LINE_BYTES)
    wrong = [place for place in is_suspect.arg_true() if not _is_utf8(raw[place])]
    return lines.scatter(wrong, None)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
