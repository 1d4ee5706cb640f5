"""Caddy's access log (JSON, its default).

`client_ip` is the client past the proxies that Caddy trusts (since 2.7); `remote_ip` is who connected. Caddy writes
its own log into the same stream, and some of its lines are about a request that has an access line as well: records of
another logger than `http.log.access`, or without a request, are skipped. Times have any `time_format`; those without an
offset (`wall`, and its kin) are in the source's `time_zone`. Credentials (`Cookie`, `Authorization`) are written as
REDACTED, which is read as nothing.
"""

from __future__ import annotations

TITLE = "Caddy access log (JSON)"
SPECIFICATION = "https://caddyserver.com/docs/logging"
SAMPLE = (
    '{"level":"info","ts":1756442232.345678,"logger":"http.log.access.log0","msg":"handled request","request":'
    '{"remote_ip":"192.0.2.10","remote_port":"52817","client_ip":"192.0.2.10","proto":"HTTP/2.0","method":"GET",'
    '"host":"panel.example.com","uri":"/panel","headers":{"User-Agent":["Mozilla/5.0 (Windows NT 10.0; Win64; x64) '
    'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"],"Referer":["https://panel.example.com/"],'
    '"Cookie":["REDACTED"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":'
    '"panel.example.com"}},"bytes_read":0,"user_id":"riya.sharma@example.com","duration":0.044,"size":5120,'
    '"status":200,"resp_headers":{"Server":["Caddy"],"Content-Type":["text/html; charset=utf-8"]}}'
)
REMARKS = ("msg",)
LOGGER = ("logger", "http.log.access")
RECORD = {
    "time": ("ts", "time", "timestamp", "@timestamp"),  # `time_key` may be another one
    "peer": ("request.remote_ip", "request.remote_addr"),  # the latter before 2.5
    "client": ("request.client_ip",),
    "forwarded": ("request.headers.X-Forwarded-For",),
    "user": ("user_id",),
    "method": ("request.method",),
    "target": ("request.uri",),
    "host": ("request.host",),
    "status": ("status",),
    "size": ("size",),
    "referrer": ("request.headers.Referer",),
    "agent": ("request.headers.User-Agent",),
    "platform_version": ("request.headers.Sec-Ch-Ua-Platform-Version",),
    "platform": ("request.headers.Sec-Ch-Ua-Platform",),
}
