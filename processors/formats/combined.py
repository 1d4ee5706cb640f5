"""The combined format: nginx's default and Apache's `combined`. Common, then referrer and user agent."""

from __future__ import annotations

from processors.formats import _clf

TITLE = "Combined (nginx default, Apache combined)"
SPECIFICATION = "https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format"
SAMPLE = (
    '192.0.2.10 - riya.sharma@example.com [29/Aug/2025:10:07:12 +0530] "GET /panel HTTP/1.1" 200 5120 '
    '"https://panel.example.com/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 '
    '(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"'
)
LINE = (*_clf.COMMON, ' "', _clf.REFERRER, '" "', _clf.AGENT, '"')
