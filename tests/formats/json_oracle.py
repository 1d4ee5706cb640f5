"""An independent slow reader of JSON web logs: one line at a time, by the standard library, without regard to speed."""

from __future__ import annotations

import ipaddress
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

Event = dict[str, Any]

NGINX = {
    "time": "msec time_iso8601 @timestamp timestamp time_local time ts date datetime",
    "peer": "realip_remote_addr remote_addr client_ip clientip client remote_ip ip",
    "client": "remote_addr",
    "user": "remote_user user auth",
    "request": "request",
    "method": "request_method method verb",
    "target": "request_uri uri url path",
    "host": "host http_host server_name vhost domain",
    "status": "status status_code response_code response",
    "size": "body_bytes_sent bytes_sent bytes size response_bytes",
    "agent": "http_user_agent user_agent useragent agent",
}
CADDY = {
    "time": "ts time timestamp @timestamp",
    "peer": "request.remote_ip request.remote_addr",
    "client": "request.client_ip",
    "user": "user_id",
    "method": "request.method",
    "target": "request.uri",
    "host": "request.host",
    "status": "status",
    "size": "size",
    "agent": "request.headers.User-Agent",
}
TRAEFIK = {
    "time": "StartUTC StartLocal time",
    "peer": "ClientAddr ClientHost",
    "user": "ClientUsername",
    "method": "RequestMethod",
    "target": "RequestPath",
    "host": "RequestHost RequestAddr",
    "status": "DownstreamStatus OriginStatus",
    "size": "DownstreamContentSize",
    "agent": "request_User-Agent",
}
TABLES = {"nginx_json": NGINX, "caddy": CADDY, "traefik_json": TRAEFIK}


def read(line: str, format: str) -> Event | str:
    """What of an event the line says, or why it is none: a reason, or `directive`."""
    body = line.removeprefix("\ufeff").strip(" \t\r")
    escapes = format == "nginx_json"
    try:
        record = json.loads(_repaired(body) if escapes else body, parse_float=str, parse_int=_whole, parse_constant=_no)
    except (ValueError, RecursionError):
        return "malformed_json"
    if not isinstance(record, dict) or _depth(record) > 200:
        return "malformed_json"
    found = {name: _first(record, paths.split()) for name, paths in TABLES[format].items()}
    request = _request(found)
    remarks = {"caddy": ["msg"], "traefik_json": ["msg", "message"], "nginx_json": []}[format]
    if format == "caddy" and (logger := _text(record.get("logger"))) is not None:
        if not logger.startswith("http.log.access"):
            return "directive"
        remarks = []
    if request is None and any(_text(record.get(name)) for name in remarks):
        return "directive"
    if request is None or found["time"] is None:
        return "missing_field"
    instant = _instant(found["time"])
    if isinstance(instant, str):
        return instant
    return _event(found, request, instant)


