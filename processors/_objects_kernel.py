"""The loop that finds where the objects of a JSON document begin and end; like the others in `_kernels`.

It goes from one to the next as long as nothing but commas and white space stand between them, and it is certain of
each: well formed, within `WINDOW` bytes, no deeper than `DEEPEST`, and without certain keys of its own.
"""

from __future__ import annotations

from processors._json_kernel import (
    CLOSE,
    CLOSE_LIST,
    COLON,
    COMMA,
    DIGIT_0,
    DIGIT_9,
    MINUS,
    OPEN,
    OPEN_LIST,
    QUOTE,
    RETURN,
    SPACE,
    TAB,
    number_end,
    string_end,
)
from processors._words import WORD, byte_at, inlined, int64s, starts_with

LINE_FEED, WINDOW, DEEPEST = 10, 64 << 10, 60
WHITE, BETWEEN = (SPACE, LINE_FEED, RETURN, TAB), (COMMA, SPACE, LINE_FEED, RETURN, TAB)
NAME_AT, NAME_LENGTH, NAME_COLUMNS = range(3)  # of a row of `names`
OPENING = (OPEN, OPEN_LIST)


@inlined
def after_white(place: int, end: int) -> int:
    """Where something else begins than white space."""
    while place < end and byte_at(place) in WHITE:
        place += 1
    return place


def objects(
    data: int,
    size: int,
    start: int,
    budget: int,
    names: int,
    name_count: int,
    text: int,
    literals: int,
    at: int,
    ends: int,
    most: int,
) -> int:
    """How many objects there are from `start` on, and where each begins and ends; until they are `budget` bytes."""
    found_at, found_ends, name = int64s(at), int64s(ends), int64s(names)
    end, limit = data + size, data + size - WORD
    place, count, found = data + start, 0, 0
    while count < most and found < budget:
        while place < end and byte_at(place) in BETWEEN:
            place += 1
        first = place
        stop_at = min(end, first + WINDOW)
        if first >= end or byte_at(first) != OPEN:
            break
        place += 1
        depth, kinds = 1, 2  # a bit for each depth: whether that is an object
        is_first, is_right = True, True
        while is_right and depth > 0:
            is_object = (kinds >> depth) & 1
            place = after_white(place, stop_at)
            is_right = False
            if place >= stop_at:
                break
            if byte_at(place) == (CLOSE if is_object else CLOSE_LIST):
                place += 1
                kinds &= ~(1 << depth)
                depth -= 1
                is_first, is_right = False, True
                continue
            if not is_first:
                if byte_at(place) != COMMA:
                    break
                place = after_white(place + 1, stop_at)
                if place >= stop_at:
                    break
            if is_object:
                if byte_at(place) != QUOTE:
                    break
                stop = string_end(place + 1, stop_at, limit)
                if stop == 0:
                    break
                is_named = False
                for index in range(name_count if depth == 1 and stop > 0 else 0):
                    length = name[index * NAME_COLUMNS + NAME_LENGTH]
                    is_named = is_named or (
                        stop - place - 1 == length
                        and starts_with(place + 1, text + name[index * NAME_COLUMNS + NAME_AT], length, limit)
                    )
                if is_named:
                    break
                place = after_white((stop if stop > 0 else -stop) + 1, stop_at)
                if place >= stop_at or byte_at(place) != COLON:
                    break
                place = after_white(place + 1, stop_at)
                if place >= stop_at:
                    break
            is_first = False
            byte = byte_at(place)
            if byte == QUOTE:
                stop = string_end(place + 1, stop_at, limit)
                if stop == 0:
                    break
                place = (stop if stop > 0 else -stop) + 1
            elif byte in OPENING:
                if depth + 1 >= DEEPEST:
                    break
                depth += 1
                if byte == OPEN:
                    kinds |= 1 << depth
                place += 1
                is_first = True
            elif byte == MINUS or DIGIT_0 <= byte <= DIGIT_9:
                stop = number_end(place, stop_at)
                if stop == 0:
                    break
                place = stop
            elif place + 4 <= stop_at and (
                starts_with(place, literals, 4, limit) or starts_with(place, literals + WORD, 4, limit)
            ):
                place += 4
            elif place + 5 <= stop_at and starts_with(place, literals + 2 * WORD, 5, limit):
                place += 5
            else:
                break
            is_right = True
        if not is_right:
            break
        found_at[count], found_ends[count] = first - data, place - data
        found += place - first
        count += 1
    return count
