"""What a source's settings mean to the reading of its lines."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta

from processors import lake, parse
from processors.lake import Location
from processors.settings import Settings, Source

CLOCK_ERROR = timedelta(days=1)
RETENTION_MARGIN = timedelta(days=30)


def options(settings: Settings, source: Source, as_of: datetime) -> parse.Options:
    """What a source's settings mean to the parser."""
    earliest, latest = in_range(settings, as_of=as_of)
    return parse.Options(
        time_zone=source.time_zone,
        reference_key=reference_key(settings.lake),
        login_requests=source.login_requests,
        logout_requests=source.logout_requests,
        background_paths=source.background_paths,
        application=source.application,
        user=source.user,
        session_reference=source.session_reference,
        earliest=earliest,
        latest=latest,
        trusted_proxies=source.trusted_proxies,
        query_strings=source.query_strings,
        fields=source.fields,
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
    """The key that digests session references, made at first use."""
    return lake.made_once(root / lake.PRIVATE / "reference.key", secrets.token_bytes(32))
