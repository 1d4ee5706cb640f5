"""What a source's settings mean to the reading of its lines."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from processors import lake, parse
from processors._field_table import FieldTable
from processors.errors import LakeError
from processors.lake import Location
from processors.settings import Settings, Source
from schemas import Ledger

CLOCK_ERROR = timedelta(days=1)
RETENTION_MARGIN = timedelta(days=30)
KEY_BYTES = 32

_NEW_KEY = (
    "By a new key, lines read from now on do not meet those read before by their session ids: a session that goes on "
    "across them is found by user, address and device alone"
)


def options(settings: Settings, source: Source, as_of: datetime) -> parse.Options:
    """What a source's settings mean to the parser."""
    earliest, latest = in_range(settings, as_of=as_of)
    return replace(of_any_time(source, reference_key(settings.lake)), earliest=earliest, latest=latest)


def of_any_time(source: Source, reference_key: bytes = b"") -> parse.Options:
    """The same where no time is out of range. Without a key it serves to look at lines, not to keep them."""
    return parse.Options(
        reference_key=reference_key,
        time_zone=source.time_zone,
        login_requests=source.login_requests,
        logout_requests=source.logout_requests,
        background_paths=source.background_paths,
        application=source.application,
        user=source.user,
        session_reference=source.session_reference,
        trusted_proxies=source.trusted_proxies,
        query_strings=source.query_strings,
        fields=source.fields if isinstance(source.fields, str) else None,
        field_map=source.fields.field_map() if isinstance(source.fields, FieldTable) else None,
    )


def in_range(settings: Settings, *, as_of: datetime) -> tuple[datetime, datetime]:
    """The first and the last instant of which there can be events at `as_of`."""
    return as_of - settings.retention.longest - RETENTION_MARGIN, as_of + CLOCK_ERROR


def settings_digest(source: Source) -> str:
    """The digest of what of a source's settings its lines are read by; what is left out or reordered is no change."""
    facts = source.model_dump(mode="json", exclude={"name", "files", "stalled_after"}, exclude_defaults=True)
    in_order = {name: sorted(fact) if isinstance(fact, list) else fact for name, fact in facts.items()}
    return hashlib.blake2b(json.dumps(in_order, sort_keys=True).encode(), digest_size=8).hexdigest()


def reference_key(root: Location) -> bytes:
    """The key that digests session references, made at first use. Errors: `LakeError` for one that is no key."""
    path = _key_file(root)
    key = lake.made_once(path, secrets.token_bytes(KEY_BYTES))
    if len(key) != KEY_BYTES:  # an empty one digests as well, and anybody can digest the same
        what = f"is no key: got {len(key):,} bytes, expected {KEY_BYTES}"
        raise LakeError(str(path), what, f"Restore it from a backup, or delete it. {_NEW_KEY}")
    return key


def lost_key(root: Location) -> list[str]:
    """What to say before `reference_key` makes another key than the one that lines were read by; mostly nothing."""
    path = _key_file(root)
    if path.exists() or not lake.partitions(root, Ledger):
        return []
    return [f"{path} was lost, and a new key is made; better restore the old one from a backup. {_NEW_KEY}"]


def _key_file(root: Location) -> Location:
    return root / lake.PRIVATE / "reference.key"
