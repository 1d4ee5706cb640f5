"""The web requests of the sample workspace: of people at work, of customers, of machines, of attackers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from processors._sample_people import MINUTE, OFFICE, Day, Visit

PANEL, SHOP, BACK_OFFICE = "panel.example.com", "shop.example.com", "backoffice.example.com"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CRAWL_SECONDS, POLL_SECONDS, HEALTH_SECONDS = 55, 120, 60


class Request(NamedTuple):
    """One request as the client sent it; `request` is the whole request line."""

    time: float
    host: str
    address: str
    request: str
    status: int
    size: int
    agent: str
    referrer: str = "-"
    user: str = "-"


def of_visit(visit: Visit, data: dict[str, Any], chance: Random) -> Iterator[Request]:
    """What one stay leaves in the logs: the way in, clicks with their assets, polling, the way out."""
    host = PANEL if visit.application == "panel" else BACK_OFFICE
    kind = data[visit.application]

    def request(moment: float, line: str, status: int = 200, size: int = 0, user: str = "-") -> Request:
        address, referrer = visit.address_at(moment), f"https://{host}/"
        size = size or chance.randrange(900, 48_000)
        return Request(moment, host, address, f"{line} HTTP/1.1", status, size, visit.agent, referrer, user)

    code = f"{chance.getrandbits(64):016x}"
    if visit.application == "panel":
        yield request(visit.start - 6, "GET /login", 302, 138)
        yield request(visit.start + 1, f"GET /oauth2/callback?code={code}", 302, 138)
        last = visit.end if visit.ending != "leaves" else visit.end + chance.uniform(10, 50) * MINUTE
        for step in range(int((last - visit.start) / POLL_SECONDS)):
            yield request(visit.start + 20 + step * POLL_SECONDS + chance.random(), "GET /api/poll", size=27)
    else:
        yield request(visit.start + 1, f"GET /callback?code={code}", 302, 138)
    for moment in _clicks(visit, chance):
        page = chance.choice(kind["pages"]).format(n=chance.randrange(1000, 9999))
        yield request(moment, f"GET {page}", chance.choices((200, 304, 404, 500), (94, 4, 1.5, 0.5))[0])
        if chance.random() < 0.3:
            yield request(moment + 4, chance.choice(kind["writes"]).format(n=chance.randrange(1000, 9999)), 200, 312)
        if chance.random() < 0.15:
            for asset in kind.get("assets", ()):
                yield request(moment + 0.3, f"GET {asset}")
        if visit.person.where == "office" and chance.random() < 0.08 and host == PANEL:
            page = chance.choice(data["panel"]["intranet"])
            yield request(moment + 9, f"GET {page}", user=visit.person.user_name)
    if visit.ending == "logout":
        yield request(visit.end, "POST /logout", 302, 138)


def _clicks(visit: Visit, chance: Random) -> Iterator[float]:
    """Moments of clicks: seconds apart, now and then a coffee, and the visit's silences."""
    moment = visit.start + 2
    while moment < visit.end - 12:
        yield moment
        moment += 3 + chance.expovariate(1 / 75)
        if chance.random() < 0.02:
            moment += chance.uniform(8, 40) * MINUTE
        for begin, length in visit.silences:
            if begin <= moment < begin + length:
                moment = begin + length


def of_strangers(data: dict[str, Any], day: Day, chance: Random) -> Iterator[Request]:
    """Customers of the shop, health checks, crawlers, attackers."""
    yield from _customers(data, day, chance)
    for step in range(int((day.end - day.start) / HEALTH_SECONDS)):
        moment = day.start + step * HEALTH_SECONDS
        yield Request(moment, PANEL, "10.0.0.5", "GET /health HTTP/1.1", 200, 2, "kube-probe/1.33")
    for agent, address in data["crawlers"].items():
        moment = day.start
        while (moment := moment + chance.expovariate(1 / (CRAWL_SECONDS * len(data["crawlers"])))) < day.end:
            host = SHOP if chance.random() < 0.8 else PANEL
            page = chance.choice(["/robots.txt", *data["shop"]["pages"]]).format(n=chance.randrange(1000, 9999))
            yield Request(moment, host, address, f"GET {page} HTTP/1.1", 200 if host == SHOP else 403, 5120, agent)
    for attacker in ("203.0.113.240", "203.0.113.241", "2001:db8:66::bad"):
        for host in (PANEL, SHOP):
            begin = chance.uniform(day.at(0), day.at(23))
            for number, (line, agent, status) in enumerate(data["attacks"]["probes"]):
                yield Request(begin + number * 1.7, host, attacker, line, status, 157, agent)
            for number in range(120):
                line = f"GET {chance.choice(data['attacks']['paths'])} HTTP/1.1"
                yield Request(begin + 40 + number * 0.4, host, attacker, line, 404, 153, "Mozilla/5.0 zgrab/0.x")
    yield Request(day.at(10.2), PANEL, OFFICE, "GET /intranet/ HTTP/1.1", 401, 179, "curl/8.9.1", user="root")


def _customers(data: dict[str, Any], day: Day, chance: Random) -> Iterator[Request]:
    agents = list(data["devices"].values())
    kind = data["shop"]
    for _ in range(700):
        address = chance.choice(
            (
                f"198.51.100.{chance.randrange(130, 190)}",
                f"192.0.2.{chance.randrange(130, 250)}",
                f"2001:db8:40:{chance.randrange(65_536):x}::1",
            )
        )
        moment, agent = chance.triangular(day.start, day.end, day.at(14)), chance.choice(agents)
        referrer = chance.choice(kind["referrers"])
        for _ in range(chance.randrange(2, 9)):
            page = chance.choice(kind["pages"]).format(n=chance.randrange(1000, 9999))
            yield Request(moment, SHOP, address, f"GET {page} HTTP/1.1", 200, 14_200, agent, referrer)
            if chance.random() < 0.3:
                for asset in kind["assets"]:
                    line = f"GET {asset.format(n=chance.randrange(1000, 9999))} HTTP/1.1"
                    yield Request(moment + 0.4, SHOP, address, line, 200, 9_300, agent, f"https://{SHOP}{page}")
            referrer = f"https://{SHOP}{page}"
            moment += chance.uniform(5, 120)


def nginx_line(request: Request) -> str:
    """The request in nginx's combined format, its strings escaped as nginx does by default."""
    return (
        f'{request.address} - {_nginx(request.user)} [{_stamp(int(request.time))}] "{_nginx(request.request)}" '
        f'{request.status} {request.size} "{_nginx(request.referrer)}" "{_nginx(request.agent)}"'
    )


def apache_line(request: Request) -> str:
    """The request in Apache's vhost_combined format, its strings escaped as Apache does."""
    return (
        f"{request.host}:443 {request.address} - {_apache(request.user)} [{_stamp(int(request.time))}] "
        f'"{_apache(request.request)}" {request.status} {request.size} '
        f'"{_apache(request.referrer)}" "{_apache(request.agent)}"'
    )


@lru_cache(maxsize=20_000)
def _nginx(text: str) -> str:
    return "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\x{ord(c):02X}" for c in text)


@lru_cache(maxsize=20_000)
def _apache(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in text) or "-"


@lru_cache(maxsize=20_000)
def _stamp(second: int) -> str:
    moment = datetime.fromtimestamp(second, UTC)
    return f"{moment.day:02}/{MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"
