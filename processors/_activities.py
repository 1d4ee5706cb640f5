"""How Recent Activities are shown: a table for people, CSV, JSON and Parquet for programs."""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl
from rich.table import Table
from rich.text import Text

from processors import _console, lake, mask, report, workspace_day
from processors.errors import CallError
from processors.settings import Settings
from schemas import Sessions

Format = Literal["table", "csv", "json", "parquet"]
ROWS_OF_A_TABLE = 50
_GAP = 2
_ENDS_FROM = 110
"""Terminals at least this wide have room for what ended each session."""


def show(
    settings: Settings, found: pl.LazyFrame, *, format: Format, limit: int | None, is_masked: bool, output: Path | None
) -> None:
    """Nothing: the sessions go to stdout or into a file, newest login first."""
    if format == "table" and output:
        raise CallError("--output", "takes no table", "Add --format csv, json or parquet")
    if format == "parquet" and not output and sys.stdout.isatty():
        raise CallError("--format parquet", "is not for a terminal", "Add --output FILE.parquet, or send it to a pipe")
    if format == "table":
        limit = ROWS_OF_A_TABLE if limit is None else limit
    newest = found.sort(["login_time", "session_id"], descending=[True, False])
    shown = newest if limit is None else newest.head(limit)
    numbers = found.select(
        pl.len().alias("all"), pl.col("is_final").not_().sum().alias("active"), pl.col("as_of_time").max()
    )
    with lake.reached(settings.lake):
        rows, counts = pl.collect_all([shown.select(Sessions.column_names()), numbers])
    rows = mask.masked(rows) if is_masked else rows
    if format == "table":
        _print(settings, rows, counts)
    elif output:
        with lake.written(output) as temporary:
            temporary.write_bytes(_encoded(settings, rows, format))
        _console.say("done", f"{output}: {_console.count(rows.height, 'session')}")
    elif format == "parquet":
        sys.stdout.buffer.write(_encoded(settings, rows, format))
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
    local = pl.col("login_time").dt.convert_time_zone(time_zone)
    instants = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime) and name != "login_time"]
    return rows.with_columns(
        pl.col(instants).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        report.duration(pl.col("inactivity_s")).alias("inactivity_duration"),
        local.dt.strftime("%:z").alias("login_utc_offset"),
        workspace_day.printed(pl.col("login_time"), time_zone).alias("login_time"),
    ).select(*report.FIRST_COLUMNS, "login_utc_offset", *rest)


def _print(settings: Settings, rows: pl.DataFrame, counts: pl.DataFrame) -> None:
    console = _console.out()
    found, active, known_at = counts.row(0)
    if not found:
        _console.say("note", "No session found")
        return
    printed = _printed(rows, settings.time_zone)
    columns = ["user_name", "login_time", "inactivity_duration", "ip_address", "device"]
    columns += ["end_reason"] if console.width >= _ENDS_FROM else []
    cells = [
        [_console.visible("" if text is None else str(text)) for text in row]
        for row in printed.select(columns).iter_rows()
    ]
    domain = _shared_domain([row[0] for row in cells]) if _is_wider(cells, console.width) else ""
    for row in cells:
        row[0] = row[0].removesuffix(domain)
    heads = ["user", "login", "inactive", "address", "device", "ended by"][: len(columns)]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold dim", show_edge=False)
    for name, head, width in zip(columns, heads, _widths(heads, cells, console.width), strict=True):
        is_number = name == "inactivity_duration"
        table.add_column(head, width=width, no_wrap=True, overflow="ellipsis", justify="right" if is_number else "left")
    for is_final, row in zip(printed["is_final"], cells, strict=True):
        styles = ["bold", "", "" if is_final else "bold green", "cyan", "dim", "dim" if is_final else "green"]
        table.add_row(*(Text(text, style) for text, style in zip(row, styles, strict=False)))
    console.print(table)
    local = workspace_day.local(known_at, settings.time_zone)
    console.print(_foot(settings, len(cells), found, active, local, domain))


def _foot(settings: Settings, shown: int, found: int, active: int, known_at: datetime, domain: str) -> Text:
    parts = [_console.count(found, "session") if shown == found else f"{shown:,} of {_console.count(found, 'session')}"]
    parts += [f"{active:,} active"] if active else []
    parts += [f"users {domain}"] if domain else []
    parts += ["\n" + f"times in {settings.time_zone}", f"as of {known_at:%Y-%m-%d %H:%M}"]
    more = f"\n{found - shown:,} more: --limit {found}, or --format csv" if shown < found else ""
    return Text("\n" + " · ".join(parts).replace(" · \n", "\n") + more, style="dim")


def _is_wider(cells: list[list[str]], room: int) -> bool:
    return sum(max(map(len, column)) + _GAP for column in zip(*cells, strict=True)) - _GAP > room


def _shared_domain(users: list[str]) -> str:
    """`@example.com` where every user is of that domain, else nothing."""
    domains = {user[user.find("@") :] if "@" in user else "" for user in users}
    return domains.pop() if len(domains) == 1 else ""


def _widths(heads: list[str], cells: list[list[str]], room: int) -> list[int]:
    """A width for each column so that the table fits: what is wide gives way, times and durations never."""
    wanted = [max(Text(text).cell_len for text in column) for column in zip(heads, *cells, strict=True)]
    least = [14, 19, 8, 19, 12, 8]
    while sum(wanted) + _GAP * (len(wanted) - 1) > room:
        spare = [width - floor for width, floor in zip(wanted, least, strict=False)]
        widest = max(range(len(wanted)), key=lambda n: spare[n])
        if spare[widest] <= 0:
            break
        wanted[widest] -= 1
    return wanted
