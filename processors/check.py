"""What stands in the way of a run: settings, formats, files, permissions, space; all at once, each with its remedy."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from processors import landing, parse, trial
from processors import settings as configuration
from processors.errors import RecentActivitiesError, SettingsError
from processors.settings import Settings, Source

FILES_TRIED = 3
LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing. `problem` keeps a run from being right, `warning` may, `note` does not, `ok` is well."""

    kind: Literal["ok", "note", "warning", "problem", "settings"]
    where: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f". {self.remedy}" if self.remedy else "")


def check(path: Path | None) -> list[Finding]:
    """Everything found in a workspace, the settings first: with wrong ones there is nothing more to look at."""
    try:
        settings = configuration.load(path)
    except SettingsError as error:
        return [
            Finding("settings", f"{error.path}: {p.where}", f"got {p.got}, expected {p.expected}", p.remedy)
            for p in error.problems
        ]
    found = [Finding("ok", str(settings.path), f"{len(settings.sources)} sources, times in {settings.time_zone}")]
    for source in settings.sources:
        found += _source(settings, source)
    size = sum(file.path.stat().st_size for source in settings.sources for file in landing.files(settings, source)[0])
    for name, folder in (("lake", settings.lake), ("reports", settings.reports)):
        found += _folder(name, folder, size)
    found += _roster(settings)
    found.append(Finding("note", "location database", "none is configured, so sessions have no approximate place"))
    return found


def _source(settings: Settings, source: Source) -> list[Finding]:
    files, problems = landing.files(settings, source)
    found = [Finding("problem", source.name, str(problem)) for problem in problems]
    if not files:
        if not problems:
            remedy = f"Put its logs below {settings.root}, or correct `files`"
            found.append(Finding("problem", source.name, f"no file matches {source.files!r}", remedy))
        return found
    reader = parse.reader(source.format)
    newest = sorted(files, key=lambda file: file.path.stat().st_mtime_ns)[-FILES_TRIED:]
    options = _options(source)
    heads = 0
    for file in newest:
        try:
            outcome = trial.fit(trial.head(file.path, reader), reader, options)
        except RecentActivitiesError as problem:
            found.append(Finding("problem", source.name, str(problem)))
            continue
        heads += outcome.lines
        found += _outcome(settings, source, file, outcome)
        if source.format == "keycloak" and outcome.events:
            found += _keycloak(source, file, trial.head(file.path, reader))
    if all(finding.kind in ("note", "ok") for finding in found):
        tried = "it" if len(files) == 1 else f"the {len(newest)} newest"
        files_match = "1 file matches" if len(files) == 1 else f"{len(files)} files match"
        message = f"{files_match}; the first {heads} lines of {tried} read as {source.format}"
        found.insert(0, Finding("ok", source.name, message))
    return found


def _options(source: Source) -> parse.Options:
    return parse.Options(
        reference_key=b"",
        time_zone=source.time_zone,
        login_requests=source.login_requests,
        logout_requests=source.logout_requests,
        background_paths=source.background_paths,
        application=source.application,
        user=source.user,
        session_reference=source.session_reference,
        trusted_proxies=source.trusted_proxies,
    )


def _outcome(settings: Settings, source: Source, file: landing.File, outcome: trial.Outcome) -> list[Finding]:
    if not outcome.lines:
        return [Finding("note", f"{source.name}: {file.name}", "is empty so far")]
    if outcome.quarantined_share <= settings.ingest.quarantined_share:
        return []
    reasons = ", ".join(f"{count} {reason}" for reason, count in outcome.reasons.most_common())
    message = (
        f"{outcome.quarantined} of its first {outcome.lines} lines are no events under {source.format} ({reasons})"
    )
    if outcome.reasons["time_zone_unknown"] * 2 > outcome.quarantined:
        remedy = f"Its times carry no offset: set time_zone of the source {source.name}"
    elif better := trial.better_format(file.path, source.format):
        remedy = f"They are {better}: set format = {better!r}"
    else:
        remedy = f"Correct `files` or `format` of the source {source.name}"
    return [Finding("problem", f"{source.name}: {file.name}", message, remedy)]


def _keycloak(source: Source, file: landing.File, head: bytes) -> list[Finding]:
    types = [line for line in head.split(b"\n") if b"type=" in line]
    if not types or any(b"_ERROR" not in line for line in types):
        return []
    remedy = (
        "Keycloak logs successes at DEBUG: start it with "
        "--spi-events-listener-jboss-logging-success-level=info, or nobody ever signs in here"
    )
    message = "its first lines hold failures only, no sign-in that succeeded"
    return [Finding("note", f"{source.name}: {file.name}", message, remedy)]


def _folder(name: str, folder: Path, landing_bytes: int) -> list[Finding]:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir():
        remedy = f"Move that file away, or name another folder as workspace.{name}"
        return [Finding("settings", name, f"{existing} is a file, not a folder", remedy)]
    if not os.access(existing, os.W_OK | os.X_OK) or _is_pseudo(existing):
        remedy = f"Give the user who runs this write permission, or name another folder as workspace.{name}"
        return [Finding("settings", name, f"{existing} cannot be written", remedy)]
    free = shutil.disk_usage(existing).free
    wanted = max(LEAST_FREE_BYTES, 2 * landing_bytes)
    if free < wanted:
        message = f"{free / 1e9:.1f} GB are free at {existing}, {wanted / 1e9:.1f} GB may be needed"
        return [Finding("warning", name, message, "Free some space, or move the folder to another disk")]
    return [Finding("ok", name, f"{folder} can be written, {free / 1e9:,.0f} GB are free")]


def _is_pseudo(folder: Path) -> bool:
    """Whether the file system keeps no files: /proc tells even root that it may write."""
    return shutil.disk_usage(folder).total == 0


def _roster(settings: Settings) -> list[Finding]:
    name = settings.workspace.roster
    if name is None or (settings.root / name).is_file():
        return []
    remedy = "Write it with the columns user_name and display_name, or remove `roster`"
    return [Finding("warning", "roster", f"{settings.root / name} is not there", remedy)]
