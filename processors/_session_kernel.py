"""The rules of sessions as one loop over the events of each user, and what puts these in order; like `_kernels`.

`given` is where the numbers are that `_open_sessions` hands over: limits, and where arrays begin. An open session is a
row of `OPEN`, in no order; its number rises with its opening. Code 0 is null: it equals nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from processors._words import int64s, uint8s, uint32s, uint64s

LOGIN, ACTIVITY, BACKGROUND, LOGOUT, SESSION_END = range(5)  # event classes
OPENED, ACTED, WAS_THERE, ENDED, UNMATCHED = range(1, 6)  # memberships; 0 is none
LOGGED_OUT, REVOKED, SUPERSEDED, TIMED_OUT, CUT = range(1, 6)  # reasons for an end; 0 is active
(
    IDLE_TIMEOUT, ABSOLUTE_TIMEOUT, SAME_LOGIN, AS_OF, USERS,
    TIMES, CLASSES, SOURCES, REFERENCES, ADDRESSES, KINS,  # by row
    ORDER, OFFSETS,  # the rows of each user, in their order: their place there is what follows is by
    SESSIONS, MEMBERSHIPS, EARLIER,  # by place
    PLACES, ENDS, REASONS, SLOTS,  # by number of the session
    HOLDERS, OPEN, MET, MET_SIZE, COUNT, SOONEST,
) = range(26)  # of `given`  # fmt: skip
NUMBER, BEGAN, LAST, KIN, OPENING_KIN, IS_LOGIN, SOURCE, BROUGHT, COLUMNS = range(9)  # of a row of `OPEN`
NEVER, NOWHERE = 1 << 62, -1
_ODD, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


def group(groups: int, count: int, number: int, offsets: int, order: int) -> int:
    """Nothing; the rows of each group, in the order they come, and where each begins among them."""
    of, starts, rows = uint32s(groups), int64s(offsets), int64s(order)
    for row in range(count):
        starts[np.int64(of[row]) + 1] += 1
    for index in range(number):
        starts[index + 1] += starts[index]
    for row in range(count):
        place = starts[np.int64(of[row])]
        rows[place] = row
        starts[np.int64(of[row])] = place + 1
    for index in range(number, 0, -1):
        starts[index] = starts[index - 1]
    starts[0] = 0
    return 0


@njit
def is_after(row: int, other: int, times: int, files: int, lines: int) -> bool:
    """Whether a row comes after the other: by time, then file, then line."""
    if int64s(times)[row] != int64s(times)[other]:
        return int64s(times)[row] > int64s(times)[other]
    if uint32s(files)[row] != uint32s(files)[other]:
        return uint32s(files)[row] > uint32s(files)[other]
    return int64s(lines)[row] > int64s(lines)[other]


@njit
def merge_sort(order: int, first: int, end: int, times: int, files: int, lines: int, spare: int) -> None:
    rows, others = int64s(order), int64s(spare)
    width = 1
    while width < end - first:
        for start in range(first, end, 2 * width):
            middle, stop = min(start + width, end), min(start + 2 * width, end)
            left, right = start, middle
            for place in range(start, stop):
                is_right = left == middle
                if not is_right and right < stop:
                    is_right = is_after(rows[left], rows[right], times, files, lines)
                others[place] = rows[right] if is_right else rows[left]
                right += is_right
                left += not is_right
        for place in range(first, end):
            rows[place] = others[place]
        width *= 2


def settle(order: int, offsets: int, number: int, times: int, files: int, lines: int, spare: int) -> int:
    """Nothing; puts the rows of each group in order."""
    rows, starts = int64s(order), int64s(offsets)
    for index in range(number):
        for place in range(starts[index] + 1, starts[index + 1]):
            if is_after(rows[place - 1], rows[place], times, files, lines):
                merge_sort(order, starts[index], starts[index + 1], times, files, lines, spare)
                break
    return 0


@njit
def session_at(given: int, slot: int) -> int:
    return int64s(given)[OPEN] + slot * COLUMNS * 8


@njit
def end(given: int, slot: int, time: int, reason: int) -> None:
    """The session is open no more; the last one takes its slot."""
    of = int64s(given)
    session, slots = int64s(session_at(given, slot)), int64s(of[SLOTS])
    int64s(of[ENDS])[session[NUMBER]] = time
    uint8s(of[REASONS])[session[NUMBER]] = reason
    slots[session[NUMBER]] = NOWHERE
    of[COUNT] -= 1
    if slot < of[COUNT]:
        moved = int64s(session_at(given, of[COUNT]))
        for column in range(COLUMNS):
            session[column] = moved[column]
        slots[session[NUMBER]] = slot


@njit
def expire(given: int, now: int, multiple: int) -> None:
    """Ends what timed out before `now`, and everything at `multiple`, where the user has not slept."""
    of = int64s(given)
    of[SOONEST] = NEVER
    slot = 0
    while slot < of[COUNT]:
        session = int64s(session_at(given, slot))
        idle, absolute = session[LAST] + of[IDLE_TIMEOUT], session[BEGAN] + of[ABSOLUTE_TIMEOUT]
        due = min(idle, absolute)
        if multiple <= due:
            end(given, slot, multiple, CUT)
        elif due < now:
            end(given, slot, due, CUT if absolute <= idle else TIMED_OUT)
        else:
            of[SOONEST] = min(of[SOONEST], due)
            slot += 1


@njit
def met_at(given: int, number: int, address: int, first: int) -> int:
    """Where a session and an address are noted together, or would be. What is noted of earlier users is nothing."""
    of = int64s(given)
    met, mask = uint64s(of[MET]), np.uint64(of[MET_SIZE] - 1)
    key = (np.uint64(number) + np.uint64(1)) << _HALF | np.uint64(address)
    place = (key * _ODD) >> _HALF & mask
    while met[np.int64(place)] != key and np.int64(met[np.int64(place)] >> _HALF) > first:
        place = (place + np.uint64(1)) & mask
    return np.int64(place)


@njit
def has_met(given: int, number: int, address: int, first: int) -> bool:
    at = met_at(given, number, address, first)
    return np.int64(uint64s(int64s(given)[MET])[at] >> _HALF) == number + 1


@njit
def holds_from(given: int, brought: int, source: int) -> bool:
    """Whether a session holds a reference from the source. `brought`: the place, plus one, of the last that it got."""
    of = int64s(given)
    while brought:
        if uint32s(of[SOURCES])[int64s(of[ORDER])[brought - 1]] == source:
            return True
        brought = int64s(of[EARLIER])[brought - 1]
    return False


@njit
def join(given: int, slot: int, place: int, first: int) -> None:
    """The session gets the event's reference, address and device."""
    of = int64s(given)
    session, row = int64s(session_at(given, slot)), int64s(of[ORDER])[place]
    number = session[NUMBER]
    reference, address = np.int64(uint32s(of[REFERENCES])[row]), np.int64(uint32s(of[ADDRESSES])[row])
    if reference and not holds_from(given, session[BROUGHT], np.int64(uint32s(of[SOURCES])[row])):
        int64s(of[EARLIER])[place] = session[BROUGHT]
        session[BROUGHT] = place + 1
        int64s(of[HOLDERS])[reference] = number
    if address:
        at = met_at(given, number, address, first)
        uint64s(of[MET])[at] = (np.uint64(number) + np.uint64(1)) << _HALF | np.uint64(address)
    if session[KIN] == 0:
        session[KIN] = np.int64(uint32s(of[KINS])[row])


