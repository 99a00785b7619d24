"""Stops a stage whose server is broken, before every row has failed at it."""

from __future__ import annotations

from collections import deque

from rigmill.errors import UserError

_SHOWN = 3  # different failures in the message
BUSY = 0.25  # what a server that says when to come back counts of a failure: it works, unless it says that for ever


class Breaker:
    """Counts failed requests in a row, over all questions of a worker. An answer begins the count anew."""

    def __init__(self, limit: int, address: str) -> None:
        self._limit, self._address = limit, address
        self._failures = 0.0
        self._last: deque[str] = deque(maxlen=limit)

    def answered(self) -> None:
        self._failures = 0.0
        self._last.clear()

    def failed(self, reason: str, weight: float = 1.0) -> None:
        """One more failure; a UserError when there are too many in a row."""
        self._failures += weight
        self._last.append(reason)
        if self._failures < self._limit:
            return
        reasons = list(dict.fromkeys(reversed(self._last)))[:_SHOWN]
        raise UserError(
            f"the model's server does not work: the last {len(self._last)} requests to {self._address} failed",
            why="; ".join(reasons),
            fix="look at the server, then run the same command: what is answered is kept",
            code="E403",
        )
