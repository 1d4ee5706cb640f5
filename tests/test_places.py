"""A workspace may lie below any path: no name above it is a pattern, or a partition."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from processors import check, query, run, settings
from tests import workspaces
from tests.test_laws import tables
from tests.test_rereading import settle
from tests.workspaces import AS_OF, TEXT

ROSTER = TEXT.replace("[[sources]]", 'roster = "people.csv"\n\n[[sources]]', 1)


def two_days_work(folder: Path) -> settings.Settings:
    workspace = settle(folder, ROSTER)
    (folder / "people.csv").write_text("user_name,display_name\nmei,Zhang Mei\n")
    lines = workspaces.history(7, 60)
    for some in (lines[:40], lines):
        workspaces.land(workspace, "access.log", b"".join(some))
        run.run(workspace, as_of=AS_OF)
    run.run(workspace, as_of=AS_OF + timedelta(days=1))
    return workspace


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    return two_days_work(tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize(
    "name",
    ["env=prod", "login_date=2020-01-01", "source=web", "event_date=x/[ab]", "a*b?", "{x}", "a b%20c#d", "Straße"],
)
def test_a_workspace_gives_the_same_bytes_wherever_it_lies(tmp_path: Path, plain: settings.Settings, name: str) -> None:
    workspace = two_days_work(tmp_path / name)
    assert tables(workspace) == tables(plain)
    found = query.sessions(workspace, user="zhang").collect()
    assert found.height and found.equals(query.sessions(plain, user="zhang").collect())
    assert not [
        one for one in check.check(workspace.path, as_of=lambda _: AS_OF) if one.kind in ("problem", "settings")
    ]
