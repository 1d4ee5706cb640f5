"""Location databases (`.mmdb`): what a file is, whether it is whole, and what it says of many addresses.

The only module that imports geoip2 and its reader of files, maxminddb. It takes databases of cities (MaxMind's GeoLite2
and GeoIP2, DB-IP's City Lite in MaxMind's layout and in the flat one of its npm package, which comes as a file for IPv4
and one for IPv6), of autonomous systems, and of anonymous networks (GeoIP2 Anonymous IP). What a field means is said by
geoip2's models; each distinct record is read once, however many addresses lead to it.
"""

from __future__ import annotations

import math
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb
import numpy as np
import polars as pl
from geoip2.models import ASN, AnonymousIP, City

from processors._address_words import distinct, is_ipv4
from processors._search_tree import BrokenTree, SearchTree, mapped
from processors.errors import DatabaseProblem, remedy

COLUMNS: dict[str, dict[str, Any]] = {
    "city": {
        "country_code": pl.String,
        "region_name": pl.String,
        "city_name": pl.String,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
        "accuracy_radius_km": pl.Int64,
    },
    "asn": {"asn": pl.Int64, "network_name": pl.String},
    "anonymous": {"anonymity": pl.String},
}
"""What each kind of database says of an address. `anonymity` is a kind of network, such as `tor`."""
_TYPES = {"city": ("city", "enterprise"), "anonymous": ("anonymous",), "asn": ("asn", "isp")}
"""What is part of the names that databases of a kind give their type, in small letters."""
_GET = "Correct its path below [locations], or put one there: `recent-activities geo fetch` gets one of places"
_AGAIN = "Get it again: `recent-activities geo fetch` does, if it is one of places"
_LOOKS: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    ((b"<", b"\r\n<", b"\n<"), "is a web page", "Whoever was asked for the database answered with a page: read it"),
    ((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"), "is compressed", "Unpack it, and name the .mmdb in it"),
    ((b"PK\x03\x04",), "is a zip archive", "Unpack it, and name the .mmdb in it"),
)
_LOOK_BYTES = 16
_CHECKED_AT_ONCE = 100_000
_DECIMALS = 4
"""Of degrees: 11 m, where no radius is below a kilometre. Flat files have the noise of short floats behind them."""
_LONGEST_TEXT, _FARTHEST_KM, _LAST_ASN = 200, 20_038, (1 << 32) - 1
_REFUSALS = (RuntimeError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, OSError, BrokenTree)
"""What readers of damaged files raise; `InvalidDatabaseError` is one of the first."""
_EARLIEST = date(2000, 1, 1)


class Credit(NamedTuple):
    """What the licence of the data asks to be shown wherever results are: a sentence, and the address of its link."""

    text: str
    url: str


# https://db-ip.com/db/download/ip-to-city-lite; GeoLite End User License Agreement, "Attribution" (seen in 2025)
DB_IP = Credit("IP Geolocation by DB-IP", "https://db-ip.com")
GEOLITE = Credit("This product includes GeoLite Data created by MaxMind, available from", "https://www.maxmind.com")
MAXMIND = Credit("IP geolocation data by MaxMind", "https://www.maxmind.com")
SAMPLE = Credit("Invented places and networks, by the sample of Recent Activities", "")
_CREDITS = (("sample", SAMPLE), ("dbip", DB_IP), ("city ipv", DB_IP), ("geolite", GEOLITE), ("geoip", MAXMIND))
"""By what the name of the type begins with. The flat files say `city ipv4` and nothing of who made them; that others
than DB-IP's are published under that name is not known."""


class Description(NamedTuple):
    """What a database is. `kind`: a key of `COLUMNS`; `name`: what it calls its own type; `build_date`: in UTC."""

    path: Path
    kind: str
    name: str
    build_date: date
    ip_version: int
    node_count: int
    credit: Credit | None


class Coverage(NamedTuple):
    """How much a database knows: networks, different records, and the share of all addresses of IPv4, from 0 to 1."""

    networks: int
    records: int
    ipv4_share: float


class Answers(NamedTuple):
    """A row for each distinct address: `ip_address`, `is_found`, and the columns of the kind of database.

    `unreadable`: how many addresses have a record that is damaged. They count as not found.
    """

    rows: pl.DataFrame
    unreadable: int


class Database:
    """An open database. Errors: `DatabaseProblem` for what is none, is damaged, or is not of the kind wanted."""

    def __init__(self, path: Path, *, kind: str | None = None) -> None:
        state = None
        while state != (state := _state(path)):  # replaced meanwhile: both have to read one file
            try:
                with tempfile.NamedTemporaryFile(suffix=path.suffix) as copy:
                    # a map of a file that somebody shortens would end the process
                    shutil.copyfile(path, copy.name)
                    file = mapped(Path(copy.name))
                    # the fastest mode reads a map in C; MODE_MMAP would take the reader in Python (maxminddb 3.2)
                    self._reader = maxminddb.open_database(copy.name, maxminddb.MODE_AUTO)
                facts = self._reader.metadata()
                self.about = _description(path, facts, kind)
                self._tree = SearchTree(
                    file, nodes=facts.node_count, record_bits=facts.record_size, ip_version=facts.ip_version
                )
            except OSError as problem:
                raise DatabaseProblem(path, f"cannot be read ({problem.strerror})", remedy(problem)) from problem
            except _REFUSALS as problem:
                raise _damaged(path) from problem
        self._row = _ROWS[self.about.kind]
        self._schema = {"is_found": pl.Boolean, **COLUMNS[self.about.kind]}

    def lookup(self, addresses: pl.Series) -> Answers:
        """What it says of addresses in canonical text. Left out: what is no address, and IPv6 if it has none."""
        known = distinct(addresses)
        is_old = is_ipv4(known)
        halves = {4: (known.texts.filter(is_old), known.lows[is_old] << np.uint64(32), known.highs[is_old])}
        halves[6] = (known.texts.filter(~is_old), known.highs[~is_old], known.lows[~is_old])
        parts = [self._answers(*half, version) for version, half in halves.items() if self._tree.has(version)]
        return Answers(pl.concat([rows for rows, _ in parts]), sum(unreadable for _, unreadable in parts))

    def _answers(self, texts: pl.Series, highs: Any, lows: Any, ip_version: int) -> Answers:
        leaves, firsts, which = np.unique(
            self._tree.leaves(highs, lows, ip_version), return_index=True, return_inverse=True
        )
        nothing = (False, *[None] * (len(self._schema) - 1))
        said = [
            (self._said(text) if is_sound else None) if leaf else nothing
            for leaf, is_sound, text in zip(leaves, self._tree.are_sound(leaves), texts[firsts], strict=True)
        ]
        unreadable = np.isin(which, [at for at, row in enumerate(said) if row is None]).sum()
        rows = pl.DataFrame([row or nothing for row in said], schema=self._schema, orient="row")
        return Answers(rows[which].select(texts.alias("ip_address"), pl.all()), int(unreadable))

    def coverage(self, progress: Callable[[int, int], None] | None = None) -> Coverage:
        """How much it knows, having looked at every record. Errors: `DatabaseProblem` where one is damaged."""
        try:
            found, networks, ipv4_addresses = self._tree.every_leaf()
        except BrokenTree as problem:
            raise _damaged(self.about.path) from problem
        for done in range(0, len(found), _CHECKED_AT_ONCE):
            if progress:
                progress(done, len(found))
            if not self._tree.are_sound(found[done : done + _CHECKED_AT_ONCE]).all():
                raise _damaged(self.about.path)
        return Coverage(networks, len(found), ipv4_addresses / (1 << 32))

    def _said(self, address: str) -> tuple[Any, ...] | None:
        """True and the columns, of the record of an address; None where it is damaged."""
        with suppress(*_REFUSALS):  # geoip2's models take what is in a record for what should be
            return True, *self._row(address, self._reader.get(address))
        return None

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()


def describe(path: Path, *, kind: str | None = None) -> Description:
    """What a file is, without reading all of it. Errors: `DatabaseProblem` for what is no database of the kind."""
    with Database(path, kind=kind) as database:
        return database.about


def credit_of(name: str) -> Credit | None:
    """The credit that the data of a database of this name asks for; None where it is not known to ask for one."""
    return next((credit for beginning, credit in _CREDITS if name.lower().startswith(beginning)), None)


def _state(path: Path) -> tuple[int, ...]:
    """Which file it is. Errors: `DatabaseProblem` for what is none, and for what its first bytes say is another."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # opening a pipe waits for a writer that may never come
            raise DatabaseProblem(path, "is not a file", _GET)
        with path.open("rb") as file:
            first = file.read(_LOOK_BYTES)
    except FileNotFoundError as problem:
        raise DatabaseProblem(path, "is not there", _GET) from problem
    except OSError as problem:
        raise DatabaseProblem(path, f"cannot be read ({problem.strerror})", remedy(problem)) from problem
    except ValueError as problem:  # a NUL byte in the name
        raise DatabaseProblem(path, str(problem), _GET) from problem
    if not first:
        raise DatabaseProblem(path, "is empty", _AGAIN)
    for beginnings, what, then in _LOOKS:
        if first.startswith(beginnings):
            raise DatabaseProblem(path, f"{what}, where a location database (.mmdb) is expected", then)
    return about.st_dev, about.st_ino, about.st_mtime_ns, about.st_size


def _description(path: Path, facts: Any, kind: str | None) -> Description:
    """Errors: `DatabaseProblem` for a database of another kind; others for what cannot be."""
    name = str(facts.database_type)
    lower = name.lower()
    found = next((one for one, parts in _TYPES.items() if any(part in lower for part in parts)), None)
    if found is None or (kind and found != kind):
        wanted = " or ".join([kind] if kind else COLUMNS)
        then = "Name it where it belongs below [locations]" if found else "Name another one"
        raise DatabaseProblem(path, f"is a database of the type {name[:80]!r}; expected one of {wanted}", then)
    built = datetime.fromtimestamp(facts.build_epoch, UTC).date()
    if built < _EARLIEST or facts.ip_version not in (4, 6):
        raise ValueError
    return Description(path, found, name[:_LONGEST_TEXT], built, facts.ip_version, facts.node_count, credit_of(name))


def _damaged(path: Path) -> DatabaseProblem:
    size = path.stat().st_size
    return DatabaseProblem(path, f"is no location database (.mmdb), or a damaged one of {size:,} bytes", _AGAIN)


def _place(_: str, record: Any) -> tuple[Any, ...]:
    """Of the record of a city, in MaxMind's layout or in the flat one."""
    found = City(["en"], **(_in_their_layout(record) if "country_code" in record else record))
    regions, place = found.subdivisions, found.location
    code, radius = found.country.iso_code, place.accuracy_radius
    return (
        code if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isupper() else None,
        _text(regions[0].name if regions else None),
        _text(found.city.name),
        *_point(place.latitude, place.longitude),
        radius if isinstance(radius, int) and 0 <= radius <= _FARTHEST_KM else None,
    )


def _in_their_layout(flat: dict[str, Any]) -> dict[str, Any]:
    return {
        "country": {"iso_code": flat["country_code"]},
        "subdivisions": [{"names": {"en": flat.get("state1")}}],
        "city": {"names": {"en": flat.get("city")}},
        "location": {name: flat.get(name) for name in ("latitude", "longitude")},
    }


def _network(address: str, record: Any) -> tuple[Any, ...]:
    found = ASN(address, **record)
    number = found.autonomous_system_number
    is_number = isinstance(number, int) and 0 < number <= _LAST_ASN
    return number if is_number else None, _text(found.autonomous_system_organization)


def _anonymity(address: str, record: Any) -> tuple[Any, ...]:
    """Tor and VPNs by their flags; a proxy, or what only is said to be anonymous, is a relay of somebody's traffic."""
    found = AnonymousIP(address, **record)
    kinds = {
        "tor": found.is_tor_exit_node,
        "vpn": found.is_anonymous_vpn,
        "relay": found.is_public_proxy or found.is_residential_proxy,
        "hosting": found.is_hosting_provider,
    }
    return (next((kind for kind, is_so in kinds.items() if is_so), "relay" if found.is_anonymous else None),)


_ROWS = {"city": _place, "asn": _network, "anonymous": _anonymity}


def _text(text: Any) -> str | None:
    return text[:_LONGEST_TEXT] or None if isinstance(text, str) else None


def _point(latitude: Any, longitude: Any) -> tuple[float | None, float | None]:
    """Both in degrees, or neither."""
    is_point = all(isinstance(one, int | float) and math.isfinite(one) for one in (latitude, longitude))
    if is_point and abs(latitude) <= 90 and abs(longitude) <= 180:
        return round(float(latitude), _DECIMALS), round(float(longitude), _DECIMALS)
    return None, None
