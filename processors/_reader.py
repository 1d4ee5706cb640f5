"""What a format is to the parser: a value built from its declaration, found by its name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any, Literal

from processors import formats as web_formats
from processors import sign_ins
from processors._documents import Pages
from processors._in_columns import InColumns
from processors._web_line import BadFormat as BadFormat
from processors._web_line import JsonLine as JsonLine
from processors._web_line import W3cLine as W3cLine
from processors._web_line import WebLine as WebLine

Record = dict[str, Any]


@dataclass(frozen=True)
class SignInRecord:
    """An identity provider's record: see `sign_ins` for the parts."""

    fields: Mapping[str, tuple[str, ...]]
    events: Mapping[str, str]
    outcomes: Mapping[str, str]
    decode: Callable[[Record], Record | None] | None = None
    in_columns: tuple[InColumns, ...] = field(default=(), compare=False)
    """`decode` said again: expressions cannot be compared, and there is no need to."""
    read: Callable[[str], Record | None] | None = None
    pages: Pages = field(default_factory=Pages)
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldRecord:
    """A record of any log, an object of JSON or a line of CSV: the options say what is where in it."""

    kind: Literal["json", "csv"]


@dataclass(frozen=True)
class Reader:
    """One format. `is_json`: its files may be JSON documents, which must be cut into records first."""

    name: str
    title: str
    specification: str
    sample: str
    shape: WebLine | JsonLine | W3cLine | SignInRecord | FieldRecord
    fields: str | None = None
    """What the header says that the sample is below, where the format has headers."""

    @property
    def kind(self) -> Literal["web", "sign_in"]:
        return "sign_in" if isinstance(self.shape, SignInRecord | FieldRecord) else "web"

    @property
    def is_json(self) -> bool:
        return isinstance(self.shape, SignInRecord) or self.shape == FieldRecord("json")

    @property
    def pages(self) -> Pages | None:
        """How its records may be wrapped; None where files are no JSON documents."""
        of_a_mapping = Pages() if self.is_json else None
        return self.shape.pages if isinstance(self.shape, SignInRecord) else of_a_mapping

    @property
    def events(self) -> Mapping[str, str]:
        """The table from a provider's event names to our classes; of a web server, an empty one."""
        return self.shape.events if isinstance(self.shape, SignInRecord) else {}

    @property
    def has_headers(self) -> bool:
        """Whether lines of its files say what the fields of the lines below are."""
        return isinstance(self.shape, W3cLine) or self.shape == FieldRecord("csv")


MAPPED = {
    "fields:json": Reader(
        "fields:json",
        "Any other log of JSON, by a mapping in the settings",
        "https://www.rfc-editor.org/rfc/rfc8259",
        "",
        FieldRecord("json"),
    ),
    "fields:csv": Reader(
        "fields:csv",
        "Any other log of CSV, by a mapping in the settings",
        "https://www.rfc-editor.org/rfc/rfc4180",
        "",
        FieldRecord("csv"),
    ),
}
"""The kinds of logs of which a source itself says what is where."""


class UnknownFormat(ValueError):
    """No format has that name."""

    def __init__(self, format: str, nearest: str | None) -> None:
        super().__init__(format, nearest)
        self.format = format
        self.nearest = nearest

    def __str__(self) -> str:
        hint = f"Did you mean {self.nearest!r}?" if self.nearest else f"Known formats: {', '.join(names())}."
        return f"format {self.format!r} is unknown. {hint}"


@cache
def formats() -> dict[str, Reader]:
    """Every named format, web formats first, each group by name."""
    named = (name for package in (web_formats, sign_ins) for name in _modules(package))
    return {name: reader for name in named if (reader := _named(name))}


@cache
def servers() -> dict[str, Reader]:
    """The servers whose own configuration names a format, each with the format that its module has for an example."""
    modules = {name: module for name in _modules(web_formats) if (module := _server(name))}
    return {name: _compiled(name, module, module.FORMAT, module.SAMPLE) for name, module in modules.items()}


