"""Loops over bytes, of which `_machine_code` has machine code made. `_scan` says what they are for, and calls them.

All they are given are whole numbers, and places in memory of eight bytes each if nothing else is said.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from processors._json_kernel import json
from processors._objects_kernel import objects
from processors._session_kernel import follow, group, precede, settle
from processors._words import (
    WORD,
    byte_at,
    copy,
    find,
    find_text,
    hashed,
    inlined,
    int64s,
    is_same,
    starts_with,
    uint8s,
    uint32s,
    uint64s,
    word,
)

LINE_FEED, CARRIAGE_RETURN, QUOTE, BACKSLASH, SPACE, SLASH, HASH, QUESTION = b'\n\r"\\ /#?'
LESS, CAPITAL_T, DIGIT_2, DIGIT_0, DASH = b"<T20-"
MOST_DIGITS, NINE, TEN, HALF_WORD = 18, 9, 10, 4
BEFORE, BEFORE_LENGTH, FIRST_CELL, END_CELL, TAIL, PART_COLUMNS = range(6)  # of a row of `parts`
AFTER, AFTER_LENGTH, ENDS, WIDTH, SLOT, IS_WORD, DIGITS, IS_ONLY, CELL_COLUMNS = range(9)  # of a row of `cells`
IS_TEXT, CODES, TABLE, TABLE_SIZE, ENDS_OF_TEXTS, TEXTS, TEXTS_SIZE, COLUMN_COLUMNS = range(8)  # of a row of `columns`
DONE_LINES, DONE_COLUMNS, DONE_ROWS = range(3)  # of `progress`
AT_BYTE, AT_TEXT, AT_WIDTH, AT_END = range(4)  # where a cell ends: `ENDS`
PROTOCOLS = tuple(
    np.uint64(int.from_bytes(b"HTTP/" + version, "little")) for version in (b"1.0", b"1.1", b"2.0", b"3.0")
)
_HIGH, _LOW, _HALF = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFF), np.uint64(32)


def counted(data: int, size: int, byte: int) -> int:
    """How many of the byte there are."""
    values, count = uint8s(data), 0
    for place in range(size):
        count += values[place] == byte
    return count


def holds(data: int, size: int, byte: int) -> int:
    """Whether the byte is there: 1 or 0."""
    return 1 if find(data, data + size, data + size - WORD, byte) >= 0 else 0


def lines(data: int, size: int, at: int, lengths: int, most: int) -> int:
    """How many lines there are, up to `most`; where each begins, and how long it is without its line end."""
    starts, sizes = int64s(at), int64s(lengths)
    end = data + size
    limit = end - WORD
    place, count = data, 0
    while place < end and count < most:
        stop = find(place, end, limit, LINE_FEED)
        if stop < 0:
            stop = end
        has_return = stop > place and byte_at(stop - 1) == CARRIAGE_RETURN
        starts[count] = place - data
        sizes[count] = stop - place - (1 if has_return else 0)
        count += 1
        place = stop + 1
    return count


def gather(data: int, size: int, at: int, offsets: int, count: int, texts: int) -> int:
    """Nothing; the bytes of each text, one after the other."""
    starts, ends = int64s(at), int64s(offsets)
    for row in range(count):
        copy(data + starts[row], ends[row + 1] - ends[row], data + size - WORD, texts + ends[row])
    return 0


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


def requests(data: int, size: int, at: int, lengths: int, count: int, part_at: int, part_lengths: int) -> int:
    """Nothing; where method, path and query of each request line begin, and how long they are."""
    starts, sizes, found_at, found_lengths = int64s(at), int64s(lengths), int64s(part_at), int64s(part_lengths)
    limit = data + size - WORD
    for row in range(count):
        start = data + starts[row]
        end = start + sizes[row]
        for part in range(3):
            found_at[part * count + row], found_lengths[part * count + row] = 0, -1
        target = find(start, end, limit, SPACE) + 1
        stop = find(target, end, limit, SPACE) if target else -1
        if stop < 0 or end - stop - 1 != WORD or byte_at(target) != SLASH or word(stop + 1, limit) not in PROTOCOLS:
            continue
        if find(target, stop, limit, HASH) >= 0:
            continue
        question = find(target, stop, limit, QUESTION)
        path_end = question if question >= 0 else stop
        found_at[row], found_lengths[row] = starts[row], target - 1 - start
        found_at[count + row], found_lengths[count + row] = target - data, path_end - target
        if question >= 0:
            found_at[2 * count + row], found_lengths[2 * count + row] = question + 1 - data, stop - question - 1
    return 0


@njit
def encode_rows(
    data: int,
    size: int,
    at: int,
    lengths: int,
    first: int,
    count: int,
    seed: int,
    codes: int,
    table: int,
    table_size: int,
    offsets: int,
    texts: int,
    texts_size: int,
) -> int:
    """The row where the table is half full, or how many there are; the code of each (four bytes), and all texts.

    A place of the table has the upper half of a hash and, below it, a code. `offsets[-1]` is how many codes there are.
    """
    starts, sizes, place_of, code_of, ends = (
        int64s(at),
        int64s(lengths),
        uint64s(table),
        uint32s(codes),
        int64s(offsets),
    )
    limit, text_limit = data + size - WORD, texts + texts_size - WORD
    mask = np.uint64(table_size - 1)
    known = ends[-1]
    last, last_length, last_code = data, -1, 0
    for row in range(first, count):
        place, length = data + starts[row], sizes[row]
        if length < 0:
            code_of[row] = 0
            continue
        if length == last_length and is_same(place, last, length, limit, limit):
            code_of[row] = last_code
            continue
        hash_ = hashed(place, length, limit, np.uint64(seed))
        at_table = hash_ >> _HALF
        code = 0
        while True:
            entry = place_of[np.int64(at_table & mask)]
            if not entry:
                break
            if entry & _HIGH == hash_ & _HIGH:
                code = np.int64(entry & _LOW)
                start = ends[code]
                if ends[code + 1] - start == length and is_same(place, texts + start, length, limit, text_limit):
                    break
                code = 0
            at_table += np.uint64(1)
        if code == 0:
            if known * 2 > table_size:
                ends[-1] = known
                return row
            code = known
            known += 1
            place_of[np.int64(at_table & mask)] = (hash_ & _HIGH) | np.uint64(code)
            copy(place, length, limit, texts + ends[code])
            ends[code + 1] = ends[code] + length
        code_of[row] = code
        last, last_length, last_code = place, length, code
    ends[-1] = known
    return count


def encode(
    data: int,
    size: int,
    at: int,
    lengths: int,
    first: int,
    count: int,
    seed: int,
    codes: int,
    table: int,
    table_size: int,
    offsets: int,
    texts: int,
    texts_size: int,
) -> int:
    """The same as `encode_rows`."""
    return encode_rows(
        data, size, at, lengths, first, count, seed, codes, table, table_size, offsets, texts, texts_size
    )


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
                done[DONE_ROWS] = encode_rows(
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


def grow(table: int, table_size: int, larger: int, larger_size: int) -> int:
    """Nothing; the entries of a table in a larger one, which is empty."""
    entries, places = uint64s(table), uint64s(larger)
    mask = np.uint64(larger_size - 1)
    for index in range(table_size):
        entry = entries[index]
        if entry:
            place = entry >> _HALF
            while places[np.int64(place & mask)]:
                place += np.uint64(1)
            places[np.int64(place & mask)] = entry
    return 0


def suspects(data: int, at: int, lengths: int, count: int, places: int) -> int:
    """How many lines, and which, begin with `<`, with a capital letter up to S, or with 20."""
    starts, sizes, found = int64s(at), int64s(lengths), int64s(places)
    suspect = 0
    for row in range(count):
        if sizes[row] > 1:
            first, second = byte_at(data + starts[row]), byte_at(data + starts[row] + 1)
            if LESS <= first < CAPITAL_T or (first == DIGIT_2 and second == DIGIT_0):
                found[suspect] = row
                suspect += 1
    return suspect


KERNELS: tuple[Any, ...] = (
    *(counted, holds, lines, suspects, gather, cut, requests, encode, grow, json, objects),
    *(group, settle, follow, precede),
)
