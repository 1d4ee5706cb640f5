"""Lines of landing files → events, quarantined lines, skipped lines: one row a line, none lost."""

from __future__ import annotations

import polars as pl

from processors import _fields, _sign_in, _web_lines
from processors._encoded import Coded, Columns, Encoded, constant, encode
from processors._options import Options
from processors._reader import (
    BadFormat,
    FieldRecord,
    Reader,
    SignInRecord,
    UnknownFormat,
    WebLine,
    formats,
    reader,
    servers,
)
from processors._reader import names as format_names
from processors._requests import DEFAULT_BACKGROUND_PATHS
from processors._spans import Spans, spans
from schemas import Events

__all__ = [
    "DEFAULT_BACKGROUND_PATHS",
    "BadFormat",
    "Options",
    "Reader",
    "UnknownFormat",
    "WebLine",
    "format_names",
    "formats",
    "parse",
    "reader",
    "servers",
]

LONGEST_LINE_BYTES = 1_048_576
SCHEMA = pl.Schema({**Events.empty().schema, "quarantine_reason": pl.String(), "skipped": pl.String()})
_NOTHING = pl.Series([None], dtype=pl.String)
_OUT_OF_RANGE, _DIRECTIVE = pl.Series(["time_out_of_range"]), pl.Series(["directive"])


def parse(lines: pl.LazyFrame, *, reader: Reader, source: str, file_id: str, options: Options) -> pl.LazyFrame:
    """One row per line, in order: the columns of Events, then `quarantine_reason` and `skipped`.

    Where both are null the row is an event; elsewhere its other columns mean nothing. Split key: the line.
    `lines` has `line_number` and `line`: text without its line end, one JSON record each, null where not UTF-8. Where
    the format has such lines, `header` is the one that says what the fields are.
    """
    return lines.map_batches(
        lambda frame: coded(
            *(spans(frame["line"]), frame["line_number"], frame.get_column("header", default=None)),
            reader=reader,
            source=source,
            file_id=file_id,
            options=options,
        ).decoded(),
        schema=SCHEMA,
    )


def coded(
    lines: Spans,
    numbers: pl.Series,
    headers: pl.Series | None = None,
    *,
    reader: Reader,
    source: str,
    file_id: str,
    options: Options,
) -> Coded:
    """The same at once of lines, their numbers and headers, with text as codes."""
    shape = reader.shape
    early_reason = _early_reason(lines)
    readable = lines if early_reason is None else lines.where(early_reason.is_null().to_numpy())
    if isinstance(shape, SignInRecord):
        columns = _sign_in.events(readable, shape, options)
    elif isinstance(shape, FieldRecord):
        columns = _fields.events(readable.text, headers, shape, options)
    else:
        columns = _web_lines.events(readable, shape, options, headers=headers)
    reason, skipped = _verdict(lines, early_reason, columns, options)
    count = len(lines)
    columns |= {
        "source": constant(source, count),
        "file_id": constant(file_id, count),
        "line_number": Encoded(numbers),
        "attribution_method": constant("log_user", count).where(columns["user_name"].map(pl.Expr.is_not_null).rows()),
        "quarantine_reason": Encoded(reason),
        "skipped": Encoded(skipped),
    }
    return encode({name: columns[name] for name in SCHEMA}, SCHEMA)


def _early_reason(lines: Spans) -> pl.Series | None:
    """Why a line is not even looked at, if there is any. Nothing long reaches a regular expression."""
    is_usual = not len(lines) or (lines.lengths.min() >= 0 and lines.lengths.max() <= LONGEST_LINE_BYTES)
    if is_usual and not lines.has_zeros:
        return None
    line = lines.text
    return pl.select(
        pl.when(line.str.len_bytes() > LONGEST_LINE_BYTES)
        .then(pl.lit("line_too_long"))
        .when(line.is_null())
        .then(pl.lit("invalid_utf8"))
        .when(line.str.contains("\0", literal=True))
        .then(pl.lit("nul_bytes"))
    ).to_series()


def _verdict(
    lines: Spans, early_reason: pl.Series | None, columns: Columns, options: Options
) -> tuple[pl.Series, pl.Series]:
    """Why a line is no event, and what kind of line it is that is skipped. A blank one is none of any format."""
    time = columns["event_time"].rows()
    reason, is_directive = columns["field_reason"].rows(), columns["is_directive"].rows()
    if early_reason is not None:
        reason = early_reason.zip_with(early_reason.is_not_null(), reason)
    for is_out in (
        time < options.earliest if options.earliest else None,
        time > options.latest if options.latest else None,
    ):
        if is_out is not None and is_out.any():
            reason = _OUT_OF_RANGE.zip_with(is_out.fill_null(False) & reason.is_null(), reason)
    skipped = _NOTHING.new_from_index(0, len(lines))
    if is_directive.any():
        skipped = _DIRECTIVE.zip_with(is_directive, skipped)
    suspects = reason.is_not_null().arg_true()
    if len(suspects):
        suspect = lines.some(suspects.to_numpy())
        is_short = (suspect.str.len_bytes() <= LONGEST_LINE_BYTES).fill_null(False)
        is_blank = suspect.zip_with(is_short, pl.Series(["-"])).str.contains(r"\A[ \t]*\z")
        skipped = skipped.scatter(suspects.filter(is_blank), "blank")
        reason = reason.zip_with(skipped.is_null(), _NOTHING)
    return reason, skipped
