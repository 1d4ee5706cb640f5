"""Lines for tests of the parser, and what it makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from processors import parse

KEY = b"a key for tests"
TIME = "29/Aug/2025:10:07:12 +0530"
INSTANT = datetime(2025, 8, 29, 4, 37, 12, tzinfo=UTC)


def frame(lines: Sequence[str | None], reader: str | parse.Reader = "combined", **options: object) -> pl.DataFrame:
    rows = pl.LazyFrame({"line_number": range(1, len(lines) + 1), "line": lines}, schema_overrides={"line": pl.String})
    chosen = parse.Options(reference_key=KEY, **options)  # type: ignore[arg-type]  # as in options.toml
    found = parse.reader(reader) if isinstance(reader, str) else reader
    return parse.parse(rows, reader=found, source="panel", file_id="f1", options=chosen).collect()


def one(line: str | None, reader: str | parse.Reader = "combined", **options: object) -> dict[str, object]:
    return frame([line], reader, **options).row(0, named=True)


def request(
    text: str = "GET /panel HTTP/1.1",
    status: int = 200,
    *,
    peer: str = "192.0.2.10",
    user: str = "-",
    time: str = TIME,
    size: str = "5",
    referrer: str = "-",
    agent: str = "-",
) -> str:
    return f'{peer} - {user} [{time}] "{text}" {status} {size} "{referrer}" "{agent}"'


def event(line: str, **options: object) -> dict[str, object]:
    row = one(line, **options)
    assert row["quarantine_reason"] is None
    return row
