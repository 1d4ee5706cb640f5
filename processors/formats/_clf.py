r"""The parts of the Common Log Format, which its descendants only add to.

Both servers escape quotes and backslashes in what a client sent (Apache `\"`, nginx `\x22`), so a bare quote always
ends a field: what a client sends cannot pretend to be the next one.
"""

from __future__ import annotations

from processors._template import ANY_QUOTED, NUMBER, THREE_DIGITS, WORD, Field

# who connected: an address, or a host name with Apache's HostnameLookups On
PEER = Field(WORD, "peer", "$remote_addr", without=' "')
IDENTITY = Field(WORD, without=' "')  # what identd says; nobody runs identd
# $remote_user, %u: may hold spaces; "-" none; '""' Apache's empty name. One that starts with "- " is a field shifted by
# one: a line of vhost_combined read as combined would name wrong people
USER = Field(r'""|-|(?:[^"\\-]|\\.|-[^ "\\]|-\\.)(?:[^"\\]|\\.)*', "user", "$remote_user")
# nginx: end of the request; Apache: its start
TIME = Field(r'[^\[\]"]*', "time", "$time_local", without='[]"', width=len("29/Aug/2025:10:07:12 +0530"))
REQUEST = Field(ANY_QUOTED, "request", "$request")  # as sent: may be TLS bytes, "-" or nothing
STATUS = Field(THREE_DIGITS, "status", "$status", without=' "')  # 000 and 009 occur in nginx
# bytes of the body; "-" none; 18 digits fit 64 bits
SIZE = Field(NUMBER, "size", "$body_bytes_sent", without=' "')
REFERRER = Field(ANY_QUOTED, "referrer", "$http_referer")
AGENT = Field(ANY_QUOTED, "agent", "$http_user_agent")

COMMON = (PEER, " ", IDENTITY, " ", USER, " [", TIME, '] "', REQUEST, '" ', STATUS, " ", SIZE)
