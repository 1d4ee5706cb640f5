"""What was found of each policy on a day: how many sessions it applies to, and how many went on after its limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from processors._packs import PACKS


def measured(
    policies: Iterable[dict[str, Any]], governed: dict[str, int], overruns: pl.DataFrame
) -> list[dict[str, Any]]:
    """Each policy as `policies.described`, with the sessions it applies to and what of them came after its limits."""
    return [
        {
            **policy,
            "standard": PACKS[policy["pack"]].source if policy["pack"] in PACKS else None,
            "session_count": governed.get(policy["policy_name"], 0),
            "overrun_session_count": found["session_id"].n_unique(),
            "overrun_count": found.height,
        }
        for policy in policies
        for found in [overruns.filter(policy_name=policy["policy_name"])]
    ]


def remarks(measured: Iterable[dict[str, Any]]) -> list[str]:
    """A sentence for each policy that was not enforced, and for each of whose applications no session is."""
    measured = list(measured)
    nobody = [
        f"No session of the day is under {policy['policy_name']}; its applications are "
        + ", ".join(policy["applications"])
        for policy in measured
        if policy["applications"] and not policy["session_count"]
    ]
    return nobody + [
        f"{policy['overrun_session_count']:,} of {policy['session_count']:,} "
        f"session{'' if policy['session_count'] == 1 else 's'} under {policy['policy_name']} "
        "went on after its limits without a new login: auto-logout is not enforced"
        for policy in measured
        if policy["overrun_count"]
    ]
