"""What proxies and load balancers log of the client, and of themselves."""

from __future__ import annotations

import pytest

from processors import parse
from tests.parsing import one

ENVOY = parse.reader("envoy").sample
HAPROXY = parse.reader("haproxy_http").sample
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


@pytest.mark.parametrize(
    ("time", "zone", "found"),
    [
        ("29/Aug/2025:10:07:12.345", "Asia/Kolkata", "2025-08-29 04:37:12.345000+00:00"),
        ("29/Aug/2025:10:07:12.345", None, "time_zone_unknown"),
        ("29/Aug/2025:10:07:12 +0530", None, "2025-08-29 04:37:12+00:00"),
        ("26/Oct/2025:02:30:00.000", "Europe/Berlin", "time_ambiguous"),
        ("30/Mar/2025:02:30:00.000", "Europe/Berlin", "time_ambiguous"),
        ("29/Aug/2025:24:07:12.345", "Asia/Kolkata", "malformed_time"),
        ("29/Aug/2025:10:07:12.345 +05:30", "Asia/Kolkata", "malformed_time"),
        ("29/Aug/2025:10:07:12.", "Asia/Kolkata", "malformed_time"),
    ],
)
def test_haproxy_s_times_are_of_the_source_s_zone_unless_they_carry_an_offset(
    time: str, zone: str | None, found: str
) -> None:
    row = one(HAPROXY.replace("29/Aug/2025:10:07:12.345", time), "haproxy_http", time_zone=zone)
    assert found == str(row["quarantine_reason"] or row["event_time"])


def test_a_captured_header_of_haproxy_cannot_pretend_the_request() -> None:
    row = one(HAPROXY.replace("curl/8.5.0", "#7D #22GET /admin HTTP/1.1#22"), "haproxy_http", time_zone="UTC")
    assert (row["http_path"], row["user_agent"]) == ("/panel", None)


def test_the_cookie_that_haproxy_captured_is_a_reference_without_its_name() -> None:
    lines = [HAPROXY.replace("- - ----", f"{cookie} - ----") for cookie in ("sid=5f2c9a", "other=5f2c9a", "-")]
    found = [one(line, "haproxy_http", time_zone="UTC", session_reference="%CC")["session_reference"] for line in lines]
    assert found[0] == found[1] is not None
    assert found[2] is None
