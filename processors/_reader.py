"""What a format is to the parser: a value built from its declaration, found by its name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Literal

from processors import formats as web_formats
from processors import sign_ins
from processors._template import Template

Record = dict[str, Any]


@dataclass(frozen=True)
class WebLine:
    """A web server's line: its template, and which of its fields a token of the settings means."""

    template: Template
    tokens: Mapping[str, str]


@dataclass(frozen=True)
class SignInRecord:
    """An identity provider's record: see `sign_ins` for the parts."""

    fields: Mapping[str, tuple[str, ...]]
    events: Mapping[str, str]
    outcomes: Mapping[str, str]
    decode: Callable[[Record], Record | None] | None = None
    read: Callable[[str], Record | None] | None = None


@dataclass(frozen=True)
class Reader:
    """One format. `is_json`: its files may be JSON documents, which must be cut into records first."""

    name: str
    title: str
    specification: str
    sample: str
    shape: WebLine | SignInRecord

    @property
    def kind(self) -> Literal["web", "sign_in"]:
        return "web" if isinstance(self.shape, WebLine) else "sign_in"

    @property
    def is_json(self) -> bool:
        return isinstance(self.shape, SignInRecord)


class UnknownFormat(ValueError):
    """No format has that name."""

    def __init__(self, format: str, nearest: str | None) -> None:
        super().__init__(format, nearest)
        self.format = format
        self.nearest = nearest

    def __str__(self) -> str:
        hint = f"Did you mean {self.nearest!r}?" if self.nearest else f"Known formats: {', '.join(formats())}."
        return f"format {self.format!r} is unknown. {hint}"


@cache
def formats() -> dict[str, Reader]:
    """Every named format, web formats first, each group by name."""
    readers = [_web(name, module) for name, module in _modules(web_formats)]
    readers += [_sign_in(name, module) for name, module in _modules(sign_ins)]
    return {reader.name: reader for reader in readers}


def reader(format: str) -> Reader:
    """The format of that name. Errors: `UnknownFormat`."""
    if format not in formats():
        raise UnknownFormat(format, next(iter(difflib.get_close_matches(format, formats(), n=1)), None))
    return formats()[format]


def _modules(package: ModuleType) -> Iterator[tuple[str, Any]]:
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if not found.name.startswith("_"):
            yield found.name, importlib.import_module(f"{package.__name__}.{found.name}")


def _web(name: str, module: Any) -> Reader:
    shape = WebLine(module.LINE, tokens={"$remote_user": "user", "%u": "user"})
    return Reader(name, module.TITLE, module.SPECIFICATION, module.SAMPLE, shape)


def _sign_in(name: str, module: Any) -> Reader:
    shape = SignInRecord(
        fields=module.RECORD,
        events=module.EVENTS,
        outcomes=module.OUTCOMES,
        decode=getattr(module, "decode", None),
        read=getattr(module, "read", None),
    )
    return Reader(name, module.TITLE, module.SPECIFICATION, module.SAMPLE, shape)
