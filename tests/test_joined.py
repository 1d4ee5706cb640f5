from __future__ import annotations

import ipaddress
import random
from calendar import timegm
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import maxminddb
import pytest

from processors import _joined
from processors._joined import NotJoinable
from tests import location_files
from tests.location_files import FLAT_LONDON, FLAT_OSAKA

IPV4 = {"0.0.0.0/8": FLAT_LONDON, "192.0.2.0/24": FLAT_OSAKA, "198.51.100.7/32": FLAT_LONDON}
IPV6 = {"2001:db8::/32": FLAT_OSAKA, "2a00::/12": FLAT_LONDON}


def joined(folder: Path, ipv4: Mapping[str, Any] = IPV4, ipv6: Mapping[str, Any] = IPV6) -> tuple[Any, Any, Any]:
    """Readers of the two, and of what they are joined to."""
    (folder / "4").write_bytes(location_files.database(ipv4, name="city ipv4", ip_version=4, built=date(2026, 11, 5)))
    (folder / "6").write_bytes(location_files.database(ipv6, name="city ipv6", ip_version=6))
    paths = [folder / "6", folder / "4"]
    _joined.join(paths, folder / "both", name="DBIP-City-Lite", description="of a test")
    readers = (maxminddb.open_database(folder / name) for name in ("4", "6", "both"))
    return next(readers), next(readers), next(readers)


def places(count: int, ip_version: int, rng: random.Random) -> dict[str, Any]:
    """Networks of any length, and records with what repeats and what does not, so that there are pointers far apart."""
    bits = 32 if ip_version == 4 else 128
    kind = ipaddress.ip_network if ip_version == 4 else ipaddress.IPv6Network
    found = {}
    for number in range(count):
        prefix = rng.randint(4, bits)
        network = kind((rng.getrandbits(bits) >> (bits - prefix) << (bits - prefix), prefix))
        name = f"town {number} " + "x" * rng.choice((0, 3, 40, 300, 3_000))
        country = rng.choice(("GB", "JP", "IN"))
        found[str(network)] = {"country_code": country, "city": name, "latitude": float(number), "is_capital": True}
    return found


def test_what_is_found_is_what_each_of_the_two_says(tmp_path: Path) -> None:
    four, six, both = joined(tmp_path)
    for text in ("0.0.0.1", "192.0.2.1", "192.0.3.1", "198.51.100.7", "198.51.100.8", "255.255.255.255"):
        assert both.get_with_prefix_len(text) == four.get_with_prefix_len(text)
    for text in ("2001:db8::1", "2001:db9::1", "2a0f:ffff::", "2a10::", "ffff::", "1::"):
        assert both.get(text) == six.get(text)


def test_any_two_are_joined_so_that_nothing_changes(tmp_path: Path) -> None:
    rng = random.Random(7)
    four, six, both = joined(tmp_path, places(400, 4, rng), places(400, 6, rng))
    for _ in range(2_000):
        address = ipaddress.IPv4Address(rng.getrandbits(32))
        assert both.get_with_prefix_len(address) == four.get_with_prefix_len(address)
    for network, _ in six:
        address = network.network_address + rng.getrandbits(16) % network.num_addresses
        assert int(address) < 1 << 32 or both.get(address) == six.get(address)
    for network, record in four:
        assert both.get(network.network_address) == record


def test_addresses_beside_ipv4_keep_what_all_around_them_has(tmp_path: Path) -> None:
    _, six, both = joined(tmp_path, ipv6={"::/8": FLAT_OSAKA})
    for text in ("::1:0:0:0", "64:ff9b::1", "ff::"):
        assert both.get(text) == six.get(text) == FLAT_OSAKA
    assert both.get("192.0.3.1") is None and both.get("192.0.2.1")["city"] == "Osaka"


def test_a_tree_that_has_a_way_to_ipv4_already_gets_the_other_one(tmp_path: Path) -> None:
    _, _, both = joined(tmp_path, ipv6={"::/96": FLAT_LONDON, "::1:0:0/96": FLAT_OSAKA})
    assert both.get("192.0.3.1") is None and both.get("192.0.2.1")["city"] == "Osaka"
    assert both.get("::1:0:1")["city"] == "Osaka"


def test_it_is_as_old_as_the_older_of_them_and_says_what_it_is(tmp_path: Path) -> None:
    *_, both = joined(tmp_path)
    about = both.metadata()
    assert (about.ip_version, about.database_type, about.description) == (6, "DBIP-City-Lite", {"en": "of a test"})
    assert about.build_epoch == timegm(date(2026, 11, 5).timetuple())


@pytest.mark.parametrize("names", [("4",), ("4", "4"), ("4", "6", "6")])
def test_what_is_no_pair_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    joined(tmp_path)
    with pytest.raises(NotJoinable, match="expected a file of IPv4 and one of IPv6"):
        _joined.join([tmp_path / name for name in names], tmp_path / "new", name="x", description="x")


def test_damage_anywhere_ends_in_one_error_or_in_a_file(tmp_path: Path) -> None:
    joined(tmp_path)
    good, rng = (tmp_path / "6").read_bytes(), random.Random(7)
    outcomes = set()
    for _ in range(300):
        bad = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        (tmp_path / "6").write_bytes(bad[: rng.choice((len(bad), len(bad), rng.randrange(len(bad))))])
        try:
            _joined.join([tmp_path / "4", tmp_path / "6"], tmp_path / "new", name="x", description="x")
            outcomes.add("joined")
        except NotJoinable:
            outcomes.add("refused")
    assert outcomes == {"joined", "refused"}
