"""Lengths of time in the words of the settings."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)), ("s", timedelta(seconds=1)))


def shown(length: timedelta) -> str:
    """The duration as the settings write it: `1d2h`."""
    parts = []
    for unit, size in _UNITS:
        count, length = divmod(length, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"
