"""Attributed events, slice by slice of their users: memory is that of a slice, and the tables are the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from processors._open_sessions import grouped
from processors._text_codes import categories

EVENTS_AT_ONCE = 250_000
"""Kept in memory, some 60 bytes each, before they are put into files."""
_CODED = ("source", "event_class", "outcome", "user_name", "attribution_method", "application", "ip_address",
          "user_agent", "device", "file_id")  # fmt: skip
"""Text of which there are far fewer than events. Session references are not: they are coded slice by slice."""


def sliced(attributed: Iterable[pl.DataFrame], count: int, folder: Path) -> Iterator[pl.LazyFrame]:
    """The events of each of so many slices of the users, their text as categories; those without a user are in none.

    The slice of a user is the same in every run: by the CRC-32 of the case-folded name. What comes is kept in the
    folder meanwhile, some 60 bytes an event, which is the caller's to empty; where there is but one slice, in memory.
    """
    kinds = {name: pl.Categorical(pl.Categories.random()) for name in _CODED}
    held = [pl.Series(dtype=kind) for kind in kinds.values()]  # Polars 2.1 forgets the codes that no column has
    slices = _Slices(count)
    pieces: list[list[Path]] = [[] for _ in range(count)]
    waiting: list[pl.DataFrame] = []

    def spill() -> None:
        frame = pl.concat(waiting, rechunk=True)
        order, offsets = grouped(slices.of(frame["user_name"]), count)
        rows = frame.select(pl.col(list(kinds)).to_physical(), pl.exclude(list(kinds))).select(pl.all().gather(order))
        for index in np.flatnonzero(np.diff(offsets)):
            pieces[index].append(folder / f"{index}-{len(pieces[index])}.arrow")
            rows[int(offsets[index]) : int(offsets[index + 1])].write_ipc(pieces[index][-1])
        waiting.clear()

    for frame in attributed:
        known = [name for name in _CODED if name in frame.columns]
        named = frame.filter(pl.col("user_name").is_not_null())
        waiting.append(named.with_columns(categories(named[name], kinds[name]) for name in known))
        if count > 1 and sum(piece.height for piece in waiting) >= EVENTS_AT_ONCE:
            spill()
    if count == 1:
        if any(piece.height for piece in waiting):
            yield pl.concat(waiting).lazy()
        return
    if waiting:
        spill()
    for paths in pieces:
        if paths:
            rows = pl.concat([pl.read_ipc(path) for path in paths])
            yield rows.lazy().with_columns(pl.col(name).cat.to(kinds[name]) for name in kinds)
    held.clear()


class _Slices:
    """Which slice each user is in: found once for each spelling, however many batches it comes in."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._of = np.empty(0, np.uint32)

    def of(self, users: pl.Series) -> Any:
        codes = users.to_physical()
        known = len(self._of)
        new = users.filter(codes >= known).unique()
        if len(new):
            places = new.to_physical().to_numpy()
            self._of = np.concatenate((self._of, np.empty(int(places.max()) + 1 - known, np.uint32)))
            names = new.cast(pl.String)
            self._of[places] = [crc32(name.casefold().encode()) % self._count for name in names]
        return self._of[codes.to_numpy()]
