"""A lake in an S3 bucket: objects with the few methods of a path that the lake needs, and what their errors mean.

Writers are kept apart by leases (see `lease`), not by clocks. Whatever is written first makes sure of the leases this
process holds, and an object is replaced only while it is the one that was there before: a run that lost its lease,
however long it slept, harms nothing. Credentials and region are read from `AWS_*` by obstore and Polars themselves.
"""

from __future__ import annotations

import contextlib
import functools
import re
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from processors._bucket_answers import AGAIN, explained
from processors.errors import LakeError

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import S3Store

SCHEME = "s3://"
CHUNK_BYTES = 8 << 20
ONE_PUT_BYTES = 64 << 20
"""A larger file goes in parts, which become an object together."""
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "who asks; without it, the role of the machine or the container",
    "AWS_SECRET_ACCESS_KEY": "and the secret of it",
    "AWS_SESSION_TOKEN": "where both are temporary",
    "AWS_REGION": "the bucket's region",
    "AWS_ENDPOINT_URL": "address of a store that is not Amazon's, such as `https://store.example.com:9000`",
    "AWS_ALLOW_HTTP": "`true` where that address begins with `http:`; only your own `pl.scan_parquet` needs it",
}
"""What is read from the environment, here and by Polars."""
CONNECT_SECONDS, REQUEST_SECONDS, RETRY_SECONDS, RETRIES = 5, 120, 30, 4


class Held(Protocol):
    """A lease that this process holds."""

    def confirm(self) -> None:
        """Make sure of it. Errors: `LakeError` where it is lost."""


@dataclass(eq=False)
class Bucket:
    """A bucket at its endpoint (none: Amazon's), and the leases that this process holds in it."""

    name: str
    endpoint: str | None
    leases: list[Held] = field(default_factory=list)

    @functools.cached_property
    def store(self) -> S3Store:
        """Its objects. Errors: `LakeError`."""
        if self.endpoint and not re.fullmatch(r"https?://[^/?#@]+/?", self.endpoint):
            remedy = "Write it as https://host:port"
            raise LakeError(f"{SCHEME}{self.name}", "AWS_ENDPOINT_URL is no address of a store", remedy)
        with explained(f"{SCHEME}{self.name}"):
            from obstore.store import S3Store

            wait = timedelta(milliseconds=100)
            return S3Store(
                self.name,
                config={"endpoint": self.endpoint} if self.endpoint else {},
                client_options={
                    "allow_http": self.is_plain,
                    "connect_timeout": f"{CONNECT_SECONDS}s",
                    "timeout": f"{REQUEST_SECONDS}s",
                },
                retry_config={
                    "max_retries": RETRIES,
                    "retry_timeout": timedelta(seconds=RETRY_SECONDS),
                    "backoff": {"init_backoff": wait, "max_backoff": 20 * wait, "base": 2},
                },
            )

    @property
    def is_plain(self) -> bool:
        """Whether the endpoint was given without TLS."""
        return (self.endpoint or "").startswith("http://")

    @property
    def options(self) -> dict[str, Any]:
        """What Polars is told to read from it as we do."""
        plain = {"aws_allow_http": "true"} if self.is_plain else {}
        return {"max_retries": RETRIES, "retry_timeout_ms": RETRY_SECONDS * 1000, **plain}

    def __str__(self) -> str:
        where = urlsplit(self.endpoint or "")
        port = f":{where.port}" if where.port else ""
        return f"{self.name} at {where.scheme}://{where.hostname}{port}" if self.endpoint else self.name


