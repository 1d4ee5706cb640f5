"""The command line: `recent-activities`, or `python -m processors`. Reads the clock, so that nothing below has to."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from processors import _allocators, _arguments, _console, _geo_commands
from processors._arguments import ADDRESS_HELP, INSTANT_HELP, AsOf, Day, From, Json, To, WorkspaceOption, examples
from processors._commands import Commands

if TYPE_CHECKING:
    from processors.settings import Settings

for _name, _value in _allocators.OF_POLARS.items():
    os.environ.setdefault(_name, _value)
_allocators.keep()

DONE, DATA_PROBLEM, WRONG_CALL = 0, 1, 2

app = typer.Typer(
    cls=Commands,
    name="recent-activities",
    help="Who signed in, when, from where, on what, and how long were they idle.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 the data has a problem that the output names, 2 the call or the settings are wrong.",
)


app.add_typer(_geo_commands.app, name=_geo_commands.NAME)


@app.callback()
def _options(
    ctx: typer.Context,
    workspace: WorkspaceOption = None,
    version: _arguments.Version = False,
) -> None:
    _console.about(None)
    if workspace:
        given = {"workspace": workspace}
        ctx.default_map = dict.fromkeys(typer.main.get_group(app).commands, given)
        ctx.default_map[_geo_commands.NAME] = dict.fromkeys(typer.main.get_group(_geo_commands.app).commands, given)


def _load(workspace: Path | None) -> Settings:
    from processors import settings

    _console.about(settings.find(workspace))
    return settings.load(workspace)


def _as_of(text: str | None, settings: Settings) -> datetime:
    return _arguments.instant(text, time_zone=settings.time_zone, now=datetime.now(UTC))


def _asked(
    workspace: Path | None, as_of: str | None, day: date | None, first: date | None, last: date | None
) -> tuple[Settings, datetime, list[date] | None]:
    """The settings, the instant, and the days where some are named."""
    from processors import workspace_day

    settings = _load(workspace)
    known_at = _as_of(as_of, settings)
    return settings, known_at, _arguments.days(day, first, last, today=workspace_day.of(known_at, settings.time_zone))


@app.command(epilog=examples("init demo", "init demo --date 2025-08-29 --time-zone Europe/Berlin"))
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", show_default=False, help="Where; here, if not given")
    ] = Path(),
    time_zone: Annotated[
        str, typer.Option(metavar="ZONE", parser=_arguments.zone, help="The workspace's IANA zone")
    ] = "Asia/Kolkata",
    day: Annotated[
        date | None,
        typer.Option(
            "--date", metavar="DATE", parser=_arguments.day, help="The day of the logs (if not given: yesterday)"
        ),
    ] = None,
) -> None:
    """Write a workspace to try things on: commented settings, and a day's logs of an invented company."""
    from processors import sample, workspace_day

    yesterday = workspace_day.of(datetime.now(UTC), time_zone) - timedelta(days=1)
    written = sample.write(folder, day=day or yesterday, time_zone=time_zone)
    _console.say("done", f"{_console.count(len(written), 'file')} written; the settings are {written[-1]}")
    then = f" --as-of {day + timedelta(days=1)}T04:00" if day else ""
    _console.about(written[-1].absolute())
    steps = [_console.spelled(f"`recent-activities {step}`").strip("`") for step in ("check", f"run{then}", "show")]
    _console.say("note", "\n".join(["Next:", *steps]))


@app.command(epilog=examples("check -w demo", "check --as-of 2015-05-21"))
def check(as_of: AsOf = None, workspace: WorkspaceOption = None, as_json: Json = False) -> None:
    """Find everything that is wrong with the settings and the landing files, each with its remedy."""
    from processors import _check, settings
    from processors import check as checking

    _console.about(settings.find(workspace))
    found = checking.check(workspace, as_of=lambda settings: _as_of(as_of, settings))
    raise typer.Exit(_check.show(found, as_json=as_json))


