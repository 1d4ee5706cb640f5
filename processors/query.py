"""Ad hoc: the tables of a workspace as LazyFrames, filters pushed down to the files.

Dates are workspace dates, both ends included, as `date` or `"2025-08-29"`. `user` is part of an e-mail address or of a
display name in the roster, upper and lower case alike, never a pattern. `ip` is an address, the beginning of one on an
octet boundary (`203.0.113.`, `2001:db8:`) or a network (`203.0.113.0/24`). Each may be left out: see `Filters`.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from pathlib import Path
from typing import TypedDict, Unpack

import polars as pl

from processors import _roster, lake, workspace_day
from processors import settings as configuration
from processors._addresses import unmapped
from processors.errors import CallError
from processors.settings import Settings
from schemas import Events, InactivityWindows, LimitOverruns, Sessions, Table

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
WorkspaceLike = Settings | str | Path
DateLike = date | str

_IPV4_BEGINNING = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,2}\.|\d{1,3}(?:\.\d{1,3}){1,2}")
_WRITTEN_AS_ADDRESS = re.compile(r"\d+\.[\d.]*(?:/.*)?|\d+/.*|[0-9a-f.]*:[0-9a-f:.]*(?:%.*)?(?:/.*)?", re.IGNORECASE)
_IPV6_BEGINNING = re.compile(r"[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}:", re.IGNORECASE)


class Filters(TypedDict, total=False):
    """What to look for; what is left out is no limit."""

    from_: DateLike | None
    to: DateLike | None
    user: str | None
    ip: str | None


def sessions(workspace: WorkspaceLike, **filters: Unpack[Filters]) -> pl.LazyFrame:
    """Sessions by login date, user and any address seen in them. Errors: `CallError` for what is no date or address."""
    settings = _settings(workspace)
    return _of_days(settings, Sessions, filters).filter(
        *_user(settings, filters.get("user")), *_seen(filters.get("ip"))
    )


def search(workspace: WorkspaceLike, text: str, **filters: Unpack[Filters]) -> pl.LazyFrame:
    """Sessions by one string: what is written as an address is one, everything else is part of a user's name."""
    settings, text = _settings(workspace), text.strip()
    wanted = _seen(text) if _WRITTEN_AS_ADDRESS.fullmatch(text) else _user(settings, text)
    return sessions(settings, **filters).filter(*wanted)


def inactivity_windows(workspace: WorkspaceLike, **filters: Unpack[Filters]) -> pl.LazyFrame:
    """Inactivity windows by login date and user, and by any address seen in their session."""
    return _by_session(workspace, InactivityWindows, filters)


def limit_overruns(workspace: WorkspaceLike, **filters: Unpack[Filters]) -> pl.LazyFrame:
    """Actions after a limit of a policy, by login date and user, and by any address seen in their session."""
    return _by_session(workspace, LimitOverruns, filters)


def events(workspace: WorkspaceLike, **filters: Unpack[Filters]) -> pl.LazyFrame:
    """Events by workspace date, user where the line names one, and address; with their `event_date`, which is UTC."""
    settings = _settings(workspace)
    first, last = _range(filters)
    start = workspace_day.bounds(first, settings.time_zone)[0] if first else None
    end = workspace_day.bounds(last, settings.time_zone)[1] if last else None
    wanted = _between(lake.partitions(settings.lake, Events), start and start.date(), end and end.date())
    time = pl.col("event_time")
    within = ([time >= start] if start else []) + ([time < end] if end else [])
    of_ip = [is_within(pl.col("ip_address"), found) for found in _ip(filters.get("ip"))]
    return lake.scan(settings.lake, Events, wanted).filter(*within, *_user(settings, filters.get("user")), *of_ip)


