"""What a `#Fields` line says."""

from __future__ import annotations

from functools import lru_cache

MARK = "#Fields:"
LONGEST_HEADER = 8192
MOST_FIELDS = 256
KNOWN_HEADERS = 256


@lru_cache(KNOWN_HEADERS)
def names(header: str) -> tuple[str, ...] | None:
    """The names of the fields in order, in small letters.

    None where no line can be read by it: it is too long or no plain ASCII, a name is there twice, or `date` or `time`,
    without which no line is an event, is not.
    """
    header = header.replace("\t", " ")
    found = tuple(header.removeprefix(MARK).lower().split())
    is_sound = (
        header.startswith(MARK)
        and len(header) <= LONGEST_HEADER
        and len(found) <= MOST_FIELDS
        and len(set(found)) == len(found)
        and {"date", "time"} <= set(found)
        and header.isascii()
        and header.isprintable()
    )
    return found if is_sound else None


def header(fields: str) -> str:
    """The line that a file without one should have had."""
    return f"{MARK} {fields}"
