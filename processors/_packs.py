"""Idle and absolute limits as standards word them: source and version beside each number.

A limit is kept by what is equal to it. NIST's wording for inactivity takes in the exact length as well ("30 minutes or
longer"): a difference of one microsecond, decided as PCI DSS does ("more than 15 minutes").
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple


class Pack(NamedTuple):
    """What one standard asks for. `absolute_limit`: None where it names none."""

    idle_limit: timedelta
    absolute_limit: timedelta | None
    source: str


PACKS = {
    # "idle for more than 15 minutes": the user re-authenticates; it names no absolute limit
    "pci_dss": Pack(timedelta(minutes=15), None, "PCI DSS v4.0.1, requirement 8.2.8"),
    # rev. 3, 4.2.3: "at least once per 12 hours", "inactivity lasting 30 minutes or longer"; SHALL, both of them.
    # Rev. 4 (2025), 2.2.3, is looser and only recommends: 24 hours and 1 hour, both SHOULD
    "nist_aal2": Pack(
        timedelta(minutes=30),
        timedelta(hours=12),
        "NIST SP 800-63B rev. 3, 4.2.3 (rev. 4, 2.2.3, recommends no more than 1 hour and 24 hours)",
    ),
    # rev. 3, 4.3.3: "at least once per 12 hours", "inactivity lasting 15 minutes or longer"; SHALL, both of them.
    # Rev. 4 (2025), 2.3.3: 12 hours SHALL, 15 minutes SHOULD
    "nist_aal3": Pack(
        timedelta(minutes=15),
        timedelta(hours=12),
        "NIST SP 800-63B rev. 3, 4.3.3 (rev. 4, 2.3.3, has the same lengths, and only recommends that of inactivity)",
    ),
}
