"""plan -> run -> commit. The only writer of tables; stages stream into each other; every input gets one outcome."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from rigmill.blender import Limits
from rigmill.config import Resolved
from rigmill.errors import UserError
from rigmill.files import write_atomic
from rigmill.layout import Layout
from rigmill.pool import Batch, Event, Pool
from rigmill.progress import Progress, closing_line
from rigmill.runlog import RunLog
from rigmill.stage import Answer, Job, Row, source_of
from rigmill.sweep import sweep_store
from rigmill.tables import outcome_row
from rigmill.types import TRY_AGAIN, Failed, FailKind, Kept, Measured, Status
from rigmill.view import Counts, View

COMMIT_ROWS, COMMIT_S = 64, 1.0
ATTEMPTS_AFTER_CRASH = 2
FAILED_SHARE_FROM_JOBS = 20


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked of one run. `limit` is the most jobs per stage; `only` restricts input ids."""

    stages: tuple[str, ...]
    limit: int | None = None
    only: frozenset[str] = frozenset()
    workers: int | None = None
    ray_address: str | None = None


@dataclass(slots=True)
class StageRun:
    """One stage during a run."""

    name: str
    quota: int | None
    groups: OrderedDict[str, deque[Job]] = field(default_factory=OrderedDict)
    alone: deque[Job] = field(default_factory=deque)  # suspects run by themselves, so that blame is certain
    known: dict[str, Job] = field(default_factory=dict)  # by key: queued, running or finished in this run
    attempts: dict[str, int] = field(default_factory=dict)
    num_running: int = 0
    outcomes: list[Row] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    committed_at: float = field(default_factory=time.monotonic)
    ended: Counter[str] = field(default_factory=Counter)  # by status, since the last plan
    at_plan: Counts | None = None
    num_finished: int = 0
    num_failed: int = 0
    planned_at: float = 0.0
    plan_cost_s: float = 0.0
    stale: bool = True
    whole: bool = False  # planned after everything upstream was finished
    done: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def queued(self) -> bool:
        return bool(self.groups or self.alone) and self.quota != 0

    def counts(self) -> Counts:
        """Where the stage stands, without reading tables."""
        before = self.at_plan or Counts(0, 0, 0, 0)
        return Counts(num_in=before.num_in, kept=before.kept + self.ended[Status.KEPT],
                      rejected=before.rejected + self.ended[Status.REJECTED],
                      failed=before.failed + self.ended[Status.FAILED])


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """One run at a time per output folder. The lock dies with the process that holds it."""
    layout.root.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"another run is writing to {layout.root}", code="E300",
                            fix="wait for it, or give this profile another 'output'") from None
        yield


