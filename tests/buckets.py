"""Workspaces whose lake is in a bucket, and a clock for leases."""

from __future__ import annotations

from pathlib import Path

import obstore

from processors import settings
from processors.bucket import S3Path
from tests import workspaces

LAKE = "s3://logs/recent/activities"


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def write(folder: Path) -> settings.Settings:
    """A workspace in `folder` whose lake is in the bucket; one whose lake is in a folder may stand beside it."""
    text = workspaces.TEXT.replace("[workspace]", f'[workspace]\nlake = "{LAKE}"\nreports = "reports-of-bucket"', 1)
    (folder / "bucket.toml").write_text(text.replace("{zone}", "Asia/Kolkata"))
    return settings.load(folder / "bucket.toml")


def objects(place: S3Path) -> dict[str, bytes]:
    """Every object below a place with its bytes, but for locks."""
    pages = obstore.list(place.bucket.store, place.key)
    names = sorted(one["path"].removeprefix(f"{place.key}/") for page in pages for one in page)
    return {name: (place / name).read_bytes() for name in names if not name.endswith("/.lock")}
