"""Request lines → their parts, and what the settings say about such requests."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from processors import _scan
from processors._encoded import Columns, Encoded, constant, encoded
from processors._options import Options
from processors._spans import Spans, spans
from processors._values import without_secrets

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

_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
_REQUEST = (
    r"(?s)\A"
    r"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) "  # a token
    r"(?P<authority>[A-Za-z][A-Za-z0-9+.-]*://[^/?# ]*)?"  # absolute form: what a proxy is sent
    r"(?P<path>(?:/[^?#]*?)?|\*)"  # empty only after an authority, where it means /
    r"(?:\?(?P<query>[^#]*?))?(?:#.*?)?"
    r"(?: HTTP/[0-9](?:\.[0-9])?)?"
    r"\z"
)


TRAITS = ("is_request", "is_login", "is_logout", "is_background")


def read(raw: Encoded, options: Options) -> Columns:
    """`http_method`, `http_path`, raw `http_query`, and `traits`: a bit for each of `TRAITS`, the first one lowest."""
    method, path, query = _parts(raw, with_query=options.query_strings)
    background = DEFAULT_BACKGROUND_PATHS if options.background_paths is None else options.background_paths
    is_request = method.map(pl.Expr.is_not_null).rows()
    asked = (options.login_requests, options.logout_requests, background)
    traits = is_request.cast(pl.UInt8)
    for place, patterns in enumerate(asked, 1):
        if patterns:
            traits |= _matching(patterns, method, path).cast(pl.UInt8) * (1 << place)
    found = {"http_method": method, "http_path": path, "http_query": query, "traits": Encoded(traits)}
    return {name: column.within(raw) for name, column in found.items()}


def _parts(raw: Encoded, *, with_query: bool) -> tuple[Encoded, Encoded, Encoded]:
    """Method, path and, if asked for, raw query of each value: without fragment, and secrets in the path.

    All null for anything else. The protocol may be missing (HTTP/0.9). Spaces in the path are kept: nginx before
    1.21.1 served such requests. Source: RFC 9112, section 3; the authority form (CONNECT) is no request for a path.
    """
    text = raw.found or spans(raw.values)
    # nearly all requests are `GET /path?query HTTP/1.1`, and need no regular expression
    at, lengths = _scan.requests(text.data, text.at, text.lengths)
    method, path = (encoded(Spans(text.data, at[part], lengths[part])) for part in range(2))
    query = encoded(Spans(text.data, at[2], lengths[2])) if with_query else constant(None, len(text))
    is_plain = method.map(lambda name: name.is_in(_METHODS).fill_null(False)).rows() | raw.values.is_null()
    if not is_plain.all():
        places = (~is_plain).arg_true()
        others = _others(raw.values.gather(places))
        parts = zip((method, path, query), others, strict=True)
        method, path, query = (column.replaced(places, Encoded(other)) for column, other in parts)
    return method, path.apply(without_secrets), query


def _others(raw: pl.Series) -> list[pl.Series]:
    """The same of requests that are not plain, as the grammar has them."""
    path = pl.when(pl.col("path") != "").then("path").when(pl.col("authority").is_not_null()).then(pl.lit("/"))
    found = raw.str.extract_groups(_REQUEST).struct.unnest().with_columns(path=path)
    method = pl.when(pl.col("path").is_not_null()).then("method")
    return found.select(method.alias("method"), "path", "query").get_columns()


def _matching(patterns: Sequence[str], method: Encoded, path: Encoded) -> pl.Series:
    """Whether each is one of `METHOD /path` or `/path` (any method), where `*` stands for anything."""
    of_paths = _globs([pattern for pattern in patterns if " " not in pattern])
    of_requests = _globs([pattern for pattern in patterns if " " in pattern])
    found = pl.repeat(False, len(path.rows()), eager=True)
    if of_paths:
        found = path.map(lambda text: text.str.contains(of_paths).fill_null(False)).rows()
    if of_requests:
        requests = pl.select(pl.concat_str(method.rows(), pl.lit(" "), path.rows())).to_series()
        found |= requests.str.contains(of_requests).fill_null(False)
    return found


def _globs(patterns: Sequence[str]) -> str:
    """The pattern of what begins and ends as one of these, `*` being anything; none where there are none."""
    written = (".*".join(map(pl.escape_regex, pattern.split("*"))) for pattern in patterns)
    return rf"(?s)\A(?:{'|'.join(written)})\z" if patterns else ""
