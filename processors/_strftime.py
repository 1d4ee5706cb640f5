"""Times written by strftime(3) and by Apache's tokens for fractions → their parts.

Every directive has the strict shape that the C locale gives it: Apache never calls setlocale for times (unverified for
modules that do). Polars' own strptime also takes tabs, one digit in place of two, and a second of 60.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import NamedTuple

import polars as pl

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBERS = {name: f"{n:02}" for n, month in enumerate(_MONTHS, 1) for name in (month, month[:3])}
_MADE_OF = {
    "T": "%H:%M:%S",
    "F": "%Y-%m-%d",
    "D": "%m/%d/%y",
    "r": "%I:%M:%S %p",
    "c": "%a %b %e %H:%M:%S %Y",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
    "R": "%H:%M",
    "t": "\t",
}
# what a directive says (nothing, if we do not need it), how that is written, and how wide it nearly always is
_DIRECTIVES: dict[str, tuple[str, str, int | None]] = {
    "Y": ("year", "[1-9][0-9]{3}", 4),
    "y": ("short_year", "[0-9]{2}", 2),  # POSIX: 69 to 99 are of the last century
    "m": ("month", "(?:0[1-9]|1[0-2])", 2),
    "b": ("month", "|".join(month[:3] for month in _MONTHS), 3),
    "h": ("month", "|".join(month[:3] for month in _MONTHS), 3),
    "B": ("month", "|".join(_MONTHS), None),
    "d": ("day", "(?:0[1-9]|[12][0-9]|3[01])", 2),
    "e": ("day", "(?: [1-9]|[12][0-9]|3[01])", 2),
    "H": ("hour", "(?:[01][0-9]|2[0-3])", 2),
    "k": ("hour", "(?: [0-9]|1[0-9]|2[0-3])", 2),
    "I": ("half_hour", "(?:0[1-9]|1[0-2])", 2),
    "l": ("half_hour", "(?: [1-9]|1[0-2])", 2),
    "p": ("half", "AM|PM", 2),
    "P": ("half", "am|pm", 2),
    "M": ("minute", "[0-5][0-9]", 2),
    "S": ("second", "[0-5][0-9]", 2),
    "z": ("offset", r"[+-](?:0[0-9]|1[0-4])[0-5][0-9]", 5),
    "s": ("seconds", "[0-9]{1,11}", 10),
    "{sec}": ("seconds", "[0-9]{1,11}", 10),
    "{msec}": ("milliseconds", "[0-9]{1,14}", 13),
    "{usec}": ("microseconds", "[0-9]{1,17}", 16),
    "{msec_frac}": ("fraction", "[0-9]{3}", 3),
    "{usec_frac}": ("fraction", "[0-9]{6}", 6),
    "a": ("", "|".join(day[:3] for day in _DAYS), 3),
    "A": ("", "|".join(_DAYS), None),
    "j": ("", "[0-3][0-9]{2}", 3),
    "C": ("", "[0-9]{2}", 2),
    "G": ("", "[0-9]{4}", 4),
    "g": ("", "[0-9]{2}", 2),
    "u": ("", "[1-7]", 1),
    "w": ("", "[0-6]", 1),
    "U": ("", "[0-9]{2}", 2),
    "W": ("", "[0-9]{2}", 2),
    "V": ("", "[0-9]{2}", 2),
    # IST is three zones of the world: the source's time_zone says which
    "Z": ("", "[A-Za-z]{1,6}|[+-][0-9]{2,4}", None),
}
_DIRECTIVE = re.compile(r"%(\{[a-z_]+\}|[EO]?.|\Z)|([^%]+)", re.DOTALL)
EPOCHS = ("seconds", "milliseconds", "microseconds")


class Unsupported(ValueError):
    """A directive that is not known, and where it stands."""

    def __init__(self, directive: str, position: int) -> None:
        super().__init__(directive, position)
        self.directive = directive
        self.position = position

    def __str__(self) -> str:
        return f"%{self.directive} is no directive of strftime that is known here"


def says(shape: str) -> set[str]:
    """What the parts of such a time say: `year`, `hour`, `offset`, … Errors: `Unsupported`."""
    return {piece.says for piece in _pieces(shape) if piece.says}


def missing(said: set[str]) -> str | None:
    """What such parts lack to be a time of day, in a word; None if they are one."""
    if said & set(EPOCHS):
        return None
    if not (said & {"hour"} or {"half_hour", "half"} <= said):
        return "hour"
    if absent := next((name for name in ("minute", "second") if name not in said), None):
        return absent
    of_date = [bool(said & {"year", "short_year"}), "month" in said, "day" in said]
    return None if all(of_date) or not any(of_date) else ("year", "month", "day")[of_date.index(False)]


def pattern(shape: str) -> str:
    """The regular expression of such a time, without groups."""
    return "".join(f"(?:{piece.pattern})" for piece in _pieces(shape))


def characters(shape: str) -> str:
    """The characters that such a time has, or others of the same kinds."""
    return "".join(sorted({character for piece in _pieces(shape) for character in piece.characters}))


def width(shape: str) -> int | None:
    """How many characters such a time nearly always has; None where that varies."""
    widths = [piece.width for piece in _pieces(shape)]
    return None if None in widths else sum(filter(None, widths))


def parts(raw: pl.Series, shape: str, day: date | None) -> pl.DataFrame:
    """`local` (`2025-08-29 10:07:12 345000`), `offset`, `microseconds` since 1970; null where it does not say so.

    `is_dated` is false where only the hour is known, and no day is given.
    """
    said = says(shape)
    # a pattern without groups has no fields
    groups = raw.str.extract_groups(_grouped(shape)).struct.unnest() if said else pl.DataFrame()
    year, month, days = "year", pl.col("month").replace(_NUMBERS) if "month" in said else None, "day"
    if month is None:
        dated = pl.lit(day.isoformat() if day else None, dtype=pl.String)
    else:
        full = _century() if "short_year" in said and "year" not in said else pl.col(year)
        dated = pl.concat_str(full, month, _two_digits(pl.col(days)), separator="-")
    hour = _two_digits(pl.col("hour")) if "hour" in said else _of_half() if "half" in said else None
    fraction = pl.col("fraction") if "fraction" in said else pl.lit("")
    local = (
        pl.lit(None, dtype=pl.String)
        if hour is None
        else pl.concat_str(
            dated.fill_null("2000-01-01"),
            pl.concat_str(hour, "minute", "second", separator=":"),
            fraction.str.pad_end(6, "0"),
            separator=" ",
        )
    )
    return groups.select(
        local=local,
        offset=pl.col("offset") if "offset" in said else pl.lit(None, dtype=pl.String),
        microseconds=_epoch(said, fraction),
        is_dated=pl.lit(month is not None or day is not None or bool(said & set(EPOCHS))),
    )


def _epoch(said: set[str], fraction: pl.Expr) -> pl.Expr:
    if "microseconds" in said:
        return pl.col("microseconds").cast(pl.Int64)
    if "milliseconds" in said:
        return pl.col("milliseconds").cast(pl.Int64) * 1_000
    if "seconds" in said:
        return pl.col("seconds").cast(pl.Int64) * 1_000_000 + fraction.str.pad_end(6, "0").cast(pl.Int64)
    return pl.lit(None, dtype=pl.Int64)


def _two_digits(number: pl.Expr) -> pl.Expr:
    return number.str.strip_chars_start(" ").str.zfill(2)


def _century() -> pl.Expr:
    short = pl.col("short_year")
    return pl.when(short < "69").then(pl.lit("20") + short).otherwise(pl.lit("19") + short)


def _of_half() -> pl.Expr:
    """The hour of 24 of one of 12 and its half of the day."""
    hour = pl.col("half_hour").str.strip_chars_start(" ").cast(pl.Int64) % 12
    in_all = hour + pl.when(pl.col("half").str.to_uppercase() == "PM").then(12).otherwise(0)
    return in_all.cast(pl.String).str.zfill(2)


@cache
def _grouped(shape: str) -> str:
    """The pattern with a group for what each part says, where it says so first."""
    written, named = "", set[str]()
    for piece in _pieces(shape):
        is_new = piece.says and piece.says not in named
        written += f"(?P<{piece.says}>{piece.pattern})" if is_new else f"(?:{piece.pattern})"
        named.add(piece.says)
    return rf"\A{written}\z"


class _Piece(NamedTuple):
    """A directive, or text: what it says, how that is written, of which characters, and how wide."""

    says: str
    pattern: str
    characters: str
    width: int | None


def _pieces(shape: str) -> Iterator[_Piece]:
    for found in _DIRECTIVE.finditer(shape):
        directive, text = found[1], found[2]
        if text or directive == "%":
            text = text or "%"
            yield _Piece("", re.escape(text), text, len(text))
        elif directive in _DIRECTIVES:
            says, written, wide = _DIRECTIVES[directive]
            yield _Piece(says, written, _characters(written), wide)
        elif directive in _MADE_OF:
            yield from _pieces(_MADE_OF[directive])
        else:
            raise Unsupported(directive, found.start())


def _characters(written: str) -> str:
    letters = string.ascii_letters if re.search(r"[A-Za-z]{2}|A-Z", written) else ""
    return string.digits + letters + "+-" * ("[+-]" in written) + " " * ("(?: " in written)
