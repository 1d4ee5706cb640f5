"""Kinds of values in `workspace.toml`: what each may be, said in words where it is not."""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
import zoneinfo
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from processors import _reader, _w3c_fields
from processors._addresses import unmapped
from processors._packs import PACKS
from schemas.columns import NETWORK_KINDS

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"-?(?:\d{1,18}[dhms]){1,4}")
_YEAR, _CENTURY = timedelta(days=366), timedelta(days=36_500)
_NO_PLACES = ("Factory", "localtime", "posixrules", "posix/", "right/")  # files of the zone database, not zones
_TEXT_LENGTH = 200
_STEP_BYTES, _PATH_BYTES = 255, 1_000  # what every file system takes, with room for the names below it
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._+@-]+)*/?")
_REQUEST = re.compile(r"(?:[A-Z]+ )?[/*][^?#]*")
_REQUESTS, _REQUEST_BYTES, _REQUEST_STARS = 500, 200, 4  # all of them become one regular expression of bounded size


def nearest(name: str, valid: Iterable[str]) -> str:
    """A hint at the valid name that is most like this one; nothing where none is."""
    near = difflib.get_close_matches(name[:100], list(valid), n=1, cutoff=0.6)
    return f"; the nearest is {near[0]!r}" if near else ""


def _duration(text: object) -> timedelta:
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise PydanticCustomError("duration", 'a duration such as "15m", "2h", "1h30m" or "31d"')
    length = sum(int(n) * _SECONDS[unit] for n, unit in re.findall(r"(\d+)([dhms])", text))
    if text.startswith("-"):
        raise PydanticCustomError("duration", "a duration that is not negative")
    return timedelta(seconds=min(length, 2 * _CENTURY.total_seconds()))


def _no_longer(length: timedelta, most: timedelta, words: str) -> timedelta:
    if length > most:
        raise PydanticCustomError("duration", "a duration of no more than {words}", {"words": words})
    return length


def _positive(length: timedelta) -> timedelta:
    if length <= timedelta():
        raise PydanticCustomError("duration", "a duration longer than zero")
    return length


def _zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("time_zone", "an IANA time zone{near}", {"near": nearest(name, _zones())})
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in zoneinfo.available_timezones() if not zone.startswith(_NO_PLACES))


def _format(name: str) -> str:
    try:
        _reader.reader(name)
    except _reader.BadFormat as bad:
        facts = {"problem": bad.problem, "remedy": bad.remedy, "excerpt": bad.excerpt()}
        raise PydanticCustomError("server_format", "a format that can be read back", facts) from None
    except _reader.UnknownFormat:
        names = _reader.names()
        facts = {"names": ", ".join(names), "near": nearest(name, names)}
        raise PydanticCustomError("format", "one of {names}{near}", facts) from None
    return name


def w3c_fields(text: object) -> str:
    """What a `#Fields` line says."""
    if not isinstance(text, str):
        raise PydanticCustomError("fields", "text such as date time c-ip: the names of the fields in order")
    text = text.removeprefix(_w3c_fields.MARK).strip()
    if not _w3c_fields.names(_w3c_fields.header(text)):
        words = "the names of the fields in order, each once, date and time among them"
        raise PydanticCustomError("fields", "{words}", {"words": words})
    return text


def _network(text: str) -> str:
    try:
        return str(unmapped(ipaddress.ip_network(text)))
    except ValueError as problem:
        why = str(problem)[:100]
        raise PydanticCustomError("network", "a network such as 203.0.113.0/24 ({why})", {"why": why}) from None


def _path(text: str) -> str:
    is_long = len(text.encode()) > _PATH_BYTES or any(len(s.encode()) > _STEP_BYTES for s in PurePath(text).parts)
    if not text.strip() or is_long or not text.isprintable():
        raise PydanticCustomError("path", "a path of printable characters that is not too long")
    if text.startswith("~"):  # a shell knows whose home that is; ./~ is a folder of that name
        raise PydanticCustomError("path", "a path that is written out, without '~'")
    return text


def _folder(text: str) -> str:
    if "://" in text:
        raise PydanticCustomError("folder", "a folder; only the lake may lie elsewhere")
    return _path(text)


def _lake(text: str) -> str:
    if text.startswith("s3://") and not _BUCKET.fullmatch(text):
        words = "s3://bucket/prefix, the prefix of letters, digits and . _ + @ - between its /"
        raise PydanticCustomError("bucket", "{words}", {"words": words})
    if "://" in text and not text.startswith("s3://"):
        raise PydanticCustomError("folder", "a folder, or s3://bucket/prefix")
    return _path(text)


