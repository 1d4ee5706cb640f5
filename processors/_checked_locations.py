"""What `check` says of location databases: nothing that is wrong with them stops a run."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from processors import locations
from processors.errors import DatabaseProblem
from processors.location_database import Database
from processors.settings import Settings


class Said(NamedTuple):
    """One thing found: its kind, where, what, and what to do."""

    kind: Literal["ok", "note", "warning"]
    where: str
    message: str
    remedy: str = ""


def checked(settings: Settings, as_of: datetime) -> list[Said]:
    """Each database, or what is wrong with it; those that are old by then; that there is none."""
    found = []
    for kind, path in locations.files(settings):
        try:
            with Database(path, kind=kind) as database:
                database.coverage()
                about = database.about
            found.append(Said("ok", f"locations.{kind}", f"{path} is {about.name} of {about.build_date}"))
        except DatabaseProblem as problem:
            found.append(Said("warning", f"locations.{kind}", f"{path} {problem.problem}", problem.remedy))
    with locations.opened(settings) as lookup:
        told = locations.remarks(lookup.used(), lookup.problems, as_of=as_of)
        said = [sentence for sentence in told if sentence not in lookup.problems]  # which are told above
    return found + [Said("warning" if found else "note", "location database", sentence) for sentence in said]
