"""One file per web-server format. The folder is the registry: scanned by name, private names skipped.

A module declares TITLE, SPECIFICATION (a link), SAMPLE (a line of it), and what its lines are:
- LINE: the line as text and fields in order (see `_template`), and TIME: how its times are written;
- RECORD: of lines of JSON, for each meaning the dotted paths where it may be, the first that is there;
- FIELDS: of the W3C extended format, what the fields mean, SEPARATOR: what is between them, and SAMPLE_FIELDS.

A server whose configuration says what it logs has, in place of these, `compiled(written)`, which makes the line of that
string; FORMAT, an example of one; and DIRECTIVE and CONFIGURATION: what the string is called, and where it stands.

Meanings: `peer`, `client`, `forwarded`, `user`, `time`, `request` or `method` and `target`, `host`, `status`, `size`,
`referrer`, `agent` and others: see `_feeds`.
"""
