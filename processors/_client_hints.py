"""Client hints: what a browser says of its platform's version where its user agent hides it.

Only Chromium sends them, over HTTPS, and the version only to sites that ask for it (`Accept-CH`), from the second
request on. So they tell a version and nothing else: what the agent says of browser and platform stands, and a device is
the same one whether a log has hints or not.

Sources: https://wicg.github.io/ua-client-hints/, and for Windows
https://learn.microsoft.com/en-us/microsoft-edge/web-platform/how-to-detect-win11.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from processors import _values
from processors._agents import ANDROID, BETWEEN, MACOS, WINDOWS
from processors._encoded import Encoded, encoded

# "13.0.0", as structured fields are written (RFC 8941): in quotes, which a proxy may have taken away
_VERSION = re.compile(r'"?([0-9]{1,3})(?:\.([0-9]{1,3}))?[0-9.]{0,20}"?')
_NAMES = {"windows": WINDOWS, "macos": MACOS, "mac os x": MACOS, "android": ANDROID}
_REFINED = re.compile(r"(Windows|macOS|Android) [0-9.]+")
_FEW = 1 << 16


def refined(device: Encoded, version: Encoded, platform: Encoded) -> Encoded:
    """The labels with the platform's version, where the agent hides it and the two headers, as logged, tell it."""
    version, platform = version.apply(_values.text), platform.apply(_values.text)
    if version.values.null_count() == len(version.values):
        return device
    return _meeting(device, _meeting(version, platform, hint), refine)


def hint(version: str | None, platform: str | None) -> str | None:
    """`15.0 Windows 10/11` of a version and a platform, `15.0 ` where that is not told; None for what tells nothing."""
    match = _VERSION.fullmatch(version or "")
    name = "" if platform is None else _NAMES.get(platform.strip('"').lower())
    return None if match is None or name is None else f"{int(match[1])}.{int(match[2] or 0)} {name}"


def refine(label: str | None, hint: str | None) -> str | None:
    """The label with the version of a `hint` that is of its platform."""
    if label is None or hint is None:
        return label
    version, _, name = hint.partition(" ")
    browser, _, hidden = label.rpartition(BETWEEN)
    if name not in ("", hidden):
        return label
    major, minor = map(int, version.split("."))
    shown = _versioned(hidden, major, minor)
    return f"{browser}{BETWEEN if browser else ''}{shown}" if shown else label


def unrefined(label: str) -> str | None:
    """The label without the version that hints may have told; None where that is none of theirs."""
    browser, _, platform = label.rpartition(BETWEEN)
    match = _REFINED.fullmatch(platform)
    return f"{browser}{BETWEEN if browser else ''}{_NAMES[match[1].lower()]}" if match else None


def _versioned(platform: str, major: int, minor: int) -> str:
    """The platform with its version; nothing where no such version is known."""
    if platform == WINDOWS:  # 13 and more are 11; nothing says what 11 and 12 would be
        return "Windows 11" if major >= 13 else "Windows 10" if 1 <= major <= 10 else ""
    if platform == MACOS and major == 10:
        return f"{MACOS} 10.{minor}"
    if platform == MACOS:  # 16 is what macOS 26 calls itself to programs made before it (unverified); 17 to 25 are none
        return f"{MACOS} {major}" if 11 <= major <= 15 or major >= 26 else ""
    return f"{ANDROID} {major}" if platform == ANDROID and major else ""


def _meeting(one: Encoded, other: Encoded, function: Callable[[str | None, str | None], str | None]) -> Encoded:
    """The function of the two values of each row, looked at once where they meet again."""
    (left, places), (right, others) = _parts(one), _parts(other)
    width = max(1, len(right))
    there, codes = _distinct(places * width + others, len(left) * width)
    found = [function(left[pair // width], right[pair % width]) for pair in there.tolist()]
    return Encoded(pl.Series(found, dtype=pl.String), pl.Series(codes.astype(np.uint32)))


def _parts(column: Encoded) -> tuple[list[str | None], Any]:
    column = column if column.codes is not None else encoded(column.values)
    codes = column.codes.to_numpy() if column.codes is not None else ()
    return column.values.to_list(), np.asarray(codes, np.int64)


def _distinct(numbers: Any, end: int) -> tuple[Any, Any]:
    """The different numbers below `end`, in order, and which of them each is."""
    if end > max(_FEW, 4 * len(numbers)):
        there, codes = np.unique(numbers, return_inverse=True)
        return there, codes
    is_there = np.zeros(end, bool)
    is_there[numbers] = True
    there = np.flatnonzero(is_there)
    places = np.zeros(end, np.uint32)
    places[there] = np.arange(len(there))
    return there, places[numbers]
