"""Fetching from MaxMind: what goes right, and what a server can do wrong. The one that was there stays as it was."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from processors import _archives, _download, _geo_commands, _http_answers, fetch, location_database
from processors.__main__ import app
from processors._maxmind import MaxMind as Source
from processors.errors import CallError, DataError, RecentActivitiesError
from tests import location_files, location_server, workspaces
from tests.location_server import ACCOUNT, KEY, Handler, MaxMind, Server

OLD = location_files.database(built=date(2026, 11, 6))
NEW = location_files.database()
AT_ONCE = {"sleep": lambda seconds: None, "patience": 5.0}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GEOIPUPDATE_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A place with a database in it, two weeks old."""
    path = tmp_path / "location" / "city.mmdb"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


@pytest.fixture
def front() -> Iterator[Server]:
    with location_server.running() as server:
        yield server


@pytest.fixture
def store() -> Iterator[Server]:
    with location_server.running() as server:
        yield server


@pytest.fixture
def maxmind(front: Server, store: Server, monkeypatch: pytest.MonkeyPatch) -> MaxMind:
    """MaxMind, as it is when nothing is wrong, and an account there in the environment."""
    served = MaxMind(location_files.maxmind(NEW), store.url)
    front.on_request(served.front)
    store.on_request(served.store)
    for name, value in (("ACCOUNT_ID", ACCOUNT), ("LICENSE_KEY", KEY), ("HOST", front.url)):
        monkeypatch.setenv(f"GEOIPUPDATE_{name}", value)
    return served


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["geo", "fetch", *map(str, arguments)])


def source(**client: Any) -> Source:
    found = fetch.source("maxmind", os.environ)
    assert isinstance(found, Source)
    return Source(found.account, found.edition, found.server, AT_ONCE | client)


def refused(place: Path, kind: type[RecentActivitiesError] = DataError, **client: Any) -> str:
    """What is said of a fetch that fails and leaves everything as it was."""
    with pytest.raises(kind) as problem:
        fetch.fetch(place, source(**client))
    assert place.read_bytes() == OLD
    assert KEY not in str(problem.value) and "Signature" not in str(problem.value)
    return str(problem.value)


def test_the_newest_database_takes_the_place_of_the_old_one(maxmind: MaxMind, place: Path) -> None:
    result = call("--database", place)
    assert result.exit_code == 0 and place.read_bytes() == NEW
    assert "Getting GeoLite2-City from 127.0.0.1" in result.stderr
    assert "is GeoLite2-City of 2026-11-20, in place of GeoLite2-City of 2026-11-06" in result.stderr
    assert sorted(path.name for path in place.parent.iterdir()) == [".city.mmdb.lock", "city.mmdb", "city.mmdb.json"]


def test_where_there_is_none_yet_its_folder_is_made(maxmind: MaxMind, tmp_path: Path) -> None:
    place = tmp_path / "new" / "city.mmdb"
    result = call("--database", place, "--json")
    said = json.loads(result.stdout)
    assert (said["source"], said["is_new"], said["build_date"], said["build_date_before"]) == (
        "maxmind",
        True,
        "2026-11-20",
        None,
    )
    assert place.stat().st_mode & 0o777 == 0o644


