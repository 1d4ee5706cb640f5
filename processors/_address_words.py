"""Addresses in canonical text as numbers of 128 bits, of which two words of 64 make one: IPv4 as IPv4-mapped IPv6."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import polars as pl

_MAPPED = b"\0" * 10 + b"\xff\xff"
IPV4_HALF = np.uint64(0xFFFF)
"""What stands above the number of an address of IPv4 in its lower word; its upper word is zero."""


class Addresses(NamedTuple):
    """Distinct addresses in the order of their numbers."""

    texts: pl.Series
    highs: Any
    lows: Any


def distinct(texts: pl.Series) -> Addresses:
    """The distinct addresses of the texts; null, and what is no address, is left out."""
    known, packed = [], []
    for text in texts.drop_nulls().unique():
        with suppress(OSError, ValueError):
            packed.append(
                socket.inet_pton(socket.AF_INET6, text) if ":" in text
                else _MAPPED + socket.inet_pton(socket.AF_INET, text)
            )  # fmt: skip
            known.append(text)
    highs, lows = np.frombuffer(b"".join(packed), ">u8").astype(np.uint64).reshape(-1, 2).T
    order = np.lexsort((lows, highs))
    return Addresses(pl.Series(texts.name, known, pl.String)[order], highs[order], lows[order])


def is_ipv4(addresses: Addresses) -> Any:
    """Which of them are of IPv4."""
    return (addresses.highs == 0) & (addresses.lows >> np.uint64(32) == IPV4_HALF)


def keys(highs: Any, lows: Any) -> Any:
    """The numbers as texts of 16 bytes, which numpy compares as it does numbers of one word."""
    words = np.empty((len(highs), 2), ">u8")
    words[:, 0], words[:, 1] = highs, lows
    return words.reshape(-1).view("S16")
