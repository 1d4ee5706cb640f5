"""Identity providers' records → the fields of events."""

from __future__ import annotations
import polars as pl
from processors._options import Options
from processors._reader import SignInRecord


def fields(rows: pl.LazyFrame, shape: SignInRecord, options: Options) -> pl.LazyFrame:
    raise NotImplementedError