def names() -> list[str]:
    """What formats may be called, for people: `nginx:<log_format>` stands for all of that server's."""
    return sorted([*formats(), *MAPPED, *(f"{server}:<{_server(server).DIRECTIVE}>" for server in servers())])


@cache
def reader(format: str) -> Reader:
    """The format of that name, or the one that a server's configuration writes: `nginx:$remote_addr …`.

    Errors: `UnknownFormat`, `BadFormat`.
    """
    server, _, written = format.partition(":")
    if server == "fields":
        if format not in MAPPED:
            problem = f"{written!r} is no kind of log here" if written else "fields needs the kind of the log"
            remedy = f"Write format = {' or '.join(map(repr, MAPPED))}, and say below [sources.fields] what is where"
            raise BadFormat(format, len("fields:"), problem, remedy)
        return MAPPED[format]
    if module := _server(server):
        if not written.strip():
            example = module.FORMAT.split()[0]
            remedy = f"Write format = '{server}:{example} …', with the string from {module.CONFIGURATION}"
            raise BadFormat(format, len(format), f"{server} needs its {module.DIRECTIVE}", remedy)
        return _compiled(server, module, written, "")
    named = _named(format)
    if named is None:
        near = difflib.get_close_matches(format, [*formats(), *MAPPED], n=1)
        raise UnknownFormat(format, next(iter(near), None))
    return named


@cache
def _modules(package: ModuleType) -> list[str]:
    """The names of its public modules, of which each is loaded when it is asked for."""
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def _module(package: ModuleType, name: str) -> Any:
    return importlib.import_module(f"{package.__name__}.{name}") if name in _modules(package) else None


def _server(name: str) -> Any:
    """The module of a server whose configuration names formats, or None."""
    module = _module(web_formats, name)
    return module if hasattr(module, "compiled") else None


@cache
def _named(name: str) -> Reader | None:
    """The format of that name that is written down here."""
    if (module := _module(web_formats, name)) and not hasattr(module, "compiled"):
        return _web(name, module)
    return _sign_in(name, module) if (module := _module(sign_ins, name)) else None


def _web(name: str, module: Any) -> Reader:
    fields = getattr(module, "SAMPLE_FIELDS", None)
    return Reader(name, module.TITLE, module.SPECIFICATION, module.SAMPLE, _shape(module), fields)


def _shape(module: Any) -> WebLine | JsonLine | W3cLine:
    if hasattr(module, "RECORD"):
        return JsonLine(
            module.RECORD,
            is_repaired=getattr(module, "IS_REPAIRED", False),
            remarks=getattr(module, "REMARKS", ()),
            logger=getattr(module, "LOGGER", None),
        )
    if hasattr(module, "FIELDS"):
        return W3cLine(
            module.FIELDS,
            separator=module.SEPARATOR,
            is_percent_encoded=getattr(module, "IS_PERCENT_ENCODED", False),
            plus_is_space=frozenset(getattr(module, "PLUS_IS_SPACE", ())),
        )
    return WebLine(
        module.LINE,
        getattr(module, "TIME", "clf"),
        tokens={"%u": "user"},
        is_escaped=getattr(module, "IS_ESCAPED", True),
        is_hash_escaped=getattr(module, "IS_HASH_ESCAPED", False),
    )


def _compiled(server: str, module: Any, written: str, sample: str) -> Reader:
    return Reader(f"{server}:…", module.TITLE, module.SPECIFICATION, sample, module.compiled(written))


def _sign_in(name: str, module: Any) -> Reader:
    shape = SignInRecord(
        fields=module.RECORD,
        events=module.EVENTS,
        outcomes=module.OUTCOMES,
        decode=getattr(module, "decode", None),
        in_columns=getattr(module, "IN_COLUMNS", ()),
        read=getattr(module, "read", None),
        pages=Pages(getattr(module, "PAGES", ()), getattr(module, "SPLIT", None), getattr(module, "BESIDE", ())),
        notes=getattr(module, "NOTES", {}),
    )
    return Reader(name, module.TITLE, module.SPECIFICATION, module.SAMPLE, shape)
