"""Kubernetes' ingress-nginx as it comes (`upstreaminfo`): combined, then what the request cost and who answered it."""

from __future__ import annotations

from processors._template import WORD, Field
from processors.formats import combined

TITLE = "Kubernetes ingress-nginx (upstreaminfo, its default)"
SPECIFICATION = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/"
SAMPLE = combined.SAMPLE + (
    " 812 0.045 [example-panel-80] [] 198.51.100.20:8080 5120 0.044 200 5a1f0c3e9b7d4c2fa6e8d1b0c9f7e3a2"
)
WORDS = Field(WORD, without=' "')
NAME = Field(r'[^\[\]"]*', without='[]"')  # namespace-service-port; nothing where no upstream was chosen
# "-" none; one for each server that was tried: "198.51.100.20:8080, 198.51.100.21:8080", " : " after a redirect within
_TRIED = r'[^ ",]+(?:(?:, | : )[^ ",]+)*'
# address, length, time and status of the upstream, $req_id
UPSTREAM = Field(rf'{_TRIED} {_TRIED} {_TRIED} {_TRIED} [^ "]+', without='"')
# after the user agent: $request_length $request_time
LINE = (*combined.LINE, " ", WORDS, " ", WORDS, " [", NAME, "] [", NAME, "] ", UPSTREAM)
