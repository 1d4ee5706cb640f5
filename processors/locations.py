"""The location databases of a workspace: which files they are, and what they say of addresses.

Without `[locations]` they are what is there of `DEFAULTS` in the folder `location` of the workspace, where
`recent-activities geo fetch` puts them. Whatever is wrong with them stops no run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from processors.errors import DatabaseProblem
from processors.locate import PLACES
from processors.location_database import Credit, Database
from processors.settings import Settings

FOLDER = "location"
DEFAULTS = {
    "city": ("city.mmdb", "city-ipv4.mmdb", "city-ipv6.mmdb"),
    "asn": ("asn.mmdb",),
    "anonymous": ("anonymous.mmdb",),
}
STALE_AFTER = timedelta(days=30)
_OF = {kind: f"{kind.upper() if kind == 'asn' else kind.capitalize()} database" for kind in DEFAULTS}
NONE = "No location database, so sessions have no approximate place; `recent-activities geo fetch` gets one"


@dataclass(frozen=True)
class Used:
    """A database that places were looked up in, as it is noted with a day. `credit_url` may be empty."""

    kind: str
    name: str
    build_date: date
    credit: str
    credit_url: str

    def is_stale(self, as_of: datetime) -> bool:
        """Whether it was old at that instant."""
        return (as_of.date() - self.build_date) > STALE_AFTER


class Lookup:
    """Open databases by kind, in the order in which they are asked, and what is wrong with them and others."""

    def __init__(self, databases: dict[str, list[Database]], problems: list[str]) -> None:
        self._databases, self.problems = databases, problems

    def places(self, addresses: pl.Series) -> pl.DataFrame:
        """What they say of each distinct address: `PLACES`. The first one that knows an address counts."""
        known = pl.DataFrame({"ip_address": addresses.drop_nulls().unique().sort()})
        for kind in DEFAULTS:
            known = known.join(self._said(kind, known["ip_address"]), on="ip_address", how="left")
        absent = [pl.lit(None, dtype).alias(name) for name, dtype in PLACES.items() if name not in known.columns]
        return known.with_columns(absent).select(pl.col(name).cast(dtype) for name, dtype in PLACES.items())

    def used(self) -> list[Used]:
        """The databases, to be noted."""
        about = [database.about for databases in self._databases.values() for database in databases]
        return [Used(one.kind, one.name, one.build_date, *(one.credit or Credit("", ""))) for one in about]

    def _said(self, kind: str, addresses: pl.Series) -> pl.DataFrame:
        """A row for each address that was asked for."""
        answers = [pl.DataFrame(schema={"ip_address": pl.String, "is_found": pl.Boolean})]
        for database in self._databases.get(kind, ()):
            rows, unreadable = database.lookup(addresses)
            if unreadable:
                self._note(f"Some records of {database.about.name} are damaged, and say nothing of their addresses")
            about = database.about
            asked = rows.with_columns(
                location_database_name=pl.lit(about.name), location_database_date=pl.lit(about.build_date)
            )
            answers.append(asked if kind == "city" else rows)
            addresses = addresses.filter(~addresses.is_in(rows.filter("is_found")["ip_address"].implode()))
        every = pl.concat(answers[1:] or answers)
        first = every.sort("is_found", descending=True, maintain_order=True).unique("ip_address", maintain_order=True)
        return first if kind == "city" else first.drop("is_found")

    def _note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


@contextmanager
def opened(settings: Settings) -> Iterator[Lookup]:
    """The workspace's databases, open."""
    found: dict[str, list[Database]] = {}
    problems = []
    with ExitStack() as stack:
        for kind, path in files(settings):
            try:
                database = stack.enter_context(Database(path, kind=kind))
                database.coverage()  # a second at most, and half a database would give half of the places
                found.setdefault(kind, []).append(database)
            except DatabaseProblem as problem:
                problems.append(f"{_OF[kind]} {_short(path, settings)}: {problem.problem}. {problem.remedy}")
        yield Lookup(found, problems)


def files(settings: Settings) -> list[tuple[str, Path]]:
    """The kind and the place of each: those that the settings name, and else of the default ones what is there."""
    found = []
    for kind, names in DEFAULTS.items():
        named = getattr(settings.locations, kind)
        usual = [settings.root / FOLDER / name for name in names]
        paths = [settings.root / name for name in named] if named else [path for path in usual if path.exists()]
        found += [(kind, path) for path in paths]
    return found


def remarks(used: Iterable[Used], problems: Iterable[str], *, as_of: datetime | None) -> list[str]:
    """What there is to say of them: none, damaged ones, and those that were old; mostly nothing."""
    known = list(used)
    said = [*problems]
    if not any(one.kind == "city" for one in known) and not any(text.startswith(_OF["city"]) for text in said):
        said.insert(0, NONE)
    for one in known:
        if as_of and one.is_stale(as_of):
            days = (as_of.date() - one.build_date).days
            newer = "`recent-activities geo fetch` gets the newest" if one.kind == "city" else "put a newer one there"
            said.append(
                f"The location database {one.name} is of {one.build_date}, {days} days old, so what it says may be "
                f"wrong by now; {newer}"
            )
    return said


def credits(used: Iterable[Used]) -> list[Credit]:
    """The credit that the data of each asks for, once each: what reports, pages and manifests show."""
    return list(dict.fromkeys(Credit(one.credit, one.credit_url) for one in used if one.credit))


def noted(used: Iterable[Used]) -> list[dict[str, Any]]:
    """The databases as a document has them."""
    return [asdict(one) | {"build_date": str(one.build_date)} for one in used]


def of_notes(documents: Iterable[dict[str, Any]]) -> list[Used]:
    """The databases of a document."""
    return [Used(**{**one, "build_date": date.fromisoformat(one["build_date"])}) for one in documents]


def _short(path: Path, settings: Settings) -> str:
    """The path below the workspace, where it is there: manifests leave the machine."""
    return str(path.relative_to(settings.root)) if path.is_relative_to(settings.root) else path.name
