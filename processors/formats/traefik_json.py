"""Traefik's access log as JSON (`accesslog.format=json`).

`ClientAddr` is who connected; `ClientHost` is the same, or X-Forwarded-For where the request has it (seen in Traefik's
source, 2.11; its documentation says "the remote IP address"): so it is a forwarded list, believed of trusted proxies
only. Headers are dropped unless Traefik is told to keep them (`accesslog.fields.headers.names.User-Agent=keep`); one
that is redacted is read as nothing. Lines of Traefik's own log, by default in the same stream, are skipped.
"""

from __future__ import annotations

TITLE = "Traefik access log (JSON)"
SPECIFICATION = "https://doc.traefik.io/traefik/observability/access-logs/#format"
SAMPLE = (
    '{"ClientAddr":"192.0.2.10:52817","ClientHost":"192.0.2.10","ClientPort":"52817","ClientUsername":'
    '"riya.sharma@example.com","DownstreamContentSize":5120,"DownstreamStatus":200,"Duration":44000000,'
    '"OriginStatus":200,"RequestAddr":"panel.example.com","RequestContentSize":0,"RequestCount":1741,"RequestHost":'
    '"panel.example.com","RequestMethod":"GET","RequestPath":"/panel","RequestPort":"-","RequestProtocol":"HTTP/2.0",'
    '"RequestScheme":"https","RetryAttempts":0,"RouterName":"panel@docker","ServiceAddr":"198.51.100.20:8080",'
    '"StartLocal":"2025-08-29T04:37:12.345678901Z","StartUTC":"2025-08-29T04:37:12.345678901Z","entryPointName":'
    '"websecure","level":"info","msg":"","request_User-Agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) '
    'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36","time":"2025-08-29T04:37:12Z"}'
)
REMARKS = ("msg", "message")  # the latter since 3.0
RECORD = {
    "time": ("StartUTC", "StartLocal", "time"),
    "peer": ("ClientAddr", "ClientHost"),
    "forwarded": ("ClientHost", "request_X-Forwarded-For"),
    "user": ("ClientUsername",),
    "method": ("RequestMethod",),
    "target": ("RequestPath",),
    "host": ("RequestHost", "RequestAddr"),
    "status": ("DownstreamStatus", "OriginStatus"),
    "size": ("DownstreamContentSize",),
    "referrer": ("request_Referer",),
    "agent": ("request_User-Agent",),
    "platform_version": ("request_Sec-Ch-Ua-Platform-Version",),
    "platform": ("request_Sec-Ch-Ua-Platform",),
}
