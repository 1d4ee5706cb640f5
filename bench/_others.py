"""What others do with a combined log: `python -m bench._others duckdb_csv LOG OUT.parquet`."""

from __future__ import annotations

import sys

NAMES = ("peer", "user_name", "time", "request", "status", "size", "referrer", "user_agent")
REGEX = (
    r"^([^ ]+) [^ ]+ (.+?) \[([^\]]+)\] \"((?:[^\"\\]|\\.)*)\" ([0-9]{3}) ([0-9]+|-) "
    r"\"((?:[^\"\\]|\\.)*)\" \"((?:[^\"\\]|\\.)*)\"$"
)


def bare(log: str, out: str) -> None:
    """The least that reading and writing takes: no check, no type, wrong where quotes are escaped."""
    import polars as pl

    rows = pl.scan_csv(log, separator=" ", has_header=False, infer_schema=False)
    rows.sink_parquet(out, compression="zstd")


def duckdb_csv(log: str, out: str) -> None:
    """DuckDB's CSV reader with typed columns; wrong where quotes are escaped."""
    import duckdb

    columns = {f"c{number}": "VARCHAR" for number in range(10)}
    rows = duckdb.read_csv(log, sep=" ", quotechar='"', header=False, columns=columns, auto_detect=False)
    typed = rows.select(
        "c0 as peer, c2 as user_name, strptime(c3 || ' ' || c4, '[%d/%b/%Y:%H:%M:%S %z]') as event_time, "
        "split_part(c5, ' ', 1) as http_method, split_part(split_part(c5, ' ', 2), '?', 1) as http_path, "
        "c6::smallint as http_status, try_cast(c7 as bigint) as response_bytes, c8 as referrer, c9 as user_agent"
    )
    typed.write_parquet(out, compression="zstd")


def duckdb_regex(log: str, out: str) -> None:
    """DuckDB's regular expressions."""
    import duckdb

    rows = duckdb.read_csv(
        log, sep="\x01", quotechar="", escapechar="", header=False, columns={"line": "VARCHAR"}, auto_detect=False
    )
    regex, names = REGEX.replace("'", "''"), ", ".join(f"'{name}'" for name in NAMES)
    rows.select(f"unnest(regexp_extract(line, '{regex}', [{names}]))").write_parquet(out, compression="zstd")


def chdb_regex(log: str, out: str) -> None:
    """ClickHouse's Regexp format."""
    import chdb

    columns = ", ".join(f"{name} String" for name in NAMES)
    regex = REGEX.replace("\\", "\\\\").replace("'", "\\'")
    chdb.query(
        f"insert into function file('{out}', 'Parquet') select * from file('{log}', 'Regexp', '{columns}') "
        f"settings format_regexp='{regex}', format_regexp_escaping_rule='Raw', engine_file_truncate_on_insert=1"
    )


if __name__ == "__main__":
    {"bare": bare, "duckdb_csv": duckdb_csv, "duckdb_regex": duckdb_regex, "chdb_regex": chdb_regex}[sys.argv[1]](
        *sys.argv[2:]
    )
