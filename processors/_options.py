"""What a source's settings mean to the parser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from processors._field_map import FieldMap

QUARANTINED_SHARE = 0.1
"""Of a file's lines: more of them in quarantine is a problem, unless settings say otherwise."""


@dataclass(frozen=True)
class Options:
    """Named values of one source. Everything but the key may be left out."""

    reference_key: bytes
    """Digests session references."""
    time_zone: str | None = None
    """Zone of times without an offset."""
    date: date | None = None
    """Day of times without a date."""
    login_requests: tuple[str, ...] = ()
    """`METHOD /path` with `*`: a success that names a user is a login."""
    logout_requests: tuple[str, ...] = ()
    background_paths: tuple[str, ...] | None = None
    """Paths with `*` that nobody asks for by hand; None: the default ones."""
    application: str | None = None
    """Only logins to this application count; None: all."""
    user: str | None = None
    """Token (`$remote_user`) or dotted path that names the user; None: the format's own."""
    session_reference: str | None = None
    """Likewise for the session id."""
    earliest: datetime | None = None
    latest: datetime | None = None
    """Events outside the two (both included) have a wrong clock."""
    trusted_proxies: tuple[str, ...] = ()
    query_strings: bool = False
    """Whether queries of requests are kept."""
    fields: str | None = None
    """Names of the fields of lines that no `#Fields` line is above."""
    field_map: FieldMap | None = None
    """What the records of a format `fields:` say, and where."""
