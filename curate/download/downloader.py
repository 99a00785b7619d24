"""Files from the network, whole or not at all: limits, resuming, digests, back-off, a list of hosts.

aiohttp does the talking: one deadline over a whole exchange is an asyncio.timeout (a server that drips its headers ends
there too), a resolver of ours decides which addresses are connected to, and dozens of transfers share one thread.
"""

from __future__ import annotations

import asyncio
import email.utils
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp
from aiohttp import ClientResponse, ClientSession
from yarl import URL

from curate.download.address import Hosts, PrivateNetwork, PublicResolver
from curate.download.part import Part
from rigmill import __version__
from rigmill.outcomes import Refusal, Reject
from rigmill.types import Row

MAX_REDIRECTS = 5
FIRST_WAIT_S, LONGEST_BACKOFF_S = 1.0, 60.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410, 451})
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


class Trouble(Exception):
    """The network's or the server's fault, so it says nothing about the file. `wait_s`: how long the server asked for.

    The message is the same whenever the same thing happens: no times, no addresses.
    """

    def __init__(self, message: str, *, again: bool = True, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.again, self.wait_s = again, wait_s


@dataclass(frozen=True, slots=True)
class Manners:
    """How patient and how polite to be. `hosts` and `http_hosts` are those of `Hosts`."""

    hosts: tuple[str, ...]
    http_hosts: tuple[str, ...] = ()
    parallel: int = 8  # files at a time; the caller keeps to it
    requests_per_s: float = 10.0  # to one host
    connect_s: float = 10.0
    read_s: float = 30.0  # between two pieces of an answer
    min_bytes_per_s: float = 4096.0  # on average over `patience_s`
    patience_s: float = 30.0
    tries: int = 5
    max_wait_s: float = 120.0  # a server that asks for a longer pause is left to the next run

    @classmethod
    def from_row(cls, row: Row) -> Manners:
        """From JSON, where tuples are lists."""
        return cls(**{**row, **{key: tuple(row[key]) for key in ("hosts", "http_hosts")}})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file by its address; `sha256` is empty where no index names one."""

    url: str
    max_bytes: int
    sha256: str = ""


class Downloader:
    """Downloads files, any number at a time. Use within `opened`, in one event loop."""

    def __init__(self, manners: Manners, session: ClientSession) -> None:
        self._manners, self._session = manners, session
        self._hosts = Hosts(manners.hosts, manners.http_hosts)
        self._turns = _Turns(manners.requests_per_s)

    @classmethod
    @asynccontextmanager
    async def opened(cls, manners: Manners) -> AsyncIterator[Downloader]:
        connector = aiohttp.TCPConnector(limit=manners.parallel, resolver=PublicResolver(manners.http_hosts))
        # No deadline over all: a large file may take its time as long as bytes come fast enough.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=manners.connect_s, sock_read=manners.read_s)
        headers = {"User-Agent": f"rigmill/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
        async with ClientSession(
            connector=connector,
            timeout=timeout,
            headers=headers,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        ) as session:
            yield cls(manners, session)

    async def get(self, wanted: Wanted, part: Part) -> None:
        """Fill an open `part` with the whole file. Refusal: the file cannot be had. Trouble: not today."""
        num_tries, num_wrong = 0, 0
        while True:
            try:
                await self._try(wanted, part)
            except Trouble as trouble:
                num_tries += 1
                if not trouble.again:
                    raise
                if num_tries >= self._manners.tries:
                    raise Trouble(f"{trouble}; tried {num_tries} times") from None
                if trouble.wait_s > self._manners.max_wait_s:
                    raise Trouble(f"{trouble}; the server asks for a longer pause than max_wait_s") from None
                backoff_s = min(LONGEST_BACKOFF_S, FIRST_WAIT_S * 2 ** (num_tries - 1))
                await asyncio.sleep(max(trouble.wait_s, random.uniform(0, backoff_s)))
                continue
            if not wanted.sha256 or part.sha256 == wanted.sha256:
                return
            # A part that was resumed across a change of the file is one way to get here: begin again, once.
            found = part.sha256
            part.restart()
            num_wrong += 1
            if num_wrong == 2:
                message = f"sha256 {found[:12]}... instead of {wanted.sha256[:12]}..., twice"
                raise Refusal(Reject.HASH_MISMATCH, message)

    async def _try(self, wanted: Wanted, part: Part) -> None:
        """One exchange, redirects included: the rest of the file, or all of it where that cannot be continued."""
        if part.size and not (part.validator or wanted.sha256):
            part.restart()  # nothing would tell whether the rest belongs to the same file
        url = wanted.url
        for _ in range(MAX_REDIRECTS + 1):
            host = self._hosts.check(url)
            await self._turns.wait(host)
            async with self._asked(url, part) as response:
                if response.status in _REDIRECTS:
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                self._read_status(response, host)
                await self._take(response, wanted, part)
                return
        raise Trouble(f"more than {MAX_REDIRECTS} redirects", again=False)

    @asynccontextmanager
    async def _asked(self, url: str, part: Part) -> AsyncIterator[ClientResponse]:
        headers = {}
        if part.size:
            headers["Range"] = f"bytes={part.size}-"
            if part.validator:
                headers["If-Range"] = part.validator
        try:
            async with asyncio.timeout(self._manners.connect_s + self._manners.read_s) as clock:
                address = URL(url, encoded=True)
                async with self._session.get(address, headers=headers, allow_redirects=False) as response:
                    clock.reschedule(None)
                    yield response
        except TimeoutError:
            raise Trouble("the server did not answer in time") from None
        except PrivateNetwork:
            raise Trouble("a public name that leads into a private network", again=False) from None
        except aiohttp.ClientSSLError:
            raise Trouble("no secure connection", again=False) from None
        except aiohttp.ClientConnectionError:
            raise Trouble("the connection failed or broke") from None
        except (aiohttp.ClientError, ValueError):  # what no HTTP server should send
            raise Trouble("the answer is broken or ended early") from None

    def _read_status(self, response: ClientResponse, host: str) -> None:
        status = response.status
        if status in (200, 206, 416):
            return
        if status in _GONE:
            raise Refusal(Reject.DEAD_LINK, f"HTTP {status}: the file is no longer there")
        asked_s = _retry_after_s(response)
        if status in _TRY_AGAIN or asked_s is not None:
            self._turns.hold(host, min(asked_s or 0.0, self._manners.max_wait_s))
            raise Trouble(f"HTTP {status}", wait_s=asked_s or 0.0)
        raise Trouble(f"HTTP {status}", again=False)

    async def _take(self, response: ClientResponse, wanted: Wanted, part: Part) -> None:
        """The body into the part, at the right place and within all limits."""
        total = _place(response, part)
        if response.status == 416:
            if total == part.size:
                return  # all of it was here already
            part.restart()
            raise Trouble("the server has no such range")
        if total is not None and total > wanted.max_bytes:
            part.restart()
            raise _too_large(wanted, total)
        window_start, window_bytes = time.monotonic(), 0
        async for data in response.content.iter_any():
            if part.size + len(data) > wanted.max_bytes:
                part.restart()
                raise _too_large(wanted, None)
            part.append(data)
            window_bytes += len(data)
            passed_s = time.monotonic() - window_start
            if passed_s >= self._manners.patience_s:
                if window_bytes < self._manners.min_bytes_per_s * passed_s:
                    raise Trouble(f"slower than {self._manners.min_bytes_per_s:g} bytes per second")
                window_start, window_bytes = time.monotonic(), 0
        if total is not None and part.size != total:
            raise Trouble("the answer is broken or ended early")


def _place(response: ClientResponse, part: Part) -> int | None:
    """The size of the whole file, as far as it is stated. A part that the answer does not continue is emptied."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Trouble("the server sends a compressed answer that nobody asked for", again=False)
    match = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if response.status == 200:
        part.restart(_validator(response))
        return response.content_length
    total = int(match[3]) if match and match[3] != "*" else None
    if response.status == 206 and (match is None or match[1] is None or int(match[1]) != part.size):
        part.restart()
        raise Trouble("the server sent another range than it was asked for")
    return total


def _validator(response: ClientResponse) -> str:
    """What names this version of the file in If-Range: a strong ETag, else the date of its last change."""
    tag = response.headers.get("ETag", "")
    if re.fullmatch(r'"[\x21\x23-\x7e]{1,200}"', tag):
        return tag
    date = response.headers.get("Last-Modified", "")
    return date if re.fullmatch(r"[\w ,:+-]{10,40}", date) else ""


def _retry_after_s(response: ClientResponse) -> float | None:
    """Seconds that the server wants to be left alone, at least 0; None when it does not say."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _too_large(wanted: Wanted, total: int | None) -> Refusal:
    return Refusal(
        Reject.TOO_LARGE,
        "the file is larger than collect.max_file_bytes",
        measured=None if total is None else float(total),
        limit=float(wanted.max_bytes),
    )


@dataclass(slots=True)
class _Turns:
    """Requests to one host are spread out evenly, and wait for as long as it has asked."""

    requests_per_s: float
    _next: dict[str, float] = field(default_factory=dict)

    async def wait(self, host: str) -> None:
        now = time.monotonic()
        turn = max(now, self._next.get(host, 0.0))
        self._next[host] = turn + 1 / self.requests_per_s
        await asyncio.sleep(turn - now)

    def hold(self, host: str, seconds: float) -> None:
        self._next[host] = max(self._next.get(host, 0.0), time.monotonic() + seconds)
