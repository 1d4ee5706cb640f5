"""Values of a log in the form the tables keep: text without its escapes, addresses, requests, referrers, digests."""

from __future__ import annotations

import hmac
import ipaddress
import re
from functools import lru_cache
from urllib.parse import unquote_plus

import polars as pl

from processors._unique import map_unique

_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_C_STYLE = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"v": b"\v", b"f": b"\f", b'"': b'"', b"\\": b"\\"}
_PORT = re.compile(r"\A(?:\[(?P<bracketed>[^\]]*)\](?::[0-9]{1,5})?|(?P<v4>[0-9.]+):[0-9]{1,5})\Z")

_PARAMETER = (
    r"(?i)(?:"
    r"(?:[;&]|%3b|%26)[^/;&=%]*(?:=|%3d)[^/;&]*"  # /cart;jsessionid=1A2B, /cart&token=1A2B: RFC 3986, section 3.3
    r"|/\((?:[A-Z]\([^()/]{20,}\))+\)"  # /(S(lit3py55))/cart: ASP.NET without cookies
    r")"
)
_NAMED = (
    r"(?i)\b((?:\w*session_?id|\w*token|phpsessid|sid|session|password|passwd|pwd|secret|api_?key|apikey|auth|code|"
    r"sig|signature)(?:=|%3d))[^/]+"
)
_SIGNED = r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JSON Web Token: RFC 7519


_BETWEEN_PARAMETERS = re.compile("([&;])")
_SECRET = re.compile(
    r"token|secret|passw|pwd|session|auth|signature|credential|jwt|saml|assertion|otp|"
    r"(?:key|sid|sig|code|pass|pin|ticket|state|nonce)\Z",
    re.IGNORECASE,
)
"""In the name of a parameter whose value may open an account: OAuth's, OpenID's, cloud providers', the usual ones."""
_SIGNED_VALUE = re.compile(_SIGNED)
_LONGEST_WORD = 20

