"""Generated web-server logs of any size: people of one company, strangers, scanners; a day of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

PIECE_LINES = 500_000
SECONDS = 86_400
DAY_START = 1_756_425_600  # 2025-08-29T00:00:00Z

AGENTS = [
    *(
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 Safari/537.36"
        for major in range(96, 132)
    ),
    *(
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        f"Version/{major}.{minor} Safari/605.1.15"
        for major in range(14, 18)
        for minor in range(6)
    ),
    *(f"Mozilla/5.0 (X11; Linux x86_64; rv:{major}.0) Gecko/20100101 Firefox/{major}.0" for major in range(90, 130)),
]


_CLOCK = pl.col("time").dt.strftime("%d/%b/%Y:%H:%M:%S +0000")
_COMBINED = (*("peer", "user"), _CLOCK, *("request", "status", "size", "referrer", "agent"))
_TOOK = pl.format("0.{}", (pl.col("number") % 1000).cast(pl.String).str.pad_start(3, "0"))
SHAPES = {
    "combined": pl.format('{} - {} [{}] "{} HTTP/1.1" {} {} "{}" "{}"', *_COMBINED),
    "nginx": pl.format('{} - {} [{}] "{} HTTP/1.1" {} {} "{}" "{}" {} "-"', *_COMBINED, _TOOK),
    "apache": pl.format('{} - {} [{}] "{} HTTP/1.1" {} {} "{}" "{}" {}', *_COMBINED, pl.col("number") % 90_000),
    "nginx_json": pl.format(
        '{{"remote_addr":"{}","remote_user":"{}","time_local":"{}","request":"{} HTTP/1.1","status":{},'
        '"body_bytes_sent":{},"http_referer":"{}","http_user_agent":"{}","request_time":{}}}',
        *_COMBINED,
        _TOOK,
    ),
}
FORMATS = {
    "combined": "combined",
    "nginx": (
        'nginx:$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
        '"$http_user_agent" $request_time "$http_x_forwarded_for"'
    ),
    "apache": r"apache:%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D",
    "nginx_json": "nginx_json",
}
"""What each is called on the command line."""


def write(path: Path, lines: int, *, shape: str = "combined", escaped: float = 0.0, users: int = 5_000) -> None:
    """Nothing: writes a log of so many lines, of which a share has an escape in its user agent. The same every time."""
    with path.open("wb") as out:
        for first in range(0, lines, PIECE_LINES):
            piece = _rows(first, min(PIECE_LINES, lines - first), lines, escaped, users)
            piece.select(SHAPES[shape]).write_csv(out, include_header=False, quote_style="never", separator="\x1f")


def _rows(first: int, count: int, lines: int, escaped: float, users: int) -> pl.DataFrame:
    number = pl.int_range(first, first + count, dtype=pl.UInt64).alias("number")
    rows = pl.select(number).with_columns(u=_dice(1), r=_dice(2), s=_dice(3))
    who = (pl.col("u") ** 2 * users).cast(pl.UInt32)
    orders = (pl.col("s") ** 3 * 50_000).cast(pl.UInt32).cast(pl.String)
    agent = pl.lit(pl.Series(AGENTS)).gather((who * 7 + 3) % len(AGENTS))
    return rows.with_columns(
        time=pl.from_epoch(DAY_START + (pl.col("number") * SECONDS // lines).cast(pl.Int64)),
        peer=pl.format("198.51.{}.{}", 100 + who % 4, who // 4 % 254 + 1),
        user=pl.when(pl.col("r") < 0.6).then(pl.format("user{}@example.com", who)).otherwise(pl.lit("-")),
        request=pl.when(pl.col("r") < 0.30)
        .then(pl.format("GET /orders/{}", orders))
        .when(pl.col("r") < 0.40)
        .then(pl.format("GET /search?q={}&page={}", orders, who % 9))
        .when(pl.col("r") < 0.75)
        .then(pl.format("GET /static/app.{}.js", who % 60))
        .when(pl.col("r") < 0.97)
        .then(pl.lit("POST /api/orders"))
        .when(pl.col("r") < 0.98)
        .then(pl.lit("POST /login"))
        .otherwise(pl.lit("GET /")),
        status=pl.when(pl.col("s") < 0.9).then(200).when(pl.col("s") < 0.95).then(304).otherwise(404).cast(pl.String),
        size=(pl.col("s") * 90_000).cast(pl.UInt32).cast(pl.String),
        referrer=pl.when(pl.col("r") < 0.2)
        .then(pl.lit("-"))
        .otherwise(pl.format("https://panel.example.com/orders/{}", who % 1000)),
        agent=pl.when(_dice(4) < escaped).then(pl.format(r"{} \x22beta\x22", agent)).otherwise(agent),
    )


def _dice(seed: int) -> pl.Expr:
    """A number in [0, 1) for each row, the same every time."""
    return pl.col("number").hash(seed) / float(2**64)
