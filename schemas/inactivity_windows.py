"""The table `inactivity_windows`."""

from __future__ import annotations

from schemas import columns as c
from schemas._table import Table


class InactivityWindows(Table):
    """Half-open stretches without an action, longer than the configured threshold."""

    name = "inactivity_windows"
    grain = "one stretch between two consecutive actions of one session"
    partition_column = "login_date"
    retention_class = "sessions"

    session_id = c.session_id(primary_key=True)
    window_start_time = c.window_start_time(primary_key=True)
    window_end_time = c.window_end_time()
    window_s = c.window_s()
    is_open = c.is_open()
    user_name = c.user_name()
    login_date = c.login_date()
