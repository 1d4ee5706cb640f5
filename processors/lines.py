"""Bytes of whole lines → a frame the parser reads; what it rejected → rows of quarantine."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from processors.slabs import LINE_BYTES

OUT_OF_RANGE = "time_out_of_range"


def lines_of(data: bytes, first: int) -> pl.DataFrame:
    """The lines as a frame `line_number, line`, numbered from `first`; null where a line is not UTF-8.

    Of a line that is too long only that is kept right: it may be cut in the middle of a character.
    """
    body = data.removesuffix(b"\n")
    try:
        lines = pl.Series("line", [body.decode()]).str.split("\n").explode()
    except UnicodeDecodeError:
        lines = pl.Series("line", [_decoded(line) for line in body.split(b"\n")], dtype=pl.String)
    frame = lines.str.strip_suffix("\r").to_frame()
    return frame.select(pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias("line_number"), "line")


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


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode(errors="replace") if len(line.removesuffix(b"\r")) > LINE_BYTES else None
