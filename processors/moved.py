"""Entries of other sources whose files the settings now give to this one: a source renamed, or a pattern changed.

Such a file is read under its new source, and the rows that the old one has of it leave in the same decision. An entry
whose file is still its own source's stays with it, and so does one whose file is gone.
"""

from __future__ import annotations

import polars as pl

from processors import _globs, lake, landing, ledger
from processors.landing import File
from processors.ledger import Entry
from processors.settings import Settings, Source
from schemas import Ledger


def entries(settings: Settings, source: Source, files: list[File], known: list[Entry]) -> dict[str, list[Entry]]:
    """By their source, the entries that one of the files may be; content tells. None where all files are known."""
    states = {one for entry in known for one in entry.known_files}
    new = [file for file in files if (file.name, file.state) not in states]
    if not new:
        return {}
    inode = pl.col("file_state").str.split(" ").list.last()
    is_near = pl.col("stream").is_in({file.stream for file in new}) | inode.is_in({file.inode for file in new})
    found: dict[str, list[Entry]] = {}
    for name in lake.partitions(settings.lake, Ledger):
        if name != source.name:
            near = ledger.read(settings.lake, name, is_near)
            near = [entry for entry in near if not _is_at_home(settings, name, entry)]
            found |= {name: near} if near else {}
    return found


def warnings(settings: Settings) -> tuple[str, ...]:
    """What to say of names that the settings do not have and whose files no source takes over, with the remedy."""
    names = [source.name for source in settings.sources]
    said = []
    for name in lake.partitions(settings.lake, Ledger):
        left = [] if name in names else ledger.read(settings.lake, name)
        left = [entry for entry in left if not any(_is_at_home(settings, owner, entry) for owner in names)]
        if left:
            said.append(
                f"{name}: no source has this name any more; the {sum(entry.event_count for entry in left):,} events "
                f"read from {len(left):,} of its files stay as they are. Give a source this name again; or, where the "
                "files are still there, let the `files` of another source match them: it reads them again as its own"
            )
    return tuple(said)


def _is_at_home(settings: Settings, name: str, entry: Entry) -> bool:
    """Whether the settings give the entry's file, which is there as it was read, to the source of that name."""
    pattern = next((source.files for source in settings.sources if source.name == name), None)
    return (
        pattern is not None
        and _globs.matches(pattern, entry.path)
        and landing.state_of(settings.root / entry.path) == entry.file_state
    )
