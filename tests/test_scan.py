"""The loops over bytes find what an obvious look at the same text finds."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from processors import _scan
from processors._spans import Spans, lines, spans

PIECES = ["", "a", "GET", "/", "?", "#", " ", "\r", "\t", "é", "\u2028", "a longer piece of text", "x" * 8, "\\", '"']


def texts(seed: int, count: int) -> list[str]:
    """Texts of a few pieces each, many of them the same."""
    rng = random.Random(seed)
    return ["".join(rng.choices(PIECES, k=rng.randrange(6))) for _ in range(count)]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("seed", range(5))
def test_lines_end_at_a_line_feed_or_that_after_one_carriage_return(seed: int, end: bytes) -> None:
    data = "\n".join(texts(seed, 200)).encode() + end
    expected = [line.removesuffix(b"\r") for line in data.removesuffix(b"\n").split(b"\n")] if data else []
    found = lines(data, data.count(b"\n") + 1)
    assert found.text.to_list() == [line.decode() for line in expected]
    assert _scan.counted(found.data, _scan.LINE_FEED) == data.count(b"\n")


def test_no_bytes_are_no_lines() -> None:
    assert lines(b"", 0).text.to_list() == []
    assert lines(b"\n", 1).text.to_list() == [""]


@pytest.mark.parametrize("count", [0, 1, 500, 20_000])
def test_text_is_coded_in_the_order_in_which_it_comes(count: int) -> None:
    rows = [f"{text}{number}" for number, text in enumerate(texts(count, count))] + texts(count, count)
    places: dict[str, int] = {}
    expected = [places.setdefault(text, len(places) + 1) for text in rows]
    some = spans(pl.Series(rows, dtype=pl.String))
    codes, offsets, known = _scan.encode(some.data, some.at, some.lengths)
    assert codes.tolist() == expected
    assert [known[start:end].tobytes().decode() for start, end in pairwise(offsets[1:])] == [*places]


def test_nothing_has_code_0() -> None:
    some = spans(pl.Series(["a", None, "", None]))
    assert _scan.encode(some.data, some.at, some.lengths)[0].tolist() == [1, 0, 2, 0]


@pytest.mark.parametrize(
    "version", ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0", "HTTP/1.2", "http/1.1", "HTTP/1.11", ""]
)
def test_a_request_is_cut_at_its_spaces_and_its_first_question_mark(version: str) -> None:
    rows = [
        f"{method} {target} {version}"
        for method in ("GET", "", "a b")
        for target in ["/", "/a?b?c", "*", *texts(1, 300)]
    ]
    some = spans(pl.Series(rows))
    at, lengths = _scan.requests(some.data, some.at, some.lengths)
    found = [Spans(some.data, at[part], lengths[part]).text.to_list() for part in range(3)]
    assert [*zip(*found, strict=True)] == [_request(row) for row in rows]


def _request(row: str) -> tuple[str | None, ...]:
    words = row.split(" ", 2)
    if len(words) < 3 or words[2] not in ("HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"):
        return None, None, None
    if not words[1].startswith("/") or "#" in words[1]:
        return None, None, None
    path, question, query = words[1].partition("?")
    return words[0], path, query if question else None


def test_rows_are_taken_from_a_column_wherever_it_begins() -> None:
    column = pl.Series(["first", None, "third", "é"])[1:]
    some = spans(column)
    assert some.text.to_list() == [None, "third", "é"]
    assert some.some(np.array([2, 0])).to_list() == ["é", None]
    assert some.where(np.array([True, True, False])).text.to_list() == [None, "third", None]


@pytest.mark.parametrize(
    ("text", "zeros", "backslashes"), [("a", False, False), ("\0", True, False), ("\\", False, True)]
)
def test_what_no_line_has_is_known_without_looking_at_each(text: str, zeros: bool, backslashes: bool) -> None:
    some = lines(f"a\n{text}\n".encode(), 2)
    assert (some.has_zeros, some.has_backslashes) == (zeros, backslashes)
