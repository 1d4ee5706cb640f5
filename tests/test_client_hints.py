"""Client hints, from whichever log has them, into devices and sessions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import workspaces
from parsing import one

from processors import _field_table
from processors._feeds import feeds
from processors._reader import WebLine, reader
from processors._session_devices import described
from processors.lake import scan
from processors.run import ingest, sessions
from schemas import Sessions

AGENT = workspaces.AGENT
NGINX = (
    'nginx:$remote_addr [$time_local] "$request" $status "$http_user_agent" '
    '"$http_sec_ch_ua_platform_version" "$http_sec_ch_ua_platform"'
)
NGINX_ALONE = 'nginx:escape=json $time_iso8601 "$request" "$http_user_agent" "$http_sec_ch_ua_platform_version"'
APACHE = 'apache:%h %t "%r" %>s "%{User-Agent}i" "%{Sec-CH-UA-Platform-Version}i" "%{Sec-CH-UA-Platform}i"'
JSON_LINES = {
    "nginx_json": {
        "time_iso8601": "2025-08-29T10:07:12+05:30",
        "remote_addr": "192.0.2.10",
        "request": "GET /panel HTTP/1.1",
        "status": 200,
        "http_user_agent": AGENT,
        "http_sec_ch_ua_platform_version": '"15.0.0"',
        "http_sec_ch_ua_platform": '"Windows"',
    },
    "caddy": {
        "ts": 1756442232.345678,
        "logger": "http.log.access",
        "request": {
            "client_ip": "192.0.2.10",
            "method": "GET",
            "uri": "/panel",
            "headers": {
                "User-Agent": [AGENT],
                "Sec-Ch-Ua-Platform": ['"Windows"'],
                "Sec-Ch-Ua-Platform-Version": ['"15.0.0"'],
            },
        },
        "status": 200,
    },
    "traefik_json": {
        "StartUTC": "2025-08-29T04:37:12.345678901Z",
        "ClientAddr": "192.0.2.10:52817",
        "RequestMethod": "GET",
        "RequestPath": "/panel",
        "DownstreamStatus": 200,
        "request_User-Agent": AGENT,
        "request_Sec-Ch-Ua-Platform": '"Windows"',
        "request_Sec-Ch-Ua-Platform-Version": '"15.0.0"',
    },
}
IIS = "date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent) Sec-CH-UA-Platform-Version cs(Sec-CH-UA-Platform)"


def shown(line: str, format: str, **options: object) -> object:
    row = one(line, format, **options)
    assert row["quarantine_reason"] is None
    return row["device"]


@pytest.mark.parametrize(
    ("hints", "device"),
    [
        (r'"\x2215.0.0\x22" "\x22Windows\x22"', "Chrome 126 · Windows 11"),
        (r'"\x2210.0.0\x22" "\x22Windows\x22"', "Chrome 126 · Windows 10"),
        (r'"\x2215.0.0\x22" "-"', "Chrome 126 · Windows 11"),
        (r'"\x2215.0.0\x22" "\x22macOS\x22"', "Chrome 126 · Windows 10/11"),
        (r'"-" "\x22Windows\x22"', "Chrome 126 · Windows 10/11"),
        ('"-" "-"', "Chrome 126 · Windows 10/11"),
    ],
)
def test_nginx_writes_the_quotes_of_hints_as_escapes(hints: str, device: str) -> None:
    line = f'192.0.2.10 [29/Aug/2025:10:07:12 +0530] "GET / HTTP/1.1" 200 "{AGENT}" {hints}'
    assert shown(line, NGINX) == device


def test_nginx_with_the_escapes_of_json_and_the_version_alone() -> None:
    line = rf'2025-08-29T10:07:12+05:30 "GET / HTTP/1.1" "{AGENT}" "\"13.0.0\""'
    assert shown(line, NGINX_ALONE) == "Chrome 126 · Windows 11"


def test_apache_writes_the_quotes_of_hints_as_escapes() -> None:
    line = rf'192.0.2.10 [29/Aug/2025:10:07:12 +0530] "GET / HTTP/1.1" 200 "{AGENT}" "\"15.0.0\"" "\"Windows\""'
    assert shown(line, APACHE) == "Chrome 126 · Windows 11"


@pytest.mark.parametrize("format", JSON_LINES)
def test_lines_of_json_have_hints_among_their_headers(format: str) -> None:
    line = json.dumps(JSON_LINES[format])
    assert shown(line, format) == "Chrome 126 · Windows 11"
    assert shown(line.replace("15.0.0", "REDACTED"), format) == "Chrome 126 · Windows 10/11"


def test_a_template_of_json_without_its_escapes_has_them_as_nginx_writes_them() -> None:
    line = json.dumps(JSON_LINES["nginx_json"]).replace(r"\"", r"\x22")
    assert line.count(r"\x22") == 4
    assert shown(line, "nginx_json") == "Chrome 126 · Windows 11"


def test_iis_has_hints_as_custom_fields() -> None:
    line = f'2025-08-29 04:37:12 192.0.2.10 GET /panel 200 {AGENT.replace(" ", "+")} "15.0.0" "Windows"'
    assert shown(line, "iis_w3c", fields=IIS) == "Chrome 126 · Windows 11"


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("json", json.dumps({"at": "2025-08-29T04:37:12Z", "ua": AGENT, "v": '"15.0.0"', "p": '"Windows"'})),
        ("json", json.dumps({"at": "2025-08-29T04:37:12Z", "ua": AGENT, "v": "15.0.0"})),
    ],
)
def test_any_other_log_says_where_it_has_hints(kind: str, line: str) -> None:
    written = {"event_time": "at", "event_class": {}, "user_agent": "ua", "platform_version": "v", "platform": "p"}
    fields = _field_table.table(written, kind).field_map()
    assert shown(line, f"fields:{kind}", field_map=fields) == "Chrome 126 · Windows 11"


@pytest.mark.parametrize("format", [NGINX, APACHE])
def test_hints_feed_the_device(format: str) -> None:
    shape = reader(format).shape
    assert isinstance(shape, WebLine)
    assert [feed.token for feed in feeds(shape) if feed.columns == ("device",)] == (
        ["$http_sec_ch_ua_platform_version", "$http_sec_ch_ua_platform"]
        if format == NGINX
        else ["%{Sec-CH-UA-Platform-Version}i", "%{Sec-CH-UA-Platform}i"]
    )


def members(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, ["session_id", "membership", "device"], orient="row")


def session_devices(events: pl.DataFrame) -> list[tuple[str, str]]:
    opened = events.filter(membership="opened").select("session_id", "device", user_agent=pl.lit(AGENT))
    return described(opened, events).select("device", "device_kind").rows()


def test_a_session_has_the_version_that_a_later_event_tells() -> None:
    events = members(
        ("a", "opened", "Chrome 126 · Windows 10/11"),
        ("a", "action", "Chrome 126 · Windows 10/11"),
        ("a", "action", "Chrome 126 · Windows 11"),
        ("b", "opened", "Chrome 126 · Windows 10/11"),
        ("b", "background", "Chrome 126 · Windows 10"),
        ("c", "opened", "Chrome 126 · Windows 10/11"),
    )
    assert session_devices(events) == [
        ("Chrome 126 · Windows 11", "desktop"),
        ("Chrome 126 · Windows 10", "desktop"),
        ("Chrome 126 · Windows 10/11", "desktop"),
    ]


def test_versions_that_disagree_or_are_of_another_browser_tell_nothing() -> None:
    events = members(
        ("a", "opened", "Chrome 126 · Windows 10/11"),
        ("a", "action", "Chrome 126 · Windows 11"),
        ("a", "action", "Chrome 126 · Windows 10"),
        ("b", "opened", "Chrome 126 · Windows 10/11"),
        ("b", "action", "Chrome 127 · Windows 11"),
        ("c", "opened", "Chrome 126 · Windows 10/11"),
        ("c", "closed", "Chrome 126 · Windows 11"),
    )
    assert {device for device, _ in session_devices(events)} == {"Chrome 126 · Windows 10/11"}


def test_a_day_of_a_site_that_asks_for_hints(tmp_path: Path) -> None:
    text = workspaces.TEXT.replace('"combined"', "'" + NGINX.replace("$remote_addr", "$remote_addr $remote_user") + "'")
    workspace = workspaces.write(tmp_path, text=text)
    at = datetime(2025, 8, 29, 4, 30, tzinfo=UTC)
    hints = ['"-" "-"', r'"\x2215.0.0\x22" "\x22Windows\x22"', r'"\x2215.0.0\x22" "\x22Windows\x22"']
    requests = ["POST /login", "GET /panel", "GET /orders"]
    lines = [
        f'192.0.2.10 riya [{at + timedelta(minutes=minute):%d/%b/%Y:%H:%M:%S %z}] "{request} HTTP/1.1" 200 '
        f'"{AGENT}" {said}\n'
        for minute, (request, said) in enumerate(zip(requests, hints, strict=True))
    ]
    workspaces.land(workspace, "access.log", "".join(lines).encode())
    ingest(workspace, as_of=workspaces.AS_OF)
    sessions(workspace, [at.date()], as_of=workspaces.AS_OF)
    (session,) = scan(workspace.lake, Sessions).collect().to_dicts()
    assert (session["device"], session["device_kind"]) == ("Chrome 126 · Windows 11", "desktop")
    assert session["activity_count"] == 2
