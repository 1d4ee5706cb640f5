"""Web-server lines → the fields of events."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import polars as pl

from processors import _addresses, _cut, _times, _values, device
from processors._encoded import Encoded, encoded
from processors._options import Options
from processors._reader import WebLine

DEFAULT_BACKGROUND_PATHS = (
    "/health",
    "/healthz",
    "/health/*",
    "/livez",
    "/readyz",
    "/ping",
    "/favicon.ico",
    "/robots.txt",
    *("*.css", "*.js", "*.map"),
    *("*.png", "*.jpg", "*.jpeg", "*.gif", "*.svg", "*.ico", "*.webp"),
    *("*.woff", "*.woff2", "*.ttf"),
)
"""What browsers and monitors fetch by themselves, used where a source sets no `background_paths`."""

_STATUS = pl.col("http_status")
_CLASSES = pl.Enum(("activity", "background", "login", "login_failed", "logout", "other"))
_OUTCOMES = pl.Enum(("success", "failure", "unknown"))


def events(rows: pl.DataFrame, shape: WebLine, options: Options) -> pl.DataFrame:
    """The rows with the columns of events, `field_reason` where a line is none, and no `readable`."""
    asked = [token for token in (options.user, options.session_reference) if token]
    names = {token: name for token in asked if (name := shape.name(token))}
    tokens = frozenset(name for name in names.values() if name in asked)
    if not shape.is_escaped:  # as a server writes them that escapes, so that one way of reading is enough
        rows = rows.with_columns(pl.col("readable").str.replace_all("\\", r"\x5c", literal=True))
    if shape.is_hash_escaped:
        rows = rows.with_columns(pl.col("readable").str.replace_all("#([0-9A-F]{2})", r"\x${1}"))
    fields, is_certain = _cut.fast(rows["readable"], shape.template, tokens)
    if is_certain.all():
        return _of_fields(rows, fields, names, shape, options)
    certain = {name: column.filter(is_certain) for name, column in fields.items()}
    others = rows.filter(~is_certain)
    fields, fits = _cut.exact(others["readable"], shape.template, tokens)
    rejected = others.filter(~fits.fill_null(False)).with_columns(field_reason=pl.lit("malformed_line"))
    fitting = {name: column.filter(fits.fill_null(False)) for name, column in fields.items()}
    parts = (
        _of_fields(rows.filter(is_certain), certain, names, shape, options),
        _of_fields(others.filter(fits.fill_null(False)), fitting, names, shape, options),
        rejected.drop("readable"),
    )
    return pl.concat(parts, how="diagonal").sort("line_number")


def _of_fields(
    rows: pl.DataFrame, fields: _cut.Fields, names: dict[str, str], shape: WebLine, options: Options
) -> pl.DataFrame:
    """The same of lines that fit."""
    missing = Encoded(pl.Series([None], dtype=pl.String), pl.repeat(0, rows.height, dtype=pl.UInt32, eager=True))

    def field(name: str | None) -> Encoded:
        return fields.get(name, missing) if name else missing

    reference = field(names.get(options.session_reference or ""))
    agent = field("agent").apply(_values.text)
    found = rows.drop("readable").with_columns(
        *field("time").frame(
            functools.partial(_times.read, shape=shape.time, time_zone=options.time_zone, day=options.date)
        ),
        *_request(fields, field).apply(_values.unescaped).frame(lambda raw: _meant(raw, options)),
        *_addresses_of(fields, field, options),
        named=field(names.get(options.user) if options.user else "user").apply(_values.text).rows(),
        session_reference=reference.apply(_values.text)
        .map(lambda value: _values.digest(value, options.reference_key))
        .rows(),
        application=field("host").apply(_values.text).rows(),
        user_agent=agent.rows(),
        device=agent.map(device.label).rows(),
        # not strict: values that only other lines have are here as well
        http_status=field("status").map(lambda raw: raw.cast(pl.Int16, strict=False)).rows(),
        response_bytes=field("size").map(lambda raw: raw.replace("-", "0").cast(pl.Int64, strict=False)).rows(),
        referrer=field("referrer").apply(_values.referrer).rows(),
    )
    return found.select(
        pl.exclude("named", "is_login", "is_logout", "is_background"),
        event_class=_event_class(),
        outcome=_outcome(),
        # Apache: the user "may be bogus if return status is 401"
        user_name=pl.when(_STATUS != 401).then("named"),
        is_directive=pl.lit(False),
        event_action=pl.lit("request"),
        source_event_id=pl.lit(None, dtype=pl.String),
    )


def _request(fields: _cut.Fields, field: Callable[[str], Encoded]) -> Encoded:
    """The request line; of a format that logs its parts, the line that they make."""
    if "request" in fields or "method" not in fields:
        return field("request")
    target = "target" if "target" in fields else "path"
    method, path = field("method").rows(), field(target).rows()
    return encoded(pl.select(pl.concat_str(method, pl.lit(" "), path, pl.lit(" HTTP/1.1"))).to_series())


def _addresses_of(fields: _cut.Fields, field: Callable[[str], Encoded], options: Options) -> pl.DataFrame:
    """Who connected, whose address it is, and who says so."""
    peer = field("peer").map(_values.address).rows().alias("peer_address")
    if "client" in fields:  # found by the server, which knows whom it trusts
        client = field("client").map(_values.address).rows()
        trust = pl.when(client.eq_missing(peer)).then(pl.lit("peer")).otherwise(pl.lit("forwarded"))
        return pl.select(peer, ip_address=client, address_trust=trust)
    if "forwarded" in fields and "peer" not in fields:
        return _addresses.last_forwarded(field("forwarded").rows(), options.trusted_proxies).with_columns(peer)
    if "forwarded" in fields and options.trusted_proxies:
        resolved = _addresses.client(field("peer").rows(), field("forwarded").rows(), options.trusted_proxies)
        return resolved.with_columns(peer)
    return pl.select(peer, ip_address=peer, address_trust=pl.lit("peer"))


def _meant(raw: pl.Series, options: Options) -> pl.DataFrame:
    """The request's method and path, and what the settings say about such requests."""
    background = DEFAULT_BACKGROUND_PATHS if options.background_paths is None else options.background_paths
    return _values.request(raw).with_columns(
        is_login=_matches(options.login_requests),
        is_logout=_matches(options.logout_requests),
        is_background=_matches(background),
    )


