"""Ad hoc: the tables of a workspace as LazyFrames, filters pushed down to the files.

Dates are workspace dates, both ends included, as `date` or `"2025-08-29"`. `user` is part of an e-mail address or of a
display name in the roster, upper and lower case alike, never a pattern. `ip` is an address, the beginning of one on an
octet boundary (`203.0.113.`, `2001:db8:`) or a network (`203.0.113.0/24`).
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from pathlib import Path

import polars as pl

from processors import lake, workspace_day
from processors import settings as configuration
from processors.errors import CallError, LakeError
from processors.settings import Settings
from schemas import Events, InactivityWindows, Sessions, Table

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
WorkspaceLike = Settings | str | Path
DateLike = date | str

_IPV4_BEGINNING = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,2}\.|\d{1,3}(?:\.\d{1,3}){1,2}")
_IPV6_BEGINNING = re.compile(r"[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}:", re.IGNORECASE)


def sessions(
    workspace: WorkspaceLike,
    *,
    from_: DateLike | None = None,
    to: DateLike | None = None,
    user: str | None = None,
    ip: str | None = None,
) -> pl.LazyFrame:
    """Sessions by login date, user and address of the login. Errors: `CallError` for what is no address."""
    settings = _settings(workspace)
    return _of_days(settings, Sessions, from_, to).filter(*_user(settings, user), *_ip(ip))


def search(
    workspace: WorkspaceLike,
    text: str,
    *,
    from_: DateLike | None = None,
    to: DateLike | None = None,
    user: str | None = None,
    ip: str | None = None,
) -> pl.LazyFrame:
    """Sessions by one string: what can be an address is one, everything else is part of a user's name."""
    settings = _settings(workspace)
    text = text.strip()
    wanted = _ip(text) if network(text) else _user(settings, text)
    return sessions(settings, from_=from_, to=to, user=user, ip=ip).filter(*wanted)


def inactivity_windows(
    workspace: WorkspaceLike,
    *,
    from_: DateLike | None = None,
    to: DateLike | None = None,
    user: str | None = None,
    ip: str | None = None,
) -> pl.LazyFrame:
    """Inactivity windows by login date and user, and by address of their session's login."""
    settings = _settings(workspace)
    rows = _of_days(settings, InactivityWindows, from_, to).filter(*_user(settings, user))
    if ip is None:
        return rows
    return rows.join(sessions(settings, from_=from_, to=to, ip=ip), on="session_id", how="semi")


def events(
    workspace: WorkspaceLike,
    *,
    from_: DateLike | None = None,
    to: DateLike | None = None,
    user: str | None = None,
    ip: str | None = None,
) -> pl.LazyFrame:
    """Events by workspace date, user where the line names one, and address; with their `event_date`, which is UTC."""
    settings = _settings(workspace)
    first, last = _date(from_), _date(to)
    start = workspace_day.bounds(first, settings.time_zone)[0] if first else None
    end = workspace_day.bounds(last, settings.time_zone)[1] if last else None
    wanted = [
        name
        for name in lake.partitions(settings.lake, Events)
        if (start is None or name >= str(start.date())) and (end is None or name <= str(end.date()))
    ]
    time = pl.col("event_time")
    within = ([time >= start] if start else []) + ([time < end] if end else [])
    return lake.scan(settings.lake, Events, wanted).filter(*within, *_user(settings, user), *_ip(ip))


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
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    mapped = found.network_address.ipv4_mapped if isinstance(found, ipaddress.IPv6Network) else None
    if mapped and found.prefixlen >= 96:
        return ipaddress.ip_network((mapped, found.prefixlen - 96))
    return found


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


def _of_days(settings: Settings, table: type[Table], from_: DateLike | None, to: DateLike | None) -> pl.LazyFrame:
    first, last = _date(from_), _date(to)
    wanted = [
        name
        for name in lake.partitions(settings.lake, table)
        if (first is None or name >= str(first)) and (last is None or name <= str(last))
    ]
    return lake.scan(settings.lake, table, wanted)


def _date(day: DateLike | None) -> date | None:
    if not isinstance(day, str):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise CallError(day, "is no date", "Write it as 2025-08-29") from None


def _ip(text: str | None) -> list[pl.Expr]:
    if text is None:
        return []
    found = network(text)
    if found is None:
        remedy = "Give an address, the beginning of one (203.0.113. or 2001:db8:), or a network (203.0.113.0/24)"
        raise CallError(text, "is no address", remedy)
    return [is_within(pl.col("ip_address"), found)]


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
    path = settings.root / settings.workspace.roster
    try:
        people = pl.read_csv(path, infer_schema=False)
        found = people.filter(pl.col("display_name").str.to_lowercase().str.contains(part, literal=True))
        return found["user_name"].drop_nulls().str.to_lowercase().to_list()
    except pl.exceptions.NoDataError:
        return []
    except (OSError, pl.exceptions.PolarsError) as problem:
        remedy = "Write a CSV file with the columns user_name and display_name, or remove `roster` from the settings"
        what = "is not there" if isinstance(problem, FileNotFoundError) else "is no roster"
        raise LakeError(path, what, remedy) from None
