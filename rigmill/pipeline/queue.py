"""What a run has to do of one stage, and what became of it."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field

from rigmill.outcomes import Status
from rigmill.pipeline.batch_progress import Report
from rigmill.pipeline.stage import Stub
from rigmill.pipeline.view import Counts
from rigmill.types import Row


@dataclass(slots=True)
class StageRun:
    """One stage during a run."""

    name: str
    quota: int | None
    groups: OrderedDict[str, deque[Stub]] = field(default_factory=OrderedDict)
    alone: deque[Stub] = field(default_factory=deque)  # suspects run by themselves, so that blame is certain
    known: dict[str, Stub] = field(default_factory=dict)  # by key: queued or running
    finished: set[str] = field(default_factory=set)  # keys with an outcome of this run
    attempts: dict[str, int] = field(default_factory=dict)
    num_running: int = 0
    # Outcome and product rows of finished jobs, together: an interruption never parts them.
    ends: list[tuple[Row, list[Row]]] = field(default_factory=list)
    committed_at: float = field(default_factory=time.monotonic)
    commit_cost_s: float = 0.0
    ended: Counter[str] = field(default_factory=Counter)  # by status, since the last plan
    at_plan: Counts | None = None
    num_failed: int = 0
    planned_at: float = 0.0
    plan_cost_s: float = 0.0
    stale: bool = False  # something upstream changed since the plan
    whole: bool = False  # planned after everything upstream was finished
    done: bool = False
    started: float = field(default_factory=time.monotonic)
    reports: list[Report] = field(default_factory=list)  # of the workers that have a batch of this stage
    reports_read_at: float = 0.0

    @property
    def queued(self) -> bool:
        return bool(self.groups or self.alone) and self.quota != 0

    def counts(self) -> Counts:
        """Where the stage stands, without reading tables."""
        before = self.at_plan or Counts(0, 0, 0, 0)
        return Counts(
            num_in=before.num_in,
            kept=before.kept + self.ended[Status.KEPT],
            rejected=before.rejected + self.ended[Status.REJECTED],
            failed=before.failed + self.ended[Status.FAILED],
        )
