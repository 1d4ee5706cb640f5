"""What a location database is, how old, and how much it knows: read to its end, so that no damage stays hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from processors import _spread, fetch
from processors._download import Progress
from processors._spread import Shares
from processors.errors import DatabaseProblem
from processors.location_database import Credit, Database
from processors.locations import STALE_AFTER


@dataclass(frozen=True)
class LocationStatus:
    """One database. `fetched_from`: the source, where the file is what a fetch put there; else None.

    `ipv4_share`: of all 2^32 addresses, those it says anything of, to the last one. `ipv4` and `ipv6`: what it knows of
    a sample, of databases of cities only; None for a version of IP that it has not.
    """

    path: Path
    kind: str
    name: str
    build_date: date
    age_days: int
    is_stale: bool
    ip_versions: tuple[int, ...]
    networks: int
    records: int
    ipv4_share: float
    ipv4: Shares | None
    ipv6: Shares | None
    credit: Credit | None
    fetched_from: str | None


def statuses(
    places: Sequence[tuple[str | None, Path]], *, today: date, progress: Progress | None = None
) -> tuple[list[LocationStatus], list[str]]:
    """All of the files that can be used, each of the kind that is wanted, and what is wrong with the others."""
    found, problems = [], []
    for kind, path in places:
        try:
            found.append(status(path, kind=kind, today=today, progress=progress))
        except DatabaseProblem as problem:
            problems.append(str(problem))
    return found, problems


def status(path: Path, *, kind: str | None = None, today: date, progress: Progress | None = None) -> LocationStatus:
    """All of one file. Errors: `DatabaseProblem` where it is not there, not of the kind, or damaged anywhere."""
    with Database(path, kind=kind) as database:
        about = database.about
        coverage = database.coverage(lambda done, total: progress("reading", done, total) if progress else None)
        is_of_cities, has_ipv6 = about.kind == "city", about.ip_version == 6
        origin = fetch.origin(path)
        return LocationStatus(
            path=path,
            kind=about.kind,
            name=about.name,
            build_date=about.build_date,
            age_days=(today - about.build_date).days,
            is_stale=today - about.build_date > STALE_AFTER,
            ip_versions=(4, 6) if has_ipv6 else (4,),
            networks=coverage.networks,
            records=coverage.records,
            ipv4_share=coverage.ipv4_share,
            ipv4=_spread.shares(database) if is_of_cities else None,
            ipv6=_spread.shares(database, 6) if is_of_cities and has_ipv6 else None,
            credit=about.credit,
            fetched_from=origin.source if origin else None,
        )
