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
# what a directive says, and how that is written; what says nothing we need is read over
_DIRECTIVES = {
    "Y": ("year", "[1-9][0-9]{3}"),
    "y": ("short_year", "[0-9]{2}"),  # POSIX: 69 to 99 are of the last century
    "m": ("month", "(?:0[1-9]|1[0-2])"),
    "b": ("month", "|".join(month[:3] for month in _MONTHS)),
    "h": ("month", "|".join(month[:3] for month in _MONTHS)),
    "B": ("month", "|".join(_MONTHS)),
    "d": ("day", "(?:0[1-9]|[12][0-9]|3[01])"),
    "e": ("day", "(?: [1-9]|[12][0-9]|3[01])"),
    "H": ("hour", "(?:[01][0-9]|2[0-3])"),
    "k": ("hour", "(?: [0-9]|1[0-9]|2[0-3])"),
    "I": ("half_hour", "(?:0[1-9]|1[0-2])"),
    "l": ("half_hour", "(?: [1-9]|1[0-2])"),
    "p": ("half", "AM|PM"),
    "P": ("half", "am|pm"),
    "M": ("minute", "[0-5][0-9]"),
    "S": ("second", "[0-5][0-9]"),
    "z": ("offset", r"[+-](?:0[0-9]|1[0-4])[0-5][0-9]"),
    "s": ("seconds", "[0-9]{1,11}"),
    "{sec}": ("seconds", "[0-9]{1,11}"),
    "{msec}": ("milliseconds", "[0-9]{1,14}"),
    "{usec}": ("microseconds", "[0-9]{1,17}"),
    "{msec_frac}": ("fraction", "[0-9]{3}"),
    "{usec_frac}": ("fraction", "[0-9]{6}"),
    "a": ("", "|".join(day[:3] for day in _DAYS)),
    "A": ("", "|".join(_DAYS)),
    "j": ("", "[0-3][0-9]{2}"),
    "C": ("", "[0-9]{2}"),
    "G": ("", "[0-9]{4}"),
    "g": ("", "[0-9]{2}"),
    "u": ("", "[1-7]"),
    "w": ("", "[0-6]"),
    "U": ("", "[0-9]{2}"),
    "W": ("", "[0-9]{2}"),
    "V": ("", "[0-9]{2}"),
    "Z": ("", "[A-Za-z]{1,6}|[+-][0-9]{2,4}"),  # IST is three zones of the world: the source's time_zone says which
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
    return {name for name, _, _ in _pieces(shape) if name}


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
    return "".join(f"(?:{written})" for _, written, _ in _pieces(shape))


def characters(shape: str) -> str:
    """The characters that such a time has, or others of the same kinds."""
    return "".join(sorted({character for _, _, some in _pieces(shape) for character in some}))


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
    for name, one, _ in _pieces(shape):
        written += f"(?P<{name}>{one})" if name and name not in named else f"(?:{one})"
        named.add(name)
    return rf"\A{written}\z"


def _pieces(shape: str) -> Iterator[tuple[str, str, str]]:
    """What each piece says (nothing, if it is text or not needed), how that is written, and of which characters."""
    for found in _DIRECTIVE.finditer(shape):
        directive, text = found[1], found[2]
        if text or directive == "%":
            yield "", re.escape(text or "%"), text or "%"
        elif directive in _DIRECTIVES:
            name, written = _DIRECTIVES[directive]
            yield name, written, _characters(written)
        elif directive in _MADE_OF:
            yield from _pieces(_MADE_OF[directive])
        else:
            raise Unsupported(directive, found.start())


def _characters(written: str) -> str:
    letters = string.ascii_letters if re.search(r"[A-Za-z]{2}|A-Z", written) else ""
    return string.digits + letters + "+-" * ("[+-]" in written) + " " * ("(?: " in written)
