"""Lines cut at the literal text of a template: the loop over them. See `_scan`."""

from __future__ import annotations

import numpy as np
from numba import njit

from processors._encode_kernel import encode
from processors._words import WORD, byte_at, find, find_text, inlined, int64s, starts_with, uint8s

QUOTE, BACKSLASH, DASH, DIGIT_0 = b'"\\-0'
MOST_DIGITS, NINE, TEN, HALF_WORD = 18, 9, 10, 4
BEFORE, BEFORE_LENGTH, FIRST_CELL, END_CELL, TAIL, PART_COLUMNS = range(6)  # of a row of `parts`
AFTER, AFTER_LENGTH, ENDS, WIDTH, SLOT, IS_WORD, DIGITS, IS_ONLY, CELL_COLUMNS = range(9)  # of a row of `cells`
IS_TEXT, CODES, TABLE, TABLE_SIZE, ENDS_OF_TEXTS, TEXTS, TEXTS_SIZE, COLUMN_COLUMNS = range(8)  # of a row of `columns`
DONE_LINES, DONE_COLUMNS, DONE_ROWS = range(3)  # of `progress`
AT_BYTE, AT_TEXT, AT_WIDTH, AT_END = range(4)  # where a cell ends: `ENDS`


@inlined
def is_escaped(start: int, place: int) -> bool:
    """Whether a backslash keeps what is there: one that is not kept itself. Text begins at `start`."""
    before = place - 1
    while before >= start and byte_at(before) == BACKSLASH:
        before -= 1
    return (place - before) % 2 == 0


@inlined
def whole_number(place: int, end: int, digits: int) -> int:
    """The number of so many digits that is there, or -1. Of 18 it may have fewer, and a dash is 0."""
    value = np.int64(-1)
    if digits == MOST_DIGITS and end == place + 1 and byte_at(place) == DASH:
        value = 0
    elif end == place + digits or (digits == MOST_DIGITS and place < end < place + digits):
        value = 0
        for at in range(place, end):
            digit = byte_at(at) - DIGIT_0
            if digit < 0 or digit > NINE:
                value = -1
                break
            value = value * TEN + digit
    return value


@njit
def cut_block(
    data: int,
    size: int,
    at: int,
    lengths: int,
    count: int,
    parts: int,
    part_count: int,
    cells: int,
    text: int,
    is_open: int,
    has_escapes: int,
    slot_count: int,
    slot_at: int,
    slot_lengths: int,
    fits: int,
) -> int:
    """Nothing; where each slot of each line begins or the number there, its length, and whether the line is cut."""
    starts, sizes, part, cell = int64s(at), int64s(lengths), int64s(parts), int64s(cells)
    found_at, found_lengths, is_cut = int64s(slot_at), int64s(slot_lengths), uint8s(fits)
    limit, last = data + size - WORD, part_count - 1
    for row in range(count):
        place = data + starts[row]
        line_end = place + sizes[row]
        is_cut[row] = 0
        for number in range(part_count if sizes[row] >= 0 else 0):
            at_part = number * PART_COLUMNS
            end = line_end
            if number < last or not is_open:
                quote = find(place, line_end, limit, QUOTE)
                while has_escapes and quote > place and is_escaped(place, quote):
                    quote = find(quote + 1, line_end, limit, QUOTE)
                if (quote >= 0) != (number < last):
                    break
                end = quote if number < last else line_end
            length = part[at_part + BEFORE_LENGTH]
            if end - place < length or not starts_with(place, text + part[at_part + BEFORE], length, limit):
                break
            place += length
            part_end = end
            end -= part[at_part + TAIL]
            for index in range(part[at_part + FIRST_CELL], part[at_part + END_CELL]):
                at_cell = index * CELL_COLUMNS
                after, length = text + cell[at_cell + AFTER], cell[at_cell + AFTER_LENGTH]
                if index == part[at_part + END_CELL] - 1:
                    end = part_end
                ends = cell[at_cell + ENDS]
                if ends == AT_BYTE:
                    stop = find(place, end, limit, byte_at(after))
                elif ends == AT_TEXT:
                    stop = find_text(place, end, limit, after, length)
                elif ends == AT_WIDTH:
                    stop = place + cell[at_cell + WIDTH]
                else:
                    stop = end - length
                if (
                    stop < place
                    or stop + length > end
                    or not starts_with(stop, after, length, limit)
                    or (cell[at_cell + IS_ONLY] and find_text(stop + 1, end, limit, after, length) >= 0)
                    or (cell[at_cell + IS_WORD] and stop == place)
                    or (cell[at_cell + IS_WORD] and has_escapes and find(place, stop, limit, BACKSLASH) >= 0)
                ):
                    place = -1
                    break
                slot = cell[at_cell + SLOT]
                if slot >= 0:
                    found_at[slot * count + row] = place - data
                    found_lengths[slot * count + row] = stop - place
                if slot >= 0 and cell[at_cell + DIGITS]:
                    value = whole_number(place, stop, cell[at_cell + DIGITS])
                    if value < 0:
                        place = -1
                        break
                    found_at[slot * count + row] = value
                place = stop + length
            if place != part_end:
                break
            if number == last:
                is_cut[row] = 1
            place = part_end + 1
        if not is_cut[row]:
            for slot in range(slot_count):
                found_lengths[slot * count + row] = -1
    return 0


def cut(
    data: int,
    size: int,
    at: int,
    lengths: int,
    count: int,
    parts: int,
    part_count: int,
    cells: int,
    text: int,
    is_open: int,
    has_escapes: int,
    slot_count: int,
    block_lines: int,
    slot_at: int,
    slot_lengths: int,
    fits: int,
    columns: int,
    seed: int,
    progress: int,
) -> int:
    """The column whose table is half full, or -1 when all is done; of each line the number or the code of each slot.

    It goes on where `progress` says. Lines are cut a block at a time, so that they are still near when they are coded.
    """
    column, done, found_at = int64s(columns), int64s(progress), int64s(slot_at)
    while done[DONE_LINES] < count:
        first = done[DONE_LINES]
        rows = min(block_lines, count - first)
        if done[DONE_COLUMNS] == 0 and done[DONE_ROWS] == 0:
            cut_block(
                data,
                size,
                at + first * WORD,
                lengths + first * WORD,
                rows,
                parts,
                part_count,
                cells,
                text,
                is_open,
                has_escapes,
                slot_count,
                slot_at,
                slot_lengths,
                fits + first,
            )
        while done[DONE_COLUMNS] < slot_count:
            slot = done[DONE_COLUMNS]
            at_column = slot * COLUMN_COLUMNS
            if column[at_column + IS_TEXT]:
                done[DONE_ROWS] = encode(
                    data,
                    size,
                    slot_at + slot * rows * WORD,
                    slot_lengths + slot * rows * WORD,
                    done[DONE_ROWS],
                    rows,
                    seed,
                    column[at_column + CODES] + first * HALF_WORD,
                    column[at_column + TABLE],
                    column[at_column + TABLE_SIZE],
                    column[at_column + ENDS_OF_TEXTS],
                    column[at_column + TEXTS],
                    column[at_column + TEXTS_SIZE],
                )
                if done[DONE_ROWS] < rows:
                    return slot
            else:
                numbers, is_cut = int64s(column[at_column + CODES]), uint8s(fits)
                for row in range(rows):
                    numbers[first + row] = found_at[slot * rows + row] if is_cut[first + row] else 0
            done[DONE_ROWS] = 0
            done[DONE_COLUMNS] += 1
        done[DONE_COLUMNS] = 0
        done[DONE_LINES] += rows
    return -1
