"""Writes the reference pages from the declarations in the code, and the outputs of the README's examples.

`--check` only says which pages are out of date; the examples are checked by the tests.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs import devices, examples
from processors import _field_table, bucket, lake, lease, parse, settings
from processors._documents import Pages
from processors._feeds import COLUMNS
from processors._packs import PACKS
from processors._printed import Prints
from processors._reader import MAPPED, SignInRecord
from processors.formats import _apache_directives, _nginx_variables
from schemas import TABLES, columns

HERE = Path(__file__).parent
NOTE = "<!-- Written by `make docs` from the code. -->\n\n"


def tables() -> str:
    """Every table: grain, key, partitions, retention class, columns."""
    parts = ["# Tables\n", (columns.__doc__ or "").strip().split("\n", 1)[1].strip() + "\n"]
    for table in TABLES:
        rows = [
            (f"`{name}`", _type(column.dtype), "" if not column.nullable else "may be null", column.description or "")
            for name, column in table.columns().items()
        ]
        partition = str(table.partition_column)
        if partition not in table.columns():
            column = getattr(columns, partition)()
            rows.append((f"`{partition}`", _type(column.dtype), "of the path", column.description or ""))
        private = f"{lake.PRIVATE}/" if table.is_private else ""
        parts += [
            f"## `{table.name}`\n",
            f"{(table.__doc__ or '').strip()}\n",
            f"Grain: {table.grain}. Key: {', '.join(f'`{key}`' for key in table.primary_key())}. "
            f"Place: `{private}{table.name}/{table.partition_column}=…/`. "
            f"Retention class: `{table.retention_class}`.\n",
            _table(("column", "type", "", "meaning"), rows),
        ]
    return "\n".join(parts)


def formats() -> str:
    """Every format with its specification, and every event name of the sign-in logs with our class."""
    readers = parse.formats().values()
    rows = [(f"`{r.name}`", r.kind.replace("_", "-"), r.title, f"<{r.specification}>") for r in readers]
    named = dict(zip(parse.servers(), (name for name in parse.format_names() if "<" in name), strict=True))
    rows += [(f"`{named[name]}`", "web", r.title, f"<{r.specification}>") for name, r in parse.servers().items()]
    rows += [(f"`{name}`", "sign-in", r.title, f"<{r.specification}>") for name, r in MAPPED.items()]
    parts = [
        "# Formats\n",
        "Plain, gzip, zstd, bzip2 and xz files are told apart by their first bytes, not by their names.\n",
        _table(("format", "kind", "what it is", "specification"), sorted(rows, key=lambda row: row[1] != "web")),
        "## Why a line is quarantined\n",
        _table(("reason", "meaning"), [(f"`{name}`", meaning) for name, meaning in columns.REASONS.items()]),
        "A line is skipped only where it is `blank`, or a `directive` of its format: no event by design.\n",
        *_servers(),
    ]
    for reader in readers:
        if isinstance(reader.shape, SignInRecord):
            parts += [
                f"## `{reader.name}`: from its event names to ours\n",
                "Any other name is an event of class `other`, and `recent-activities status` counts it. A `login` that "
                f"failed is a `login_failed`.{_wrapped(reader.shape.pages)}\n",
                _events(reader.shape),
            ]
    return "\n".join(parts)


def _wrapped(pages: Pages) -> str:
    """How records may come wrapped, as a sentence."""
    lists = " or ".join(f'`{{"{name}": […]}}`' for name in pages.lists)
    wrapped = f" Records may come in pages, {lists}; one without records is a `directive`." if lists else ""
    return wrapped + (f" Each of a record's `{pages.split}` is an event." if pages.split else "")


def _events(shape: SignInRecord) -> str:
    """The table of event names, with what is noted beside them."""
    rows = [(f"`{name}`", f"`{ours}`", shape.notes.get(name, "")) for name, ours in shape.events.items()]
    width = 3 if shape.notes else 2
    return _table(("event", "class", "what it is")[:width], (row[:width] for row in rows))


def _servers() -> list[str]:
    """What each token of a server's own format feeds."""
    modules = [
        (f"[{module}](https://nginx.org/en/docs/http/{module}.html#variables)", variables)
        for module, variables in _nginx_variables.MODULES.items()
    ]
    prefixes = ", ".join(f"`${prefix}…`" for prefix in _nginx_variables.FAMILIES)
    braces = ", ".join(f"`%{{…}}{name}` ({meaning})" for name, meaning in _apache_directives.FAMILIES.items())
    headers = {f"%{{{name.title()}}}i": prints for name, prints in _apache_directives.HEADERS.items()}
    return [
        "## `nginx:<log_format>`: from its variables to our columns\n",
        "Write the string as `nginx.conf` has it: one piece or several in quotes, `escape=` before them, or the whole "
        "directive. Of several variables for one column the one that says most counts; `recent-activities check` shows "
        "which. Settings (`user`, `session_reference`) may name any variable that is logged. One of your own (`map`, "
        "`set`) must stand alone between quotes.\n",
        _table(
            ("variable", "feeds"),
            [*_fed("$", _nginx_variables.VARIABLES), ("`$remote_addr` beside `$realip_remote_addr`", "`ip_address`")],
        ),
        "Read and dropped:\n",
        *(f"- {module}: {dropped}" for module, variables in modules if (dropped := _dropped("$", variables))),
        f"- ingress-nginx: {_dropped('$', _nginx_variables.INGRESS)}",
        f"- by their beginnings: {prefixes}\n",
        "## `apache:<LogFormat>`: from its directives to our columns\n",
        'Write the string as `httpd.conf` has it, in quotes with `\\"` within, or the whole directive. `%>s`, `%<u`, '
        "`%!200,304{…}i` are known; settings name a directive without these. Times in several tokens "
        "(`%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t`) make one.\n",
        _table(
            ("directive", "feeds"),
            [
                *_fed("", {**_apache_directives.DIRECTIVES, **headers}),
                ("`%t`, `%{…}t`", "`event_time`"),
                ("`%a`, `%h` beside `%{c}a`", "`ip_address`"),
            ],
        ),
        f"Read and dropped: {_dropped('', _apache_directives.DIRECTIVES)}, {braces}.\n",
    ]


