"""`workspace.toml` as frozen settings: read once, checked whole, every problem named with its remedy.

The only module that reads the environment: `RECENT_ACTIVITIES_WORKSPACE` names the file.
"""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import os
import pkgutil
import re
import tomllib
import zoneinfo
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from processors import formats, sign_ins
from processors.errors import Problem, SettingsError

ENVIRONMENT_NAME = "RECENT_ACTIVITIES_WORKSPACE"
DEFAULT_NAME = "workspace.toml"

NETWORK_KINDS = ("office", "vpn", "hosting", "mobile", "residential", "tor", "relay", "private", "carrier_nat",
                 "satellite", "unknown")  # fmt: skip
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LONGEST = 36_500 * 86_400
_NO_PLACES = ("Factory", "localtime", "posixrules", "posix/", "right/")  # files of the zone database, not zones
_DURATION = re.compile(r"(?:\d{1,6}[dhms])+")


def _duration(text: object) -> object:
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise PydanticCustomError("duration", 'a duration such as "15m", "2h", "1h30m" or "31d"')
    length = sum(int(n) * _SECONDS[unit] for n, unit in re.findall(r"(\d+)([dhms])", text))
    if length > _LONGEST:
        raise PydanticCustomError("duration", "a duration of no more than a hundred years")
    return timedelta(seconds=length)


def _positive(length: timedelta) -> timedelta:
    if length <= timedelta():
        raise PydanticCustomError("duration", "a duration longer than zero")
    return length


def _zone(name: str) -> str:
    zones = {zone for zone in zoneinfo.available_timezones() if not zone.startswith(_NO_PLACES)}
    if name not in zones:
        near = _nearest(name, zones)
        raise PydanticCustomError("time_zone", "an IANA time zone{near}", {"near": near})
    return name


def _format(name: str) -> str:
    if name not in format_names():
        near = _nearest(name, format_names())
        raise PydanticCustomError("format", "one of {names}{near}", {"names": ", ".join(format_names()), "near": near})
    return name


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as problem:
        raise PydanticCustomError(
            "network", "a network such as 203.0.113.0/24 ({why})", {"why": str(problem)}
        ) from None


def _folder(text: str) -> str:
    if not text or "\0" in text:
        raise PydanticCustomError("folder", "the name of a folder")
    if "://" in text:
        raise PydanticCustomError("folder", "a folder; this version keeps no lake in object storage")
    return text


