"""The rules again, slow and obvious, in plain Python over lists of events; and the means to write such events down.

Nothing here is taken from the kernels. Where this and a kernel disagree, one of them has a bug.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl

from schemas import Events

Event = dict[str, Any]
Session = dict[str, Any]
MINUTE = timedelta(minutes=1)
CHROME, FIREFOX = "Chrome 126 · Windows 10/11", "Firefox 128 · Linux"
COLUMNS = {name: column.dtype for name, column in Events.columns().items()}


def at(clock: str, day: int = 29) -> datetime:
    """The instant on a day of August 2025: `at("10:07")`, `at("10:07:00.000001")`."""
    return datetime.fromisoformat(f"2025-08-{day}T{clock}+00:00")


def event(time: str | datetime, event_class: str = "activity", **fields: Any) -> Event:
    """One event of Ann's in the panel; name what differs. `frame` numbers the lines."""
    unlike = dict.fromkeys(COLUMNS) | {
        "event_time": at(time) if isinstance(time, str) else time,
        "event_class": event_class,
        "source": "panel",
        "outcome": "success",
        "user_name": "ann@example.com",
        "attribution_method": "log_user",
        "address_trust": "peer",
        "device": CHROME,
        "file_id": "panel/access.log",
    }
    return unlike | fields


def frame(events: Iterable[Event]) -> pl.LazyFrame:
    """The events as a table; lines are numbered in the order given, unless they have their number."""
    numbered = [{**each, "line_number": each["line_number"] or n} for n, each in enumerate(events, start=1)]
    return pl.LazyFrame(numbered, schema=COLUMNS)


def in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda e: (e["event_time"], e["file_id"], e["line_number"]))


# ---- whose event is it?


def attribute(event: Event, logins: list[Event], absolute_timeout: timedelta) -> tuple[str | None, str]:
    """The user of the event and the method that found them."""
    if event["user_name"] is not None:
        return event["user_name"], "log_user"
    recent = [
        login
        for login in in_order(logins)
        if login["event_class"] == "login" and login["outcome"] == "success" and login["user_name"] is not None
        if event["event_time"] - absolute_timeout <= login["event_time"] <= event["event_time"]
    ]

    def alike(*fields: str) -> list[Event]:
        return [login for login in recent if all(event[f] is not None and login[f] == event[f] for f in fields)]

    is_request = event["event_class"] in ("activity", "background", "logout")
    by_address = alike("ip_address") if is_request else []
    for method, found in (
        ("session_reference", alike("session_reference")),
        ("address_and_device", alike("ip_address", "user_agent") if is_request else []),
        ("address", by_address if any(login["user_agent"] is None for login in by_address) else []),
    ):
        users = {login["user_name"].casefold() for login in found}
        if len(users) > 1:
            return None, "ambiguous"
        if users:
            return found[-1]["user_name"], method
    return None, "anonymous"


# ---- sessions


def device_kin(device: str) -> str | None:
    """Family and platform, without versions."""
    return None if device == "unknown" else re.sub(r" [0-9][0-9./]*", "", device)


def is_action(event: Event) -> bool:
    return event["event_class"] in ("login", "activity")


class User:
    """Everything that one user did, followed through time."""

    def __init__(self, idle_timeout: timedelta, absolute_timeout: timedelta) -> None:
        self.idle_timeout, self.absolute_timeout = idle_timeout, absolute_timeout
        self.sessions: list[Session] = []
        self.actions: list[datetime] = []
        self.unmatched: list[Event] = []
        self.now = datetime(1970, 1, 1, tzinfo=UTC)

    # what time does

    def pass_time(self, until: datetime, *, including: bool) -> None:
        """Ends what ends by itself before `until`; a multiple of the absolute timeout that is `until`, if included."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        multiple = epoch + ((self.now - epoch) // self.absolute_timeout + 1) * self.absolute_timeout
        if self.sessions:
            while multiple < until or (including and multiple == until):
                self.time_out(multiple)
                if self.is_machine(multiple):
                    for session in self.open():
                        self.end(session, multiple, "absolute_timeout")
                multiple += self.absolute_timeout
        self.time_out(until)
        self.now = until

    def time_out(self, now: datetime) -> None:
        for session in self.open():
            idle = session["actions"][-1] + self.idle_timeout
            absolute = session["events"][0]["event_time"] + self.absolute_timeout
            if now > idle or now > absolute:
                self.end(session, min(idle, absolute), "absolute_timeout" if absolute <= idle else "idle_timeout")

    def is_machine(self, multiple: datetime) -> bool:
        later = multiple
        for action in reversed(self.actions):
            if later - action > self.idle_timeout:
                return False
            if action <= multiple - self.absolute_timeout:
                return True
            later = action
        return False

    # what is there

    def open(self) -> list[Session]:
        return [session for session in self.sessions if session["end_reason"] == "active"]

    def holding(self, reference: str | None) -> list[Session]:
        return [s for s in self.open() if reference is not None and reference in s["references"].values()]

    def on_device(self, event: Event, among: list[Session]) -> list[Session]:
        kin = device_kin(event["device"])
        return [s for s in among if kin is not None and device_kin(self.first(s, "device")) == kin]

    def at_address(self, event: Event, among: list[Session]) -> list[Session]:
        address = event["ip_address"]
        return [s for s in among if address is not None and address in [e["ip_address"] for e in s["events"]]]

    def first(self, session: Session, field: str) -> Any:
        """What the first event of the session that says it says."""
        nothing = "unknown" if field == "device" else None
        return next((e[field] for e in session["events"] if e[field] != nothing), nothing)

    def most_recent(self, sessions: list[Session]) -> Session | None:
        return max(sessions, key=lambda s: (s["actions"][-1], self.sessions.index(s)), default=None)

    # what an event does

    def take(self, event: Event) -> None:
        self.pass_time(event["event_time"], including=True)
        getattr(self, event["event_class"])(event)
        if is_action(event):
            self.actions.append(event["event_time"])

    def login(self, event: Event) -> None:
        twice = [
            s
            for s in self.on_device(event, self.open())
            if s["events"][0]["event_class"] == "login" and s["events"][0]["source"] != event["source"]
            if event["event_time"] - s["events"][0]["event_time"] <= MINUTE
        ]
        session = self.most_recent(self.holding(event["session_reference"])) or self.most_recent(twice)
        if session:
            self.join(session, event)
            return
        if event["session_reference"] is None:
            for superseded in self.on_device(event, self.open()):
                self.end(superseded, event["event_time"], "superseded")
        self.begin(event)

    def activity(self, event: Event) -> None:
        session = self.find(event)
        if session:
            self.join(session, event)
        else:
            self.begin(event)

    def background(self, event: Event) -> None:
        session = self.find(event)
        if session:
            self.join(session, event)

    def logout(self, event: Event, reason: str = "logout") -> None:
        if event["session_reference"] is not None:
            session = self.most_recent(self.holding(event["session_reference"]))
        else:
            vague = [s for s in self.open() if "unknown" in (event["device"], self.first(s, "device"))]
            session = self.most_recent(self.on_device(event, self.open())) or self.most_recent(
                self.at_address(event, vague)
            )
        if session:
            self.end(session, event["event_time"], reason)
        else:
            self.unmatched.append(event)

    def session_end(self, event: Event) -> None:
        self.logout(event, "revoked")

    def find(self, event: Event) -> Session | None:
        reference, source = event["session_reference"], event["source"]
        possible = [s for s in self.open() if reference is None or s["references"].get(source) in (None, reference)]
        deviceless = [s for s in possible if s["events"][0]["device"] == "unknown"]
        return (
            self.most_recent(self.holding(reference))
            or self.most_recent(self.on_device(event, possible))
            or self.most_recent(self.at_address(event, deviceless))
        )

    def begin(self, event: Event) -> None:
        session: Session = {"events": [], "actions": [], "references": {}, "end_time": None, "end_reason": "active"}
        self.sessions.append(session)
        self.join(session, event)

    def join(self, session: Session, event: Event) -> None:
        session["events"].append(event)
        if is_action(event):
            session["actions"].append(event["event_time"])
        if event["session_reference"] is not None:
            session["references"].setdefault(event["source"], event["session_reference"])

    def end(self, session: Session, time: datetime, reason: str) -> None:
        session["end_time"], session["end_reason"] = time, reason

    # what the tables say

    def row(self, session: Session, as_of: datetime) -> dict[str, Any]:
        events, actions = session["events"], session["actions"]
        until = session["end_time"] or as_of
        addresses = [e["ip_address"] for e in events if e["ip_address"] is not None]
        stretches = [b - a for a, b in zip(actions, [*actions[1:], until], strict=True)]
        observed = events[0]["event_class"] == "login"
        return {
            "opening": (events[0]["file_id"], events[0]["line_number"]),
            "user_name": events[0]["user_name"],
            "login_time": events[0]["event_time"],
            "login_observed": observed,
            "last_activity_time": actions[-1],
            "end_time": session["end_time"],
            "end_reason": session["end_reason"],
            "inactivity_s": stretches[-1] // timedelta(seconds=1),
            "is_final": session["end_reason"] != "active",
            "longest_inactivity_s": max(stretches) // timedelta(seconds=1),
            "activity_count": len(actions) - observed,
            "ip_address": self.first(session, "ip_address"),
            "ip_addresses": list(dict.fromkeys(addresses)),
            "ip_count": len(set(addresses)),
            "ip_switch_count": sum(a != b for a, b in pairwise(addresses)),
            "device": self.first(session, "device"),
            "user_agent": self.first(session, "user_agent"),
            "source": events[0]["source"],
            "application": self.first(session, "application"),
            "attribution_method": events[0]["attribution_method"],
            "as_of_time": as_of,
        }

    def windows(self, session: Session, inactivity_window: timedelta, as_of: datetime) -> list[dict[str, Any]]:
        starts = session["actions"]
        ends = [*starts[1:], session["end_time"] or as_of]
        is_open = [False] * (len(starts) - 1) + [session["end_time"] is None]
        return [
            {
                "opening": (session["events"][0]["file_id"], session["events"][0]["line_number"]),
                "window_start_time": start,
                "window_end_time": end,
                "window_s": (end - start) // timedelta(seconds=1),
                "is_open": open_,
                "user_name": session["events"][0]["user_name"],
            }
            for start, end, open_ in zip(starts, ends, is_open, strict=True)
            if end - start > inactivity_window
        ]


def users(
    events: Iterable[Event], *, idle_timeout: timedelta, absolute_timeout: timedelta, as_of: datetime
) -> list[User]:
    """Every user at `as_of`."""
    found: dict[str, User] = {}
    for each in in_order(events):
        relevant = each["event_class"] in ("login", "activity", "background", "logout", "session_end")
        failed = each["event_class"] == "login" and each["outcome"] != "success"
        if each["user_name"] is None or each["event_time"] >= as_of or not relevant or failed:
            continue
        name = each["user_name"].casefold()
        found.setdefault(name, User(idle_timeout, absolute_timeout)).take(each)
    for user in found.values():
        user.pass_time(as_of, including=False)
    return [found[name] for name in sorted(found)]
