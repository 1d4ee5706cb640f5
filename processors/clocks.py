"""Whether the clocks of the sources agree, day by day, and what to say where they do not: which host needs NTP."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import polars as pl

from processors import lake, parse
from processors.clock_skew import clock_skew
from processors.settings import Settings
from schemas import Sessions

WARN_ABOVE_S = 30
SAME_LOGIN_S = 60
"""So far apart at the most are two records of one login (see `sessionize`)."""
RECENT_DAYS = 14
_NOTE = "clocks"
_RUN_BY_YOURSELF = ("keycloak", "fields")
"""Formats of providers that run on a host of one's own; the clocks of all others are their vendors' care."""


@dataclass(frozen=True)
class Skew:
    """How far the clock of a provider's source is ahead of that of a web server's source, from so many logins."""

    provider: str
    server: str
    skew_s: int
    pair_count: int

    @property
    def is_off(self) -> bool:
        """Whether that is more than `WARN_ABOVE_S` either way."""
        return abs(self.skew_s) > WARN_ABOVE_S


def note(settings: Settings, events: pl.LazyFrame) -> dict[str, str]:
    """What is to be noted with a day's tables of the clocks, from its events."""
    kinds = {source.name: parse.reader(source.format).kind for source in settings.sources}
    of_kind = {kind: [name for name, its in kinds.items() if its == kind] for kind in ("sign_in", "web")}
    found = clock_skew(events, providers=of_kind["sign_in"], servers=of_kind["web"]).collect()
    return {_NOTE: json.dumps(found.to_dicts())}


def noted(notes: dict[str, str]) -> list[Skew]:
    """What was noted; nothing by earlier versions."""
    return [Skew(**one) for one in json.loads(notes.get(_NOTE, "[]"))]


def newest(settings: Settings) -> dict[date, list[Skew]]:
    """Of each provider and server the skew of the newest day that tells it, of the last `RECENT_DAYS` computed."""
    days = [date.fromisoformat(day) for day in lake.partitions(settings.lake, Sessions)][-RECENT_DAYS:]
    with ThreadPoolExecutor(8) as pool:  # in a bucket each costs a journey
        notes = list(pool.map(lake.metadata, [lake.file_of(settings.lake, Sessions, day) for day in days]))
    last = {(one.provider, one.server): day for day, its in zip(days, notes, strict=True) for one in noted(its)}
    known = {source.name for source in settings.sources}
    found: dict[date, list[Skew]] = {}
    for day, its in zip(days, notes, strict=True):
        kept = [one for one in noted(its) if last[one.provider, one.server] == day]
        found[day] = [one for one in kept if {one.provider, one.server} <= known]
    return {day: skews for day, skews in found.items() if skews}


def warnings(settings: Settings, found: dict[date, list[Skew]]) -> tuple[str, ...]:
    """What to say of the `newest`; mostly nothing."""
    every = [one for skews in found.values() for one in skews]
    return tuple(f"{day}: {said}" for day, skews in found.items() for said in told(settings, skews, beside=every))


def told(settings: Settings, skews: Iterable[Skew], *, beside: Iterable[Skew]) -> list[str]:
    """A sentence for each skew that is too large. `beside`: all that are known, to tell whose clock it is."""
    known = list(beside)
    return [_told(settings, one, known) for one in skews if one.is_off]


def _told(settings: Settings, one: Skew, known: list[Skew]) -> str:
    way = "ahead of" if one.skew_s > 0 else "behind"
    merged = (
        f"; what is more than {SAME_LOGIN_S} s apart is not seen to be one login, and is two sessions"
        if abs(one.skew_s) > SAME_LOGIN_S
        else ""
    )
    return (
        f"the clock of {one.provider} is {abs(one.skew_s)} s {way} that of {one.server}, by the median of "
        f"{one.pair_count:,} logins that both recorded{merged}. {_remedy(settings, one, known)}"
    )


def _remedy(settings: Settings, one: Skew, known: list[Skew]) -> str:
    """Whose clock is the likelier one to be wrong, and what to do there."""
    servers_hosts = f"the hosts that write the files of {one.server}"
    providers_host = f"the host of {one.provider}"
    format = next((source.format for source in settings.sources if source.name == one.provider), "")
    agrees = [other for other in known if not other.is_off]
    if not format.startswith(_RUN_BY_YOURSELF):
        where, why = servers_hosts, f"; {one.provider} has its vendor's clock"
    elif any(other.provider == one.provider for other in agrees):
        where, why = servers_hosts, "; other web servers agree with the provider"
    elif any(other.server == one.server for other in agrees):
        where, why = providers_host, "; other providers agree with the web server"
    else:
        where, why = f"{servers_hosts} and {providers_host}", ""
    return f"See that NTP runs on {where} (`timedatectl`, `chronyc tracking`){why}"
