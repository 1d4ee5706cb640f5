"""What stands between two quotes of a line's literal text, made so that it can be read in one way only.

No value holds a bare quote: servers escape them, and a line in which one does not has too many and is rejected. Between
two quotes the end of a value is certain where a character follows that none of the values up to there has, counted from
an end that is certain, to either side; or where a space follows and the value tells how many it has: a time has always
as many, and in a list a comma or a colon is before each.

Where that is not enough, all the text of the part is refused a character of the literal text that it rarely has. Then a
line that fits has the character just as often as the literal text, so that no value has it: it is read as it was
written. A line in which some value has it is rejected. Text that often has it cannot be read back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from processors._printed import Prints


@dataclass
class Limits:
    """What a value is held to."""

    barred: set[str] = field(default_factory=set)
    """Characters that it never has; without them its end is not certain."""
    is_single: bool = False
    """Whether a list has one value only."""
    has_commas_alone: bool = False
    """Whether a list is no `a : b`, of which text could be the end."""
    is_opened: bool = False
    """Whether it begins with the character that it opens with."""


class Ambiguous(ValueError):
    """Where the value of that number ends cannot be told."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def limits(values: Sequence[Prints], texts: Sequence[str], is_never_printed: Callable[[str], bool]) -> list[Limits]:
    """The limits of each of the values, with `texts` before the first and after each. Errors: `Ambiguous`."""
    part = _Part(values, texts, is_never_printed)
    while undecided := part.decide():
        part.refuse(undecided)
    return part.limits


class _Part:
    """The place before value 0 is 0, that after the last one their number; between them `texts` stand at each place."""

    def __init__(self, values: Sequence[Prints], texts: Sequence[str], is_never_printed: Callable[[str], bool]) -> None:
        self._values, self._texts, self._is_never_printed = values, texts, is_never_printed
        self._refused = {character for text in texts for character in text if is_never_printed(character)}
        self._are_lists_told = False
        self.limits: list[Limits] = []

    def decide(self) -> list[int]:
        """The places that are not certain."""
        values = self._values
        places = [at for at, value in enumerate(values) if value.kind == "text"]
        is_spaceless = " " in self._refused
        self._are_lists_told = not places or is_spaceless
        self.limits = [Limits(set(self._refused), has_commas_alone=bool(places)) for _ in values]
        if is_spaceless:  # behind text, or another list and a comma, a list may begin before: `a 1, 2`
            lists = [at for at, value in enumerate(values) if value.kind == "list"]
            loose = [*places, *(at for at in lists if not self._tells_its_end(at))]
            for at in lists:
                self.limits[at].is_single = at >= min(loose, default=0)
        certain, undecided = {0, len(values)}, list(range(1, len(values)))
        while True:
            # from the left where it can be, as lines are cut
            found = [place for place in undecided if self._is_certain_from_left(place, certain)][:1]
            found = found or [place for place in undecided[::-1] if self._is_certain_from_right(place, certain)][:1]
            if not found:
                return undecided
            certain.update(found)
            undecided.remove(found[0])

    def refuse(self, undecided: list[int]) -> None:
        """Refuse all text a character that makes one of the places certain."""
        for place in undecided:
            for character in sorted(self._texts[place], key=lambda one: one == " "):
                ordinary = any(value.kind == "text" and character in value.characters for value in self._values)
                if character not in self._refused and not ordinary:
                    self._refused.add(character)
                    return
        raise Ambiguous(undecided[0])

    def _is_certain_from_left(self, place: int, certain: set[int]) -> bool:
        text, before = self._texts[place], self._values[place - 1]
        for start in sorted((one for one in certain if one < place), reverse=True):
            if self._bar_one(text or self._values[place].opens, start, place):
                self.limits[place].is_opened = not text
                return True
        is_told = before.kind == "time" or (before.kind == "list" and self._are_lists_told)
        return place - 1 in certain and is_told and self._tells_its_end(place - 1)

    def _is_certain_from_right(self, place: int, certain: set[int]) -> bool:
        text, after = self._texts[place], self._values[place]
        if text and any(self._bar_one(text[::-1], place, end) for end in sorted(certain) if end > place):
            return True
        return place + 1 in certain and after.kind == "time" and text.endswith(" ")

    def _tells_its_end(self, at: int) -> bool:
        """Whether what stands behind a value does not go on with a list, or a time."""
        text = self._texts[at + 1]
        return text.startswith(" ") and not text.startswith(" :")

    def _bar_one(self, characters: str, start: int, end: int) -> bool:
        """Whether one of the characters is in none of the values and texts from one place to the other."""
        inner = "".join(self._texts[start + 1 : end])
        for character in characters:
            if character not in inner and all(self._lacks(at, character) for at in range(start, end)):
                for at in range(start, end):
                    self.limits[at].barred.add(character)
                return True
        return False

    def _lacks(self, at: int, character: str) -> bool:
        value = self._values[at]
        if value.kind == "text":
            return character in value.never or character in self._refused or self._is_never_printed(character)
        if value.kind == "list" and self.limits[at].is_single and character in " ,":
            return True
        return character not in value.characters
