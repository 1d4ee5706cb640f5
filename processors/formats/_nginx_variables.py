"""Every variable that nginx can log, by the module that has it, and what an event takes from it.

Of what is printed for nothing: `-` with escape=default, else nothing; only what the log module writes itself is always
there. Some are empty text even so ($server_name, $https), which is why none but those is held to a shape.
"""

from __future__ import annotations

import string

from processors._printed import (
    DECIMAL_CHARACTERS,
    HEX_CHARACTERS,
    SPACED_HEADERS,
    Prints,
    moment,
    pattern,
    several,
    text,
    word,
)
from processors.formats import _clf

_DIGITS = string.digits
_LETTERS = string.ascii_letters
_LOCAL = "[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}"
_ISO = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2}"
_ADDRESS = HEX_CHARACTERS + ".:" + "unix:"  # unix: for a client of a socket
# nginx never prints "" for a name that is empty
_USER = _clf.USER.pattern.removeprefix('""|')
_OF_TIMES = several(r"[0-9]+(?:\.[0-9]+)?|-", DECIMAL_CHARACTERS)
_OF_NUMBERS = several(r"[0-9]+|-", _DIGITS + "-")
# 198.51.100.20:8080, [2001:db8::7]:80, unix:/run/app.sock, or the name of a group whose servers are all down
_OF_SERVERS = several(r"[A-Za-z0-9_./@%+~\[\]-][A-Za-z0-9_.:/@%+~\[\]-]*", _LETTERS + _DIGITS + "-._:/@%+~[]")
NAMED = word(characters=_LETTERS + _DIGITS + "-._:/@%+~")
_PORT = pattern("[0-9]{1,5}|-", _DIGITS + "-", is_printed_always=False)
_DN = text(is_prose=True)

