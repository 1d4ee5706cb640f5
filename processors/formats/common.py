"""The Common Log Format: Apache's `common`, the oldest format of all. It logs no user agent."""

from __future__ import annotations

from processors.formats import _clf

TITLE = "Common Log Format (Apache common)"
SPECIFICATION = "https://httpd.apache.org/docs/2.4/logs.html#common"
SAMPLE = '192.0.2.10 - riya.sharma@example.com [29/Aug/2025:10:07:12 +0530] "GET /panel HTTP/1.1" 200 5120'
LINE = _clf.COMMON
