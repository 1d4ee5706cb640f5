"""Amazon CloudFront's standard log: W3C extended with tabs, in gzip files.

Times are UTC, when the answer was complete. Values are percent-encoded by CloudFront: user agents, referrers, cookies
and forwarded lists are decoded, twice where all of it is encoded twice, as in former years; the path stays as it is.
The host is what the client asked for, not the distribution's own name. CloudFront knows no users. Delivery is best
effort: a request may be missing, or come a day late.
"""

from __future__ import annotations

TITLE = "Amazon CloudFront standard log"
SPECIFICATION = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html"
SAMPLE_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes "
    "time-taken x-forwarded-for"
)
SAMPLE = "\t".join((
    *("2025-08-29", "04:37:12", "BOM78-P1", "5120", "192.0.2.10", "GET", "d111111abcdef8.cloudfront.net", "/panel"),
    *("200", "https://panel.example.com/"),
    "Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20"
    "Chrome/126.0.0.0%20Safari/537.36",
    *("tab=1", "-", "Hit", "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==", "panel.example.com", "https"),
    *("812", "0.044", "-"),
))  # fmt: skip
SEPARATOR = "\t"
IS_PERCENT_ENCODED = True
FIELDS = {
    "c-ip": "peer",
    "x-forwarded-for": "forwarded",
    "cs-method": "method",
    "cs-uri-stem": "target",
    "cs-uri-query": "query",
    "x-host-header": "host",
    "cs(host)": "host",
    "sc-status": "status",
    "sc-bytes": "size",
    "cs(referer)": "referrer",
    "cs(user-agent)": "agent",
}
