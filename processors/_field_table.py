"""`[sources.fields]`: what is where in the records of any JSON or CSV log, and what its values mean."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from processors import _csv, _field_map, _paths, _strftime
from processors._field_map import FieldMap, Meanings
from processors._web_line import BadFormat
from schemas.columns import EVENT_CLASSES, OUTCOMES

_MOST_VALUES, _MOST_STARS, _MOST_ALTERNATIVES = 500, 4, 20
_PYTHON = re.compile(r"%(%|f)")
_EXAMPLES = {"json": "actor.email or target[type=AppInstance].displayName", "csv": "User name"}


def _listed(value: object) -> object:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_ALTERNATIVES:
        facts = {"most": _MOST_ALTERNATIVES}
        raise PydanticCustomError("alternatives", "one text, or a list of 1 to {most} of which the first counts", facts)
    return listed


def _path(text: str, about: ValidationInfo) -> str:
    kind = (about.context or {}).get("kind", "json")
    example = _EXAMPLES[kind]
    if not text.strip() or not text.isprintable():
        raise PydanticCustomError("path", "{what}, such as {example}", {"what": _whats(kind), "example": example})
    if kind == "json":
        try:
            _paths.compiled(text)
        except _paths.BadPath as bad:
            problem = BadFormat(text, bad.position, "this is no step of a path", f"Write it as {example}")
            raise pointed(problem, "a path into a record") from None
    return text


def _whats(kind: str) -> str:
    return "a path into a record" if kind == "json" else "the name of a column"


def pointed(bad: BadFormat, expected: str) -> PydanticCustomError:
    """The error of a value in which a place can be shown."""
    facts = {"problem": bad.problem, "remedy": bad.remedy, "excerpt": bad.excerpt(), "expected": expected}
    return PydanticCustomError("server_format", "{expected}", facts)


def _time_shape(text: str) -> str:
    """The shape as `_strftime` has it; `%f` is Python's microseconds."""
    example = "Write it as %d/%m/%Y %H:%M:%S, or leave it out: usual times are known without"
    shape = strftime(text)
    try:
        absent = _strftime.missing(_strftime.says(shape))
    except _strftime.Unsupported as bad:
        at = text.find(f"%{bad.directive}")
        raise pointed(
            BadFormat(text, max(at, 0), f"%{bad.directive} is no directive known here", example),
            "a time as strftime writes it",
        ) from None
    if absent:
        bad_shape = BadFormat(text, len(text), f"this lacks the {absent}", example)
        raise pointed(bad_shape, "a time as strftime writes it")
    return text


def strftime(text: str) -> str:
    """The shape in the directives of `_strftime`."""
    return _PYTHON.sub(lambda match: "%%" if match[1] == "%" else "%{usec_frac}", text)


