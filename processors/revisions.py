"""Revisions of a day's report: the same content is the same revision, new content is the next, chained to the last."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from processors import lake, report
from processors.publish import folder
from processors.settings import Settings
from schemas import ReportsPublished


def publish(
    settings: Settings, day: date, files: dict[str, bytes], facts: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """The manifest that stands for the day, and whether it is new.

    `facts` are the manifest but for its revision: number, what changed, SHA-256 of the manifest before it.
    """
    with lake.locked(settings.lake, "reports"):
        published = folder.current(settings.reports, day)
        revision: dict[str, Any] = {"revision": 1, "changes": {}, "previous_manifest_sha256": None}
        if published:
            where, old = published
            if _substance(old) == _substance(facts):
                _record(settings, day, old)  # a run killed after publishing did not come to it
                return old, False
            before = pl.read_csv((where / "recent_activities.csv").read_bytes(), infer_schema=False)
            after = pl.read_csv(files["recent_activities.csv"], infer_schema=False)
            revision = {
                "revision": old["revision"] + 1,
                "changes": report.changes(before, after),
                "previous_manifest_sha256": folder.digest(folder.encoded(old)),
            }
        manifest = facts | revision
        folder.publish(settings.reports, day, files, manifest)
        _record(settings, day, manifest)
        return manifest, True


def _substance(manifest: dict[str, Any]) -> dict[str, Any]:
    """What makes a new revision. How long a log that also holds other days has grown does not."""
    complete = dict(manifest["completeness"])
    passing = ("files", "file_lines", "file_quarantined", "file_skipped")
    complete["sources"] = [{k: v for k, v in one.items() if k not in passing} for one in complete["sources"]]
    complete["notes"] = []  # said in numbers elsewhere
    return {"files": manifest["files"], "completeness": complete, "settings_digest": manifest["settings_digest"]}


def _record(settings: Settings, day: date, manifest: dict[str, Any]) -> None:
    path = lake.file_of(settings.lake, ReportsPublished, day)
    known = lake.read_file(path, ReportsPublished)
    row = {
        "revision": manifest["revision"],
        "as_of_time": datetime.fromisoformat(manifest["as_of"]),
        "is_complete": manifest["completeness"]["is_complete"],
        "session_count": manifest["files"]["recent_activities.csv"]["rows"],
        "manifest_digest": folder.digest(folder.encoded(manifest)),
    }
    others = known.filter(pl.col("revision") != row["revision"])
    rows = pl.concat([others, pl.DataFrame([row], schema=known.schema)]).sort("revision")
    if not rows.equals(known):
        lake.replace(settings.lake, ReportsPublished, day, rows)
