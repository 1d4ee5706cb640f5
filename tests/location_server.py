"""Servers on loopback that answer as MaxMind's do, and as they ought not to."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ACCOUNT, KEY = "123456", "example_licence_key"
PATH = "/geoip/databases/GeoLite2-City/download?suffix=tar.gz"


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's `answer` says, and remembers what was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append((self.command, self.path, dict(self.headers)))
        try:
            server.answer(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_HEAD = do_GET

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def say(self, status: int, content: bytes = b"", **headers: str) -> None:
        """A whole answer; of a header, `_` is for `-`."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def break_off(self) -> None:
        """Nothing more, though the headers promised it."""
        self.wfile.flush()
        self.close_connection = True


@dataclass
class Server:
    """A server, what it was asked, and how it answers."""

    url: str
    asked: list[tuple[str, str, dict[str, str]]]
    _http: Any

    def on_request(self, answer: Callable[[Handler], None]) -> None:
        """From now on answer so."""
        self._http.answer = answer


@contextmanager
def running(
    answer: Callable[[Handler], None] = lambda handler: handler.say(404), *, certificate: Path | None = None
) -> Iterator[Server]:
    """A server on a free port; with TLS where a file is named, which gets its certificate and its key."""
    http: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads, http.answer, http.asked = True, answer, []
    http.handle_error = lambda request, address: None  # who breaks off is not told about
    if certificate:
        certificate.write_bytes(_certified())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        http.socket = context.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Server(f"http{'s' * bool(certificate)}://127.0.0.1:{http.server_port}", http.asked, http)
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _certified() -> bytes:
    """A key, and the certificate of 127.0.0.1 that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))])
    signed = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    no_password = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
    return secret + signed.public_bytes(serialization.Encoding.PEM)


@dataclass
class MaxMind:
    """How MaxMind answers: whoever has the account is sent on to another host, with a signed address."""

    archive: bytes
    elsewhere: str = ""
    checksum: str = ""
    e_tag: str = '"first"'
    headers: dict[str, str] = field(default_factory=dict)

    def front(self, handler: Handler) -> None:
        """The server that has the accounts."""
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{KEY}".encode()).decode()
        if handler.headers.get("Authorization") != expected:
            handler.say(401, b"Invalid license key\n")
        elif handler.path.endswith(".sha256"):
            checksum = self.checksum or hashlib.sha256(self.archive).hexdigest()
            handler.say(200, f"{checksum}  GeoLite2-City_20261120.tar.gz\n".encode())
        else:
            handler.say(302, Location=f"{self.elsewhere}/signed?X-Amz-Signature=once")

    def store(self, handler: Handler) -> None:
        """The server that has the files."""
        facts = {"ETag": self.e_tag, "Last_Modified": "Fri, 20 Nov 2026 10:00:00 GMT", "Accept_Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        if asked and handler.headers.get("If-Range") == self.e_tag:
            start, total = int(asked[1]), len(self.archive)
            piece = f"bytes {start}-{total - 1}/{total}"
            handler.say(206, self.archive[start:], Content_Range=piece, **facts)
        else:
            handler.say(200, self.archive, **facts)
