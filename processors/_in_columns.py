"""What a provider's `decode` does to most of its records, said of columns: so that few records must be decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import polars as pl

from processors import _record_text
from processors._paths import compiled
from processors._record_tree import Tree, Unreadable
from processors._spans import Spans

MOST_PLANS = 64
WHOLE = r"\A-?[0-9]+\z"
"""What may be text or a number, for a `decode` that tells them apart."""
Fields = tuple[tuple[str, tuple[str, ...]], ...]
"""Our columns, and the paths of each: the first that has something counts."""


@dataclass(frozen=True, eq=False)
class InColumns:
    """How some records read. Columns are called as paths of the record are, and have its text or whole numbers."""

    fits: pl.Expr = field(default_factory=lambda: pl.lit(True))
    """The records of which the rest is true."""
    made: Mapping[str, pl.Expr] = field(default_factory=dict)
    """By its path in what `decode` returns, a value that it makes."""
    hidden: Mapping[str, pl.Expr] = field(default_factory=dict)
    """By its path there, a value or block, and where it takes that away."""
    absent: tuple[str, ...] = ()
    """Keys that these records do not have."""
    flags: tuple[str, ...] = ()
    """Paths at which truth values are text as well."""
    inside: str | None = None
    """The block that has all values that are neither made nor hidden."""


def read(lines: Spans, form: InColumns, fields: Fields, lists: tuple[str, ...]) -> tuple[pl.DataFrame, pl.Series]:
    """The fields of records, and for which lines they are certain; elsewhere they mean nothing.

    `lists` are keys of pages: a record with one may be none.
    """
    plan = _plan(form, fields, lists)
    if plan is None:
        return pl.DataFrame(), pl.repeat(False, len(lines), dtype=pl.Boolean, eager=True)
    texts, is_certain = _record_text.read(lines, plan.tree, form.flags)
    found = texts.select(is_fit=form.fits.fill_null(False) & pl.lit(is_certain), **plan.values)
    return found.drop("is_fit"), found["is_fit"]


@dataclass(frozen=True)
class _Plan:
    tree: Tree
    values: Mapping[str, pl.Expr]


@lru_cache(MOST_PLANS)
def _plan(form: InColumns, fields: Fields, lists: tuple[str, ...]) -> _Plan | None:
    """None where some field cannot be said of columns."""
    try:
        values = {name: _first(_value(path, form) for path in paths) for name, paths in fields}
        looked_at = {path for value in (form.fits, *values.values()) for path in value.meta.root_names()}
        return _Plan(Tree(frozenset(looked_at), frozenset((*lists, *form.absent))), values)
    except Unreadable:
        return None


def _value(path: str, form: InColumns) -> pl.Expr:
    """What is at a path of what `decode` returns."""
    if path in form.made:
        return form.made[path]
    first = compiled(path)[0].name
    if first in form.absent:
        return pl.lit(None, dtype=pl.String)
    if any(compiled(made)[0].name == first for made in form.made):
        raise Unreadable(path)
    value = pl.col(path if form.inside is None else f"{form.inside}.{path}")
    for hidden, condition in form.hidden.items():
        if path == hidden or path.startswith((f"{hidden}.", f"{hidden}[")):
            value = pl.when(~condition.fill_null(False)).then(value)
        elif hidden.startswith((f"{path}.", f"{path}[")):
            raise Unreadable(path)
    return value


def _first(values: Iterable[pl.Expr]) -> pl.Expr:
    """The first text that is not empty."""
    some = [pl.when(value != "").then(value) for value in values]
    return pl.coalesce(some) if some else pl.lit(None, dtype=pl.String)
