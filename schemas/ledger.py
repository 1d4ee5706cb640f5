"""The table `ledger`."""

from __future__ import annotations

from schemas import columns as c
from schemas._dataframely import dy
from schemas._table import Table


class Ledger(Table):
    """What has been read of every landing file. Written only after its events are safely on disk."""

    name = "ledger"
    grain = "one landing file, whatever it is called today"
    partition_column = "source"
    retention_class = "events"
    is_private = True

    file_id = c.file_id(primary_key=True)
    stream = c.stream()
    path = c.path()
    file_state = c.file_state()
    copies = dy.List(
        dy.Struct({"path": dy.String(), "file_state": dy.String()}),
        description="files that hold only what was read of this one, each in the state in which that was found",
    )
    is_document = dy.Bool(description="whether the file is JSON that spans lines, so that records are counted")
    settings_digest = dy.String(description="digest of the source's settings by which it was read")
    is_truncated = dy.Bool(description="whether the compressed file broke off")
    is_open_ended = dy.Bool(description="whether its last line was read without a line end")
    read_bytes = dy.Int64(description="decompressed bytes read", min=0)
    header = c.header(nullable=True)
    line_count = dy.Int64(description="lines (records) read: events + quarantined + skipped", min=0)
    event_count = dy.Int64(description="lines that became events", min=0)
    quarantined_count = dy.Int64(description="lines in quarantine", min=0)
    blank_count = dy.Int64(description="lines skipped because they hold nothing", min=0)
    directive_count = dy.Int64(description="lines skipped because they are the format's own directives", min=0)
    reasons = dy.List(
        dy.Struct({"quarantine_reason": dy.String(), "line_count": dy.Int64()}),
        description="quarantined lines by reason",
    )
    unlisted_actions = dy.List(
        dy.Struct({"event_action": dy.String(), "event_count": dy.Int64()}),
        description="events whose name is not in the provider's table, by name; without one those of further names",
    )
    quarter_hours = dy.List(
        dy.Struct(
            {
                "start_time": dy.Datetime(time_zone="UTC", time_unit="us"),
                "event_count": dy.Int64(),
                "late_count": dy.Int64(),
                "last_event_time": dy.Datetime(time_zone="UTC", time_unit="us"),
            }
        ),
        description="events by quarter of an hour, those that came too late to revise a report, the last one's time",
    )
    checkpoint_bytes = dy.List(dy.Int64(), description="offsets at which the content read so far was digested")
    checkpoint_digests = dy.List(dy.Int64(), description="digest of the content up to each offset")
    read_as_of_time = c.as_of_time()
