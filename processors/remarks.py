"""What is said of the landing files that were read: no content of theirs, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator

from processors import parse
from processors.lines import OUT_OF_RANGE
from processors.reading import Reading, Result
from processors.recognize import Known
from processors.settings import Settings, Source


def remarks(reading: Reading, settings: Settings, source: Source) -> Result:
    """The warnings and problems of one file, judged over all of it: what this run brought may be a blank line."""
    entry, said = reading.entry, Result(file_events=reading.result.files and reading.entry.event_count)
    if entry.is_truncated:
        what = f"breaks off; its {entry.line_count} whole lines are read"
        rest = "only the rest will be added"
        if not entry.read_bytes:
            what, rest = "is damaged, or breaks off, before its first line: nothing of it is read", "it will be read"
        said.warnings.append(f"{entry.path}: the compressed data {what}. Deliver the whole file again and {rest}")
    if reading.has_garbage:
        said.warnings.append(f"{entry.path}: garbage after the end of the compressed data was ignored")
    if entry.file_state.startswith("0 "):
        said.warnings.append(f"{entry.path}: is empty")
    limit = settings.ingest.quarantined_share
    if reading.result.files and entry.quarantined_count > limit * entry.line_count:
        said.problems.append(
            f"{entry.path}: {entry.quarantined_count / entry.line_count:.0%} of its lines are in quarantine, and "
            f"ingest.quarantined_share allows {limit:.0%}"
            + ("" if entry.reasons.get(OUT_OF_RANGE, 0) * 2 > entry.quarantined_count else _format(source))
            + "".join(f"\n{reason}" for reason in _commonest(reading))
        )
    return said


def _commonest(reading: Reading) -> Iterator[str]:
    """The three commonest reasons, each with the shape of a line."""
    reasons = sorted(reading.entry.reasons.items(), key=lambda one: (-one[1], one[0]))
    for reason, count in reasons[:3]:
        number, line = reading.samples.get(reason, (None, None))  # none where an earlier run read all of them
        yield f"{count:,} {reason}" + (f", such as line {number:,}, masked: {line}" if number else "")


def _format(source: Source) -> str:
    name = parse.reader(source.format).name
    return (
        f". Its source {source.name} reads it as {name}; `recent-activities check` looks for a format that fits better"
    )


def remarks_on_copy(name: str, known: Known, *, is_truncated: bool) -> Result:
    """The warnings of a file that holds only what was read of another one; none where it is all of it."""
    path = known.entry.path
    if is_truncated:
        again = "Deliver the whole file again and only the rest will be added"
        return Result(
            warnings=[f"{name}: the compressed data breaks off; all that it holds was read from {path}. {again}"]
        )
    if known.is_shorter:
        return Result(warnings=[f"{name}: is a copy of the beginning of {path}: nothing new"])
    return Result()


def waiting(name: str, rest: bytes, *, is_all: bool) -> str:
    """That the end of a file waits for its line end; `is_all` where nothing comes before it."""
    if is_all and b"\r" in rest:
        remedy = "Convert it with: tr '\\r' '\\n'"
        return (
            f"{name}: its lines end in carriage returns alone, so that all of it waits as one unfinished line. {remedy}"
        )
    return f"{name}: its last line has no line end yet and waits for it"


def counted(number: int, one: str, many: str) -> str:
    """A number of files, in words."""
    return f"{number:,} {one if number == 1 else many}"
