"""Devices as people are shown them, and as sessions compare them."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors import _agents, _client_hints, _crawlers, device
from processors._encoded import Encoded, constant, encoded
from schemas.columns import DEVICE_KINDS

AGENTS = pl.read_csv(Path(__file__).parent / "golden" / "devices" / "agents.csv", infer_schema=False)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
)
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0"
WORDS = [
    *("Mozilla/5.0 ", "(", ")", "; ", " ", "/", "Linux; Android 10; K", "; wv", "iPhone; CPU iPhone OS 17_5"),
    *("Windows NT 10.0", "Macintosh; Intel Mac OS X 10_15_7", "Chrome/126.0", "Mobile", "Safari/1", "Version/26.0"),
    *("CFNetwork/1", " Darwin/2", "bot", "Googlebot/2.1", "compatible", "http://", "Electron/3 ", "MicroMessenger/"),
    *("Microsoft Outlook 16", "PowerShell/7", "okhttp/4", "curl/8", "AFTMM", "Nintendo ", "%E2%80%AE", "%0A", "\u202e"),
    *("\n", "\r", "\x1b[31m", "\u2028", "·", "<script>", "=1+1", "٣", "א", "é", "9" * 30, "Panel/", "v1", "\ufeff"),
]  # fmt: skip


def labels(agents: list[str | None]) -> list[str]:
    return pl.DataFrame({"": pl.Series(agents, dtype=pl.String)}).select(device.label(pl.col(""))).to_series().to_list()


def kinds(*rows: tuple[str, str | None]) -> list[str]:
    return device.kinds(pl.DataFrame(rows, {"device": pl.String, "user_agent": pl.String}, orient="row")).to_list()


@pytest.mark.parametrize("row", AGENTS.to_dicts(), ids=AGENTS["why"].to_list())
def test_agents_and_their_hints_give_the_device_and_the_kind_written_beside_them(row: dict[str, str | None]) -> None:
    (label,) = labels([row["user_agent"]])
    version, platform = (Encoded(pl.Series([row[name]], dtype=pl.String)) for name in ("platform_version", "platform"))
    shown = _client_hints.refined(Encoded(pl.Series([label])), version, platform).rows().item()
    assert shown == row["device"]
    assert kinds((label, row["user_agent"])) == [row["device_kind"]]


def test_every_kind_is_among_the_golden_agents() -> None:
    assert set(AGENTS["device_kind"]) == set(DEVICE_KINDS)


def test_labels_keep_their_rows_and_no_agent_is_unknown() -> None:
    assert labels(["curl/8.5.0", None, "curl/8.5.0", "", "a" * 1_000_000]) == [
        *("curl 8", "unknown", "curl 8"),
        *("unknown", "unknown"),
    ]
    assert labels([]) == []


@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS), max_size=40).map("".join)))
def test_no_agent_raises_and_labels_hold_nothing_that_hides_moves_or_turns_text(agent: str) -> None:
    label = labels([agent])[0]
    assert label == label.strip() and 0 < len(label) <= 120
    assert label.count(_agents.BETWEEN.strip()) <= 1
    assert label[0] not in "=+-@"
    for character in label:
        assert not unicodedata.category(character).startswith("C") and character not in '<>"\\\u2028\u2029'
        assert unicodedata.bidirectional(character) not in ("R", "AL", "AN")
    assert kinds((label, agent))[0] in DEVICE_KINDS


@given(
    st.sampled_from(AGENTS["device"].to_list()),
    st.one_of(st.text(max_size=30), st.from_regex(r'"[0-9]{1,3}(\.[0-9]{1,3}){0,3}"', fullmatch=True)),
    st.one_of(st.none(), st.text(max_size=10), st.sampled_from(['"Windows"', '"macOS"', '"Android"', '"Linux"'])),
)
def test_hints_never_make_another_device(label: str, version: str, platform: str | None) -> None:
    refined = _client_hints.refine(label, _client_hints.hint(version, platform))
    of_both = pl.DataFrame({"device": [label, refined]}).select(device.kin(pl.col("device"))).to_series()
    assert of_both[0] == of_both[1]


@pytest.mark.parametrize(
    "agent",
    [
        *(
            "bot" * 40_000,
            "Mozilla/5.0 (Linux; Android " + "1." * 50_000,
            "Microsoft Outlook " * 6_000,
            "A1/2 " * 20_000,
        ),
        *("like Gecko) A" * 8_000 + "Electron", "CFNetwork " * 10_000, "%41" * 30_000, "AFTA" * 25_000, "/ " * 50_000),
        *("a b " * 25_000, "é" * 100_000, "\u202e" * 100_000, "PowerShell/" * 9_000, "Chrome 1. / " * 8_000),
        *("KAIOS" + "]" * 100_000, "LinkedInApp" + "]/ " * 30_000, "\0" * 100_000),
    ],
    ids=lambda agent: repr(agent[:12]),
)
def test_a_hundred_kilobytes_take_no_time(agent: str) -> None:
    labels(["once", "Googlebot"])
    start = time.process_time()
    for number in range(20):
        labels([f"{agent}{number}", f"{number}{agent}"])
    assert (time.process_time() - start) / 40 < 0.02


def test_twenty_thousand_agents_take_less_than_two_seconds() -> None:
    some = AGENTS["user_agent"].to_list()
    labels(some)
    many = [f"{some[number % len(some)]} {number}" for number in range(20_000)]
    start = time.process_time()
    labels(many)
    assert time.process_time() - start < 2  # 0.5 where nothing else runs


def test_plain_browsers_do_not_ask_the_list_of_crawlers(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(agent: str) -> None:
        raise AssertionError(agent)

    monkeypatch.setattr(_agents, "crawler", asked)
    _agents.told.cache_clear()
    assert labels([WINDOWS, PHONE, MAC, "curl/8.5.0", "okhttp/4.12.0"])[0] == "Chrome 126 · Windows 10/11"
    _agents.told.cache_clear()


@pytest.mark.parametrize(
    ("agent", "crawler"),
    [
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", ("AhrefsBot", "7", False)),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", ("Googlebot", "2", False)),
        ("python-requests/2.32.3", ("python-requests", "2", True)),
        ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/)", ("Nmap Scripting Engine", None, False)),
        ("Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0", None),
    ],
)
def test_a_crawler_is_called_what_it_calls_itself(agent: str, crawler: tuple[str, str | None, bool] | None) -> None:
    assert _crawlers.crawler(agent) == crawler


@pytest.mark.parametrize(
    ("shown", "kin"),
    [
        ("Chrome 126 · Windows 10/11", "Chrome · Windows"),
        ("Chrome 126 · Windows 11", "Chrome · Windows"),
        ("Chrome 126 · Windows 8.1", "Chrome · Windows"),
        ("Mobile Safari 17 · iOS 17", "Mobile Safari · iOS"),
        ("Mobile Safari 26 · iOS", "Mobile Safari · iOS"),
        ("Safari 13 · macOS 10.13", "Safari · macOS"),
        ("Chrome Mobile 126 · Android", "Chrome Mobile · Android"),
        ("ExamplePanel 42 · iOS/macOS", "ExamplePanel · iOS/macOS"),
        ("curl 8", "curl"),
        ("360 Browser 9 · Nintendo 3DS", "360 Browser · Nintendo 3DS"),
        ("unknown", None),
        (None, None),
    ],
)
def test_kin_has_no_versions(shown: str | None, kin: str | None) -> None:
    assert pl.select(device.kin(pl.lit(shown, dtype=pl.String))).item() == kin


def test_a_kind_is_that_of_the_agent_where_the_device_is_the_agents() -> None:
    assert kinds(
        ("Chrome Mobile 126 · Android", PHONE),
        ("Chrome Mobile 127 · Android 14", PHONE),  # a version that hints told, and an update
        ("Chrome 126 · Windows 10/11", PHONE),  # the device is of a login whose source logs no agent
        ("Chrome 126 · Windows 10/11", None),
        ("Chrome Mobile 126 · Android", None),
        ("Mobile Safari 17 · iOS 17", None),  # an iPhone or an iPad
        ("Firefox 127 · Ubuntu", None),
        ("Edge Mobile 15 · Windows Phone", None),
        ("curl 8", None),
        ("unknown", None),
    ) == [
        *("phone", "phone", "desktop", "desktop", "phone"),
        *("unknown", "desktop", "phone", "unknown", "unknown"),
    ]
    assert kinds() == []


def test_hints_are_looked_at_row_by_row() -> None:
    devices = encoded(
        pl.Series(["Chrome 126 · Windows 10/11", "Chrome 126 · macOS", "Chrome 126 · Windows 10/11", None])
    )
    versions = encoded(pl.Series(['"15.0.0"', '"15.0.0"', None, '"15.0.0"']))
    found = _client_hints.refined(devices, versions, constant(None, 4)).rows().to_list()
    assert found == ["Chrome 126 · Windows 11", "Chrome 126 · macOS 15", "Chrome 126 · Windows 10/11", None]


def test_many_different_hints_are_looked_at_row_by_row() -> None:
    count = 70_000
    versions = encoded(pl.Series([f'"{number % 1000}.{number // 1000}.0"' for number in range(count)]))
    devices = encoded(pl.Series([f"Chrome {number % 300} · Windows 10/11" for number in range(count)]))
    found = _client_hints.refined(devices, versions, constant('"Windows"', count)).rows()
    known = {True: "Windows 11", False: "Windows 10/11"}
    assert found.to_list() == [
        f"Chrome {number % 300} · {'Windows 10' if 1 <= number % 1000 <= 10 else known[number % 1000 >= 13]}"
        for number in range(count)
    ]


def test_without_hints_the_labels_are_the_same_object() -> None:
    devices = encoded(pl.Series(["Chrome 126 · Windows 10/11"]))
    assert _client_hints.refined(devices, constant("-", 1), constant('"Windows"', 1)) is devices


@pytest.mark.parametrize(
    ("label", "hidden"),
    [
        ("Chrome 126 · Windows 11", "Chrome 126 · Windows 10/11"),
        ("Chrome 126 · macOS 10.15", "Chrome 126 · macOS"),
        ("Chrome Mobile 126 · Android 14", "Chrome Mobile 126 · Android"),
        ("Windows 11", "Windows 10/11"),
        ("Chrome 126 · Windows 10/11", None),
        ("Chrome 126 · Linux", None),
        ("Mobile Safari 17 · iOS 17", None),
        ("unknown", None),
    ],
)
def test_a_label_without_what_hints_told(label: str, hidden: str | None) -> None:
    assert _client_hints.unrefined(label) == hidden


def test_of_no_devices_there_are_no_kinds() -> None:
    nothing = pl.DataFrame(schema={"device": pl.String, "user_agent": pl.String})
    assert device.kinds(nothing).equals(pl.Series("device_kind", [], dtype=pl.String))
