"""Which columns of an event the tokens of a web server's log feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from processors._template import Field
from processors._web_line import WebLine

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "peer": ("ip_address", "peer_address"),
    "client": ("ip_address",),
    "forwarded": ("ip_address",),
    "user": ("user_name",),
    "time": ("event_time",),
    "request": ("http_method", "http_path", "http_query"),
    "method": ("http_method",),
    "target": ("http_path", "http_query"),
    "path": ("http_path",),
    "query": ("http_query",),
    "host": ("application",),
    "status": ("http_status", "outcome"),
    "size": ("response_bytes",),
    "referrer": ("referrer",),
    "agent": ("user_agent", "device"),
    "platform_version": ("device",),
    "platform": ("device",),
}
"""What each meaning of a field feeds. A forwarded address counts where `trusted_proxies` names who wrote it, a query
where `query_strings` asks for it."""


@dataclass(frozen=True)
class Feed:
    """A token of a format, and the columns that it feeds; none where it is read and dropped."""

    token: str
    columns: tuple[str, ...]
    records: int | None = None
    """How many of the first records have it; None: not looked for."""

    def __str__(self) -> str:
        return ", ".join(self.columns) or "dropped"


def feeds(
    shape: WebLine, *, user: str | None = None, session_reference: str | None = None, query_strings: bool = False
) -> tuple[Feed, ...]:
    """What each token of the format feeds, in their order.

    `user` and `session_reference` are the tokens that the settings name; `query_strings` is whether they ask for these.
    """
    fields = [piece for piece in shape.template if isinstance(piece, Field) and piece.token]
    names = {field.meaning or field.token for field in fields}
    # of a line without a status nobody knows whether it is a 401, whose user is only claimed
    asked = {shape.name(user) if user else "user": "user_name"} if "status" in names else {}
    if session_reference:
        asked[shape.name(session_reference)] = "session_reference"
    found, given = list[Feed](), set[str]()
    for field in fields:
        name = field.meaning or field.token or ""
        columns = () if name in given or field.meaning == "user" else COLUMNS.get(field.meaning or "", ())
        if field.meaning == "peer" and "client" in names:
            columns = ("peer_address",)
        if name in asked and name not in given:
            columns = (*columns, asked[name])
        given.add(name)
        columns = tuple(column for column in columns if column != "http_query" or query_strings)
        found.append(Feed(field.token or "", columns))
    return tuple(found)
