"""The rules of sessions, one event at a time: what is open, what an event joins, what ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

SAME_LOGIN_US = 60_000_000

Membership = Literal["opened", "action", "background", "closed", "unmatched"]
EndReason = Literal["logout", "revoked", "superseded", "idle_timeout", "absolute_timeout", "active"]


class Event(NamedTuple):
    """What the rules see of an event. Times are microseconds; nulls are None and equal nothing."""

    row: int
    burst: int
    time: int
    event_class: str
    source: str
    session_reference: str | None
    ip_address: str | None
    kin: str | None


@dataclass(slots=True, eq=False)
class Session:
    """One session, while it is open and after. `kin` is its device, `opening_kin` that of its first event alone."""

    opening: Event
    last_action: int
    kin: str | None
    references: dict[str, str] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    end_time: int | None = None
    end_reason: EndReason = "active"

    def join(self, event: Event) -> None:
        if event.session_reference is not None:
            self.references.setdefault(event.source, event.session_reference)
        if event.ip_address is not None:
            self.addresses.add(event.ip_address)
        if self.kin is None:
            self.kin = event.kin

    def recency(self) -> tuple[int, int]:
        return self.last_action, self.opening.row


class Burst:
    """The open sessions of one user between two gaps longer than the idle timeout: nothing is open before or after.

    Its first event is an action, or there is no action in it at all.
    """

    def __init__(self, first_time: int, *, idle_timeout: int, absolute_timeout: int) -> None:
        self.idle_timeout = idle_timeout
        self.absolute_timeout = absolute_timeout
        self.open: list[Session] = []
        # machines do not sleep: the first multiple with a whole absolute timeout of the burst before it
        self.next_multiple = -(-(first_time + absolute_timeout) // absolute_timeout) * absolute_timeout

    def expire(self, now: int, *, multiples_before: int) -> None:
        """Ends what timed out before `now`, and everything at the first multiple before `multiples_before`."""
        multiple = self.next_multiple if self.next_multiple < multiples_before else None
        for session in tuple(self.open):
            idle = session.last_action + self.idle_timeout
            absolute = session.opening.time + self.absolute_timeout
            end = min(idle, absolute)
            if multiple is not None and multiple <= end:
                self._end(session, multiple, "absolute_timeout")
            elif end < now:
                self._end(session, end, "absolute_timeout" if absolute <= idle else "idle_timeout")
        if multiple is not None:
            self.next_multiple = -(-multiples_before // self.absolute_timeout) * self.absolute_timeout

    def take(self, event: Event) -> tuple[Session | None, Membership]:
        """The session that the event opens, joins or closes, and which of these. After `expire`."""
        match event.event_class:
            case "login":
                return self._login(event)
            case "activity":
                session = self._find(event)
                return (self._open(event), "opened") if session is None else self._act(session, event)
            case "background":
                session = self._find(event)
                if session is not None:
                    session.join(event)
                return session, "background"
            case _:
                session = self._find_to_close(event)
                if session is None:
                    return None, "unmatched"
                self._end(session, event.time, "logout" if event.event_class == "logout" else "revoked")
                return session, "closed"

    def _login(self, event: Event) -> tuple[Session, Membership]:
        session = self._holder(event) or _latest(
            session
            for session in self._same_device(event, self.open)
            if session.opening.event_class == "login"
            and session.opening.source != event.source
            and event.time - session.opening.time <= SAME_LOGIN_US
        )
        if session is not None:
            return self._act(session, event)
        if event.session_reference is None:
            for superseded in self._same_device(event, self.open):
                self._end(superseded, event.time, "superseded")
        return self._open(event), "opened"

    def _find(self, event: Event) -> Session | None:
        holder = self._holder(event)
        if holder is not None or not self.open:
            return holder
        reference = event.session_reference
        possible = self.open
        if reference is not None:
            possible = [session for session in possible if session.references.get(event.source, reference) == reference]
        return _latest(self._same_device(event, possible)) or _latest(
            session for session in possible if session.opening.kin is None and event.ip_address in session.addresses
        )

    def _find_to_close(self, event: Event) -> Session | None:
        if event.session_reference is not None:
            return self._holder(event)
        return _latest(self._same_device(event, self.open)) or _latest(
            session
            for session in self.open
            if (session.kin is None or event.kin is None) and event.ip_address in session.addresses
        )

    def _holder(self, event: Event) -> Session | None:
        if event.session_reference is not None:
            for session in self.open:
                if event.session_reference in session.references.values():
                    return session
        return None

    def _same_device(self, event: Event, sessions: list[Session]) -> list[Session]:
        return [session for session in sessions if session.kin == event.kin] if event.kin is not None else []

    def _open(self, event: Event) -> Session:
        session = Session(event, event.time, event.kin)
        session.join(event)
        self.open.append(session)
        return session

    def _act(self, session: Session, event: Event) -> tuple[Session, Membership]:
        session.join(event)
        session.last_action = event.time
        return session, "action"

    def _end(self, session: Session, time: int, reason: EndReason) -> None:
        session.end_time, session.end_reason = time, reason
        self.open.remove(session)


def _latest(sessions: Iterable[Session]) -> Session | None:
    return max(sessions, key=Session.recency, default=None)


def follow(
    events: Iterable[Event], *, idle_timeout: int, absolute_timeout: int, as_of: int
) -> tuple[list[Session | None], list[Membership]]:
    """The session of each event, and what the event is to it. Events stand in order, burst by burst."""
    sessions: list[Session | None] = []
    memberships: list[Membership] = []
    burst, number = None, None
    for event in events:
        if burst is None or event.burst != number:
            if burst is not None:
                burst.expire(as_of, multiples_before=as_of)
            burst = Burst(event.time, idle_timeout=idle_timeout, absolute_timeout=absolute_timeout)
            number = event.burst
        else:
            burst.expire(event.time, multiples_before=event.time + 1)
        session, membership = burst.take(event)
        sessions.append(session)
        memberships.append(membership)
    if burst is not None:
        burst.expire(as_of, multiples_before=as_of)
    return sessions, memberships
