"""Envoy's access log, default format string. It logs no user and no peer: only the forwarded list.

Envoy adds who connected to the list where it has `use_remote_address: true`, as it must at the edge; elsewhere the one
before it has added its own. So the last address is the one that a proxy of ours has seen; `trusted_proxies` goes on.
Header values are written as they came: a quote in one makes the line another shape.
"""

from __future__ import annotations

from processors._template import ANY_QUOTED, WORD, Field
from processors.formats import _clf

TITLE = "Envoy access log (default format)"
SPECIFICATION = "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage"
SAMPLE = (
    '[2025-08-29T04:37:12.345Z] "GET /panel HTTP/2" 200 - 0 5120 45 44 "192.0.2.10" '
    '"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36" '
    '"0d7a3c52-84a1-41f0-9d5b-0f5a3c1e7a10" "panel.example.com" "198.51.100.20:8080"'
)
TIME = "any"
IS_ESCAPED = False
QUOTED = Field(ANY_QUOTED)
TIME_FIELD = Field(r'[^\[\]"]*', "time", "%START_TIME%", without='[]"', width=len("2025-08-29T04:37:12.345Z"))
STATUS = Field(r"[0-9]{3}|0|-", "status", "%RESPONSE_CODE%", without=' "')  # 0 where the client went away first
WORDS = Field(WORD, without=' "')
AUTHORITY = (Field(r'(?:[^"\\]|\\.)*?', "host", "%REQ(:AUTHORITY)%"), Field(r"(?::[0-9]{1,5})?", without=' "'))
LINE = (
    *("[", TIME_FIELD, '] "', _clf.REQUEST, '" ', STATUS, " "),
    *(WORDS, " ", WORDS, " ", _clf.SIZE, " "),  # flags, bytes received, bytes sent
    *(WORDS, " ", WORDS),  # duration, that of the upstream
    *(' "', Field(ANY_QUOTED, "forwarded", "%REQ(X-FORWARDED-FOR)%"), '" "', _clf.AGENT, '" "'),
    *(QUOTED, '" "'),  # the request's id
    *(*AUTHORITY, '" "', QUOTED, '"'),  # the upstream's address
)
