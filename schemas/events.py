"""The table `events`."""

from __future__ import annotations

from schemas import columns as c
from schemas._table import Table


class Events(Table):
    """What the logs said, one row a line or record. Never updated."""

    name = "events"
    grain = "one line or record of a landing file"
    partition_column = "event_date"
    retention_class = "events"

    event_time = c.event_time()
    source = c.source()
    event_class = c.event_class()
    event_action = c.event_action(nullable=True)
    outcome = c.outcome()
    user_name = c.user_name(nullable=True)
    attribution_method = c.attribution_method(nullable=True)
    session_reference = c.session_reference(nullable=True)
    application = c.application(nullable=True)
    ip_address = c.ip_address(nullable=True)
    peer_address = c.peer_address(nullable=True)
    address_trust = c.address_trust()
    user_agent = c.user_agent(nullable=True)
    device = c.device()
    http_method = c.http_method(nullable=True)
    http_path = c.http_path(nullable=True)
    http_query = c.http_query(nullable=True)
    http_status = c.http_status(nullable=True)
    response_bytes = c.response_bytes(nullable=True)
    referrer = c.referrer(nullable=True)
    source_event_id = c.source_event_id(nullable=True)
    file_id = c.file_id(primary_key=True)
    line_number = c.line_number(primary_key=True)
