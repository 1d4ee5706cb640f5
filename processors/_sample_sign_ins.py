"""The sign-ins of the sample workspace, as Okta and Keycloak record them."""

from __future__ import annotations

import ipaddress
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from processors._sample_people import MINUTE, Day, Person, Visit

# what happened: Okta's event type, message, outcome and its reason
EVENTS = {
    "policy": ("policy.evaluate_sign_on", "Evaluation of sign-on policy", "CHALLENGE", "Sign-on policy evaluation"),
    "start": ("user.session.start", "User login to Okta", "SUCCESS", None),
    "failed": ("user.session.start", "User login to Okta", "FAILURE", "INVALID_CREDENTIALS"),
    "mfa": ("user.authentication.auth_via_mfa", "Authentication of user via MFA", "SUCCESS", None),
    "sso": ("user.authentication.sso", "User single sign on to app", "SUCCESS", None),
    "token": ("app.oauth2.token.grant.refresh_token", "OIDC access token refreshed", "SUCCESS", None),
    "lock": ("user.account.lock", "Max sign in attempts exceeded", "FAILURE", "LOCKED_OUT"),
    "unlock": ("user.account.unlock_by_admin", "Unlock user account by admin", "SUCCESS", None),
    "password": ("user.account.update_password", "User update password for Okta", "SUCCESS", None),
    "end": ("user.session.end", "User logout from Okta", "SUCCESS", None),
    "clear": ("user.session.clear", "Clear user session", "SUCCESS", None),
    "expire": ("user.session.expire", "Expire user session", "SUCCESS", None),
    "admin_app": ("user.session.access_admin_app", "User accessing Okta admin app", "SUCCESS", None),
}
PANEL_TARGET = {"id": "0oa1pane1samp1e01d7", "type": "AppInstance", "alternateId": "Panel", "displayName": "Panel"}
WITHOUT_SESSION = {"failed", "lock", "policy", "unlock"}


class SignIn(NamedTuple):
    """Something an identity provider saw. `about` is the other person of an administrator's act."""

    time: float
    kind: str
    person: Person
    address: str
    agent: str
    reference: str | None
    about: Person | None = None


def okta_events(visits: list[Visit], everybody: list[Person], day: Day, chance: Random) -> list[SignIn]:
    """What Okta saw of the day, in order."""
    admin = next(person for person in everybody if person.habit == "admin")
    found = [event for visit in visits if visit.application == "panel" for event in _of_visit(visit, admin, chance)]
    for number, person in enumerate(everybody[::3]):  # one password tried on many accounts
        found.append(SignIn(day.at(3) + number * 4, "failed", person, "203.0.113.240", "python-requests/2.32.3", None))
    return sorted((event for event in found if day.start <= event.time < day.end), key=lambda event: event.time)


def _of_visit(visit: Visit, admin: Person, chance: Random) -> Iterator[SignIn]:
    def seen(moment: float, kind: str) -> SignIn:
        reference = None if kind in WITHOUT_SESSION else visit.reference
        return SignIn(moment, kind, visit.person, visit.address_at(moment), visit.agent, reference)

    start = visit.start
    for number in range(visit.mistakes):
        early = 25 * MINUTE if visit.mistakes > 4 else 0
        yield seen(start - early - 90 + 15 * number, "failed")
    if visit.mistakes > 4:
        yield seen(start - 25 * MINUTE, "lock")
        yield SignIn(start - 6 * MINUTE, "unlock", admin, admin.address, admin.agent, None, visit.person)
    yield seen(start - 4, "policy")
    if visit.is_first:
        yield seen(start - 2.5, "start")
        yield seen(start - 1.5, "mfa")
    yield seen(start, "sso")
    for moment, _ in visit.moves[1:]:  # a new address: the panel sends the browser to Okta and back
        yield seen(moment + chance.uniform(15, 60), "sso")
    for step in range(1, int((visit.end - start) / (60 * MINUTE))):
        yield seen(start + step * 60 * MINUTE, "token")
    if visit.person.habit == "admin":
        yield seen(start + 40 * MINUTE, "admin_app")
    if visit.mistakes:
        yield seen(start + 5 * MINUTE, "password")
    if visit.ending == "logout":
        yield seen(visit.end + 1, "end")
    if visit.ending == "revoked":
        yield SignIn(visit.end, "clear", admin, admin.address, admin.agent, None, visit.person)
        yield seen(visit.end + 0.5, "expire")


def okta_records(events: list[SignIn], data: dict[str, Any], chance: Random) -> list[tuple[float, str]]:
    """Each event as its time and the JSON record of Okta's System Log."""
    places = [(ipaddress.ip_network(net), place) for place in data["places"] for net in place["networks"]]
    return [(event.time, json.dumps(_record(event, places, chance), ensure_ascii=False)) for event in events]


