"""What people type, as values: dates, instants, zones, formats. A wrong one is exit code 2, with a hint."""

from __future__ import annotations

import difflib
import os
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from processors.errors import CallError

if TYPE_CHECKING:
    from processors._field_map import FieldMap
    from processors.parse import Reader
    from processors.settings import Settings


YEARS = range(1970, 2200)
"""Years in which there are logs."""


def day(text: str) -> date:
    """A date such as 2025-08-29."""
    try:
        given = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2025-08-29") from None
    if given.year not in YEARS:
        raise typer.BadParameter(f"{text} is not between {YEARS[0]} and {YEARS[-1]}")
    return given


WORKSPACE_HELP = "The settings file, or its folder (if not given: RECENT_ACTIVITIES_WORKSPACE, else ./workspace.toml)"
INSTANT_HELP = (
    "as known then: a date for its midnight, or 2025-08-30T04:00, in the workspace's time zone unless it ends in an "
    "offset or Z"
)
AS_OF_HELP = f"All {INSTANT_HELP} (if not given: now)"
ADDRESS_HELP = "An address at any time of a session, its beginning (203.0.113.) or its network"
WorkspaceOption = Annotated[Path | None, typer.Option("--workspace", "-w", metavar="PATH", help=WORKSPACE_HELP)]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="TIME", help=AS_OF_HELP)]
DAY_HELP = "This day alone, such as 2025-08-29: of the logins, in the workspace's time zone"
FROM_HELP = "The first day of several, such as 2025-08-29"
TO_HELP = "The last day, included (if not given: today)"
Day = Annotated[date | None, typer.Option("--date", metavar="DATE", parser=day, help=DAY_HELP)]
From = Annotated[date | None, typer.Option("--from", metavar="DATE", parser=day, help=FROM_HELP)]
To = Annotated[date | None, typer.Option("--to", metavar="DATE", parser=day, help=TO_HELP)]
MASKED_HELP = "Print r***@example.com for riya@example.com, 203.0.113.0/24 for 203.0.113.7"
Masked = Annotated[bool, typer.Option("--masked", help=MASKED_HELP)]
SESSION_HELP = "A session's id, as `show --format csv` has it, or the beginning of one"
SessionId = Annotated[str, typer.Argument(metavar="SESSION_ID", help=SESSION_HELP)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout")]


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib import metadata

        print(f"recent-activities {metadata.version('recent-activities')}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version")]