def _fed(sign: str, tokens: Mapping[str, Prints]) -> list[tuple[str, str]]:
    fed = [(name, prints) for name, prints in sorted(tokens.items()) if prints.meaning]
    return [(f"`{sign}{name}`", ", ".join(f"`{column}`" for column in _columns(prints))) for name, prints in fed]


def _columns(prints: Prints) -> tuple[str, ...]:
    is_beside_the_client = prints.meaning == "peer" and prints.rank < 0
    return ("peer_address",) if is_beside_the_client else COLUMNS[prints.meaning or ""]


def _dropped(sign: str, tokens: Mapping[str, Prints]) -> str:
    return ", ".join(f"`{sign}{name}`" for name, prints in sorted(tokens.items()) if not prints.meaning)


def setting_pages() -> str:
    """Every setting with its default and meaning."""
    parts = ["# Settings\n", "One file, `workspace.toml`. Durations: `15m`, `2h`, `1h30m`, `31d`.\n"]
    sections: list[tuple[str, type[BaseModel]]] = [
        ("[workspace]", settings.Workspace),
        ("[sessions]", settings.Sessions),
        ("[ingest]", settings.Ingest),
        ("[[sources]]", settings.Source),
        ("[locations]", settings.Locations),
        ("[retention]", settings.Retention),
    ]
    for title, model in sections:
        parts += [f"## `{title}`\n", _settings(model)]
    parts += _mapping()
    kinds = ", ".join(f"`{kind}`" for kind in columns.NETWORK_KINDS)
    parts += [
        *_policies(),
        "## `[networks]`\n",
        f'`"203.0.113.0/24" = {{ label = "Head office", kind = "office" }}`; kinds: {kinds}.\n',
        *_bucket(),
    ]
    return "\n".join(parts)


def _mapping() -> list[str]:
    """`[sources.fields]` and its tables."""
    parts = [
        "## `[sources.fields]`\n",
        "What is where in the records of a source whose format is `fields:json` or `fields:csv`. `recent-activities "
        "check` shows how many of the first records have each; `parse --fields FILE.toml` reads the same table, "
        "without its heading, from a file.\n",
        "- A path is one text, or a list of which the first counts that a record has: of JSON, keys with dots between "
        "them (`client.ip`), `[type=User]` for the object of a list with that value, or one key that has dots itself; "
        "of CSV, the name of a column as the header has it.\n"
        "- Values are compared as they are written, capitals and all; `*` stands for anything. A value itself counts "
        "before patterns, the longest pattern before others. Numbers, `true` and `false` are values too.\n"
        "- Records may be objects, one a line, or an array of them. Keys may become objects or vanish: it costs "
        "their own columns alone. A record without a time is quarantined, one without anything else is not.\n"
        "- A line of CSV is a record: of one that goes on over a line end within quotes all lines are quarantined as "
        "`quoted_line_break`, lest somebody writes a record into a cell. Quotes are doubled within quotes, and stand "
        "nowhere else. The first line is the header; the same line again is skipped, and one that has all its names in "
        "another order, or more, is the next header. What looks like a formula is text like any other.\n",
    ]
    tables: list[tuple[str, type[BaseModel]]] = [
        ("", _field_table.FieldTable),
        ("event_time", _field_table.TimeField),
        ("event_class", _field_table.ClassField),
        ("outcome", _field_table.OutcomeField),
    ]
    for name, model in tables:
        parts += [f"### `{name}`\n"] * bool(name) + [_settings(model)]
    return parts


