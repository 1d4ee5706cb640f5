r"""Lines → the fields of their template, in two tiers.

The first cuts at the literal text and looks at each distinct piece once; it takes a line only where no other reading is
possible. The second, for the rest, is one anchored regular expression. The first never disagrees with the second:

- A line has as many bare quotes as its template, so each of them is the template's, and so are the first ones of a line
  with a tail where no field before it can hold one. Those that a backslash keeps are
  written as `\x22` before, and backslashes that one keeps as `\x5c`, which mean the same.
- Between quotes a piece ends where the text that follows it begins for the first time: because the field has no such
  characters, or because there is no second such text.
- Each piece fits the pattern of its fields.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from processors import _template
from processors._encoded import Columns, Encoded, encoded
from processors._template import TAIL, Cell, Field, Part, Template


def fast(lines: pl.Series, template: Template, tokens: frozenset[str]) -> tuple[Columns, pl.Series]:
    """The fields by name, and which lines they are certain of; elsewhere they mean nothing."""
    parts = _template.parts(template, tokens)
    has_escapes = bool(lines.str.contains("\\", literal=True).any())
    if has_escapes:
        lines = lines.str.replace_all(r"\\", r"\x5c", literal=True).str.replace_all(r"\"", r"\x22", literal=True)
    pieces = lines.str.splitn('"', len(parts)).struct.unnest()
    last = pieces.to_series(-1)
    is_open = isinstance(template[-1], Field) and template[-1].pattern == TAIL
    # null where there are fewer pieces
    required = [last.is_not_null() if is_open else ~last.str.contains('"', literal=True)]
    fields: Columns = {}
    for piece, part in zip(pieces, parts, strict=True):
        required += _part(fields, piece, part, has_escapes=has_escapes)
    return fields, pl.select(pl.all_horizontal(*required).fill_null(False)).to_series()


def exact(lines: pl.Series, template: Template, tokens: frozenset[str]) -> tuple[Columns, pl.Series]:
    """The fields by name, and which lines fit the template."""
    groups = lines.str.extract_groups(_template.pattern(template, tokens)).struct.unnest()
    names = _template.names(template, tokens).values()
    columns = groups.rename(dict(zip(groups.columns, names, strict=True)))
    fits = columns.to_series(0).is_not_null() if columns.width else lines.str.contains(_template.pattern(template))
    return {name: Encoded(columns[name]) for name in columns.columns}, fits


def _part(fields: Columns, piece: pl.Series, part: Part, *, has_escapes: bool) -> list[pl.Series]:
    """What must hold of each row; the part's fields are added."""
    cells = part.cells
    if not cells:
        return [piece == part.before]
    if part.pattern:
        fits = piece.str.contains(part.pattern)
        return [fits, ~piece.str.contains("\\", literal=True)] if has_escapes else [fits]
    required: list[pl.Series] = []
    if len(cells) > 1 and cells[-1].width:  # a time: what comes before it repeats once it is taken off
        end = cells[-1].width + len(cells[-1].after)
        required.append(piece.str.ends_with(cells[-1].after))
        required += _take(fields, cells[-1], encoded(piece.str.slice(-end, cells[-1].width)), has_escapes)
        piece, cells = piece.str.head(-end), cells[:-1]
    if cells[-1].fits == "word":  # the last one is cut at its end, so it may hold spaces
        cells = (*cells[:-1], replace(cells[-1], fits="pattern"))
    column = encoded(piece)
    cut = _Cut(column.values)
    cut.part(part.before, cells)
    frame = cut.rows.select(*(f"{at}" for at in range(len(cells))), is_cut=cut.is_whole()).collect()
    required.append(Encoded(frame["is_cut"], column.codes).rows())
    for at, cell in enumerate(cells):
        if cell.names or cell.fits != "anything":
            values = frame[f"{at}"]
            found = encoded(values) if column.codes is None and len(cells) > 1 else Encoded(values, column.codes)
            required += _take(fields, cell, found, has_escapes)
    return required


