"""The table `limit_overruns`."""

from __future__ import annotations

from schemas import columns as c
from schemas._table import Table


class LimitOverruns(Table):
    """Actions that came after a limit of a policy without a new login: auto-logout was not enforced."""

    name = "limit_overruns"
    grain = "one action after one limit of one policy"
    partition_column = "login_date"
    retention_class = "sessions"

    session_id = c.session_id(primary_key=True)
    policy_name = c.policy_name(primary_key=True)
    limit_kind = c.limit_kind(primary_key=True)
    next_action_time = c.next_action_time(primary_key=True)
    limit_s = c.limit_s()
    measured_s = c.measured_s()
    measured_from = c.measured_from()
    measured_from_time = c.measured_from_time()
    last_action_time = c.last_action_time()
    next_action_class = c.next_action_class()
    evidence = c.evidence()
    continued_session_id = c.continued_session_id(nullable=True)
    user_name = c.user_name()
    application = c.application(nullable=True)
    source = c.source()
    login_date = c.login_date()
