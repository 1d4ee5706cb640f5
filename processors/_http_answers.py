"""What a server's answers mean: which version of a file it has, which piece it sends, and what a status says."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from processors.errors import CallError, DataError

_RANGE = re.compile(r"bytes (?P<start>[0-9]{1,15})-[0-9]{1,15}/(?P<total>[0-9]{1,15})")
LATER = "Try again later; what stands in the folder is untouched"


@dataclass(frozen=True)
class Account:
    """Who asks. The key is shown nowhere."""

    name: str
    key: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of `Authorization` (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.key}".encode()).decode()


@dataclass(frozen=True)
class Version:
    """What tells one state of a file from the next. Both are empty where the server says neither."""

    e_tag: str = ""
    last_modified: str = ""

    @property
    def validator(self) -> str:
        """What a request for the rest may be bound to: no weak tag (RFC 9110, 13.1.5)."""
        found = self.last_modified if self.e_tag.startswith("W/") else self.e_tag or self.last_modified
        return found if found.isascii() and found.isprintable() else ""


def host(url: str) -> str:
    """The server's name: all that is said of an address."""
    return httpx.URL(url).host


def expect(answer: httpx.Response, *codes: int) -> None:
    """Nothing. Errors: what a status means, and what to do about it."""
    status, server = answer.status_code, answer.url.host
    if status == httpx.codes.UNAUTHORIZED:
        remedy = "Look both up in your account there; a new key takes some minutes to work"
        raise CallError(server, "does not take the account id with the licence key (401)", remedy)
    if status == httpx.codes.FORBIDDEN:
        remedy = "Look there whether the account may download this edition, and whether a proxy stands between"
        raise CallError(server, "refuses the download (403)", remedy)
    if status == httpx.codes.NOT_FOUND:
        remedy = "Name one that your account has in GEOIPUPDATE_EDITION_IDS, such as GeoLite2-City"
        raise CallError(server, "has no such edition (404)", remedy)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise DataError(server, "has been asked too often today (429)", "Try again tomorrow")
    if status not in codes:
        raise DataError(server, f"answers {status} where a file was expected", LATER)
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        remedy = "A proxy or a login page stands between: open the network's page in a browser, or ask who runs it"
        raise DataError(server, "answers with a web page where a file was expected", remedy)


def version(answer: httpx.Response) -> Version:
    """The version of the file that is answered with."""
    return Version(answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))


def noted(note: Path) -> Version:
    """The version in a note beside a part of a file; of no use where there is none."""
    try:
        return Version(**json.loads(note.read_text()))
    except (OSError, TypeError, ValueError):
        return Version()


def piece(answer: httpx.Response) -> tuple[int, int]:
    """Where a piece begins and how long the whole is; (-1, 0) where that is not said as RFC 9110 has it."""
    match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    return (int(match["start"]), int(match["total"])) if match else (-1, 0)
