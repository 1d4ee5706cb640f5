"""The JSON object of a line that an attacker may have written."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

DEEPEST = 200
"""No log nests deeper. Decoders recurse, and in a thread with a small stack they crash before they notice."""

# a string that never ends is one match as well: searching for its end from each of its quotes would be quadratic
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


_DECODER = msgspec.json.Decoder()
_EXACT = msgspec.json.Decoder(float_hook=str)


def object_of(text: str, *, is_exact: bool = False) -> dict[str, Any]:
    """The object. A lone surrogate, which is no text, becomes `?`. Errors: `ValueError` if it is not one object.

    `is_exact`: whether numbers with a fraction are text, as they are written.
    """
    decoder = _EXACT if is_exact else _DECODER
    if is_deep(text):
        raise ValueError("nested too deep")
    try:
        found = decoder.decode(text)
    except msgspec.DecodeError:
        if "\\ud" not in text.lower():
            raise
        found = decoder.decode(json.dumps(json.loads(text), ensure_ascii=False).encode("utf-8", "replace"))
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def is_deep(text: str) -> bool:
    """Whether it nests deeper than is decoded."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth > DEEPEST:
                return True
        elif token[0] in ("]", "}"):
            depth -= 1
    return False
