"""A store of objects on loopback, and an empty bucket in it for each test."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

from processors import bucket, lake, lease
from processors.bucket import S3Path
from tests import buckets
from tests.buckets import Clock


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    yield f"http://{host}:{port}"
    store.stop()


@pytest.fixture
def endpoint(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")  # for plain readers; ours takes the endpoint's word
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "example")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    bucket._bucket.cache_clear()
    urlopen(Request(f"{server}/moto-api/reset", method="POST")).close()
    urlopen(Request(f"{server}/logs", method="PUT")).close()
    return server


@pytest.fixture
def place(endpoint: str) -> S3Path:
    return bucket.path_of(buckets.LAKE, endpoint=endpoint)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of every lease of the test."""
    ours = Clock()

    def timed(path: S3Path) -> lease.Lease:
        return lease.Lease(path, clock=ours.read, sleep=lambda _: ours.sleep(lease.LEASE_SECONDS / 2))

    monkeypatch.setattr(lake, "Lease", timed)
    return ours
