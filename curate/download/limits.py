"""How patient a download is, how it paces itself, and what it says when nothing came of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from rigmill.types import Row


class DownloadFailed(Exception):
    """The network's or the server's fault, so it says nothing about the file. `wait_s`: how long the server asked for.

    The message is the same whenever the same thing happens: no times, no addresses. `status` is the HTTP status of the
    server that was asked, 0 where it gave none.
    """

    def __init__(self, message: str, *, again: bool = True, wait_s: float = 0.0, status: int = 0) -> None:
        super().__init__(message)
        self.again, self.wait_s, self.status = again, wait_s, status


@dataclass(frozen=True, slots=True)
class DownloadLimits:
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
    def from_row(cls, row: Row) -> DownloadLimits:
        """From JSON, where tuples are lists."""
        return cls(**{**row, **{key: tuple(row[key]) for key in ("hosts", "http_hosts")}})


@dataclass(slots=True)
class Turns:
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
