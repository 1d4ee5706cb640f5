"""Lines of web servers, of whatever shape → the fields of events."""

from __future__ import annotations

import polars as pl

from processors import _json_lines, _syslog, _w3c, _web
from processors._encoded import Columns
from processors._options import Options
from processors._reader import JsonLine, W3cLine, WebLine
from processors._spans import Spans, spans
from processors._template import Field


def events(lines: Spans, shape: WebLine | JsonLine | W3cLine, options: Options, headers: pl.Series | None) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a line is no event.

    `headers` has for each line the one that it is below, if the format has such lines.
    """
    if isinstance(shape, JsonLine):
        return _json_lines.events(lines, shape, options)
    if isinstance(shape, W3cLine):
        nothing = pl.repeat(None, len(lines), dtype=pl.String, eager=True)
        return _w3c.events(lines.text, nothing if headers is None else headers, shape, options)
    return _of_template(lines, shape, options)


def _of_template(lines: Spans, shape: WebLine, options: Options) -> Columns:
    """The same of lines with a template, each without syslog's header if it has one.

    Not the other way round: with its header a line may fit as well, as combined would take `Aug 29 10:07:12 web1 nginx:
    192.0.2.10 - riya` for a host, an identity and a user. No server begins a line so by itself, but where its format
    begins with the time; or with what a client sent, and then that client wrote all that is left out.
    """
    places = _syslog.suspects(lines)
    if not len(places) or (bare := _syslog.message(lines.some(places))) is None:
        return _web.events(lines, shape, options)
    bare = pl.repeat(None, len(lines), dtype=pl.String, eager=True).scatter(places, bare)
    found = _web.events(spans(bare.fill_null(lines.text)), shape, options)
    first = shape.template[0]
    is_other = bare.is_not_null() & (found["field_reason"].rows() == "malformed_line").fill_null(False)
    if not is_other.any() or (isinstance(first, Field) and first.meaning != "time"):
        return found
    others = is_other.arg_true()
    whole = _web.events(spans(lines.some(others.to_numpy())), shape, options)
    return {name: column.replaced(others, whole[name]) for name, column in found.items()}
