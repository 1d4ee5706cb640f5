"""One file per web-server format. The folder is the registry: scanned by name, private names skipped.

A module declares TITLE, SPECIFICATION (a link), SAMPLE (a line of it), and LINE: the line as patterns in order, whose
named groups are `vhost`, `peer`, `user`, `time`, `request`, `status`, `size`, `referrer` and `agent`.
"""
