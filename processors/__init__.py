"""From log lines to Recent Activities.

A landing file (`landing`) is read once (`ledger`), line by line. `parse` makes each line an event, a quarantined line
with its reason, or a named skip; `ingest` puts them into the `lake`, all or nothing (`decision`). For some login dates
`pipeline` takes the events around them, `attribute` finds whose each event is, `sessionize` follows each user through
their sessions, and `inactivity` measures how long nobody was there. `report` prints the day, `completeness` tells
whether it can be relied on, and `publish` puts it where people read it, a reader seeing the old day or the new one.
`run` does each of these for one slice; the command line (`__main__`), `query` and the DAGs only call it.

Kernels are functions of frames and named values. What they may be split by is said in their first paragraph.
"""
