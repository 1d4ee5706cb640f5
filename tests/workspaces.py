"""Small workspaces for tests: a web server that names its users, and a day of their requests."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from processors import settings

AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
AS_OF = datetime(2025, 8, 31, tzinfo=UTC)
TEXT = """
[workspace]
time_zone = "{zone}"

[[sources]]
name = "panel"
format = "combined"
files = "landing/**/*.log*"
login_requests = ["POST /login"]
logout_requests = ["POST /logout"]
"""


def write(folder: Path, *, zone: str = "Asia/Kolkata", text: str = TEXT) -> settings.Settings:
    """The settings of a new workspace in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workspace.toml").write_text(text.replace("{zone}", zone))
    return settings.load(folder)


def land(workspace: settings.Settings, name: str, data: bytes) -> Path:
    """Put a landing file into the workspace."""
    path = workspace.root / "landing" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def line(
    time: datetime,
    user: str = "riya",
    request: str = "GET /orders",
    *,
    status: int = 200,
    address: str = "203.0.113.7",
    agent: str = AGENT,
) -> bytes:
    """One combined line."""
    return (
        f'{address} - {user} [{time:%d/%b/%Y:%H:%M:%S %z}] "{request} HTTP/1.1" {status} 512 "-" "{agent}"\n'.encode()
    )


def history(seed: int, count: int = 200, *, start: datetime = datetime(2025, 8, 28, 20, tzinfo=UTC)) -> list[bytes]:
    """Lines of three people and a stranger over a day and a half, in order, some in the same second, some bad."""
    rng = random.Random(seed)
    time, lines = start, []
    for _ in range(count):
        time += timedelta(seconds=rng.choice([0, 0, 1, 1, 30, 30, 60, 300, 300, 300, 901, 901, 1800, 7201]))
        request, status = rng.choice(
            [
                ("GET /orders", 200),
                ("GET /orders", 200),
                ("POST /login", 302),
                ("POST /logout", 302),
                ("GET /a.css", 200),
            ]
        )
        user = rng.choice(["riya", "Riya", "tom", "mei", "-"])
        agent = rng.choice([AGENT, PHONE])
        address = rng.choice(["203.0.113.7", "198.51.100.9"])
        bad = rng.random() < 0.03
        lines.append(
            b"\x16\x03\x01 not a line\n"
            if bad
            else line(time, user, request, status=status, address=address, agent=agent)
        )
    return lines


def files(folder: Path, *, without: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Every file below a folder with its bytes, but for locks and those whose path contains a word of `without`."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if not name.endswith(".lock") and not any(word in name for word in without)
    }
