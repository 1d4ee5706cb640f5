"""What the data is: one file a table; types, keys, grain, units, retention class. No input, no output, no logic."""

from __future__ import annotations

from schemas._table import Table
from schemas.events import Events
from schemas.findings import Findings
from schemas.inactivity_windows import InactivityWindows
from schemas.ledger import Ledger
from schemas.limit_overruns import LimitOverruns
from schemas.quarantine import Quarantine
from schemas.reports_published import ReportsPublished
from schemas.sessions import Sessions
from schemas.unread_files import UnreadFiles

TABLES: tuple[type[Table], ...] = (
    Events,
    Quarantine,
    Sessions,
    InactivityWindows,
    LimitOverruns,
    Findings,
    Ledger,
    UnreadFiles,
    ReportsPublished,
)

__all__ = [
    "TABLES",
    "Events",
    "Findings",
    "InactivityWindows",
    "Ledger",
    "LimitOverruns",
    "Quarantine",
    "ReportsPublished",
    "Sessions",
    "Table",
    "UnreadFiles",
]
