"""JSON documents → their records, one a line: of arrays, of pages that wrap a list, of records one after the other.

What stands between records is passed over wherever it is: brackets, commas, the head of a page (`{"records":[`) and
what follows its list (`],"nextPageToken":"…"}`). So reading may stop after any record and go on there, and a document
needs no more memory than its largest record. Only a value beside the list of a page that is an object or a list itself
is no such thing, unless the provider's pages are known to have it before the list: it is a bad record, as is an item
that is no object. A page without any record is a record: the parser knows it for a directive.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from processors import _scan
from processors._json import DEEPEST
from processors._json_spans import DECODER, items, members, skimmed, space

SPLIT_INDEX = "event_index"
"""The key by which a record that was split tells which of its events it holds, counted from 0."""
SPLIT_BYTES = 1 << 20
"""What a record may grow to when it is split: it is repeated for each of its events, so hostile ones would explode."""

_FAILURES = 1000  # every failure costs a look at all that came before it: after so many, the lines are the records
WINDOW = 16 << 10
"""How far the end of a bad record is looked for, before its line is taken for it; how much between records is kept."""
_ONE = re.compile(r"\s*+:\s*+\[\s*+(?=\{)")
_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")  # what the decoder reads
_LONGEST_WORD = 12  # as are an escaped character's two halves
_BOM = "\xef\xbb\xbf"  # of an export that was appended to another one

# no group is possessive: up to Python 3.11.4 such ones may lose what is in them (cpython#106052)
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*"'
_SCALAR = rf"(?:{_STRING}|-?[0-9][0-9.eE+-]*+|true|false|null)"
_FLAT = rf"\{{\s*+(?:{_STRING}\s*+:\s*+{_SCALAR}\s*+(?:,\s*+|(?=\}})))*\}}"
# a string that never ends is one match as well: searching for its end from each of its quotes would be quadratic
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_MORE_MEMBERS = re.compile(rf"(?:\s*+,\s*+{_STRING}\s*+:\s*+{_SCALAR}(?=\s*+[,}}]))*", re.DOTALL)
_AFTER_BAD = re.compile(r"[ \t\r]*+(?:[,\]}\n]|\Z)")


@dataclass(frozen=True)
class Pages:
    """How a provider wraps its records: the `lists` that hold them in a page, and which list in a record to `split`.

    `beside`: the objects of plain values that a page has before its list.
    """

    lists: tuple[str, ...] = ()
    split: str | None = None
    beside: tuple[str, ...] = ()

    def is_empty(self, record: dict[str, Any]) -> bool:
        """Whether an object is a page without records."""
        inner = [record[name] for name in self.lists if name in record]
        rest = {name: value for name, value in record.items() if name not in self.beside}
        return bool(inner) and not any(inner) and all(isinstance(one, list) for one in inner) and _is_flat(rest)


@dataclass(frozen=True)
class Cut:
    """The whole records of some bytes, a line each, and where what is unfinished begins.

    `is_all`: whether the bytes were looked at to their end. `is_over`: whether only what ends a document is left.
    """

    lines: list[bytes]
    end: int
    is_all: bool = True
    is_over: bool = False


def cut(data: bytes, pages: Pages, *, more: bool, most_bytes: int, window: int = WINDOW) -> Cut:
    """The records of `data`, which begins at a document or after a record; `more`: whether it goes on.

    Records come until they are `most_bytes`. One that is not finished is left, unless it is that large itself. The end
    of a bad one is looked for in a `window`.
    """
    text = data.decode("latin-1")  # a byte a character: only the structure is read here, which is ASCII
    length, view = len(text.rstrip()), memoryview(data)
    head, named = _patterns(pages.lists, pages.beside)[1], dict.fromkeys(pages.lists, -1)
    begins = tuple(f'{{"{name}"' for name in pages.lists)
    buffer, names = np.frombuffer(data, np.uint8), _names(pages.lists)
    lines: list[bytes] = []
    position = end = failures = size = 0
    while size < 2 * most_bytes:
        position = _passed(text, end, position, pages)
        if position == len(text):  # the closing bracket is not read: a longer delivery has a comma in its place
            return Cut(lines, position if more and position - end > window else end, is_over=True)
        at, ends = _scan.objects(buffer, position, 2 * most_bytes - size, *names)
        if len(at):
            for start, position in zip(at.tolist(), ends.tolist(), strict=True):
                some = _records(text, data, start, position, pages.split)
                lines += some
                size += sum(map(len, some))
                if size >= 2 * most_bytes:  # which records may when they are split
                    break
            end = position
            continue
        is_page = text.startswith(begins, position)
        after = skimmed(view, position) if text[position] == "{" and not is_page else 0
        if head and (not after or _is_named(named, text, position, after)) and (page := head.match(text, position)):
            position = page.end()
            continue
        is_item = not after and text[end:position].rstrip()[-1:] in ("[", ",")
        try:
            after = after or _value(text, position, is_item=is_item)
        except (ValueError, RecursionError) as problem:
            if _is_unfinished(problem, text, length) and (not more or len(text) - position < most_bytes):
                return Cut(lines, end)
            failures += 1
            after = _bad_end(text, position, window, more=more, is_member=is_item and bool(pages.lists))
            if after < 0:  # a bad line of which the end is not known
                return Cut(lines, position if more and len(text) - position >= window else end)
        some = _records(text, data, position, after, pages.split)
        lines += some
        size += sum(map(len, some))
        position = end = after
        if failures > _FAILURES:
            end = max(end, text.rfind("\n") + 1 if more else len(text))
            return Cut(lines + [line + b"\n" for line in data[position:end].split(b"\n") if line.strip()], end)
    return Cut(lines, end, is_all=False)


def _records(text: str, data: bytes, start: int, end: int, split: str | None) -> list[bytes]:
    """The record as lines: one, or one for each of its events."""
    some = _split(text, data, start, end, split) if split else []
    return [one_line(one) + b"\n" for one in some or [data[start:end]]]


@functools.cache
def _names(lists: tuple[str, ...]) -> tuple[Any, Any]:
    """The names as numbers: see `_scan.objects`."""
    written = [name.encode() for name in lists]
    places = [(sum(map(len, written[:place])), len(name)) for place, name in enumerate(written)]
    text = np.frombuffer(b"".join(written) + b"\0" * _scan.ROOM, np.uint8)
    return np.array(places, np.int64).reshape(-1, 2), text


def is_over(rest: bytes, pages: Pages) -> bool:
    """Whether nothing but what ends a document is there."""
    text = rest.decode("latin-1")
    return _passed(text, 0, 0, pages) == len(text)


def one_line(record: bytes) -> bytes:
    """The record on one line: between JSON's tokens any white space is the same."""
    return record.replace(b"\r", b" ").replace(b"\n", b" ")