def _outcome() -> pl.Expr:
    return (
        pl.when(_STATUS.is_between(200, 399))
        .then(pl.lit("success", dtype=_OUTCOMES))
        .when(_STATUS.is_between(400, 599))
        .then(pl.lit("failure", dtype=_OUTCOMES))
        .otherwise(pl.lit("unknown", dtype=_OUTCOMES))
    )


def _event_class() -> pl.Expr:
    """What a request means; the first that holds."""
    is_named, is_login = pl.col("named").is_not_null(), pl.col("is_login")
    is_done = _STATUS.is_between(200, 399)

    def lit(event_class: str) -> pl.Expr:
        return pl.lit(event_class, dtype=_CLASSES)

    return (
        pl.when(pl.col("http_method").is_null())
        .then(lit("other"))
        .when((_STATUS == 401) & (is_named | is_login))
        .then(lit("login_failed"))
        .when(_STATUS == 401)
        .then(lit("other"))
        .when(is_login & is_done & is_named)
        .then(lit("login"))
        .when(is_login & (_STATUS >= 400))
        .then(lit("login_failed"))
        .when(is_login)
        .then(lit("other"))
        .when(pl.col("is_logout") & is_done)
        .then(lit("logout"))
        .when(pl.col("is_background"))
        .then(lit("background"))
        .otherwise(lit("activity"))
    )


def _matches(patterns: Sequence[str]) -> pl.Expr:
    """Whether the request is one of `METHOD /path` or `/path` (any method), where `*` stands for anything."""
    of_paths = [pattern for pattern in patterns if " " not in pattern]
    of_requests = [pattern for pattern in patterns if " " in pattern]
    found = pl.lit(False)
    if of_paths:
        found |= pl.col("http_path").str.contains(_globs(of_paths))
    if of_requests:
        found |= pl.concat_str("http_method", pl.lit(" "), "http_path").str.contains(_globs(of_requests))
    return found.fill_null(False)


def _globs(patterns: Sequence[str]) -> str:
    """The pattern of what begins and ends as one of these, `*` being anything."""
    written = (".*".join(map(pl.escape_regex, pattern.split("*"))) for pattern in patterns)
    return rf"(?s)\A(?:{'|'.join(written)})\z"
