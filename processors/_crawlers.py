"""Crawlers, monitors, scanners and libraries by the names that they give themselves: the list crawler-user-agents.

It is read when the first agent asks for it that is no plain browser, in 0.06 s. All its patterns are looked for at
once, in time linear in the agent; one joined pattern of Python takes 70 times as long.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

TOOLS = {"http-library", "browser-automation"}
"""Tags of what somebody runs; all else on the list comes by itself."""
_LONGEST_PART = 40
_BEFORE, _AFTER = re.compile(r"[A-Za-z0-9_.-]*\Z"), re.compile(r"[A-Za-z0-9_.-]*")
_VERSION = re.compile(r"[/ ]v?([0-9]{1,9})")


class Crawler(NamedTuple):
    """What it calls itself, and whether it is a tool that somebody runs."""

    name: str
    major: str | None
    is_tool: bool


class _Listed(NamedTuple):
    parser: Any
    patterns: tuple[tuple[re.Pattern[str] | str, bool], ...]


def crawler(agent: str) -> Crawler | None:
    """Who it is; None for whoever is on no list."""
    listed = _listed()
    found = listed.parser.ua.extract(agent)
    if found is None:
        return None
    pattern, is_tool = listed.patterns[int(found.family)]
    match = re.search(pattern, agent)
    if match is None:  # what is a digit to Rust need not be one to Python
        return Crawler("", None, is_tool)
    start, end = match.span()
    end -= len(match[0]) - len(match[0].rstrip("/ "))
    before, after = _BEFORE.search(agent[max(0, start - _LONGEST_PART) : start]), _AFTER.match(agent, end)
    rest = after[0] if after else ""
    version = _VERSION.match(agent, end + len(rest))
    return Crawler(
        f"{before[0] if before else ''}{agent[start:end]}{rest}".strip("._-"), version[1] if version else None, is_tool
    )


@cache
def _listed() -> _Listed:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA as LIST
    from ua_parser.lazy import UserAgentMatcher
    from ua_parser.regex import Resolver

    # the family that it finds is the pattern's place on the list
    matchers: Any = [UserAgentMatcher(f"({one['pattern']})", str(place)) for place, one in enumerate(LIST)]
    patterns = tuple((str(one["pattern"]), bool(TOOLS & {*one["tags"]})) for one in LIST)
    return _Listed(Resolver((matchers, [], [])), patterns)
