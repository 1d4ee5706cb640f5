"""Debian's `vhost_combined` for Apache: the virtual host and port, then combined."""

from __future__ import annotations

from processors._template import Field
from processors.formats import combined

TITLE = "Combined with virtual host (Apache vhost_combined)"
SPECIFICATION = "https://httpd.apache.org/docs/2.4/logs.html#virtualhost"
SAMPLE = "panel.example.com:443 " + combined.SAMPLE
VHOST = (
    Field(r'[^ "]+?', "host"),
    Field(r"(?::[0-9]{1,5})?", without=' "'),
)  # %v:%p, or %v alone in older configurations
LINE = (*VHOST, " ", *combined.LINE)
