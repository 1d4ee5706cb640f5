"""What a format is to the parser: a value built from its declaration, found by its name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
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
    readers = [_web(name, module) for name, module in _modules(web_formats) if not hasattr(module, "compiled")]
    readers += [_sign_in(name, module) for name, module in _modules(sign_ins)]
    return {reader.name: reader for reader in readers}


@cache
def servers() -> dict[str, Reader]:
    """The servers whose own configuration names a format, each with the format that its module has for an example."""
    modules = {name: module for name, module in _modules(web_formats) if hasattr(module, "compiled")}
    return {name: _compiled(name, module, module.FORMAT, module.SAMPLE) for name, module in modules.items()}


def names() -> list[str]:
    """What formats may be called, for people: `nginx:<log_format>` stands for all of that server's."""
    modules = dict(_modules(web_formats))
    return sorted([*formats(), *MAPPED, *(f"{server}:<{modules[server].DIRECTIVE}>" for server in servers())])


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
    if server in servers():
        module: Any = dict(_modules(web_formats))[server]
        if not written.strip():
            example = module.FORMAT.split()[0]
            remedy = f"Write format = '{server}:{example} …', with the string from {module.CONFIGURATION}"
            raise BadFormat(format, len(format), f"{server} needs its {module.DIRECTIVE}", remedy)
        return _compiled(server, module, written, "")
    if format not in formats():
        near = difflib.get_close_matches(format, [*formats(), *MAPPED], n=1)
        raise UnknownFormat(format, next(iter(near), None))
    return formats()[format]


def _modules(package: ModuleType) -> Iterator[tuple[str, Any]]:
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if not found.name.startswith("_"):
            yield found.name, importlib.import_module(f"{package.__name__}.{found.name}")


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