def _passed(text: str, end: int, position: int, pages: Pages) -> int:
    """Where the next record begins; `end` is where the one before ended."""
    separators, _, member = _patterns(pages.lists, pages.beside)
    while True:
        match = separators.match(text, position)
        position = match.end() if match else position
        is_member = member and text.startswith('"', position) and text.find("]", end, position) >= 0
        if member and is_member and (match := member.match(text, position)):
            position = match.end()
        elif text.startswith(_BOM, position):
            position += len(_BOM)
        else:
            return position


@functools.cache
def _patterns(
    lists: tuple[str, ...], beside: tuple[str, ...]
) -> tuple[re.Pattern[str], re.Pattern[str] | None, re.Pattern[str] | None]:
    """What separates records; the head of a page, to its first record; what follows its list."""
    if not lists:
        return re.compile(r"[\s,\[\]]*+"), None, None
    names = "|".join(map(re.escape, lists))
    inner = rf'"(?:{names})"\s*+:\s*+\['
    value = rf"{_STRING}\s*+:\s*+{_SCALAR}"
    known = rf'"(?:{"|".join(map(re.escape, beside))})"\s*+:\s*+{_FLAT}' if beside else value
    head = rf"\{{\s*+(?:(?:{value}|{known})\s*+,\s*+)*{inner}(?=\s*+[^\s\]])"
    member = rf"{inner}|{value}(?=\s*+[,}}])"
    return re.compile(r"[\s,\[\]}]*+"), re.compile(head, re.DOTALL), re.compile(member, re.DOTALL)


