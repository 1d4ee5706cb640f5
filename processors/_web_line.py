"""What a web server's format is to the parser, and what is wrong with one that a user wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from processors._template import Field, Template
from processors._times import TimeShape

SHOWN_CHARACTERS = 72
"""Of the line above a caret, so that an ordinary terminal does not break it."""


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
    is_json_escaped: bool = False
    r"""Whether there are those of JSON too (`\u001f`)."""
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


class BadFormat(ValueError):
    """A server's configuration of its log that cannot be read back: where, why, and what to do."""

    def __init__(self, written: str, position: int, problem: str, remedy: str) -> None:
        super().__init__(written, position, problem, remedy)
        self.written = written
        self.position = position
        self.problem = problem
        self.remedy = remedy

    def excerpt(self) -> str:
        """The line of what was written that has the problem, and a caret below it."""
        start = self.written.rfind("\n", 0, self.position) + 1
        line = self.written[start:].split("\n", 1)[0].rstrip("\r")
        at = min(self.position - start, len(line))
        first = max(0, min(at - SHOWN_CHARACTERS // 2, len(line) - SHOWN_CHARACTERS))
        cut = line[first : first + SHOWN_CHARACTERS]
        shown = "".join(character if character.isprintable() else " " for character in cut)
        before, after = "…" * bool(first), "…" * (first + len(cut) < len(line))
        return f"{before}{shown}{after}\n{' ' * (len(before) + at - first)}^"

    def __str__(self) -> str:
        return f"{self.problem}. {self.remedy}\n{self.excerpt()}"
