"""Generated records of Okta's System Log, with all the blocks of the documented ones: 1.2 to 2 KB each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from bench._logs import AGENTS, DAY_START, SECONDS

APPLICATIONS = ("Panel", "Payroll", "Wiki", "Tickets", "Mail", "Reports")
KINDS = (  # event type, message, result, type of the actor; as often as they stand here
    *[("user.authentication.sso", "User single sign on to app", "SUCCESS", "User")] * 8,
    *[("policy.evaluate_sign_on", "Evaluation of sign-on policy", "ALLOW", "User")] * 5,
    *[("app.oauth2.token.grant.access_token", "OIDC access token is granted", "SUCCESS", "PublicClientApp")] * 3,
    *[("user.authentication.auth_via_mfa", "Authentication of user via MFA", "SUCCESS", "User")] * 2,
    *[("user.session.start", "User login to Okta", "SUCCESS", "User")] * 2,
    ("user.session.start", "User login to Okta", "FAILURE", "User"),
    ("user.session.end", "User logout from Okta", "SUCCESS", "User"),
    ("user.account.unlock_token", "Unlock token", "SUCCESS", "SystemPrincipal"),
)


def write(path: Path, records: int, *, users: int = 5_000) -> None:
    """Nothing: writes a file of so many records, one a line; a day of them. The same every time."""
    chance = Random(1)
    with path.open("w", encoding="utf-8") as out:
        for number in range(records):
            kind = chance.choice(KINDS)
            who = int(chance.random() ** 2 * users)
            second = number * SECONDS / records + chance.randrange(1000) / 1000
            application = chance.choice(APPLICATIONS)
            out.write(line(record(number, who, second, chance, kind=kind, application=application)))


def line(record: dict[str, Any]) -> str:
    """The record as it is exported."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def record(
    number: int, who: int, second: float, chance: Random, *, kind: tuple[str, str, str, str], application: str
) -> dict[str, Any]:
    """One record of the day."""
    event_type, message, result, actor_type = kind
    agent, address = AGENTS[(who * 7 + 3) % len(AGENTS)], f"198.51.100.{who % 254 + 1}"
    published = datetime.fromtimestamp(DAY_START + round(second, 3), UTC)
    name = f"user{who}@example.com" if actor_type == "User" else "0oa1examp1ec1ient1d7"
    place = {
        "city": ("Pune", "Lyon", "Zürich")[who % 3],
        "state": None if who % 5 else "Maharashtra",
        "country": ("India", "France", "Switzerland")[who % 3],
        "postalCode": "411001",
        "geolocation": {"lat": 18.6161, "lon": 73.7286 + who % 9},
    }
    hop = {"ip": address, "geographicalContext": place, "version": "V4", "source": None}
    token = f"{chance.getrandbits(128):032x}"
    return {
        "actor": {
            "id": f"00u{who:017d}",
            "type": actor_type,
            "alternateId": name,
            "displayName": f"User {who}",
            "detailEntry": None,
        },
        "client": {
            "userAgent": {"rawUserAgent": agent, "os": "Windows 10", "browser": "CHROME"},
            "zone": "null",
            "device": "Computer",
            "id": None,
            "ipAddress": address,
            "geographicalContext": place,
        },
        "device": None,
        "authenticationContext": {
            "authenticationProvider": None,
            "credentialProvider": None,
            "credentialType": None,
            "issuer": None,
            "interface": None,
            "authenticationStep": 0,
            "rootSessionId": f"102{who:020d}",
            "externalSessionId": f"102{who:020d}",
        },
        "displayMessage": message,
        "eventType": event_type,
        "outcome": {"result": result, "reason": None if result != "FAILURE" else "INVALID_CREDENTIALS"},
        "published": published.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "securityContext": {
            "asNumber": 64496,
            "asOrg": "example network",
            "isp": "example network",
            "domain": "example.net",
            "isProxy": False,
        },
        "severity": "INFO" if result != "FAILURE" else "WARN",
        "debugContext": {
            "debugData": {
                "requestId": token,
                "requestUri": "/app/panel/exk1examp1e/sso/saml",
                "threatSuspected": "false",
                "risk": '{level=LOW, reasons="Anomalous Device"}',
            }
        },
        "legacyEventType": "app.auth.sso",
        "transaction": {"type": "WEB", "id": token, "detail": {}},
        "uuid": f"{number:08x}-84a1-11f0-9d5b-0f5a3c1e7a10",
        "version": "0",
        "request": {"ipChain": chance.choice(((), (hop,)))},
        "target": _targets(event_type, who, application),
    }


def _targets(event_type: str, who: int, application: str) -> list[dict[str, Any]] | None:
    """What it was about: an application, and who is known there."""
    if not event_type.startswith(("user.authentication.sso", "app.", "policy.")):
        return None
    user = f"user{who}@example.com"
    return [
        {"id": f"0ua{who:017d}", "type": "AppUser", "alternateId": user, "displayName": f"User {who}"},
        {"id": "0oa1examp1e", "type": "AppInstance", "alternateId": application, "displayName": application},
    ]
