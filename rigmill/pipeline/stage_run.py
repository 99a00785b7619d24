"""One stage during a run: when it is planned, what its jobs gave, and where it stands."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from rigmill.invocation import Invocation
from rigmill.outcomes import OWN_BUDGET, TRY_AGAIN, Failed, Kept, Outcome, Reject, Rejected, Status
from rigmill.pipeline.queue import Queue
from rigmill.pipeline.stage import Stage, Stub, source_of
from rigmill.pipeline.view import Counts
from rigmill.storage.columns import outcome_row
from rigmill.storage.rows import not_finite, with_values
from rigmill.types import Row

COMMIT_S = 1.0  # at most this much finished work is lost with the driver (more where a commit itself takes long)
INLINE_COMMIT_S = 5.0  # inline work is quickly done again, and one commit of it all is cheaper than many
PLAN_S = 0.5  # while upstream goes on


def retry_command(stage: str, input_id: str, *, profile: str) -> str:
    """The command that repeats a job alone, as rows have it: the same whoever made them."""
    return Invocation(profile).suggest("retry", stage, "--only", input_id)


class StageRun:
    """A stage with its queue and the rows that are not in the tables yet.

    Plans and commits follow each other at intervals in proportion to what they cost, which grows with the table.
    """

    def __init__(self, stage: Stage, *, quota: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.stage, self.name = stage, stage.name
        self.queue = Queue(batch=stage.batch, quota=quota, together=stage.inline)
        self.whole = False  # planned after everything upstream was finished
        self.done = False
        self.num_broken = self.num_over_budget = 0  # of the failed: by their own time or memory, or not
        self._clock = clock
        self._committed_at = clock()
        self._started: float | None = None  # its first job
        self._ended = 0.0  # its last job so far
        self._commit_cost_s = 0.0
        # Outcome and product rows of finished jobs, together: an interruption never parts them.
        self._ends: list[tuple[Row, list[Row]]] = []
        self._at_plan: Counts | None = None
        self._since_plan: Counter[str] = Counter()  # by status
        self._planned_at: float | None = None
        self._plan_cost_s = 0.0
        self._stale = False

    # Planning

    def plan_is_due(self, *, upstream_done: bool) -> bool:
        """Whether to look for new jobs: when upstream is finished, and for all but barriers now and then before."""
        if self.done or self.whole:
            return False
        if upstream_done or self._planned_at is None:
            return upstream_done or not self.stage.barrier
        wait_s = max(PLAN_S, 5 * self._plan_cost_s)
        return not self.stage.barrier and self._stale and self._clock() - self._planned_at >= wait_s

    @property
    def is_stale(self) -> bool:
        """Whether something upstream has changed since the plan."""
        return self._stale

    def upstream_changed(self) -> None:
        self._stale = True

    @property
    def needs_jobs(self) -> bool:
        """Whether the plan would hold other jobs than those in the queue."""
        return self._stale or self._planned_at is None

    def take_plan(self, open_jobs: Iterable[Stub], counts: Counts) -> None:
        """Queue what is new. `counts`: how all jobs stand in the tables, with nothing uncommitted."""
        self.queue.add(open_jobs)
        # An interruption that this run tries again is open, not failed.
        interrupted = sum(counts.reasons[kind.value] for kind in TRY_AGAIN)
        self._at_plan, self._since_plan = replace(counts, failed=counts.failed - interrupted), Counter()

    def planned(self, *, whole: bool, cost_s: float) -> None:
        """The plan is as good as it can be now."""
        self._planned_at = self._committed_at = self._clock()  # nothing is waiting: planning began with a commit
        self._plan_cost_s, self._stale, self.whole = cost_s, False, whole

    def next_batch(self) -> list[Stub]:
        """Jobs for a worker."""
        if self._started is None:
            self._started = self._clock()
        return self.queue.next_batch()

    # Outcomes

    def finish_job(self, stub: Stub, outcome: Outcome, *, command: str) -> None:
        """Take in a job's last outcome; `command` repeats the job alone."""
        self.queue.finish(stub.key)
        self._ended = self._clock()
        outcome = _storable(outcome)
        row = outcome_row(stub.key, stub.input_id, outcome, command, source=source_of(stub.read_payload()))
        made = outcome.rows if isinstance(outcome, Kept) else []
        products = [with_values(product, {"job_key": stub.key}) for product in made]
        self._ends.append((row, products))
        self._since_plan[row["status"]] += 1
        if isinstance(outcome, Failed):
            self.num_over_budget += outcome.kind in OWN_BUDGET
            self.num_broken += outcome.kind not in OWN_BUDGET

    def commit_is_due(self) -> bool:
        every_s = INLINE_COMMIT_S if self.stage.inline else COMMIT_S
        return self._clock() - self._committed_at > max(every_s, 5 * self._commit_cost_s)

    def commit(self, write: Callable[[list[Row], list[Row]], None]) -> bool:
        """Hand outcome and product rows to `write`; whether there were any."""
        if not self._ends:
            return False
        started = self._clock()
        write([row for row, _ in self._ends], [row for _, rows in self._ends for row in rows])
        self._ends, self._committed_at = [], self._clock()
        self._commit_cost_s = self._committed_at - started
        return True

    @property
    def is_finished(self) -> bool:
        """Whether every job that this run may do has its outcome."""
        return self.whole and not self.queue.ready and not self.queue.num_handed_out

    def counts(self) -> Counts:
        """Where the stage stands, without reading tables."""
        before = self._at_plan or Counts(0, 0, 0, 0)
        return Counts(
            num_in=before.num_in,
            kept=before.kept + self._since_plan[Status.KEPT],
            rejected=before.rejected + self._since_plan[Status.REJECTED],
            failed=before.failed + self._since_plan[Status.FAILED],
        )

    @property
    def wall_s(self) -> float:
        """Seconds from the stage's first job of this run to the end of its last; 0 without any."""
        return 0.0 if self._started is None else max(0.0, self._ended - self._started)


def _storable(outcome: Outcome) -> Outcome:
    """The outcome, or why its rows may not be stored: every number of a table has a JSON, or planning ends at it."""
    found = next(filter(None, map(not_finite, outcome.rows)), "") if isinstance(outcome, Kept) else ""
    return Rejected(Reject.NOT_FINITE, f"what was measured cannot be stored: {found}") if found else outcome
