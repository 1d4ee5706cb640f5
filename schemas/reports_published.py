"""The table `reports_published`."""

from __future__ import annotations

from schemas import columns as c
from schemas._dataframely import dy
from schemas._table import Table


class ReportsPublished(Table):
    """Every revision of every daily report."""

    name = "reports_published"
    grain = "one revision of the report of one day"
    partition_column = "report_date"
    retention_class = "reports"
    is_private = True

    revision = dy.Int64(primary_key=True, min=1, description="1 for the first report of the day, then counted up")
    as_of_time = c.as_of_time()
    is_complete = dy.Bool(
        description="whether every source was there to the end of the day, and no file of it was left unread"
    )
    session_count = dy.Int64(min=0, description="sessions in the report")
    manifest_digest = dy.String(description="SHA-256 of its manifest")
