"""One writer at a time in a bucket: a lease is an object that its holder replaces again and again.

Whoever waits watches it. One that stays as it is for its whole length, by the waiter's own clock, has lost its holder
and may be taken; so no two clocks are compared. Every step is one conditional PUT, which only one of two can win.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from processors._bucket_answers import AGAIN
from processors.bucket import S3Path
from processors.errors import LakeError

LEASE_SECONDS = 60.0
"""A killed run blocks nobody for longer."""
RENEWAL_SECONDS = 15.0
WATCH_SECONDS = 1.0
_FREE = b"free"


class Lease:
    """The only pen for what `path` stands for, while inside `with`; others wait."""

    def __init__(
        self,
        path: S3Path,
        *,
        length: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path, self.length, self._clock, self._sleep = path, length, clock, sleep
        self._name = secrets.token_hex(16)
        self._count = 0
        self._e_tag: str | None = None
        self._one_at_a_time = threading.Lock()
        self._end = threading.Event()

    def __enter__(self) -> Lease:
        self._acquire()
        self.path.bucket.leases.append(self)
        threading.Thread(target=self._keep, name=f"lease {self.path.parent.name}", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._end.set()
        self.path.bucket.leases.remove(self)
        with self._one_at_a_time:
            try:
                if self._e_tag:
                    self.path.put(_FREE, {"e_tag": self._e_tag})
            except LakeError:
                if error is None:  # else that says more; the lease runs out by itself
                    raise

    def confirm(self) -> None:
        """Renew it. Errors: `LakeError` where it was taken over, because this run stood still for too long."""
        with self._one_at_a_time:
            if self._e_tag and not self._take(self._e_tag):
                self._e_tag = None
            if not self._e_tag:
                raise LakeError(str(self.path.parent), "was taken over by another run", AGAIN)

    def _acquire(self) -> None:
        seen, since = None, self._clock()
        while True:
            content, e_tag = self._look()
            now = self._clock()
            if e_tag != seen:
                seen, since = e_tag, now
            is_takeable = content in (None, _FREE) or now - since >= self.length
            if is_takeable and self._take(e_tag):
                return
            self._sleep(WATCH_SECONDS)

    def _look(self) -> tuple[bytes | None, str | None]:
        try:
            return self.path.read()
        except FileNotFoundError:
            return None, None

    def _take(self, e_tag: str | None) -> bool:
        self._count += 1
        mine = f"{self._name} {self._count}".encode()
        done = self.path.put(mine, {"e_tag": e_tag} if e_tag else "create")
        if done is None:  # perhaps by ourselves: an answer that got lost is asked for again
            content, done = self._look()
            if not (content or b"").startswith(self._name.encode()):
                return False
        self._e_tag = done
        return True

    def _keep(self) -> None:
        while not self._end.wait(RENEWAL_SECONDS):
            try:
                self.confirm()
            except LakeError:
                if not self._e_tag:
                    return
