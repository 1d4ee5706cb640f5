"""Revisions of a day's report: the same content is the same revision, new content is the next, chained to the last."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from processors import changes, lake
from processors.publish import folder
from processors.settings import Settings
from processors.shortfall import Shortfall
from schemas import ReportsPublished

_SESSIONS = "recent_activities.csv"


def publish(
    settings: Settings, day: date, files: dict[str, bytes], facts: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """The manifest that stands for the day, and whether it is new.

    `facts` are the manifest but for its revision: number, what changed (None: unknown, for a published file is no
    longer what it was), SHA-256 of the manifest before it.
    """
    with lake.locked(settings.lake, "reports"):
        standing = folder.current(settings.reports, day)
        manifest = facts | {"revision": 1, "changes": {}, "previous_manifest_sha256": None}
        if standing:
            noted = _noted(settings, day, standing.revision)
            old = standing.manifest if noted in (None, standing.manifest_digest) else None
            names = sorted({_SESSIONS, *old["files"]}) if old else []
            spoiled = [name for name in names if standing.read(name) is None] if old else [folder.MANIFEST]
            if old and not spoiled and _substance(old) == _substance(facts):
                _record(settings, day, old)  # a run killed after publishing did not come to it
                return old, False
            manifest |= {
                "revision": standing.revision + 1,
                "changes": None if spoiled or not old else _changes(standing, old, files, facts),
                "previous_manifest_sha256": noted or standing.manifest_digest,
            }
            if spoiled:
                manifest["completeness"] = _explained(facts["completeness"], standing.revision, spoiled)
        folder.publish(settings.reports, day, files, manifest)
        _record(settings, day, manifest)
        return manifest, True


def _changes(
    standing: folder.Standing, old: dict[str, Any], files: dict[str, bytes], facts: dict[str, Any]
) -> dict[str, Any]:
    """What changed: in the sessions, by session and column; in every other file, by rows; in completeness, settings."""
    found = changes.of_sessions(*_tables(standing.read(_SESSIONS), files[_SESSIONS]))
    others = {name: _tables(standing.read(name), files.get(name)) for name in sorted({*old["files"], *files})}
    rows = {name: changes.of_rows(*both) for name, both in others.items() if name != _SESSIONS}
    return found | {"files": rows} | changes.of_manifests(old, facts)


def _tables(*files: bytes | None) -> list[pl.DataFrame]:
    """The files as tables of text; a file that is not there has the other one's columns, and no rows."""
    read = [None if data is None else pl.read_csv(data, infer_schema=False) for data in files]
    columns = next(table for table in read if table is not None).clear()
    return [columns if table is None else table for table in read]


def _explained(complete: dict[str, Any], revision: int, spoiled: list[str]) -> dict[str, Any]:
    """With a note why it is not said what changed: somebody saved, emptied or removed what was published."""
    what = f"{' and '.join(spoiled)} of revision {revision} {'is' if len(spoiled) == 1 else 'are'}"
    note = f"{what} not what was published, so what changed since is not known"
    return complete | {"notes": [*complete["notes"], note]}


def _substance(manifest: dict[str, Any]) -> dict[str, Any]:
    """What makes a new revision. How long a log of other days too has grown does not, nor what rotation calls it."""
    complete = dict(manifest["completeness"])
    for name in ("location_database_date", "location_remarks"):  # the rows say what they come to
        complete.pop(name, None)
    passing = ("files", "file_lines", "file_quarantined", "file_skipped", "shortfalls")
    lacking = {one["source"]: [Shortfall(**file) for file in one.get("shortfalls", ())] for one in complete["sources"]}
    named = {f"{name}: {file}" for name, files in lacking.items() for file in files}
    complete["reasons"] = [reason for reason in complete["reasons"] if reason not in named]
    complete["shortfalls"] = {name: sorted({file.key for file in files}) for name, files in lacking.items()}
    complete["sources"] = [{k: v for k, v in one.items() if k not in passing} for one in complete["sources"]]
    complete["notes"] = []  # said in numbers elsewhere
    complete["clocks"] = complete.get("clocks", [])  # unknown to earlier versions
    return {"files": manifest["files"], "completeness": complete, "settings_digest": manifest["settings_digest"]}


def _noted(settings: Settings, day: date, revision: int) -> str | None:
    """SHA-256 of the revision's manifest, if that was noted."""
    known = lake.read_file(lake.file_of(settings.lake, ReportsPublished, day), ReportsPublished)
    return next(iter(known.filter(pl.col("revision") == revision)["manifest_digest"]), None)


def _record(settings: Settings, day: date, manifest: dict[str, Any]) -> None:
    path = lake.file_of(settings.lake, ReportsPublished, day)
    known = lake.read_file(path, ReportsPublished)
    row = {
        "revision": manifest["revision"],
        "as_of_time": datetime.fromisoformat(manifest["as_of"]),
        "is_complete": manifest["completeness"]["is_complete"],
        "session_count": manifest["files"][_SESSIONS]["rows"],
        "manifest_digest": folder.digest(folder.encoded(manifest)),
    }
    others = known.filter(pl.col("revision") != row["revision"])
    rows = pl.concat([others, pl.DataFrame([row], schema=known.schema)]).sort("revision")
    if not rows.equals(known):
        lake.replace(settings.lake, ReportsPublished, day, rows)