@app.command(epilog=examples("detect /var/log/nginx/access.log", "detect export.json >> workspace.toml"))
def detect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A log file, plain or compressed")],
    as_json: Json = False,
) -> None:
    """Name a log file's format with the evidence, and print the lines for workspace.toml."""
    from processors import _detected, candidates, trial

    if unreadable := trial.unreadable([file]):
        _console.say("error", str(unreadable[0]))
        raise typer.Exit(WRONG_CALL)
    if not _detected.show(file, candidates.candidates(file), as_json=as_json):
        raise typer.Exit(DATA_PROBLEM)


@app.command(
    epilog=examples("parse -f combined /var/log/nginx/access.log*", "parse -f okta export.json --events events.parquet")
)
def parse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Log files, plain or compressed")],
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="FORMAT", help="Such as combined; without it all of them are listed"),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", parser=_arguments.zone, help="Zone of times that carry no offset"),
    ] = None,
    day: Annotated[
        date | None,
        typer.Option("--date", metavar="DATE", parser=_arguments.day, help="Day of times that carry no date"),
    ] = None,
    fields: _arguments.Fields = None,
    events: Annotated[
        Path | None, typer.Option(metavar="OUT.parquet", dir_okay=False, help="Write the events there")
    ] = None,
    quarantine: Annotated[
        Path | None, typer.Option(metavar="OUT.parquet", dir_okay=False, help="Write the rejected lines there")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read log files without a workspace: counts, and the first rejects with their reasons."""
    began = time.perf_counter()
    os.environ.setdefault("POLARS_MAX_THREADS", "1")  # slabs are parsed side by side instead, in threads of ours
    reader = _arguments.reader(format)
    from processors import _parsed, trial

    names, field_map = _arguments.fields(fields, reader)
    outputs = _arguments.outputs([events, quarantine], files)
    options = trial.options(time_zone=time_zone, day=day, fields=names, field_map=field_map)
    if unreadable := trial.unreadable(files):
        for problem in unreadable:
            _console.say("error", str(problem))
        raise typer.Exit(WRONG_CALL)
    with trial.Parquet(*outputs) as write, _console.progress() as bar:
        outcomes = [trial.read(file, reader=reader, options=options, write=write, progress=bar) for file in files]
    _parsed.show(outcomes, seconds=time.perf_counter() - began, as_json=as_json)
    if problems := _parsed.problems(outcomes, reader):
        for message in problems:
            _console.say("error", message)
        raise typer.Exit(DATA_PROBLEM)


@app.command(epilog=examples("ingest", "ingest --source panel --as-of 2025-08-30"))
def ingest(
    source: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this source; may be repeated")] = None,
    as_of: AsOf = None,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Read what is new in the landing files into the lake."""
    settings = _load(workspace)
    known_at = _as_of(as_of, settings)
    from processors import _done, run

    with _console.progress() as bar:
        result = run.ingest(settings, as_of=known_at, sources=source, progress=bar)
    _done.show(settings, as_of=known_at, read=result, as_json=as_json)
    raise typer.Exit(_done.told(result))


@app.command(epilog=examples("sessions", "sessions --from 2025-08-28 --to 2025-08-30"))
def sessions(
    day: Day = None,
    first: From = None,
    last: To = None,
    as_of: AsOf = None,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Compute sessions and inactivity windows of login dates; of all that can still change, unless named."""
    settings, known_at, dates = _asked(workspace, as_of, day, first, last)
    from processors import _done, run

    with _console.progress() as bar:
        wanted = dates if dates is not None else run.days(settings, as_of=known_at)
        result = run.sessions(settings, wanted, as_of=known_at, progress=bar)
    _done.show(settings, as_of=known_at, computed=result, as_json=as_json)


@app.command(epilog=examples("report --date 2025-08-29", "report --date 2025-08-29 --as-of 2025-08-30T04:00"))
def report(
    day: Annotated[
        date, typer.Option("--date", metavar="DATE", parser=_arguments.day, help="The day, such as 2025-08-29")
    ],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="TIME", help=f"Compute the day {INSTANT_HELP} (if not given: as it stands)"),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Publish the report of a day. The same content is the same revision."""
    settings = _load(workspace)
    known_at = _as_of(as_of, settings) if as_of else None
    from processors import _done, run

    result = run.report(settings, day, as_of=known_at)
    _done.show(settings, as_of=known_at, reports=[result], as_json=as_json)


@app.command(
    epilog=examples("run", "run --from 2025-08-01 --to 2025-08-31", "run --as-of 2015-05-21   (a log of May 2015)")
)
def run(
    day: Day = None,
    first: From = None,
    last: To = None,
    as_of: AsOf = None,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Ingest, sessions, report: of the days named, else of every day that can still change."""
    settings, known_at, dates = _asked(workspace, as_of, day, first, last)
    from processors import _done
    from processors import run as running

    with _console.progress() as bar:
        read, computed, reports = running.run(settings, as_of=known_at, dates=dates, progress=bar)
    _done.show(settings, as_of=known_at, read=read, computed=computed, reports=reports, as_json=as_json)
    raise typer.Exit(_done.told(read))


@app.command(
    epilog=examples("show", "show riya", "show 203.0.113.0/24 --from 2025-08-28", "show --user riya -f csv -o riya.csv")
)
def show(
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help=f"{ADDRESS_HELP} (203.0.113.0/24); else part of a user's name"),
    ] = None,
    first: From = None,
    last: To = None,
    user: Annotated[str | None, typer.Option(metavar="TEXT", help="Part of an e-mail or display name")] = None,
    ip: Annotated[str | None, typer.Option(metavar="ADDRESS", help=ADDRESS_HELP)] = None,
    masked: _arguments.Masked = False,
    format: Annotated[
        Literal["table", "csv", "json", "parquet"], typer.Option("--format", "-f", help="For people, or for programs")
    ] = "table",
    limit: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="At most N sessions (if not given: 50 in a table, else all)")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="Write there, not to stdout")
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Recent Activities: who signed in, when, from where, on what, how long idle. Newest login first."""
    _arguments.ordered(first, last)
    settings = _load(workspace)
    target = _arguments.output(output, settings)
    from processors import _activities
    from processors import query as querying

    found = querying.search(settings, query or "", from_=first, to=last, user=user, ip=ip)
    _activities.show(settings, found, format=format, limit=limit, is_masked=masked, output=target)


@app.command(
    epilog=examples("explain 3f92651ffb49a95c1c4399610874d427", "explain 3f92651f --masked", "explain 3f92651f --json")
)
def explain(
    session_id: _arguments.SessionId,
    masked: _arguments.Masked = False,
    is_all: Annotated[
        bool, typer.Option("--all", help="Every event on a line of its own; a long session's are summed up otherwise")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """Say why a session is what it is: its events, whose they are, what ended it, how its inactivity is computed."""
    settings = _load(workspace)
    from processors import _explained
    from processors import explain as explaining

    explanation = explaining.explain(settings, session_id, is_masked=masked)
    _explained.show(explanation, is_all=is_all, as_json=as_json)
    if explanation.agreement.is_outdated:
        raise typer.Exit(DATA_PROBLEM)


@app.command(epilog=examples("status", "status --all --json"))
def status(
    is_all: Annotated[bool, typer.Option("--all", help="Every day, not only the last 14 with data")] = False,
    workspace: WorkspaceOption = None,
    as_json: Json = False,
) -> None:
    """What was read of each source and day, and which reports are published. No personal data."""
    settings = _load(workspace)
    from processors import _status
    from processors import status as reading

    _status.show(settings, reading.status(settings, as_of=datetime.now(UTC), is_all=is_all), as_json=as_json)


def main() -> None:
    """The command, as installed."""
    _console.open_streams()
    # dataframely 3.1 imports SQLAlchemy where it is installed, as with Airflow: half of the start-up, for nothing.
    # None is how Python marks a module that is not to be imported.
    sys.modules.setdefault("sqlalchemy", None)  # type: ignore[arg-type]
    app(prog_name="recent-activities")


if __name__ == "__main__":
    main()
