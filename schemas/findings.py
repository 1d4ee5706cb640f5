"""The table `findings`."""

from __future__ import annotations

from schemas import columns as c
from schemas._table import Table


class Findings(Table):
    """What the rules found worth a look. A finding is not an intrusion."""

    name = "findings"
    grain = "one finding of one rule"
    partition_column = "login_date"
    retention_class = "sessions"

    finding_id = c.finding_id(primary_key=True)
    rule_id = c.rule_id()
    severity = c.severity()
    user_name = c.user_name(nullable=True)
    session_id = c.session_id(nullable=True)
    summary = c.summary()
    login_date = c.login_date()
