"""What a user agent says about the device: browser family and major version · platform.

Two strings never tell the truth and are shown without a version: since 2022 Chromium sends `Android 10; K` from every
Android, and since 2020 browsers send `Mac OS X 10_15_7` from every Mac. `Windows NT 10.0` is Windows 10 or 11.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import polars as pl
from ua_parser import OS, Domain, PartialResult, UserAgent
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from processors._unique import map_unique
from schemas.columns import UNKNOWN_DEVICE

LONGEST_AGENT = 2_048
"""Characters looked at: what follows is no longer about the browser."""
_ASKED = Domain.USER_AGENT | Domain.OS
_SHORT = re.compile(
    r"(?P<browser>[^/();]{1,80}?) (?P<major>[0-9]{1,9})\.[0-9.]{1,40} / "  # as Auth0 writes it
    r"(?P<system>[^/();]{1,80}?) (?P<system_major>[0-9]{1,9})\.(?P<system_minor>[0-9]{1,9})\.[0-9.]{1,40}"
)


def label(user_agent: pl.Expr) -> pl.Expr:
    """`Chrome 126 · Windows 10/11`; the family alone where no platform is known; 'unknown', never null."""
    return map_unique(user_agent, _label).fill_null(UNKNOWN_DEVICE)


def kin(device: pl.Expr) -> pl.Expr:
    """The family and platform of a `label` without versions (browsers update themselves); null for 'unknown'."""
    versions = r"(?: [0-9][0-9./]*)+( |$)"
    return pl.when(device != UNKNOWN_DEVICE).then(device.str.replace_all(versions, "${1}"))


@lru_cache(maxsize=65_536)
def _label(agent: str) -> str | None:
    short = _SHORT.fullmatch(agent)
    found = _of_short(short) if short else _resolver()(agent[:LONGEST_AGENT], _ASKED)
    parts = [part for part in (_browser(found.user_agent), _platform(found.os, agent)) if part]
    return " · ".join(parts) or None


@cache
def _resolver() -> Resolver:
    """That of ua-parser without its names of devices, which take longer to load than all else."""
    agents, systems, _ = load_lazy_builtins()
    return Resolver((agents, systems, []))


def _of_short(short: re.Match[str]) -> PartialResult:
    """The same of `Chrome 126.0.0 / Mac OS X 10.15.7`, where `Other` and versions of 0 stand for nothing."""
    major, system_major, system_minor = (
        None if int(short[name]) == 0 else short[name] for name in ("major", "system_major", "system_minor")
    )
    browser, system = short["browser"], short["system"]
    return PartialResult(
        _ASKED,
        None if browser == "Other" else UserAgent(browser, major),
        None if system == "Other" else OS(system, system_major, system_minor),
        None,
        short[0],
    )


def _browser(agent: UserAgent | None) -> str:
    if agent is None:
        return ""
    return f"{agent.family} {agent.major}" if agent.major else agent.family


def _platform(system: OS | None, agent: str) -> str:
    if system is None:
        return ""
    match system.family:
        case "Windows":
            return _windows(system)
        case "Mac OS X":
            return "macOS"
        case "Chrome OS":
            return "ChromeOS"
        case "Android" if "Android 10; K" in agent:
            return "Android"
        case "Android" | "iOS" if system.major:
            return f"{system.family} {system.major}"
        case family:
            return family


def _windows(system: OS) -> str:
    if system.major in {"10", "11"}:
        return "Windows 10/11"
    version = ".".join(part for part in (system.major, system.minor) if part)
    return f"Windows {version}".rstrip()