def _value(value: object) -> object:
    """A value as it is compared: TOML's numbers and truth values are those of JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _values(values: object) -> object:
    listed = values if isinstance(values, list | tuple) else [values]
    if len(listed) > _MOST_VALUES:
        facts = {"most": _MOST_VALUES, "count": f"{len(listed):,}"}
        raise PydanticCustomError("values", "no more than {most} values, not {count}; * stands for many", facts)
    return [_value(value) for value in listed]


def _pattern(text: str) -> str:
    if not text or len(text) > _field_map.LONGEST_VALUE or text.count("*") > _MOST_STARS:
        facts = {"longest": _field_map.LONGEST_VALUE, "stars": _MOST_STARS}
        raise PydanticCustomError("value", "a value of 1 to {longest} characters, with no more than {stars} *", facts)
    return text


def _header(text: str, about: ValidationInfo) -> str:
    if (about.context or {}).get("kind") == "json":
        raise PydanticCustomError("header", "nothing: records of JSON have no header")
    if not text.replace("\t", " ").isprintable() or _csv.header(text) is None:
        raise PydanticCustomError("header", "the line that files lack, each name once, as in: time,user,action")
    return text


Path = Annotated[str, Field(max_length=200), AfterValidator(_path)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_listed)]
Values = Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], BeforeValidator(_values)]
TimeShapes = Annotated[
    tuple[Annotated[str, Field(max_length=200), AfterValidator(_time_shape)], ...], BeforeValidator(_listed)
]
Nothing = Annotated[tuple[str, ...], BeforeValidator(_values)]
EventClass = Literal["login", "activity", "background", "logout", "session_end", "login_failed", "credential", "admin",
                     "other"]  # fmt: skip
Outcome = Literal["success", "failure", "unknown"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeField(_Table):
    """`event_time`: paths alone, or with the shape of the times."""

    path: Paths = Field(description="where it is")
    clock: Paths | None = Field(
        None, description="where the time of day is, if it stands apart: read as if behind the date and a space"
    )
    format: TimeShapes | None = Field(
        None, description="strftime; ISO 8601, epochs of any unit and the Common Log Format are known without"
    )

    @model_validator(mode="before")
    @classmethod
    def _of_paths(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str | list) else value


class _Meaning(_Table):
    def meanings(self, ours: tuple[str, ...]) -> dict[str, str]:
        """What each value means."""
        return {value: name for name in ours for value in getattr(self, name)}

    @model_validator(mode="after")
    def _each_once(self) -> Any:
        seen: dict[str, str] = {}
        for name in type(self).model_fields:
            if name in ("path", "otherwise"):
                continue
            for value in getattr(self, name):
                if seen.setdefault(value, name) != name:
                    facts = {"value": value, "one": seen[value], "other": name}
                    raise PydanticCustomError(
                        "twice", "each value in one list; {value} is in {one} and in {other}", facts
                    )
        return self


class ClassField(_Meaning):
    """`event_class`: the values that mean each class; `*` stands for anything."""

    path: Paths | None = Field(None, description="where the value is that tells the class; none: all are `otherwise`")
    login: Values = Field((), description="an application-level sign-in")
    activity: Values = Field((), description="an action of a person")
    background: Values = Field((), description="token refresh, polling: keeps no session awake")
    logout: Values = Field((), description="a sign-out")
    session_end: Values = Field((), description="revoked, expired, cleared by an administrator")
    login_failed: Values = Field((), description="a sign-in that did not succeed")
    credential: Values = Field((), description="password, MFA and enrolment steps")
    admin: Values = Field((), description="impersonation, privilege")
    other: Values = Field((), description="anything else")
    otherwise: EventClass = Field("other", description="the class of values in no list, and of records without one")


class OutcomeField(_Meaning):
    """`outcome`: the values that mean each outcome."""

    path: Paths = Field(description="where the value is")
    success: Values = Field((), description="a login counts")
    failure: Values = Field((), description="a login is a `login_failed`")
    unknown: Values = Field((), description="a login is an `other`")
    otherwise: Outcome = Field("unknown", description="of values in no list, and of records without one")


class FieldTable(_Table):
    """`[sources.fields]`."""

    event_time: TimeField = Field(description="when it happened: paths, or `{ path = …, format = … }`")
    event_class: ClassField = Field(description="what happened: `{ path = …, login = […], logout = […], … }`")
    event_action: Paths | None = Field(
        None, description="the event's own name", json_schema_extra={"default": "the value of `event_class`"}
    )
    outcome: OutcomeField | None = Field(
        None,
        description="`{ path = …, success = […], failure = […] }`",
        json_schema_extra={"default": "`login` succeeded, `login_failed` failed"},
    )
    user_name: Paths | None = Field(None, description="who")
    session_reference: Paths | None = Field(None, description="the session's id, of which only a digest is kept")
    application: Paths | None = Field(None, description="where to")
    ip_address: Paths | None = Field(None, description="the client's address, alone")
    user_agent: Paths | None = Field(None, description="the browser, as it names itself")
    platform_version: Paths | None = Field(None, description="the header `Sec-CH-UA-Platform-Version`")
    platform: Paths | None = Field(None, description="the header `Sec-CH-UA-Platform`")
    source_event_id: Paths | None = Field(None, description="the record's own id")
    nothing: Nothing = Field(_field_map.NOTHING, description="values that stand for none")
    header: Annotated[str, AfterValidator(_header)] | None = Field(
        None, description="of CSV whose files have none: the line they lack; `,` `;` tab and `|` are told apart by it"
    )

    def field_map(self) -> FieldMap:
        """What it is to the parser."""
        plain = {name: getattr(self, name) for name in _field_map.PATHS if name in FieldTable.model_fields}
        paths = plain | {
            "event_time": self.event_time.path,
            "event_clock": self.event_time.clock,
            "event_class": self.event_class.path,
            "outcome": self.outcome.path if self.outcome else None,
        }
        return FieldMap(
            paths={name: found for name, found in paths.items() if found},
            classes=Meanings(self.event_class.meanings(EVENT_CLASSES), self.event_class.otherwise),
            outcomes=Meanings(self.outcome.meanings(OUTCOMES), self.outcome.otherwise) if self.outcome else None,
            time_shapes=tuple(strftime(shape) for shape in self.event_time.format or ()),
            nothing=frozenset(self.nothing),
            header=self.header,
        )


def table(value: object, kind: str) -> FieldTable:
    """The table of a log of that kind. Errors: pydantic's `ValidationError`."""
    return FieldTable.model_validate(value, context={"kind": kind})
