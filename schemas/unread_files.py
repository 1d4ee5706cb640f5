"""The table `unread_files`."""

from __future__ import annotations

from schemas import columns as c
from schemas._dataframely import dy
from schemas._table import Table


class UnreadFiles(Table):
    """Landing files that gave no event, or not all that they hold, when their source was read last."""

    name = "unread_files"
    grain = "one landing file, or folder of them, as it is called today"
    partition_column = "source"
    retention_class = "events"
    is_private = True

    path = c.path(primary_key=True)
    shortfall = dy.String(description="what of it is not read, and why: the rest of a sentence that begins with path")
    file_id = c.file_id(nullable=True)
    file_state = c.file_state(nullable=True)
