"""Devices as people are shown them, and as sessions compare them."""

from __future__ import annotations

import polars as pl
import pytest

from processors import device

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
LABELS = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36": "Chrome 126 · Windows 10/11",
    f"Mozilla/5.0 (Windows NT 6.1; Win64; x64) {WEBKIT} Chrome/109.0.0.0 Safari/537.36": "Chrome 109 · Windows 7",
    f"Mozilla/5.0 (Windows NT 6.3; Win64; x64) {WEBKIT} Chrome/109.0.0.0 Safari/537.36": "Chrome 109 · Windows 8.1",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0": (
        "Edge 126 · Windows 10/11"
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0": "Firefox 127 · Windows 10/11",
    f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36": "Chrome Mobile 126 · Android",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36": (
        "Chrome Mobile 126 · Android 14"
    ),
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Chrome/126.0.0.0 Safari/537.36": "Chrome 126 · macOS",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Safari/605.1.15": "Safari 17 · macOS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1": "Mobile Safari 17 · iOS 17",
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36": "Chrome 126 · Linux",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0.0.0 Safari/537.36": "Chrome 126 · ChromeOS",
    "curl/8.5.0": "curl 8",
    "Chrome 126.0.0 / Windows 10.0.0": "Chrome 126 · Windows 10/11",
    "Chrome 109.0.0 / Windows 7.0.0": "Chrome 109 · Windows 7",
    "Chrome 126.0.6478 / Mac OS X 10.15.7": "Chrome 126 · macOS",
    "Mobile Safari 17.5.0 / iOS 17.5.0": "Mobile Safari 17 · iOS 17",
    "Firefox 127.0.0 / Linux 0.0.0": "Firefox 127 · Linux",
    "Other 0.0.0 / Windows 10.0.0": "Windows 10/11",
    "Other 0.0.0 / Other 0.0.0": "unknown",
    "something else": "unknown",
    "": "unknown",
    "a" * 1_000_000: "unknown",
}


@pytest.mark.parametrize("agent", LABELS, ids=list(LABELS.values()))
def test_label(agent: str) -> None:
    assert pl.select(device.label(pl.lit(agent))).item() == LABELS[agent]


def test_labels_keep_their_rows_and_no_agent_is_unknown() -> None:
    agents = pl.DataFrame({"user_agent": ["curl/8.5.0", None, "curl/8.5.0"]}, schema={"user_agent": pl.String})
    assert agents.select(device.label(pl.col("user_agent"))).to_series().to_list() == ["curl 8", "unknown", "curl 8"]
    assert agents.head(0).select(device.label(pl.col("user_agent"))).height == 0


@pytest.mark.parametrize(
    ("shown", "kin"),
    [
        ("Chrome 126 · Windows 10/11", "Chrome · Windows"),
        ("Chrome 126 · Windows 8.1", "Chrome · Windows"),
        ("Mobile Safari 17 · iOS 17", "Mobile Safari · iOS"),
        ("Chrome Mobile 126 · Android", "Chrome Mobile · Android"),
        ("curl 8", "curl"),
        ("360 Browser 9 · Nintendo 3DS", "360 Browser · Nintendo 3DS"),
        ("unknown", None),
        (None, None),
    ],
)
def test_kin_has_no_versions(shown: str | None, kin: str | None) -> None:
    assert pl.select(device.kin(pl.lit(shown, dtype=pl.String))).item() == kin
