"""Web servers' lines of JSON → the fields of events."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from processors import _records, _syslog, _web
from processors._encoded import Columns, Encoded, encoded
from processors._options import Options
from processors._reader import JsonLine
from processors._records import Path

_NUMBERS = {"status": r"\A[0-9]{1,3}\z", "size": r"\A(?:[0-9]{1,18}|-)\z"}
_NOTHING = ["", "-"]
_REDACTED = "REDACTED"  # Caddy and Traefik, of headers they keep to themselves: one value for all, so it is none
_PORT = r":[0-9]{1,5}\z"
_ADDRESS_AND_PORT = r"\A([0-9.]+):[0-9]{1,5}\z"


def events(lines: pl.Series, shape: JsonLine, options: Options) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a line is no event."""
    wanted = {meaning: [_path(path) for path in paths] for meaning, paths in shape.record.items()}
    names = {token: f"asked {token}" for token in (options.user, options.session_reference) if token}
    wanted |= {name: _free(token, wanted.values()) for token, name in names.items()}
    others = [*(_path(path) for path in shape.remarks), *([_path(shape.logger[0])] if shape.logger else [])]
    paths = frozenset(path for some in (*wanted.values(), others) for path in some)
    columns, is_object = _records.read(_written(lines, is_repaired=shape.is_repaired), paths)
    fields = {meaning: _first([columns[path] for path in some], len(lines)) for meaning, some in wanted.items()}
    fields = {meaning: _sound(meaning, column) for meaning, column in fields.items()}
    fields["request"] = _request(fields)
    is_directive = is_object & _is_of_the_server(columns, shape, fields["request"])
    is_whole = is_object & fields["request"].is_not_null() & fields["time"].is_not_null() & ~is_directive
    # what is not there is logged as nothing
    meant = {name: encoded(column.fill_null("")) for name, column in fields.items() if name != "client"}
    found = _web.of_fields(meant, is_whole, names, shape, options)
    if "client" in fields:
        found |= _found_clients(found, fields, options)
    why = pl.when(~is_object).then(pl.lit("malformed_json")).when(~is_whole).then(pl.lit("missing_field"))
    reason = pl.select(why.otherwise(found["field_reason"].rows())).to_series()
    return found | {"field_reason": Encoded(reason), "is_directive": Encoded(is_directive)}


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


def _written(lines: pl.Series, *, is_repaired: bool) -> pl.Series:
    r"""The lines without syslog's header, a backslash in their text as `\x5c`: as a server that escapes writes it.

    With `is_repaired` that is what `\xHH` means in the text too, which is no JSON: nginx's own escapes, in a template
    that looks like JSON. A quote among them stays one that is escaped.
    """
    if not lines.str.starts_with("{").fill_null(True).all():
        bare = _syslog.message(lines)
        lines = lines if bare is None else bare.fill_null(lines)
    if not lines.str.contains("\\", literal=True).any():
        return lines
    one = "\\" if is_repaired else r"\\"
    # a run of backslashes begins with one that nothing escapes, so pairs are found where they are
    lines = lines.str.replace_all(r"\\(?:\\|u005[Cc])", f"{one}x5c")
    lines = lines.str.replace_all(r"\u0000", f"{one}x00", literal=True)
    return lines.str.replace_all(r"\\x([0-9A-Fa-f]{2})", r"\\x${1}") if is_repaired else lines


def _first(columns: list[pl.Series], count: int) -> pl.Series:
    """The first that has a value in each row; where none has, the first that is there: `-`, or no text."""
    some = [column for column in columns if column.null_count() < len(column)] or columns[:1]
    if len(some) < 2:
        return some[0] if some else pl.repeat(None, count, dtype=pl.String, eager=True)
    meant = [column.set(column.is_in(_NOTHING), None) for column in some]
    return pl.select(pl.coalesce(*meant, *some)).to_series()


def _sound(meaning: str, column: pl.Series) -> pl.Series:
    """The column without values that cannot be meant."""
    if meaning in _NUMBERS:
        return column.set(~column.str.contains(_NUMBERS[meaning]), None)
    if meaning == "host":
        return column.str.replace(_PORT, "")
    if meaning == "peer":  # ports make each address another one
        return column.str.replace(_ADDRESS_AND_PORT, "${1}")
    return column.set(column == _REDACTED, None)


def _request(fields: dict[str, pl.Series]) -> pl.Series:
    """The request line, of its parts where it is not logged, or is only the target under that name."""
    nothing = pl.lit(None, dtype=pl.String)
    request, method, target = (fields.get(name, nothing) for name in ("request", "method", "target"))
    rows = pl.DataFrame({"": pl.int_range(len(fields["time"]), eager=True)})
    rows = rows.select(request=request, method=method, target=target)
    request, method, target = (pl.col(name) for name in ("request", "method", "target"))
    is_line = request.is_not_null() & ~request.is_in(_NOTHING) & ~request.str.starts_with("/")
    target = pl.coalesce(pl.when(request.str.starts_with("/")).then(request), target)
    made = pl.concat_str(method, pl.lit(" "), target, pl.lit(" HTTP/1.1"))
    return rows.select(pl.when(is_line).then(request).otherwise(pl.coalesce(made, request, target))).to_series()


def _is_of_the_server(columns: dict[Path, pl.Series], shape: JsonLine, request: pl.Series) -> pl.Series:
    """Which records are of the server's own log: of another logger, or of none, with a remark and without a request."""
    is_own = pl.Series([False]).new_from_index(0, len(request))
    for path in shape.remarks:
        is_own |= request.is_null() & (columns[_path(path)] != "").fill_null(False)
    if shape.logger:
        path, beginning = shape.logger
        logger = columns[_path(path)]
        is_own = (is_own & logger.is_null()) | (~logger.str.starts_with(beginning)).fill_null(False)
    return is_own
