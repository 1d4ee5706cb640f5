from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from processors import lake, outdated, run, settings, status
from schemas import Sessions
from tests import workspaces

LIMITS = '[sessions]\nidle_timeout = "{idle}"\n'
NOON = datetime(2025, 8, 20, 12, tzinfo=UTC)


def workspace(folder: Path, *, idle: str = "2h", zone: str = "UTC") -> settings.Settings:
    return workspaces.write(folder, text=workspaces.TEXT + LIMITS.replace("{idle}", idle), zone=zone)


@pytest.fixture
def computed(tmp_path: Path) -> settings.Settings:
    """The 20th and the 29th, with a login shortly before the UTC midnight that ends each."""
    made = workspace(tmp_path)
    logins = [workspaces.line(datetime(2025, 8, day, 23, 30, tzinfo=UTC), "riya", "POST /login") for day in (20, 29)]
    workspaces.land(made, "access.log", b"".join(logins))
    run.run(made, as_of=workspaces.AS_OF, dates=[date(2025, 8, 20), date(2025, 8, 29)])
    return made


def logins(made: settings.Settings) -> list[tuple[date, datetime]]:
    return lake.scan(made.lake, Sessions).sort("login_date").select("login_date", "login_time").collect().rows()


def test_nothing_is_said_while_the_settings_are_the_same(computed: settings.Settings) -> None:
    assert outdated.warnings(computed) == ()


def test_days_computed_under_other_limits_are_named_with_what_rebuilds_them(computed: settings.Settings) -> None:
    changed = workspace(computed.root, idle="1h")
    (warning, _) = outdated.warnings(changed)
    assert warning == (
        "2025-08-20: computed under other settings ([sessions], [policies] or the time zone); rebuild with "
        "`recent-activities run --from 2025-08-20 --to 2025-08-20`"
    )
    assert status.status(changed).warnings == outdated.warnings(changed)
    read, _, _ = run.run(changed, as_of=workspaces.AS_OF)  # computes the 29th by itself
    assert read.warnings[-1] == warning and "2025-08-29: computed" not in str(read.warnings)
    read, _, _ = run.run(changed, as_of=workspaces.AS_OF, dates=[date(2025, 8, 20)])
    assert read.warnings == () == outdated.warnings(changed)


def test_after_a_change_of_zone_the_days_that_sessions_move_to_are_named_too(computed: settings.Settings) -> None:
    changed = workspace(computed.root, zone="Asia/Kolkata")
    first, second = outdated.warnings(changed)
    assert "run --from 2025-08-20 --to 2025-08-21`; until then a session near midnight" in first
    assert "run --from 2025-08-29 --to 2025-08-30`" in second
    run.run(changed, as_of=workspaces.AS_OF, dates=[date(2025, 8, day) for day in (20, 21, 29, 30)])
    assert outdated.warnings(changed) == ()
    assert [str(day) for day, _ in logins(changed)] == ["2025-08-21", "2025-08-30"]


def test_a_window_or_a_timeout_counts_and_lateness_does_not(computed: settings.Settings) -> None:
    for text, is_named in (('inactivity_window = "5m"', True), ('lateness = "9d"', False)):
        changed = workspaces.write(computed.root, text=workspaces.TEXT + "[sessions]\n" + text, zone="UTC")
        assert bool(outdated.warnings(changed)) == is_named
