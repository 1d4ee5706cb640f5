from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from processors.bucket import S3Path
from processors.errors import LakeError
from processors.lease import LEASE_SECONDS, WATCH_SECONDS, Lease
from tests.buckets import Clock


@pytest.fixture
def pen(place: S3Path) -> S3Path:
    return place / "source-panel" / ".lock"


def waiter(pen: S3Path, clock: Clock) -> Lease:
    return Lease(pen, clock=clock.read, sleep=clock.sleep)


class StillHeld(Exception):
    pass


def waits(pen: S3Path, seconds: float, *, meanwhile: Iterator[None] | None = None) -> bool:
    """Whether somebody who comes now still waits after that time."""
    ours = Clock()

    def sleep(length: float) -> None:
        ours.sleep(length)
        next(meanwhile or iter(()), None)
        if ours.now > seconds:
            raise StillHeld

    try:
        with Lease(pen, clock=ours.read, sleep=sleep):
            return False
    except StillHeld:
        return True


def test_who_comes_second_waits_until_the_first_is_done(pen: S3Path) -> None:
    with Lease(pen):
        assert waits(pen, LEASE_SECONDS / 2)
    assert not waits(pen, 0)


def test_a_lease_that_is_renewed_is_never_taken(pen: S3Path) -> None:
    with Lease(pen) as first:

        def renewals() -> Iterator[None]:
            while True:
                first.confirm()
                yield

        assert waits(pen, 1.5 * LEASE_SECONDS, meanwhile=renewals())


def test_a_lease_that_stays_as_it_is_for_its_length_is_taken_over_and_its_holder_told(pen: S3Path) -> None:
    clock = Clock()
    with Lease(pen) as first:
        first.confirm()
        with waiter(pen, clock) as second:
            second.confirm()
            assert LEASE_SECONDS <= clock.now <= LEASE_SECONDS + 2 * WATCH_SECONDS
            with pytest.raises(LakeError, match=r"source-panel: was taken over by another run\. Run the same command"):
                first.confirm()


def test_who_lost_a_lease_does_not_free_it(pen: S3Path) -> None:
    first = Lease(pen)
    first.__enter__()
    with waiter(pen, Clock()) as second:
        first.__exit__(None, None, None)
        second.confirm()
        assert waits(pen, LEASE_SECONDS / 2)


def test_an_answer_that_got_lost_loses_no_lease(pen: S3Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = S3Path.put

    def deaf(self: S3Path, content: bytes, mode: object = "overwrite") -> None:
        real(self, content, mode)  # type: ignore[arg-type]  # as obstore takes it

    with monkeypatch.context() as patch:
        patch.setattr(S3Path, "put", deaf)
        lease = Lease(pen).__enter__()
        lease.confirm()
    lease.confirm()
    lease.__exit__(None, None, None)
    assert not waits(pen, 0)


def test_of_many_who_come_at_once_one_at_a_time_holds_it(pen: S3Path) -> None:
    inside, most, turns = [0], [0], []

    def come(n: int) -> None:
        with Lease(pen, sleep=lambda _: None):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            turns.append(n)
            inside[0] -= 1

    threads = [threading.Thread(target=come, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(turns) == list(range(6)) and most == [1]
