"""Where the values of JSON begin and end, in bytes that were decoded as latin-1: a character a byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import msgspec

WINDOW = 64 << 10
"""How far is looked at a glance."""

DECODER = json.JSONDecoder(strict=False)
_SKIMMER = msgspec.json.Decoder(msgspec.Raw)
_TRAILING = re.compile(r"trailing characters \(byte ([0-9]+)\)")  # counted from 1: msgspec 0.22
_SPACE = re.compile(r"\s*+")


def skimmed(view: memoryview, position: int) -> int:
    """Where the object ends that begins there, found without making anything of it; 0 where that does not tell."""
    near = view[position : position + WINDOW]
    try:
        _SKIMMER.decode(near)
        end = len(near)
    except msgspec.DecodeError as problem:  # only what follows the object is wrong: it says where that begins
        match = _TRAILING.search(str(problem))
        if not match:
            return 0
        end = int(match[1]) - 1
    except RecursionError:
        return 0
    while near[end - 1] in b" \t\r\n":
        end -= 1
    return position + end


def members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The members of a well-formed object: key, and where the value begins and ends."""
    position = space(text, start + 1)
    while text[position] != "}":
        key, position = DECODER.raw_decode(text, position)
        at = space(text, space(text, position) + 1)
        _, position = DECODER.raw_decode(text, at)
        yield key, at, position
        position = space(text, position)
        position = space(text, position + 1) if text[position] == "," else position


def items(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the items of a well-formed list begin and end."""
    position = space(text, start + 1)
    while text[position] != "]":
        _, after = DECODER.raw_decode(text, position)
        yield position, after
        position = space(text, after)
        position = space(text, position + 1) if text[position] == "," else position


def space(text: str, position: int) -> int:
    """Where white space ends that begins there."""
    match = _SPACE.match(text, position)
    return match.end() if match else position
