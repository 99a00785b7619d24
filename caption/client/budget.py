"""What may be spent, and what has been: money and tokens of one output folder, over all processes and runs."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from caption.client.prices import cost_usd
from caption.questions.question import Usage
from rigmill.config.caption import Endpoint
from rigmill.errors import UserError
from rigmill.storage.files import canonical_json, digest

_TAIL_BYTES = 8192  # holds several entries
_MARGIN = 1.15  # an estimate of text may be so far off
_ROUNDING_USD = 1e-9


@dataclass(frozen=True, slots=True)
class Spent:
    """All that an output folder has cost. Money of models with a price; tokens of the others stand apart too."""

    num_requests: int = 0
    tokens: int = 0
    usd: float = 0.0
    unpriced_tokens: int = 0

    def plus(self, tokens: int, usd: float | None, num_requests: int = 0) -> Spent:
        return Spent(
            self.num_requests + num_requests,
            self.tokens + tokens,
            self.usd + (usd or 0.0),
            self.unpriced_tokens + (tokens if usd is None else 0),
        )


@dataclass(frozen=True, slots=True)
class Reservation:
    """The most that a request may cost, counted as spent until it is settled; for ever if its process dies."""

    estimated: Usage
    tokens: int
    usd: float | None


class OverLimit(Exception):
    """The next request could exceed a limit."""


class Ledger:
    """One file that only grows, of one entry a line, each with the sums so far: the last line says it all.

    Whoever adds an entry holds the file's lock, which dies with its process. A reservation under a limit is on the disk
    before its request is sent. Nodes that share the folder need a file system that locks for all of them, as NFS does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = threading.Lock()  # a file's lock does not keep a process's own threads apart

    def spent(self) -> Spent:
        """What the ledger says now."""
        return _last_sum(self._path) if self._path.exists() else Spent()

    def reserve(self, reservation: Reservation, endpoint: Endpoint) -> None:
        """Count it as spent; OverLimit, and nothing counted, where that would be too much."""
        with self._locked() as stream:
            before = _last_sum(self._path)
            after = before.plus(reservation.tokens, reservation.usd, num_requests=1)
            if _exceeds(after, endpoint):
                raise OverLimit
            durable = endpoint.max_usd is not None or endpoint.max_tokens is not None
            _append(stream, {"reserved": reservation.tokens, "model": endpoint.model}, after, durable=durable)

    def add(self, tokens: int, usd: float | None, num_requests: int = 0, **known: Any) -> None:
        """Count what is known: a settlement's difference to its reservation, or an answer that came another way."""
        with self._locked() as stream:
            after = _last_sum(self._path).plus(tokens, usd, num_requests)
            _append(stream, {"added": tokens, **known}, after, durable=False)

    def ratio(self, model: str) -> float | None:
        """The worst of what a server lately counted for a question's input, over our estimate; None: nothing yet."""
        entries = _last_entries(self._path) if self._path.exists() else ()
        return max((entry["ratio"] for entry in entries if entry.get("ratio_of") == model), default=None)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._thread:
            stream = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            try:
                fcntl.flock(stream, fcntl.LOCK_EX)
                yield stream
            finally:
                os.close(stream)


