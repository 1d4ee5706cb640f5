"""Every column once: its type, unit and meaning. The same name means the same thing in every table.

Suffixes are law: `_time` UTC microseconds, `_date` a calendar date, `_s` whole seconds, `_km` kilometres,
`_bytes` bytes, `_count` a count, `_id` an identifier, `_code` a code of a standard, `is_` a truth value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas._dataframely import dy

EVENT_CLASSES = (
    "login",
    "activity",
    "background",
    "logout",
    "session_end",
    "login_failed",
    "credential",
    "admin",
    "other",
)
OUTCOMES = ("success", "failure", "unknown")
ATTRIBUTION_METHODS = ("log_user", "session_reference", "address_and_device", "address", "ambiguous", "anonymous")
ADDRESS_TRUSTS = ("peer", "forwarded", "provider")
END_REASONS = ("logout", "revoked", "superseded", "idle_timeout", "absolute_timeout", "active")
LIMIT_KINDS = ("idle_limit", "absolute_limit")
MEASURED_FROM = ("last_action", "login", "first_event", "authentication")
EVIDENCE = ("session_reference", "device", "address")
UNKNOWN_DEVICE = UNKNOWN_KIND = "unknown"
DEVICE_KINDS = {
    "desktop": "a computer: Windows, macOS, Linux, ChromeOS; or an iPad that says it is a Mac",
    "phone": "a phone, or an Android tablet that says it is one",
    "tablet": "a tablet or an e-reader",
    "tv": "a television set, or a box or console connected to one",
    "app": "an app that sends requests by itself, without a browser's page",
    "script": "a library, tool or automated browser that somebody runs",
    "bot": "a crawler, monitor or scanner, which comes by itself",
    UNKNOWN_KIND: "nothing tells",
}
NETWORK_KINDS = (
    "office",
    "vpn",
    "hosting",
    "mobile",
    "residential",
    "tor",
    "relay",
    "private",
    "carrier_nat",
    "satellite",
    "unknown",
)
REASONS = {
    "malformed_line": "the line does not have the shape of its format",
    "malformed_time": "the time is not a time",
    "malformed_json": "the record is not one JSON object",
    "missing_field": "the record lacks a time, or an event name or a request",
    "time_out_of_range": "older than the longest retention plus 30 days, or more than one day after as_of",
    "time_zone_unknown": "the time carries no offset and the source sets no time_zone",
    "time_ambiguous": "the local time happens twice, or never, on a day when the clocks change",
    "date_unknown": "the line has a time of day and no date",
    "invalid_utf8": "the line is not UTF-8",
    "nul_bytes": "the line contains NUL bytes",
    "unknown_fields": "no `#Fields` line is above the line, and the source sets no `fields`",
    "malformed_fields": "the `#Fields` line or the CSV header above is too long, repeats a name, or has no time",
    "wrong_column_count": "the CSV line has more or fewer cells than the header above",
    "quoted_line_break": "the CSV line is part of a record that goes on over a line end within quotes",
    "line_too_long": "the line is longer than 1 MiB (its first MiB is kept)",
}

Column = Callable[..., dy.Column]


def _string(meaning: str, **fixed: Any) -> Column:
    return lambda **kw: dy.String(description=meaning, **fixed, **kw)


def _time(meaning: str) -> Column:
    return lambda **kw: dy.Datetime(time_zone="UTC", time_unit="us", description=meaning, **kw)


def _date(meaning: str) -> Column:
    return lambda **kw: dy.Date(description=meaning, **kw)


def _int(meaning: str, **fixed: Any) -> Column:
    return lambda **kw: dy.Int64(description=meaning, **fixed, **kw)


def _small(meaning: str) -> Column:
    return lambda **kw: dy.Int16(description=meaning, **kw)


def _float(meaning: str) -> Column:
    return lambda **kw: dy.Float64(description=meaning, **kw)


def _binary(meaning: str) -> Column:
    return lambda **kw: dy.Binary(description=meaning, **kw)


def _bool(meaning: str) -> Column:
    return lambda **kw: dy.Bool(description=meaning, **kw)


def _strings(meaning: str) -> Column:
    return lambda **kw: dy.List(dy.String(), description=meaning, **kw)


def _one_of(meaning: str, choices: tuple[str, ...]) -> Column:
    return lambda **kw: dy.String(
        description=f"{meaning}: {', '.join(choices)}", check=lambda column: column.is_in(choices), **kw
    )


# where a line came from
source = _string("name of the source in the settings")
stream = _string("path of the landing file below the workspace, without its rotation suffix")
path = _string("path of the landing file below the workspace, where it was last seen")
file_id = _string("identity of the landing file: stream, first event time, digest of the first line")
file_state = _string("size, modification time and inode when last read: unchanged means nothing new")
line_number = _int("line of the file (record, in a JSON document), counted from 1", min=1)

# an event
event_time = _time("when it happened; in quarantine, when a line out of range says it happened")
event_date = _date("UTC date of the event")
event_class = _one_of("what it means", EVENT_CLASSES)
event_action = _string("the source's own name for it; 'request' for web servers")
outcome = _one_of("how it ended", OUTCOMES)
user_name = _string("the user as first spelled")
attribution_method = _one_of("how the user was found", ATTRIBUTION_METHODS)
session_reference = _string("keyed digest (HMAC-SHA256) of the session id in the log")
application = _string("the application signed in to")
ip_address = _string("the client's address, canonical text")
peer_address = _string("the address that connected, canonical text")
address_trust = _one_of("who vouches for ip_address", ADDRESS_TRUSTS)
user_agent = _string("the user agent as sent")
device = _string("browser family and major version · platform, or 'unknown'")
device_kind = _one_of("what kind of device it is, by the user agent", tuple(DEVICE_KINDS))
http_method = _string("request method")
http_path = _string("request path without its query")
http_query = _string("request query, where the source's `query_strings` asks for it; secrets in it are ***")
http_status = _small("response status")
response_bytes = _int("bytes of the response", min=0)
referrer = _string("referring address without its query")
source_event_id = _string("the source's own id of the record")

# a quarantined line
landed_date = _date("UTC date of the run that read the line")
quarantine_reason = _one_of("why the line is no event", tuple(REASONS))
raw_bytes = _binary("the line as it was read; of a line that is too long, its first MiB")
line_bytes = _int("length of the line", min=0)
header = _string("the `#Fields` line that says what the fields are, where the format has such lines")

# a session
session_id = _string("identity of the session, derived from its first event")
login_time = _time("the login, or the first event of a session whose login was not seen")
login_date = _date("date of login_time in the workspace zone")
login_observed = _bool("whether the login itself was seen")
last_activity_time = _time("the last action: the login or an activity")
end_time = _time("when it ended; null while active")
end_reason = _one_of("what ended it", END_REASONS)
inactivity_s = _int("time since the last action: until the end, or until as_of while active; floored", min=0)
is_final = _bool("whether the session has ended, so that no later as_of changes it")
longest_inactivity_s = _int("longest stretch without an action, the last one included; floored", min=0)
activity_count = _int("activity events in it, the login that opened it not counted", min=0)
ip_addresses = _strings("addresses seen in it, the first seen first")
ip_count = _int("distinct addresses seen in it", min=0)
ip_switch_count = _int("times the address changed from one event to the next", min=0)
country_code = _string("approximate country, ISO 3166-1 alpha-2")
region_name = _string("approximate region")
city_name = _string("approximate city")
latitude = _float("approximate latitude in degrees")
longitude = _float("approximate longitude in degrees")
accuracy_radius_km = _int("radius of the approximation", min=0)
asn = _int("autonomous system number of the address", min=0)
network_name = _string("label of the network in the settings, or its operator")
network_kind = _one_of("kind of the network, by the settings or on evidence; unknown is not residential", NETWORK_KINDS)
location_database_name = _string("type of the location database that was asked, in its own words")
location_database_date = _date("date of that database")
as_of_time = _time("exclusive end of what was known")

# an inactivity window
window_start_time = _time("an action")
window_end_time = _time("the next action, the session's end, or as_of while active")
window_s = _int("length of the window; floored", min=0)
is_open = _bool("whether the window ends at as_of because the session is still active")

# an action after a limit
policy_name = _string("name of the policy in the settings")
limit_kind = _one_of("which limit", LIMIT_KINDS)
limit_s = _int("the limit", min=1)
measured_s = _int("what was measured against it, more than the limit: until the next action; floored", min=0)
measured_from = _one_of(
    "since what: of an idle limit the last action; of an absolute one the login, the first event where no login was "
    "seen, or the password or second-factor step passed since",
    MEASURED_FROM,
)
measured_from_time = _time("when that was")
last_action_time = _time("the action before it, of this session or of the one that it continues")
next_action_time = _time("the action that came after the limit without a new login")
next_action_class = _one_of("its class; a login here carried the session's own reference", ("login", "activity"))
evidence = _one_of("what tells that it went on: the same session id, else device, else address", EVIDENCE)
continued_session_id = _string("the session that had timed out and went on as this one; null: it is one session")

# a report
report_date = _date("the day that is reported, in the workspace zone")

# a finding
finding_id = _string("identity of the finding")
rule_id = _string("the rule that raised it")
severity = _string("how serious the rule takes it to be")
summary = _string("one sentence")
