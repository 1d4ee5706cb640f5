"""Lines of the W3C extended log format → the fields of events.

Source: https://www.w3.org/TR/WD-logfile. Servers write no quotes: within a value a space is a plus sign or `%20`, so a
line is cut at each separator, and has as many pieces as the `#Fields` line above it has names, or it is malformed.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import polars as pl

from processors import _syslog, _values, _w3c_fields, _web
from processors._encoded import Columns, Encoded, constant, encoded
from processors._options import Options
from processors._reader import W3cLine

_DIRECTIVE = r"\A#(?:Version|Fields|Software|Start-Date|End-Date|Date|Remark): ?"
_NUMBERS = {"status": r"\A(?:[0-9]{1,3}|-)\z", "size": r"\A(?:[0-9]{1,18}|-)\z"}
_DATED = r"\A(?:#|[0-9]{4}-[0-9]{2}-[0-9]{2}[ \t])"
_PORT = r":[0-9]{1,5}\z"


def events(lines: pl.Series, headers: pl.Series, shape: W3cLine, options: Options) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a line is no event.

    `headers` are the `#Fields` lines that each is below; where there is none, `fields` of the options takes its place.
    """
    lines = _bare(lines)
    is_directive = lines.str.contains(_DIRECTIVE).fill_null(False)
    if options.fields:
        headers = headers.fill_null(_w3c_fields.header(options.fields))
    names = {token: f"asked {token}" for token in (options.user, options.session_reference) if token}
    wanted = [*shape.fields.items(), *((token.lower(), name) for token, name in names.items())]
    table = pl.DataFrame({"place": pl.int_range(len(lines), eager=True), "header": headers, "line": lines})
    groups = table.partition_by("header", include_key=False, as_dict=True) or {(None,): table}
    cut = pl.concat([_cut(some, header, wanted, shape) for (header,), some in groups.items()]).sort("place")
    fits = cut["problem"].is_null() & ~is_directive
    meant = {name: cut[name] for name in dict.fromkeys(name for _, name in wanted)}
    meant["time"] = cut.select(pl.concat_str("date", pl.lit(" "), "time", pl.lit("Z"))).to_series()
    for meaning, pattern in _NUMBERS.items():
        fits &= meant[meaning].is_null() | meant[meaning].str.contains(pattern)
    # what is not there is logged as nothing
    fields = {name: _written(_logged(column), name, shape) for name, column in meant.items()}
    found = _web.of_fields(fields, fits, names, shape, options)
    reason = pl.select(pl.coalesce(cut["problem"], found["field_reason"].rows())).to_series()
    return found | {"field_reason": Encoded(reason), "is_directive": Encoded(is_directive)}


def _logged(column: pl.Series) -> Encoded:
    is_absent = column.null_count() == len(column)
    return constant("", len(column)) if is_absent else encoded(column.fill_null(""))


def _bare(lines: pl.Series) -> pl.Series:
    """The lines without syslog's header and byte order mark."""
    is_odd = ~lines.str.contains(_DATED).fill_null(True)
    if not is_odd.any():
        return lines
    odd = lines.set(~is_odd, None)
    bare = _syslog.message(odd)
    odd = odd if bare is None else bare.fill_null(odd)
    return odd.str.strip_prefix("\ufeff").fill_null(lines)


def _cut(lines: pl.DataFrame, header: str | None, wanted: Sequence[tuple[str, str]], shape: W3cLine) -> pl.DataFrame:
    """`place` and `problem` of lines below one header, and their pieces: `date`, `time`, and each wanted meaning.

    Of several names that mean the same the first counts that the header has.
    """
    names = _w3c_fields.names(header) if header is not None else None
    pieces: dict[str, pl.Series] = {}
    if names:
        frame = lines["line"].str.splitn(shape.separator, len(names)).struct.unnest()
        pieces = dict(zip(names, frame, strict=True))
        end = frame.to_series(-1)  # null where there are fewer
        fits = (~end.str.contains(shape.separator, literal=True)).fill_null(False)
        problem = pl.when(~fits).then(pl.lit("malformed_line"))
    else:
        problem = pl.when(True).then(pl.lit("unknown_fields" if header is None else "malformed_fields"))
    columns: dict[str, pl.Series] = {}
    for name, meaning in (("date", "date"), ("time", "time"), *wanted):
        if name in pieces:
            columns.setdefault(meaning, pieces[name])
    nothing = pl.repeat(None, lines.height, dtype=pl.String, eager=True)
    missing = {meaning: nothing for _, meaning in wanted if meaning not in columns}
    missing |= {name: nothing for name in ("date", "time") if name not in columns}
    return lines.select("place", problem=problem).with_columns(**dict(sorted((columns | missing).items())))


def _written(column: Encoded, meaning: str, shape: W3cLine) -> Encoded:
    """The values as a server writes them that escapes, so that one way of reading is enough."""
    if meaning in ("time", "peer", "status", "size"):
        return column
    column = column.map(functools.partial(_escaped, meaning=meaning, shape=shape))
    return column.apply(_values.unescaped) if meaning == "forwarded" else column  # a list, which is cut at its commas


def _escaped(text: pl.Expr, *, meaning: str, shape: W3cLine) -> pl.Expr:
    text = text.str.replace_all("\\", r"\x5c", literal=True)
    if meaning.removeprefix("asked ").lower() in shape.plus_is_space:
        text = text.str.replace_all("+", " ", literal=True)
    if shape.is_percent_encoded and meaning not in ("target", "method"):
        # CloudFront encoded twice in former years (unverified until when): `%2520`, and no `%20` beside it
        is_twice = text.str.contains("%2520", literal=True) & ~text.str.contains("%20", literal=True)
        text = pl.when(is_twice).then(text.str.replace_all("%25", "%", literal=True)).otherwise(text)
        text = text.str.replace_all("%([0-9A-Fa-f]{2})", r"\x${1}")
    return text.str.replace(_PORT, "") if meaning == "host" else text
