"""A generated day of a company: logins at Okta, and the panel's log of what people did then, which names nobody."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl

from bench import _logs, _okta

LINES_PER_LOGIN = 20
LOGINS_PER_USER = 4
REQUESTS = (  # as often as they stand here
    *("GET /orders/{}", "GET /orders/{}", "POST /api/orders", "GET /search?q={}&page=2", "GET /customers/{}/orders"),
    *("GET /static/app.{}.js", "GET /static/app.{}.css", "GET /health"),
)
LOGOUT = "POST /logout"


def write(folder: Path, lines: int) -> None:
    """Nothing: writes `access.log` of so many lines and `okta.json` of the logins to them. The same every time."""
    dice = np.random.default_rng(1)
    logins = lines // LINES_PER_LOGIN
    user, opened = dice.integers(0, logins // LOGINS_PER_USER, logins), dice.integers(0, 23 * 3600 * 1000, logins)
    opened.sort()
    is_away = dice.random(logins) < 0.1
    _write_log(folder / "access.log", dice, user, opened, is_away)
    chance = Random(1)
    people = zip(user.tolist(), opened.tolist(), is_away.tolist(), strict=True)
    with (folder / "okta.json").open("w", encoding="utf-8") as out:
        for number, (who, passed, away) in enumerate(people):
            record = _okta.record(number, who, passed / 1000, chance, kind=_okta.KINDS[0], application="Panel")
            agent, address = _logs.AGENTS[_agent(who)], "198.51.100.7" if away else _home(who)
            record["client"] |= {"ipAddress": address}
            record["client"]["userAgent"]["rawUserAgent"] = agent
            # a repeated id would be the same session: a rule that `sessions.sql` lacks
            record["authenticationContext"] |= {"rootSessionId": None, "externalSessionId": None}
            out.write(_okta.line(record))


def _write_log(
    path: Path, dice: np.random.Generator, user: np.ndarray, opened: np.ndarray, is_away: np.ndarray
) -> None:
    count = len(user) * LINES_PER_LOGIN
    gap = dice.exponential(np.where(dice.random(count) < 0.03, 2_400e3, 60e3)).reshape(len(user), LINES_PER_LOGIN)
    time = (opened[:, np.newaxis] + np.cumsum(gap, axis=1)).astype(np.int64).ravel() // 1000
    request = dice.integers(0, len(REQUESTS), count)
    request[LINES_PER_LOGIN - 1 :: LINES_PER_LOGIN][dice.random(len(user)) < 0.4] = len(REQUESTS)
    order = np.argsort(time, kind="stable")
    login = order // LINES_PER_LOGIN
    number = dice.integers(0, 50_000, count)
    for first in range(0, count, _logs.PIECE_LINES):
        some = slice(first, first + _logs.PIECE_LINES)
        rows = pl.DataFrame(
            {
                "time": time[order[some]],
                "who": user[login[some]],
                "away": is_away[login[some]],
                "request": request[order[some]],
                "number": number[some],
            }
        )
        with path.open("ab" if first else "wb") as out:
            lines = rows.select(_line())
            lines.write_csv(out, include_header=False, quote_style="never", separator="\x1f")


def _line() -> pl.Expr:
    who, number = pl.col("who"), pl.col("number")
    home = pl.format("198.{}.{}.{}", 18 + who // 65_536, who // 256 % 256, who % 256)
    request = pl.coalesce(
        pl.when(pl.col("request") == place).then(pl.format(shape, number) if "{}" in shape else pl.lit(shape))
        for place, shape in enumerate((*REQUESTS, LOGOUT))
    )
    return pl.format(
        '{} - - [{}] "{} HTTP/1.1" {} {} "https://panel.example.com/orders/{}" "{}"',
        pl.when("away").then(pl.lit("198.51.100.7")).otherwise(home),
        pl.from_epoch(_logs.DAY_START + pl.col("time")).dt.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        request,
        pl.when(number % 20 == 7).then(304).when(number % 20 == 9).then(404).otherwise(200).cast(pl.String),
        number * 7 % 90_000,
        who % 1000,
        pl.lit(pl.Series(_logs.AGENTS)).gather(_agent(who)),
    )


def _agent(who: Any) -> Any:
    """Which of the agents a user has."""
    return (who * 7 + 3) % len(_logs.AGENTS)


def _home(who: int) -> str:
    """Of the network that is kept for measuring (RFC 2544)."""
    return f"198.{18 + who // 65_536}.{who // 256 % 256}.{who % 256}"
