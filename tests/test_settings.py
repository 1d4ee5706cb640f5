from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from processors import settings
from processors.errors import SettingsError

GOOD = """
[workspace]
name = "Example Brand"
time_zone = "Asia/Kolkata"

[sessions]
idle_timeout = "1h30m"

[[sources]]
name = "panel"
format = "combined"
files = "landing/panel/**/access.log*"
trusted_proxies = ["10.0.0.0/8"]

[networks]
"203.0.113.0/24" = { label = "Head office", kind = "office" }

[rules.impossible_travel]
speed_km_per_hour = 900
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "workspace.toml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        settings.load(write(folder, text))
    assert str(folder / "workspace.toml") in str(caught.value)
    return {problem.where: str(problem) for problem in caught.value.problems}


def test_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path, GOOD))
    assert loaded.lake == tmp_path / "lake"
    assert loaded.reports == tmp_path / "reports"


def test_durations_add_up_and_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path, GOOD))
    assert loaded.sessions.idle_timeout == timedelta(minutes=90)
    assert loaded.sessions.lateness == timedelta(days=3)


def test_a_folder_stands_for_the_workspace_in_it(tmp_path: Path) -> None:
    assert settings.load(write(tmp_path, GOOD).parent).path == tmp_path / "workspace.toml"


def test_the_environment_names_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECENT_ACTIVITIES_WORKSPACE", str(write(tmp_path, GOOD)))
    assert settings.load().workspace.name == "Example Brand"


def test_all_problems_come_at_once_with_the_nearest_valid_key(tmp_path: Path) -> None:
    text = GOOD.replace("idle_timeout", "idle_timout").replace("Kolkata", "Kolkatta").replace('"combined"', '"combned"')
    found = problems(tmp_path, text)
    assert "nearest is 'idle_timeout'" in found["sessions.idle_timout"]
    assert "nearest is 'Asia/Kolkata'" in found["workspace.time_zone"]
    assert "nearest is 'combined'" in found["sources[panel].format"]


@pytest.mark.parametrize(
    ("was", "now", "where"),
    [
        ('"1h30m"', '"90"', "sessions.idle_timeout"),
        ('"1h30m"', '"0m"', "sessions.idle_timeout"),
        ('"1h30m"', '"25h"', "sessions"),
        ('"Asia/Kolkata"', '"+05:30"', "workspace.time_zone"),
        ('"10.0.0.0/8"', '"10.0.0.1/8"', "sources[panel].trusted_proxies[0]"),
        ('"office"', '"ofice"', "networks.203.0.113.0/24.kind"),
        ('"landing/panel/**/access.log*"', '"/var/log/*"', "sources[panel].files"),
        ('name = "panel"', 'name = "../panel"', "sources[../panel].name"),
        ('name = "Example Brand"', 'lake = "s3://bucket/prefix"', "workspace.lake"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_place(tmp_path: Path, was: str, now: str, where: str) -> None:
    assert where in problems(tmp_path, GOOD.replace(was, now))


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = GOOD + '\n[[sources]]\nname = "panel"\nformat = "combined"\nfiles = "x"\n'
    assert "panel" in " ".join(problems(tmp_path, twice).values())


@pytest.mark.parametrize("text", ["[workspace\n", "", "\ufeffx = = 1"])
def test_what_is_no_settings_file_is_said_with_its_name(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="recent-activities init"):
        settings.load(tmp_path / "nowhere.toml")


def test_the_digest_is_of_the_meaning_not_of_the_layout(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path, GOOD))
    (tmp_path / "other").mkdir()
    spaced = settings.load(write(tmp_path / "other", "# a comment\n" + GOOD.replace(" = ", "  =  ")))
    longer = settings.load(write(tmp_path / "other", GOOD.replace("1h30m", "1h31m")))
    assert spaced.digest() == loaded.digest() != longer.digest()
