"""Batches done in this process, one after the other: stages that need no worker, and runs that need no cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rigmill.blender.client import Limits
from rigmill.pipeline.executors.executor import Batch, Event
from rigmill.pipeline.executors.worker import Abort, Worker
from rigmill.pipeline.registry import STAGES, Registry
from rigmill.pipeline.stage import Answer, Job, Stage


class InProcess:
    """An executor with one worker, which is the process itself: what ends it ends the run."""

    def __init__(self, root: Path, limits: Limits, registry: Registry = STAGES, *, blender: bool = True) -> None:
        self.started, self.starting = False, ""
        self._registry = registry
        self._worker = Worker(str(root), limits, blender=blender)
        self._batch: Batch | None = None
        self._messages: Iterator[Answer | Abort] = iter(())

    @property
    def running(self) -> Sequence[Batch]:
        return [] if self._batch is None else [self._batch]

    def start(self) -> None:
        self.started = True

    def can_take(self, stage: Stage) -> bool:
        return self._batch is None

    def submit(self, batch: Batch, stage: Stage, jobs: Sequence[Job]) -> None:
        self._batch = batch
        self._messages = self._worker.run(self._registry[stage.name], jobs, batch.number)

    def wait(self, timeout_s: float) -> Iterator[Event]:
        until = time.monotonic() + timeout_s
        while (batch := self._batch) is not None:
            message = next(self._messages, None)
            if message is None:
                self._batch = None
                yield Event(batch)
            elif isinstance(message, Abort):
                yield Event(batch, abort=message)
            else:
                batch.answered(message)
                yield Event(batch, answer=message)
            if time.monotonic() > until:
                return

    def replace(self, batch: Batch) -> Event:
        self._batch, self._messages = None, iter(())
        return Event(batch, died=True)

    def stop(self) -> None:
        self._worker.close()
