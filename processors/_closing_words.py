"""Why a session ended, what its inactivity is and how it began: sentences with the arithmetic written out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from processors._session_events import SAME_LOGIN
from processors._time_words import Clock, hours_minutes_seconds, length
from processors.explain import Explanation, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def opening(e: Explanation, at: Clock) -> list[str]:
    """How the session began."""
    row, said = e.session, []
    if row["login_observed"]:
        source = f" in {row['source']}" if row["source"] else ""
        said.append(f"A successful login at {at(row['login_time'])}{source} opened it.")
    else:
        said.append(
            f"No login of it was seen. The activity at {at(row['login_time'])} in {row['source']} found no open "
            "session of the user that it could belong to, and opened an implicit one, which is measured from that "
            "event."
        )
        if e.before and e.before.end_time:
            enforced = "; if that was to end the access as well, it was not enforced" if e.before.is_same_device else ""
            said.append(
                f"The user's session before it ({e.before.session_id}) had ended at {at(e.before.end_time)} by "
                f"{e.before.end_reason}{enforced}."
            )
        elif e.before:
            said.append(f"The user's session before it ({e.before.session_id}) was still active.")
        elif e.events:
            said.append("No session of the user is known shortly before it.")
    for other in e.events:
        if other["joined_by"] == "same_login":
            apart = other["event_time"] - row["login_time"]
            said.append(
                f"The login at {at(other['event_time'])} in {other['source']} (event {other['number']}) is the same "
                f"login recorded twice: by another source, on the same device, {length(apart)} after the first; up to "
                f"{length(SAME_LOGIN)} apart they are one. It counts as an action."
            )
    return said


def ending(e: Explanation, at: Clock) -> list[str]:
    """The rule that closed the session, or that none has."""
    return _RULES[e.session["end_reason"]](e, at)


def _idle(e: Explanation, at: Clock) -> list[str]:
    idle, absolute = _idle_sum(e, at), _absolute_sum(e, at)
    return [
        f"No action came within the idle timeout: {idle}; {_later(e, at)}. Equal would still be active.",
        f"The absolute timeout would have come later: {absolute}.",
        "No log says so: this end is derived from the settings.",
    ]


def _absolute(e: Explanation, at: Clock) -> list[str]:
    if e.is_machine_cut:
        return _machine(e, at)
    idle_end = e.session["last_activity_time"] + e.limits.idle_timeout
    tie = " The idle timeout fell on the same instant; of two that tie the absolute one counts."
    rest = tie if idle_end == e.session["end_time"] else f" The idle timeout would have come later: {_idle_sum(e, at)}."
    return [
        f"It reached the longest time that a session may last, whatever happens in it: {_absolute_sum(e, at)}; "
        f"{_later(e, at)}.{rest}",
        "No log says so: this end is derived from the settings.",
    ]


def _machine(e: Explanation, at: Clock) -> list[str]:
    end, absolute = e.session["end_time"], e.limits.absolute_timeout
    pause = f": the longest was {length(e.longest_pause)}" if e.longest_pause is not None else ""
    return [
        "Machines do not sleep. At every multiple of the absolute timeout, counted from 1970-01-01 00:00 UTC, all that "
        "a user has open is closed if, in the whole absolute timeout before it, they never paused for longer than the "
        "idle timeout.",
        f"{at.full(end)} is such an instant ({(end - _EPOCH) // absolute:,} × {length(absolute)}). From "
        f"{at.full(end - absolute)} until then the user never paused for longer than {length(e.limits.idle_timeout)}"
        f"{pause}.",
        f"The timeouts would have come no earlier: {_idle_sum(e, at)}; {_absolute_sum(e, at)}.",
    ]


def _closed(e: Explanation, at: Clock) -> list[str]:
    end = e.session["end_time"]
    what = "logout" if e.session["end_reason"] == "logout" else "session_end (revoked, expired or cleared)"
    closer = next((one for one in e.events if one["membership"] == "closed"), None)
    which = f" in {closer['source']} (event {closer['number']})" if closer else ""
    said = [f"The {what} at {at(end)}{which} closed it{_why_this(closer)}."]
    return [
        *said,
        f"Neither timeout came first: {_idle_sum(e, at)}; {_absolute_sum(e, at)}. {at(end)} is not later than either.",
    ]


def _why_this(closer: Row | None) -> str:
    match closer:
        case {"joined_by": "reference", "reference": reference}:
            return (
                f": it carries the session reference {reference} (the beginning of a digest), which the session holds"
            )
        case {"joined_by": "device", "device": device}:
            return (
                f": it carries no session reference, and of the user's open sessions on its device ({device}) this was "
                "the one active last"
            )
        case {"joined_by": "address", "ip_address": address}:
            return (
                f": it carries no session reference, its device or that of the session is not known, and of the user's "
                f"open sessions at its address ({address}) this was the one active last"
            )
    return ""


def _superseded(e: Explanation, at: Clock) -> list[str]:
    end, by = e.session["end_time"], e.superseded_by
    which = f" in {by.source}" if by else ""
    opened = f" That login opened session {by.session_id}." if by else ""
    return [
        f"A login of the same user on the same device ({e.session['device']}) at {at(end)}{which} superseded it: it "
        "carried no session reference by which both could go on side by side, and was not the same login recorded "
        f"twice.{opened}",
        f"Neither timeout came first: {_idle_sum(e, at)}; {_absolute_sum(e, at)}. {at(end)} is not later than either.",
    ]


def _active(e: Explanation, at: Clock) -> list[str]:
    as_of = at.full(e.session["as_of_time"])
    return [
        f"Nothing has ended it by {as_of}, when all this was known: no logout, no session_end, no login in its place.",
        f"Neither timeout has passed: {_idle_sum(e, at)}; {_absolute_sum(e, at)}. {as_of} is not later than either.",
    ]


_RULES: dict[str, Callable[[Explanation, Clock], list[str]]] = {
    "logout": _closed,
    "revoked": _closed,
    "superseded": _superseded,
    "idle_timeout": _idle,
    "absolute_timeout": _absolute,
    "active": _active,
}


def inactivity(e: Explanation, at: Clock) -> list[str]:
    """The arithmetic of `inactivity_duration`."""
    row = e.session
    until = row["end_time"] or row["as_of_time"]
    span: timedelta = until - row["last_activity_time"]
    end = f"End {at(until)}" if row["end_time"] else f"As of {at(until)}"
    printed = hours_minutes_seconds(span)
    floored = "" if span == timedelta(seconds=span // timedelta(seconds=1)) else ", in whole seconds"
    said = [f"{end} − last action {at(row['last_activity_time'])} = {length(span)}{floored}: {printed}."]
    match row["end_reason"]:
        case "logout" | "revoked":
            said.append("What closes a session is no action, so it does not set the clock back.")
        case "idle_timeout":
            said.append("A session that ends by the idle timeout was inactive for exactly that long.")
        case "active":
            said.append("It grows until the user acts again, or the session ends.")
    background = sum(one["membership"] == "background" for one in e.events)
    if background:
        events = "1 background event" if background == 1 else f"{background:,} background events"
        said.append(
            f"{events} of the session (token refresh, polling, static files and the like) did not count: "
            "what nobody does is no action, and sets no clock back."
        )
    return [" ".join(said)]


def _idle_sum(e: Explanation, at: Clock) -> str:
    last, idle = e.session["last_activity_time"], e.limits.idle_timeout
    return f"last action {at(last)} + idle timeout {length(idle)} = {at(last + idle)}"


def _absolute_sum(e: Explanation, at: Clock) -> str:
    first, absolute = e.session["login_time"], e.limits.absolute_timeout
    what = "login" if e.session["login_observed"] else "first event"
    return f"{what} {at(first)} + absolute timeout {length(absolute)} = {at(first + absolute)}"


def _later(e: Explanation, at: Clock) -> str:
    if e.next_event:
        time, source, event_class = e.next_event
        return f"the user's next event, at {at(time)} ({event_class} in {source}), is later than that"
    if not e.events:
        return f"what was known then reaches to {at.full(e.session['as_of_time'])}, which is later than that"
    return f"no event of the user followed by {at.full(e.known_until)}, which is later than that"


def instants(e: Explanation) -> list[datetime]:
    """The instants that are printed, but for what may be long after them."""
    row = e.session
    first, last = row["login_time"], row["last_activity_time"]
    found = [first, last, row["end_time"], first + e.limits.absolute_timeout]
    found += [last + e.limits.idle_timeout, e.next_event and e.next_event.event_time, e.before and e.before.end_time]
    found += [row["end_time"] - e.limits.absolute_timeout] if e.is_machine_cut else []
    found += [one[name] for one in e.events for name in ("event_time", "matched_time")]
    return [one for one in found if one is not None]