def zone(text: str) -> str:
    """An IANA time zone."""
    known = zoneinfo.available_timezones()
    if text not in known:
        near = difflib.get_close_matches(text, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "write it as Asia/Kolkata"
        raise typer.BadParameter(f"{text!r} is no IANA time zone; {hint}")
    return text


def reader(text: str | None) -> Reader:
    """The format of that name; one that is not given or not known is told all there are."""
    from processors import parse

    if text is None:
        raise typer.BadParameter(f"name one of {', '.join(parse.format_names())}", param_hint="'--format' / '-f'")
    try:
        return parse.reader(text)
    except parse.BadFormat as problem:
        raise CallError("--format", f"{problem.problem}", f"{problem.remedy}\n{problem.excerpt()}") from None
    except parse.UnknownFormat as problem:
        near = f"; did you mean {problem.nearest}?" if problem.nearest else ""
        known = ", ".join(parse.format_names())
        raise typer.BadParameter(
            f"{text!r} is no format{near or '.'} Formats: {known}", param_hint="'--format'"
        ) from None


def fields(text: str | None, reader: Reader) -> tuple[str | None, FieldMap | None]:
    """What `--fields` says of the lines: the names of a W3C log's fields, or a mapping out of a file."""
    from processors import _w3c_fields
    from processors._reader import FieldRecord, W3cLine

    if isinstance(reader.shape, FieldRecord):
        from pydantic import ValidationError

        from processors import _field_table, _settings_problems
        from processors._settings_file import read
        from processors.errors import Problem, SettingsError

        if text is None:
            remedy = "Name a TOML file with what [sources.fields] would say, such as event_time = 'ts'"
            raise CallError("--fields", f"{reader.name} needs to be told what is where in a record", remedy)
        file = Path(text)
        raw = read(file, missing="Name a file with what [sources.fields] would say", what="a mapping of fields in TOML")
        if isinstance(raw, Problem):
            raise SettingsError(file, (raw,))
        try:
            return None, _field_table.table(raw, reader.shape.kind).field_map()
        except ValidationError as invalid:
            told = _settings_problems.told
            problems = [told(error, raw, _field_table.FieldTable) for error in invalid.errors(include_url=False)]
            raise SettingsError(file, tuple(problems)) from None
    if text is None:
        return None, None
    if not isinstance(reader.shape, W3cLine):
        raise typer.BadParameter(f"{reader.name} has no #Fields line; leave it out", param_hint="'--fields'")
    text = text.removeprefix(_w3c_fields.MARK).strip()
    if not _w3c_fields.names(_w3c_fields.header(text)):
        message = f"{text[:60]!r} must name each field once, date and time among them"
        raise typer.BadParameter(message, param_hint="'--fields'")
    return text, None


FIELDS_HELP = (
    "What the #Fields line of a W3C log would say, where files lack it: date time c-ip …; of fields:json and "
    "fields:csv a TOML file with what \\[sources.fields] would say"
)
Fields = Annotated[str | None, typer.Option(metavar="NAMES|FILE", help=FIELDS_HELP)]


def examples(*calls: str) -> str:
    """The end of a command's help."""
    return "\n".join(["Examples:", *(f"  recent-activities {call}" for call in calls)])


def instant(text: str | None, *, time_zone: str, now: datetime) -> datetime:
    """The instant `--as-of` names, in UTC; now when it names none. Without an offset it is in the workspace's zone."""
    if text is None:
        return now
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(f"{text!r} is no time; write it as 2025-08-29T10:00:00Z, or as a date for its midnight") from None
    if given.year not in YEARS:
        raise _wrong(f"{text} is not between {YEARS[0]} and {YEARS[-1]}")
    if given.tzinfo is None:
        local = given.replace(tzinfo=zoneinfo.ZoneInfo(time_zone))
        if len(text) > len("2025-08-29") and local.utcoffset() != local.replace(fold=1).utcoffset():
            raise _wrong(f"{text} happens twice or never in {time_zone}, where the clocks change; add its offset")
        given = local
    return given.astimezone(UTC)


def days(one: date | None, first: date | None, last: date | None, *, today: date) -> list[date] | None:
    """The days named by `--date`, or by `--from` and `--to`, both included; None when none are named."""
    if one and (first or last):
        raise typer.BadParameter("give either --date, or --from and --to", param_hint="'--date'")
    if one:
        return [one]
    if last and not first:
        raise typer.BadParameter("--to needs --from", param_hint="'--to'")
    if not first:
        return None
    ordered(first, last)
    last = last or max(first, today)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def outputs(named: list[Path | None], files: list[Path]) -> list[Path | None]:
    """The files to write, where links to them lead: each another one, none that is read, none that is no file."""
    taken, found = {_real(file) for file in files}, []
    for path in named:
        if path is not None and _real(path) in taken:
            raise _wrong_output(path, "is read, or written already, by the same call", _OF_PARSE)
        found.append(path and _writable(path, _OF_PARSE))
        taken |= {_real(path)} if path else set()
    return found


def output(path: Path | None, settings: Settings) -> Path | None:
    """The file to write, where a link to it leads: nothing that is of the workspace, nothing that is no file."""
    if path is None:
        return None
    from processors import _globs
    from processors.bucket import S3Path

    found, root, roster = _real(path), _real(settings.root), settings.workspace.roster
    lake = () if isinstance(settings.lake, S3Path) else (("the lake", settings.lake),)
    of_it = (*lake, ("the reports", settings.reports), ("the settings", settings.path))
    of_it += (("the roster", settings.root / roster),) if roster else ()
    for what, place in of_it:
        if found.is_relative_to(_real(place)):
            raise _wrong_output(path, f"is of {what} of this workspace", _OF_SHOW)
    name = found.relative_to(root).as_posix() if found.is_relative_to(root) else ""
    for source in settings.sources:
        if name and _globs.matches(source.files, name):
            raise _wrong_output(path, f"is a landing file of the source {source.name}", _OF_SHOW)
    return _writable(path, _OF_SHOW)


_OF_PARSE, _OF_SHOW = "'--events' / '--quarantine'", "'--output' / '-o'"


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _writable(path: Path, option: str) -> Path:
    found = _real(path)
    if found.is_symlink() or (found.exists() and not found.is_file()):  # the first in a circle of links
        raise _wrong_output(path, "is no regular file", option)
    return found if path.is_symlink() else path


def _wrong_output(path: Path, why: str, option: str) -> typer.BadParameter:
    return typer.BadParameter(f"{path} {why}; name another file", param_hint=option)


def ordered(first: date | None, last: date | None) -> None:
    """Nothing. Errors: `--from` after `--to`."""
    if first and last and first > last:
        raise typer.BadParameter(f"{first} is after {last}", param_hint="'--from'")


def _wrong(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="'--as-of'")
