"""`workspace.toml` as frozen settings: read once, checked whole, every problem named with its remedy.

The only module that reads the environment: `RECENT_ACTIVITIES_WORKSPACE` names the file, and `AWS_ENDPOINT_URL` the
store of an S3 lake.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from processors import _contradictions, _field_table, _paths, _reader, _settings_file, _settings_problems, bucket
from processors import _setting_kinds as kinds
from processors._field_table import FieldTable
from processors._options import QUARANTINED_SHARE
from processors._packs import PACKS
from processors.bucket import S3Path
from processors.errors import Problem, SettingsError

ENVIRONMENT_NAME = "RECENT_ACTIVITIES_WORKSPACE"
DEFAULT_NAME = "workspace.toml"


def _left_out(default: str) -> dict[str, JsonValue]:
    """What stands where a setting is left out, in words for the documentation."""
    return {"default": default}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Workspace(_Section):
    """`[workspace]`."""

    name: kinds.Text = Field("Recent Activities", description="shown on every report")
    time_zone: kinds.Zone = Field(description="IANA zone of login dates and printed times")
    lake: kinds.Lake = Field("lake", description="folder of the tables, or `s3://bucket/prefix`")
    reports: kinds.Folder = Field("reports", description="folder of the daily reports")
    roster: kinds.Path | None = Field(None, description="CSV of people: user_name, display_name, role, team, …")


class Sessions(_Section):
    """`[sessions]`."""

    idle_timeout: kinds.Duration = Field(
        timedelta(hours=2), description="a session ends after this long without an action"
    )
    absolute_timeout: kinds.Duration = Field(
        timedelta(hours=24), description="a session ends this long after its login"
    )
    inactivity_window: kinds.Duration = Field(
        timedelta(minutes=15), description="stretches longer than this are listed"
    )
    lateness: kinds.Period = Field(
        timedelta(days=3), description="how long after its day an event still revises reports"
    )


class Ingest(_Section):
    """`[ingest]`."""

    quarantined_share: float = Field(
        QUARANTINED_SHARE,
        ge=0,
        le=1,
        strict=True,
        description="a file with a larger share of quarantined lines ends in exit code 1",
    )


class Source(_Section):
    """`[[sources]]`."""

    name: kinds.Name = Field(description="short name: a-z, 0-9, - and _")
    format: kinds.Format = Field(
        description="a named format, or the server's own: `nginx:<log_format>`, `apache:<LogFormat>`"
    )
    files: kinds.Glob = Field(description="glob below the workspace's folder")
    fields: str | FieldTable | None = Field(
        None,
        description="of `fields:json` and `fields:csv` what is where, in a table (see below); of W3C logs whose files "
        "lack the `#Fields` line, what it would say: `date time c-ip …`",
    )
    trusted_proxies: tuple[kinds.Network, ...] = Field((), description="proxies whose forwarded addresses are believed")
    time_zone: kinds.Zone | None = Field(None, description="only for formats whose times carry no offset")
    user: kinds.Token | None = Field(
        None, description="token or field that names the user", json_schema_extra=_left_out("the format's own")
    )
    session_reference: kinds.Token | None = Field(
        None, description="token or field that holds the session's id", json_schema_extra=_left_out("the format's own")
    )
    login_requests: kinds.Requests = Field((), description='requests such as "POST /login" that sign in')
    logout_requests: kinds.Requests = Field((), description='requests such as "POST /logout" that sign out')
    background_paths: kinds.Requests | None = Field(
        None,
        description="paths that are no action of a person",
        json_schema_extra=_left_out("health checks and static assets"),
    )
    query_strings: bool = Field(
        False, strict=True, description="whether queries of requests are stored, with known secrets in them as `***`"
    )
    application: kinds.Text | None = Field(
        None, description="only logins to this application", json_schema_extra=_left_out("all")
    )
    stalled_after: kinds.Duration = Field(
        timedelta(hours=12), description="a day whose last event is this far from its end is stamped INCOMPLETE"
    )

    @field_validator("fields", mode="before")
    @classmethod
    def _fits_the_format(cls, value: object, others: ValidationInfo) -> object:
        format = others.data.get("format")
        shape = _reader.reader(format).shape if format else None
        if isinstance(shape, _reader.FieldRecord):
            return value if isinstance(value, FieldTable) else _field_table.table(value, shape.kind)
        if value is None or shape is None:
            return None
        if not isinstance(shape, _reader.W3cLine):
            words = "nothing: only of `fields:json`, `fields:csv` and W3C logs something else says what the fields are"
            raise PydanticCustomError("fields", "{words}", {"words": words})
        return kinds.w3c_fields(value)

    @model_validator(mode="after")
    def _has_fields(self) -> Source:
        if isinstance(_reader.reader(self.format).shape, _reader.FieldRecord) and self.fields is None:
            facts = {"format": self.format}
            raise PydanticCustomError("no_fields", "a table [sources.fields] that says what is where", facts)
        return self

    @field_validator("user", "session_reference")
    @classmethod
    def _is_path(cls, text: str | None, others: ValidationInfo) -> str | None:
        format = others.data.get("format")
        if text and format and isinstance(_reader.reader(format).shape, _reader.SignInRecord):
            try:
                _paths.compiled(text)
            except ValueError:
                example = "actor.alternateId or target[type=AppInstance].displayName"
                raise PydanticCustomError("path", f"a path into a record, such as {example}") from None
        return text


class Locations(_Section):
    """`[locations]`: databases (`.mmdb`), a file each, or several of which the first counts that knows an address."""

    city: kinds.Paths | None = Field(
        None,
        description="approximate places: GeoLite2 City, GeoIP2 City or DB-IP City Lite",
        json_schema_extra=_left_out(
            "what is there of `location/city.mmdb`, `location/city-ipv4.mmdb` and `-ipv6.mmdb`"
        ),
    )
    asn: kinds.Paths | None = Field(
        None,
        description="operators of networks: GeoLite2 ASN or DB-IP ASN Lite",
        json_schema_extra=_left_out("`location/asn.mmdb`, if it is there"),
    )
    anonymous: kinds.Paths | None = Field(
        None,
        description="VPNs, relays, Tor and hosting: GeoIP2 Anonymous IP",
        json_schema_extra=_left_out("`location/anonymous.mmdb`, if it is there"),
    )


class NetworkLabel(_Section):
    """One entry of `[networks]`."""

    label: kinds.Text
    kind: kinds.NetworkKind = "unknown"


class Retention(_Section):
    """`[retention]`."""

    landing: kinds.Retained = Field(timedelta(days=31), description="landing files")
    quarantine: kinds.Retained = Field(timedelta(days=31), description="quarantined lines")
    events: kinds.Retained = Field(timedelta(days=90), description="events and the ledger")
    sessions: kinds.Retained = Field(timedelta(days=400), description="sessions, inactivity windows, findings")
    reports: kinds.Retained = Field(timedelta(days=730), description="published reports")

    @property
    def longest(self) -> timedelta:
        """The longest of them: an event older than this and 30 days is out of range."""
        return max(self.landing, self.quarantine, self.events, self.sessions, self.reports)


class Policy(_Section):
    """One entry of `[policies]`: limits that applications ought to enforce, and whom they apply to."""

    pack: kinds.Pack | None = Field(None, description="limits of a standard, see below")
    idle_limit: kinds.Duration | None = Field(
        None,
        description="a silence longer than this ought to end in a login",
        json_schema_extra=_left_out("the pack's, or none"),
    )
    absolute_limit: kinds.Duration | None = Field(
        None,
        description="so long after a login there ought to be another one",
        json_schema_extra=_left_out("the pack's, or none"),
    )
    applications: kinds.Names | None = Field(
        None,
        description="only sessions of these applications (of a session that names none: its source), in any case",
        json_schema_extra=_left_out("all"),
    )
    teams: kinds.Names | None = Field(
        None,
        description="only people of these teams, as the column `team` of the roster has them, in any case",
        json_schema_extra=_left_out("everybody"),
    )

    @property
    def limits(self) -> dict[str, timedelta | None]:
        """Each limit by its name: the policy's own, else its pack's, else None."""
        pack = PACKS.get(self.pack or "")
        return {
            "idle_limit": self.idle_limit or (pack and pack.idle_limit),
            "absolute_limit": self.absolute_limit or (pack and pack.absolute_limit),
        }


class Settings(_Section):
    """All settings of one workspace."""

    workspace: Workspace
    sessions: Sessions = Sessions()
    ingest: Ingest = Ingest()
    sources: tuple[Source, ...]
    locations: Locations = Locations()
    networks: Annotated[dict[kinds.Network, NetworkLabel], kinds.EachOnce] = {}
    retention: Retention = Retention()
    policies: dict[kinds.RuleName, Policy] = {}
    rules: dict[kinds.RuleName, dict[kinds.RuleName, kinds.Threshold]] = Field(
        {}, description="thresholds of the rules, a table each; no rule reads them yet, so their names are not checked"
    )

    _path: Path = PrivateAttr(Path(DEFAULT_NAME))

    @property
    def path(self) -> Path:
        """The settings file."""
        return self._path

    @property
    def root(self) -> Path:
        """The folder of the settings file: every path in it is relative to this one."""
        return self.path.parent

    @property
    def lake(self) -> Path | S3Path:
        """Where the tables are."""
        if self.workspace.lake.startswith(bucket.SCHEME):
            return bucket.path_of(self.workspace.lake, endpoint=os.environ.get("AWS_ENDPOINT_URL"))
        return self.root / self.workspace.lake

    @property
    def reports(self) -> Path:
        """The folder of the daily reports."""
        return self.root / self.workspace.reports

    @property
    def time_zone(self) -> str:
        """The workspace's zone."""
        return self.workspace.time_zone

    @property
    def look_back(self) -> timedelta:
        """How far before a login date the events reach that its tables are made of: see `pipeline.neighbourhood`.

        Policies look for the session before as well: an absolute timeout back, and it may have lasted as long.
        """
        return (5 if self.policies else 3) * self.sessions.absolute_timeout + self.sessions.idle_timeout

    def source(self, name: str) -> Source:
        """The source of that name; `KeyError` if there is none."""
        return {source.name: source for source in self.sources}[name]

    def digest(self) -> str:
        """SHA-256 of the settings' meaning: layout, comments and the file's place do not count."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Reading(NamedTuple):
    """A settings file as far as it can be understood. `settings`: None where nothing of it can."""

    path: Path
    settings: Settings | None
    problems: tuple[Problem, ...]


def find(path: str | Path | None = None) -> Path:
    """The settings file: the path given, else the one in the environment, else `./workspace.toml`; of a folder, its."""
    file = Path(path or os.environ.get(ENVIRONMENT_NAME) or DEFAULT_NAME).absolute()
    with contextlib.suppress(OSError):  # a name that is too long; reading it says so
        file = file / DEFAULT_NAME if file.is_dir() else file
    return file


def load(path: str | Path | None = None) -> Settings:
    """The settings in `path` (see `find`). Errors: `SettingsError` with every problem at once."""
    file, settings, problems = read(path)
    if settings is None or problems:
        raise SettingsError(file, problems)
    return settings


def read(path: str | Path | None = None) -> Reading:
    """All that is wrong with the settings, and the settings without it."""
    file = find(path)
    raw = _settings_file.read(
        file, missing=f"Write one with `recent-activities init`, or name it in {ENVIRONMENT_NAME}"
    )
    if isinstance(raw, Problem):
        return Reading(file, None, (raw,))
    problems: list[Problem] = []
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        problems = [_settings_problems.told(error, raw, Settings) for error in errors]
        needed = [name for name, field in Source.model_fields.items() if field.is_required()]
        settings = Settings.model_validate(_settings_problems.without(raw, errors, needed))
    settings._path = file
    if raw.get("sources") == []:
        problems.append(Problem("sources", "none", "one or more", "Write each below a [[sources]] of its own"))
    problems += _contradictions.contradictions(settings, {problem.where for problem in problems})
    problems = [_settings_file.with_line(file, problem) for problem in problems]
    return Reading(file, settings, tuple(problems))
