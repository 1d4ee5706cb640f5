"""IIS's log in the W3C extended format, its default.

Times are UTC, unlike those of IIS's other formats. Which fields there are says a `#Fields` line, which may come again
in mid-file with others; where logs lost it, the source's `fields` says it. A space in a header's value is written as
`+`, which cannot be told from a plus sign: in user agents, cookies and forwarded lists it is read as a space, in user
names, paths and addresses it stays. A value that is not there is `-`. The custom field X-Forwarded-For (IIS 8.5) is the
forwarded list. Lines of IIS Advanced Logging, which quotes values, have another shape.
"""

from __future__ import annotations

TITLE = "IIS log (W3C extended)"
SPECIFICATION = "https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging"
SAMPLE_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status sc-bytes time-taken"
)
SAMPLE = (
    "2025-08-29 04:37:12 198.51.100.20 GET /panel tab=1 443 riya.sharma@example.com 192.0.2.10 Mozilla/5.0+(Windows+NT+"
    "10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/126.0.0.0+Safari/537.36 "
    "https://panel.example.com/ 200 0 0 5120 44"
)
SEPARATOR = " "
FIELDS = {
    "c-ip": "peer",
    "x-forwarded-for": "forwarded",
    "cs(x-forwarded-for)": "forwarded",
    "cs-username": "user",
    "cs-method": "method",
    "cs-uri-stem": "target",
    "cs-uri": "target",
    "cs-uri-query": "query",
    "cs-host": "host",
    "cs(host)": "host",
    "sc-status": "status",
    "sc-bytes": "size",
    "cs(referer)": "referrer",
    "cs(user-agent)": "agent",
    "sec-ch-ua-platform-version": "platform_version",
    "cs(sec-ch-ua-platform-version)": "platform_version",
    "sec-ch-ua-platform": "platform",
    "cs(sec-ch-ua-platform)": "platform",
}
PLUS_IS_SPACE = ("agent", "forwarded", "cs(cookie)")
