"""The page about devices: what labels and kinds mean, with examples that the code is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from processors import _client_hints, device
from processors._reader import JsonLine, W3cLine, formats
from processors.formats import _apache_directives, _nginx_variables
from schemas.columns import DEVICE_KINDS

Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]

_WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
EXAMPLES = (
    (_WINDOWS, None, "Windows 10 and 11 send the same"),
    (_WINDOWS, '"10.0.0"', "the hint says 10 or less"),
    (_WINDOWS, '"15.0.0"', "the hint says 13 or more"),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
        "Safari/605.1.15",
        None,
        "every Mac since 2020, and an iPad that asks for desktop sites, send the same",
    ),
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile "
        "Safari/537.36",
        None,
        "every Android sends the same",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.3 "
        "Mobile/15E148 Safari/604.1",
        None,
        "every iPhone since Safari 26 sends the same",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/21F90 Instagram 330.0.3.29.109",
        None,
        "a page that an app shows",
    ),
    ("ExamplePanel/42 CFNetwork/1496.0.7 Darwin/23.5.0", None, "an app of Apple's: iOS and macOS send the same"),
    ("okhttp/4.12.0", None, "an app of Android, or a server: the library alone is known"),
    ("python-requests/2.32.3", None, "a library, as it calls itself"),
    (
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.6478.126 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        None,
        "a crawler, whatever platform it claims",
    ),
    ("billing-sync/2.1", None, "a product that nobody knows, by its own name"),
)


def page(table: Table) -> str:
    """What `device` and `device_kind` mean."""
    return "\n".join([
        "# Devices\n",
        "`device` is the browser's family and major version · the platform, as the user agent has it (column "
        "`user_agent`). It is what the sender claims. A version of a platform is "
        "shown where it is known, and nowhere else; `unknown` means that the log has no agent, or one that says "
        "nothing. Names of apps are their own: of them only letters, digits and a few signs are shown.\n",
        table(
            ("user agent", "hint", "`device`", "`device_kind`", ""),
            [(f"`{agent}`", f"`{hint}`" if hint else "", *_told(agent, hint), why) for agent, hint, why in EXAMPLES],
        ),
        "## `device_kind`\n",
        "A column of `sessions`.\n",
        table(("kind", "what it is"), [(f"`{kind}`", meaning) for kind, meaning in DEVICE_KINDS.items()]),
        "Browsers are known by [ua-parser](https://github.com/ua-parser/uap-core), crawlers by the list "
        "[crawler-user-agents](https://github.com/monperrus/crawler-user-agents). An agent as browsers have it is "
        "looked up in the list only where a word in it is suspicious (`bot`, `compatible`, an address of the web).\n",
        "## Client hints\n",
        "Chromium (Chrome, Edge, Opera) tells the platform's version to sites that ask for it, over HTTPS and from the "
        "second request on. Answer with `Accept-CH: Sec-CH-UA-Platform-Version`, and log the header "
        "`Sec-CH-UA-Platform-Version`, with `Sec-CH-UA-Platform` if you like: then `Windows 10/11` becomes "
        "`Windows 10` or `Windows 11`, and `macOS` and `Android` get their versions. Firefox and Safari send no hints. "
        "Hints tell versions alone: a device is the same with and without them. Other headers (`Sec-CH-UA-Model`, "
        "`Sec-CH-UA-Mobile`) tell nothing that the agent does not, and are not read.\n",
        "A session whose first event hides the version has that of its later events on the same browser, unless these "
        "disagree. What an identity provider derives itself (Okta's `client.userAgent.os`) is no evidence: nothing "
        "says that it asked for hints.\n",
        table(("format", "where hints are read"), _places()),
    ])  # fmt: skip


def _told(agent: str, version: str | None) -> tuple[str, str]:
    label = pl.select(device.label(pl.lit(agent))).item()
    kind = device.kinds(pl.DataFrame({"device": [label], "user_agent": [agent]})).item()
    return str(_client_hints.refine(label, _client_hints.hint(version, None))), f"`{kind}`"


def _places() -> list[tuple[str, str]]:
    """Of each format that may have hints, what the two headers are called in it."""
    meanings = ("platform_version", "platform")
    nginx = [f"`${name}`" for name, prints in _nginx_variables.VARIABLES.items() if prints.meaning in meanings]
    apache = [
        f"`%{{{name.title()}}}i`" for name, prints in _apache_directives.HEADERS.items() if prints.meaning in meanings
    ]
    rows = [("`nginx:<log_format>`", ", ".join(nginx)), ("`apache:<LogFormat>`", ", ".join(apache))]
    for name, reader in formats().items():
        names: list[str] = []
        if isinstance(reader.shape, JsonLine):
            names = [path for meaning in meanings for path in reader.shape.record.get(meaning, ())]
        if isinstance(reader.shape, W3cLine):
            names = [field for field, meaning in reader.shape.fields.items() if meaning in meanings]
        if names:
            rows.append((f"`{name}`", ", ".join(f"`{one}`" for one in names)))
    return [*rows, ("`fields:json`, `fields:csv`", "where `platform_version` and `platform` of the source say")]
