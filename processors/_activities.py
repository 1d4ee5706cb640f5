"""How Recent Activities are shown: a table for people, CSV, JSON and Parquet for programs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import polars as pl
from rich.table import Table
from rich.text import Text

from processors import _console, lake, mask, place_words, report, workspace_day
from processors._visible import visible
from processors.errors import CallError
from processors.location_database import credit_of
from processors.settings import Settings
from schemas import LimitOverruns, Sessions

Format = Literal["table", "csv", "json", "parquet"]
ROWS_OF_A_TABLE = 50
_GAP = 2
_ENDS_FROM = 110
"""Terminals at least this wide have room for what ended each session."""
_PLACES_FROM = 130
"""Terminals at least this wide have room for places."""


def show(
    settings: Settings, found: pl.LazyFrame, *, format: Format, limit: int | None, is_masked: bool, output: Path | None
) -> None:
    """Nothing: the sessions go to stdout or into a file, newest login first."""
    if format == "table" and output:
        raise CallError("--output", "takes no table", "Add --format csv, json or parquet")
    stream = None if output else _console.stdout()
    if format == "parquet" and stream and stream.isatty():
        raise CallError("--format parquet", "is not for a terminal", "Add --output FILE.parquet, or send it to a pipe")
    if format == "table":
        limit = ROWS_OF_A_TABLE if limit is None else limit
    newest = found.sort(["login_time", "session_id"], descending=[True, False])
    shown = newest if limit is None else newest.head(limit)
    numbers = found.select(
        pl.len(),
        pl.col("is_final").not_().sum().alias("active"),
        pl.col("as_of_time").min().alias("oldest"),
        pl.col("as_of_time").max().alias("newest"),
    )
    over = lake.scan(settings.lake, LimitOverruns) if format == "table" and settings.policies else None
    with lake.reached(settings.lake):
        rows, counts = pl.collect_all([shown.select(Sessions.column_names()), numbers])
        went_on = [] if over is None else _went_on(found, over)
    rows = mask.masked(rows) if is_masked else rows
    if format == "table":
        _print(settings, rows, counts, went_on)
    elif output:
        with lake.written(output) as temporary:
            temporary.write_bytes(_encoded(settings, rows, format))
        _console.say("done", f"{output}: {_console.count(rows.height, 'session')}")
    elif format == "parquet":
        _console.stdout().buffer.write(_encoded(settings, rows, format))
    else:
        _console.write(_encoded(settings, rows, format).decode())


def _encoded(settings: Settings, rows: pl.DataFrame, format: Format) -> bytes:
    if format == "parquet":
        buffer = io.BytesIO()
        rows.write_parquet(buffer, compression="zstd")
        return buffer.getvalue()
    if format == "csv":
        return report.recent_activities(rows, time_zone=settings.time_zone).write_csv().encode()
    return (_console.json_text(_printed(rows, settings.time_zone).to_dicts()) + "\n").encode()


def _printed(rows: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    """The columns of the report's CSV with their own types; texts as they are, for no spreadsheet reads JSON."""
    rest = [name for name in Sessions.column_names() if name not in report.FIRST_COLUMNS]
    instants = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime) and name != "login_time"]
    return rows.with_columns(
        pl.col(instants).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        report.duration(pl.col("inactivity_s")).alias("inactivity_duration"),
        report.utc_offset("login_time", time_zone).alias("login_utc_offset"),
        workspace_day.printed(pl.col("login_time"), time_zone).alias("login_time"),
    ).select(*report.FIRST_COLUMNS, "login_utc_offset", *rest)


def _went_on(found: pl.LazyFrame, over: pl.LazyFrame) -> list[str]:
    """How many of the sessions found went on after a limit, by policy."""
    policies = over.join(found, on=["login_date", "session_id"], how="semi").group_by("policy_name")
    counted = policies.agg(pl.col("session_id").n_unique()).sort("policy_name").collect()
    return [f"{_console.count(count, 'session')} under {name}" for name, count in counted.iter_rows()]


