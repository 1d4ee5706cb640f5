"""The loop that finds the text at some paths of lines of JSON; like the others in `_kernels`.

It takes a line only where no reader could differ: one object, by the grammar of RFC 8259, no deeper than `DEEPEST`, no
control characters or escapes in what is looked at, and there nothing but what the kinds of nodes say.
"""

from __future__ import annotations

from processors._words import WORD, byte_at, first_special, inlined, int64s, is_same, starts_with, uint8s

QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COLON, COMMA = b'"\\{}[]:,'
SPACE, TAB, RETURN, MINUS, PLUS, POINT, DIGIT_0, DIGIT_1, DIGIT_9, LOWER_E, UPPER_E, UNICODE = b" \t\r-+.019eEu"
ESCAPED, OPENING, SPACES = tuple(b'"\\/bfnrt'), (OPEN, OPEN_LIST), (SPACE, TAB, RETURN)
KEY_AT, KEY_LENGTH, CHILD, KEY_COLUMNS = range(4)  # of a row of `keys`
FIRST_KEY, END_KEY, FIRST_SLOT, END_SLOT, KIND, WANTED_AT, WANTED_LENGTH, NODE_COLUMNS = range(8)  # of one of `nodes`
OBJECT, TEXT, VALUE, BLOCK, ITEMS, ITEM, NEVER = range(7)  # kinds of nodes: see `_scan.json`
SEEN_AT, SEEN_LENGTH, SEEN_NODE, SEEN_CHILD, SEEN_COLUMNS = range(5)  # of a row of `seen`
DEEPEST, MOST_SEEN = 32, 64
LONGEST_NUMBER, LONGEST_EXPONENT = 100, 2  # none of them is too large for a float
IS_OBJECT, IS_LIST = 0, 1
NOWHERE = -1


@inlined
def after_space(place: int, end: int) -> int:
    """Where something else begins than spaces between tokens."""
    while place < end and byte_at(place) in SPACES:
        place += 1
    return place


@inlined
def is_hex(byte: int) -> bool:
    lower = byte | 0x20
    return (DIGIT_0 <= byte <= DIGIT_9) or (0x61 <= lower <= 0x66)


@inlined
def string_end(place: int, end: int, limit: int) -> int:
    """Where the closing quote of the string is that goes on there; below 0 if it has escapes, and 0 if it is none."""
    has_escapes = False
    found = 0
    while True:
        place = first_special(place, end, limit, QUOTE, BACKSLASH)
        if place < 0:
            break
        byte = byte_at(place)
        if byte == QUOTE:
            found = -place if has_escapes else place
            break
        if byte != BACKSLASH or place + 1 >= end:
            break
        has_escapes = True
        kind = byte_at(place + 1)
        if kind == UNICODE:
            if place + 6 > end:
                break
            is_right = True
            for at in range(place + 2, place + 6):
                is_right = is_right and is_hex(byte_at(at))
            if not is_right:
                break
            place += 6
        elif kind in ESCAPED:
            place += 2
        else:
            break
    return found


@inlined
def digits_end(place: int, end: int) -> int:
    while place < end and DIGIT_0 <= byte_at(place) <= DIGIT_9:
        place += 1
    return place


@inlined
def number_end(place: int, end: int) -> int:
    """Where the number there ends; 0 if it is none, very long or large, or -0, which is 0 to some."""
    start = place
    is_negative = place < end and byte_at(place) == MINUS
    if is_negative:
        place += 1
    whole = digits_end(place, end)
    is_right = whole > place and not (byte_at(place) == DIGIT_0 and (whole > place + 1 or is_negative))
    place = whole
    if is_right and place < end and byte_at(place) == POINT:
        fraction = digits_end(place + 1, end)
        is_right = fraction > place + 1
        place = fraction
    if is_right and place < end and (byte_at(place) == LOWER_E or byte_at(place) == UPPER_E):
        place += 1
        if place < end and (byte_at(place) == PLUS or byte_at(place) == MINUS):
            place += 1
        exponent = digits_end(place, end)
        is_right = place < exponent <= place + LONGEST_EXPONENT
        place = exponent
    return place if is_right and place - start <= LONGEST_NUMBER else 0


@inlined
def child_of(node: int, place: int, length: int, limit: int, nodes: int, keys: int, text: int) -> int:
    """The node below that one which has the key there, or `NOWHERE`."""
    node_, key = int64s(nodes), int64s(keys)
    found = NOWHERE
    for index in range(node_[node * NODE_COLUMNS + FIRST_KEY], node_[node * NODE_COLUMNS + END_KEY]):
        at_key = index * KEY_COLUMNS
        if key[at_key + KEY_LENGTH] == length and starts_with(place, text + key[at_key + KEY_AT], length, limit):
            found = key[at_key + CHILD]
            break
    return found