class _Cut:
    """Text being cut: `rows` has a column for each cell, and one for each thing that is required of it."""

    def __init__(self, text: pl.Series) -> None:
        self.rows = text.alias("0").to_frame().lazy()
        self._required: list[str] = []

    def is_whole(self) -> pl.Expr:
        """Whether all that is required holds."""
        return pl.all_horizontal(pl.col("0").is_not_null(), *self._required)

    def part(self, before: str, cells: Sequence[Cell]) -> None:
        """Cut the text into its cells `0`, `1`, …"""
        if before and len({before, *(cell.after for cell in cells)}) == 1 and all(cell.has_no_such for cell in cells):
            self._split_all(before, [f"{at}" for at in range(len(cells))])
            return
        self._strip("0", before)
        place, last = 0, len(cells) - 1
        while place < last:
            if cells[place].width is not None:
                end = place + 1
                self._take_off(cells[place], f"{place}", f"{end}")
            else:
                end = next(at for at in range(place, last) if at == last - 1 or not _goes_on(cells[at : at + 2])) + 1
                self._split(cells[place:end], [f"{at}" for at in range(place, end + 1)])
            place = end
        self._strip(f"{last}", cells[-1].after, at_end=True)

    def _split_all(self, separator: str, into: list[str]) -> None:
        """Cut where the separator stands before, between and after the cells, which do not have it."""
        names = ["before", *into, "after"]
        pieces = pl.col("0").str.splitn(separator, len(names)).struct.rename_fields(names)
        self.rows = self.rows.with_columns(pieces.struct.unnest())
        self._require((pl.col("before") == "") & (pl.col("after") == ""))

    def _require(self, condition: pl.Expr) -> None:
        """Require what holds of the cells as they are now."""
        self._required.append(f"required {len(self._required)}")
        self.rows = self.rows.with_columns(condition.alias(self._required[-1]))

    def _strip(self, name: str, text: str, *, at_end: bool = False) -> None:
        """Take off the text that a cell must begin or end with."""
        if text:
            column = pl.col(name).str
            self._require(column.ends_with(text) if at_end else column.starts_with(text))
            self.rows = self.rows.with_columns(column.head(-len(text)) if at_end else column.slice(len(text)))

    def _take_off(self, cell: Cell, name: str, rest: str) -> None:
        """Take off a cell of its usual width."""
        text = pl.col(name).str
        width = cell.width or 0
        self.rows = self.rows.with_columns(text.head(width).alias(name), text.slice(width).alias(rest))
        self._strip(rest, cell.after)

    def _split(self, cells: Sequence[Cell], into: list[str]) -> None:
        """Cut off cells that end at the same character; each is null where there are fewer."""
        separator = cells[0].after[: 1 if cells[0].has_no_such else None]
        pieces = pl.col(into[0]).str.splitn(separator, len(into)).struct.rename_fields(into)
        self.rows = self.rows.with_columns(pieces.struct.unnest())
        self._require(pl.col(into[-1]).is_not_null())
        for cell, piece in zip(cells, into[1:], strict=True):
            self._strip(piece, cell.after[len(separator) :])
        if not cells[-1].ends_at_first:
            self._require(~_begins_again(pl.col(into[-1]).str, cells[-1].after))


def _begins_again(rest: Any, text: str) -> pl.Expr:
    """Whether the text is there once more, be it that it shares its beginning with the end of what was cut off."""
    shared = [text[-at:] for at in range(1, len(text)) if text[at:] == text[:-at]]
    return pl.any_horizontal(rest.contains(text, literal=True), *(rest.starts_with(end) for end in shared))


def _goes_on(cells: Sequence[Cell]) -> bool:
    """Whether the first ends where its separator is for the first time, and the second at the same one."""
    first, second = cells
    return first.has_no_such and second.after[:1] == first.after[0] and not second.is_cut_at_all


def _take(fields: Columns, cell: Cell, column: Encoded, has_escapes: bool) -> list[pl.Series]:
    """What must hold of each row, if it is not known yet; the fields of the cell are added."""
    if cell.names and cell.is_one:
        fields[cell.names[0]] = column
    elif cell.names:
        groups = column.map(lambda value: value.str.extract_groups(cell.pattern))
        for place, name in enumerate(cell.names, 1):
            fields[name] = groups.map(functools.partial(_group, place))
    if cell.fits == "anything":
        return []
    fits = pl.col("") != "" if cell.fits == "word" else pl.col("").str.contains(cell.pattern)
    if has_escapes:  # only between quotes does a backslash mean what it seems to
        fits &= ~pl.col("").str.contains("\\", literal=True)
    return [column.map(lambda _: fits).rows()]


def _group(place: int, groups: pl.Expr) -> pl.Expr:
    return groups.struct.field(f"{place}")
