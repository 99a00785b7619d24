"""Which workers have given no sign of life for too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rigmill.pipeline.executors.executor import Batch

Sign = tuple[int, tuple[int, int] | None]


class Silence:
    """Watches batches by this machine's own clock: a sign of life is an answer more, or another progress file.

    The file may be written by another host, whose clock may be wrong, so what its time is does not matter; only whether
    it is the same as when somebody looked last.
    """

    def __init__(
        self, progress: Callable[[int], Path], *, patience_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._progress, self._patience_s, self._clock = progress, patience_s, clock
        self._last: dict[int, tuple[Sign, float]] = {}  # by batch: its last sign, and since when it is the last

    def too_long(self, running: Iterable[Batch]) -> list[Batch]:
        """The batches, of all that run now, whose workers must be given up. To be asked often."""
        now, last, silent = self._clock(), {}, []
        for batch in running:
            sign = (batch.num_answers, self._file(batch.number))
            before, since = self._last.get(batch.number, (sign, now))
            last[batch.number] = (sign, since if sign == before else now)
            if now - last[batch.number][1] > self._patience_s:
                silent.append(batch)
        self._last = last
        return silent

    def _file(self, number: int) -> tuple[int, int] | None:
        """What is another after each write, which replaces the file."""
        try:
            status = self._progress(number).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino
