"""OneLogin's events, from the API or its webhooks: the type is a number.

They have no session id, and names in place of user names: first and last name, or the e-mail address where these are
empty. A source may set `user = "user_id"` where two people have one name. A login to OneLogin (5) comes before each
login to an application (8): a source that sets `application` counts the latter alone, and one that does not has
both. What an administrator did in the place of a user (`assuming_acting_user_id`) is not that user's.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from processors._in_columns import InColumns

TITLE = "OneLogin events"
SPECIFICATION = "https://developers.onelogin.com/api-docs/1/events/event-resource"
SAMPLE = (
    '{"id":100000000000000001,"created_at":"2025-08-29T04:37:12.345Z","account_id":12345,"user_id":8801,'
    '"event_type_id":8,"notes":null,"ipaddr":"192.0.2.10","actor_user_id":8801,"assuming_acting_user_id":null,'
    '"app_id":4401,"app_name":"Panel","user_name":"riya.sharma@example.com","actor_user_name":'
    '"riya.sharma@example.com","risk_score":4}'
)
PAGES = ("data",)
BESIDE = ("status", "pagination")

RECORD = {
    "event_time": ("created_at", "event_timestamp"),  # the latter in webhooks
    "event_action": ("event_type_id",),
    "outcome": ("event_type_id",),  # no field tells it: the type does
    "user_name": ("user_name", "actor_user_name"),
    "application": ("app_name",),
    "ip_address": ("ipaddr",),
    "user_agent": ("user_agent",),  # in some records (unverified in which)
    "source_event_id": ("uuid", "id"),
}

EVENTS = {
    # logins
    "5": "login",
    "8": "login",
    "78": "login",
    "6": "login_failed",
    "77": "login_failed",
    "85": "login_failed",
    "86": "login_failed",
    "69": "login_failed",
    "123": "login_failed",
    "129": "login_failed",
    "141": "login_failed",
    "154": "login_failed",
    # somebody proved who they are, to something that is no application, or before the login that follows
    "68": "credential",
    "122": "credential",
    "130": "credential",
    "140": "credential",
    "153": "credential",
    "515": "credential",
    "522": "credential",
    "527": "credential",
    "528": "credential",
    # ends
    "7": "logout",
    "29": "logout",
    "516": "session_end",
    "523": "other",
    # passwords and factors
    "10": "credential",
    "11": "credential",
    "18": "credential",
    "110": "credential",
    "111": "credential",
    "145": "credential",
    "146": "credential",
    "510": "credential",
    "511": "credential",
    "517": "credential",
    "518": "credential",
    "22": "credential",
    "24": "credential",
    "27": "credential",
    "36": "credential",
    "40": "credential",
    "105": "credential",
    # administration: impersonation
    "3": "admin",
    # privileges and roles
    "70": "admin",
    "71": "admin",
    "72": "admin",
    "73": "admin",
    "4": "admin",
    "147": "admin",
    "148": "admin",
    "149": "admin",
    "150": "admin",
    "151": "admin",
    "152": "admin",
    "513": "admin",
    "514": "admin",
    # whom OneLogin trusts, and with what
    "74": "admin",
    "75": "admin",
    "76": "admin",
    "112": "admin",
    "119": "admin",
    "156": "admin",
    "157": "admin",
    "158": "admin",
    "170": "admin",
    "171": "admin",
    "172": "admin",
    "179": "admin",
    "180": "admin",
    "181": "admin",
    "182": "admin",
    # accounts: created, changed, deactivated, activated, deleted, locked, unlocked, suspended
    "12": "other",
    "13": "other",
    "14": "other",
    "15": "other",
    "16": "other",
    "17": "other",
    "19": "other",
    "21": "other",
    "32": "other",
    "531": "other",
    # what may look like a login and is none
    "34": "other",
    "35": "other",
    "137": "other",
    "138": "other",
    "206": "other",
    "207": "other",
    "400": "other",
    "401": "other",
}

NOTES = {
    "5": "to OneLogin",
    "8": "to an application",
    "78": "to an application, by the assertion proxy",
    "6": "to OneLogin",
    "85": "to an application",
    "86": "remote authentication",
    "69": "by RADIUS",
    "123": "by the API",
    "129": "a bind to the virtual LDAP",
    "141": "with a social identity",
    "154": "at a Mac",
    "68": "no login: by RADIUS",
    "122": "no login: by the API",
    "130": "no login: a bind to the virtual LDAP",
    "140": "no login: a social identity",
    "153": "no login: at a Mac",
    "515": "no login: a token for a session",
    "527": "a factor was refused, by the API",
    "7": "of OneLogin",
    "29": "of an application",
    "516": "by the API",
    "523": "no end: it failed",
    "3": "no login: an administrator acts as the user",
    "34": "no login: access to an application was asked for",
    "35": "locked out of an application",
    "206": "no login: an administrator gave somebody an application",
}

OUTCOMES = dict.fromkeys(
    ("5", "8", "78", "68", "122", "130", "140", "153", "515", "528", "7", "29", "516", "11", "18", "110", "145", "510",
     "511", "22", "24", "27", "40", "3", "70", "71", "72", "73", "4", "147", "148", "149", "150", "151", "152", "513",
     "514", "74", "75", "76", "112", "119", "156", "157", "158", "170", "171", "172", "179", "180", "181", "182", "12",
     "13", "14", "15", "16", "17", "19", "21", "32", "531", "137", "206", "207"),
    "success",
) | dict.fromkeys(
    ("6", "77", "85", "86", "69", "123", "129", "141", "154", "522", "527", "523", "111", "146", "517", "518", "105",
     "35", "138", "400", "401"),
    "failure",
)  # fmt: skip


_IS_ACTED = (pl.col("assuming_acting_user_id") != "").fill_null(False)
_IS_BY_ADMIN = (
    pl.col("event_type_id").is_in([name for name, event_class in EVENTS.items() if event_class == "admin"])
    & (pl.col("actor_user_name") != "")
).fill_null(False)


def _whose(user: str, actor: str) -> pl.Expr:
    return pl.when(~_IS_ACTED).then(pl.when(_IS_BY_ADMIN).then(pl.col(actor)).otherwise(pl.col(user)))


IN_COLUMNS = (
    InColumns(
        # which is nothing only where it is a number
        fits=pl.col("assuming_acting_user_id").ne_missing("0") & pl.col("actor_user_name").ne_missing("0"),
        made={
            "event_timestamp": pl.col("event_timestamp").str.replace(r" UTC\z", "Z"),
            "user_name": _whose("user_name", "actor_user_name"),
            "user_id": _whose("user_id", "actor_user_id"),
        },
        hidden={"actor_user_name": _IS_ACTED},
    ),
)


def decode(record: dict[str, Any]) -> dict[str, Any]:
    """The record with a time that has an offset, and about whom it is."""
    found = dict(record)
    written = record.get("event_timestamp")
    if isinstance(written, str):  # `2025-08-29 04:37:12 UTC`
        found["event_timestamp"] = written.removesuffix(" UTC") + "Z" if written.endswith(" UTC") else written
    if record.get("assuming_acting_user_id"):
        found |= {"user_name": None, "user_id": None, "actor_user_name": None}
    elif EVENTS.get(str(record.get("event_type_id"))) == "admin" and record.get("actor_user_name"):
        found |= {
            "user_name": record["actor_user_name"],
            "user_id": record.get("actor_user_id"),
        }  # not whom it is done to
    return found