MODULES: dict[str, dict[str, Prints]] = {
    "ngx_http_core_module": {
        "args": text("query"),
        "binary_remote_addr": text(is_prose=True),  # four bytes or sixteen, mostly escaped
        "body_bytes_sent": pattern(_clf.SIZE.pattern, _DIGITS + "-", "size"),
        "bytes_sent": pattern(_clf.SIZE.pattern, _DIGITS + "-", "size", 1),  # with the header
        "connection": NAMED,
        "connection_requests": NAMED,
        "connection_time": NAMED,
        "content_length": text(),
        "content_type": text(is_prose=True),
        "document_root": text(),
        "document_uri": text("path", opens="/"),
        "host": text("host", never=" /"),  # with spaces until 1.21.1, which refuses them
        "hostname": NAMED,
        "https": text(),  # on, or empty
        "is_args": text(),  # ?, or empty
        "is_request_port": text(),
        "limit_rate": NAMED,
        "msec": moment("epoch", 0, characters=DECIMAL_CHARACTERS, pattern=r"[0-9]+\.[0-9]{3}", width=14),
        "nginx_version": NAMED,
        "pid": NAMED,
        "pipe": pattern("[p.]", "p.", width=1),
        # of the connection that a proxy made with the PROXY protocol: who connected to that one
        "proxy_protocol_addr": word("forwarded", 0, characters=_ADDRESS + _LETTERS),
        "proxy_protocol_port": _PORT,
        "proxy_protocol_server_addr": NAMED,
        "proxy_protocol_server_port": _PORT,
        "query_string": text("query"),
        "realpath_root": text(),
        "remote_addr": word("peer", characters=_ADDRESS),
        "remote_port": _PORT,
        "remote_user": text("user", pattern=_USER),
        "request": text("request", is_prose=True),
        "request_body": text(is_prose=True),
        "request_body_file": text(),
        "request_completion": text(),  # OK, or empty
        "request_filename": text(),
        "request_id": NAMED,
        "request_length": pattern("[0-9]+", _DIGITS),
        "request_method": word("method", characters=_LETTERS + "-_"),
        "request_port": _PORT,
        "request_time": pattern(r"[0-9]+\.[0-9]{3}", DECIMAL_CHARACTERS),
        "request_uri": text("target", opens="/"),  # before 1.21.1 with spaces, where the client sent some
        "scheme": word(characters=_LETTERS),
        "server_addr": NAMED,
        "server_name": text("host", 2),  # of the configuration: often _, or the first of many
        "server_port": _PORT,
        "server_protocol": NAMED,
        "status": pattern(_clf.STATUS.pattern, _DIGITS, "status", width=3),
        "tcpinfo_rtt": NAMED,
        "tcpinfo_rttvar": NAMED,
        "tcpinfo_snd_cwnd": NAMED,
        "tcpinfo_rcv_space": NAMED,
        "time_iso8601": moment("any", 1, characters=_DIGITS + "-:+T", pattern=_ISO, width=25),
        "time_local": moment("clf", 2, characters=_LETTERS + _DIGITS + "/:+- ", pattern=_LOCAL, width=_clf.TIME.width),
        "uri": text("path", opens="/"),
    },
    "ngx_http_realip_module": {  # where these are logged, $remote_addr is the client
        "realip_remote_addr": word("peer", -1, characters=_ADDRESS),
        "realip_remote_port": _PORT,
    },
    "ngx_http_proxy_module": {
        "proxy_add_x_forwarded_for": text("forwarded", 2, is_prose=True),
        "proxy_host": NAMED,
        "proxy_port": _PORT,
    },
    "ngx_http_upstream_module": {
        "upstream_addr": _OF_SERVERS,
        "upstream_bytes_received": _OF_NUMBERS,
        "upstream_bytes_sent": _OF_NUMBERS,
        "upstream_cache_age": NAMED,
        "upstream_cache_etag": text(),
        "upstream_cache_key": text(),
        "upstream_cache_last_modified": text(is_prose=True),
        "upstream_cache_status": NAMED,
        "upstream_connect_time": _OF_TIMES,
        "upstream_header_time": _OF_TIMES,
        "upstream_last_server_name": NAMED,
        "upstream_queue_time": _OF_TIMES,
        "upstream_response_length": _OF_NUMBERS,
        "upstream_response_time": _OF_TIMES,
        "upstream_status": _OF_NUMBERS,
    },
    "ngx_http_ssl_module": {
        "ssl_alpn_protocol": text(),
        "ssl_cipher": NAMED,
        "ssl_ciphers": NAMED,
        "ssl_client_cert": text(is_prose=True),
        "ssl_client_escaped_cert": text(),
        "ssl_client_fingerprint": NAMED,
        "ssl_client_i_dn": _DN,
        "ssl_client_i_dn_legacy": _DN,
        "ssl_client_raw_cert": text(is_prose=True),
        "ssl_client_s_dn": _DN,
        "ssl_client_s_dn_legacy": _DN,
        "ssl_client_serial": NAMED,
        "ssl_client_sigalg": NAMED,  # 1.29.3 (unverified)
        "ssl_client_v_end": text(is_prose=True),
        "ssl_client_v_remain": NAMED,
        "ssl_client_v_start": text(is_prose=True),
        "ssl_client_verify": text(is_prose=True),  # FAILED:reason
        "ssl_curve": text(),
        "ssl_curves": text(),
        "ssl_early_data": text(),
        "ssl_ech_outer_server_name": text(),  # 1.29.4 (unverified), as the next one
        "ssl_ech_status": NAMED,
        "ssl_protocol": NAMED,
        "ssl_server_name": text(),
        "ssl_session_id": NAMED,
        "ssl_session_reused": NAMED,
        "ssl_sigalg": NAMED,  # 1.29.3 (unverified)
    },
    "ngx_http_gzip_module": {"gzip_ratio": NAMED},
    "ngx_http_v2_module": {"http2": text()},  # h2, h2c, or empty
    "ngx_http_v3_module": {"http3": text()},
    "ngx_http_limit_req_module": {"limit_req_status": NAMED},
    "ngx_http_limit_conn_module": {"limit_conn_status": NAMED},
    "ngx_http_userid_module": {"uid_got": text(), "uid_reset": text(), "uid_set": text()},
}
INGRESS = {  # of Kubernetes' ingress-nginx
    "namespace": text(),
    "ingress_name": text(),
    "service_name": text(),
    "service_port": text(),
    "proxy_upstream_name": text(),
    "proxy_alternative_upstream_name": text(),
    "req_id": NAMED,
}
HEADERS = {
    # a host with a slash is refused with 400; in that line the path seems to begin there
    "http_host": text("host", 1, never="/"),
    "http_referer": text("referrer"),
    "http_sec_ch_ua_platform": text("platform"),
    "http_sec_ch_ua_platform_version": text("platform_version"),
    "http_user_agent": text("agent", is_prose=True),
    "http_x_forwarded_for": text("forwarded", 1, is_prose=True),
    "http_x_real_ip": text("forwarded", 3),  # what a trusted peer says; a client may have written it otherwise
}
FAMILIES = {
    "http_": "a header of the request",
    "sent_http_": "a header of the response",
    "sent_trailer_": "a trailer of the response",
    "upstream_http_": "a header of the upstream's response",
    "upstream_trailer_": "a trailer of the upstream's response",
    "cookie_": "a cookie",
    "upstream_cookie_": "a cookie that the upstream sets",
    "arg_": "an argument of the request",
    "proxy_protocol_tlv_": "an extension of the PROXY protocol",
    "geoip_": "a place of the address",
    "geoip2_": "a place of the address",
}
VARIABLES = {name: prints for module in (*MODULES.values(), INGRESS, HEADERS) for name, prints in module.items()}


def variable(name: str) -> Prints | None:
    """What the variable of that name prints; None for one that no module has."""
    if name in VARIABLES:
        return VARIABLES[name]
    family = next((prefix for prefix in FAMILIES if name.startswith(prefix) and name != prefix), None)
    if family is None:
        return None
    return text(is_prose=name.removeprefix(family).replace("_", "-") in SPACED_HEADERS or family.startswith("geoip"))
