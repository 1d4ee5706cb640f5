"""What a format is to the parser: a value built from its declaration, found by its name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import ModuleType
from typing import Any, Literal

from processors import formats as web_formats
from processors import sign_ins
from processors._template import Field, Template
from processors._times import TimeShape

Record = dict[str, Any]


@dataclass(frozen=True)
class WebLine:
    """A web server's line: its template, how its times are written, and what tokens of the settings name its fields.

    A token that is not listed names the field of the template that has it.
    """

    template: Template
    time: TimeShape = "clf"
    tokens: Mapping[str, str] = field(default_factory=dict)
    is_escaped: bool = True
    r"""Whether a backslash in a field begins an escape (`\x22`, `\"`)."""
    is_hash_escaped: bool = False
    """Whether a number sign begins one (`#22`)."""

    def all_tokens(self) -> list[str]:
        """The tokens by which the settings may name a field."""
        fields = (piece for piece in self.template if isinstance(piece, Field))
        return [*filter(None, (field.token for field in fields)), *self.tokens]

    def name(self, token: str) -> str | None:
        """What the field is called that the token means; None where the format does not log it."""
        for piece in self.template:
            if isinstance(piece, Field) and piece.token == token:
                return piece.meaning or token
        return self.tokens.get(token)


@dataclass(frozen=True)
class JsonLine:
    """A web server's line of JSON: what its fields mean, and which records are none of a request.

    `record` has for each meaning the dotted paths where it may stand, the first that is there.
    """

    record: Mapping[str, tuple[str, ...]]
    time: TimeShape = "recorded"
    is_repaired: bool = False
    r"""Whether a string may have `\\xHH` in it, which is no JSON."""
    remarks: tuple[str, ...] = ()
    """Where a record without a request has text, it is the server's own log."""
    logger: tuple[str, str] | None = None
    """Where a record names its logger, and how the name of one of requests begins."""

    def all_tokens(self) -> list[str]:
        """The paths that are known; a record may have any other."""
        return list(dict.fromkeys(path for paths in self.record.values() for path in paths))

    def name(self, token: str) -> str | None:
        """The token: any field of a record may be asked for."""
        return token


@dataclass(frozen=True)
class W3cLine:
    """A line of the W3C extended format, cut at each separator; the last `#Fields` line says what the pieces are.

    `fields` has the meaning of each field that has one, by its name in small letters.
    """

    fields: Mapping[str, str]
    separator: str = " "
    time: TimeShape = "any"
    is_percent_encoded: bool = False
    """Whether values are percent-encoded by the server, once more than what the client sent."""
    plus_is_space: frozenset[str] = frozenset()
    """Meanings in which a plus sign stands for a space."""

    def all_tokens(self) -> list[str]:
        """The fields that are known; a file may have any other."""
        return list(self.fields)

    def name(self, token: str) -> str | None:
        """The token: any field of a file may be asked for."""
        return token


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
    shape: WebLine | JsonLine | W3cLine | SignInRecord
    fields: str | None = None
    """What the header says that the sample is below, where the format has headers."""

    @property
    def kind(self) -> Literal["web", "sign_in"]:
        return "sign_in" if isinstance(self.shape, SignInRecord) else "web"

    @property
    def is_json(self) -> bool:
        return isinstance(self.shape, SignInRecord)

    @property
    def has_headers(self) -> bool:
        """Whether lines of its files say what the fields of the lines below are."""
        return isinstance(self.shape, W3cLine)


class BadFormat(ValueError):
    """A server's configuration of its log that cannot be read back: where, why, and what to do."""

    def __init__(self, written: str, position: int, problem: str, remedy: str) -> None:
        super().__init__(written, position, problem, remedy)
        self.written = written
        self.position = position
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}. {self.remedy}\n  {self.written}\n  {' ' * self.position}^"


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


@cache
def reader(format: str) -> Reader:
    """The format of that name, or the one that a server's configuration writes: `nginx:$remote_addr …`.

    Errors: `UnknownFormat`, `BadFormat`.
    """
    server, colon, written = format.partition(":")
    module: Any = dict(_modules(web_formats)).get(server)
    if colon and hasattr(module, "compiled"):
        return Reader(format, module.TITLE, module.SPECIFICATION, "", module.compiled(written))
    if format not in formats():
        raise UnknownFormat(format, next(iter(difflib.get_close_matches(format, formats(), n=1)), None))
    return formats()[format]


def _modules(package: ModuleType) -> Iterator[tuple[str, Any]]:
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if not found.name.startswith("_"):
            yield found.name, importlib.import_module(f"{package.__name__}.{found.name}")


def _web(name: str, module: Any) -> Reader:
    if hasattr(module, "compiled"):
        return replace(reader(f"{name}:{module.FORMAT}"), name=f"{name}:…", sample=module.SAMPLE)
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


def _sign_in(name: str, module: Any) -> Reader:
    shape = SignInRecord(
        fields=module.RECORD,
        events=module.EVENTS,
        outcomes=module.OUTCOMES,
        decode=getattr(module, "decode", None),
        read=getattr(module, "read", None),
    )
    return Reader(name, module.TITLE, module.SPECIFICATION, module.SAMPLE, shape)