def network(text: str) -> Network | None:
    """The addresses that a text means: one, those that begin so, or a network; None where it is nothing of these."""
    text = text.strip()
    if _IPV4_BEGINNING.fullmatch(text):
        octets = text.removesuffix(".").split(".")
        text = ".".join(octets + ["0"] * (4 - len(octets))) + f"/{8 * len(octets)}"
    elif _IPV6_BEGINNING.fullmatch(text):
        groups = text.removesuffix(":").split(":")
        text = f"{':'.join(groups)}{'::' if len(groups) < 7 else ':0'}/{16 * len(groups)}"
    try:
        return unmapped(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


def is_within(address: pl.Expr, of: Network) -> pl.Expr:
    """Whether each address, in canonical text, belongs to the network. Null is not in any."""
    if of.prefixlen == of.max_prefixlen:
        return (address == str(of.network_address)).fill_null(False)
    if of.version == 4 and of.prefixlen and of.prefixlen % 8 == 0:
        octets = str(of.network_address).split(".")[: of.prefixlen // 8]
        return address.str.starts_with(".".join(octets) + ".").fill_null(False)

    def members(addresses: pl.Series) -> pl.Series:
        inside = [text for text in addresses.unique().drop_nulls() if _belongs(text, of)]
        return addresses.is_in(inside).fill_null(False)

    return address.map_batches(members, return_dtype=pl.Boolean, is_elementwise=True)


def _belongs(address: str, of: Network) -> bool:
    try:
        return ipaddress.ip_address(address) in of
    except ValueError:
        return False


def _settings(workspace: WorkspaceLike) -> Settings:
    return workspace if isinstance(workspace, Settings) else configuration.load(workspace)


def _by_session(workspace: WorkspaceLike, table: type[Table], filters: Filters) -> pl.LazyFrame:
    """Rows of a table of sessions, which have a user, and no address of their own."""
    settings = _settings(workspace)
    rows = _of_days(settings, table, filters).filter(*_user(settings, filters.get("user")))
    if filters.get("ip") is None:
        return rows
    return rows.join(sessions(settings, **filters), on="session_id", how="semi")


def _of_days(settings: Settings, table: type[Table], filters: Filters) -> pl.LazyFrame:
    return lake.scan(settings.lake, table, _between(lake.partitions(settings.lake, table), *_range(filters)))


def _between(partitions: list[str], first: date | None, last: date | None) -> list[str]:
    return [name for name in partitions if str(first or "") <= name <= str(last or "9999-12-31")]


def _range(filters: Filters) -> tuple[date | None, date | None]:
    first, last = _date(filters.get("from_")), _date(filters.get("to"))
    if first and last and first > last:
        raise CallError(f"{first} to {last}", "is no range of days", "Give the earlier day first")
    return first, last


def _date(day: DateLike | None) -> date | None:
    if not isinstance(day, str):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise CallError(day, "is no date", "Write it as 2025-08-29") from None


def _ip(text: str | None) -> list[Network]:
    """The network looked for; none where none is."""
    if text is None:
        return []
    found = network(text)
    if found is None:
        remedy = (
            "Give an address, the beginning of one (203.0.113. or 2001:db8:), or a network (203.0.113.0/24); "
            "look for a name like that with --user (in Python, user=)"
        )
        raise CallError(text, "is no address", remedy)
    return [found]


def _seen(text: str | None) -> list[pl.Expr]:
    """Whether an address of a session belongs to the network looked for."""
    each = pl.element()
    return [pl.col("ip_addresses").list.eval(is_within(each, found)).list.any().fill_null(False) for found in _ip(text)]


def _user(settings: Settings, text: str | None) -> list[pl.Expr]:
    if not text:
        return []
    part = text.lower()
    name = pl.col("user_name").str.to_lowercase()
    return [(name.str.contains(part, literal=True) | name.is_in(_called(settings, part))).fill_null(False)]


def _called(settings: Settings, part: str) -> list[str]:
    """The users whose display name in the roster contains `part`, in lower case."""
    if settings.workspace.roster is None:
        return []
    people = _roster.read(settings.root / settings.workspace.roster)
    found = people.filter(pl.col("display_name").str.to_lowercase().str.contains(part, literal=True))
    return found["user_name"].drop_nulls().str.to_lowercase().to_list()
