"""Memory for batches that is used again when nobody refers to it any more.

A batch of videos is hundreds of megabytes. Memory that is new to a process is handed out page by page by the system at
the first touch, which costs more than what is written there: on the machines at hand twice a frame's conversion.
"""

from __future__ import annotations

import sys
from math import prod
from threading import Lock

import numpy as np

from rigmill.types import Bytes

_OURS = 3  # references to a piece that is free: the list's, the loop's, and the question's own


class Buffers:
    """Uninitialised arrays, from at most `keep` pieces of memory that are kept."""

    def __init__(self, keep: int = 32) -> None:
        self.keep, self._pieces, self._lock = keep, list[Bytes](), Lock()

    def __getstate__(self) -> dict[str, int]:
        return {"keep": self.keep}

    def __setstate__(self, state: dict[str, int]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # as it was made

    def take(self, shape: tuple[int, ...]) -> Bytes:
        """An array of bytes; its memory comes back by itself, with the last reference to it or to a part of it."""
        size = prod(shape)
        with self._lock:
            best: Bytes | None = None
            for piece in self._pieces:
                if sys.getrefcount(piece) == _OURS and len(piece) == size:
                    best = piece
                    break
            if best is None:
                best = np.empty(size, np.uint8)
                self._forget_one()
                self._pieces.append(best)
            return best.reshape(shape)

    def _forget_one(self) -> None:
        """Make room for another piece: the oldest that is free goes first, then the oldest."""
        while len(self._pieces) >= self.keep:
            free = [at for at in range(len(self._pieces)) if sys.getrefcount(self._pieces[at]) == _OURS - 1]
            del self._pieces[free[0] if free else 0]
