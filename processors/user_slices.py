"""Attributed events, slice by slice of their users: memory is that of a slice, and the tables are the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from zlib import crc32

import numpy as np
import polars as pl

from processors._open_sessions import grouped
from processors._text_codes import coded


def sliced(attributed: Iterable[pl.DataFrame], count: int, folder: Path) -> Iterator[pl.LazyFrame]:
    """The events of each of so many slices of the users; those without a user are in none.

    The slice of a user is the same in every run: by the CRC-32 of the case-folded name. What comes is kept in the
    folder meanwhile (some 200 bytes an event, as packing them takes long), which is the caller's to
    empty.
    """
    pieces: list[list[Path]] = [[] for _ in range(count)]
    for number, frame in enumerate(attributed):
        (codes,), names = coded(frame["user_name"])
        slices = np.array([count, *(crc32(name.casefold().encode()) % count for name in names[1:])], np.uint32)
        order, offsets = grouped(slices[codes], count + 1)
        ordered = frame.rechunk().select(pl.all().gather(pl.Series(order[: offsets[count]])))
        for index in range(count):
            piece = ordered[int(offsets[index]) : int(offsets[index + 1])]
            if piece.height:
                pieces[index].append(folder / f"{index}-{number}.arrow")
                piece.write_ipc(pieces[index][-1])
    for paths in pieces:
        if paths:
            yield pl.scan_ipc(paths)
