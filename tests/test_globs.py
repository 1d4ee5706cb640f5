from __future__ import annotations

from pathlib import Path

import pytest

from processors import _globs


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("landing/**/*.log*", "landing/access.log", True),
        ("landing/**/*.log*", "landing/a/b/access.log.1", True),
        ("landing/*/x", "landing/a/b/x", False),
        ("**/x", "x", True),
        ("a/**/b/**/c", "a/b/b/c", True),
        ("a/**/b/**/c", "a/c", False),
        ("landing/./*.log", "landing/x.log", True),
        ("*", "a/b", False),
    ],
)
def test_a_pattern_matches_what_pathlib_finds(tmp_path: Path, pattern: str, path: str, expected: bool) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    assert (tmp_path / path in tmp_path.glob(pattern)) is expected
    assert _globs.matches(pattern, path) is expected


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("landing/**/*", "landing/okta/**/*.json*", True),
        ("landing/**/*.log*", "landing/okta/**/*.json*", False),  # they meet in x.log.json, and mean other files
        ("landing/okta/*.json", "landing/okta/**/*.json", False),
        ("landing/okta/**/*.json", "landing/okta/*.json", True),
        ("a/*", "a/*", True),
        ("a/x*", "a/*", False),
    ],
)
def test_a_pattern_covers_another_where_it_takes_all_its_files(pattern: str, other: str, expected: bool) -> None:
    assert _globs.covers(pattern, other) is expected
