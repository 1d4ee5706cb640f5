from __future__ import annotations

import json
import pickle
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from processors import bucket
from processors.__main__ import app
from processors.bucket import S3Path
from processors.errors import LakeError
from tests import buckets, workspaces
from tests.workspaces import AS_OF

ANSWER = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message><AWSAccessKeyId>example</AWSAccessKeyId>"
DEAD = "http://127.0.0.1:9"


class Refusing(BaseHTTPRequestHandler):
    """A store that says the same to everything."""

    status, code = 403, "AccessDenied"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = ANSWER.format(code=self.code).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "RETRIES", 0)


def told(place: S3Path) -> str:
    with pytest.raises(LakeError) as caught:
        place.probe()
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert "example" not in str(caught.value) and "secret" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "what", "remedy"),
    [
        (403, "AccessDenied", "access is denied", "s3:PutObject"),
        (403, "InvalidAccessKeyId", "the credentials are refused", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "the credentials are refused", "AWS_SECRET_ACCESS_KEY"),
        (400, "ExpiredToken", "the credentials are refused", "AWS_SESSION_TOKEN"),
        (404, "NoSuchBucket", "there is no such bucket", "Create it"),
        (400, "AuthorizationHeaderMalformed", "the bucket is in another region", "AWS_REGION"),
        (501, "NotImplemented", "knows no conditional writes", "Name a store that does"),
        (503, "SlowDown", "the store does not answer", "Run the same command again"),
        (418, "Teapot", r"cannot be read or written (Teapot)", "Run the same command again"),
    ],
)
def test_what_a_store_refuses_is_named_with_the_remedy_and_without_its_own_words(
    endpoint: str, refusing: str, monkeypatch: pytest.MonkeyPatch, status: int, code: str, what: str, remedy: str
) -> None:
    monkeypatch.setattr(Refusing, "status", status)
    monkeypatch.setattr(Refusing, "code", code)
    said = told(bucket.path_of("s3://logs/recent", endpoint=refusing))
    assert said.startswith("s3://logs/recent") and what in said and remedy in said


def test_a_bucket_that_is_not_there_is_named(endpoint: str) -> None:
    assert told(bucket.path_of("s3://nowhere/x", endpoint=endpoint)).startswith("s3://nowhere/x")


def test_a_store_that_is_not_there_is_named(endpoint: str) -> None:
    assert "the store does not answer" in told(bucket.path_of("s3://logs/x", endpoint=DEAD))


@pytest.mark.parametrize("endpoint_given", ["localhost:9000", "https://", "nonsense"])
def test_an_endpoint_that_is_no_address_is_named(endpoint: str, endpoint_given: str) -> None:
    assert "AWS_ENDPOINT_URL" in told(bucket.path_of("s3://logs/x", endpoint=endpoint_given))


def test_no_credentials_are_named(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", DEAD)
    assert "there are no credentials. Set AWS_ACCESS_KEY_ID" in told(bucket.path_of("s3://logs/x", endpoint=endpoint))


def test_a_store_that_heeds_no_conditions_is_refused(place: S3Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = S3Path.put
    monkeypatch.setattr(S3Path, "put", lambda self, content, mode="overwrite": real(self, content))
    assert "heeds no conditions" in told(place)


def test_without_the_package_the_extra_is_named(place: S3Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    assert "pip install 'recent-activities[s3]'" in told(place)


def test_a_bucket_that_is_well_is_left_as_it_was(place: S3Path) -> None:
    place.probe()
    assert buckets.objects(place) == {}


def test_objects_below_are_found_step_by_step_and_in_order(place: S3Path) -> None:
    for name in ("events/event_date=2/b.parquet", "events/event_date=1/a.parquet", "eventsx/a.parquet", "events/a"):
        (place / name).put(b"1")
    found = (place / "events").glob("event_date=*/*.parquet")
    assert [(path.parent.name, path.name) for path in found] == [
        ("event_date=1", "a.parquet"),
        ("event_date=2", "b.parquet"),
    ]
    whole = bucket.path_of("s3://logs", endpoint=place.bucket.endpoint)
    assert [str(path) for path in whole.glob("recent/*/eventsx/*")] == [f"{place}/eventsx/a.parquet"]


def test_a_large_file_goes_in_parts_unless_it_was_changed_meanwhile(
    place: S3Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "ONE_PUT_BYTES", 1 << 10)
    data, path = bytes(range(256)) * 45_000, place / "large"
    with path.written() as temporary:
        temporary.write_bytes(data)
    assert path.read_bytes() == data
    with pytest.raises(LakeError, match="changed by another run meanwhile"), path.written() as temporary:
        temporary.write_bytes(data + b"more")
        path.put(b"theirs")
    assert path.read_bytes() == b"theirs"


def test_check_says_whether_the_bucket_is_well(place: S3Path, tmp_path: Path) -> None:
    workspace = buckets.write(tmp_path)
    workspaces.land(workspace, "access.log", workspaces.line(AS_OF))

    def findings() -> tuple[int, dict[str, str]]:
        result = CliRunner().invoke(app, ["check", "-w", str(workspace.path), "--json"])
        return result.exit_code, next(one for one in json.loads(result.stdout)["findings"] if one["where"] == "lake")

    code, found = findings()
    assert code == 0 and f"can be read and written, in logs at {place.bucket.endpoint}" in found["message"]
    workspace.path.write_text(workspace.path.read_text().replace("s3://logs", "s3://nowhere"))
    code, found = findings()
    assert code == 2 and "s3://nowhere/recent/activities" in found["message"]