def _settings(model: type[BaseModel]) -> str:
    rows = [
        (f"`{name}`", "required" if field.is_required() else _default(field), field.description or "")
        for name, field in model.model_fields.items()
    ]
    return _table(("setting", "default", "meaning"), rows)


def _policies() -> list[str]:
    """Policies and their packs."""
    rows = [
        (f"`{name}`", *(_shown(limit) for limit in (pack.idle_limit, pack.absolute_limit)), pack.source)
        for name, pack in PACKS.items()
    ]
    return [
        "## `[policies.<name>]`\n",
        "Limits that applications ought to enforce. They change no session, they are measured against the sessions: "
        "table [`limit_overruns`](tables.md#limit_overruns). A policy has a `pack`, limits of its own, or a pack and "
        "limits that are stricter.\n",
        _settings(settings.Policy),
        "Where `applications` and `teams` are both set, both must fit. All policies that fit a session apply to it, "
        "each by itself, so that the strictest always counts and no other hides it. What is equal to a limit is within "
        "it, though NIST words inactivity as “30 minutes or longer”. Teams are those of the roster when the day is "
        "computed.\n",
        _table(("pack", "idle_limit", "absolute_limit", "source"), rows),
    ]


def _bucket() -> list[str]:
    rows = [(f"`{name}`", meaning) for name, meaning in bucket.ENVIRONMENT.items()]
    return [
        "## A lake in a bucket\n",
        'Write `lake = "s3://bucket/prefix"`. Its code is the extra `s3`, which `make setup` installs. No secret '
        "stands in the settings; the environment has them:\n",
        _table(("variable", "meaning"), rows),
        "Under Airflow they may stand in the connection `recent_activities_lake` of the type Amazon Web Services: "
        "login and password, and in its extra `region_name`, `endpoint_url` and `aws_session_token`.\n",
        "Needed are `s3:ListBucket` on the bucket, `s3:GetObject`, `s3:PutObject` and `s3:DeleteObject` below the "
        "prefix, and a store that heeds `If-Match` and `If-None-Match` of a PUT: `recent-activities check` tries it "
        "all. Runs on several machines wait for each other; one that was killed blocks nobody for longer than "
        f"{lease.LEASE_SECONDS:.0f} s. Let the bucket's life cycle remove unfinished multipart uploads. The reports "
        "stay in a folder.\n",
    ]


def _type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return "UTC µs"
    if isinstance(dtype, pl.List):
        inner = dtype.inner
        return (
            f"list of ({', '.join(f.name for f in inner.fields)})"
            if isinstance(inner, pl.Struct)
            else f"list of {inner}"
        )
    return str(dtype)


def _default(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra["default"]) if isinstance(extra, dict) else _shown(field.default)


def _shown(value: Any) -> str:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
        unit, size = next(
            (unit, size) for unit, size in units if seconds % size == 0 and (seconds >= size or size == 1)
        )
        return f"`{seconds // size}{unit}`" if (unit, seconds) != ("d", 86_400) else "`24h`"
    return "none" if value in (None, ()) else f"`{value}`"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = [list(head)]
    lines = ["| " + " | ".join(cells[0]) + " |", "|" + " --- |" * len(cells[0])]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


PAGES = {
    "tables.md": tables,
    "formats.md": formats,
    "settings.md": setting_pages,
    "devices.md": lambda: devices.page(_table),
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that are out of date."""
    stale = []
    for name, page in PAGES.items():
        text = NOTE + page()
        path = HERE / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if "--check" not in arguments:
        with tempfile.TemporaryDirectory() as folder:
            examples.README.write_text(
                examples.carried_out(examples.README.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8"
            )
    if stale and "--check" in arguments:
        print(f"out of date: {', '.join(stale)}; run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
