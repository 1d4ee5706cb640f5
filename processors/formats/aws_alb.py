"""Access logs of AWS Application Load Balancers, as they are delivered to S3 (gzip).

The event is at `request_creation_time`, when the request came; `time` is when the answer left, for WebSockets the end
of the connection. Fields that AWS adds come last and are ignored, as its documentation asks. No user is logged; the
user agent is cut at 8 KB. Delivery is best effort: a request may be missing.
"""

from __future__ import annotations

from processors._template import ANY_QUOTED, TAIL, WORD, Field
from processors.formats import _clf

TITLE = "AWS Application Load Balancer access log"
SPECIFICATION = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"
SAMPLE = (
    "https 2025-08-29T04:37:12.390000Z app/panel/50dc6c495c0c9188 192.0.2.10:52817 198.51.100.20:8080 0.000 0.044 "
    '0.000 200 200 812 5120 "GET https://panel.example.com:443/panel HTTP/2.0" "Mozilla/5.0 (Windows NT 10.0; Win64; '
    'x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
    "arn:aws:elasticloadbalancing:ap-south-1:123456789012:targetgroup/panel/73e2d6bc24d8a067 "
    '"Root=1-68b12f08-72bd00b0343d75b906739c42" "panel.example.com" "-" 1 2025-08-29T04:37:12.345000Z "forward" "-" "-"'
    ' "198.51.100.20:8080" "200" "-" "-" TID_6a1f0c3e9b7d4c2f'
)
TIME = "any"
WORDS = Field(WORD, without=' "')
QUOTED = Field(ANY_QUOTED)
# 192.0.2.10:52817, [2001:db8::7]:52817 or 2001:db8::7
CLIENT = Field(WORD, "peer", "client:port", without=' "')
STATUS = Field(r"[0-9]{3}|-", "status", "elb_status_code", without=' "')
CREATED = Field(WORD, "time", "request_creation_time", without=' "')
LINE = (
    *(WORDS, " ", WORDS, " ", WORDS, " ", CLIENT, " ", WORDS, " "),  # type, time, load balancer, client, target
    *(WORDS, " ", WORDS, " ", WORDS, " "),  # processing times; -1 where the connection broke
    *(STATUS, " ", WORDS, " ", WORDS, " ", _clf.SIZE, ' "'),  # status, that of the target, bytes received, sent
    *(_clf.REQUEST, '" "', _clf.AGENT, '" '),
    *(WORDS, " ", WORDS, " ", WORDS, ' "'),  # cipher, protocol, target group
    *(QUOTED, '" "', Field(ANY_QUOTED, "host", "domain_name"), '" "', QUOTED, '" '),  # trace id, domain, certificate
    *(WORDS, " ", CREATED, ' "', QUOTED, '" "', QUOTED, '" "', QUOTED, '"'),  # rule, time, actions, redirect, error
    Field(TAIL),  # eight in 2025
)
