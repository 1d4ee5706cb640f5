"""One user agent → what is shown of it, and the kind of device.

Agents are written by whoever sends them: of a name no more than letters, digits and a few signs are shown, of a version
its digits, and nothing here takes longer than linear time.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from processors import _agent_words as words
from processors._crawlers import crawler
from schemas.columns import UNKNOWN_KIND

LONGEST_AGENT = 1_024
"""Characters looked at: what follows is no longer about the browser."""
BETWEEN = " · "
WINDOWS, MACOS, ANDROID = "Windows 10/11", "macOS", "Android"
"""What platforms are called whose version the agent hides."""

_LONGEST_NAME = 40
_SIGNS = " .-_+&'!/"
# Chromium since 2022: from every Android; Firefox since 122: from older ones as well; Outlook-Android/2.0: of the app
_HIDING_ANDROID = ("Android 10; K", "Android 10; Mobile; rv", "-Android/")


class Agent(NamedTuple):
    """`Chrome 126 · Windows 10/11`, None where nothing is known, and the kind."""

    label: str | None
    kind: str


@lru_cache(maxsize=32_768)
def told(agent: str) -> Agent:
    """What an agent of no more than `LONGEST_AGENT` characters tells."""
    if " / " in agent and (short := words.SHORT.fullmatch(agent)):
        return _of_short(short)
    if "CFNetwork" in agent and not agent.startswith("Mozilla/"):
        return _of_cfnetwork(agent)
    browser, system = _parsed(agent)
    platform = _platform(system, agent)
    if "PowerShell/" in agent and (match := words.POWERSHELL.search(agent)):
        return Agent(_joined(f"PowerShell {match[1]}", platform), "script")
    if ("Office" in agent or "Microsoft " in agent) and (match := words.OFFICE.search(agent)):
        name = _named(match["program"] or "Microsoft Office", match["major"] or match["suite"])
        return Agent(_joined(name, platform), "app")
    if platform and words.WORN.match(agent):
        return _of_a_browser(agent, browser, system, platform)
    return _of_others(agent, browser, system, platform)


def kind_of_label(label: str) -> str:
    """The kind where there is only a label: of what runs on phones and tablets alike, none."""
    family, _, platform = label.rpartition(BETWEEN)
    name = platform.split(" ")[0]
    if platform.startswith("Windows Phone") or (name == ANDROID and family.startswith("Chrome Mobile")):
        return "phone"
    if name in ("Windows", MACOS) or (family and name in ("ChromeOS", *words.DESKTOPS)):
        return "desktop"
    return UNKNOWN_KIND


def _of_a_browser(agent: str, browser: Any, system: Any, platform: str) -> Agent:
    """The same of an agent as browsers have it, which crawlers and apps wear as well."""
    family, small = browser.family if browser else "", agent.lower()
    if any(map(small.__contains__, words.SUSPICIOUS)) and (found := _of_a_crawler(agent, browser)):
        return found
    name = _of_app(agent, family) if family in words.BROWSERS else ""
    return Agent(_joined(name or _versioned(browser), platform), _kind(system, agent, small))


def _of_others(agent: str, browser: Any, system: Any, platform: str) -> Agent:
    """The same of an agent that begins with a product of its own, or like nothing."""
    match = words.PRODUCT.match(agent)
    first = match["name"].lower() if match else ""
    own = _named(match["name"], match["major"]) if match and first not in ("mozilla", "opera") else ""
    # of the versions that ua-parser gives, those of libraries are as they are sent
    name = _versioned(browser) if browser and browser.family not in words.BROWSERS else own
    if first in words.SCRIPTS and not (system and system.family in ("iOS", "Android")):
        return Agent(_joined(name, platform), "script")
    if first in words.APPS or first.startswith(("apple-iphone", "apple-ipad")):
        return Agent(_joined(own, platform), "app")
    if first in words.TEXT_BROWSERS:
        return Agent(_joined(own, platform), "desktop")
    if first in words.PROBES:
        return Agent(own, "bot")
    if found := _of_a_crawler(agent, browser):
        return found
    if not (match and match["is_versioned"]):
        own = ""
    name = _versioned(browser) if browser and browser.family not in words.BROWSERS else own
    if _is_tv(agent, agent.lower()):
        return Agent(_joined(name, platform), "tv")
    return Agent(_joined(name, platform), "app" if name and platform else UNKNOWN_KIND)


def _of_a_crawler(agent: str, browser: Any) -> Agent | None:
    """A crawler by its name, without the platform that it claims; None where it is on no list."""
    known = crawler(agent)
    if known is None:
        return None
    is_named = browser and browser.family not in words.BROWSERS
    name = _versioned(browser) if is_named else _named(known.name, known.major)
    return Agent(name or "bot", "script" if known.is_tool else "bot")


def _of_cfnetwork(agent: str) -> Agent:
    """An app of Apple's, by the name it has there: the same CFNetwork and Darwin run on iOS and on macOS.

    `(x86_64)` is of a Mac with Intel's processor, which may run iOS in a simulator. The number is that of a build.
    """
    name, _, version = agent.partition("CFNetwork")[0].partition("/")
    major = words.MAJOR.match(version)
    name = _named(name.partition(" (")[0], major[0] if major else None) or "CFNetwork"
    return Agent(_joined(name, MACOS if "(x86_64)" in agent else "iOS/macOS"), "app")


def _of_short(short: re.Match[str]) -> Agent:
    """The same of `Chrome 126.0.0 / Mac OS X 10.15.7`, where `Other` and versions of 0 stand for nothing."""
    from ua_parser import OS

    major, system_major, system_minor = (
        None if int(short[name]) == 0 else short[name] for name in ("major", "system_major", "system_minor")
    )
    system = None if short["system"] == "Other" else OS(short["system"], system_major, system_minor)
    label = _joined(_named(short["browser"], major), _platform(system, short[0]))
    return Agent(label, kind_of_label(label or ""))


def _of_app(agent: str, family: str) -> str:
    """The app that a page was shown in; nothing where it was a browser."""
    if family == "Electron":
        match = words.ELECTRON.search(agent)
        return _named(match["name"], match["major"]) if match else ""
    for name, shown in words.IN_APPS.items():
        if name in agent:
            major = words.MAJOR.match(agent.partition(name)[2].lstrip("]/ "))
            return _named(shown, major[0] if major else None)
    return ""


@cache
def _resolver() -> Any:
    """ua-parser without its part about devices, which names models and costs most."""
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    browsers, systems, _ = load_lazy_builtins()
    return Resolver((browsers, systems, []))


def _parsed(agent: str) -> tuple[Any, Any]:
    parser = _resolver()  # not called itself: for its flags that takes as long again
    return parser.ua.extract(agent), parser.os.extract(agent)


def _versioned(browser: Any) -> str:
    return _named(browser.family, browser.major) if browser else ""


def _named(name: str, major: str | None) -> str:
    """A name that is safe to show, and its version."""
    name = _shown(name[: 4 * _LONGEST_NAME])
    return f"{name} {major}" if name and major and words.MAJOR.fullmatch(major) else name


@lru_cache(maxsize=4_096)
def _shown(name: str) -> str:
    written = unquote(name)  # Apple's apps are called Example%20Panel
    shown = " ".join("".join(one if _is_shown(one) else " " for one in written).split())
    shown = shown[:_LONGEST_NAME].strip(_SIGNS)
    is_a_name = any(map(str.isalpha, shown)) and shown.lower() not in ("unknown", "other")
    return shown if is_a_name else ""


def _is_shown(character: str) -> bool:
    """Whether it neither hides, moves nor turns what is beside it, as even letters of Hebrew do."""
    if character.isascii():
        return character.isalnum() or character in _SIGNS
    return character.isalpha() and unicodedata.bidirectional(character) == "L"


def _joined(name: str, platform: str) -> str | None:
    return f"{name}{BETWEEN}{platform}" if name and platform else name or platform or None


def _platform(system: Any, agent: str) -> str:
    """The platform with its version where the agent does not hide it."""
    if system is None:
        console = words.CONSOLE.search(agent)
        return console[1] if console else ""
    match system.family:
        case "Windows":
            return _windows(system)
        case "Mac OS X":
            return _macos(system)
        case "Chrome OS":
            return "ChromeOS"
        case "ATV OS X":
            return "tvOS"
        case "Android" if any(map(agent.__contains__, _HIDING_ANDROID)):
            return ANDROID
        # Safari since 26: `iPhone OS 18_6` or 18_7 from every later one
        case "iOS" if system.major == "18" and re.search(r"Version/(?:2[6-9]|[3-9][0-9])\.", agent):
            return "iOS"
        case "Android" | "iOS":
            return _named(system.family, system.major)
        case family:
            return _named(family, None)


def _macos(system: Any) -> str:
    """Since 2020 browsers send 10_15_7, Firefox 10.15, from every later Mac; before, they told the truth."""
    major, minor = system.major or "", system.minor or ""
    if major == "10":
        return f"{MACOS} 10.{minor}" if words.MAJOR.fullmatch(minor) and int(minor) < 15 else MACOS
    return f"{MACOS} {major}" if words.MAJOR.fullmatch(major) else MACOS


def _windows(system: Any) -> str:
    if system.major in {"10", "11"}:
        return WINDOWS
    return _named("Windows " + ".".join(part for part in (system.major, system.minor) if part), None)


def _is_tv(agent: str, small: str) -> bool:
    return any(map(small.__contains__, words.TVS)) or ("AFT" in agent and bool(words.FIRE_TV.search(agent)))


def _kind(system: Any, agent: str, small: str) -> str:
    """The kind of a device with a browser."""
    family = system.family if system else ""
    is_mobile = "Mobile" in agent or "Opera Mini" in agent
    if _is_tv(agent, small) or family in ("tvOS", "ATV OS X", "Chromecast Linux"):
        return "tv"
    if any(map(small.__contains__, words.OF_NO_KIND)):
        return UNKNOWN_KIND
    if family == "iOS":
        return "tablet" if "iPad" in agent else "phone"
    if family == "Android":
        return "phone" if is_mobile else "tablet"
    if family == "Kindle":
        return "tablet"
    if family in words.PHONES or is_mobile:
        return "phone"
    return "desktop" if family in words.DESKTOPS else UNKNOWN_KIND
