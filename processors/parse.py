"""Lines of landing files → events, quarantined lines, skipped lines: one row a line, none lost."""

from __future__ import annotations

import polars as pl

from processors import _sign_in, _web
from processors._encoded import Coded, Encoded, constant, encode
from processors._options import Options
from processors._reader import Reader, UnknownFormat, WebLine, formats, reader
from processors._web import DEFAULT_BACKGROUND_PATHS
from schemas import Events

__all__ = ["DEFAULT_BACKGROUND_PATHS", "Options", "Reader", "UnknownFormat", "formats", "parse", "reader"]

LONGEST_LINE_BYTES = 1_048_576
SCHEMA = {**Events.empty().schema, "quarantine_reason": pl.String, "skipped": pl.String}
_NOTHING = pl.Series([None], dtype=pl.String)


def parse(lines: pl.LazyFrame, *, reader: Reader, source: str, file_id: str, options: Options) -> pl.LazyFrame:
    """One row per line, in order: the columns of Events, then `quarantine_reason` and `skipped`.

    Where both are null the row is an event; elsewhere its other columns mean nothing. Split key: the line.
    `lines` has `line_number` and `line`: text without its line end, one JSON record each, null where not UTF-8.
    """
    return lines.map_batches(
        lambda frame: coded(frame, reader=reader, source=source, file_id=file_id, options=options).decoded(),
        schema=SCHEMA,
    )


def coded(lines: pl.DataFrame, *, reader: Reader, source: str, file_id: str, options: Options) -> Coded:
    """The same at once, with text as codes."""
    shape = reader.shape
    rows = _readable(lines)
    if isinstance(shape, WebLine):
        columns = _web.events(rows, shape, options)
    else:
        columns = _sign_in.events(rows, shape, options)
    time = pl.col("event_time")
    is_out_of_range = (
        (time < options.earliest if options.earliest else pl.lit(False))
        | (time > options.latest if options.latest else pl.lit(False))
    ).fill_null(False)
    reasons = "early_reason", "field_reason", pl.when(is_out_of_range).then(pl.lit("time_out_of_range"))
    names = ("event_time", "field_reason", "is_directive")
    verdict = rows.with_columns(columns[name].rows().alias(name) for name in names).select(
        skipped=pl.when("is_blank").then(pl.lit("blank")).when("is_directive").then(pl.lit("directive")),
        reason=pl.coalesce(*reasons),
    )
    columns |= {
        "source": constant(source, rows.height),
        "file_id": constant(file_id, rows.height),
        "line_number": Encoded(rows["line_number"]),
        "attribution_method": constant("log_user", rows.height).where(columns["user_name"].rows().is_not_null()),
        "quarantine_reason": Encoded(verdict["reason"].zip_with(verdict["skipped"].is_null(), _NOTHING)),
        "skipped": Encoded(verdict["skipped"]),
    }
    return encode({name: columns[name] for name in SCHEMA}, SCHEMA)


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
