"""Traefik's access log as text (`format: common`, its default): combined, then a count, router, server and duration.

Times are UTC unless Traefik is told a zone; the offset is in the line either way. Traefik logs no user agent and no
referrer unless it is told to keep them: `accesslog.fields.headers.names.User-Agent=keep`.
"""

from __future__ import annotations

from processors._template import ANY_QUOTED, Field
from processors.formats import _clf

TITLE = "Traefik access log (text)"
SPECIFICATION = "https://doc.traefik.io/traefik/observability/access-logs/"
SAMPLE = (
    '192.0.2.10 - riya.sharma@example.com [29/Aug/2025:04:37:12 +0000] "GET /panel HTTP/2.0" 200 5120 '
    '"https://panel.example.com/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 '
    '(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36" 1741 "panel@docker" "http://198.51.100.20:8080" 45ms'
)
STATUS = Field(r"[0-9]{3}|0|-", "status", without=' "')  # 0 where no response was begun
COUNT = Field("[0-9]+", without=' "')  # requests since Traefik started
QUOTED = Field(ANY_QUOTED)
LINE = (
    *(_clf.PEER, " ", _clf.IDENTITY, " ", _clf.USER, " [", _clf.TIME, '] "', _clf.REQUEST, '" '),
    *(STATUS, " ", _clf.SIZE, ' "', _clf.REFERRER, '" "', _clf.AGENT, '" '),
    *(COUNT, ' "', QUOTED, '" "', QUOTED, '" ', Field(r"[0-9]+ms", without=' "')),
)
