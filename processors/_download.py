"""A file over HTTP: asked for again where it breaks off, from where it broke off, and not for ever."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import httpx

from processors import _http_answers as _answers
from processors._http_answers import Account, Version
from processors.errors import CallError, DataError

Progress = Callable[[str, int, int], None]

ATTEMPTS = 5
HOPS = 5
LONGEST_TEXT = 4_096
LARGEST_FILE = 1 << 30
"""No archive of a location database comes near a gibibyte."""
SLOWEST_BYTES = 64 * 1024
"""What has to come while patience lasts."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_GOES_ON = "Run the same command again: it goes on from what has come"

T = TypeVar("T")


class _Broken(Exception):
    """An answer that another attempt may make good; says what was wrong with it."""


class Client:
    """Asks one server, as one account. Use it in a `with`.

    A redirection to another origin goes without the account, and never from TLS to plain text. `patience` is how many
    seconds a server may be silent, or as good as silent.
    """

    def __init__(
        self,
        account: Account,
        *,
        agent: str,
        patience: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account, self._patience, self._clock, self._sleep = account, patience, clock, sleep
        for name in ("httpx", "httpcore"):  # at INFO they log addresses, and a redirection's is signed
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx.Client(
            headers={"User-Agent": agent, "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(patience, connect=min(patience, 20.0)),
            follow_redirects=False,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def version(self, url: str) -> Version | None:
        """The file's version, without the file; None where the server does not tell."""

        def ask() -> Version | None:
            with self._answer("HEAD", url, {}) as answer:
                return _answers.version(answer) if answer.status_code == httpx.codes.OK else None

        return self._persistently(url, ask)

    def text(self, url: str) -> str:
        """A short text."""

        def ask() -> str:
            with self._answer("GET", url, {}) as answer:
                _answers.expect(answer, httpx.codes.OK)
                content = b""
                for piece in self._paced(answer):
                    content += piece
                    if len(content) > LONGEST_TEXT:
                        what = f"answers with more than {LONGEST_TEXT:,} bytes where a checksum was expected"
                        raise DataError(_answers.host(url), what, _answers.LATER)
                return content.decode("utf-8", "replace")

        return self._persistently(url, ask)

    def file(self, url: str, path: Path, *, what: str, progress: Progress | None = None) -> bool:
        """Get the file to `path`; tells whether some of it was there from an attempt before.

        Until it is whole it is `path` with the suffix `.part`, which the next call goes on with if the server still
        has the same file.
        """
        part, note = path.with_name(path.name + ".part"), path.with_name(path.name + ".part.json")
        resumed = False

        def ask() -> None:
            nonlocal resumed
            resumed |= self._rest(url, part, note, what, progress)

        self._persistently(url, ask)
        note.unlink(missing_ok=True)
        part.replace(path)
        return resumed

    def _rest(self, url: str, part: Path, note: Path, what: str, progress: Progress | None) -> bool:
        """Get what is not there yet of the file; tells whether there was anything."""
        known = _answers.noted(note)
        there = part.stat().st_size if known.validator and part.exists() else 0
        asked = {"Range": f"bytes={there}-", "If-Range": known.validator} if there else {}
        with self._answer("GET", url, asked) as answer:
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and there:
                part.unlink()
                raise _Broken("has less of the file than has come")
            _answers.expect(answer, httpx.codes.OK, httpx.codes.PARTIAL_CONTENT)
            version = _answers.version(answer)
            if answer.status_code == httpx.codes.PARTIAL_CONTENT:
                start, total = _answers.piece(answer)
                if start != there or version.validator not in ("", known.validator):
                    part.unlink(missing_ok=True)
                    raise _Broken("goes on with another piece than was asked for")
            else:
                there, total = 0, int(answer.headers.get("Content-Length", 0))
                note.write_text(json.dumps(vars(version)))
            if total > LARGEST_FILE:
                self._too_large(url, part)
            with part.open("ab" if there else "wb") as file:
                done = there
                for piece in self._paced(answer):
                    done += file.write(piece)
                    if done > LARGEST_FILE:
                        self._too_large(url, part)
                    if progress and total:
                        progress(what, done, total)
            if total and done != total:
                raise _Broken(f"broke off after {done:,} of {total:,} bytes")
        return there > 0

    def _too_large(self, url: str, part: Path) -> NoReturn:
        part.unlink(missing_ok=True)
        what = f"sends more than {LARGEST_FILE:,} bytes, which is no location database"
        raise DataError(_answers.host(url), what, _answers.LATER)

    def _paced(self, answer: httpx.Response) -> Iterator[bytes]:
        """The pieces of the body as they come. Errors: `_Broken` where next to nothing does."""
        since, came = self._clock(), 0
        for piece in answer.iter_raw():
            came += len(piece)
            if self._clock() - since > self._patience:
                if came < SLOWEST_BYTES:
                    raise _Broken(f"sent {came:,} bytes in {self._clock() - since:.0f} s")
                since, came = self._clock(), 0
            yield piece

    def _persistently(self, url: str, ask: Callable[[], T]) -> T:
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(2.0 ** (attempt - 1))
            try:
                return ask()
            except httpx.ProxyError as problem:
                raise CallError("The proxy", f"refuses ({problem})", "Check HTTPS_PROXY and NO_PROXY") from None
            except (httpx.InvalidURL, UnicodeError):
                raise DataError(_answers.host(url), "leads to what is no address", _answers.LATER) from None
            except httpx.TimeoutException:
                said = f"is silent for {self._patience:.0f} s"
            except httpx.HTTPError as problem:
                said = f"cannot be reached, or breaks off ({problem})"
            except _Broken as problem:
                said = str(problem)
        raise DataError(_answers.host(url), f"{said}, {ATTEMPTS} times in a row", f"Check the network. {_GOES_ON}")

    @contextmanager
    def _answer(self, method: str, url: str, asked: dict[str, str]) -> Iterator[httpx.Response]:
        """The answer behind redirections, with its body to be read."""
        request = self._client.build_request(method, url, headers={**asked, "Authorization": self._account.header})
        for _ in range(HOPS):
            answer = self._in_time(request)
            following = answer.next_request
            if not following:
                break
            answer.close()
            if request.url.scheme == "https" and following.url.scheme != "https":
                what = "leads from TLS to plain text, which anybody can change"
                raise DataError(request.url.host, what, _answers.LATER)
            request = following  # httpx has taken the account off where the origin is another
        else:
            raise DataError(_answers.host(url), f"leads on and on, {HOPS} times", _answers.LATER)
        try:
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR and method != "HEAD":  # which not all can answer
                raise _Broken(f"answers {answer.status_code}")
            yield answer
        finally:
            answer.close()

    def _in_time(self, request: httpx.Request) -> httpx.Response:
        """The answer up to its body. httpx 0.28 limits each read, so headers could come a letter a minute for ever."""
        answers: queue.Queue[httpx.Response | Exception] = queue.Queue()

        def send() -> None:
            try:
                answers.put(self._client.send(request, stream=True))
            except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError, ValueError) as problem:
                answers.put(problem)

        threading.Thread(target=send, name=f"ask {request.url.host}", daemon=True).start()
        try:
            answer = answers.get(timeout=2 * self._patience)
        except queue.Empty:
            raise httpx.ReadTimeout("no whole answer", request=request) from None
        if isinstance(answer, Exception):
            raise answer
        return answer
