"""A week of a small company in three logs, and the many ways in which such logs are delivered."""

from __future__ import annotations

import bz2
import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import zstandard

from tests.workspaces import AGENT, PHONE, line

START = datetime(2025, 8, 24, 18, 30, tzinfo=UTC)  # midnight in the workspace's zone
DAYS = 7
END = START + timedelta(days=DAYS, hours=4)
OFFICE, HOME = "203.0.113.7", "198.51.100.{}"
PEOPLE = ("riya", "tom", "mei", "asha", "ivo", "lena")

TEXT = """
[workspace]
time_zone = "{zone}"
roster = "roster.csv"

[sessions]
lateness = "14d"

[policies.payments]
pack = "pci_dss"
teams = ["Payments"]

[policies.everybody]
pack = "nist_aal2"

[[sources]]
name = "panel"
format = "combined"
files = "landing/panel/access.log*"
login_requests = ["POST /login"]
background_paths = ["/poll"]

[[sources]]
name = "okta"
format = "okta"
files = "landing/okta/*.json*"

[[sources]]
name = "keycloak"
format = "keycloak"
files = "landing/keycloak/keycloak.log*"
time_zone = "UTC"
"""
ROSTER = "user_name,display_name,team\nriya@example.com,Riya,Payments\nMei@example.com,Mei,Payments\n"

TEXT_LINES = ("panel", "keycloak")
_PACKINGS: tuple[Callable[[bytes], bytes], ...] = (bytes, gzip.compress, zstandard.compress, bz2.compress)


class Record(NamedTuple):
    """One line of a log and when it was written."""

    time: datetime
    data: bytes


class Landing(NamedTuple):
    """One file that lands: its path below `landing`, what it holds, and whether it takes the place of another one."""

    name: str
    data: bytes


def week(seed: int) -> dict[str, list[Record]]:
    """The records of each log in the order in which they were written."""
    chance = random.Random(seed)
    logs: dict[str, list[Record]] = {"panel": [], "okta": [], "keycloak": []}
    for day in range(DAYS):
        for number, user in enumerate(PEOPLE):
            for _ in range(chance.choice([0, 1, 1, 2])):
                _visit(logs, chance, user, HOME.format(10 + number), START + timedelta(days=day))
    for n in range(30):  # a screen that is never idle
        time = START + timedelta(days=2, minutes=100 * n)
        logs["panel"].append(Record(time, line(time, "wall@example.com", address=OFFICE)))
    return {name: sorted(records, key=lambda record: record.time) for name, records in logs.items()}


def _visit(logs: dict[str, list[Record]], chance: random.Random, user: str, home: str, midnight: datetime) -> None:
    """A stay: usually a sign-in, requests with silences around every limit there is, sometimes a sign-out."""
    time = midnight + timedelta(seconds=chance.randrange(86_400))
    address, agent = chance.choice([home, home, OFFICE]), chance.choice([AGENT, PHONE])
    reference = f"{chance.getrandbits(48):012x}"
    way = chance.choice(["okta", "okta", "keycloak", "panel"])
    name = chance.choice([f"{user}@example.com", f"{user.title()}@example.com"])
    if chance.random() < 0.75:
        _sign_in(logs, chance, way, time, name, address, agent, reference)
    for _ in range(chance.randrange(1, 7)):
        time += timedelta(seconds=chance.choice([0, 1, 30, 300, 899, 900, 901, 1800, 1801, 7200, 7201, 20_000, 43_201]))
        if time >= START + timedelta(days=DAYS):
            break
        request = chance.choice(["GET /orders", "GET /orders", "GET /poll", "GET /a.css"])
        named = name if way == "panel" else "-"
        logs["panel"].append(Record(time, line(time, named, request, address=address, agent=agent)))
        if chance.random() < 0.1:
            _okta(logs, chance, time, name, "user.authentication.auth_via_mfa", address, agent, reference)
    if chance.random() < 0.3:
        time += timedelta(seconds=chance.choice([20, 2000]))
        _okta(logs, chance, time, name, "user.session.end", address, agent, reference)


