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
