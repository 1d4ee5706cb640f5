"""How the outcome of `parse` is shown."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from processors import _console, trial
from processors._options import QUARANTINED_SHARE
from processors._reader import FieldRecord
from processors._visible import visible
from processors.parse import Reader
from schemas.columns import REASONS

SHOWN_CHARACTERS = 120


def show(outcomes: list[trial.Outcome], *, seconds: float, as_json: bool) -> None:
    """Nothing: the counts of each file go to stdout, the first rejects to stderr or into the JSON."""
    if as_json:
        _console.write_json(_document(outcomes, seconds))
        return
    console = _console.out()
    table = _console.table("file", "lines", "events", "quarantined", "skipped", left=("file",), wide="file")
    for outcome in outcomes:
        table.add_row(Text(visible(str(outcome.file))), *_cells(outcome))
    if len(outcomes) > 1:
        table.add_row(Text(f"{len(outcomes)} files"), *_cells(_total(outcomes)), style="bold")
    _console.show_table(console, table)
    for outcome in outcomes:
        _show_rejects(outcome)
    _console.say("done", f"{_console.count(sum(outcome.lines for outcome in outcomes), 'line')} in {seconds:.1f} s")


def problems(outcomes: list[trial.Outcome], reader: Reader) -> list[str]:
    """What is wrong with the data as a whole; none where some quarantined lines are normal."""
    found = []
    limit = QUARANTINED_SHARE
    for outcome in outcomes:
        if not outcome.lines and len(outcomes) > 1:
            _console.say("warning", f"{outcome.file}: is empty")
        if outcome.quarantined_share > limit:
            found.append(
                f"{outcome.file}: {outcome.quarantined_share:.0%} of its lines are in quarantine (normal: up to "
                f"{limit:.0%}). {_advice(outcome, reader)}"
            )
    if not sum(outcome.events for outcome in outcomes) and not found:
        lines = sum(outcome.lines for outcome in outcomes)
        what = "is empty" if len(outcomes) == 1 else "are all empty"
        names = str(outcomes[0].file) if len(outcomes) == 1 else "the files"
        found.append(f"Nothing readable: {names} {'hold no event' if lines else what}")
    return found


def _advice(outcome: trial.Outcome, reader: Reader) -> str:
    reasons = outcome.reasons
    if reasons["time_zone_unknown"] * 2 > outcome.quarantined:
        return "Its times carry no offset: say where they were written with --time-zone"
    if reasons["date_unknown"] * 2 > outcome.quarantined:
        return "Its times carry no date: give it with --date"
    if reasons["unknown_fields"] * 2 > outcome.quarantined:
        return "No #Fields line says what its fields are: say it with --fields"
    if reasons["malformed_fields"] * 2 > outcome.quarantined and isinstance(reader.shape, FieldRecord):
        return "The header of its lines has no column of event_time: correct that, or give `header` if files have none"
    if outcome.events >= outcome.quarantined:
        why = "; ".join(f"{REASONS[name]} ({count:,} {name})" for name, count in reasons.most_common())
        return f"The others read as {reader.name}. These do not: {why}"
    from processors import candidates  # which few files need

    better = candidates.better_format(outcome.file, reader.name)
    if better:
        return f"It does not look like {reader.name}; its first lines are {better}: try --format {better}"
    return f"It does not look like {reader.name}, nor like any other format known here"


def _show_rejects(outcome: trial.Outcome) -> None:
    if outcome.is_truncated:
        _console.say(
            "warning",
            f"{outcome.file}: the compressed data breaks off; its {_console.count(outcome.lines, 'whole line')} "
            f"{'is' if outcome.lines == 1 else 'are'} read",
        )
    if outcome.has_garbage:
        _console.say("warning", f"{outcome.file}: garbage after the end of the compressed data was ignored")
    if not outcome.quarantined:
        return
    reasons = _console.counts(outcome.reasons.items())
    _console.say("note", f"{outcome.file}: {reasons} ({outcome.quarantined_share:.2%} of its lines)")
    console = _console.err()
    for reject in outcome.first_rejects:
        line = Text.assemble(
            f"  line {reject.line_number:,}", (f"  {reject.reason}  ", "yellow"), (_text(reject), "dim")
        )
        line.truncate(max(console.width, 40), overflow="ellipsis")
        console.print(line, soft_wrap=True)
    rest = outcome.quarantined - len(outcome.first_rejects)
    if rest:
        console.print(Text(f"  and {rest:,} more; --quarantine OUT.parquet keeps them all", style="dim"))


def _document(outcomes: list[trial.Outcome], seconds: float) -> dict[str, Any]:
    files = [
        {
            "file": str(outcome.file),
            **_numbers(outcome),
            "reasons": dict(sorted(outcome.reasons.items())),
            "is_truncated": outcome.is_truncated,
            "has_garbage": outcome.has_garbage,
            "first_rejects": [
                {"line_number": reject.line_number, "quarantine_reason": reject.reason, "line": _text(reject)}
                for reject in outcome.first_rejects
            ],
        }
        for outcome in outcomes
    ]
    return {"files": files, **_numbers(_total(outcomes)), "seconds": round(seconds, 3)}


def _text(reject: trial.Reject) -> str:
    text = visible(reject.raw_bytes[: 4 * SHOWN_CHARACTERS].decode(errors="backslashreplace"))
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _numbers(outcome: trial.Outcome) -> dict[str, int]:
    return {name: getattr(outcome, name) for name in ("lines", "events", "quarantined", "skipped")}


def _cells(outcome: trial.Outcome) -> list[str]:
    return [f"{number:,}" for number in _numbers(outcome).values()]


def _total(outcomes: list[trial.Outcome]) -> trial.Outcome:
    total = trial.Outcome(outcomes[0].file)
    for outcome in outcomes:
        for name, number in _numbers(outcome).items():
            setattr(total, name, getattr(total, name) + number)
    return total
