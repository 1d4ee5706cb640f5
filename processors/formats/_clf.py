r"""The parts of the Common Log Format, which its descendants only add to.

Both servers escape quotes and backslashes in what a client sent (Apache `\"`, nginx `\x22`), so a bare quote always
ends a field: what a client sends cannot pretend to be the next one.
"""

from __future__ import annotations

PEER = r'(?P<peer>[^ "]+)'  # who connected: an address, or a host name with Apache's HostnameLookups On
IDENTITY = r'[^ "]+'  # what identd says; nobody runs identd
# $remote_user, %u: may hold spaces; "-" none; '""' Apache's empty name. One that starts with "- " is a field shifted by
# one: a line of vhost_combined read as combined would name wrong people
USER = r'(?P<user>""|-|(?:[^"\\-]|\\.|-[^ "\\]|-\\.)(?:[^"\\]|\\.)*)'
TIME = r'\[(?P<time>[^\[\]"]*)\]'  # nginx: end of the request; Apache: its start
REQUEST = r'"(?P<request>(?:[^"\\]|\\.)*)"'  # as sent: may be TLS bytes, "-" or nothing
STATUS = r"(?P<status>[0-9]{3})"  # 000 and 009 occur in nginx
SIZE = r"(?P<size>[0-9]{1,18}|-)"  # bytes of the body; "-" none; 18 digits fit 64 bits
REFERRER = r'"(?P<referrer>(?:[^"\\]|\\.)*)"'
AGENT = r'"(?P<agent>(?:[^"\\]|\\.)*)"'

COMMON = (PEER, " ", IDENTITY, " ", USER, " ", TIME, " ", REQUEST, " ", STATUS, " ", SIZE)