def test_the_key_goes_to_the_server_of_the_account_and_nowhere_else(
    maxmind: MaxMind, place: Path, front: Server, store: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    result = call("--database", place)
    assert result.exit_code == 0
    assert all("Authorization" in headers for _, _, headers in front.asked)
    assert store.asked and not [headers for _, _, headers in store.asked if "Authorization" in headers]
    assert KEY not in result.output + caplog.text and "Signature" not in result.output + caplog.text
    assert KEY.encode() not in b"".join(path.read_bytes() for path in place.parent.rglob("*") if path.is_file())
    assert KEY not in repr(source())


def test_the_newest_one_is_not_downloaded_again(maxmind: MaxMind, place: Path, front: Server, store: Server) -> None:
    call("--database", place)
    front.asked.clear()
    store.asked.clear()
    result = call("--database", place)
    assert result.exit_code == 0 and "the newest there is" in result.stderr
    assert [method for method, _, _ in front.asked + store.asked] == ["HEAD", "HEAD"]


def test_a_file_that_was_changed_by_hand_is_fetched_again(maxmind: MaxMind, place: Path) -> None:
    call("--database", place)
    place.write_bytes(OLD)
    call("--database", place)
    assert place.read_bytes() == NEW


def test_a_damaged_file_is_replaced(maxmind: MaxMind, place: Path) -> None:
    place.write_bytes(OLD[:-40])
    assert call("--database", place).exit_code == 0 and place.read_bytes() == NEW


def test_a_server_without_head_is_asked_for_its_checksum(maxmind: MaxMind, place: Path, front: Server) -> None:
    front.on_request(lambda handler: handler.say(405) if handler.command == "HEAD" else maxmind.front(handler))
    assert fetch.fetch(place, source()).is_new
    front.asked.clear()
    assert fetch.fetch(place, source()).is_newest
    assert [path[-7:] for method, path, _ in front.asked if method == "GET"] == [".sha256"]


def test_an_older_database_replaces_a_newer_one_only_by_hand(maxmind: MaxMind, place: Path) -> None:
    maxmind.archive = location_files.maxmind(location_files.database(built=date(2026, 1, 1)))
    kept = fetch.fetch(place, source())
    assert not kept.is_new and not kept.is_newest and place.read_bytes() == OLD
    assert fetch.fetch(place, source(), is_chosen=True).is_new


def test_a_link_goes_on_leading_to_the_file(maxmind: MaxMind, place: Path, tmp_path: Path) -> None:
    link = tmp_path / "city.mmdb"
    link.symlink_to(place)
    assert call("--database", link).exit_code == 0
    assert link.is_symlink() and place.read_bytes() == NEW


def test_another_edition_and_secrets_in_files_are_taken_from_the_environment(
    maxmind: MaxMind, tmp_path: Path, front: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.delenv("GEOIPUPDATE_LICENSE_KEY")
    monkeypatch.setenv("GEOIPUPDATE_LICENSE_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("GEOIPUPDATE_EDITION_IDS", "GeoLite2-ASN GeoIP2-City")
    fetch.fetch(tmp_path / "city.mmdb", source())
    assert front.asked[0][1] == "/geoip/databases/GeoIP2-City/download?suffix=tar.gz"


def test_one_half_of_an_account_is_a_wrong_call(maxmind: MaxMind, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEOIPUPDATE_LICENSE_KEY")
    result = call("--database", place)
    assert result.exit_code == 2 and "GEOIPUPDATE_LICENSE_KEY: is not set" in result.stderr


def test_a_key_does_not_leave_the_machine_in_plain_text(
    maxmind: MaxMind, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOIPUPDATE_HOST", "http://mirror.example.com")
    result = call("--database", place)
    assert result.exit_code == 2 and "in plain text" in result.stderr and "https://" in result.stderr


def test_maxmind_by_name_needs_an_account(place: Path) -> None:
    result = call("--from", "maxmind", "--database", place)
    assert result.exit_code == 2 and "GEOIPUPDATE_ACCOUNT_ID" in result.stderr


@pytest.mark.parametrize(
    ("status", "told", "exit_code"),
    [
        (401, "does not take the account id with the licence key", 2),
        (403, "refuses the download", 2),
        (404, "has no such edition", 2),
        (429, "has been asked too often today", 1),
        (418, "answers 418 where a file was expected", 1),
    ],
)
def test_a_refusal_is_told_with_its_remedy(
    maxmind: MaxMind, place: Path, front: Server, status: int, told: str, exit_code: int
) -> None:
    front.on_request(lambda handler: handler.say(status, b"<p>no</p>"))
    result = call("--database", place)
    assert (result.exit_code, result.stderr.count("✗")) == (exit_code, 1)
    assert told in result.stderr and place.read_bytes() == OLD


def test_a_server_that_stumbles_is_asked_again(maxmind: MaxMind, place: Path, front: Server) -> None:
    stumbles = iter((500, 503))
    front.on_request(lambda handler: handler.say(status) if (status := next(stumbles, 0)) else maxmind.front(handler))
    assert fetch.fetch(place, source()).is_new


def test_a_server_that_is_down_is_not_asked_for_ever(maxmind: MaxMind, place: Path, front: Server) -> None:
    front.on_request(lambda handler: handler.say(500))
    waits: list[float] = []
    assert "answers 500, 5 times in a row" in refused(place, sleep=waits.append)
    assert waits == [1, 2, 4, 8] and [method for method, _, _ in front.asked] == ["HEAD", *["GET"] * 5]


def test_no_server_at_all(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCOUNT_ID", ACCOUNT), ("LICENSE_KEY", KEY), ("HOST", "http://127.0.0.1:9")):
        monkeypatch.setenv(f"GEOIPUPDATE_{name}", value)
    assert "cannot be reached" in refused(place)


def test_a_web_page_is_no_database(maxmind: MaxMind, place: Path, store: Server) -> None:
    store.on_request(lambda handler: handler.say(200, b"<html>Welcome to the hotel</html>", Content_Type="text/html"))
    assert "answers with a web page where a file was expected" in refused(place)


def test_a_web_page_is_no_checksum(maxmind: MaxMind, place: Path) -> None:
    maxmind.checksum = "<html><body>welcome</body></html>"
    assert "tells no SHA-256" in refused(place)


def test_an_endless_checksum_is_not_read(maxmind: MaxMind, place: Path) -> None:
    maxmind.checksum = "0" * 1_000_000
    assert "more than 4,096 bytes" in refused(place)


def test_another_file_than_its_checksum_says(maxmind: MaxMind, place: Path) -> None:
    maxmind.checksum = "0" * 64
    assert "while its checksum says 000000000000…" in refused(place)
    assert [path.name for path in place.parent.iterdir() if path.is_dir()] == []  # nothing to go on with


def test_a_page_with_a_true_checksum_is_no_archive(maxmind: MaxMind, place: Path) -> None:
    maxmind.archive = b"<!doctype html>" + bytes(1000)
    assert "is no .tar.gz" in refused(place)


def test_what_breaks_off_is_gone_on_with(maxmind: MaxMind, place: Path, store: Server) -> None:
    maxmind.archive = location_files.tar_gz({"GeoLite2-City.mmdb": NEW, "noise": os.urandom(300_000)})
    half = len(maxmind.archive) // 2
    broken = iter((True, True))

    def store_once_broken(handler: Handler) -> None:
        if handler.command == "HEAD" or not next(broken, False):
            maxmind.store(handler)
            return
        start = 0 if "Range" not in handler.headers else half
        handler.send_response(206 if start else 200)
        handler.send_header("ETag", maxmind.e_tag)
        handler.send_header("Content-Length", str(len(maxmind.archive) - start))
        handler.send_header("Content-Range", f"bytes {start}-{len(maxmind.archive) - 1}/{len(maxmind.archive)}")
        handler.end_headers()
        handler.wfile.write(maxmind.archive[start : half + start // 2])
        handler.break_off()

    store.on_request(store_once_broken)
    assert fetch.fetch(place, source()).is_new and place.read_bytes() == NEW
    ranges = [headers.get("Range") for method, _, headers in store.asked if method == "GET"]
    assert ranges == [None, f"bytes={half}-", f"bytes={half + half // 2}-"]


def test_the_next_call_goes_on_where_the_last_one_gave_up(maxmind: MaxMind, place: Path, store: Server) -> None:
    def half_of_it(handler: Handler) -> None:
        if handler.command == "HEAD" or "Range" in handler.headers:
            handler.say(503)
            return
        handler.send_response(200)
        handler.send_header("ETag", maxmind.e_tag)
        handler.send_header("Content-Length", str(len(maxmind.archive)))
        handler.end_headers()
        handler.wfile.write(maxmind.archive[:100])
        handler.break_off()

    store.on_request(half_of_it)
    assert "it goes on from what has come" in refused(place)
    store.on_request(maxmind.store)
    store.asked.clear()
    assert fetch.fetch(place, source()).is_new
    assert store.asked[-1][2]["Range"] == "bytes=100-" and place.read_bytes() == NEW


def test_a_file_that_has_changed_meanwhile_is_begun_anew(maxmind: MaxMind, place: Path, store: Server) -> None:
    folder = place.with_name(".city.mmdb.fetch")
    folder.mkdir()
    (folder / "GeoLite2-City.tar.gz.part").write_bytes(b"of last week")
    (folder / "GeoLite2-City.tar.gz.part.json").write_text('{"e_tag": "\\"older\\"", "last_modified": ""}')
    assert fetch.fetch(place, source()).is_new and place.read_bytes() == NEW
    assert store.asked[-1][2]["If-Range"] == '"older"'


def test_a_piece_that_does_not_fit_is_thrown_away(maxmind: MaxMind, place: Path) -> None:
    folder = place.with_name(".city.mmdb.fetch")
    folder.mkdir()
    (folder / "GeoLite2-City.tar.gz.part").write_bytes(b"what somebody else wrote")
    (folder / "GeoLite2-City.tar.gz.part.json").write_text(json.dumps({"e_tag": maxmind.e_tag, "last_modified": ""}))
    assert fetch.fetch(place, source()).is_new and place.read_bytes() == NEW


def test_a_part_longer_than_the_file_is_thrown_away(maxmind: MaxMind, place: Path, store: Server) -> None:
    folder = place.with_name(".city.mmdb.fetch")
    folder.mkdir()
    (folder / "GeoLite2-City.tar.gz.part").write_bytes(bytes(1_000_000))
    (folder / "GeoLite2-City.tar.gz.part.json").write_text(json.dumps({"e_tag": maxmind.e_tag, "last_modified": ""}))
    store.on_request(lambda handler: handler.say(416) if "Range" in handler.headers else maxmind.store(handler))
    assert fetch.fetch(place, source()).is_new and place.read_bytes() == NEW


def test_a_server_that_trickles_is_given_up(maxmind: MaxMind, place: Path, store: Server) -> None:
    def trickle(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        for _ in range(60):
            handler.wfile.write(b"\x1f")
            time.sleep(0.02)

    store.on_request(lambda handler: handler.say(405) if handler.command == "HEAD" else trickle(handler))
    began = time.monotonic()
    assert "bytes in" in refused(place, patience=0.2)
    assert time.monotonic() - began < 10


def test_headers_that_trickle_are_given_up(maxmind: MaxMind, place: Path, front: Server) -> None:
    def trickle(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(60):
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.02)

    front.on_request(trickle)
    assert "is silent" in refused(place, patience=0.2)


def test_silence_is_given_up(maxmind: MaxMind, place: Path, front: Server) -> None:
    front.on_request(lambda handler: time.sleep(0.5))
    assert "is silent" in refused(place, patience=0.1)


def test_redirections_have_an_end(maxmind: MaxMind, place: Path, front: Server) -> None:
    front.on_request(lambda handler: handler.say(302, Location=handler.path))
    assert "leads on and on, 5 times" in refused(place)


@pytest.mark.parametrize("address", ["https://a..b/x", "https://xn--a/x", "data:text/plain,x", "https://[/x"])
def test_a_redirection_to_what_is_no_address_is_told(
    maxmind: MaxMind, place: Path, front: Server, address: str
) -> None:
    front.on_request(lambda handler: handler.say(302, Location=address))
    assert refused(place).startswith("127.0.0.1: ")


@pytest.mark.parametrize("server", ["https://xn--a/", f"https://{'a' * 80}/", "https://a..b/"])
def test_a_server_that_can_have_no_such_name_is_a_wrong_call(
    maxmind: MaxMind, place: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOIPUPDATE_HOST", server)
    assert "is no address of a server" in refused(place, CallError)


def test_a_version_that_no_request_can_name_is_not_gone_on_with(maxmind: MaxMind, place: Path) -> None:
    folder = place.with_name(".city.mmdb.fetch")
    folder.mkdir()
    (folder / "GeoLite2-City.tar.gz.part").write_bytes(b"some of it")
    (folder / "GeoLite2-City.tar.gz.part.json").write_text(json.dumps({"e_tag": '"\u00b3"', "last_modified": ""}))
    assert fetch.fetch(place, source()).is_new and place.read_bytes() == NEW


@pytest.mark.parametrize("said", ["bytes \u00b3-5/10", f"bytes 1-2/{'9' * 5000}", "items 1-2/3", "bytes */3", ""])
def test_a_piece_is_where_ascii_digits_say(said: str) -> None:
    answer = httpx.Response(206, headers=[(b"Content-Range", said.encode("latin-1"))])
    assert _http_answers.piece(answer) == (-1, 0)


def test_a_redirection_from_tls_to_plain_text_is_not_followed(
    maxmind: MaxMind, place: Path, store: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with location_server.running(maxmind.front, certificate=tmp_path / "certificate.pem") as front:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        monkeypatch.setenv("GEOIPUPDATE_HOST", front.url)
        assert "leads from TLS to plain text" in refused(place)
    assert store.asked == []


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_key(
    maxmind: MaxMind, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with location_server.running(maxmind.front, certificate=tmp_path / "certificate.pem") as front:
        monkeypatch.setenv("GEOIPUPDATE_HOST", front.url)
        assert "CERTIFICATE_VERIFY_FAILED" in refused(place)
    assert front.asked == []


def test_more_than_any_database_is_not_downloaded(
    maxmind: MaxMind, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_download, "LARGEST_FILE", 100)
    assert "sends more than 100 bytes" in refused(place)


def test_an_archive_that_unpacks_without_end_is_left_alone(
    maxmind: MaxMind, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_archives, "LARGEST_ARCHIVE", 1 << 20)
    maxmind.archive = location_files.tar_gz({"zeros": bytes(2 << 20), "GeoLite2-City.mmdb": NEW})
    assert len(maxmind.archive) < 20_000 and "unpacks to more than 1,048,576 bytes" in refused(place)


def test_a_link_in_an_archive_is_refused(maxmind: MaxMind, place: Path) -> None:
    link = tarfile.TarInfo("GeoLite2-City_20261120/GeoLite2-City.mmdb")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    maxmind.archive = location_files.tar_gz({"": link})
    assert "has a link or the like where .mmdb is expected" in refused(place)


@pytest.mark.parametrize("name", ["/etc/city.mmdb", "../../city.mmdb"])
def test_a_path_that_leads_out_of_an_archive_is_refused(maxmind: MaxMind, place: Path, name: str) -> None:
    maxmind.archive = location_files.tar_gz({name: NEW})
    assert "whose path leads out of it" in refused(place)


def test_another_kind_of_database_is_refused(maxmind: MaxMind, place: Path) -> None:
    networks = {"0.0.0.0/2": {"autonomous_system_number": 64496, "autonomous_system_organization": "Example"}}
    maxmind.archive = location_files.maxmind(location_files.database(networks, name="GeoLite2-ASN"))
    with pytest.raises(location_database.DatabaseProblem, match="GeoLite2-ASN"):
        fetch.fetch(place, source())
    assert place.read_bytes() == OLD


def test_a_database_that_knows_nothing_is_refused(maxmind: MaxMind, place: Path) -> None:
    maxmind.archive = location_files.maxmind(location_files.database({"192.0.2.0/24": location_files.LONDON}))
    assert "knows no country of any address" in refused(place)


def test_two_at_once_wait_for_each_other(maxmind: MaxMind, place: Path, front: Server) -> None:
    both = threading.Barrier(2)
    said: list[str] = []
    outcomes: list[bool] = []

    def one() -> None:
        both.wait()
        outcomes.append(fetch.fetch(place, source(), say=said.append).is_new)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True] and place.read_bytes() == NEW
    assert sum(method == "GET" for method, _, _ in front.asked) == 2  # the checksum and the file, once


def test_what_an_interrupted_fetch_left_is_tidied(maxmind: MaxMind, place: Path) -> None:
    folder = place.with_name(".city.mmdb.fetch")
    (folder / "deep").mkdir(parents=True)
    (folder / "GeoLite2-City.mmdb").write_bytes(b"half of one")
    assert fetch.fetch(place, source()).is_new and not folder.exists()


def test_the_database_is_never_missing_while_it_is_replaced(maxmind: MaxMind, place: Path) -> None:
    seen: set[str] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(hashlib.sha256(place.read_bytes()).hexdigest())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        fetch.fetch(place, source())
    finally:
        stop.set()
        watcher.join()
    assert seen <= {hashlib.sha256(content).hexdigest() for content in (OLD, NEW)}


def test_progress_counts_to_the_end(maxmind: MaxMind, place: Path) -> None:
    counted: list[tuple[str, int, int]] = []
    fetch.fetch(place, source(), progress=lambda *step: counted.append(step))
    assert ("GeoLite2-City", len(maxmind.archive), len(maxmind.archive)) in counted


def test_a_folder_is_no_place_for_a_database(maxmind: MaxMind, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="is no file"):
        fetch.fetch(tmp_path, source())


def test_an_unknown_source_is_a_wrong_call(place: Path) -> None:
    result = call("--from", "elsewhere", "--database", place)
    assert result.exit_code == 2 and "maxmind, npm, pypi" in result.stderr


def test_compressed_zeros_are_not_kept_in_memory_for_their_header(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT)
    pax = tarfile.TarInfo("pax")
    pax.type, pax.size = tarfile.XHDTYPE, 1 << 30
    archive = tmp_path / "pax.tar.gz"
    archive.write_bytes(gzip.compress(pax.tobuf(tarfile.USTAR_FORMAT) + bytes(4 << 20) + header))
    with pytest.raises(DataError, match="longer than a mebibyte"):
        _archives.from_tar(archive, tmp_path)


def test_a_database_of_nobody_such_as_the_samples_gives_way_to_any(maxmind: MaxMind, place: Path) -> None:
    place.write_bytes(location_files.database(name="Sample-City", built=date(2026, 11, 24)))
    assert fetch.fetch(place, source()).is_new and place.read_bytes() == NEW


def test_a_checksum_that_trickles_is_given_up(maxmind: MaxMind, place: Path, front: Server) -> None:
    def trickle(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "64")
        handler.end_headers()
        for _ in range(60):
            handler.wfile.write(b"0")
            time.sleep(0.02)

    front.on_request(lambda handler: handler.say(405) if handler.command == "HEAD" else trickle(handler))
    assert "bytes in" in refused(place, patience=0.2)


def test_the_help_names_the_sources_that_there_are() -> None:
    assert _geo_commands.SOURCES == fetch.SOURCES


def test_where_the_settings_name_two_it_is_asked_which(maxmind: MaxMind, tmp_path: Path) -> None:
    workspaces.write(tmp_path, text=workspaces.TEXT + '[locations]\ncity = ["a.mmdb", "b.mmdb"]\n')
    result = call("-w", tmp_path)
    assert result.exit_code == 2 and "locations.city names 2 files" in result.stderr and "--database" in result.stderr


def test_the_settings_say_where_it_is_to_be(maxmind: MaxMind, tmp_path: Path) -> None:
    workspaces.write(tmp_path, text=workspaces.TEXT + '[locations]\ncity = "geo/lite.mmdb"\n')
    assert call("-w", tmp_path).exit_code == 0 and (tmp_path / "geo" / "lite.mmdb").read_bytes() == NEW