@njit
def holder(given: int, reference: int) -> int:
    """The slot of the open session that holds the reference."""
    of = int64s(given)
    number = int64s(of[HOLDERS])[reference] if reference else NOWHERE
    return int64s(of[SLOTS])[number] if number >= 0 else NOWHERE


@njit
def later(given: int, slot: int, other: int) -> int:
    """Of two slots that of the session most recently active, at a tie most recently opened."""
    if other < 0:
        return slot
    session, rival = int64s(session_at(given, slot)), int64s(session_at(given, other))
    if session[LAST] != rival[LAST]:
        return slot if session[LAST] > rival[LAST] else other
    return slot if session[NUMBER] > rival[NUMBER] else other


@njit
def on_device(given: int, kin: int, barred: int) -> int:
    """The latest session on the device that holds no reference from the source `barred` (0: whatever it holds)."""
    found = NOWHERE
    for slot in range(int64s(given)[COUNT] if kin else 0):
        session = int64s(session_at(given, slot))
        if session[KIN] == kin and not (barred and holds_from(given, session[BROUGHT], barred)):
            found = later(given, slot, found)
    return found


@njit
def same_login(given: int, kin: int, source: int, now: int) -> int:
    """The latest session on the device that another source's login opened just now."""
    found, of = NOWHERE, int64s(given)
    for slot in range(of[COUNT] if kin else 0):
        session = int64s(session_at(given, slot))
        is_same = session[KIN] == kin and session[IS_LOGIN] and session[SOURCE] != source
        if is_same and now - session[BEGAN] <= of[SAME_LOGIN]:
            found = later(given, slot, found)
    return found


@njit
def supersede(given: int, kin: int, now: int) -> None:
    slot = 0
    while slot < int64s(given)[COUNT] and kin:
        if int64s(session_at(given, slot))[KIN] == kin:
            end(given, slot, now, SUPERSEDED)
        else:
            slot += 1


@njit
def to_join(given: int, reference: int, kin: int, source: int, address: int, first: int) -> int:
    """The session that an activity belongs to: by reference, device or, where its first event told none, address."""
    found = holder(given, reference)
    barred = source if reference else 0
    if found < 0:
        found = on_device(given, kin, barred)
    if found < 0 and address:
        for slot in range(int64s(given)[COUNT]):
            session = int64s(session_at(given, slot))
            is_free = not (barred and holds_from(given, session[BROUGHT], barred))
            if is_free and session[OPENING_KIN] == 0 and has_met(given, session[NUMBER], address, first):
                found = later(given, slot, found)
    return found