_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
_PROTOCOLS = ("HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "HTTP/3.0")
_REQUEST = (
    r"(?s)\A"
    r"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) "  # a token
    r"(?P<authority>[A-Za-z][A-Za-z0-9+.-]*://[^/?# ]*)?"  # absolute form: what a proxy is sent
    r"(?P<path>(?:/[^?#]*?)?|\*)"  # empty only after an authority, where it means /
    r"(?:\?(?P<query>[^#]*?))?(?:#.*?)?"
    r"(?: HTTP/[0-9](?:\.[0-9])?)?"
    r"\z"
)


def text(raw: pl.Series) -> pl.Series:
    """The logged text with its escapes undone; null for `-` and for nothing."""
    return unescaped(raw.set(raw.is_in(["-", '""', ""]), None))


def unescaped(raw: pl.Series) -> pl.Series:
    r"""The text with `\\xHH`, `\\"` and C-style escapes undone: bytes first, which are then read as UTF-8."""
    is_escaped = raw.str.contains("\\", literal=True)
    if not is_escaped.any():
        return raw
    places = is_escaped.arg_true()
    old = raw.gather(places)
    known = {value: unescape(value) for value in old.unique()}
    return raw.clone().scatter(places, [known[value] for value in old])


def unescape(raw: str) -> str:
    r"""One value without its escapes. Bytes that are no UTF-8 become U+FFFD; an unknown escape stays as it is."""

    def byte(match: re.Match[bytes]) -> bytes:
        if match[1]:
            return bytes.fromhex(match[1].decode())
        return _C_STYLE.get(match[2], match[0])

    return _ESCAPE.sub(byte, raw.encode()).decode("utf-8", "replace")


def address(raw: pl.Expr) -> pl.Expr:
    """The canonical text of the address; null for a host name."""
    return map_unique(raw, canonical_address)


@lru_cache(maxsize=65_536)
def canonical_address(raw: str) -> str | None:
    """One address without port, brackets and zone, IPv4-mapped IPv6 unwrapped; None where it is no address."""
    if match := _PORT.match(raw):
        raw = match["bracketed"] or match["v4"] or ""
    try:
        parsed = ipaddress.ip_address(raw.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)


def request(raw: pl.Series) -> pl.DataFrame:
    """`http_method`, `http_path` and raw `http_query` of request lines: without fragment, and secrets in the path.

    All null for anything else. The protocol may be missing (HTTP/0.9). Spaces in the path are kept: nginx before
    1.21.1 served such requests. Source: RFC 9112, section 3; the authority form (CONNECT) is no request for a path.
    """
    words = pl.col("raw").str.splitn(" ", 3).struct.rename_fields(["http_method", "target", "protocol"]).struct.unnest()
    rows = (
        raw.alias("raw")
        .to_frame()
        .lazy()
        .with_columns(words)
        .with_columns(
            pl.col("target").str.splitn("?", 2).struct.rename_fields(["http_path", "http_query"]).struct.unnest(),
            # nearly all requests are `GET /path?query HTTP/1.1`, and need no regular expression
            is_plain=pl.col("http_method").is_in(_METHODS)
            & pl.col("protocol").is_in(_PROTOCOLS)
            & pl.col("target").str.starts_with("/")
            & ~pl.col("target").str.contains("#", literal=True),
        )
    )
    found = rows.select("raw", "http_method", "http_path", "http_query", pl.col("is_plain").fill_null(False)).collect()
    if not found["is_plain"].all():
        found = _other_requests(found)
    return found.select("http_method", "http_query", http_path=without_secrets(found["http_path"]))


def _other_requests(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the method and path of those that are not plain as the grammar has them."""
    found = pl.when(~pl.col("is_plain")).then("raw").str.extract_groups(_REQUEST)
    path = pl.when(pl.col("path") != "").then("path").when(pl.col("authority").is_not_null()).then(pl.lit("/"))
    rows = rows.with_columns(found.struct.unnest()).with_columns(path=path)
    return rows.with_columns(
        http_method=pl.when("is_plain").then("http_method").when(pl.col("path").is_not_null()).then("method"),
        http_path=pl.when("is_plain").then("http_path").otherwise("path"),
        http_query=pl.when("is_plain").then("http_query").otherwise("query"),
    )


def query(raw: pl.Series) -> pl.Series:
    """The query with `***` in place of what may open an account; null for an empty one."""
    return raw.to_frame("").select(map_unique(pl.col(""), _shown_query)).to_series()


def _shown_query(query: str) -> str | None:
    return "".join(map(_shown_parameter, _BETWEEN_PARAMETERS.split(query.removeprefix("?").partition("#")[0]))) or None


def _shown_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals:  # a token without a name
        return parameter if len(parameter) < _LONGEST_WORD else "***"
    is_secret = _SECRET.search(unquote_plus(name)) is not None
    return f"{name}=***" if is_secret else f"{name}={_SIGNED_VALUE.sub('***', value)}"


def referrer(raw: pl.Series) -> pl.Series:
    """The referring address without query, fragment and user information: all three carry secrets."""
    shown = text(raw)
    if shown.str.contains("[?#@]").any():
        shown = shown.str.replace(r"(?s)[?#].*\z", "")
        shown = shown.str.replace(r"\A((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/]*@", "${1}")
    return without_secrets(shown.set(shown == "", None))


def without_secrets(path: pl.Series) -> pl.Series:
    """The path without parameters in it (`;jsessionid=…`): they hold what opens a session. Tokens become `***`."""
    is_suspect = path.str.contains(r"[;&=%(]|eyJ")
    if not is_suspect.any():
        return path
    suspect = path.zip_with(is_suspect.fill_null(False), pl.repeat(None, len(path), dtype=pl.String, eager=True))
    plain = suspect.str.replace_all(_PARAMETER, "").str.replace_all(_NAMED, "${1}***").str.replace_all(_SIGNED, "***")
    return plain.fill_null(path)


def digest(reference: pl.Expr, key: bytes) -> pl.Expr:
    """The keyed digest (HMAC-SHA256, hex) of a session reference: equal references meet, none can be used."""
    return map_unique(reference, lambda value: hmac.digest(key, value.encode(), "sha256").hex())
