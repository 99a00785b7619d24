"""What workers say while a batch goes on, each in a file of its own, and what the driver makes of it all.

A file lives as long as its batch. That of a worker which was killed is read no more, and goes with the scratch folder.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rigmill.storage.files import canonical_json, write_atomic

WRITE_S = 0.2  # from word to word, at least


@dataclass(frozen=True, slots=True)
class Report:
    """How far a batch is: `done` of `total` steps; `num_open` of its `num_jobs` jobs have no answer yet."""

    message: str
    done: int
    total: int
    rate_per_s: float
    num_open: int = 1
    num_jobs: int = 1


@dataclass(slots=True)
class Reporter:
    """A worker's side."""

    path: Path
    started: float = 0.0
    done_before: int = 0  # resumed work is no speed
    written_at: float = 0.0

    def write(self, message: str, done: int, total: int) -> None:
        """Say that `done` of `total` steps are done. A disk that takes no word costs the word alone."""
        now = time.monotonic()
        if not self.started:
            self.started, self.done_before = now, done
        if now - self.written_at < WRITE_S:
            return
        self.written_at = now
        elapsed = now - self.started
        rate = (done - self.done_before) / elapsed if elapsed > 0 else 0.0
        said = {"message": message, "done": done, "total": total, "rate_per_s": max(rate, 0.0)}
        with suppress(OSError):
            write_atomic(self.path, canonical_json(said).encode(), durable=False)

    def close(self) -> None:
        """Nothing of the batch is left to be said."""
        if self.started:
            self.path.unlink(missing_ok=True)


def read_report(path: Path, *, num_open: int, num_jobs: int) -> Report | None:
    """What the worker of a batch said last; None: nothing yet."""
    try:
        said = json.loads(path.read_text())
        return Report(
            str(said["message"]), int(said["done"]), int(said["total"]), float(said["rate_per_s"]), num_open, num_jobs
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note(reports: Sequence[Report]) -> str:
    """All reports of a stage in a few words; empty without any."""
    if not reports:
        return ""
    done, total = sum(report.done for report in reports), sum(report.total for report in reports)
    rate = sum(report.rate_per_s for report in reports)
    return f"{reports[-1].message} ({done}/{total}{f', {rate:.3g}/s' if rate else ''})"


def seconds_left(reports: Iterable[Report], *, num_pending: int) -> float | None:
    """Until the stage is done, where jobs that have not begun are taken to be like those that run; None: unknown.

    `num_pending` jobs have no answer, the running ones among them.
    """
    known = list(reports)
    rate = sum(report.rate_per_s for report in known)
    if not rate:
        return None
    left = sum(max(report.total - report.done, 0) for report in known)
    steps_per_job = sum(report.total for report in known) / sum(report.num_jobs for report in known)
    num_others = max(num_pending - sum(report.num_open for report in known), 0)
    return (left + num_others * steps_per_job) / rate
