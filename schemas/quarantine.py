"""The table `quarantine`."""

from __future__ import annotations

from schemas import columns as c
from schemas._table import Table


class Quarantine(Table):
    """Lines that are no events, as they were read, each with its reason."""

    name = "quarantine"
    grain = "one line or record of a landing file"
    partition_column = "landed_date"
    retention_class = "quarantine"

    file_id = c.file_id(primary_key=True)
    line_number = c.line_number(primary_key=True)
    source = c.source()
    path = c.path()
    quarantine_reason = c.quarantine_reason()
    event_time = c.event_time(nullable=True)
    line_bytes = c.line_bytes()
    raw_bytes = c.raw_bytes()
    header = c.header(nullable=True)
