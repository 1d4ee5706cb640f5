r"""Lines → the fields of their template, in two tiers.

The first cuts at the literal text and looks at each distinct piece once; it takes a line only where no other reading is
possible. The second, for the rest, is one anchored regular expression. The first never disagrees with the second:

- A line has as many bare quotes as its template, so each of them is the template's, and so are the first ones of a line
  with a tail where no field before it can hold one. Those that a backslash keeps do not count.
- Between quotes a piece ends where the text that follows it begins for the first time: because the field has no such
  characters, or because there is no second such text.
- Each piece fits the pattern of its fields.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from processors import _scan, _template
from processors._encoded import Columns, Encoded, of_texts
from processors._spans import Spans
from processors._template import TAIL, Cell, Field, Template

_DIGITS = {"number": _scan.MOST_DIGITS, "three digits": 3}


@dataclass(frozen=True)
class _Slot:
    """What becomes of a piece of text: the names of its fields; its digits as a number, or the pattern it must fit."""

    names: tuple[str, ...]
    is_one: bool
    digits: int
    pattern: str | None


@dataclass(frozen=True)
class _Program:
    """A template as numbers: see `_scan` for what the columns are."""

    parts: Any
    cells: Any
    text: Any
    is_open: bool
    slots: tuple[_Slot, ...]


def fast(lines: Spans, template: Template, tokens: frozenset[str]) -> tuple[Columns, pl.Series]:
    """The fields by name, and which lines they are certain of; elsewhere they mean nothing."""
    program = _program(template, tokens)
    found, fits = _scan.cut(
        *(lines.data, lines.at, lines.lengths, program.parts, program.cells, program.text),
        [slot.digits for slot in program.slots],
        is_open=program.is_open,
        has_escapes=lines.has_backslashes,
    )
    fields: Columns = {}
    for slot, piece in zip(program.slots, found, strict=True):
        if slot.digits:
            fields |= {name: Encoded(pl.Series(piece)) for name in slot.names}
            continue
        column = of_texts(piece)
        if slot.pattern:
            fits &= _fitting(column, slot.pattern, has_escapes=lines.has_backslashes)
        if slot.is_one and slot.names:
            fields[slot.names[0]] = column
        elif slot.names:
            groups = column.map(functools.partial(_groups, slot.pattern or ""))
            for group, name in enumerate(slot.names, 1):
                fields[name] = groups.map(functools.partial(_group, group))
    return _numbered(fields, template, tokens), pl.Series(fits)


def exact(lines: pl.Series, template: Template, tokens: frozenset[str]) -> tuple[Columns, pl.Series]:
    """The fields by name, and which lines fit the template."""
    groups = lines.str.extract_groups(_template.pattern(template, tokens)).struct.unnest()
    names = _template.names(template, tokens).values()
    columns = groups.rename(dict(zip(groups.columns, names, strict=True)))
    fits = columns.to_series(0).is_not_null() if columns.width else lines.str.contains(_template.pattern(template))
    return _numbered({name: Encoded(columns[name]) for name in columns.columns}, template, tokens), fits


def _numbered(fields: Columns, template: Template, tokens: frozenset[str]) -> Columns:
    """The fields with those that are numbers as such: 0 for a dash."""
    texts = {
        name: fields[name] for name in _template.numbers(template, tokens) if fields[name].values.dtype == pl.String
    }
    return fields | {name: column.map(number) for name, column in texts.items()}


def number(text: pl.Expr) -> pl.Expr:
    """The number, 0 for a dash; null where it is none."""
    # not strict: values that only lines have that do not fit are here as well
    return text.replace("-", "0").cast(pl.Int64, strict=False)


def _fitting(column: Encoded, pattern: str, *, has_escapes: bool) -> Any:
    """Which rows fit. Only between quotes does a backslash mean what it seems to."""
    fits = pl.col("").str.contains(pattern)
    if has_escapes:
        fits &= ~pl.col("").str.contains("\\", literal=True)
    found = column.map(lambda _: fits.fill_null(True))  # null where a line is not cut
    return True if found.values.all() else found.rows().to_numpy()


def _groups(pattern: str, text: pl.Expr) -> pl.Expr:
    return text.str.extract_groups(pattern)


def _group(place: int, groups: pl.Expr) -> pl.Expr:
    return groups.struct.field(f"{place}")


@functools.cache
def _program(template: Template, tokens: frozenset[str]) -> _Program:
    text = b""
    parts: list[tuple[int, ...]] = []
    cells: list[tuple[int, ...]] = []
    slots: list[_Slot] = []

    def placed(literal: str) -> tuple[int, int]:
        nonlocal text
        text += literal.encode()
        return len(text) - len(literal.encode()), len(literal.encode())

    for part in _template.parts(template, tokens):
        first = len(cells)
        if part.pattern:
            cells.append((*placed(""), _scan.AT_END, 0, len(slots), False, 0, False))
            slots.append(_Slot((), False, 0, part.pattern))
        for cell in () if part.pattern else part.cells:
            ends = _ends(cell, part.cells)
            is_word = cell.fits == "word" and ends == _scan.AT_BYTE
            digits = 0 if tokens.intersection(cell.names) else _DIGITS.get(cell.fits, 0)
            pattern = None if is_word or digits or cell.fits == "anything" else cell.pattern
            is_slot = bool(cell.names or pattern or digits)
            is_only = ends == _scan.AT_TEXT and not cell.ends_at_first
            slot = len(slots) if is_slot else -1
            cells.append((*placed(cell.after), ends, cell.width or 0, slot, is_word, digits, is_only))
            slots += [_Slot(cell.names, cell.is_one, digits, pattern)] if is_slot else []
        before = placed("" if part.pattern else part.before)
        parts.append((*before, first, len(cells), 0 if part.pattern else _tail(part.cells)))
    is_open = isinstance(template[-1], Field) and template[-1].pattern == TAIL
    table = np.array(cells, np.int64).reshape(-1, _scan.CELL_COLUMNS)
    return _Program(
        np.array(parts, np.int64), table, np.frombuffer(text + b"\0" * _scan.ROOM, np.uint8), is_open, tuple(slots)
    )


def _ends(cell: Cell, cells: tuple[Cell, ...]) -> int:
    if cell is cells[-1] or (cell is cells[-2] and _tail(cells)):
        return _scan.AT_END
    if cell.width is not None:
        return _scan.AT_WIDTH
    return _scan.AT_BYTE if cell.has_no_such else _scan.AT_TEXT


def _tail(cells: tuple[Cell, ...]) -> int:
    """How many bytes the last cell has, where that is certain: a time, and what is before it ends before it."""
    return cells[-1].width + len(cells[-1].after.encode()) if len(cells) > 1 and cells[-1].width else 0
