"""What every table declares beside its columns."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import polars as pl

from schemas._dataframely import dy


class Table(dy.Schema):
    """A table: columns with their meanings, a grain, a partition column and a retention class."""

    name: ClassVar[str]
    grain: ClassVar[str]
    partition_column: ClassVar[str | None] = None
    retention_class: ClassVar[str]
    is_private: ClassVar[bool] = False
    """Whether it lies below `_recent_activities/`, out of the way of those who query the lake."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        for fact in ("name", "grain", "retention_class"):
            if not isinstance(getattr(cls, fact, None), str):
                raise TypeError(f"table {cls.__name__} declares no {fact}")

    @classmethod
    def empty(cls) -> pl.DataFrame:
        """No rows: what knows the columns, in order, and their types."""
        return _empty(cls)


@cache  # to ask a schema for its columns binds them all anew (dataframely 3.1): dear where files are many and small
def _empty(table: type[Table]) -> pl.DataFrame:
    return table.create_empty()
