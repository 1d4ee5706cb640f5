"""The law of late data: a week delivered anyhow, with runs in between, ends as the same week delivered in order."""

from __future__ import annotations

import json
import os
import random
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from processors import lake, run, settings
from schemas import Events, LimitOverruns, Quarantine, Sessions
from tests import week, workspaces

DAY = date(2025, 8, 27)
HISTORY = ("revision", "changes", "previous_manifest_sha256", "as_of")
PASSING = ("files", "file_lines", "file_quarantined", "file_skipped")
OF_FILES = (*PASSING, "duplicates")
OF_LINES = ("file_id", "line_number")


def started(folder: Path) -> settings.Settings:
    workspace = workspaces.write(folder, text=week.TEXT)
    lake.made_once(workspace.lake / lake.PRIVATE / "reference.key", b"k" * 32)  # equal references, equal digests
    (folder / "roster.csv").write_text(week.ROSTER)
    return workspace


def land(workspace: settings.Settings, batch: list[week.Landing]) -> None:
    for file in batch:
        workspaces.land(workspace, file.name, file.data)


def delivered_in_order(folder: Path, logs: dict[str, list[week.Record]]) -> settings.Settings:
    """All of it at once, and one run."""
    workspace = started(folder)
    land(workspace, week.in_order(logs))
    run.run(workspace, as_of=week.END)
    return workspace


def anyhow(folder: Path, files: list[week.Landing], chance: random.Random) -> settings.Settings:
    """The files delivered in any order, with something done at rising instants between the deliveries."""
    workspace = started(folder)
    batches = list(week.deliveries(files, chance))
    whole = (week.END - week.START) // timedelta(seconds=1)
    for batch, second in zip(batches, sorted(chance.sample(range(whole), len(batches))), strict=True):
        land(workspace, batch)
        as_of = week.START + timedelta(seconds=second)
        match chance.choice(["nothing", "nothing", "read", "read", "sessions", "run"]):
            case "read":
                run.read(workspace, as_of=as_of, sources=[chance.choice(workspace.sources).name])
            case "sessions":
                run.sessions(
                    workspace, chance.sample(run.ingest(workspace, as_of=as_of).dates or (DAY,), 1), as_of=as_of
                )
            case "run":
                run.run(workspace, as_of=as_of)
    run.run(workspace, as_of=week.END)
    return workspace


def tables(workspace: settings.Settings) -> dict[str, bytes]:
    """Every file of the lake but for the ledger, and quarantine, whose partition is the date of the run."""
    return workspaces.files(workspace.lake, without=("_recent_activities/", "quarantine/"))


def derived(workspace: settings.Settings) -> dict[str, bytes]:
    """What must not depend on which file a line came in."""
    return {name: data for name, data in tables(workspace).items() if not name.startswith("events/")}


def events(workspace: settings.Settings) -> pl.DataFrame:
    """The events without the keys of their lines."""
    found = lake.scan(workspace.lake, Events).drop(OF_LINES).collect()
    return found.sort(found.columns, nulls_last=True)


def quarantined(workspace: settings.Settings) -> pl.DataFrame:
    return lake.scan(workspace.lake, Quarantine).select("raw_bytes", "quarantine_reason").collect().sort("raw_bytes")


def reports(workspace: settings.Settings, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The files of every report that stands; of its manifest all that is neither history nor named.

    How many lines were in quarantine when it was published is history too: lines ahead of an `as_of` are judged again.
    """
    found: dict[str, Any] = {}
    for link in sorted(workspace.reports.glob("2025-*")):
        found |= {f"{link.name}/{path.name}": path.read_bytes() for path in link.iterdir()}
        manifest = {k: v for k, v in json.loads(found[f"{link.name}/manifest.json"]).items() if k not in HISTORY}
        complete = manifest["completeness"]
        complete["sources"] = [{k: v for k, v in one.items() if k not in without} for one in complete["sources"]]
        complete["notes"] = [note for note in complete["notes"] if "went to quarantine" not in note]
        found[f"{link.name}/manifest.json"] = manifest
    return found


@pytest.fixture(autouse=True)
def _disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the disk, a fifth of the time: nothing is killed here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def logs() -> dict[str, list[week.Record]]:
    return week.week(1)


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory, logs: dict[str, list[week.Record]]) -> settings.Settings:
    return delivered_in_order(tmp_path_factory.mktemp("in-order"), logs)


def test_the_week_is_worth_the_law(in_order: settings.Settings) -> None:
    sessions = lake.scan(in_order.lake, Sessions).collect()
    assert set(sessions["end_reason"]) >= {"logout", "idle_timeout", "absolute_timeout"}
    assert set(sessions["source"]) == {"panel", "okta", "keycloak"}
    assert sessions["login_observed"].any() and not sessions["login_observed"].all()
    overruns = lake.scan(in_order.lake, LimitOverruns).collect()
    assert set(overruns["policy_name"]) == {"payments", "everybody"} and overruns["limit_kind"].n_unique() == 2
    assert set(overruns["evidence"]) >= {"device", "address"} and not overruns["continued_session_id"].is_null().all()
    assert len(lake.partitions(in_order.lake, Sessions)) >= week.DAYS and sessions.height > 40
    assert len(list(in_order.reports.glob("2025-*"))) >= week.DAYS


def is_as_in_order(folder: Path, in_order: settings.Settings, logs: dict[str, list[week.Record]], seed: int) -> None:
    chance = random.Random(seed)
    workspace = anyhow(folder, week.split(logs, chance), chance)
    assert derived(workspace) == derived(in_order)
    assert events(workspace).equals(events(in_order))
    assert quarantined(workspace).equals(quarantined(in_order))
    assert reports(workspace, without=OF_FILES) == reports(in_order, without=OF_FILES)


@pytest.mark.parametrize("seed", range(50))
def test_a_week_delivered_anyhow_is_the_week_delivered_in_order(
    tmp_path: Path, in_order: settings.Settings, logs: dict[str, list[week.Record]], seed: int
) -> None:
    is_as_in_order(tmp_path, in_order, logs, seed)


@pytest.mark.parametrize("seed", range(100, 104))
def test_the_same_files_give_the_same_bytes_of_every_table_in_whatever_order_they_came(
    tmp_path: Path, logs: dict[str, list[week.Record]], seed: int
) -> None:
    chance = random.Random(seed)
    first = anyhow(tmp_path / "first", week.split(logs, chance), chance)
    second = started(tmp_path / "second")
    shutil.copytree(first.root / "landing", second.root / "landing")
    run.run(second, as_of=week.END)
    assert tables(first) == tables(second)
    assert reports(first, without=PASSING) == reports(second, without=PASSING)


@pytest.mark.long
@pytest.mark.parametrize("number", range(2, 12))
def test_other_weeks_delivered_anyhow(tmp_path: Path, number: int) -> None:
    logs = week.week(number)
    whole = delivered_in_order(tmp_path / "in-order", logs)
    for seed in range(50):
        is_as_in_order(tmp_path / str(seed), whole, logs, seed)
        shutil.rmtree(tmp_path / str(seed))