def _print(settings: Settings, rows: pl.DataFrame, counts: pl.DataFrame, went_on: list[str]) -> None:
    console = _console.out()
    found, active, *known_at = counts.row(0)
    if not found:
        _console.say("note", _nothing(settings))
        return
    printed = _printed(rows, settings.time_zone).with_columns(place_words.in_words().alias("place"))
    columns = ["user_name", "login_time", "inactivity_duration", "ip_address", "device"]
    columns += ["end_reason"] if console.width >= _ENDS_FROM else []
    has_places = console.width >= _PLACES_FROM and bool((printed["place"] != "").any())
    columns += ["place"] if has_places else []
    cells = [[visible(str(text or "")) for text in row] for row in printed.select(columns).iter_rows()]
    domain = _shared_domain([row[0] for row in cells]) if _is_wider(cells, console.width) else ""
    for row, addresses in zip(cells, rows["ip_count"], strict=True):
        row[0] = row[0].removesuffix(domain)
        row[3] += f" +{addresses - 1:,}" if addresses > 1 else ""
    heads = ["user", "login", "inactive", "address", "device", "ended by", "approximate place"][: len(columns)]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold dim", show_edge=False)
    widths = _widths(heads, cells, console.width)
    for name, head, width in zip(columns, heads, widths, strict=False):
        is_number = name == "inactivity_duration"
        table.add_column(head, width=width, no_wrap=True, overflow="ellipsis", justify="right" if is_number else "left")
    for is_final, row in zip(printed["is_final"], cells, strict=True):
        styles = ["bold", "", "" if is_final else "bold green", "cyan", "dim", "dim" if is_final else "green", ""]
        table.add_row(*(Text(text, style) for text, style in zip(row[: len(widths)], styles, strict=False)))
    _console.show_table(console, table)
    times = [f"{workspace_day.local(time, settings.time_zone):%Y-%m-%d %H:%M}" for time in known_at]
    lines = [
        [_console.count(found, "session") if found == len(cells) else f"{len(cells):,} of {found:,} sessions"]
        + ([f"{active:,} active"] if active else [])
        + ([f"users {domain}"] if domain else []),
        [f"times in {settings.time_zone}", f"as of {' to '.join(dict.fromkeys(times))}"],
        ["+1: one more address in that session, see --format csv"] if (rows["ip_count"] > 1).any() else [],
        [f"went on after a limit without a new login: {', '.join(went_on)}; limit_overruns.csv of the report says when"]
        if went_on
        else [],
        _credits(rows["location_database_name"]) if has_places else [],
        [f"approximate places are shown from {_PLACES_FROM} columns on; the terminal has {console.width}"]
        if not has_places and bool((printed["place"] != "").any())
        else [],
        [f"{found - len(cells):,} more: --limit {found}, or --format csv"] if len(cells) < found else [],
    ]
    console.print(Text("\n" + "\n".join(" · ".join(line) for line in lines if line), style="dim"))


def _credits(databases: pl.Series) -> list[str]:
    """What the licences of the places' data ask for."""
    found = dict.fromkeys(credit_of(name) for name in databases.drop_nulls().unique().sort())
    return [f"{credit.text} {credit.url}".rstrip() for credit in found if credit]


def _nothing(settings: Settings) -> str:
    days = lake.partitions(settings.lake, Sessions)
    known = (
        f"what is computed are the days {days[0]} to {days[-1]}"
        if days
        else "none are computed yet: `recent-activities run`"
    )
    return f"No session found; {known}"


def _is_wider(cells: list[list[str]], room: int) -> bool:
    return sum(max(map(len, column)) + _GAP for column in zip(*cells, strict=True)) - _GAP > room


def _shared_domain(users: list[str]) -> str:
    """`@example.com` where every user is of that domain, else nothing."""
    domains = {user[user.find("@") :] if "@" in user else "" for user in users}
    return domains.pop() if len(domains) == 1 else ""


def _widths(heads: list[str], cells: list[list[str]], room: int) -> list[int]:
    """A width for each column that has room: what is wide gives way, times and durations never, the last ones go."""
    wanted = [max(Text(text).cell_len for text in column) for column in zip(heads, *cells, strict=True)]
    least = [min(width, floor) for width, floor in zip(wanted, (10, 19, 8, 19, 12, 8, 16), strict=False)]
    while len(wanted) > 1 and sum(least[: len(wanted)]) + _GAP * (len(wanted) - 1) > room:
        wanted.pop()
    while sum(wanted) + _GAP * (len(wanted) - 1) > room:
        spare = [width - floor for width, floor in zip(wanted, least, strict=False)]
        widest = max(range(len(wanted)), key=lambda n: spare[n])
        if spare[widest] <= 0:
            break
        wanted[widest] -= 1
    return wanted
