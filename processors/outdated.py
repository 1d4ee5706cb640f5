"""Days whose tables lack late events or were computed under other settings, or whose reports blame files in vain.

Nothing computes them again by itself, but for the last within `lateness`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

from processors import lake, ledger, pending, policies, shortfall, workspace_day
from processors.settings import Settings
from schemas import Sessions


def notes(settings: Settings) -> dict[str, str]:
    """What the tables of a day depend on beside the events, to be noted with them."""
    limits = settings.sessions
    lengths = (limits.idle_timeout, limits.absolute_timeout, limits.inactivity_window)
    return {
        "limits": json.dumps([length.total_seconds() for length in lengths]),
        "time_zone": settings.time_zone,
        "policies": json.dumps(policies.described(settings)),
    }


def warnings(settings: Settings) -> tuple[str, ...]:
    """What to say of such days, with the command that rebuilds them; mostly nothing."""
    return (*late_warnings(settings), *_shortfall_warnings(settings), *_settings_warnings(settings))


def let_wait(settings: Settings, *, as_of: datetime) -> None:
    """Let the days be computed again whose standing report does not name the files that they fall short of.

    Not those that are longer ago than `lateness`.
    """
    for day in shortfall.outdated(settings):
        if not pending.is_late(settings, day, as_of=as_of):
            pending.add(settings.lake, [day], "shortfall")


def late_warnings(settings: Settings, *, but: Iterable[date] = ()) -> tuple[str, ...]:
    """What to say of the days that lack late events, but for those that will be computed anyway."""
    days = pending.late(settings.lake).difference(but)
    return tuple(
        f"{_printed(first, last)}: events came later than `lateness` allows and are not in the sessions yet; "
        f"{_rebuild(first, last)}"
        for first, last in workspace_day.span(days)
    )


def _shortfall_warnings(settings: Settings) -> tuple[str, ...]:
    days = {day for day, is_in_vain in shortfall.outdated(settings).items() if is_in_vain}
    return tuple(
        f"{_printed(first, last)}: reported as INCOMPLETE because of files that are read, or gone, by now; "
        f"{_rebuild(first, last)}"
        for first, last in workspace_day.span(days - pending.marks(settings.lake).keys())
    )


def _settings_warnings(settings: Settings) -> tuple[str, ...]:
    now = notes(settings)
    computed = [date.fromisoformat(day) for day in lake.partitions(settings.lake, Sessions)]
    paths = [lake.file_of(settings.lake, Sessions, day) for day in computed]
    with ThreadPoolExecutor(8) as pool:  # in a bucket each costs a journey
        noted = list(zip(computed, pool.map(lake.metadata, paths), strict=True))
    zones = {day: was["time_zone"] for day, was in noted if was.get("time_zone", now["time_zone"]) != now["time_zone"]}
    days = {day for day, was in noted if was.get("limits", now["limits"]) != now["limits"]} | zones.keys()
    days |= {day for day, was in noted if was.get("policies", "[]") != now["policies"]}
    if zones:  # their sessions may have moved to a day that has no tables yet
        with_events = ledger.days(settings.lake, settings.time_zone)
        for day, zone in zones.items():
            moved = workspace_day.between(*workspace_day.bounds(day, zone), settings.time_zone)
            days |= with_events.intersection(moved)
    until = "; until then a session near midnight may be on two days, or on none" if zones else ""
    return tuple(
        f"{_printed(first, last)}: computed under other settings ([sessions], [policies] or the time zone); "
        f"{_rebuild(first, last)}{until}"
        for first, last in workspace_day.span(days)
    )


def _printed(first: date, last: date) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _rebuild(first: date, last: date) -> str:
    return f"rebuild with `recent-activities run --from {first} --to {last}`"