def _record(event: SignIn, places: list[tuple[Any, dict[str, Any]]], chance: Random) -> dict[str, Any]:
    event_type, message, result, reason = EVENTS[event.kind]
    place = next(place for net, place in places if ipaddress.ip_address(event.address) in net)
    geography = {
        "city": place.get("city"),
        "state": place.get("region", [None])[0],
        "country": place["country"][0],
        "postalCode": None,
        "geolocation": {"lat": place["point"][0], "lon": place["point"][1]},
    }
    target = [_user(event.about, "User")] if event.about else []
    if event.kind in {"sso", "token"}:
        target = [PANEL_TARGET, _user(event.person, "AppUser")]
    is_phone = "Mobile" in event.agent
    return {
        "uuid": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "published": datetime.fromtimestamp(event.time, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        "eventType": event_type,
        "version": "0",
        "severity": "WARN" if result == "FAILURE" else "INFO",
        "displayMessage": message,
        "actor": _user(event.person, "User"),
        "client": {
            "userAgent": {
                "rawUserAgent": event.agent,
                "os": _first(event.agent, ("Windows", "Mac OS X", "Android", "iOS", "Linux"), "Unknown"),
                "browser": _first(event.agent, ("Edg", "Firefox", "Chrome", "Safari"), "Unknown").upper(),
            },
            "zone": "null",
            "device": "Mobile" if is_phone else "Computer",
            "id": None,
            "ipAddress": event.address,
            "geographicalContext": geography,
        },
        "authenticationContext": {"authenticationStep": 0, "externalSessionId": event.reference},
        "outcome": {"result": result, "reason": reason},
        "target": target or None,
        "transaction": {"type": "WEB", "id": f"{chance.getrandbits(96):024x}", "detail": {}},
        "debugContext": {"debugData": {"requestUri": "/api/v1/authn", "dtHash": f"{chance.getrandbits(128):032x}"}},
        "request": {
            "ipChain": [{"ip": event.address, "version": "V6" if ":" in event.address else "V4", "source": None}]
        },
        "securityContext": {"asNumber": None, "asOrg": None, "isp": None, "domain": None, "isProxy": False},
    }


def _user(person: Person, kind: str) -> dict[str, Any]:
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{person.user_name}").hex[:15]
    return {"id": f"00u{number}", "type": kind, "alternateId": person.user_name, "displayName": person.display_name}


def _first(text: str, names: tuple[str, ...], otherwise: str) -> str:
    return next((name for name in names if name in text), otherwise)


def keycloak_lines(visits: list[Visit], day: Day, chance: Random) -> list[str]:
    """The log of Keycloak 26 (Quarkus), in order, on a clock of UTC."""
    found: list[tuple[float, str]] = []
    for visit in visits:
        if visit.application != "backoffice":
            continue
        name = visit.person.user_name
        if visit.person.habit == "both":  # typed with capitals, as some do
            name = ".".join(part.capitalize() for part in name.split("."))
            name = name.replace(".Com", ".com")
        step = 10 * MINUTE
        found.append((visit.start - 0.2, _event("LOGIN", visit, f'username="{name}", consent="no_consent_required"')))
        found.append((visit.start + 0.4, _event("CODE_TO_TOKEN", visit, 'grant_type="authorization_code"')))
        for number in range(1, int((visit.end - visit.start) / step)):
            found.append((visit.start + number * step, _event("REFRESH_TOKEN", visit, 'grant_type="refresh_token"')))
        if visit.ending == "logout":
            found.append((visit.end + 0.3, _event("LOGOUT", visit, 'redirect_uri="https://backoffice.example.com/"')))
        if visit.person.habit == "counter" and chance.random() < 0.5:
            typo = f'error="invalid_user_credentials", auth_method="openid-connect", username="{name}"'
            found.append((visit.start - 30, _event("LOGIN_ERROR", visit, typo)))
    lines = []
    for moment, text in sorted(found):
        if day.start <= moment < day.end:
            stamp = datetime.fromtimestamp(moment, UTC) + timedelta(milliseconds=chance.randrange(100))
            level = "WARN " if "_ERROR" in text else "INFO "
            when = f"{stamp:%Y-%m-%d %H:%M:%S},{stamp.microsecond // 1000:03}"
            lines.append(f"{when} {level} [org.keycloak.events] (executor-thread-{chance.randrange(1, 40)}) {text}")
    return lines


def _event(kind: str, visit: Visit, details: str) -> str:
    user_id = uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{visit.person.user_name}")
    session = "" if kind.endswith("_ERROR") else f'sessionId="{visit.reference}", '
    code = "" if kind.endswith("_ERROR") else f', code_id="{visit.reference}"'
    return (
        f'type="{kind}", realmId="2f3e8a44-6d1b-4a0e-9a57-0d6a7a1c9b11", realmName="example", clientId="backoffice", '
        f'userId="{user_id}", {session}ipAddress="{visit.moves[0][1]}", {details}{code}'
    )
