"""One file per web-server format. The folder is the registry: scanned by name, private names skipped.

A module declares TITLE, SPECIFICATION (a link), SAMPLE (a line of it), and LINE: the line as text and fields in order,
which mean `host`, `peer`, `user`, `time`, `request`, `status`, `size`, `referrer`, `agent` and others: see `_feeds`.

A server whose configuration says what it logs has, in place of LINE, `compiled(written)`, which makes the line of that
string; FORMAT, an example of one; and DIRECTIVE and CONFIGURATION: what the string is called, and where it stands.
"""
