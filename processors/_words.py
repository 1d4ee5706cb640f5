"""What loops over bytes are made of, 8 or 32 at a time. Only `_machine_code` loads this, which has it compiled.

Places in memory are numbers. `limit` is the last place that eight bytes may be read from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

WORD, WIDE = 8, 32
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_SPACES = np.uint64(0x2020202020202020)
_BITS, _SHIFT = np.uint64(8), np.uint64(3)
_ODD, _OTHER_ODD, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03), np.uint64(32)
FIRST_PRINTED = 0x20

inlined = njit(inline="always")


def _pointer(kind: Any, bits: int) -> Any:
    """The function from a place to the numbers that begin there."""

    @intrinsic
    def numbers(typing_context: Any, place: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())

        return types.CPointer(kind)(types.int64), code

    return numbers


int64s, uint64s, uint32s, uint8s = (
    _pointer(kind, bits) for kind, bits in ((types.int64, 64), (types.uint64, 64), (types.uint32, 32), (types.uint8, 8))
)


@intrinsic
def _load(typing_context: Any, place: Any) -> Any:
    """Eight bytes at any place, the first one lowest."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(builder.inttoptr(arguments[0], ir.IntType(64).as_pointer()), align=1)

    return types.uint64(types.int64), code


@intrinsic
def _store(typing_context: Any, place: Any, value: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[1], builder.inttoptr(arguments[0], ir.IntType(64).as_pointer()), align=1)

    return types.void(types.int64, types.uint64), code


def _compared(operator: str) -> Any:
    """The function that says which of 32 bytes, the first one lowest, are so compared with those of another kind."""

    @intrinsic
    def compared(typing_context: Any, place: Any, other: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = ir.VectorType(ir.IntType(8), WIDE)
            here = builder.load(builder.inttoptr(arguments[0], kind.as_pointer()), align=1)
            if operator == "!=":
                there = builder.load(builder.inttoptr(arguments[1], kind.as_pointer()), align=1)
            else:
                first = builder.insert_element(
                    ir.Constant(kind, ir.Undefined), builder.trunc(arguments[1], ir.IntType(8)), ir.IntType(32)(0)
                )
                zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDE), None)
                there = builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)
            found = builder.bitcast(builder.icmp_unsigned(operator, here, there), ir.IntType(WIDE))
            return builder.zext(found, ir.IntType(64))

        return types.uint64(types.int64, types.int64), code

    return compared


_equal, _below = _compared("=="), _compared("<")  # than one byte
_different = _compared("!=")  # from the bytes at another place


@intrinsic
def _trailing_zeros(typing_context: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), code


@njit
def _last_word(place: int, limit: int) -> Any:
    found = np.uint64(0)
    for index in range(limit + WORD - place):
        found |= np.uint64(uint8s(place)[index]) << (_BITS * np.uint64(index))
    return found


@inlined
def word(place: int, limit: int) -> Any:
    """The eight bytes from there, the first one lowest; zeros behind the end."""
    return _load(place) if place <= limit else _last_word(place, limit)


@inlined
def byte_at(place: int) -> int:
    """The byte there."""
    return np.int64(uint8s(place)[0])


@inlined
def find(place: int, end: int, limit: int, byte: int) -> int:
    """Where the byte is for the first time in `[place, end)`, or -1."""
    pattern = _ONES * np.uint64(byte)
    found = -1
    while place < end:
        step = WIDE
        if place <= limit - (WIDE - WORD):
            at = _trailing_zeros(_equal(place, byte))
        else:
            step = WORD
            differs = word(place, limit) ^ pattern
            at = _trailing_zeros((differs - _ONES) & ~differs & _HIGHS) >> _SHIFT
        if np.int64(at) < step:
            place += np.int64(at)
            if place < end:
                found = place
            break
        place += step
    return found


@inlined
def first_special(place: int, end: int, limit: int, byte: int, other: int) -> int:
    """Where one of the bytes, or a control character, is for the first time in `[place, end)`, or -1."""
    pattern, other_pattern = _ONES * np.uint64(byte), _ONES * np.uint64(other)
    found = -1
    while place < end:
        step = WIDE
        if place <= limit - (WIDE - WORD):
            at = _trailing_zeros(_equal(place, byte) | _equal(place, other) | _below(place, FIRST_PRINTED))
        else:
            step = WORD
            here = word(place, limit)
            differs, other_differs = here ^ pattern, here ^ other_pattern
            hit = ((differs - _ONES) & ~differs) | ((other_differs - _ONES) & ~other_differs)
            at = _trailing_zeros((hit | ((here - _SPACES) & ~here)) & _HIGHS) >> _SHIFT
        if np.int64(at) < step:
            place += np.int64(at)
            if place < end:
                found = place
            break
        place += step
    return found


@inlined
def is_same(place: int, other: int, length: int, limit: int, other_limit: int) -> bool:
    """Whether so many bytes are the same at both places."""
    while length > WIDE and place <= limit - (WIDE - WORD) and not _different(place, other):
        length -= WIDE
        place += WIDE
        other += WIDE
    if length <= WIDE and place <= limit - (WIDE - WORD) and other <= other_limit - (WIDE - WORD):
        return length == 0 or _different(place, other) << np.uint64(2 * WIDE - length) == np.uint64(0)
    while length >= WORD and word(place, limit) == word(other, other_limit):
        length -= WORD
        place += WORD
        other += WORD
    if length == 0:
        return True
    if length >= WORD:
        return False
    return (word(place, limit) ^ word(other, other_limit)) << (_BITS * np.uint64(WORD - length)) == np.uint64(0)


@inlined
def starts_with(place: int, text: int, length: int, limit: int) -> bool:
    """Whether the text is there, behind which eight more bytes may be read."""
    differs = word(place, limit) ^ _load(text)
    if length < WORD:
        return differs << (_BITS * np.uint64(WORD - length)) == np.uint64(0) if length else True
    return differs == np.uint64(0) and is_same(place + WORD, text + WORD, length - WORD, limit, text + length)


@njit
def find_text(place: int, end: int, limit: int, text: int, length: int) -> int:
    """Where the text, behind which eight more bytes may be read, is for the first time in `[place, end)`, or -1."""
    while True:
        place = find(place, end - length + 1, limit, byte_at(text))
        if place < 0 or starts_with(place, text, length, limit):
            return place
        place += 1


@inlined
def _mixed(first: Any, second: Any) -> Any:
    found = (first * _ODD) ^ (second * _OTHER_ODD)
    return found ^ (found >> _HALF)


@inlined
def hashed(place: int, length: int, limit: int, seed: Any) -> Any:
    """A number that equal texts have in common, and others hardly ever."""
    end = place + length
    found = seed ^ np.uint64(length)
    if length < WORD:
        found ^= word(place, limit) & ((np.uint64(1) << (_BITS * np.uint64(length))) - np.uint64(1))
    else:
        while place + 2 * WORD < end:
            found = _mixed(found ^ _load(place), seed + _load(place + WORD))
            place += 2 * WORD
        if length >= 2 * WORD:
            place = end - 2 * WORD  # of the last ones some may be there already
        found = _mixed(found ^ _load(place), seed + _load(end - WORD))
    return _mixed(found, found >> _HALF) * _ODD


@inlined
def copy(place: int, length: int, limit: int, into: int) -> None:
    """Nothing: copies bytes, and up to seven more, for which there must be room."""
    for done in range(0, length, WORD):
        _store(into + done, word(place + done, limit))
