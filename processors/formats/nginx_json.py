r"""nginx's access log in a hand-made template of JSON.

Everybody calls the keys something else, so each meaning has the usual names: most are the variable's, the others those
of widespread examples. Without `escape=json` nginx writes `\xHH` within the strings, which is no JSON: read all the
same. With `escape=none` a client can write whatever it likes into the record: never use it.
"""

from __future__ import annotations

TITLE = "nginx access log as JSON (log_format … escape=json)"
SPECIFICATION = "https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format"
SAMPLE = (
    '{"time_iso8601":"2025-08-29T10:07:12+05:30","remote_addr":"192.0.2.10","remote_user":"riya.sharma@example.com",'
    '"request":"GET /panel HTTP/1.1","status":200,"body_bytes_sent":5120,"http_referer":"https://panel.example.com/",'
    '"http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) '
    'Chrome/126.0.0.0 Safari/537.36","http_x_forwarded_for":"","host":"panel.example.com"}'
)
IS_REPAIRED = True
RECORD = {
    # the finest first: $msec has milliseconds, the others whole seconds; all are the end of the request
    "time": ("msec", "time_iso8601", "@timestamp", "timestamp", "time_local", "time", "ts", "date", "datetime"),
    # with the realip module $remote_addr is the client already
    "peer": ("realip_remote_addr", "remote_addr", "client_ip", "clientip", "client", "remote_ip", "ip"),
    "client": ("remote_addr",),
    "forwarded": ("http_x_forwarded_for", "x_forwarded_for", "xff", "forwarded_for"),
    "user": ("remote_user", "user", "auth"),
    "request": ("request",),
    "method": ("request_method", "method", "verb"),
    "target": ("request_uri", "uri", "url", "path"),
    "query": ("args", "query_string"),
    "host": ("host", "http_host", "server_name", "vhost", "domain"),
    "status": ("status", "status_code", "response_code", "response"),
    "size": ("body_bytes_sent", "bytes_sent", "bytes", "size", "response_bytes"),
    "referrer": ("http_referer", "http_referrer", "referer", "referrer"),
    "agent": ("http_user_agent", "user_agent", "useragent", "agent"),
    "platform_version": ("http_sec_ch_ua_platform_version", "sec_ch_ua_platform_version"),
    "platform": ("http_sec_ch_ua_platform", "sec_ch_ua_platform"),
}
