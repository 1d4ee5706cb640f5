"""The latest login before an event of those that have something in common with it, and whether others had it too."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from processors._open_sessions import grouped, preceding
from processors._text_codes import distinct

_LONG_AGO = -(1 << 62)


class LatestLogins:
    """Logins by what one or two of their columns say; a null in them is nothing to go by.

    Takes logins in order, with the case-folded `user`. `is_kept`: which of them count.
    """

    def __init__(self, logins: pl.DataFrame, *columns: str, is_kept: pl.Series | None = None) -> None:
        kept = pl.all_horizontal(pl.col(column).is_not_null() for column in columns)
        rows = logins.select(kept if is_kept is None else kept & is_kept).to_series().arg_true().to_numpy()
        own = logins[rows]
        self._count = own.height
        self._texts: dict[str, dict[str | None, int]] = {
            column: {text: code for code, text in enumerate(own[column].unique(maintain_order=True), start=1)}
            for column in columns
        }
        order, self._offsets, first = np.arange(self._count), np.zeros(2, np.int64), self._codes(own)
        for codes, texts in zip(first[::-1], list(self._texts.values())[::-1], strict=True):
            placed, self._offsets = grouped(codes[order], len(texts) + 1)
            order = order[placed]
        keys, seconds = (codes[order] for codes in (first[0], first[-1]))
        self._seconds = seconds if len(columns) > 1 else np.zeros(self._count, np.uint32)
        self._rows, self._times = rows[order].astype(np.int64), _times(own)[order]
        users = own["user"].cast(pl.Categorical(pl.Categories.random())).to_physical().to_numpy()[order]
        self._others = _others(keys, seconds, users, self._times)

    def sought(self, events: pl.DataFrame, reach: int) -> tuple[Any, Any]:
        """The row of the latest login of each event within the reach (microseconds), -1 for none; and whether one of
        another user is.
        """
        if not self._count:
            return np.full(events.height, -1, np.int64), np.zeros(events.height, np.bool_)
        codes, times = self._codes(events), _times(events)
        seconds = codes[1] if len(codes) > 1 else np.zeros(len(times), np.uint32)
        places = preceding(codes[0], seconds, times, self._offsets, self._seconds, self._times)
        is_found = (places >= 0) & (self._times[places] >= times - reach)
        return np.where(is_found, self._rows[places], -1), is_found & (self._others[places] >= times - reach)

    def _codes(self, frame: pl.DataFrame) -> list[Any]:
        """From 1 on; 0 for null, and for what no login says."""
        found = []
        for column, known in self._texts.items():
            codes, texts = distinct(frame[column])
            found.append(np.array([known.get(text, 0) for text in texts], np.uint32)[codes])
        return found


def _times(frame: pl.DataFrame) -> Any:
    return frame["event_time"].to_physical().rechunk().to_numpy()


def _others(keys: Any, seconds: Any, users: Any, times: Any) -> Any:
    """For each login the time of the latest one before it, of the same keys, by another user."""
    if not len(keys):
        return times
    begins = np.concatenate(([True], (keys[1:] != keys[:-1]) | (seconds[1:] != seconds[:-1])))
    changes = begins | np.concatenate(([True], users[1:] != users[:-1]))
    latest = np.where(begins, _LONG_AGO, np.concatenate(([_LONG_AGO], times[:-1])))
    return latest[np.maximum.accumulate(np.where(changes, np.arange(len(keys)), 0))]