class Driver:
    """One run of some stages of one profile."""

    def __init__(self, resolved: Resolved, layout: Layout, options: Options, *, progress: Progress) -> None:
        self.resolved, self.layout, self.options, self.progress = resolved, layout, options, progress
        self.profile = resolved.profile
        self.view = View(layout.tables, self.profile)
        self.runs = {name: StageRun(name, options.limit) for name in options.stages}
        limits = Limits(**self.profile.limits.model_dump())
        self.pool = Pool(layout.root, limits, address=options.ray_address or self.profile.run.ray_address,
                         workers=self.profile.run.workers if options.workers is None else options.workers)

    def run(self) -> dict[str, Counts]:
        """Do what is to be done and return each stage's counts. The caller holds the lock."""
        if self.layout.scratch.exists():
            shutil.rmtree(self.layout.scratch)
        self.layout.store.sweep()
        write_atomic(self.layout.profile_json, (self.resolved.to_json() + "\n").encode())
        self.log = RunLog(self.layout.runs, self.resolved, self.options.stages)
        if any(self._open_jobs(name) for name in self.runs):
            self.pool.start()
            try:
                self._loop()
            finally:
                self.pool.stop()
                for run in self.runs.values():
                    self._commit(run)
        else:
            self.progress.say("nothing to do: every input of these stages has its outcome")
        counts = {}
        for run in self.runs.values():
            if not run.done:
                self._finish(run, quiet=True)
            counts[run.name] = self.view.counts(run.name)
        if self.pool.started:
            sweep_store(self.view, self.layout)
        shutil.rmtree(self.layout.scratch, ignore_errors=True)
        self.log.close(counts)
        return counts

    def _open_jobs(self, name: str) -> list[Job]:
        only = self.options.only
        return [job for job in self.view.pending(name) if not only or job.input_id in only]

    def _loop(self) -> None:
        while not all(run.done for run in self.runs.values()):
            for run in self.runs.values():
                self._plan(run)
            self._dispatch()
            for event in self.pool.wait(0.2):
                self._handle(event)
            self._end_silent_batches()
            now = time.monotonic()
            for run in self.runs.values():
                if len(run.outcomes) >= COMMIT_ROWS or (run.outcomes and now - run.committed_at > COMMIT_S):
                    self._commit(run)
                if not run.done and (run.num_running or run.queued):
                    self.progress.update(run.name, run.counts(), running=run.num_running,
                                         planned=run.whole, note=self._note(run.name))
                if not run.done and run.whole and not run.queued and not run.num_running:
                    self._commit(run)
                    self._finish(run)

    def _upstream_done(self, run: StageRun) -> bool:
        return all(self.runs[name].done for name in self.view.stage(run.name).upstream if name in self.runs)

    def _plan(self, run: StageRun) -> None:
        """Queue new jobs. A barrier waits for its upstream; the others plan while upstream goes on."""
        if run.done or run.whole:
            return
        finished = self._upstream_done(run)
        stage = self.view.stage(run.name)
        if not finished:
            wait_s = max(0.5, 5 * run.plan_cost_s)  # planning again costs time in proportion to the table
            if stage.barrier or not run.stale or time.monotonic() - run.planned_at < wait_s:
                return
        started = time.monotonic()
        self._commit(run)
        self.view.forget_plan(run.name)
        for job in self._open_jobs(run.name):
            if job.key not in run.known:
                run.known[job.key] = job
                run.groups.setdefault(job.group, deque()).append(job)
        # An interruption that this run tries again is open, not failed.
        counts = self.view.counts(run.name)
        interrupted = sum(counts.reasons[kind.value] for kind in TRY_AGAIN)
        run.at_plan, run.ended = replace(counts, failed=counts.failed - interrupted), Counter()
        run.planned_at, run.stale, run.whole = time.monotonic(), False, finished
        run.plan_cost_s = run.planned_at - started

    def _dispatch(self) -> None:
        """Later stages first: finish what was begun before beginning more."""
        for run in reversed(self.runs.values()):
            while self.pool.idle and run.queued:
                self._check_disk()
                jobs = self._next_batch(run)
                run.num_running += len(jobs)
                self.pool.submit(run.name, jobs)

    def _next_batch(self, run: StageRun) -> list[Job]:
        if run.alone:
            return [run.alone.popleft()]
        group = next(iter(run.groups))
        waiting = run.groups[group]
        size = min(len(waiting), self.view.stage(run.name).batch, run.quota if run.quota is not None else len(waiting))
        jobs = [waiting.popleft() for _ in range(size)]
        if not waiting:
            del run.groups[group]
        if run.quota is not None:
            run.quota -= size
        return jobs

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.layout.root).free
        if free < self.profile.run.min_free_disk_bytes:
            raise UserError(
                f"{self.layout.root}: {free / 2**30:.1f} GiB free, less than run.min_free_disk_bytes allows",
                why="finished work is kept", fix="free space or move 'output', then run the same command", code="E320",
            )

    def _handle(self, event: Event) -> None:
        run, batch = self.runs[event.batch.stage], event.batch
        if event.abort is not None:
            raise UserError(event.abort.what, why=event.abort.why, fix=event.abort.fix, code=event.abort.code)
        if event.answer is not None:
            run.num_running -= 1
            self._answered(run, event.answer)
            return
        left = list(batch.unanswered.values())
        run.num_running -= len(left)
        if event.died and left:
            gone = Failed(FailKind.INTERRUPTED, "WorkerGone", "the worker process was ended from outside")
            self._answered(run, Answer(left.pop(0).key, gone, Measured()))
        elif left and batch.num_answers == 0:
            lost = Failed(FailKind.EXCEPTION, "NoAnswer", f"stage '{run.name}' gave no answer for this job")
            self._answered(run, Answer(left.pop(0).key, lost, Measured()))
        for job in reversed(left):  # not tried: back to the front of the queue
            run.groups.setdefault(job.group, deque()).appendleft(job)
            if run.quota is not None:
                run.quota += 1

    def _answered(self, run: StageRun, answer: Answer) -> None:
        job = run.known[answer.key]
        attempt = run.attempts[answer.key] = run.attempts.get(answer.key, 0) + 1
        outcome = answer.outcome
        self.log.measured(run.name, job.input_id, answer, attempt)
        if isinstance(outcome, Failed):
            allowed = {FailKind.INTERRUPTED: self.profile.run.attempts_after_interruption,
                       FailKind.CRASH: ATTEMPTS_AFTER_CRASH}.get(outcome.kind, 1)
            if attempt < allowed:
                run.alone.append(job)
                return
            run.num_failed += 1
        run.num_finished += 1
        command = f"rigmill retry {run.name} --profile {self.resolved.name} --only {job.input_id}"
        row = outcome_row(job.key, job.input_id, outcome, command, source=source_of(job.payload))
        run.outcomes.append(row)
        run.ended[Status(row["status"])] += 1
        if isinstance(outcome, Kept):
            run.products.extend({"job_key": job.key, **row} for row in outcome.rows)
        self._stop_if_too_much_failed(run)

    def _stop_if_too_much_failed(self, run: StageRun) -> None:
        limit = self.profile.run.max_failed_share
        if run.num_finished >= FAILED_SHARE_FROM_JOBS and run.num_failed / run.num_finished > limit:
            self._commit(run)
            raise UserError(
                f"stage '{run.name}' stopped: {run.num_failed} of {run.num_finished} jobs failed", code="E330",
                why=f"more than run.max_failed_share = {limit:g}; the rows say why each of them did",
                fix=f"rigmill status {run.name} --profile {self.resolved.name}",
            )

    def _end_silent_batches(self) -> None:
        """Replace workers that gave no sign of life for far longer than one item may take."""
        patience_s = 2 * self.profile.limits.wall_s + 60
        now = time.monotonic()
        for batch in list(self.pool.running):
            reported = self._reported_age_s(batch)
            if min(now - batch.last_sign, reported) > patience_s:
                self._handle(self.pool.replace(batch))

    def _reported_age_s(self, batch: Batch) -> float:
        try:
            return time.time() - self.layout.progress(batch.stage).stat().st_mtime
        except OSError:
            return float("inf")

    def _note(self, stage: str) -> str:
        try:
            report = json.loads(self.layout.progress(stage).read_text())
            return f"{report['message']} ({report['done']}/{report['total']})"
        except (OSError, ValueError, KeyError):
            return ""

    def _commit(self, run: StageRun) -> None:
        if not run.outcomes:
            return
        self.view.commit(run.name, run.outcomes, run.products)
        run.outcomes, run.products, run.committed_at = [], [], time.monotonic()
        for name, other in self.runs.items():
            if run.name in self.view.stage(name).upstream:
                other.stale = True

    def _finish(self, run: StageRun, *, quiet: bool = False) -> None:
        self.view.compact(run.name)
        counts = self.view.counts(run.name)
        # A stage that kept nothing of a whole plan publishes that too: what was removed must not stay published.
        if not counts.pending and (counts.kept or self.view.is_settled(run.name)):
            self.view.stage(run.name).finish(self.view, self.layout.root, self.profile)
        run.done = True
        if not quiet:
            where = f"rigmill status {run.name} --profile {self.resolved.name}"
            self.progress.close(run.name, closing_line(run.name, counts, wall_s=time.monotonic() - run.started,
                                                       where=where))
