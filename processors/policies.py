"""The policies of a workspace: as the kernel takes them, and as reports describe them."""

from __future__ import annotations

from typing import Any

from processors import _roster
from processors._setting_kinds import nearest
from processors.errors import LakeError
from processors.overruns import Policy
from processors.settings import Settings


def resolved(settings: Settings) -> tuple[Policy, ...]:
    """Each policy with its limits, and the users of its teams as the roster has them now.

    Errors: `LakeError` for a roster that cannot be read or has no column `team`, where a policy needs it.
    """
    teams = _teams(settings) if any(policy.teams for policy in settings.policies.values()) else {}
    return tuple(
        Policy(
            name,
            policy.limits["idle_limit"],
            policy.limits["absolute_limit"],
            policy.applications and tuple(application.casefold() for application in policy.applications),
            policy.teams and tuple(user for team in policy.teams for user in teams.get(team.casefold(), ())),
        )
        for name, policy in settings.policies.items()
    )


def described(settings: Settings) -> list[dict[str, Any]]:
    """Each policy in plain values: its name, pack, limits and whom it applies to."""
    return [
        {
            "policy_name": name,
            "pack": policy.pack,
            **{f"{limit}_s": length and int(length.total_seconds()) for limit, length in policy.limits.items()},
            "applications": policy.applications,
            "teams": policy.teams,
        }
        for name, policy in settings.policies.items()
    ]


def unknown_teams(settings: Settings) -> list[tuple[str, str, str]]:
    """Policy, team and a hint at the nearest one, of every team that nobody of the roster is in.

    Errors: as `resolved`.
    """
    wanted = [(name, team) for name, policy in settings.policies.items() for team in policy.teams or ()]
    teams = _teams(settings) if wanted else {}
    unknown = [(name, team) for name, team in wanted if team.casefold() not in teams]
    return [(name, team, nearest(team.casefold(), teams)) for name, team in unknown]


def _teams(settings: Settings) -> dict[str, list[str]]:
    path = settings.root / str(settings.workspace.roster)
    people = _roster.read(path)
    if "team" not in people.columns:
        raise LakeError(path, "has no column team", "Add it, or remove `teams` from [policies]")
    members: dict[str, list[str]] = {}
    for user, team in people.select("user_name", "team").drop_nulls().iter_rows():
        members.setdefault(team.strip().casefold(), []).append(user.strip().casefold())
    return members
