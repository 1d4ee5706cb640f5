"""Pages that wrap records, and records of several events: each becomes one line, wherever reading stops."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import slabs
from processors._documents import SPLIT_BYTES, Pages, is_over

PAGES = Pages(("records", "value"), "events", ("status", "pagination"))


def cut(data: bytes, *, size: int = 1 << 20, whole: bool = True, pages: Pages = PAGES) -> list[slabs.Slab]:
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    return list(slabs.slabs(chunks, at_start=True, is_document=True, is_whole=lambda _: whole, pages=pages))


def lines(data: bytes, **options: object) -> list[bytes]:
    return b"".join(slab.data for slab in cut(data, **options)).splitlines()  # type: ignore[arg-type]


A, B, C = b'{"a":1}', b'{"a":{"value":[2]}}', rb'{"a":"]},{\"","b":[true,false,null,-1.5e3],"c":"\u00e9\ud83d\ude00"}'
SHAPES = [
    (b'{"records":[%s,%s,%s]}', "one line"),
    (b'{"records": [\n  %s,\n  %s,\n  %s\n]\n}\n', "over many lines"),
    (b'{"records":[%s]}\n{"records":[%s,%s]}\n', "a page a line"),
    (b'{"records":[%s]}{"value":[%s]}{"value":[%s]}', "pages without a line end between them"),
    (b'{"@odata.context":"https:\\/\\/x[]","n":-1.5e3,"z":null,"value":[%s,%s,%s],"@odata.nextLink":"a]}"}', "Graph's"),
    (b'{"status":{"code":200,"is":"]}{"},"pagination":{ },"value":[%s,%s,%s]}', "OneLogin's"),
    (b'\xef\xbb\xbf{"value":[%s]}\r\n\xef\xbb\xbf{"value":[%s,%s]}\r\n', "exports with byte order marks, appended"),
    (b'%s\n{"records":[%s,%s]}\n', "records, then a page"),
    (b'{"records":[%s,%s]}\n%s\n', "a page, then a record"),
    (b'[{"records":[%s]},{"records":[%s,%s]}]', "an array of pages"),
    (b"[%s,%s,\n%s]", "an array"),
    (b"%s\n%s\n%s\n", "a record a line"),
    (b'{"records":[{"records":[%s]},%s,{"value":[%s]}]}', "pages in a page"),
    (b'{"records":[%s],"records":[%s],"value":[%s],"count":2}', "a key twice, and two lists"),
    (b'{"records":[[%s],[%s,[%s]]]}', "lists in the list"),
]


@pytest.mark.parametrize("shape", [shape for shape, _ in SHAPES], ids=[name for _, name in SHAPES])
@pytest.mark.parametrize("size", [1, 3, 17, 1000])
def test_records_come_one_a_line_whatever_wraps_them(shape: bytes, size: int) -> None:
    document = shape % (A, B, C)
    assert lines(document, size=size) == [A, B, C]
    assert lines(document, size=size, whole=False) == [A, B, C]


@pytest.mark.parametrize("shape", [shape for shape, _ in SHAPES], ids=[name for _, name in SHAPES])
def test_reading_may_stop_anywhere_and_go_on_there(shape: bytes) -> None:
    document = shape % (A, B, C)
    for stop in range(len(document) + 1):
        first = cut(document[:stop], whole=False)
        read = sum(slab.span for slab in first)
        chunks = iter([document[read:]])
        rest = slabs.slabs(chunks, at_start=read == 0, is_document=True, is_whole=lambda _: False, pages=PAGES)
        assert b"".join(slab.data for slab in (*first, *rest)).splitlines() == [A, B, C], document[:stop]


@pytest.mark.parametrize("shape", [shape for shape, _ in SHAPES], ids=[name for _, name in SHAPES])
def test_nothing_waits_after_the_last_record(shape: bytes) -> None:
    document = shape % (A, B, C)
    read = sum(slab.span for slab in cut(document, whole=False))
    assert is_over(document[read:], PAGES)
    assert not is_over(document[read:] + b'{"a":', PAGES)


def test_a_record_over_many_lines_may_stop_anywhere() -> None:
    record = json.dumps(json.loads(C), indent=1).replace("-1500.0", "-1.5E+3").encode()
    document = b'{\n "records": [\n%s,\n%s\n]\n}' % (record, A)
    for stop in range(len(document)):
        first = cut(document[:stop], whole=False)
        read = sum(slab.span for slab in first)
        rest = cut(document[read:], whole=False)
        assert len(b"".join(slab.data for slab in (*first, *rest)).splitlines()) == 2, document[:stop]


def test_a_page_that_breaks_off_gives_its_whole_records_and_the_rest_as_one_line() -> None:
    document = b'{"records":[%s,%s,{"a":' % (A, B)
    assert lines(document) == [A, B, b',{"a":']
    assert lines(document, whole=False) == [A, B]
    assert lines(b'{"records":[{"a":') == [b'{"records":[{"a":']


def test_a_page_that_breaks_off_costs_the_one_appended_to_it_nothing() -> None:
    assert lines(b'{"records":[%s,{"a":x\n{"records":[%s]}\n' % (A, B)) == [A, b'{"a":x', B]


@pytest.mark.parametrize(
    "page",
    [
        b'{"records":[]}',
        b'{"value": [ ]}',
        b'{"@odata.context":"c","value":[]}',
        b'{"records":[],"value":[]}',
        b'{"status":{"code":200},"pagination":{"next":null},"value":[]}',
    ],
)
def test_a_page_without_records_is_a_record_of_its_own(page: bytes) -> None:
    assert lines(page) == [page]
    assert lines(b'{"records":[%s]}\n%s\n{"records":[%s]}' % (A, page, B)) == [A, page, B]
    assert PAGES.is_empty(json.loads(page))


@pytest.mark.parametrize(
    "record",
    [
        b'{"a":1,"b":{"records":[{"a":2}]}}',
        b'{"a":1,"b":[{"records":[{"a":2}]}]}',
        b'{"a":"{\\"records\\":[{\\"a\\":2}]}"}',
        b'{"\\"records":[{"a":2}]}',
        b'{"Records":[{"a":2}]}',
        b'{"records":{"a":2}}',
        b'{"records":"[{}]"}',
        b'{"records":null}',
        b'{"a":{},"records":[{"a":2}]}',
        b'{"status":{"b":{}},"records":[{"a":2}]}',
    ],
)
def test_a_record_that_only_looks_like_a_page_stays_whole(record: bytes) -> None:
    assert lines(record + b"\n" + A) == [record, A]
    assert lines(b'{"records":[%s,%s]}' % (record, A)) == [record, A]
    assert not PAGES.is_empty(json.loads(record))


@pytest.mark.parametrize(
    ("item", "bad"),
    [
        (b"null", b"null"),
        (b"-12.5", b"-12.5"),
        (b'"text, ]} and {"', b'"text, ]} and {"'),
        (b'{"a":x}', b'{"a":x}'),
        (b'{"a":1,}', b'{"a":1,}'),
        (b'{"a":"}]",{"b":[x]}}', b'{"a":"}]",{"b":[x]}}'),
        (b'{\n"a":x,\n"b":{"c":2}\n}', b'{ "a":x, "b":{"c":2} }'),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_bad_item_is_one_bad_record_among_good_ones(item: bytes, bad: bytes, size: int) -> None:
    assert lines(b'{"records":[%s,%s,%s]}' % (A, item, B), size=size) == [A, bad, B]
    assert lines(b'{"records":[%s,%s]}' % (item, B), size=size) == [bad, B]
    assert lines(b'{"records":[%s,%s]}' % (A, item), size=size) == [A, bad]


def test_what_stands_beside_the_list_is_a_bad_record_where_it_is_more_than_a_value() -> None:
    assert lines(b'{"records":[%s],"next":null,"others":[{"b":1}],"n":1}' % A) == [A, b'"others":[{"b":1}],"n":1']


def test_lines_of_other_logs_stay_lines() -> None:
    log = b'192.0.2.10 - - [x] "GET /" 200\n1,2,3\n"time": "x",\n{x} and more, {y}\n# records: []\nnull\n'
    assert lines(log) == log.splitlines()


@settings(deadline=None)
@given(st.data())
def test_any_bytes_are_cut_alike_however_they_are_read(data: st.DataObject) -> None:
    pieces = [
        A,
        C,
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b'"records"',
        b'{"records":[',
        b"]}",
        b"\n",
        b" ",
        b"null",
    ]
    document = b"".join(
        data.draw(st.lists(st.sampled_from([*pieces, b"x", b"\\", b"\xef\xbb\xbf", b"1"]), max_size=30))
    )
    read = lines(document)
    assert lines(document, size=data.draw(st.integers(1, 9))) == read
    assert sum(slab.span for slab in cut(document)) <= len(document)


values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text('é\U0001f600\\"/ab{}[],:\n', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "records", ""]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=50)
@given(st.data(), st.lists(st.lists(st.fixed_dictionaries({"x": st.just([]), "y": values}), min_size=1)), st.booleans())
def test_any_records_in_any_pages_come_as_they_are(data: st.DataObject, groups: list[Any], is_ascii: bool) -> None:
    document = b""
    for group in groups:
        name = data.draw(st.sampled_from(["records", "value", ""]))
        beside = data.draw(st.dictionaries(st.sampled_from(["@odata.nextLink", "n"]), st.text() | st.integers()))
        page = data.draw(st.sampled_from([beside | {name: group}, {name: group} | beside])) if name else group
        text = json.dumps(page, indent=data.draw(st.sampled_from([None, 1])), ensure_ascii=is_ascii)
        document += text.encode("utf-8", "surrogatepass") + data.draw(st.sampled_from([b"", b"\n", b",\r\n"]))
    found = lines(document, size=data.draw(st.integers(1, 99)))
    assert [json.loads(line) for line in found] == [record for group in groups for record in group]


# records of several events


def test_a_record_of_several_events_comes_once_for_each() -> None:
    record = b'{"id": 7, "events": [ {"n":1}, {"n":"]"} ,null], "b":"\xc3\xa9"}'
    assert lines(b'{"value":[%s,%s]}' % (record, A)) == [
        b'{"event_index":0,"id": 7, "events": [{"n":1}], "b":"\xc3\xa9"}',
        b'{"event_index":1,"id": 7, "events": [{"n":"]"}], "b":"\xc3\xa9"}',
        b'{"event_index":2,"id": 7, "events": [null], "b":"\xc3\xa9"}',
        A,
    ]


@pytest.mark.parametrize(
    "events", [b"[]", b'[{"n":1}]', b'{"n":1}', b"null", b'"x"', b'{"events":[1,2]}', b'[{"n":1}],"x":[1,2]']
)
def test_a_record_of_one_event_stays_as_it_is(events: bytes) -> None:
    record = b'{"events":%s}' % events
    assert lines(record) == [record]


def test_a_list_that_is_there_twice_is_the_last_one() -> None:
    found = lines(b'{"events":[1,2,3],"events":[4,5]}')
    assert [json.loads(line) for line in found] == [{"event_index": n, "events": [4 + n]} for n in (0, 1)]


def test_a_record_that_would_explode_is_not_split() -> None:
    record = b'{"x":"%s","events":[%s]}' % (b"x" * 1000, b",".join([b"1"] * (SPLIT_BYTES // 1000)))
    assert lines(record) == [record]


def test_splitting_takes_bounded_memory_and_accounts_for_every_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "SLAB_BYTES", 1 << 16)
    monkeypatch.setattr(slabs, "SLAB_LINES", 500)
    record = b'{"x":"%s","events":[%s]}\n' % (b"x" * 1500, b",".join([b"1"] * 500))
    document = record * 40
    chunks = (document[at : at + 65536] for at in range(0, len(document), 65536))
    count = span = 0
    tracemalloc.start()
    for slab in slabs.slabs(chunks, at_start=True, is_document=True, is_whole=lambda _: True, pages=PAGES):
        assert len(slab.data) < 2 << 20 and slab.span >= 0 and slab.data.count(b"\n") <= 500
        count, span = count + slab.data.count(b"\n"), span + slab.span
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, span) == (20_000, len(document) - 1)
    assert peak < 5 << 20


# size


def test_a_page_larger_than_a_slab_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "SLAB_BYTES", 1 << 16)
    record = b'{"a":"%s"}' % (b"x" * 1000)

    def chunks() -> object:
        yield b'{"records":['
        for _ in range(5000):
            yield record + b","
        yield record + b"]}"

    tracemalloc.start()
    found = slabs.slabs(chunks(), at_start=True, is_document=True, is_whole=lambda _: True, pages=PAGES)  # type: ignore[arg-type]
    assert sum(slab.data.count(b"\n") for slab in found) == 5001
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20


@pytest.mark.parametrize(
    "bomb",
    [
        b'{"records":[' * 100_000,
        b'{"records":[{"a":' * 100_000,
        b'{"a":"x",' * 100_000,
        b'{"a":1}],' + b'"a":1,' * 200_000,
        b'{"records":["' + b'\\"' * 500_000,
        b'{"records":[' + b'{"a":x' * 100_000,
        b'{"records":[' + b'{"a":x},' * 100_000,
        b'{"records":[' + b"null," * 200_000 + b"null]}",
        b'[{"events":[' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_bomb_takes_no_longer_than_its_size(bomb: bytes) -> None:
    assert sum(slab.span for slab in cut(bomb)) <= len(bomb)
