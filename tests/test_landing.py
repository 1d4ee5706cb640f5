from __future__ import annotations

from pathlib import Path

import pytest

from processors import landing, settings


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("panel/access.log", "panel/access.log"),
        ("panel/access.log.1", "panel/access.log"),
        ("panel/access.log.12.gz", "panel/access.log"),
        ("panel/access.log-20250829.gz", "panel/access.log"),
        ("panel/access.log-20250829-0400.zst", "panel/access.log"),
        ("keycloak.log.2025-08-29", "keycloak.log"),
        ("okta/export.json.gz", "okta/export.json"),
        ("okta/page-17.json", "okta/page-17.json"),
        ("host-1/access.log", "host-1/access.log"),
    ],
)
def test_a_stream_is_a_path_without_what_rotation_adds(name: str, stream: str) -> None:
    assert landing.stream_of(name)[0] == stream


def workspace(folder: Path, *patterns: str) -> settings.Settings:
    sources = [f'[[sources]]\nname = "s{n}"\nformat = "combined"\nfiles = "{p}"\n' for n, p in enumerate(patterns)]
    (folder / "workspace.toml").write_text('[workspace]\ntime_zone = "UTC"\n' + "".join(sources))
    return settings.load(folder)


def test_a_file_that_two_sources_claim_belongs_to_neither(tmp_path: Path) -> None:
    (tmp_path / "a.log").touch()
    (tmp_path / "b.log").touch()
    loaded = workspace(tmp_path, "*.log", "b.*")
    found, problems = landing.files(loaded, loaded.sources[0])
    assert [file.name for file in found] == ["a.log"]
    assert "b.log" in str(problems[0]) and "s0 and s1" in str(problems[0])


def test_a_folder_in_a_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "access.log").mkdir()
    loaded = workspace(tmp_path, "access.log")
    _, (problem,) = landing.files(loaded, loaded.sources[0])
    assert "access.log" in str(problem) and "folder" in str(problem)