def _is_named(named: dict[str, int], text: str, start: int, end: int) -> bool:
    """Whether the name of a list stands in the object; `named` keeps where each comes next: none is sought twice."""
    for name, at in named.items():
        if at < start:
            found = text.find(f'"{name}"', start)
            named[name] = found if found >= 0 else len(text)
    return any(at < end for at in named.values())


def _value(text: str, position: int, *, is_item: bool) -> int:
    """Where the value ends: an object, or whatever an item of a list is. Errors: `ValueError`."""
    is_object = text[position] == "{"
    if not is_object and not is_item:
        raise ValueError
    _, after = DECODER.raw_decode(text, position)
    if not is_object:
        following = space(text, after)
        if following == len(text):
            raise json.JSONDecodeError("Unfinished", "", len(text))
        if text[following] not in ",]":
            raise ValueError
    return after


def _is_unfinished(problem: Exception, text: str, length: int) -> bool:
    """Whether what is wrong with a value is only that it goes on, behind `length`."""
    if not isinstance(problem, json.JSONDecodeError):
        return False
    if problem.pos >= length or problem.msg.startswith("Unterminated string"):
        return True
    if length - problem.pos > _LONGEST_WORD:
        return False
    rest = text[problem.pos : length]
    is_number = rest in (".", "e", "E", "e+", "E+", "e-", "E-")
    return is_number or any(word.startswith(rest) for word in _WORDS) or "escape" in problem.msg


def _bad_end(text: str, position: int, window: int, *, more: bool, is_member: bool) -> int:
    """Where a bad record ends: at its last bracket where that is near, else with its line; -1 where there is no end."""
    if text[position] == "{" or (is_member and text[position] == '"'):
        if more and len(text) - position < window:
            return -1
        depth = 0
        for token in _TOKEN.finditer(text, position, min(len(text), position + window)):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
            if depth > DEEPEST:
                break
            if depth <= 0 and token[0] in ("]", "}"):
                end = token.end()
                if text[position] == '"' and (beside := _MORE_MEMBERS.match(text, end)):
                    end = beside.end()
                if depth == 0 and _AFTER_BAD.match(text, end):
                    return end
                break
    return text.find("\n", position)


def _holds_one(text: str, view: memoryview, start: int, end: int, name: str) -> bool:
    """Whether it is certain at a glance that the record's list `name` has one item."""
    at = text.find(f'"{name}"', start, end)
    item = _ONE.match(text, at + len(name) + 2, end) if at >= 0 else None
    after = skimmed(view, item.end()) if item else 0
    return 0 < after < end and text[space(text, after)] == "]" and text.find(f'"{name}"', after, end) < 0


def _split(text: str, data: bytes, start: int, end: int, name: str) -> list[bytes]:
    """The record once for each event in its list `name`; none where it need not be split, or would grow too large."""
    if _holds_one(text, memoryview(data), start, end, name):
        return []
    try:
        value, _ = DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return []
    events = value.get(name) if isinstance(value, dict) else None
    if not isinstance(events, list) or len(events) < 2:
        return []
    found = {key: (at, after) for key, at, after in members(text, start)}
    before, behind = found[name]
    if len(events) * (end - start - (behind - before)) + end - start > SPLIT_BYTES:
        return []
    return [
        b'{"%s":%d,' % (SPLIT_INDEX.encode(), number)
        + data[start + 1 : before]
        + b"[%s]" % data[at:after]
        + data[behind:end]
        for number, (at, after) in enumerate(items(text, before))
    ]


def _is_flat(record: dict[str, Any]) -> bool:
    return not any(value and isinstance(value, dict | list) for value in record.values())
