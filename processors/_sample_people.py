"""The people of the sample workspace and what they do on its day: visits, from sign-in to the last click."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

OFFICE = "203.0.113.10"
HOUR = 3600.0
MINUTE = 60.0


class Person(NamedTuple):
    """One row of the roster, with what only the sample knows of them."""

    user_name: str
    display_name: str
    role: str
    team: str
    where: str
    agent: str
    habit: str
    address: str
    time_zone: str
    is_abroad: bool


class Visit(NamedTuple):
    """One stay of a person in one application, in seconds since 1970; `moves` begins with the login's address."""

    person: Person
    application: str
    agent: str
    start: float
    end: float
    moves: tuple[tuple[float, str], ...]
    silences: tuple[tuple[float, float], ...]
    reference: str
    ending: str = "leaves"
    is_first: bool = True
    mistakes: int = 0

    def address_at(self, moment: float) -> str:
        """The address of the last move up to `moment`."""
        return next(address for since, address in reversed(self.moves) if since <= moment)


@dataclass(frozen=True)
class Day:
    """The sample's day and the stretch of time its logs cover."""

    day: date
    time_zone: str

    def at(self, hour: float, *, days: int = 0, time_zone: str | None = None) -> float:
        """Seconds since 1970 of `hour` o'clock, `days` after the day, in the workspace's zone or `time_zone`."""
        day, zone = self.day + timedelta(days=days), ZoneInfo(time_zone or self.time_zone)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        return midnight.timestamp() + hour * HOUR

    @cached_property
    def start(self) -> float:
        return self.at(18, days=-1)

    @cached_property
    def end(self) -> float:
        return self.at(30)


def people(data: dict[str, Any], time_zone: str) -> list[Person]:
    """Everybody, the shared accounts last. Those near the office live in the workspace's zone, whatever it is."""
    rows = [*data["people"], *data["shared_accounts"]]
    return [_person(data, time_zone, number, row) for number, row in enumerate(rows)]


def _person(data: dict[str, Any], time_zone: str, number: int, row: list[str]) -> Person:
    display_name, role, team, where, device, habit = row
    ascii_name = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode()
    place = next((place for place in data["places"] if place.get("city") == where), None)
    is_abroad = place is not None and place["time_zone"] != data["places"][0]["time_zone"]
    address, zone = OFFICE, time_zone
    if where == "office6":
        address = f"2001:db8:10::{number:x}:a1"
    elif where == "mobile":
        address = f"192.0.2.{number}"
    elif place is not None:
        homes = ipaddress.ip_network(next(network for network in place["networks"] if network.startswith("198.")))
        address = str(homes[1 + number % 14])
        zone = place["time_zone"] if is_abroad else time_zone
    user_name = ascii_name.lower().replace(" ", ".") + "@example.com"
    return Person(user_name, display_name, role, team, where, data["devices"][device], habit, address, zone, is_abroad)


def visits(everybody: list[Person], data: dict[str, Any], day: Day, chance: Random) -> list[Visit]:
    """Every visit that begins inside the day's logs, by start."""
    found = [visit for person in everybody for visit in _of(person, data["devices"], day, chance)]
    return sorted((visit for visit in found if day.start <= visit.start < day.end), key=lambda visit: visit.start)


def _of(person: Person, devices: dict[str, str], day: Day, chance: Random) -> Iterator[Visit]:
    """The visits of one person, by habit."""

    def visit(hour: float, hours: float, application: str = "panel", **more: Any) -> Visit:
        zone, days = person.time_zone, more.pop("days", 0)
        start = day.at(hour, days=days, time_zone=zone) + chance.uniform(0, 40 * MINUTE)
        end = start + hours * HOUR + chance.uniform(0, 20 * MINUTE)
        address = more.pop("address", person.address)
        facts: dict[str, Any] = {
            "agent": person.agent,
            "moves": ((0.0, address),),
            "silences": _lunch(start, end, chance),
            "reference": _reference(chance, application),
        }
        return Visit(person, application, start=start, end=end, **(facts | more))

    match person.habit:
        case "steady":
            yield visit(9.2, 8.3, ending="logout")
        case "leaves":
            yield visit(9.5, 8.2)
        case "idler":
            yield from _idler(visit(9.0, 9.5), chance)
        case "late":
            yield visit(21.6, 3.2, days=-1)
            yield visit(15.0, 10.5, ending="logout")
        case "typist":
            yield visit(9.3, 8, ending="logout", mistakes=5 if person.is_abroad else 3)
        case "pair":
            yield visit(9.0, 8.5, ending="logout")
            yield visit(12.0, 4.5, agent=devices["safari_iphone" if "Mac" in person.agent else "chrome_android"])
        case "walks":
            yield _walk(visit(8.5, 9), int(person.address.rpartition(".")[2]), chance)
            yield visit(4.6, 2, days=1)
        case "revoked":
            yield visit(9.4, 5.6, ending="revoked")
            yield visit(15.8, 2.2, ending="logout")
        case "counter":
            yield visit(8.8, 4, "backoffice", ending="logout")
            yield visit(13.8, 4.4, "backoffice")
        case "both":
            yield visit(9.1, 8.4, ending="logout")
            yield visit(10.5, 1.4, "backoffice", ending="logout")
            yield visit(15.0, 1.1, "backoffice")
        case "admin":
            yield visit(8.7, 9, ending="logout")
        case "wall":
            yield visit(18.1, 40, days=-1)
        case "shared":
            yield visit(8.9, 9)
            yield visit(11.0, 5, address="198.51.100.46", agent=devices["firefox_windows"])
    if person.is_abroad and person.time_zone.startswith("America/"):
        yield visit(9.2, 8.3, days=-1, ending="logout")
    elif person.where == "office" and person.habit in {"steady", "leaves"}:
        yield visit(20.0, 2.0, days=-1, address="2001:db8:30::" + person.user_name.encode()[:2].hex())


def _reference(chance: Random, application: str) -> str:
    """A session id as Okta writes it; for the back office, as Keycloak does."""
    if application == "backoffice":
        digits = f"{chance.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))
    letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "102" + "".join(chance.choices(letters, k=22))


def _lunch(start: float, end: float, chance: Random) -> tuple[tuple[float, float], ...]:
    if end - start < 6 * HOUR:
        return ()
    return ((start + chance.uniform(3.2, 3.9) * HOUR, chance.uniform(32, 66) * MINUTE),)


def _idler(visit: Visit, chance: Random) -> Iterator[Visit]:
    """A visit with two long silences, the second longer than the idle timeout; half the idlers then sign in again."""
    first = (visit.start + 1.7 * HOUR, chance.uniform(75, 112) * MINUTE)
    second = (visit.start + 5.2 * HOUR, chance.uniform(140, 175) * MINUTE)
    back = second[0] + second[1]
    if visit.person.where.startswith("office"):
        yield visit._replace(silences=(first, second))
    else:
        yield visit._replace(silences=(first,), end=second[0])
        yield visit._replace(silences=(), start=back, is_first=False)


def _walk(visit: Visit, number: int, chance: Random) -> Visit:
    """A visit whose address changes every hour or so, between the carrier's IPv4 and IPv6 networks."""
    moves, moment = list(visit.moves), visit.start
    while (moment := moment + chance.uniform(45, 110) * MINUTE) < visit.end - 10 * MINUTE:
        last = moves[-1][1]
        new = f"2001:db8:20:{len(moves):x}::{number:x}" if "." in last else f"192.0.2.{number + 20 * (len(moves) % 4)}"
        moves.append((moment, new))
    return visit._replace(moves=tuple(moves))