class Budget:
    """A worker's hand on the ledger: asks before each request, settles after it.

    What a request may cost is estimated, so while nothing is known of how this server counts, the first request goes
    alone; later ones are estimated by the worst that was seen.
    """

    def __init__(self, ledger: Ledger, endpoint: Endpoint) -> None:
        self._ledger, self._endpoint = ledger, endpoint
        self._limited = endpoint.max_usd is not None or endpoint.max_tokens is not None
        self._under_way = 0
        self._ratio = ledger.ratio(endpoint.model) if self._limited else None  # as `Ledger.ratio`
        self._one_at_a_time, self._changed = asyncio.Lock(), asyncio.Event()

    def check(self) -> None:
        """A UserError where a limit of money cannot be kept because nobody knows the price."""
        endpoint = self._endpoint
        if endpoint.max_usd is not None and endpoint.model not in endpoint.prices:
            raise UserError(
                f"caption.endpoint.max_usd is set, and there is no price for model {endpoint.model}",
                why="what a request costs is not known, so the limit could not be kept",
                fix="write what the model costs under caption.endpoint.prices, or set max_tokens instead of max_usd",
                code="E402",
            )

    async def reserve(self, estimated: Usage) -> Reservation:
        """Count the most that the request may cost as spent. A UserError where that would be too much."""
        async with self._one_at_a_time:
            while True:
                if self._limited and self._ratio is None and self._under_way:
                    await self._change()
                    continue
                reservation = self._most(estimated)
                try:
                    await asyncio.to_thread(self._ledger.reserve, reservation, self._endpoint)
                except OverLimit:
                    if not self._under_way:
                        raise self._used_up(reservation) from None
                    await self._change()  # one of ours may turn out cheaper than it was taken for
                else:
                    self._under_way += 1
                    return reservation

    async def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """It cost what the server counted; None: the server did not say, so it stays at its reservation."""
        try:
            if usage is not None:
                ratio = usage.input_tokens / max(1, reservation.estimated.input_tokens)
                self._ratio = max(self._ratio or 0.0, ratio)
                tokens = usage.input_tokens + usage.output_tokens - reservation.tokens
                usd = cost_usd(usage, self._endpoint)
                difference = None if usd is None or reservation.usd is None else usd - reservation.usd
                known = partial(self._ledger.add, ratio=ratio, ratio_of=self._endpoint.model)
                await asyncio.to_thread(known, tokens, difference)
        finally:
            self.lost()

    async def release(self, reservation: Reservation) -> None:
        """It cost nothing: the server turned it away."""
        try:
            usd = None if reservation.usd is None else -reservation.usd
            await asyncio.to_thread(self._ledger.add, -reservation.tokens, usd)
        finally:
            self.lost()

    def lost(self) -> None:
        """Nobody knows what it cost: it stays counted at its reservation."""
        self._under_way -= 1
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _most(self, estimated: Usage) -> Reservation:
        worst = replace(estimated, input_tokens=ceil(estimated.input_tokens * max(_MARGIN, self._ratio or 0.0)))
        return Reservation(estimated, worst.input_tokens + worst.output_tokens, cost_usd(worst, self._endpoint))

    def _used_up(self, reservation: Reservation) -> UserError:
        spent, endpoint = self._ledger.spent(), self._endpoint
        over_tokens = endpoint.max_tokens is not None and spent.tokens + reservation.tokens > endpoint.max_tokens
        name, limit = ("max_tokens", f"{endpoint.max_tokens}") if over_tokens else ("max_usd", f"{endpoint.max_usd:g}")
        so_far = f"{spent.tokens} tokens" if over_tokens else f"{spent.usd:.4f} USD"
        most = f"{reservation.tokens} tokens" if over_tokens else f"{reservation.usd or 0.0:.4f} USD"
        return UserError(
            f"caption.endpoint.{name} is reached: {so_far} of {limit} are spent in this output",
            why=f"the next question may cost up to {most}",
            fix=f"set caption.endpoint.{name} higher, then run the same command: what is answered is kept",
            code="E402",
        )


def _exceeds(spent: Spent, endpoint: Endpoint) -> bool:
    too_many = endpoint.max_tokens is not None and spent.tokens > endpoint.max_tokens
    return too_many or (endpoint.max_usd is not None and spent.usd > endpoint.max_usd + _ROUNDING_USD)


def _append(stream: int, entry: dict[str, Any], after: Spent, *, durable: bool) -> None:
    whole = entry | {"spent": asdict(after)}
    line = canonical_json(whole | {"digest": digest(whole)}) + "\n"
    size = os.fstat(stream).st_size
    if size and os.pread(stream, 1, size - 1) != b"\n":  # a power cut ended the last one
        line = "\n" + line
    os.write(stream, line.encode())
    if durable:
        os.fsync(stream)


def _last_entries(path: Path) -> Iterator[dict[str, Any]]:
    """Whole entries at the end of the file, the last one first."""
    with path.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
        lines = stream.read().splitlines()
    for line in reversed(lines):
        try:
            entry = json.loads(line)
            if entry.pop("digest") == digest(entry):
                yield entry
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _last_sum(path: Path) -> Spent:
    """The sums of the last whole entry. A UserError where there is a file and no such entry at its end."""
    for entry in _last_entries(path):
        return Spent(**entry["spent"])
    if path.stat().st_size:
        raise UserError(
            f"{path} says no longer what was spent",
            why="it was changed or damaged",
            fix="move it away: counting begins again at nothing, so lower the limits by what was spent",
            code="E406",
        )
    return Spent()
