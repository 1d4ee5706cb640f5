"""Web-server lines → the fields of events."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from processors import _addresses, _client_hints, _cut, _requests, _times, _values, device
from processors._encoded import Columns, Encoded, constant, encoded
from processors._options import Options
from processors._reader import JsonLine, W3cLine, WebLine
from processors._spans import Spans, spans

_STATUS = pl.col("http_status")


def events(lines: Spans, shape: WebLine, options: Options) -> Columns:
    """The columns of events, `is_directive`, and `field_reason` where a line is no event."""
    asked = [token for token in (options.user, options.session_reference) if token]
    names = {token: name for token in asked if (name := shape.name(token))}
    tokens = frozenset(names.values())
    lines = _escaped(lines, shape)
    fields, fits = _cut.fast(lines, shape.template, tokens)
    if not fits.all():
        places = (~fits).arg_true()
        others, is_other = _cut.exact(lines.some(places.to_numpy()), shape.template, tokens)
        fields = {name: column.replaced(places, others[name]) for name, column in fields.items()}
        fits = fits.scatter(places, is_other.fill_null(False))
    return of_fields(fields, fits, names, shape, options)


def _number(raw: Encoded) -> Encoded:
    return raw.map(_cut.number) if raw.values.dtype == pl.String else raw


def _escaped(lines: Spans, shape: WebLine) -> Spans:
    """The lines as a server writes them that escapes, so that one way of reading is enough."""
    if not shape.is_escaped and lines.has_backslashes:
        lines = spans(lines.text.str.replace_all("\\", r"\x5c", literal=True))
    if shape.is_json_escaped and lines.has_backslashes:
        text = lines.text.str.replace_all("\\\\", r"\x5c", literal=True)
        lines = spans(text.str.replace_all(r"\\u00([0-9A-Fa-f]{2})", r"\x${1}"))
    if shape.is_hash_escaped:
        lines = spans(lines.text.str.replace_all("#([0-9A-F]{2})", r"\x${1}"))
    return lines


def of_fields(
    fields: Columns,
    fits: pl.Series,
    names: Mapping[str, str],
    shape: WebLine | JsonLine | W3cLine,
    options: Options,
) -> Columns:
    """The same of the fields; where a line does not fit they mean nothing."""
    count = len(fits)
    missing = constant(None, count)

    def field(name: str | None) -> Encoded:
        return fields.get(name, missing) if name else missing

    read_time = functools.partial(_times.read, shape=shape.time, time_zone=options.time_zone, day=options.date)
    time = field("time").fields(read_time)
    request = _requests.read(_unescaped(_request(fields, field)), options)
    query = _query(request, field("query")) if options.query_strings else missing
    user = field(names.get(options.user) if options.user else "user")
    # without a status nobody knows whether the name is only claimed
    named = (user if "status" in fields else missing).apply(_values.text)
    reference = field(names.get(options.session_reference or "")).apply(_values.text)
    agent = field("agent").apply(_values.text)
    # not strict: values that only lines have that do not fit are here as well
    status = field("status").map(lambda raw: raw.cast(pl.Int16, strict=False)).rows()
    event_class, outcome = _meaning(status, request["traits"].rows(), named.map(pl.Expr.is_not_null).rows())
    reason = time["field_reason"].rows()
    if not fits.all():
        reason = reason.zip_with(fits, pl.Series(["malformed_line"]))
    return {
        "event_time": time["event_time"],
        "event_class": event_class,
        "event_action": constant("request", count),
        "outcome": outcome,
        # Apache: the user "may be bogus if return status is 401"
        "user_name": named.where(status.ne_missing(401)),
        "session_reference": reference.map(lambda value: _values.digest(value, options.reference_key)),
        "application": field("host").apply(_values.text),
        **addresses_of(fields, field, options),
        "user_agent": agent,
        "device": _client_hints.refined(agent.map(device.label), field("platform_version"), field("platform")),
        "http_method": request["http_method"],
        "http_path": request["http_path"],
        "http_query": query,
        "http_status": Encoded(status),
        "response_bytes": _number(field("size")),
        "referrer": field("referrer").apply(_values.referrer),
        "source_event_id": missing,
        "is_directive": Encoded(pl.repeat(False, count, eager=True)),
        "field_reason": Encoded(reason),
    }


def _request(fields: Columns, field: Callable[[str], Encoded]) -> Encoded:
    """The request line; of a format that logs its parts, the line that they make."""
    if "request" in fields or "method" not in fields:
        return field("request")
    target = "target" if "target" in fields else "path"
    method, path = field("method").rows(), field(target).rows()
    return encoded(pl.select(pl.concat_str(method, pl.lit(" "), path, pl.lit(" HTTP/1.1"))).to_series())


def _unescaped(column: Encoded) -> Encoded:
    is_plain = column.found is not None and not column.found.has_backslashes
    return column if is_plain else column.apply(_values.unescaped)


def _query(request: Columns, logged: Encoded) -> Encoded:
    """The query of each request, or what is logged as such by itself."""
    asked, apart = request["http_query"].apply(_values.query), logged.apply(_values.text).apply(_values.query)
    return Encoded(pl.select(pl.coalesce(asked.rows(), apart.rows())).to_series())


def addresses_of(fields: Columns, field: Callable[[str], Encoded], options: Options) -> Columns:
    """Who connected, whose address it is, and who says so."""
    peer = field("peer").map(_values.address)
    if "client" in fields:  # found by the server, which knows whom it trusts
        client = field("client").map(_values.address)
        is_peer = client.rows().eq_missing(peer.rows())
        trust = is_peer.replace_strict(True, "peer", default="forwarded", return_dtype=pl.String)
        return {"peer_address": peer, "ip_address": client, "address_trust": Encoded(trust)}
    if "forwarded" in fields and "peer" not in fields:
        found = _addresses.last_forwarded(field("forwarded").rows(), options.trusted_proxies)
    elif "forwarded" in fields and options.trusted_proxies:
        found = _addresses.client(field("peer").rows(), field("forwarded").rows(), options.trusted_proxies)
    else:
        return {"peer_address": peer, "ip_address": peer, "address_trust": constant("peer", len(peer.rows()))}
    return {"peer_address": peer, **{column.name: Encoded(column) for column in found}}


def _meaning(status: pl.Series, traits: pl.Series, is_named: pl.Series) -> tuple[Encoded, Encoded]:
    """Class and outcome of events; each combination that is there is looked at once.

    To no rule does a status below 0 differ from 0, or one above 999 from that.
    """
    names = (*_requests.TRAITS, "is_named")
    kinds = np.clip(status.fill_null(-1).to_numpy(), -1, 999) + np.int16(1)
    kinds = (kinds << len(names)) + traits.to_numpy() + (is_named.to_numpy().astype(np.int16) << len(_requests.TRAITS))
    there = np.flatnonzero(np.bincount(kinds))
    places = np.zeros(there[-1] + 1 if len(there) else 0, np.uint32)
    places[there] = np.arange(len(there))
    codes = pl.Series(places[kinds])
    has = {name: (there >> place) % 2 == 1 for place, name in enumerate(names)}
    statuses = pl.Series((there >> len(names)) - 1, dtype=pl.Int16)
    rows = pl.DataFrame({"http_status": statuses.set(statuses < 0, None), **has})
    found = rows.select(event_class=_event_class(), outcome=_outcome())
    return Encoded(found["event_class"], codes), Encoded(found["outcome"], codes)


def _outcome() -> pl.Expr:
    return (
        pl.when(_STATUS.is_between(200, 399))
        .then(pl.lit("success"))
        .when(_STATUS.is_between(400, 599))
        .then(pl.lit("failure"))
        .otherwise(pl.lit("unknown"))
    )


def _event_class() -> pl.Expr:
    """What a request means; the first that holds."""
    is_named, is_login = pl.col("is_named"), pl.col("is_login")
    is_done = _STATUS.is_between(200, 399)

    return (
        pl.when(~pl.col("is_request"))
        .then(pl.lit("other"))
        .when((_STATUS == 401) & (is_named | is_login))
        .then(pl.lit("login_failed"))
        .when(_STATUS == 401)
        .then(pl.lit("other"))
        .when(is_login & is_done & is_named)
        .then(pl.lit("login"))
        .when(is_login & (_STATUS >= 400))
        .then(pl.lit("login_failed"))
        .when(is_login)
        .then(pl.lit("other"))
        .when(pl.col("is_logout") & is_done)
        .then(pl.lit("logout"))
        .when(pl.col("is_background"))
        .then(pl.lit("background"))
        .otherwise(pl.lit("activity"))
    )
