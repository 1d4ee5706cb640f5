"""What is different between two revisions of a day's report, from the files that were published and those to be."""

from __future__ import annotations

from typing import Any

import polars as pl

from processors import locate

MOST_NAMED = 100
"""Sessions named of each kind: their numbers are whole."""


def of_sessions(old: pl.DataFrame, new: pl.DataFrame) -> dict[str, Any]:
    """How many sessions came, went and changed, which they are, and in how many of them each column changed.

    A column that only one of the two files has is no change: a version may add columns. Nor is it one of a session that
    another location database says the same of it.
    """
    key = "session_id"
    shared = [name for name in new.columns if name in old.columns and name != key]
    both = new.join(old, on=key, suffix=" before", maintain_order="left")
    is_other = {name: both[name].ne_missing(both[f"{name} before"]) for name in shared}
    is_changed = _any(is_other, [name for name in is_other if name not in locate.DATABASE])
    has_moved = _any(is_other, [name for name in locate.COLUMNS if name not in locate.DATABASE])
    found = {
        "added": new.join(old, on=key, how="anti", maintain_order="left")[key],
        "removed": old.join(new, on=key, how="anti", maintain_order="left")[key],
        "changed": both.filter(is_changed)[key] if both.height else both[key],
        "places_changed": both.filter(has_moved)[key] if both.height else both[key],
    }
    return {
        **{f"sessions_{kind}": len(ids) for kind, ids in found.items()},
        "columns_changed": {name: count for name, other in is_other.items() if (count := int(other.sum()))},
        "session_ids": {kind: ids.head(MOST_NAMED).to_list() for kind, ids in found.items()},
    }


def _any(is_other: dict[str, pl.Series], names: list[str]) -> pl.Series:
    """In which rows one of the columns is another."""
    return pl.select(
        pl.any_horizontal(pl.lit(False), *(is_other[name] for name in names if name in is_other))
    ).to_series()


def of_rows(old: pl.DataFrame, new: pl.DataFrame) -> dict[str, int]:
    """How many rows came and went; a row that changed did both."""
    shared = [name for name in new.columns if name in old.columns]
    return {
        "rows_added": new.join(old, on=shared, how="anti", nulls_equal=True).height,
        "rows_removed": old.join(new, on=shared, how="anti", nulls_equal=True).height,
    }


def of_manifests(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Which reasons of incompleteness came and went, and whether settings and location databases are other ones."""
    before, after = (one["completeness"].get("reasons", []) for one in (old, new))
    return {
        "reasons_added": [reason for reason in after if reason not in before],
        "reasons_removed": [reason for reason in before if reason not in after],
        "settings_changed": old["settings_digest"] != new["settings_digest"],
        "location_databases": _databases(old, new),
    }


def _databases(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[str]] | None:
    """Names and dates of the location databases before and after; None where they are the same."""
    before, after = (
        [f"{used['name']} of {used['build_date']}" for used in one.get("location_databases", ())] for one in (old, new)
    )
    return {"before": before, "after": after} if before != after else None
