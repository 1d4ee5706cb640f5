"""Lines of landing files → events, quarantined lines, skipped lines: one row a line, none lost."""

from __future__ import annotations

import polars as pl

from processors import _sign_in, _web, device
from processors._options import Options
from processors._reader import Reader, UnknownFormat, WebLine, formats, reader
from processors._web import DEFAULT_BACKGROUND_PATHS
from schemas import Events

__all__ = ["DEFAULT_BACKGROUND_PATHS", "Options", "Reader", "UnknownFormat", "formats", "parse", "reader"]

LONGEST_LINE_BYTES = 1_048_576
SCHEMA = Events.empty().schema


def parse(lines: pl.LazyFrame, *, reader: Reader, source: str, file_id: str, options: Options) -> pl.LazyFrame:
    """One row per line, in order: the columns of Events, then `quarantine_reason` and `skipped`.

    Where both are null the row is an event; elsewhere its other columns mean nothing. Split key: the line.
    `lines` has `line_number` and `line`: text without its line end, one JSON record each, null where not UTF-8.
    """
    return lines.map_batches(
        lambda frame: _parsed(frame, reader, source, file_id, options),
        schema={**SCHEMA, "quarantine_reason": pl.String, "skipped": pl.String},
    )


def _parsed(lines: pl.DataFrame, reader: Reader, source: str, file_id: str, options: Options) -> pl.DataFrame:
    shape = reader.shape
    rows = _readable(lines)
    if isinstance(shape, WebLine):
        rows = _web.events(rows, shape, options)
    else:
        found = _sign_in.fields(rows.lazy(), shape, options)
        rows = found.with_columns(device=device.label(pl.col("user_agent"))).collect()
    time = pl.col("event_time")
    is_out_of_range = (
        (time < options.earliest if options.earliest else pl.lit(False))
        | (time > options.latest if options.latest else pl.lit(False))
    ).fill_null(False)
    reasons = "early_reason", "field_reason", pl.when(is_out_of_range).then(pl.lit("time_out_of_range"))
    rows = rows.with_columns(
        source=pl.lit(source),
        file_id=pl.lit(file_id),
        attribution_method=pl.when(pl.col("user_name").is_not_null()).then(pl.lit("log_user")),
        skipped=pl.when("is_blank").then(pl.lit("blank")).when("is_directive").then(pl.lit("directive")),
    )
    return rows.select(
        *(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()),
        quarantine_reason=pl.when(pl.col("skipped").is_null()).then(pl.coalesce(*reasons)),
        skipped="skipped",
    )


def _readable(lines: pl.DataFrame) -> pl.DataFrame:
    """`line_number`, `readable` where a line is worth looking at, else `early_reason` or `is_blank`."""
    line = lines["line"]
    longest = line.str.len_bytes().max()
    may_be_blank = (line == "") | line.str.starts_with(" ") | line.str.starts_with("\t")
    is_odd = may_be_blank.any() or line.null_count() or line.str.contains("\0", literal=True).any()
    if not is_odd and isinstance(longest, int) and longest <= LONGEST_LINE_BYTES:
        nothing = pl.lit(None, dtype=pl.String).alias("early_reason")
        return lines.select("line_number", nothing, pl.lit(False).alias("is_blank"), readable="line")
    rows = lines.select("line_number", "line", early_reason=_early_reason(), is_blank=_is_blank())
    is_readable = pl.col("early_reason").is_null() & ~pl.col("is_blank")
    return rows.select("line_number", "early_reason", "is_blank", readable=pl.when(is_readable).then(pl.col("line")))


def _early_reason() -> pl.Expr:
    """Why a line is not even looked at. Nothing long reaches a regular expression."""
    line = pl.col("line")
    return (
        pl.when(line.str.len_bytes() > LONGEST_LINE_BYTES)
        .then(pl.lit("line_too_long"))
        .when(line.is_null())
        .then(pl.lit("invalid_utf8"))
        .when(line.str.contains("\0", literal=True))
        .then(pl.lit("nul_bytes"))
    )


def _is_blank() -> pl.Expr:
    line = pl.col("line")
    is_short = line.str.len_bytes() <= LONGEST_LINE_BYTES
    return (is_short & line.str.contains(r"\A[ \t]*\z")).fill_null(False)