def _event(found: dict[str, str | None], request: str, instant: datetime) -> Event:
    status = _number(found["status"], r"[0-9]{1,3}")
    size = _number(found["size"], r"[0-9]{1,18}|-")
    peer, client = _address(found["peer"]), _address(found.get("client"))
    is_found = found.get("client") is not None and found.get("client") != found["peer"]
    return {
        "event_time": instant,
        "user_name": None if status == 401 else _meant(found["user"]),
        "application": _meant(re.sub(r":[0-9]{1,5}\Z", "", found["host"]) if found["host"] is not None else None),
        "peer_address": peer,
        "ip_address": client if is_found else peer,
        "user_agent": _meant(found["agent"]),
        "http_status": status,
        "response_bytes": size,
        "http_method": (re.match(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (?:/|\*)", request) or [None, None])[1],
    }


def _repaired(body: str) -> str:
    r"""The line with `\xHH` as its character, a run of them that is UTF-8 as what it is."""
    out, at = [], 0
    while at < len(body):
        if body[at] == "\\" and (run := re.compile(r"(?:\\x[0-9A-Fa-f]{2})+").match(body, at)):
            text = bytes.fromhex(run[0].replace("\\x", "")).decode("utf-8", "replace")
            out.append(json.dumps(text)[1:-1])
            at = run.end()
        else:
            width = 2 if body[at] == "\\" else 1
            out.append(body[at : at + width])
            at += width
    return "".join(out)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= 4300 else digits


def _no(name: str) -> None:
    raise ValueError(name)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _text(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode()


def _first(record: dict[str, Any], paths: list[str]) -> str | None:
    values = []
    for path in paths:
        value: Any = record
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        values.append(_text(value))
    there = [value for value in values if value is not None]
    return next((value for value in there if value not in ("", "-")), there[0] if there else None)


def _request(found: dict[str, str | None]) -> str | None:
    request, method, target = (found.get(name) for name in ("request", "method", "target"))
    if request is not None and request not in ("", "-") and not request.startswith("/"):
        return request
    if request is not None and request.startswith("/"):
        target = request
    if method is not None and target is not None:
        return f"{method} {target} HTTP/1.1"
    return request if request is not None else target


def _number(text: str | None, pattern: str) -> int | None:
    if text is None or not re.fullmatch(pattern, text):
        return None
    return 0 if text == "-" else int(text)


def _meant(text: str | None) -> str | None:
    return None if text in ("", "-", '""', "REDACTED") else text


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    match = re.fullmatch(r"\[([^\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}", text)
    try:
        found = ipaddress.ip_address(((match[1] or match[2] or "") if match else text).partition("%")[0])
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


_UNITS = {9: 0, 10: 0, 12: 3, 13: 3, 15: 6, 16: 6, 18: 9, 19: 9}
_CLOCK = r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])"
_OFFSET = r"([+-])(0[0-9]|1[0-4]):?([0-5][0-9])"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _instant(text: str) -> datetime | str:
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        whole, _, fraction = text.partition(".")
        if len(whole) not in _UNITS or (not fraction and "." in text) or len(fraction) > 30:
            return "malformed_time"
        cut = len(whole) - _UNITS[len(whole)]
        micro = int((whole[cut:] + fraction)[:6].ljust(6, "0"))
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(whole[:cut]), microseconds=micro)
    if re.match(r"[0-9]{2}/", text):
        match = re.fullmatch(rf"([0-3][0-9])/({'|'.join(_MONTHS)})/([1-9][0-9]{{3}}):{_CLOCK} {_OFFSET}", text)
        if not match or ":" in text[21:]:
            return "malformed_time"
        day, month, year = int(match[1]), _MONTHS.index(match[2]) + 1, int(match[3])
        return _utc(year, month, day, *map(int, match.group(4, 5, 6)), 0, match.group(7, 8, 9))
    text = re.sub(r"\A([0-9]{4})/([0-9]{2})/([0-9]{2}) ", r"\1-\2-\3 ", text)
    pattern = rf"(?:([1-9][0-9]{{3}})-([01][0-9])-([0-3][0-9])[Tt ])?{_CLOCK}(?:[.,]([0-9]+))?([Zz]|{_OFFSET})?"
    match = re.fullmatch(pattern, text)
    if not match:
        return "malformed_time"
    year, month, day = map(int, match.group(1, 2, 3)) if match[1] else (2000, 1, 1)
    micro = int((match[7] or "")[:6].ljust(6, "0"))
    offset = match.group(9, 10, 11) if match[9] else ("+", "0", "0")
    found = _utc(year, month, day, *map(int, match.group(4, 5, 6)), micro, offset)
    if isinstance(found, str):
        return found
    return "date_unknown" if not match[1] else found if match[8] else "time_zone_unknown"


def _utc(
    year: int, month: int, day: int, hour: int, minute: int, second: int, micro: int, offset: tuple[str, ...]
) -> datetime | str:
    try:
        local = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
    except ValueError:
        return "malformed_time"
    ahead = timedelta(hours=int(offset[1]), minutes=int(offset[2]))
    return local - ahead if offset[0] == "+" else local + ahead
