"""HAProxy's HTTP log (`option httplog`), with or without captured cookies and headers.

Times are local to HAProxy and carry no offset, so the source says its `time_zone`; `%T` and `%Tl` in place of `%t`
carry one. There is no user and no user agent: what headers are captured, and which group is the request's where there
is one only, stands in HAProxy's configuration alone, so they are not read. Characters that would end a field are
written `#22`.
"""

from __future__ import annotations

from processors._template import ANY_QUOTED, WORD, Field

TITLE = "HAProxy HTTP log (option httplog)"
SPECIFICATION = "https://docs.haproxy.org/3.0/configuration.html#8.2.3"
SAMPLE = (
    "192.0.2.10:52817 [29/Aug/2025:10:07:12.345] https-in~ panel/web1 0/0/1/43/44 200 5120 - - ---- 12/8/3/1/0 0/0 "
    '{panel.example.com|curl/8.5.0} {5120} "GET /panel HTTP/1.1"'
)
TIME = "clf_local"
IS_ESCAPED = False
IS_HASH_ESCAPED = True
WORDS = Field(WORD, without=' "')
# %ci:%cp; no brackets around IPv6: 2001:db8::7:52817
CLIENT = (Field(r'[^ "\[\]]+', "peer", "%ci", without=' "[]'), Field(":[0-9]{1,5}", without=' "[]'))
ACCEPTED = Field(r'[^\[\]"]*', "time", "%t", without='[]"', width=len("29/Aug/2025:10:07:12.345"))
STATUS = Field(r"[0-9]{3}|-1", "status", "%ST", without=' "')  # -1 where no response was begun
SIZE = Field(r"\+?[0-9]{1,18}", "size", "%B", without=' "')  # + with `option logasap`: so far
COOKIE = (Field(r'(?:[^ "=]+=)?', without=' "'), Field(r'[^ "]+', None, "%CC", without=' "'))  # name=value, or -
TIMERS = Field(r"-?[0-9]+(?:/-?[0-9]+){3}/\+?-?[0-9]+", without=' "')
COUNTERS = Field(r"[0-9]+(?:/[0-9]+){3}/\+?[0-9]+", without=' "')
QUEUES = Field("[0-9]+/[0-9]+", without=' "')
CAPTURED = Field(r'(?:\{[^{}"]*\} ){0,2}', without='"')  # request headers, response headers, or either
REQUEST = Field(ANY_QUOTED, "request", "%r")  # <BADREQ> where it was none
LINE = (
    *(*CLIENT, " [", ACCEPTED, "] ", WORDS, " ", WORDS, " ", TIMERS, " "),  # frontend, backend/server
    *(STATUS, " ", SIZE, " ", *COOKIE, " ", WORDS, " "),  # cookie of the request, of the response
    *(Field(r"[^ \"]{4}", without=' "'), " ", COUNTERS, " ", QUEUES, " "),  # state at the end
    *(CAPTURED, '"', REQUEST, '"'),
)
