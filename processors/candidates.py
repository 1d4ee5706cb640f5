"""Which formats the first lines of a file look like, and what each would make of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from processors import parse, trial
from schemas import Events
from schemas.columns import UNKNOWN_DEVICE

FITS_BELOW = 0.1
"""Share of quarantined lines up to which a format may be the file's: attackers write lines as well."""
SHOWN = [name for name in Events.column_names() if name not in ("source", "file_id", "line_number")]


@dataclass(frozen=True)
class Candidate:
    """What becomes of a file's first lines under a format.

    `shares`: how many of its events have each column, from 0 to 1. `firsts`: the first value of each that any has.
    """

    format: str
    title: str
    outcome: trial.Outcome
    shares: dict[str, float] = field(default_factory=dict)
    firsts: dict[str, Any] = field(default_factory=dict)
    needs_time_zone: bool = False
    needs_date: bool = False

    @property
    def fits(self) -> bool:
        """Whether it reads nearly all of them."""
        return self.outcome.events > 0 and self.outcome.quarantined_share < FITS_BELOW


def candidates(file: Path) -> list[Candidate]:
    """Every named format, the one that reads most of the file's first lines first.

    Errors: `LandingError` for a file that cannot be read.
    """
    found = [_candidate(file, reader) for reader in parse.formats().values()]
    return sorted(found, key=lambda one: (not one.fits, one.outcome.quarantined_share, -one.outcome.events))


def better_format(file: Path, than: str) -> str | None:
    """The format that reads the file's first lines best, if it reads nearly all of them; else None."""
    others = [one for one in candidates(file) if one.format != than and one.fits]
    return others[0].format if others else None


def _candidate(file: Path, reader: parse.Reader) -> Candidate:
    # only the shape is judged, so that a zone or a date that is not given is no obstacle
    anywhere = trial.options(time_zone="UTC", day=date(2000, 1, 1))
    head = trial.head(file, reader)
    frames = [Events.empty()]
    outcome = trial.fit(
        head, reader, anywhere, lambda events, _: frames.append(events.decoded().select(Events.column_names()))
    )
    events = pl.concat(frames).select(SHOWN).with_columns(pl.col("device").replace(UNKNOWN_DEVICE, None))
    if not events.height:
        return Candidate(reader.name, reader.title, outcome)
    reasons = trial.fit(head, reader, trial.options()).reasons
    return Candidate(
        reader.name,
        reader.title,
        outcome,
        {name: 1 - events[name].null_count() / events.height for name in SHOWN},
        {name: known[0] for name in SHOWN if len(known := events[name].drop_nulls())},
        needs_time_zone=reasons["time_zone_unknown"] > 0,
        needs_date=reasons["date_unknown"] > 0,
    )
