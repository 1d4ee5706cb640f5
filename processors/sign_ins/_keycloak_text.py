"""Keycloak's server log as text: the line, and the `key=value` message of an event in it."""

from __future__ import annotations

import re
from typing import NamedTuple

LINE = re.compile(
    r"(?s)\A"
    r"(?P<time>(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[ T])?"  # WildFly logs no date
    r"[0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]{3,9}"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?) +"
    r"[A-Z]+ +"  # the level
    r"\[(?P<category>[^\]]+)\] +"
    r"\((?P<thread>[^)]*)\) "
    r"(?P<message>.*)"
    r"\Z"
)

KEY = r"(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)="
PLAIN = re.compile(
    KEY + r"(?:"
    r"'(?P<quoted>(?:[^']|'(?!, [A-Za-z_]|\Z))*)'"  # holds a space
    r"|(?P<bare>[^ '][^ ]*?|)"  # holds none
    r")(?:, |\Z)",
    re.DOTALL,
)
# a quote inside a value has a backslash before it, while a backslash has none: the first quote without ends the value
QUOTED = {
    quote: re.compile(
        KEY + rf"{quote}(?P<quoted>[^{quote}\\]*+(?:\\{quote}?+[^{quote}\\]*+)*){quote}(?:, |\Z)", re.DOTALL
    )
    for quote in ('"', "'")
}

HEAD = {"type", "operationType", "realmId", "clientId", "userId", "sessionId", "ipAddress"}
"""Keys that stand before all details, which hold what users typed."""


class Entry(NamedTuple):
    """One line of the log."""

    time: str
    category: str
    message: str


def line(text: str) -> Entry:
    """The parts of a log line. Errors: `ValueError`."""
    match = LINE.match(text)
    if not match:
        raise ValueError("not a log line")
    return Entry(match["time"], match["category"], match["message"])


def message(text: str) -> dict[str, str | None]:
    """The keys and values of an event message, read to its very end. Errors: `ValueError`.

    Before 24 values stand bare, or in single quotes where they hold a space, and nothing is escaped; since 24 all
    stand in double quotes (or what `spi-events-listener-jboss-logging-quotes` says). So nothing a user typed may look
    like a second `userId`: no key comes twice, and none of the server's own follows the first detail.
    """
    style = re.match(r"(?:type|operationType)=([\"'])", text)
    pair = QUOTED[style[1]] if style else PLAIN
    pairs: dict[str, str | None] = {}
    position, is_detail = 0, False
    while position < len(text):
        match = pair.match(text, position)
        if not match:
            raise ValueError("not key=value")
        key = match["key"]
        if key in pairs or (is_detail and key in HEAD):
            raise ValueError("a key where none can be")
        is_detail = is_detail or key not in HEAD | {"realmName", "error"}
        value = match["quoted"].replace("\\" + style[1], style[1]) if style else match["quoted"] or match["bare"]
        pairs[key] = None if value == "null" else value
        position = match.end()
    if text.endswith(", "):
        raise ValueError("breaks off")
    return pairs