@dataclass(frozen=True)
class S3Path:
    """The place of an object, or of those below it. Errors of all methods: `LakeError` with the remedy."""

    bucket: Bucket
    key: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket.name}/{self.key}".removesuffix("/")

    def __truediv__(self, name: str) -> S3Path:
        return S3Path(self.bucket, f"{self.key}/{name}".removeprefix("/"))

    @property
    def name(self) -> str:
        """The last step."""
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> S3Path:
        """The place above."""
        return S3Path(self.bucket, self.key.rpartition("/")[0])

    def exists(self) -> bool:
        """Whether there is an object of exactly this name."""
        return self.e_tag() is not None

    def e_tag(self) -> str | None:
        """What changes with the object's bytes; None where there is no object."""
        with explained(self):
            import obstore

            try:
                return obstore.head(self.bucket.store, self.key)["e_tag"]
            except FileNotFoundError:
                return None

    def read_bytes(self) -> bytes:
        """The object, of one moment. `FileNotFoundError` where there is none."""
        return self.read()[0]

    def read(self) -> tuple[bytes, str | None]:
        """The object and its e_tag, of one moment. `FileNotFoundError` where there is none."""
        with explained(self):
            import obstore

            try:
                found = obstore.get(self.bucket.store, self.key)
                return bytes(found.bytes()), found.meta["e_tag"]
            except FileNotFoundError as problem:
                if "NoSuchBucket" in str(problem):
                    raise
        raise FileNotFoundError(str(self))

    def download(self, target: Path) -> None:
        """Write the object, of one moment, into a file."""
        with explained(self), target.open("wb") as file:
            import obstore

            for chunk in obstore.get(self.bucket.store, self.key).stream():
                file.write(chunk)

    def glob(self, pattern: str) -> list[S3Path]:
        """The objects below whose name fits the pattern, step by step."""
        wanted, start = pattern.split("/"), f"{self.key}/".removeprefix("/")
        with explained(self):
            import obstore

            found = [
                one["path"].removeprefix(start)
                for page in obstore.list(self.bucket.store, start or None, chunk_size=1000)
                for one in page
            ]
        return [self / name for name in sorted(found) if _fits(name.split("/"), wanted)]

    def unlink(self, *, missing_ok: bool = True) -> None:
        """Delete the object, if there is one."""
        with explained(self):
            import obstore

            obstore.delete(self.bucket.store, self.key)

    def put(self, content: bytes | Path, mode: PutMode = "overwrite") -> str | None:
        """Make or replace the object; gives its e_tag, or None where `mode` asked for what is no longer so."""
        use_multipart = False if mode != "overwrite" else None  # only a PUT in one piece has conditions
        with explained(self):
            import obstore
            from obstore.exceptions import AlreadyExistsError, PreconditionError

            try:
                done = obstore.put(self.bucket.store, self.key, content, mode=mode, use_multipart=use_multipart)
            except (AlreadyExistsError, PreconditionError):
                return None
        return done["e_tag"] or ""

    def probe(self) -> None:
        """Try below this place all that a lake asks of a bucket. Errors: `LakeError` for what is refused."""
        path = self / "_recent_activities" / "probe" / secrets.token_hex(8)
        e_tag = path.put(b"1", "create")
        is_kept = path.put(b"2", "create") is None and path.put(b"3", {"e_tag": '"0"'}) is None
        is_replaced = bool(e_tag) and path.put(b"4", {"e_tag": e_tag}) is not None
        found = [one.read_bytes() for one in path.parent.glob(path.name)]
        path.unlink()
        if not (is_kept and is_replaced and found == [b"4"]):
            remedy = "Name a store that does: without them two runs could write at once"
            raise LakeError(
                str(self), "is in a store that heeds no conditions of a PUT (If-Match, If-None-Match)", remedy
            )

    @contextlib.contextmanager
    def written(self) -> Iterator[Path]:
        """A temporary file on this machine, which takes the object's place if that is still the one it was before."""
        before = self.e_tag()
        with scratch() as folder:
            yield folder / self.name
            self.confirm()
            self._replace(folder / self.name, before)

    def confirm(self) -> None:
        """Make sure of every lease that this process holds here."""
        for lease in list(self.bucket.leases):
            lease.confirm()

    def _replace(self, file: Path, before: str | None) -> None:
        if file.stat().st_size <= ONE_PUT_BYTES:
            is_done = self.put(file, {"e_tag": before} if before else "create") is not None
        else:
            is_done = self._put_parts(file, before)
        if not is_done:
            raise LakeError(str(self), "was changed by another run meanwhile", AGAIN)

    def _put_parts(self, file: Path, before: str | None) -> bool:
        with explained(self):
            import obstore

            writer = obstore.open_writer(self.bucket.store, self.key)
            with file.open("rb") as source:
                while chunk := source.read(CHUNK_BYTES):
                    writer.write(chunk)
            self.confirm()
            if self.e_tag() != before:
                return False  # unfinished parts are no object
            writer.close()
        return True


def path_of(url: str, *, endpoint: str | None = None) -> S3Path:
    """The place that `s3://bucket/prefix` names."""
    name, _, prefix = url.removeprefix(SCHEME).partition("/")
    return S3Path(_bucket(name, endpoint), prefix.strip("/"))


@functools.cache
def _bucket(name: str, endpoint: str | None) -> Bucket:
    return Bucket(name, endpoint)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A new folder on this machine, for its owner only, that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="recent-activities-") as folder:
        yield Path(folder)


def _fits(steps: list[str], patterns: list[str]) -> bool:
    return len(steps) == len(patterns) and all(map(fnmatchcase, steps, patterns))
