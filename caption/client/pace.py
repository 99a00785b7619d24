"""Turns of requests: all workers of an output folder together keep to the profile's requests and tokens a minute."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from rigmill.config.caption import Endpoint

_LONGEST_SLEEP_S = 1.0
_SKEW_S = 5.0  # by which clocks of nodes may differ; a turn further off is a clock that was set back
_STATE = struct.Struct("<4d")  # turn and interval of requests, then of tokens


@dataclass(slots=True)
class _Lane:
    """When the next one may go, in seconds since 1970, and for how long the last one keeps the lane."""

    turn: float = 0.0
    interval_s: float = 0.0

    def wait_s(self, now: float) -> float:
        ahead = self.turn - now
        return 0.0 if ahead > self.interval_s + _SKEW_S else max(0.0, ahead)

    def take(self, now: float, interval_s: float) -> None:
        self.turn, self.interval_s = now + interval_s, interval_s


class Pace:
    """Spreads requests out evenly, none in advance: whoever is let go now keeps the next one waiting.

    The next turn stands in one small file, changed under its lock by whoever takes it.
    """

    def __init__(self, path: Path, endpoint: Endpoint) -> None:
        self._path, self._endpoint = path, endpoint
        self._one_of_us = asyncio.Lock()  # one at a time of each process at the file
        self._thread = threading.Lock()

    async def turn(self, tokens: int) -> None:
        """Return when a request of so many tokens may be sent."""
        if self._endpoint.requests_per_min is None and self._endpoint.tokens_per_min is None:
            return
        async with self._one_of_us:
            while wait_s := await asyncio.to_thread(self._try_take, tokens):
                await asyncio.sleep(min(wait_s, _LONGEST_SLEEP_S))

    def _try_take(self, tokens: int) -> float:
        """0: the turn is ours; else seconds until it may be."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._thread:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                data = os.pread(file, _STATE.size, 0)
                state = _STATE.unpack(data) if len(data) == _STATE.size else (0.0,) * 4
                lanes, now = (_Lane(*state[:2]), _Lane(*state[2:])), time.time()
                wait_s = max(lane.wait_s(now) for lane in lanes)
                if wait_s == 0.0:
                    for lane, per_min, amount in zip(lanes, self._limits(), (1, tokens)):
                        if per_min is not None:
                            lane.take(now, amount * 60 / per_min)
                    os.pwrite(file, _STATE.pack(*(n for lane in lanes for n in (lane.turn, lane.interval_s))), 0)
                return wait_s
            finally:
                os.close(file)

    def _limits(self) -> tuple[float | None, float | None]:
        return self._endpoint.requests_per_min, self._endpoint.tokens_per_min
