"""Which entry of the ledger a landing file is: the one whose content it repeats or continues, whatever it is called."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from processors.content import HEAD_BYTES, Content
from processors.landing import File, state_of
from processors.ledger import Digest, Entry, digest_of, value


@dataclass(frozen=True)
class Known:
    """What the ledger knows of a file: its entry, and how much of the file is already read.

    A file that is shorter than what was read has the same line ends as far as the ledger kept them, which is all of
    them in its head; between them only the other file could tell.
    """

    entry: Entry
    offset: int
    digest: Digest

    @property
    def is_shorter(self) -> bool:
        """Whether less is there than was read."""
        return self.offset < self.entry.read_bytes


class Entries:
    """The entries of a source, found by what may tell one of `files`: its name and state, its stream, its inode.

    An entry is changed by putting another one in its place.
    """

    def __init__(self, entries: list[Entry], files: list[File]) -> None:
        self._states = {file.name: file.state for file in files}
        self._all: dict[int, Entry] = {}
        self._files: dict[tuple[str, str], Entry] = {}
        self._inodes: dict[str, dict[int, Entry]] = {}
        self._streams: dict[str, dict[int, dict[int, list[Entry]]]] = {}
        for entry in entries:
            self.put(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._all.values()))

    def put(self, entry: Entry) -> None:
        """Add an entry."""
        self._all[id(entry)] = entry
        self._files |= dict.fromkeys(entry.known_files, entry)
        self._inodes.setdefault(_inode(entry.file_state), {})[id(entry)] = entry
        first = min(entry.checkpoints)
        near = self._streams.setdefault(entry.stream, {}).setdefault(first, {})
        near.setdefault(entry.checkpoints[first], []).append(entry)

    def remove(self, entry: Entry) -> None:
        """Forget an entry."""
        del self._all[id(entry)]
        for one in entry.known_files:
            if self._files.get(one) is entry:
                del self._files[one]
        del self._inodes[_inode(entry.file_state)][id(entry)]
        first = min(entry.checkpoints)
        near = self._streams[entry.stream][first][entry.checkpoints[first]]
        near[:] = [other for other in near if other is not entry]

    def note_copy(self, entry: Entry, file: File) -> None:
        """Remember that the file, as it is, holds only what was read of the entry's."""
        entry.copies[file.name] = file.state
        self._files[file.name, file.state] = entry

    def forget_copies(self) -> None:
        """Forget the copies that are gone, or are not as they were."""
        for entry in self:
            entry.copies = {path: state for path, state in entry.copies.items() if self._states.get(path) == state}

    def is_there(self, entry: Entry, copy: Content, file: File) -> bool:
        """Whether the entry's file is there still, and holds all that this copy of it does."""
        return entry.path in self._states and copy.begins(Content(_root(file) / entry.path))

    def unchanged(self, file: File) -> Entry | None:
        """The entry of a file that is as it was when it was read, or found to be a copy."""
        return self._files.get((file.name, file.state))

    def known(self, file: File, content: Content, head: bytes, *, is_document: bool) -> tuple[Known | None, bool]:
        """The entry whose file this one is, grown, or whose file it copies, and whether it is a copy.

        Where that file is still there the two are compared: one that goes on in another way is another file.
        """
        near = self.candidates(file, head)
        for kind in (is_document, not is_document):  # under another format it may have been cut the other way
            while known := recognize(content, near, is_document=kind):
                entry = known.entry
                state = self._states.get(entry.path) if entry.path != file.name else None
                if state:
                    other = Content(_root(file) / entry.path)
                    if content.begins(other):
                        return known, True
                    if not known.is_shorter and other.begins(content):
                        return known, False
                if state != entry.file_state and (not known.is_shorter or known.digest.checkpoints):
                    return known, known.is_shorter
                near = [one for one in near if one is not entry]
        return None, False

    def candidates(self, file: File, head: bytes) -> list[Entry]:
        """The entries that a file may continue: those of its stream that begin so, and what it was before a renaming.

        Where the first line is longer than the head, only reading tells.
        """
        root = _root(file)
        same = list(self._inodes.get(_inode(file.state), {}).values())
        found = {id(entry): entry for entry in same if _has_left(entry, root / entry.path)}
        beginnings = self._streams.get(file.stream, {})
        digest, at = hashlib.blake2b(digest_size=8), 0
        for first in sorted(beginnings):
            if first <= len(head):
                digest.update(head[at:first])
                at = first
                near = beginnings[first].get(value(digest), [])
            elif len(head) < HEAD_BYTES and b"\n" in head:
                break
            else:
                near = [entry for some in beginnings[first].values() for entry in some]
            found |= {id(entry): entry for entry in near}
        return list(found.values())


def recognize(content: Content, entries: list[Entry], *, is_document: bool = False) -> Known | None:
    """The entry whose content this file continues or repeats, the longest of them; else none."""
    rivals = [entry for entry in entries if entry.is_document == is_document]
    if not rivals:
        return None
    ends = sorted({entry.read_bytes for entry in rivals})
    digest = Digest(is_document=is_document)
    for chunk in content.chunks():
        chunk = chunk[: ends[-1] - digest.offset]
        start = digest.offset
        for end in ends[bisect_right(ends, start) : bisect_right(ends, start + len(chunk))]:
            digest.feed(chunk[digest.offset - start : end - start])
            digest.mark()
        digest.feed(chunk[digest.offset - start :])
        rivals = [entry for entry in rivals if _agrees(entry, digest)]
        if not rivals or digest.offset >= ends[-1]:
            break
    known = [entry for entry in rivals if _is_same(entry, digest)]
    if not known:
        return None
    entry = max(known, key=lambda one: (min(one.read_bytes, digest.offset), one.file_id))
    offset = min(entry.read_bytes, digest.offset)
    return Known(
        entry, offset, digest if digest.offset == offset else digest_of(content, offset, is_document=is_document)
    )


def _has_left(entry: Entry, path: Path) -> bool:
    """Whether the entry's file is no longer at its path: nothing is there, or what a rotation put in its place.

    Inodes are given again: where that file goes on as the entry's did, it is the entry's, and has another inode now.
    """
    state = state_of(path)
    if state is None or not path.is_file():
        return True
    if _inode(state) == _inode(entry.file_state):
        return False
    return recognize(Content(path), [entry], is_document=entry.is_document) is None


def _agrees(entry: Entry, digest: Digest) -> bool:
    """Whether the content so far has the entry's digest where both have one: at its end, and then it has them all."""
    ours, theirs = digest.checkpoints, entry.checkpoints
    if entry.read_bytes <= digest.offset:
        return digest.marks.get(entry.read_bytes) == theirs[entry.read_bytes]
    return all(ours[offset] == theirs[offset] for offset in ours.keys() & theirs.keys())


def _is_same(entry: Entry, digest: Digest) -> bool:
    if digest.offset >= entry.read_bytes:
        return digest.marks.get(entry.read_bytes) == entry.checkpoints[entry.read_bytes]
    ours = digest.checkpoints
    return digest.offset > 0 and all(entry.checkpoints.get(at) == ours[at] for at in ours if at <= HEAD_BYTES)


def _root(file: File) -> Path:
    return Path(str(file.path).removesuffix(file.name))


def _inode(state: str) -> str:
    return state.rsplit(" ", 1)[1]
