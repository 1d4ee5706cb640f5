from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import __main__ as pages
from docs.examples import README, carried_out

ROOT = README.parent
SECONDS = re.compile(r"in [\d.]+ s$", re.MULTILINE)


def test_every_example_of_the_readme_prints_what_it_says(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    assert SECONDS.sub("", carried_out(text, tmp_path)) == SECONDS.sub("", text)


def test_the_settings_shown_in_the_readme_are_good(tmp_path: Path) -> None:
    from processors import settings

    (block,) = re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "workspace.toml").write_text(block)
    assert [source.name for source in settings.load(tmp_path).sources] == ["panel", "okta"]


def test_a_table_lists_its_partition_column_as_readers_of_hive_partitions_see_it() -> None:
    page = pages.tables()
    kinds = {"event_date": "Date", "landed_date": "Date", "report_date": "Date", "source": "String"}
    for column, kind in kinds.items():
        assert f"| `{column}` | {kind} | of the path |" in page


@pytest.mark.parametrize("name", ["user", "session_reference", "background_paths"])
def test_a_setting_whose_default_is_not_nothing_says_what_it_is(name: str) -> None:
    of_sources = pages.setting_pages().split("## `[sources.fields]`")[0]
    (row,) = [line for line in of_sources.splitlines() if line.startswith(f"| `{name}` |")]
    assert "| none |" not in row and "default" not in row


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == pages.NOTE + pages.PAGES[name]()


def test_every_path_the_readme_names_is_there() -> None:
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:processors|schemas|tests|dags|docs)/[\w/.]*)`", text))
    named |= set(re.findall(r"\]\(([^)]+)\)", text))
    example = re.compile(r"/x(\.py|/)$")
    assert len(named) > 8 and not [path for path in named if not example.search(path) and not (ROOT / path).exists()]


def test_the_readme_counts_no_tests() -> None:
    assert not re.search(r"\d+ passed", README.read_text(encoding="utf-8"))  # true on the day it is written


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)\b", README.read_text(encoding="utf-8"))) <= targets