def json(
    data: int,
    size: int,
    at: int,
    lengths: int,
    count: int,
    nodes: int,
    keys: int,
    text: int,
    literals: int,
    stack: int,
    seen: int,
    slot_at: int,
    slot_lengths: int,
    fits: int,
) -> int:
    """Nothing; where the text of each slot of each line begins, its length if it has one, and which lines are taken."""
    starts, sizes, node_, known = int64s(at), int64s(lengths), int64s(nodes), int64s(seen)
    found_at, found_lengths, is_taken, kept = int64s(slot_at), int64s(slot_lengths), uint8s(fits), int64s(stack)
    limit = data + size - WORD
    for row in range(count):
        is_taken[row] = 0
        end = data + starts[row] + sizes[row]
        place = after_space(data + starts[row], end)
        if sizes[row] <= 0 or place >= end or byte_at(place) != OPEN:
            continue
        place += 1
        depth, key_count = 0, 0
        kept[0], kept[1] = IS_OBJECT, 0
        is_first, is_right = True, True
        while is_right and depth >= 0:
            kind, node = kept[2 * depth], kept[2 * depth + 1]
            place = after_space(place, end)
            is_right = False
            if place >= end:
                break
            closing = CLOSE if kind == IS_OBJECT else CLOSE_LIST
            if byte_at(place) == closing:
                if kind == IS_OBJECT and node >= 0 and node_[node * NODE_COLUMNS + KIND] == ITEM:
                    first = node_[node * NODE_COLUMNS + FIRST_SLOT]
                    at_text, length = found_at[first * count + row] + data, node_[node * NODE_COLUMNS + WANTED_LENGTH]
                    if (
                        found_lengths[first * count + row] == length
                        and byte_at(at_text - 1) == QUOTE
                        and starts_with(at_text, text + node_[node * NODE_COLUMNS + WANTED_AT], length, limit)
                    ):
                        kept[2 * depth - 1] = NOWHERE  # the first one counts
                    else:
                        for other in range(first, node_[node * NODE_COLUMNS + END_SLOT]):
                            found_lengths[other * count + row] = -1
                place += 1
                depth -= 1
                is_first, is_right = False, True
                continue
            if not is_first:
                if byte_at(place) != COMMA:
                    break
                place = after_space(place + 1, end)
                if place >= end:
                    break
            child = NOWHERE
            if kind == IS_OBJECT:
                if byte_at(place) != QUOTE:
                    break
                start = place + 1
                stop = string_end(start, end, limit)
                if stop == 0 or (stop < 0 and node >= 0):
                    break
                if node >= 0:
                    length = stop - start
                    at_seen = key_count * SEEN_COLUMNS
                    if (
                        key_count < MOST_SEEN
                        and known[at_seen + SEEN_LENGTH] == length
                        and known[at_seen + SEEN_NODE] == node
                        and is_same(known[at_seen + SEEN_AT], start, length, limit, limit)
                    ):
                        child = known[at_seen + SEEN_CHILD]
                    else:
                        child = child_of(node, start, length, limit, nodes, keys, text)
                        if key_count < MOST_SEEN:
                            known[at_seen + SEEN_AT], known[at_seen + SEEN_LENGTH] = start, length
                            known[at_seen + SEEN_NODE], known[at_seen + SEEN_CHILD] = node, child
                    key_count += 1
                place = after_space((stop if stop > 0 else -stop) + 1, end)
                if place >= end or byte_at(place) != COLON:
                    break
                place = after_space(place + 1, end)
                if place >= end:
                    break
            elif byte_at(place) == OPEN:
                child = node
            slot, asked = NOWHERE, OBJECT
            if child >= 0:
                asked = node_[child * NODE_COLUMNS + KIND]
                # the last one counts of a key that is there twice
                for other in range(node_[child * NODE_COLUMNS + FIRST_SLOT], node_[child * NODE_COLUMNS + END_SLOT]):
                    found_lengths[other * count + row] = -1
                if asked in (TEXT, VALUE):
                    slot = node_[child * NODE_COLUMNS + FIRST_SLOT]
                    child = NOWHERE
            if asked == NEVER:
                break
            is_first = False
            byte = byte_at(place)
            if byte == QUOTE:
                start = place + 1
                stop = string_end(start, end, limit)
                if stop == 0 or (stop < 0 and slot >= 0) or asked >= BLOCK:
                    break
                if slot >= 0:
                    found_at[slot * count + row], found_lengths[slot * count + row] = start - data, stop - start
                place = (stop if stop > 0 else -stop) + 1
            elif byte in OPENING:
                if depth + 1 >= DEEPEST or asked == VALUE or asked == (BLOCK if byte == OPEN_LIST else ITEMS):
                    break
                if byte == OPEN_LIST and slot >= 0:  # a list of one text is that; of others another reader knows
                    start = after_space(place + 1, end)
                    stop = string_end(start + 1, end, limit) if start < end and byte_at(start) == QUOTE else 0
                    if stop <= 0:
                        break
                    place = after_space(stop + 1, end)
                    if place >= end or byte_at(place) != CLOSE_LIST:
                        break
                    found_at[slot * count + row], found_lengths[slot * count + row] = start + 1 - data, stop - start - 1
                    place += 1
                else:
                    depth += 1
                    kept[2 * depth] = IS_OBJECT if byte == OPEN else IS_LIST
                    kept[2 * depth + 1] = child if byte == OPEN else NOWHERE
                    if asked == ITEMS:
                        kept[2 * depth + 1] = node_[child * NODE_COLUMNS + FIRST_KEY]
                    place += 1
                    is_first = True
            elif byte == MINUS or DIGIT_0 <= byte <= DIGIT_9:
                stop = number_end(place, end)
                if stop == 0 or asked >= BLOCK:
                    break
                if slot >= 0:
                    found_at[slot * count + row], found_lengths[slot * count + row] = place - data, stop - place
                place = stop
            else:
                is_null = place + 4 <= end and starts_with(place, literals + WORD, 4, limit)
                length = 0
                if is_null or (place + 4 <= end and starts_with(place, literals, 4, limit)):
                    length = 4
                elif place + 5 <= end and starts_with(place, literals + 2 * WORD, 5, limit):
                    length = 5
                if length == 0 or (asked >= BLOCK and not is_null):
                    break
                if asked == VALUE and not is_null:
                    found_at[slot * count + row], found_lengths[slot * count + row] = place - data, length
                place += length
            is_right = True
        if is_right and after_space(place, end) == end:
            is_taken[row] = 1
    return 0
