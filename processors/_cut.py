r"""Lines → the fields of their template, in two tiers.

The first cuts at the literal text and looks at each distinct piece once; it takes a line only where no other reading is
possible. The second, for the rest, is one anchored regular expression. The first never disagrees with the second:

- A line has as many bare quotes as its template, so each of them is the template's. Those that a backslash keeps are
  written as `\x22` before, and backslashes that one keeps as `\x5c`, which mean the same.
- Between quotes a piece ends where the text that follows it begins for the first time: because the field has no such
  characters, or because there is no second such text.
- Each piece fits the pattern of its fields.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import polars as pl

from processors import _template
from processors._encoded import Encoded, encoded
from processors._template import Cell, Part, Template

Fields = dict[str, Encoded]


def fast(lines: pl.Series, template: Template, tokens: frozenset[str]) -> tuple[Fields, pl.Series]:
    """The fields by name, and which lines they are certain of; elsewhere they mean nothing."""
    parts = _template.parts(template, tokens)
    has_escapes = bool(lines.str.contains("\\", literal=True).any())
    if has_escapes:
        lines = lines.str.replace_all(r"\\", r"\x5c", literal=True).str.replace_all(r"\"", r"\x22", literal=True)
    cut = _Cut(lines)
    cut.split("line", '"', [f"{at}" for at in range(len(parts))])
    cut.require(~pl.col(f"{len(parts) - 1}").str.contains('"', literal=True))
    cells: dict[str, Cell] = {}
    for at, part in enumerate(parts):
        cut.part(f"{at}", part)
        cells |= {f"{at}.{place}": cell for place, cell in enumerate(part.cells)}
    for name, cell in cells.items():
        if cell.fits == "word":
            cut.require(pl.col(name) != "")
        if has_escapes and cell.fits != "anything":
            cut.require(~pl.col(name).str.contains("\\", literal=True))
    needed = {name: cell for name, cell in cells.items() if cell.names or cell.fits == "pattern"}
    frame = cut.rows.select(*needed, is_certain=pl.all_horizontal(*cut.required)).collect()
    fields: Fields = {}
    fits = [condition for name, cell in needed.items() for condition in _take(fields, cell, frame[name])]
    return fields, pl.select(pl.all_horizontal(frame["is_certain"], *fits).fill_null(False)).to_series()


def exact(lines: pl.Series, template: Template, tokens: frozenset[str]) -> tuple[Fields, pl.Series]:
    """The fields by name, and which lines fit the template."""
    groups = lines.str.extract_groups(_template.pattern(template, tokens)).struct.unnest()
    names = _template.names(template, tokens).values()
    columns = groups.rename(dict(zip(groups.columns, names, strict=True)))
    fits = columns.to_series(0).is_not_null() if columns.width else lines.str.contains(_template.pattern(template))
    return {name: Encoded(columns[name]) for name in columns.columns}, fits


class _Cut:
    """Lines being cut: `rows` has a column for each piece, and one for each thing that is `required`."""

    def __init__(self, lines: pl.Series) -> None:
        self.rows = lines.alias("line").to_frame().lazy()
        self.required: list[str] = []

    def require(self, condition: pl.Expr) -> None:
        """Make lines uncertain for which the condition does not hold of the pieces as they are now."""
        self.required.append(f"required {len(self.required)}")
        self.rows = self.rows.with_columns(condition.alias(self.required[-1]))

    def split(self, name: str, separator: str, into: list[str]) -> None:
        """Cut a piece into so many; they are null where there are fewer."""
        pieces = pl.col(name).str.splitn(separator, len(into)).struct.rename_fields(into)
        self.rows = self.rows.with_columns(pieces.struct.unnest())
        self.require(pl.col(into[-1]).is_not_null())

    def strip(self, name: str, text: str, *, at_end: bool = False) -> None:
        """Take off the text that the piece must begin or end with."""
        if text:
            column = pl.col(name).str
            self.require(column.ends_with(text) if at_end else column.starts_with(text))
            self.rows = self.rows.with_columns(column.head(-len(text)) if at_end else column.slice(len(text)))

    def part(self, name: str, part: Part) -> None:
        """Cut a part into its cells `name.0`, …"""
        if not part.cells:
            self.require(pl.col(name) == part.before)
            return
        self.rows = self.rows.with_columns(pl.col(name).alias(f"{name}.0"))
        self.strip(f"{name}.0", part.before)
        place, last = 0, len(part.cells) - 1
        while place < last:
            end = next(at for at in range(place, last) if at == last - 1 or not _goes_on(part.cells[at : at + 2])) + 1
            separator = part.cells[place].after[: 1 if end - place > 1 else None]
            into = [f"{name}.{at}" for at in range(place, end + 1)]
            self.split(into[0], separator, into)
            for cell, piece in zip(part.cells[place:end], into[1:], strict=True):
                self.strip(piece, cell.after[len(separator) :])
            if not part.cells[end - 1].ends_at_first:
                self.require(~_begins_again(pl.col(into[-1]).str, part.cells[end - 1].after))
            place = end
        self.strip(f"{name}.{last}", part.cells[-1].after, at_end=True)


def _begins_again(rest: Any, text: str) -> pl.Expr:
    """Whether the text is there once more, be it that it shares its beginning with the end of what was cut off."""
    shared = [text[-at:] for at in range(1, len(text)) if text[at:] == text[:-at]]
    return pl.any_horizontal(rest.contains(text, literal=True), *(rest.starts_with(end) for end in shared))


def _goes_on(cells: Sequence[Cell]) -> bool:
    """Whether the first ends where its separator is for the first time, and the second at the same one."""
    first, second = cells
    return first.has_no_such and second.after[:1] == first.after[0]


def _take(fields: Fields, cell: Cell, values: pl.Series) -> list[pl.Series]:
    """Whether each row fits, where that is not known yet; the fields of the cell are added."""
    column = encoded(values)
    if cell.names and cell.is_one:
        fields[cell.names[0]] = column
    elif cell.names:
        groups = column.map(lambda value: value.str.extract_groups(cell.pattern))
        for place, name in enumerate(cell.names, 1):
            fields[name] = groups.map(functools.partial(_group, place))
    return [column.map(lambda value: value.str.contains(cell.pattern)).rows()] if cell.fits == "pattern" else []


def _group(place: int, groups: pl.Expr) -> pl.Expr:
    return groups.struct.field(f"{place}")
