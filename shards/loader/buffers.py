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

_OURS = 2  # references to a piece that is free: the list's, and the question's own
_MOST = 4 * 2**30


class Buffers:
    """Uninitialised arrays, from pieces of memory of which at most `most_bytes` are kept."""

    def __init__(self, most_bytes: int = _MOST) -> None:
        self.most_bytes, self._pieces, self.lock = most_bytes, list[Bytes](), Lock()

    def take(self, shape: tuple[int, ...]) -> Bytes:
        """An array of bytes; its memory comes back by itself, with the last reference to it or to a part of it."""
        size = prod(shape)
        with self.lock:
            for at in range(len(self._pieces)):
                if self._is_free(at) and size <= len(self._pieces[at]) <= 2 * size:
                    return self._pieces[at][:size].reshape(shape)
            piece = np.empty(size, np.uint8)
            self._make_room(size)
            if size <= self.most_bytes:
                self._pieces.append(piece)
            return piece.reshape(shape)

    def _is_free(self, at: int) -> bool:
        return sys.getrefcount(self._pieces[at]) == _OURS

    def _make_room(self, size: int) -> None:
        """Let pieces go until `size` more bytes may be kept: free ones first, and of these the oldest."""
        total = sum(map(len, self._pieces))
        order = sorted(range(len(self._pieces)), key=lambda at: not self._is_free(at))
        gone = set()
        for at in order:
            if total + size <= self.most_bytes:
                break
            total -= len(self._pieces[at])
            gone.add(at)
        self._pieces = [piece for at, piece in enumerate(self._pieces) if at not in gone]