def _below(pattern: str) -> str:
    parts = PurePath(_path(pattern)).parts
    if PurePath(pattern).is_absolute() or ".." in parts or "://" in pattern:
        raise PydanticCustomError("glob", "a pattern below the workspace's folder, without '..' or '://'")
    if not parts or any("**" in part and part != "**" for part in parts):
        raise PydanticCustomError("glob", "a pattern such as landing/panel/**/access.log*, where ** is a whole step")
    if "\\" in pattern:
        raise PydanticCustomError("glob", "a pattern with / between its steps")
    if parts[-1] == "**" or pattern.endswith("/"):
        raise PydanticCustomError("glob", "a pattern that ends in the names of files: /**/* takes all below a folder")
    if parts[-1].startswith("."):
        raise PydanticCustomError(
            "glob", "a pattern of files that are not hidden: names that begin with . are passed over"
        )
    return pattern


def _request(text: str) -> str:
    if len(text.encode()) > _REQUEST_BYTES or text.count("*") > _REQUEST_STARS:
        most = {"bytes": _REQUEST_BYTES, "stars": _REQUEST_STARS}
        raise PydanticCustomError("request", "a request of no more than {bytes} bytes and {stars} *", most)
    if not _REQUEST.fullmatch(text):
        raise PydanticCustomError("request", '"POST /login" or "/static/*": a path without its query, * for anything')
    return text


def _few(requests: object) -> object:
    if isinstance(requests, list) and len(requests) > _REQUESTS:
        many = {"most": _REQUESTS, "count": f"{len(requests):,}"}
        raise PydanticCustomError("requests", "no more than {most} of them, not {count}; * stands for many", many)
    return requests


def _listed(paths: object) -> object:
    found = (paths,) if isinstance(paths, str) else paths
    if not found or not isinstance(found, list | tuple) or not all(isinstance(path, str) for path in found):
        raise PydanticCustomError("paths", "a path, or a list of paths")
    return found


def _network_kind(name: str) -> str:
    if name not in NETWORK_KINDS:
        facts = {"names": ", ".join(NETWORK_KINDS), "near": nearest(name, NETWORK_KINDS)}
        raise PydanticCustomError("network_kind", "one of {names}{near}", facts)
    return name


def _each_once(networks: object) -> object:
    """The networks, none of them written in two ways."""
    seen: dict[str, str] = {}
    for text in networks if isinstance(networks, dict) else ():
        try:
            network = _network(text)
        except PydanticCustomError:
            continue  # its own problem
        if (first := seen.setdefault(network, text)) != text:
            raise PydanticCustomError(
                "networks", "each network once: {text} is {first}", {"text": text, "first": first}
            )
    return networks


def _pack(name: str) -> str:
    if name not in PACKS:
        facts = {"names": ", ".join(PACKS), "near": nearest(name, PACKS)}
        raise PydanticCustomError("pack", "one of {names}{near}", facts)
    return name


def _named(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts or not all(text.strip() for text in texts):
        raise PydanticCustomError("names", "one name or more; for everybody, remove it")
    return tuple(text.strip() for text in texts)


def _threshold(value: object) -> object:
    is_finite = not isinstance(value, float) or math.isfinite(value)
    is_short = not isinstance(value, str) or len(value) <= _TEXT_LENGTH
    if not (isinstance(value, bool | int | float | str) and is_finite and is_short):
        raise PydanticCustomError("threshold", 'a number, true or false, or a short text such as "15m"')
    return value


_Length = Annotated[timedelta, BeforeValidator(_duration)]
Duration = Annotated[
    _Length, AfterValidator(_positive), AfterValidator(lambda length: _no_longer(length, _YEAR, "a year"))
]
Period = Annotated[_Length, AfterValidator(lambda length: _no_longer(length, _CENTURY, "a hundred years"))]
Retained = Annotated[Period, AfterValidator(_positive)]
Zone = Annotated[str, AfterValidator(_zone)]
Format = Annotated[str, AfterValidator(_format)]
Network = Annotated[str, AfterValidator(_network)]
NetworkKind = Annotated[str, AfterValidator(_network_kind)]
EachOnce = BeforeValidator(_each_once)
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Path = Annotated[str, AfterValidator(_path)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_listed)]
Folder = Annotated[str, AfterValidator(_folder)]
Lake = Annotated[str, AfterValidator(_lake)]
Glob = Annotated[str, AfterValidator(_below)]
Token = Annotated[str, Field(min_length=1, max_length=200)]
Requests = Annotated[tuple[Annotated[str, AfterValidator(_request)], ...], BeforeValidator(_few)]
Text = Annotated[str, Field(max_length=_TEXT_LENGTH)]
Names = Annotated[tuple[Text, ...], AfterValidator(_named)]
Pack = Annotated[str, AfterValidator(_pack)]
RuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Threshold = Annotated[Any, AfterValidator(_threshold)]
