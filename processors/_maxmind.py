"""MaxMind's databases of cities, by the account of whoever runs this.

Sources: https://dev.maxmind.com/geoip/updating-databases/ (permalinks with basic authentication, redirected to signed
addresses of another host since January 2024; a HEAD does not count as a download), and the environment variables of
MaxMind's own geoipupdate 7.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from processors import _archives, _download, _http_answers
from processors._download import Client, Progress
from processors._http_answers import Account
from processors.errors import CallError, DataError

HOST = "https://download.maxmind.com"
EDITION = "GeoLite2-City"
ACCOUNT, KEY = "GEOIPUPDATE_ACCOUNT_ID", "GEOIPUPDATE_LICENSE_KEY"
EDITIONS, SERVER = "GEOIPUPDATE_EDITION_IDS", "GEOIPUPDATE_HOST"
_OF_CITIES = ("City", "Enterprise")
_AGAIN = "Run the same command again; if it stays so, ask MaxMind's support"


@dataclass(frozen=True)
class MaxMind:
    """A source of databases: see `fetch.Source`."""

    account: Account
    edition: str = EDITION
    server: str = HOST
    client: Mapping[str, Any] | None = None
    """How the client asks, where not as it does by itself."""

    name = "maxmind"

    @property
    def title(self) -> str:
        """What is fetched, and from whom."""
        return f"{self.edition} from {_http_answers.host(self.server)}"

    def release(self) -> str:
        """What the server says of its newest file without sending it; the file's checksum where it says nothing."""
        with self._asking() as client:
            version = client.version(self._url("tar.gz"))
            if version and version.validator:
                return f"{self.edition} {version.last_modified} {version.e_tag}"
            return f"{self.edition} {self._checksum(client)}"

    def get(self, folder: Path, progress: Progress | None) -> list[Path]:
        """The database, in `folder`, out of an archive that has the checksum that the server tells."""
        archive = folder / f"{self.edition}.tar.gz"
        with self._asking() as client:
            for attempt in (1, 2):
                checksum = self._checksum(client)
                resumed = client.file(self._url("tar.gz"), archive, what=self.edition, progress=progress)
                with archive.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
                if found == checksum:
                    return _archives.from_tar(archive, folder)
                archive.unlink()
                if not resumed or attempt == 2:
                    break  # what was put together from pieces gets another chance
        what = f"sends a file whose SHA-256 is {found[:12]}…, while its checksum says {checksum[:12]}…"
        raise DataError(_http_answers.host(self.server), what, _AGAIN)

    def _asking(self) -> Client:
        from importlib import metadata

        agent = f"recent-activities/{metadata.version('recent-activities')}"
        return Client(self.account, agent=agent, **(self.client or {}))

    def _checksum(self, client: Client) -> str:
        """The SHA-256 that the server tells, as `sha256sum` prints it."""
        first = (client.text(self._url("tar.gz.sha256")).split() or [""])[0].lower()
        if not re.fullmatch("[0-9a-f]{64}", first):
            raise DataError(_http_answers.host(self.server), "tells no SHA-256 where its checksum was expected", _AGAIN)
        return first

    def _url(self, suffix: str) -> str:
        return f"{self.server}/geoip/databases/{self.edition}/download?suffix={suffix}"


def from_environment(environment: Mapping[str, str]) -> MaxMind | None:
    """The source, where the environment names an account and a key, or files that hold them.

    Errors: `CallError` for one without the other, and for what cannot be.
    """
    account, key = (_value(environment, name) for name in (ACCOUNT, KEY))
    if not account and not key:
        return None
    if not account or not key:
        there, missing = (ACCOUNT, KEY) if account else (KEY, ACCOUNT)
        raise CallError(missing, f"is not set, while {there} is", "Set both, or neither to do without MaxMind")
    editions = environment.get(EDITIONS, "").split() or [EDITION]
    edition = next((one for one in editions if one.endswith(_OF_CITIES)), "")
    if not re.fullmatch(r"[A-Za-z0-9-]+", edition):
        raise CallError(EDITIONS, "names no database of cities", f"Name one, such as {EDITION} or GeoIP2-City")
    return MaxMind(Account(account, key), edition, server(environment.get(SERVER) or HOST))


def server(text: str) -> str:
    """The address of a server. Errors: `CallError` for what is none, or would get a key in plain text from afar."""
    address = text if "://" in text else f"https://{text}"
    try:
        url = httpx.URL(address.rstrip("/"))
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        url = httpx.URL("")
    if not url.host or url.userinfo or url.query or url.scheme not in ("http", "https"):
        raise CallError(SERVER, "is no address of a server", f"Write it as {HOST}, or leave it out")
    if url.scheme == "http" and url.host not in _download.LOOPBACK:
        raise CallError(SERVER, "would get the licence key in plain text", "Write https:// in front of it")
    return str(url).rstrip("/")


def _value(environment: Mapping[str, str], name: str) -> str:
    """What a variable says, or the file that another one names; neither is shown in an error."""
    if file := environment.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or "no text"
            raise CallError(f"{name}_FILE", f"names a file that cannot be read ({reason})", "Correct it") from None
    return environment.get(name, "").strip()