def _below(pattern: str) -> str:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise PydanticCustomError("glob", "a pattern below the workspace's folder, without '..'")
    parts = Path(pattern).parts
    if not parts or "\0" in pattern or any("**" in part and part != "**" for part in parts):
        raise PydanticCustomError("glob", "a pattern such as landing/panel/**/access.log*, where ** is a whole step")
    return pattern


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Lateness = Annotated[timedelta, BeforeValidator(_duration)]
Zone = Annotated[str, AfterValidator(_zone)]
Network = Annotated[str, AfterValidator(_network)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Workspace(_Section):
    """`[workspace]`."""

    name: str = Field("Recent Activities", description="shown on every report")
    time_zone: Zone = Field(description="IANA zone of login dates and printed times")
    lake: Annotated[str, AfterValidator(_folder)] = Field("lake", description="folder of the tables")
    reports: str = Field("reports", description="folder of the daily reports")
    roster: str | None = Field(None, description="CSV of people: user_name, display_name, role, team, …")


class Sessions(_Section):
    """`[sessions]`."""

    idle_timeout: Duration = Field(timedelta(hours=2), description="a session ends after this long without an action")
    absolute_timeout: Duration = Field(timedelta(hours=24), description="a session ends this long after its login")
    inactivity_window: Duration = Field(timedelta(minutes=15), description="stretches longer than this are listed")
    lateness: Lateness = Field(timedelta(days=3), description="how long after its day an event still revises reports")

    @model_validator(mode="after")
    def _ordered(self) -> Sessions:
        if self.idle_timeout > self.absolute_timeout:
            raise PydanticCustomError("order", "an idle_timeout that is not longer than absolute_timeout")
        return self


class Ingest(_Section):
    """`[ingest]`."""

    quarantined_share: float = Field(
        0.1, ge=0, le=1, strict=False, description="a file with a larger share of quarantined lines ends in exit code 1"
    )


class Source(_Section):
    """`[[sources]]`."""

    name: Name = Field(description="short name: a-z, 0-9, - and _")
    format: Annotated[str, AfterValidator(_format)] = Field(description="a named format")
    files: Annotated[str, AfterValidator(_below)] = Field(description="glob below the workspace's folder")
    trusted_proxies: tuple[Network, ...] = Field((), description="proxies whose forwarded addresses are believed")
    time_zone: Zone | None = Field(None, description="only for formats whose times carry no offset")
    user: str | None = Field(None, description="token or field that names the user, if not the format's own")
    session_reference: str | None = Field(None, description="token or field that holds the session's id")
    login_requests: tuple[str, ...] = Field((), description='requests such as "POST /login" that sign in')
    logout_requests: tuple[str, ...] = Field((), description='requests such as "POST /logout" that sign out')
    background_paths: tuple[str, ...] | None = Field(
        None, description="paths that are no action of a person; default: health checks and static assets"
    )
    application: str | None = Field(None, description="only logins to this application; omitted: all")
    stalled_after: Duration = Field(
        timedelta(hours=12), description="a day whose last event is this far from its end is stamped INCOMPLETE"
    )


class NetworkLabel(_Section):
    """One entry of `[networks]`."""

    label: str
    kind: str = Field("unknown", pattern="^(" + "|".join(NETWORK_KINDS) + ")$")


class Retention(_Section):
    """`[retention]`."""

    landing: Duration = Field(timedelta(days=31), description="landing files")
    quarantine: Duration = Field(timedelta(days=31), description="quarantined lines")
    events: Duration = Field(timedelta(days=90), description="events and the ledger")
    sessions: Duration = Field(timedelta(days=400), description="sessions, inactivity windows, findings")
    reports: Duration = Field(timedelta(days=730), description="published reports")

    @property
    def longest(self) -> timedelta:
        """The longest of them: an event older than this and 30 days is out of range."""
        return max(self.landing, self.quarantine, self.events, self.sessions, self.reports)


class Settings(_Section):
    """All settings of one workspace."""

    path: Path = Field(exclude=True)
    workspace: Workspace
    sessions: Sessions = Sessions()
    ingest: Ingest = Ingest()
    sources: tuple[Source, ...] = Field(min_length=1)
    networks: dict[Network, NetworkLabel] = {}
    retention: Retention = Retention()
    rules: dict[str, dict[str, Any]] = Field({}, description="thresholds of the rules, a table each")

    @model_validator(mode="after")
    def _distinct(self) -> Settings:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PydanticCustomError("distinct", "sources with different names; twice: {twice}", {"twice": twice})
        return self

    @property
    def root(self) -> Path:
        """The folder of the settings file: every path in it is relative to this one."""
        return self.path.parent

    @property
    def lake(self) -> Path:
        """The folder of the tables."""
        return self.root / self.workspace.lake

    @property
    def reports(self) -> Path:
        """The folder of the daily reports."""
        return self.root / self.workspace.reports

    @property
    def time_zone(self) -> str:
        """The workspace's zone."""
        return self.workspace.time_zone

    def source(self, name: str) -> Source:
        """The source of that name; `KeyError` if there is none."""
        return {source.name: source for source in self.sources}[name]

    def digest(self) -> str:
        """SHA-256 of the settings' meaning: layout, comments and the file's place do not count."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def format_names() -> list[str]:
    """Every named format: the modules of `formats/` and `sign_ins/`, private names skipped."""
    paths = [*formats.__path__, *sign_ins.__path__]
    return sorted(module.name for module in pkgutil.iter_modules(paths) if not module.name.startswith("_"))


def find(path: str | Path | None = None) -> Path:
    """The settings file: the path given, else the one in the environment, else `./workspace.toml`."""
    return Path(path or os.environ.get(ENVIRONMENT_NAME) or DEFAULT_NAME).absolute()


def load(path: str | Path | None = None) -> Settings:
    """The settings in `path` (see `find`). Errors: `SettingsError` with every problem at once."""
    file = find(path)
    if file.is_dir():
        file /= DEFAULT_NAME
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = f"Write one with `recent-activities init`, or name it in {ENVIRONMENT_NAME}"
        raise SettingsError(file, (Problem("file", "nothing there", "a workspace.toml", remedy),)) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(file, (Problem("file", str(problem), "a readable text file", "Mend it"),)) from None
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(file, (Problem("file", str(problem), "TOML", "Mend that line"),)) from None
    try:
        return Settings.model_validate({**raw, "path": file}, strict=False)
    except ValidationError as invalid:
        # pydantic counts only valid sources: with a bad one it would also call the list too short
        errors = [error for error in invalid.errors() if error["type"] != "too_short" or not raw.get("sources")]
        raise SettingsError(file, tuple(_problem(error, raw) for error in errors)) from None


def _problem(error: ErrorDetails, raw: dict[str, Any]) -> Problem:
    where = _dotted(error["loc"], raw)
    got = repr(error["input"]) if error["type"] != "missing" else "nothing"
    if len(got) > 80:
        got = got[:77] + "…"
    if error["type"] == "extra_forbidden":
        valid = _keys(error["loc"])
        near = _nearest(str(error["loc"][-1]), valid)
        return Problem(where, f"an unknown setting ({got})", f"one of {', '.join(valid)}", f"Rename or remove it{near}")
    if error["type"] == "missing":
        return Problem(where, got, "a value", "Add it")
    remedy = "Correct the value"
    return Problem(where, got, error["msg"][0].lower() + error["msg"][1:], remedy)


def _dotted(location: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    parts: list[str] = []
    for step in location:
        if isinstance(step, int) and parts:
            sources = raw.get("sources")
            named = sources[step] if parts == ["sources"] and isinstance(sources, list) else None
            name = named.get("name") if isinstance(named, dict) else None
            parts[-1] += f"[{name or step}]"
        else:
            parts.append(str(step))
    return ".".join(parts) or "file"


def _keys(location: tuple[int | str, ...]) -> list[str]:
    """The valid keys beside the unknown one at `location`."""
    model: Any = Settings
    for step in location[:-1]:
        if isinstance(step, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        annotation: Any = model.model_fields[step].annotation if step in model.model_fields else NetworkLabel
        found = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)]
        model = found[0] if found else model
    return sorted(name for name in model.model_fields if name != "path")


def _nearest(name: str, valid: Any) -> str:
    near = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.6)
    return f"; the nearest is {near[0]!r}" if near else ""
