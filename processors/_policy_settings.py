"""Policies that are well one by one and say nothing, or what nothing can be measured by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from processors._durations import shown
from processors._packs import PACKS
from processors.errors import Problem

if TYPE_CHECKING:
    from processors.settings import Settings


def contradictions(settings: Settings) -> Iterator[Problem]:
    """What makes policies unusable: no limit, one that is looser than its pack's, teams without a roster."""
    for name, policy in settings.policies.items():
        where = f"policies.{name}"
        if not any(policy.limits.values()):
            expected = "a pack, an idle_limit or an absolute_limit"
            yield Problem(where, "no limit", expected, f'Add one, such as pack = "{next(iter(PACKS))}"')
        if policy.teams and settings.workspace.roster is None:
            remedy = "Set workspace.roster to a CSV file with the columns user_name, display_name and team"
            yield Problem(f"{where}.teams", ", ".join(policy.teams), "a roster that tells who is in a team", remedy)
        if policy.pack:
            own = {"idle_limit": policy.idle_limit, "absolute_limit": policy.absolute_limit}
            for key, most in PACKS[policy.pack]._asdict().items():
                if key in own and most and (limit := own[key]) and limit > most:
                    expected = f"no more than the {shown(most)} of {policy.pack}"
                    remedy = "Shorten it, or remove `pack`: it would not be what it says"
                    yield Problem(f"{where}.{key}", shown(limit), expected, remedy)


def doubts(settings: Settings) -> Iterator[Problem]:
    """What no session can ever be longer than: sessions end at the absolute timeout, whatever a policy says."""
    most = settings.sessions.absolute_timeout
    for name, policy in settings.policies.items():
        for key, limit in policy.limits.items():
            if limit and limit >= most:
                expected = f"less than sessions.absolute_timeout ({shown(most)}): what is longer is not looked at"
                remedy = "Shorten it, or lengthen absolute_timeout"
                yield Problem(f"policies.{name}.{key}", shown(limit), expected, remedy)
