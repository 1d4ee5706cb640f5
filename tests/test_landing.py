from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

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


def test_a_folder_that_a_pattern_with_a_star_means_is_named_where_there_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "logs" / "access.log").mkdir(parents=True)
    for pattern, count in (("logs/access.log*", 1), ("logs/*", 0), ("logs/**/*", 0)):
        loaded = workspace(tmp_path, pattern)
        found, problems = landing.files(loaded, loaded.sources[0])
        assert not found and len(problems) == count
    lay(tmp_path, "logs/access.log.1")
    assert names(workspace(tmp_path, "logs/access.log*")) == ["logs/access.log.1"]


def names(loaded: settings.Settings) -> list[str]:
    found, problems = landing.files(loaded, loaded.sources[0])
    assert not problems
    return [file.name for file in found]


def lay(folder: Path, *files: str) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize("pattern", ["logs/**/*.log", "logs/*/*.log"])
def test_a_link_to_a_folder_is_followed_and_what_it_shows_again_is_not(tmp_path: Path, pattern: str) -> None:
    lay(tmp_path, "ws/logs/h1/a.log", "elsewhere/b.log", "elsewhere/c.txt")
    logs = tmp_path / "ws" / "logs"
    for name, target in (("aaa", "h1"), ("h2", "../../elsewhere"), ("up", ".."), ("self", "self"), ("none", "gone")):
        (logs / name).symlink_to(target)
    (logs / "h1" / "back").symlink_to("..")
    (logs / "h1" / "current.log").symlink_to("a.log")
    assert names(workspace(tmp_path / "ws", pattern)) == ["logs/h1/a.log", "logs/h2/b.log"]


def test_a_link_to_a_file_that_no_other_name_shows_is_that_file(tmp_path: Path) -> None:
    lay(tmp_path, "ws/x", "pods/0.log")
    for name in ("a.log", "b.log"):
        (tmp_path / "ws" / name).symlink_to("../pods/0.log")
    assert names(workspace(tmp_path / "ws", "*.log")) == ["a.log"]


@pytest.mark.parametrize("unlisted", ["logs", "logs/h1"])
def test_a_folder_that_may_not_be_listed_is_a_problem_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unlisted: str
) -> None:
    lay(tmp_path, "logs/h1/a.log", "logs/h2/a.log", "logs/lost+found/x.log")
    real = os.scandir

    def scandir(path: Path) -> Any:
        if path in (tmp_path / unlisted, tmp_path / "logs" / "lost+found"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    loaded = workspace(tmp_path, "logs/**/a.log")
    found, (problem,) = landing.files(loaded, loaded.sources[0])
    assert [file.name for file in found] == (["logs/h2/a.log"] if unlisted == "logs/h1" else [])
    assert str(problem).startswith(f"{tmp_path / unlisted}: cannot be listed") and "r and x" in problem.remedy
