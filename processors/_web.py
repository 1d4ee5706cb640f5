"""Web-server lines → the fields of events."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from processors import _times, _values
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

GROUPS = ("vhost", "peer", "user", "time", "request", "status", "size", "referrer", "agent")


def fields(rows: pl.LazyFrame, shape: WebLine, options: Options) -> pl.LazyFrame:
    """The rows with the columns of events, `field_reason` where a line is none, and no `readable`."""

    def raw(group: str | None) -> pl.Expr:
        if group is None or f"(?P<{group}>" not in shape.pattern:
            return pl.lit(None, dtype=pl.String)
        return pl.col("groups").struct.field(group)

    rows = rows.with_columns(groups=pl.col("readable").str.extract_groups(shape.pattern))
    rows = rows.select(
        pl.exclude("readable", "groups"),
        **{f"raw_{group}": raw(group) for group in GROUPS},
        named=_values.text(raw(_group(shape, options.user) if options.user else "user")),
        raw_reference=raw(_group(shape, options.session_reference)),
    )
    event_time, time_reason = _times.clf(pl.col("raw_time"))
    rows = rows.with_columns(
        event_time=event_time,
        field_reason=pl.when(pl.col("raw_time").is_null()).then(pl.lit("malformed_line")).otherwise(time_reason),
        is_directive=pl.lit(False),
        event_action=pl.lit("request"),
        http_status=pl.col("raw_status").cast(pl.Int16),
        request=_values.request_line(_values.unescaped(pl.col("raw_request"))),
    )
    request = pl.col("request").struct
    rows = rows.with_columns(http_path=_values.request_path(request.field("authority"), request.field("path")))
    rows = rows.with_columns(http_method=pl.when(pl.col("http_path").is_not_null()).then(request.field("method")))
    address = _values.address(pl.col("raw_peer"))
    status = pl.col("http_status")
    return rows.select(
        pl.exclude("named", "request", "^raw_.*$"),
        event_class=_event_class(options),
        outcome=pl.when(status.is_between(200, 399))
        .then(pl.lit("success"))
        .when(status.is_between(400, 599))
        .then(pl.lit("failure"))
        .otherwise(pl.lit("unknown")),
        # Apache: the user "may be bogus if return status is 401"
        user_name=pl.when(status != 401).then(pl.col("named")),
        session_reference=_values.digest(_values.text(pl.col("raw_reference")), options.reference_key),
        application=pl.col("raw_vhost"),
        ip_address=address,
        peer_address=address,
        address_trust=pl.lit("peer"),
        user_agent=_values.text(pl.col("raw_agent")),
        response_bytes=pl.col("raw_size").replace("-", "0").cast(pl.Int64),
        referrer=_values.referrer(pl.col("raw_referrer")),
        source_event_id=pl.lit(None, dtype=pl.String),
    )


def _group(shape: WebLine, token: str | None) -> str | None:
    """The group a token means; None where the format does not log it."""
    return shape.tokens.get(token) if token else None


def _event_class(options: Options) -> pl.Expr:
    """What a request means; the first that holds."""
    status, is_named = pl.col("http_status"), pl.col("named").is_not_null()
    is_login = _matches(options.login_requests)
    is_done = status.is_between(200, 399)
    background = DEFAULT_BACKGROUND_PATHS if options.background_paths is None else options.background_paths
    return (
        pl.when(pl.col("http_method").is_null())
        .then(pl.lit("other"))
        .when((status == 401) & (is_named | is_login))
        .then(pl.lit("login_failed"))
        .when(status == 401)
        .then(pl.lit("other"))
        .when(is_login & is_done & is_named)
        .then(pl.lit("login"))
        .when(is_login & (status >= 400))
        .then(pl.lit("login_failed"))
        .when(is_login)
        .then(pl.lit("other"))
        .when(_matches(options.logout_requests) & is_done)
        .then(pl.lit("logout"))
        .when(_matches(background))
        .then(pl.lit("background"))
        .otherwise(pl.lit("activity"))
    )


def _matches(patterns: Sequence[str]) -> pl.Expr:
    """Whether the request is one of `METHOD /path` or `/path` (any method), where `*` stands for anything."""
    if not patterns:
        return pl.lit(False)
    requests = (pattern if " " in pattern else f"* {pattern}" for pattern in patterns)
    globs = "|".join(".*".join(map(pl.escape_regex, request.split("*"))) for request in requests)
    request = pl.concat_str("http_method", pl.lit(" "), "http_path")
    return request.str.contains(rf"(?s)\A(?:{globs})\z").fill_null(False)
