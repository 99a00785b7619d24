"""Files and answers from the network, whole or not at all: limits, resuming, digests, back-off, a list of hosts.

aiohttp does the talking: one deadline over a whole exchange is an asyncio.timeout (a server that drips its headers ends
there too), a resolver of ours decides which addresses are connected to, and dozens of transfers share one thread.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urljoin

import aiohttp
from aiohttp import ClientResponse, ClientSession
from yarl import URL

from curate.download.address import Hosts, PrivateNetwork, PublicResolver
from curate.download.answer import GONE, REDIRECTS, TRY_AGAIN, Unpacker, retry_after_s, total_size
from curate.download.limits import DownloadFailed, DownloadLimits, Turns
from curate.download.partial_file import PartialFile
from rigmill import __version__
from rigmill.outcomes import Refusal, Reject

MAX_REDIRECTS = 5
FIRST_WAIT_S, LONGEST_BACKOFF_S = 1.0, 60.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file by its address; `sha256` is empty where no index names one."""

    url: str
    max_bytes: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a service. `headers` (a token may be among them) and `body`, sent as JSON, go to `url` alone.

    An answer that leads elsewhere is followed, without them, only where `follow` says so.
    """

    url: str
    max_bytes: int  # of the answer, unpacked
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] | None = None
    follow: bool = False


class Downloader:
    """Downloads files, any number at a time. Use within `opened`, in one event loop."""

    def __init__(self, limits: DownloadLimits, session: ClientSession) -> None:
        self._limits, self._session = limits, session
        self._hosts = Hosts(limits.hosts, limits.http_hosts)
        self._turns = Turns(limits.requests_per_s)

    @classmethod
    @asynccontextmanager
    async def opened(cls, limits: DownloadLimits) -> AsyncIterator[Downloader]:
        connector = aiohttp.TCPConnector(limit=limits.parallel, resolver=PublicResolver(limits.http_hosts))
        # No deadline over all: a large file may take its time as long as bytes come fast enough.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=limits.connect_s, sock_read=limits.read_s)
        headers = {"User-Agent": f"rigmill/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
        async with ClientSession(
            connector=connector,
            timeout=timeout,
            headers=headers,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        ) as session:
            yield cls(limits, session)

    async def get(self, wanted: Wanted, partial: PartialFile) -> None:
        """Fill an open `partial` with the whole file. Refusal: the file cannot be had. DownloadFailed: not today."""
        num_wrong = 0

        async def once() -> None:
            nonlocal num_wrong
            while True:
                await self._fill(wanted, partial)
                if not wanted.sha256 or partial.sha256 == wanted.sha256:
                    return
                # A part that was resumed across a change of the file is one way to get here: begin again, once.
                wrong = partial.sha256
                partial.restart()
                num_wrong += 1
                if num_wrong == 2:
                    message = f"sha256 {wrong[:12]}... instead of {wanted.sha256[:12]}..., twice"
                    raise Refusal(Reject.HASH_MISMATCH, message)

        await self._retried(once, self._limits.tries)

    async def ask(self, request: Request, *, tries: int | None = None) -> bytes:
        """The whole answer of a service, unpacked, in memory. Refusal: it is larger than `max_bytes`, or its way leads
        to an address that is not asked. DownloadFailed: any other that is not 2xx.
        """
        return await self._retried(lambda: self._answer(request), tries or self._limits.tries)

    async def _retried(self, once: Callable[[], Awaitable[T]], tries: int) -> T:
        """What one try or another returns; the pauses grow, and are as long as the server asks at least."""
        num_tries = 0
        while True:
            try:
                return await once()
            except DownloadFailed as failed:
                num_tries += 1
                if not failed.again:
                    raise
                if num_tries >= tries:
                    raise DownloadFailed(f"{failed}; tried {num_tries} times") from None
                if failed.wait_s > self._limits.max_wait_s:
                    raise DownloadFailed(f"{failed}; the server asks for a longer pause than max_wait_s") from None
                backoff_s = min(LONGEST_BACKOFF_S, FIRST_WAIT_S * 2 ** (num_tries - 1))
                pause_s = max(failed.wait_s, random.uniform(0, backoff_s))
            await asyncio.sleep(pause_s)

    async def _fill(self, wanted: Wanted, partial: PartialFile) -> None:
        """One exchange, redirects included: the rest of the file, or all of it where that cannot be continued."""
        if partial.size and not (partial.validator or wanted.sha256):
            partial.restart()  # nothing would tell whether the rest belongs to the same file
        headers = {}
        if partial.size:
            headers["Range"] = f"bytes={partial.size}-"
            if partial.validator:
                headers["If-Range"] = partial.validator
        url = wanted.url
        for _ in range(MAX_REDIRECTS + 1):
            host = self._hosts.check(url)
            async with self._sent(Request(url, wanted.max_bytes, headers=headers), host) as response:
                if response.status in REDIRECTS:
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                if response.status in GONE:
                    raise Refusal(Reject.DEAD_LINK, f"HTTP {response.status}: the file is no longer there")
                if response.status not in (200, 206, 416):
                    raise self._failed(response, host)
                await self._receive(response, wanted, partial)
                return
        raise _too_many_redirects()

    async def _answer(self, request: Request) -> bytes:
        """One exchange, redirects included where they are followed."""
        step = request
        for _ in range(MAX_REDIRECTS + 1):
            host = self._hosts.check(step.url)
            async with self._sent(step, host) as response:
                if response.status in REDIRECTS and request.follow:
                    url = urljoin(step.url, response.headers.get("Location", ""))
                    step = Request(url, request.max_bytes)
                    continue
                if not 200 <= response.status < 300:
                    failed = self._failed(response, host)
                    # An address that a service hands out may have run out: the next try is given a new one.
                    raise failed if step is request else DownloadFailed(f"{failed} at the place that it leads to")
                return await self._body(response, request.max_bytes)
        raise _too_many_redirects()

    @asynccontextmanager
    async def _sent(self, request: Request, host: str) -> AsyncIterator[ClientResponse]:
        """The answer to one request to a host that was checked, its body still to be read; redirects are answers."""
        await self._turns.wait(host)
        try:
            async with asyncio.timeout(self._limits.connect_s + self._limits.read_s) as clock:
                async with self._session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers=request.headers,
                    json=request.body,
                    allow_redirects=False,
                ) as response:
                    clock.reschedule(None)
                    yield response
        except TimeoutError:
            raise DownloadFailed("the server did not answer in time") from None
        except PrivateNetwork:
            raise DownloadFailed("a public name that leads into a private network", again=False) from None
        except aiohttp.ClientSSLError:
            raise DownloadFailed("no secure connection", again=False) from None
        except aiohttp.ClientConnectionError:
            raise DownloadFailed("the connection failed or broke") from None
        except (aiohttp.ClientError, ValueError):  # what no HTTP server should send
            raise DownloadFailed("the answer is broken or ended early") from None

    def _failed(self, response: ClientResponse, host: str) -> DownloadFailed:
        """An error status as an exception; a host that asks for a pause is left alone by all requests."""
        status, asked_s = response.status, retry_after_s(response)
        if status not in TRY_AGAIN and asked_s is None:
            return DownloadFailed(f"HTTP {status}", again=False, status=status)
        self._turns.hold(host, min(asked_s or 0.0, self._limits.max_wait_s))
        return DownloadFailed(f"HTTP {status}", wait_s=asked_s or 0.0, status=status)

    async def _receive(self, response: ClientResponse, wanted: Wanted, partial: PartialFile) -> None:
        """The body into the partial file, at the right place and within all limits."""
        total = total_size(response, partial)
        if response.status == 416:
            if total == partial.size:
                return  # all of it was here already
            partial.restart()
            raise DownloadFailed("the server has no such range")
        if total is not None and total > wanted.max_bytes:
            partial.restart()
            raise _too_large(wanted.max_bytes, total)
        async for data in self._pieces(response):
            if partial.size + len(data) > wanted.max_bytes:
                partial.restart()
                raise _too_large(wanted.max_bytes)
            partial.append(data)
        if total is not None and partial.size != total:
            raise DownloadFailed("the answer is broken or ended early")

    async def _body(self, response: ClientResponse, max_bytes: int) -> bytes:
        unpacker = Unpacker(response)
        total = None if unpacker.is_packed else response.content_length
        if total is not None and total > max_bytes:
            raise _too_large(max_bytes, total)
        body = bytearray()
        async for data in self._pieces(response):
            body += unpacker.feed(data, max_bytes + 1 - len(body))
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
        unpacker.finish()
        return bytes(body)

    async def _pieces(self, response: ClientResponse) -> AsyncIterator[bytes]:
        """The body as it comes, as long as it comes fast enough."""
        window_start, window_bytes = time.monotonic(), 0
        async for data in response.content.iter_any():
            yield data
            window_bytes += len(data)
            passed_s = time.monotonic() - window_start
            if passed_s >= self._limits.patience_s:
                if window_bytes < self._limits.min_bytes_per_s * passed_s:
                    raise DownloadFailed(f"slower than {self._limits.min_bytes_per_s:g} bytes per second")
                window_start, window_bytes = time.monotonic(), 0


def _too_many_redirects() -> DownloadFailed:
    return DownloadFailed(f"more than {MAX_REDIRECTS} redirects", again=False)


def _too_large(max_bytes: int, total: int | None = None) -> Refusal:
    return Refusal(
        Reject.TOO_LARGE,
        "the file is larger than collect.max_file_bytes",
        measured=None if total is None else float(total),
        limit=float(max_bytes),
    )
