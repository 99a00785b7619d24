"""Who does the work of a run: the contract, for which there is Ray (`pool`) and this process (`in_process`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rigmill.pipeline.executors.worker import Abort
from rigmill.pipeline.stage import Answer, Job, Stage, Stub


@dataclass(slots=True)
class Batch:
    """Jobs in the hands of one worker. `unanswered` shrinks as answers arrive."""

    number: int  # unique in the run
    stage: str
    unanswered: dict[str, Stub]
    num_answers: int = 0

    def answered(self, answer: Answer) -> None:
        self.num_answers += 1
        self.unanswered.pop(answer.key, None)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a batch: an answer, its end, or the death of its worker."""

    batch: Batch
    answer: Answer | None = None
    abort: Abort | None = None
    died: bool = False


class Executor(Protocol):
    """Workers with batches in their hands. `start` before use, `stop` always."""

    started: bool
    starting: str  # what is said before `start`, where that takes seconds; else empty

    @property
    def running(self) -> Sequence[Batch]: ...

    def start(self) -> None: ...

    def can_take(self, stage: Stage) -> bool:
        """Whether there is room for one more batch of the stage now."""

    def submit(self, batch: Batch, stage: Stage, jobs: Sequence[Job]) -> None:
        """Hand a batch to a worker. There must be room."""

    def wait(self, timeout_s: float) -> Iterator[Event]:
        """What happened meanwhile, as it is learnt; waits for the first event only, and goes on for no longer.

        Ends at once where nothing runs. After a batch's end its worker is free again; a dead one is replaced.
        """

    def replace(self, batch: Batch) -> Event:
        """Give up a worker that died or hangs, and start another."""

    def stop(self) -> None: ...
