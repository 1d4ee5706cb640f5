"""Text whose every character is seen: what would move a cursor, hide or turn a word around is written out."""

from __future__ import annotations

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str) -> str:
    """The text with control, bidirectional and other invisible characters written out: `\\x1b`, `\\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_written_out(c) if unicodedata.category(c) in _HIDDEN else c for c in text)


def shape(raw: bytes, longest: int) -> str:
    """What a line looks like and nothing of what it says: every letter is an x, every digit a 9."""
    text = raw[: 4 * longest].decode(errors="replace")
    masked = "".join(_masked(character) for character in text)
    return visible(masked if len(masked) <= longest else masked[: longest - 1] + "…")


def _masked(character: str) -> str:
    if character.isdecimal():
        return "9"
    return "x" if unicodedata.category(character)[0] in "LMN" else character


def _written_out(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
