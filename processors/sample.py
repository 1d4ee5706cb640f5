"""A believable company's day, for a first look: settings, a roster, web and sign-in logs, a location database.

Invented names at example.com, documentation addresses. The same arguments give the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import tomllib
from datetime import date
from pathlib import Path
from random import Random

import zstandard

from processors import _sample_locations, _sample_people, _sample_requests, _sample_sign_ins
from processors._sample_people import Day, Person
from processors._sample_requests import PANEL, Request
from processors.errors import CallError
from processors.lake import explained

WORKSPACE_NAME = "workspace.toml"
TEMPLATE_ZONE = "Asia/Kolkata"
EXPORT_SECONDS, LOOK_BACK_SECONDS = 6 * 3600, 1800


def write(folder: Path, *, day: date, seed: int = 20250829, time_zone: str = TEMPLATE_ZONE) -> list[Path]:
    """The files written, the settings last. The logs cover the evening before `day` to the early morning after.

    Errors: `CallError` if a file of that name and other content is there, `LakeError` where a file cannot be written.
    The settings come last, so that the same call completes what it began.
    """
    taken = folder / WORKSPACE_NAME
    if taken.exists():
        raise CallError(taken, "there is a workspace already", "Name another folder, or use this one as it is")
    contents = _contents(Day(day, time_zone), seed)
    for name, content in contents.items():
        path = folder / name
        if path.exists() and path.read_bytes() != content:  # equal: left by a run that was interrupted
            raise CallError(path, "another file is in the way", "Name an empty folder")
    for name, content in contents.items():
        path = folder / name
        unfinished = path.with_name(f".{path.name}.part")
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                unfinished.write_bytes(content)
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
    return [folder / name for name in contents]


def _contents(day: Day, seed: int) -> dict[str, bytes]:
    """Every file's bytes by name, the settings last."""
    here = Path(__file__)
    data = tomllib.loads(here.with_name("sample.toml").read_text(encoding="utf-8"))
    chance = Random(f"{seed} {day.day} {day.time_zone}")  # noqa: S311 - invented data, nothing secret
    everybody = _sample_people.people(data, day.time_zone)
    visits = _sample_people.visits(everybody, data, day, chance)
    requests = [one for visit in visits for one in _sample_requests.of_visit(visit, data, chance)]
    requests += _sample_requests.of_strangers(data, day, chance)
    seen = _sample_sign_ins.okta_events(visits, everybody, day, chance)
    built = day.at(0, days=-3, time_zone="UTC")
    settings = here.with_name("sample_workspace.toml").read_text(encoding="utf-8")
    return {
        **_panel([one for one in requests if one.host == PANEL], day, chance),
        **_shop([one for one in requests if one.host != PANEL], day, chance),
        **_okta(_sample_sign_ins.okta_records(seen, data, chance), day),
        "landing/keycloak/keycloak.log": _text(_sample_sign_ins.keycloak_lines(visits, day, chance)),
        "roster.csv": _roster(everybody),
        "location/city.mmdb": _sample_locations.cities(data["places"], built=built),
        "location/asn.mmdb": _sample_locations.operators(data["operators"], built=built),
        WORKSPACE_NAME: settings.replace(f'"{TEMPLATE_ZONE}"', f'"{day.time_zone}"').encode(),
    }


def _panel(requests: list[Request], day: Day, chance: Random) -> dict[str, bytes]:
    """nginx's log, rotated twice; a full disk cut two of its lines."""
    oldest, older, newest = (
        [_sample_requests.nginx_line(one) for one in part]
        for part in _split(requests, day, chance, at=(day.at(1.5), day.at(14)))
    )
    for number in (1000, 1001):
        older[number] = older[number][:60]
    return {
        "landing/panel/access.log.2.gz": gzip.compress(_text(oldest), mtime=0),
        "landing/panel/access.log.1": _text(older),
        "landing/panel/access.log": _text(newest),
    }


def _shop(requests: list[Request], day: Day, chance: Random) -> dict[str, bytes]:
    """Apache's log, rotated once and compressed with zstd."""
    older, newest = (
        [_sample_requests.apache_line(one) for one in part] for part in _split(requests, day, chance, at=(day.at(7),))
    )
    return {
        "landing/shop/access.log.1.zst": zstandard.ZstdCompressor().compress(_text(older)),
        "landing/shop/access.log": _text(newest),
    }


def _split(requests: list[Request], day: Day, chance: Random, *, at: tuple[float, ...]) -> list[list[Request]]:
    """The requests inside the day's logs, in the order they ended, cut `at` those moments."""
    inside = [(one.time + chance.random() * 2, one) for one in requests if day.start <= one.time < day.end]
    inside.sort()
    edges = (0.0, *at, float("inf"))
    return [[one for ended, one in inside if low <= ended < high] for low, high in itertools.pairwise(edges)]


def _okta(records: list[tuple[float, str]], day: Day) -> dict[str, bytes]:
    """Exports that each look back half an hour, one of them a page of the API, one sent twice and broken off."""
    files: dict[str, bytes] = {}
    begin, number = day.start, 1
    while begin < day.end:
        until = begin + EXPORT_SECONDS
        part = [text for moment, text in records if begin - LOOK_BACK_SECONDS <= moment < until]
        name = f"landing/okta/export-{number}"
        if number == 2:
            files[f"{name}.json"] = json.dumps([json.loads(text) for text in part], indent=1).encode()
        elif number == 1:
            files[f"{name}.json.gz"] = gzip.compress(_text(part), mtime=0)
        else:
            files[f"{name}.json"] = _text(part)
        begin, number = until, number + 1
    whole = gzip.compress(files["landing/okta/export-4.json"], mtime=0)
    files["landing/okta/export-broken.json.gz"] = whole[: len(whole) * 3 // 5]
    return files


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _roster(everybody: list[Person]) -> bytes:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["user_name", "display_name", "role", "team", "time_zone", "working_hours"])
    for one in everybody:
        hours = "15:00-01:30" if one.habit == "late" else "09:00-18:00"
        writer.writerow([one.user_name, one.display_name, one.role, one.team, one.time_zone, hours])
    return table.getvalue().encode()