def _sign_in(
    logs: dict[str, list[Record]],
    chance: random.Random,
    way: str,
    time: datetime,
    name: str,
    address: str,
    agent: str,
    reference: str,
) -> None:
    if way == "okta":
        _okta(logs, chance, time, name, "user.authentication.sso", address, agent, reference)
    elif way == "panel":
        logs["panel"].append(Record(time, line(time, name, "POST /login", status=302, address=address, agent=agent)))
    else:
        moment = time + timedelta(milliseconds=chance.randrange(1000))
        text = f'type="LOGIN", clientId="panel", sessionId="{reference}", ipAddress="{address}", username="{name}"'
        stamp = f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03}"
        written = f"{stamp} INFO  [org.keycloak.events] (executor-thread-1) {text}\n"
        logs["keycloak"].append(Record(moment, written.encode()))


def _okta(
    logs: dict[str, list[Record]],
    chance: random.Random,
    time: datetime,
    name: str,
    event: str,
    address: str,
    agent: str,
    reference: str,
) -> None:
    moment = time + timedelta(microseconds=chance.randrange(1_000_000))  # no two at one instant, whatever their files
    record = {
        "uuid": f"{chance.getrandbits(64):016x}",
        "published": moment.isoformat(),
        "eventType": event,
        "actor": {"type": "User", "alternateId": name},
        "client": {"ipAddress": address, "userAgent": {"rawUserAgent": agent}},
        "outcome": {"result": "SUCCESS"},
        "authenticationContext": {"externalSessionId": reference},
        "target": [{"type": "AppInstance", "displayName": "Panel"}],
    }
    logs["okta"].append(Record(moment, json.dumps(record).encode() + b"\n"))


def in_order(logs: dict[str, list[Record]]) -> list[Landing]:
    """One whole file of each log."""
    names = {"okta": "okta/export.json", "keycloak": "keycloak/keycloak.log"}
    return [Landing(names.get(log, f"{log}/access.log"), _text(records)) for log, records in logs.items()]


def split(logs: dict[str, list[Record]], chance: random.Random) -> list[Landing]:
    """The logs cut into files: rotations that no line is in twice, compressed anyhow; exports that overlap.

    Lines of one second stay in one file: of two files that begin in it nobody can know which was first.
    """
    found = []
    for log in TEXT_LINES:
        records = logs[log]
        possible = [
            n for n, (a, b) in enumerate(pairwise(records), 1) if int(a.time.timestamp()) != int(b.time.timestamp())
        ]
        cuts = [0, *sorted(chance.sample(possible, chance.randrange(4))), len(records)]
        stem = f"{log}/keycloak.log" if log == "keycloak" else f"{log}/access.log"
        for number, (start, end) in enumerate(pairwise(cuts)):
            found.append(Landing(f"{stem}.{number + 1}", chance.choice(_PACKINGS)(_text(records[start:end]))))
    records = logs["okta"]
    cuts = [0, *sorted(chance.sample(range(1, len(records)), chance.randrange(1, 4))), len(records)]
    for number, (start, end) in enumerate(pairwise(cuts)):
        overlapping = records[max(start - chance.randrange(20), 0) : min(end + chance.randrange(20), len(records))]
        chance.shuffle(overlapping)  # "eventually consistent": exports promise no order
        found.append(Landing(f"okta/export-{number}.json", chance.choice(_PACKINGS)(_text(overlapping))))
    return found


def deliveries(files: list[Landing], chance: random.Random) -> Iterator[list[Landing]]:
    """The files in any order, some of them grown in two steps, some delivered again under another name."""
    waiting = [[file] for file in files]
    for steps in waiting:
        (file,) = steps
        is_plain = b"\n" in file.data and file.data[:1] in b"{1-2[" and not file.name.startswith("okta/")
        if is_plain and chance.random() < 0.3:
            steps.insert(0, file._replace(data=file.data[: chance.randrange(1, len(file.data))]))
        if chance.random() < 0.3:
            steps.append(file._replace(name=_again(file.name), data=gzip.compress(_unpacked(file.data))))
    while any(waiting):
        batch = []
        for _ in range(chance.randrange(1, 7)):
            left = [steps for steps in waiting if steps]
            if left:
                batch.append(chance.choice(left).pop(0))
        yield batch


def _again(name: str) -> str:
    folder, _, file = name.partition("/")
    return f"{folder}/again-{file}.gz" if folder == "okta" else f"{name}9.gz"


def _unpacked(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:3] == b"BZh":
        return bz2.decompress(data)
    return zstandard.decompress(data) if data[:4] == b"\x28\xb5\x2f\xfd" else data


def _text(records: list[Record]) -> bytes:
    return b"".join(record.data for record in records)