@njit
def to_close(given: int, reference: int, kin: int, address: int, first: int) -> int:
    """The session that a logout closes: by its reference or, without one, device or address."""
    if reference:
        return holder(given, reference)
    found = on_device(given, kin, 0)
    if found < 0 and address:
        for slot in range(int64s(given)[COUNT]):
            session = int64s(session_at(given, slot))
            if (session[KIN] == 0 or kin == 0) and has_met(given, session[NUMBER], address, first):
                found = later(given, slot, found)
    return found


def follow(given: int) -> int:
    """How many sessions there are; and which each event belongs to, as what, and where each begins and ends."""
    of = int64s(given)
    order, offsets, times, classes = int64s(of[ORDER]), int64s(of[OFFSETS]), int64s(of[TIMES]), uint8s(of[CLASSES])
    sources, references, kins, addresses = (
        uint32s(of[SOURCES]),
        uint32s(of[REFERENCES]),
        uint32s(of[KINS]),
        uint32s(of[ADDRESSES]),
    )
    sessions, memberships = uint32s(of[SESSIONS]), uint8s(of[MEMBERSHIPS])
    idle, absolute, as_of = of[IDLE_TIMEOUT], of[ABSOLUTE_TIMEOUT], of[AS_OF]
    total = 0
    for user in range(of[USERS]):
        of[COUNT], of[SOONEST] = 0, NEVER
        first, has_acted, last_action, multiple = total, False, 0, NEVER
        for place in range(offsets[user], offsets[user + 1]):
            row = order[place]
            now, kind = times[row], classes[row]
            if of[COUNT] and (now > of[SOONEST] or now >= multiple):
                expire(given, now, multiple if now >= multiple else NEVER)
            if now >= multiple:
                multiple = -(-(now + 1) // absolute) * absolute
            source, reference = np.int64(sources[row]), np.int64(references[row])
            kin, address = np.int64(kins[row]), np.int64(addresses[row])
            slot, membership = NOWHERE, 0
            if kind >= LOGOUT:
                slot = to_close(given, reference, kin, address, first)
                membership = UNMATCHED if slot < 0 else ENDED
            elif kind == LOGIN:
                slot = holder(given, reference)
                if slot < 0:
                    slot = same_login(given, kin, source, now)
                if slot < 0 and reference == 0:
                    supersede(given, kin, now)
            elif of[COUNT]:
                slot = to_join(given, reference, kin, source, address, first)
            if kind <= ACTIVITY:
                if not has_acted or now - last_action > idle:  # the first multiple with no gap in the time before it
                    multiple = -(-(now + absolute) // absolute) * absolute
                has_acted, last_action = True, now
                membership = ACTED
                if slot < 0:
                    membership = OPENED
                    slot = of[COUNT]
                    opened = int64s(session_at(given, slot))
                    opened[NUMBER], opened[BEGAN], opened[KIN], opened[OPENING_KIN] = total, now, kin, kin
                    opened[IS_LOGIN], opened[SOURCE], opened[BROUGHT] = np.int64(kind == LOGIN), source, 0
                    int64s(of[SLOTS])[total], int64s(of[PLACES])[total] = slot, place
                    uint8s(of[REASONS])[total] = 0
                    of[COUNT] += 1
                    of[SOONEST] = min(of[SOONEST], now + min(idle, absolute))
                    total += 1
                int64s(session_at(given, slot))[LAST] = now
            elif kind == BACKGROUND and slot >= 0:
                membership = WAS_THERE
            memberships[place] = membership
            if slot >= 0:
                sessions[place] = int64s(session_at(given, slot))[NUMBER]
                if kind <= BACKGROUND:
                    join(given, slot, place, first)
                else:
                    end(given, slot, now, LOGGED_OUT if kind == LOGOUT else REVOKED)
        expire(given, as_of, multiple if multiple < as_of else NEVER)
        for slot in range(of[COUNT]):
            int64s(of[SLOTS])[int64s(session_at(given, slot))[NUMBER]] = NOWHERE
    return total


def precede(
    keys: int, seconds: int, times: int, count: int, offsets: int, login_seconds: int, login_times: int, found: int
) -> int:
    """Nothing; the last login of each event's key, and of its second one, that is no later; -1 where there is none.

    The logins of each key stand together, by second key, then time; `offsets` are where they begin.
    """
    of, second, at = uint32s(keys), uint32s(seconds), int64s(times)
    starts, other, login = int64s(offsets), uint32s(login_seconds), int64s(login_times)
    result = int64s(found)
    for row in range(count):
        key = np.int64(of[row])
        low, high = starts[key], starts[key + 1]
        begin = low
        while low < high:
            middle = (low + high) // 2
            is_later = other[middle] > second[row] or (other[middle] == second[row] and login[middle] > at[row])
            if is_later:
                high = middle
            else:
                low = middle + 1
        result[row] = low - 1 if low > begin and other[low - 1] == second[row] else NOWHERE
    return 0
