"""One file per identity provider. The folder is the registry: scanned by name, private names skipped.

A module declares TITLE, SPECIFICATION (a link), SAMPLE (a record), and
- RECORD: our column → where the record has it, as dotted paths, the first that is there
  (of `device`: the text that tells it where the log has no user agent);
- EVENTS: their event name → our event class (`*` stands for anything; names not listed are `other`);
- OUTCOMES: their outcome → ours (values not listed are `unknown`);
- NOTES, where a name says less than one thinks: the event name → what it is, and why it is no login;
- PAGES, where records come wrapped: the names of the lists that hold them, as in `{"records": [...]}`;
- BESIDE, where such pages have objects before the list: their names;
- SPLIT, where a record holds several events: the name of their list. A record then comes once for each, with that one
  alone in the list, and its place as `event_index`;
- where the shape is odd, `decode(record) -> dict | None`: the record to look in, None for a directive;
- IN_COLUMNS, so that few records must be decoded: what `decode` does to the others, said of columns, the kinds of them
  that it is said of one by one (a record that does not fit the first is tried with the next, and decoded at last);
- where lines are not JSON, `read(line) -> dict | None`: likewise from the text, `ValueError` for a malformed line.
"""
