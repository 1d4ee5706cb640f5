"""What every table declares beside its columns."""

from __future__ import annotations

from typing import ClassVar

import dataframely as dy


class Table(dy.Schema):
    """A table: columns with their meanings, a grain, a partition column and a retention class."""

    name: ClassVar[str]
    grain: ClassVar[str]
    partition_column: ClassVar[str | None] = None
    retention_class: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        for fact in ("name", "grain", "retention_class"):
            if not isinstance(getattr(cls, fact, None), str):
                raise TypeError(f"table {cls.__name__} declares no {fact}")
