"""What proxies and load balancers log of the client, and of themselves."""

from __future__ import annotations

import pytest

from processors import parse
from tests.parsing import one

ENVOY = parse.reader("envoy").sample
ALB = parse.reader("aws_alb").sample


@pytest.mark.parametrize(
    ("forwarded", "trusted", "address"),
    [
        ("203.0.113.99, 192.0.2.10", (), "192.0.2.10"),
        ("203.0.113.99, 192.0.2.10", ("10.0.0.0/8",), "192.0.2.10"),
        ("203.0.113.99, 192.0.2.10, 10.0.0.7", (), "10.0.0.7"),
        ("203.0.113.99, 192.0.2.10,10.0.0.7", ("10.0.0.0/8",), "192.0.2.10"),
        ("192.0.2.10:52817", (), "192.0.2.10"),
        ("203.0.113.99, ", (), None),
        ("-", (), None),
    ],
)
def test_envoy_s_client_is_the_last_forwarded_address_that_is_no_trusted_proxy(
    forwarded: str, trusted: tuple[str, ...], address: str | None
) -> None:
    row = one(ENVOY.replace("192.0.2.10", forwarded), "envoy", trusted_proxies=trusted)
    assert (row["ip_address"], row["peer_address"], row["address_trust"]) == (address, None, "forwarded")


@pytest.mark.parametrize("text", ['x" "y', 'x\\" "y', '"', 'x" "id" "admin.example.com" "-'])
def test_a_quote_in_envoy_s_headers_makes_another_shape(text: str) -> None:
    line = ENVOY.replace("Mozilla/5.0", text)
    assert line != ENVOY
    assert one(line, "envoy")["quarantine_reason"] == "malformed_line"


def test_a_backslash_in_envoy_s_headers_escapes_nothing() -> None:
    assert one(ENVOY.replace("panel.example.com", "\\x41\\"), "envoy")["application"] == "\\x41\\"


def test_a_balancer_s_event_is_when_the_request_came_not_when_the_answer_left() -> None:
    row = one(ALB.replace("04:37:12.390000Z", "09:00:00.000000Z"), "aws_alb")
    assert str(row["event_time"]) == "2025-08-29 04:37:12.345000+00:00"


@pytest.mark.parametrize(("count", "reason"), [(0, None), (3, None), (10, None), (11, "malformed_line")])
def test_a_balancer_may_add_ten_fields_of_tomorrow_and_no_more(count: int, reason: str | None) -> None:
    assert one(ALB + ' "tomorrow"' * count, "aws_alb")["quarantine_reason"] == reason
