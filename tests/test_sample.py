"""The sample workspace: the same bytes for the same arguments, and everything a first look should meet."""

from __future__ import annotations

import csv
import errno
import gzip
import ipaddress
import itertools
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import geoip2.database
import pytest
import zstandard

from processors import place_words, query, run, sample, settings
from processors._field_table import ClassField, FieldTable, OutcomeField, TimeField
from processors.errors import CallError, LakeError

DAY = date(2025, 8, 29)
DOCUMENTATION = [
    ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
LINE = re.compile(r'^(?P<address>\S+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<code>\d{3}) ')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    sample.write(folder, day=DAY)
    return folder


@pytest.fixture(scope="module")
def texts(folder: Path) -> dict[str, str]:
    """Every text file, decompressed, by name."""
    return {
        str(path.relative_to(folder)): _text(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".mmdb" and "broken" not in path.name
    }


@pytest.fixture(scope="module")
def panel(texts: dict[str, str]) -> list[str]:
    """The panel's lines in the order they were written."""
    names = ("access.log.2.gz", "access.log.1", "access.log")
    return [line for name in names for line in texts[f"landing/panel/{name}"].splitlines()]


@pytest.fixture(scope="module")
def shop(texts: dict[str, str]) -> list[str]:
    return [line for name in ("access.log.1.zst", "access.log") for line in texts[f"landing/shop/{name}"].splitlines()]


@pytest.fixture(scope="module")
def okta(texts: dict[str, str]) -> list[dict]:
    """The records of every whole Okta file, those sent twice included."""
    found = []
    for name, text in texts.items():
        if name.startswith("landing/okta/"):
            found += json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    return found


def _text(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if path.suffix == ".zst":
        content = zstandard.ZstdDecompressor().decompress(content)
    return content.decode()


def _of(records: list[dict], event_type: str, result: str = "SUCCESS") -> list[dict]:
    return [one for one in records if one["eventType"] == event_type and one["outcome"]["result"] == result]


def _agent(line: str) -> str:
    return line.rsplit('"', 2)[1]


def test_same_arguments_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = sample.write(tmp_path, day=DAY)
    assert {path.relative_to(tmp_path): path.read_bytes() for path in again} == {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_another_seed_gives_other_logs_of_the_same_people(folder: Path, tmp_path: Path) -> None:
    sample.write(tmp_path, day=DAY, seed=7)
    name = "landing/keycloak/keycloak.log"
    assert (tmp_path / name).read_bytes() != (folder / name).read_bytes()
    assert (tmp_path / "roster.csv").read_bytes() == (folder / "roster.csv").read_bytes()


def test_time_zone_moves_the_day_and_stands_in_the_settings(tmp_path: Path) -> None:
    sample.write(tmp_path, day=DAY, time_zone="America/New_York")
    assert settings.load(tmp_path / "workspace.toml").time_zone == "America/New_York"
    first = (tmp_path / "landing/panel/access.log.1").read_text().splitlines()[0]
    assert "[29/Aug/2025:05:3" in first  # half past one in the night, four hours behind UTC


@pytest.mark.parametrize(
    ("day", "time_zone"), [(date(2025, 3, 30), "Europe/Berlin"), (date(2024, 2, 29), "Pacific/Apia")]
)
def test_any_day_and_zone_will_do(tmp_path: Path, day: date, time_zone: str) -> None:
    paths = sample.write(tmp_path, day=day, time_zone=time_zone)
    assert all(path.stat().st_size for path in paths)
    assert len(_text(tmp_path / "landing/panel/access.log").splitlines()) > 10_000


def test_existing_workspace_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "workspace.toml").write_text("mine")
    with pytest.raises(CallError) as caught:
        sample.write(tmp_path, day=DAY)
    assert caught.value.path == tmp_path / "workspace.toml"
    assert [path.name for path in tmp_path.iterdir()] == ["workspace.toml"]
    assert (tmp_path / "workspace.toml").read_text() == "mine"


def test_other_files_in_the_way_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("mine")
    with pytest.raises(CallError, match=r"roster\.csv"):
        sample.write(tmp_path, day=DAY)
    assert (tmp_path / "roster.csv").read_text() == "mine"
    assert not (tmp_path / "landing").exists()


def test_files_left_by_an_interrupted_run_are_completed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_bytes((folder / "roster.csv").read_bytes())
    assert (tmp_path / "workspace.toml") in sample.write(tmp_path, day=DAY)


def test_settings_load_and_every_source_has_files(folder: Path) -> None:
    loaded = settings.load(folder / "workspace.toml")
    assert [source.name for source in loaded.sources] == ["panel", "shop", "okta", "keycloak"]
    assert all(list(folder.glob(source.files)) for source in loaded.sources)
    landed = {path for path in folder.glob("landing/**/*") if path.is_file()}
    assert landed == {path for source in loaded.sources for path in folder.glob(source.files)}


def test_settings_show_every_setting_of_every_section(texts: dict[str, str]) -> None:
    shown = set(re.findall(r"^(?:# )?([a-z_]+) = ", texts["workspace.toml"], re.MULTILINE))
    shown |= set(re.findall(r"^# \[sources\.fields\.([a-z_]+)\]", texts["workspace.toml"], re.MULTILINE))
    shown |= set(re.findall(r"[{,] ([a-z_]+) = ", texts["workspace.toml"]))
    of_fields = (FieldTable, TimeField, ClassField, OutcomeField)
    for section in (
        settings.Workspace,
        settings.Sessions,
        settings.Ingest,
        settings.Source,
        settings.Policy,
        settings.Retention,
        *of_fields,
    ):
        assert set(section.model_fields) <= shown


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_the_source_that_is_shown_for_other_logs_is_a_good_one(
    texts: dict[str, str], tmp_path: Path, kind: str
) -> None:
    shown = texts["workspace.toml"].split("# Any other log of JSON or CSV")[1].split("\n", 1)[1].split("\n\n")[0]
    text = re.sub(r"^# ", "", shown, flags=re.MULTILINE).replace("fields:json", f"fields:{kind}")
    text = text if kind == "csv" else re.sub(r"(?m)^header = .*\n", "", text)
    (tmp_path / "workspace.toml").write_text('[workspace]\ntime_zone = "UTC"\n' + text)
    fields = settings.load(tmp_path).source("vpn").fields
    assert isinstance(fields, FieldTable) and fields.event_class.login == ("signin", "sso.*")


def test_addresses_are_documentation_or_private(texts: dict[str, str]) -> None:
    version4 = re.compile(r"(?<![\w.])(?<![A-Za-z]/)\d+\.\d+\.\d+\.\d+(?![\w.])")  # Chrome/139.0.0.0 is none
    version6 = re.compile(r"[0-9a-f]{1,4}:[0-9a-f:]*::[0-9a-f:]*")
    found = {word for text in texts.values() for shape in (version4, version6) for word in shape.findall(text)}
    addresses = {ipaddress.ip_address(word) for word in found}
    strange = [one for one in addresses if not one.is_private and not any(one in net for net in DOCUMENTATION)]
    assert len(addresses) > 100
    assert strange == []


def test_domains_are_examples(texts: dict[str, str]) -> None:
    hosts = {host for text in texts.values() for host in re.findall(r"https?://([^/\s\"'?:)]+)", text)}
    hosts |= {host for text in texts.values() for host in re.findall(r"[\w.-]+@([\w-]+(?:\.[\w-]+)+)", text)}
    names = {host for host in hosts if not re.fullmatch(r"[\d.]+", host)}
    assert "panel.example.com" in names
    assert {name for name in names if not re.search(r"(^|\.)example\.(com|org|net)$", name)} == set()


def test_day_is_of_a_size_for_a_first_look(
    folder: Path, texts: dict[str, str], panel: list[str], shop: list[str]
) -> None:
    assert 30_000 < len(panel) + len(shop) < 60_000
    assert sum(len(text.encode()) for text in texts.values()) < 15_000_000


def test_web_lines_are_in_order_but_for_the_ends_of_requests(panel: list[str]) -> None:
    times = [
        datetime.strptime(found["time"], "%d/%b/%Y:%H:%M:%S %z")
        for found in map(LINE.match, panel)
        if found is not None
    ]
    behind = [(earlier - later).total_seconds() for earlier, later in itertools.pairwise(times)]
    assert 0 < max(behind) <= 2
    assert times[0].astimezone(UTC) >= datetime(2025, 8, 28, 12, 30, tzinfo=UTC)
    assert times[-1] < datetime(2025, 8, 30, 0, 30, tzinfo=UTC)


def test_roster_names_forty_people_and_the_shared_accounts(texts: dict[str, str]) -> None:
    rows = list(csv.DictReader(texts["roster.csv"].splitlines()))
    assert list(rows[0]) == ["user_name", "display_name", "role", "team", "time_zone", "working_hours"]
    roles = Counter(row["role"] == "Shared account" for row in rows)
    assert roles == {False: 40, True: 2}
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+@example\.com", row["user_name"]) for row in rows)
    assert len({row["user_name"] for row in rows}) == len(rows)


def test_everybody_signs_in(texts: dict[str, str], okta: list[dict]) -> None:
    names = {one["actor"]["alternateId"] for one in _of(okta, "user.authentication.sso")}
    names |= {
        name.lower() for name in re.findall(r'type="LOGIN".*username="([^"]+)"', texts["landing/keycloak/keycloak.log"])
    }
    assert names == {row["user_name"] for row in csv.DictReader(texts["roster.csv"].splitlines())}


def test_okta_exports_overlap_and_one_is_a_page(texts: dict[str, str], okta: list[dict]) -> None:
    times_sent = Counter(one["uuid"] for one in okta)
    assert max(times_sent.values()) == 2
    assert sum(times_sent.values()) - len(times_sent) > 20
    assert [name for name, text in texts.items() if text.startswith("[\n {")] == ["landing/okta/export-2.json"]


def test_broken_export_breaks_off_and_holds_nothing_new(folder: Path, okta: list[dict]) -> None:
    broken = folder / "landing/okta/export-broken.json.gz"
    with pytest.raises(EOFError):
        gzip.decompress(broken.read_bytes())
    with gzip.open(broken) as file:
        known = {one["uuid"] for one in okta}
        assert all(json.loads(file.readline())["uuid"] in known for _ in range(20))


def test_shared_account_is_used_from_two_places_at_once(panel: list[str], okta: list[dict]) -> None:
    desk = [
        one for one in _of(okta, "user.authentication.sso") if one["actor"]["alternateId"] == "front.desk@example.com"
    ]
    pairs = {(one["client"]["ipAddress"], one["client"]["userAgent"]["rawUserAgent"]) for one in desk}
    assert {address for address, _ in pairs} == {"203.0.113.10", "198.51.100.46"}
    at_two = {
        address: {line[:80].split("[")[1][:14] for line in panel if line.startswith(address) and _agent(line) == agent}
        for address, agent in pairs
    }
    assert len(set.intersection(*at_two.values())) >= 3  # hours in which both are there


def test_office_crowd_has_one_browser_behind_one_address(okta: list[dict]) -> None:
    crowd: dict[tuple[str, str], set[str]] = {}
    for one in _of(okta, "user.authentication.sso"):
        key = (one["client"]["ipAddress"], one["client"]["userAgent"]["rawUserAgent"])
        crowd.setdefault(key, set()).add(one["actor"]["alternateId"])
    ambiguous = {key: names for key, names in crowd.items() if len(names) > 1}
    assert [address for address, _ in ambiguous] == ["203.0.113.10"]
    assert len(next(iter(ambiguous.values()))) == 6


def test_telephones_change_their_address_within_one_okta_session(okta: list[dict]) -> None:
    addresses: dict[str, set[str]] = {}
    for one in _of(okta, "user.authentication.sso"):
        addresses.setdefault(one["authenticationContext"]["externalSessionId"], set()).add(one["client"]["ipAddress"])
    walkers = [found for found in addresses.values() if len(found) > 2]
    assert len(walkers) == 4
    assert all({":" in address for address in found} == {True, False} for found in walkers)


def test_passwords_are_mistyped_locked_and_sprayed(okta: list[dict]) -> None:
    failed = {one["uuid"]: one for one in _of(okta, "user.session.start", "FAILURE")}.values()
    by_name = Counter(one["actor"]["alternateId"] for one in failed if one["client"]["ipAddress"] != "203.0.113.240")
    assert by_name == {"jose.alvarez@example.com": 5, "grace.mwangi@example.com": 3}
    assert len({one["actor"]["alternateId"] for one in failed if one["client"]["ipAddress"] == "203.0.113.240"}) == 14
    assert all(one["authenticationContext"]["externalSessionId"] is None for one in failed)
    assert len({one["uuid"] for one in _of(okta, "user.account.lock", "FAILURE")}) == 1


def test_administrator_revokes_a_session(okta: list[dict]) -> None:
    cleared = {one["uuid"]: one for one in _of(okta, "user.session.clear")}.values()
    assert [(one["actor"]["alternateId"], one["target"][0]["alternateId"]) for one in cleared] == [
        ("vikram.rao@example.com", "elena.petrova@example.com")
    ]
    expired = {one["actor"]["alternateId"] for one in _of(okta, "user.session.expire")}
    assert expired == {"elena.petrova@example.com"}


def test_some_work_past_midnight_and_some_never_sign_out(panel: list[str], okta: list[dict]) -> None:
    past_midnight = [line for line in panel if "[29/Aug/2025:19:" in line and " /api/" not in line]  # 00:30 to 01:30
    assert any("Firefox/142.0" in line and line.startswith("203.0.113.10 ") for line in past_midnight)
    signed_out = {one["actor"]["alternateId"] for one in _of(okta, "user.session.end")}
    signed_in = {one["actor"]["alternateId"] for one in _of(okta, "user.session.start")}
    assert len(signed_in & signed_out) >= 15
    assert len(signed_in - signed_out) >= 10


def test_panel_names_users_on_intranet_pages_only(panel: list[str]) -> None:
    named = [found for found in map(LINE.match, panel) if found is not None and found["user"] != "-"]
    assert len(named) > 50
    assert all(" /intranet/" in found["request"] for found in named)
    assert Counter(found["code"] for found in named)["401"] == 1


def test_two_panel_lines_are_cut(panel: list[str]) -> None:
    assert len([line for line in panel if not LINE.match(line)]) == 2


@pytest.mark.parametrize(
    "piece",
    [
        '"GET /../../../../etc/passwd HTTP/1.1"',
        "UNION+SELECT",
        "${jndi:ldap://",
        r"=HYPERLINK(\x22http://203.0.113.240/",
        r'"Mozilla/5.0 \x22quoted \x5C agent\x22"',
        "<script>alert(",
        r'"\x16\x03\x01\x02\x00',
        '"" 400 ',
        "Googlebot/2.1",
        "kube-probe",
        '"GET /api/poll HTTP/1.1"',
        "/wp-login.php",
    ],
)
def test_panel_holds_attacks_bots_and_machines(panel: list[str], piece: str) -> None:
    assert any(piece in line for line in panel)


def test_apache_escapes_quotes_in_its_own_way(shop: list[str]) -> None:
    assert any(line.endswith(r'"Mozilla/5.0 \"quoted \\ agent\""') for line in shop)
    assert {line.split()[0] for line in shop} == {"shop.example.com:443", "backoffice.example.com:443"}


def test_keycloak_lines_are_quoted_and_name_no_browser(texts: dict[str, str]) -> None:
    lines = texts["landing/keycloak/keycloak.log"].splitlines()
    shape = re.compile(
        r"2025-08-(28|29|30) \d\d:\d\d:\d\d,\d{3} (INFO |WARN ) \[org\.keycloak\.events\] \(executor-thread-\d+\) "
        r'type="[A-Z_]+", realmId="[^"]+", .*ipAddress="[^"]+"'
    )
    assert [line for line in lines if not shape.match(line)] == []
    assert {"LOGIN", "LOGOUT", "REFRESH_TOKEN", "LOGIN_ERROR"} <= set(re.findall(r'type="([A-Z_]+)"', "\n".join(lines)))
    assert "Mozilla" not in texts["landing/keycloak/keycloak.log"]


@pytest.mark.parametrize(
    ("address", "country", "city"),
    [
        ("203.0.113.10", "IN", "Bengaluru"),
        ("2001:db8:10::1", "IN", "Bengaluru"),
        ("198.51.100.66", "GB", "London"),
        ("198.51.100.98", "BR", "São Paulo"),
        ("192.0.2.44", "IN", None),
        ("2001:db8:66::bad", "DE", "Frankfurt am Main"),
    ],
)
def test_location_database_places_the_sample(folder: Path, address: str, country: str, city: str | None) -> None:
    with geoip2.database.Reader(folder / "location" / "city.mmdb") as reader:
        found = reader.city(address)
        assert reader.metadata().database_type == "Sample-City"
        assert datetime.fromtimestamp(reader.metadata().build_epoch, UTC).date() == date(2025, 8, 26)
    assert (found.country.iso_code, found.city.name) == (country, city)
    assert None not in {found.location.accuracy_radius, found.location.latitude}


def test_the_sample_shows_places_and_networks_of_every_kind_that_it_has(folder: Path, tmp_path: Path) -> None:
    workspace = sample.write(tmp_path, day=DAY)[-1]
    run.run(settings.load(workspace), as_of=datetime(2025, 8, 30, tzinfo=UTC), dates=[DAY])
    sessions = query.sessions(workspace).select("network_name", "network_kind", words=place_words.in_words()).collect()
    assert set(sessions.rows()) >= {
        ("Head office", "office", "near Bengaluru, IN ±20 km · office network"),
        ("Mobile carrier", "mobile", "in IN · mobile network"),
        ("Example Broadband", "unknown", "near Mumbai, IN ±20 km"),
    }


def test_every_address_that_signs_in_has_a_place(folder: Path, okta: list[dict]) -> None:
    with geoip2.database.Reader(folder / "location" / "city.mmdb") as reader:
        assert all(reader.city(one["client"]["ipAddress"]).country.iso_code for one in okta)


def test_a_full_disk_names_the_file_and_the_same_call_completes_what_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = Path.write_bytes, [5]

    def write(self: Path, data: bytes) -> int:
        left[0] -= 1
        if not left[0]:
            real(self, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")  # Python names no file
        return real(self, data)

    with monkeypatch.context() as patch, pytest.raises(LakeError) as caught:
        patch.setattr(Path, "write_bytes", write)
        sample.write(tmp_path, day=DAY)
    assert re.search(r"landing/\S+: cannot be written \(No space left", str(caught.value))
    assert "run the same command again" in str(caught.value)
    assert not list(tmp_path.rglob("*.part")) and not (tmp_path / "workspace.toml").exists()
    assert all(path.exists() for path in sample.write(tmp_path, day=DAY))
