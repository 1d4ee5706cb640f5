"""Web servers' lines of JSON → the fields of events."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import polars as pl

from processors import _records, _syslog, _web
from processors._encoded import Columns, Encoded, constant, encoded
from processors._options import Options
from processors._reader import JsonLine
from processors._records import Path
from processors._spans import Spans, spans

_NUMBERS = {"status": r"\A[0-9]{1,3}\z", "size": r"\A(?:[0-9]{1,18}|-)\z"}
_NOTHING = ["", "-"]
_REDACTED = "REDACTED"  # Caddy and Traefik, of headers they keep to themselves: one value for all, so it is none
_PORT = r":[0-9]{1,5}\z"
_ADDRESS_AND_PORT = r"\A([0-9.]+):[0-9]{1,5}\z"


def events(lines: Spans, shape: JsonLine, options: Options) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a line is no event."""
    wanted = {meaning: [_path(path) for path in paths] for meaning, paths in shape.record.items()}
    names = {token: f"asked {token}" for token in (options.user, options.session_reference) if token}
    wanted |= {name: _free(token, wanted.values()) for token, name in names.items()}
    others = [*(_path(path) for path in shape.remarks), *([_path(shape.logger[0])] if shape.logger else [])]
    paths = frozenset(path for some in (*wanted.values(), others) for path in some)
    columns, is_object = _records.read(_written(lines, is_repaired=shape.is_repaired), paths)
    nothing = constant(None, len(lines))
    fields = {name: _first([columns[path] for path in some if path in columns]) for name, some in wanted.items()}
    meant = {name: column.apply(functools.partial(_sound, name)) for name, column in fields.items() if column}
    meant["request"] = _request(meant) or nothing
    has_request = _is_there(meant["request"])
    is_directive = is_object & _is_of_the_server(columns, shape, has_request)
    is_whole = is_object & has_request & _is_there(meant.get("time", nothing)) & ~is_directive
    # what is not there is logged as nothing
    logged = {name: meant.get(name, nothing).map(_logged) for name in (*fields, "request") if name != "client"}
    found = _web.of_fields(logged, is_whole, names, shape, options)
    if "client" in meant:
        found |= _found_clients(found, {name: meant.get(name, nothing).rows() for name in ("peer", "client")}, options)
    why = pl.when(~is_object).then(pl.lit("malformed_json")).when(~is_whole).then(pl.lit("missing_field"))
    reason = pl.select(why.otherwise(found["field_reason"].rows())).to_series()
    return found | {"field_reason": Encoded(reason), "is_directive": Encoded(is_directive)}


def _logged(text: pl.Expr) -> pl.Expr:
    return text.fill_null("")


def _is_there(column: Encoded) -> pl.Series:
    return column.map(pl.Expr.is_not_null).rows()


def _found_clients(found: Columns, fields: dict[str, pl.Series], options: Options) -> Columns:
    """The addresses, where the server found a client past proxies that it trusts; elsewhere our settings say whom."""
    places = (fields["client"].is_not_null() & fields["client"].ne_missing(fields["peer"])).arg_true()
    some = {name: Encoded(fields[name].gather(places)) for name in ("peer", "client")}
    theirs = _web.addresses_of(some, some.__getitem__, options) if len(places) else {}
    return {name: found[name].replaced(places, column) for name, column in theirs.items()}


def _path(dotted: str) -> Path:
    return tuple(dotted.split("."))


def _free(token: str, taken: Iterable[list[Path]]) -> list[Path]:
    """Where a field that is asked for may be: under its name as it is, or in objects; not what holds another field."""
    places = [path for some in taken for path in some]

    def is_apart(path: Path) -> bool:
        return all(other == path or other[: len(path)] != path[: len(other)] for other in places)

    return [path for path in dict.fromkeys([(token,), _path(token)]) if is_apart(path) and _records.is_path(path)]


def _written(lines: Spans, *, is_repaired: bool) -> Spans:
    r"""The lines without syslog's header, a backslash in their text as `\x5c`: as a server that escapes writes it.

    With `is_repaired` that is what `\xHH` means in the text too, which is no JSON: nginx's own escapes, in a template
    that looks like JSON. A quote among them stays one that is escaped.
    """
    some = lines.lengths > 0
    is_usual = bool((lines.data[lines.at[some]] == ord("{")).all() and lines.lengths.all())
    if is_usual and not lines.has_backslashes:
        return lines
    bare = None if is_usual else _syslog.message(lines.text)
    return spans(_escaped(lines.text if bare is None else bare.fill_null(lines.text), is_repaired=is_repaired))


def _escaped(lines: pl.Series, *, is_repaired: bool) -> pl.Series:
    """The lines with the backslashes in their text written so."""
    one = "\\" if is_repaired else r"\\"
    # a run of backslashes begins with one that nothing escapes, so pairs are found where they are
    lines = lines.str.replace_all(r"\\(?:\\|u005[Cc])", f"{one}x5c")
    lines = lines.str.replace_all(r"\u0000", f"{one}x00", literal=True)
    return lines.str.replace_all(r"\\x([0-9A-Fa-f]{2})", r"\\x${1}") if is_repaired else lines


def _first(columns: list[Encoded]) -> Encoded | None:
    """The first that has a value in each row; where none has, the first that is there: `-`, or no text."""
    if len(columns) < 2:
        return columns[0] if columns else None
    some = [column.rows() for column in columns]
    meant = [column.set(column.is_in(_NOTHING), None) for column in some]
    return encoded(pl.select(pl.coalesce(*meant, *some)).to_series())


def _sound(meaning: str, column: pl.Series) -> pl.Series:
    """The column without values that cannot be meant."""
    if meaning in _NUMBERS:
        return column.set(~column.str.contains(_NUMBERS[meaning]), None)
    if meaning == "host":
        return column.str.replace(_PORT, "")
    if meaning == "peer":  # ports make each address another one
        return column.str.replace(_ADDRESS_AND_PORT, "${1}")
    return column.set(column == _REDACTED, None)


def _request(fields: Columns) -> Encoded | None:
    """The request line, of its parts where it is not logged, or is only the target under that name."""
    some = {name: fields[name] for name in ("request", "method", "target") if name in fields}
    if some.keys() <= {"request"}:
        return some.get("request")
    nothing = pl.lit(None, dtype=pl.String)
    rows = pl.DataFrame({name: column.rows() for name, column in some.items()})
    request, method, target = (pl.col(name) if name in some else nothing for name in ("request", "method", "target"))
    is_line = request.is_not_null() & ~request.is_in(_NOTHING) & ~request.str.starts_with("/")
    target = pl.coalesce(pl.when(request.str.starts_with("/")).then(request), target)
    made = pl.concat_str(method, pl.lit(" "), target, pl.lit(" HTTP/1.1"))
    return encoded(
        rows.select(pl.when(is_line).then(request).otherwise(pl.coalesce(made, request, target))).to_series()
    )


def _is_of_the_server(columns: dict[Path, Encoded], shape: JsonLine, has_request: pl.Series) -> pl.Series:
    """Which records are of the server's own log: of another logger, or of none, with a remark and without a request."""
    is_own = pl.Series([False]).new_from_index(0, len(has_request))
    for path in shape.remarks:
        if remark := columns.get(_path(path)):
            is_own |= ~has_request & (remark.rows() != "").fill_null(False)
    if shape.logger:
        path, beginning = shape.logger
        if logger := columns.get(_path(path)):
            is_own = (is_own & ~_is_there(logger)) | (~logger.rows().str.starts_with(beginning)).fill_null(False)
    return is_own
