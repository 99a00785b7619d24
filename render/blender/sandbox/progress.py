"""How far a child is with the item at hand, told to whoever waits: never an answer, and no sign of life either."""

from __future__ import annotations

import json
import os
import time

TELL_S = 0.5  # from word to word, at least


class ProgressPipe:
    """Writes progress lines into the pipe of a child's answers; says nothing until it has one."""

    def __init__(self) -> None:
        self._fd: int | None = None
        self._told_at = 0.0

    def open(self, fd: int) -> None:
        """Called once, in the child."""
        self._fd = fd

    def tell(self, done: int, total: int) -> None:
        """`done` of `total` steps of the item are done. Cheap: most calls only look at the clock."""
        now = time.monotonic()
        if self._fd is None or now - self._told_at < TELL_S:
            return
        self._told_at = now
        os.write(self._fd, json.dumps({"progress": [done, total]}).encode() + b"\n")  # so short a line is written whole


progress_pipe = ProgressPipe()  # of this process: a child does one item at a time
