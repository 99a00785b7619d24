"""plan -> run -> commit. The only writer of tables; stages stream into each other; every input gets one outcome."""

from __future__ import annotations

import shutil
import time
from collections import Counter, deque
from dataclasses import dataclass, replace

from rigmill.blender.client import Limits
from rigmill.config.load import Resolved
from rigmill.errors import UserError
from rigmill.outcomes import TRY_AGAIN, Failed, FailKind, Kept, Measured
from rigmill.pipeline.batch_progress import note, read_report, seconds_left
from rigmill.pipeline.live_lines import Progress, closing_line
from rigmill.pipeline.pool import Batch, Event, Pool
from rigmill.pipeline.queue import StageRun
from rigmill.pipeline.runlog import RunLog
from rigmill.pipeline.stage import Answer, Stub, source_of
from rigmill.pipeline.sweep import sweep_store
from rigmill.pipeline.view import Counts, View
from rigmill.pipeline.worker import Abort, answers
from rigmill.storage.columns import outcome_row
from rigmill.storage.files import write_atomic
from rigmill.storage.layout import Layout
from rigmill.types import Row

COMMIT_S = 1.0  # at most this much finished work is lost with the driver (more where a commit itself takes long)
INLINE_S = 0.5  # an inline stage works this long before other stages get their turn
INLINE_COMMIT_S = 5.0  # its work is quickly done again, and one commit of it all is cheaper than many
REPORT_S = 0.5  # what workers say is read this often
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


class Driver:
    """One run of some stages of one profile."""

    def __init__(self, resolved: Resolved, layout: Layout, options: Options, *, progress: Progress) -> None:
        self.resolved, self.layout, self.options, self.progress = resolved, layout, options, progress
        self.profile = resolved.profile
        self.view = View(layout.tables, self.profile)
        self.runs = {name: StageRun(name, options.limit) for name in options.stages}
        limits = Limits(**self.profile.limits.model_dump())
        self.pool = Pool(
            layout.root,
            limits,
            address=options.ray_address or self.profile.run.ray_address,
            workers=self.profile.run.workers if options.workers is None else options.workers,
        )

    def run(self) -> dict[str, Counts]:
        """Do what is to be done and return each stage's counts. The caller holds the lock."""
        if self.layout.scratch.exists():
            shutil.rmtree(self.layout.scratch)
        self.layout.store.sweep()
        write_atomic(self.layout.profile_json, (self.resolved.to_json() + "\n").encode())
        self.log = RunLog(self.layout.runs, self.resolved, self.options.stages, say=self.progress.say)
        for name in self.runs:
            stage = self.view.stage(name)
            stage.prepare(stage.settings(self.profile), self.progress.say)
        if any(self._open_jobs(name) for name in self.runs):
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

    def _open_jobs(self, name: str) -> list[Stub]:
        only = self.options.only
        return [stub for stub in self.view.pending(name) if not only or stub.input_id in only]

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
                every_s = INLINE_COMMIT_S if self.view.stage(run.name).inline else COMMIT_S
                if now - run.committed_at > max(every_s, 5 * run.commit_cost_s):
                    self._commit(run)
                if not run.done and (run.num_running or run.queued):
                    self._show(run)
                if not run.done and run.whole and not run.queued and not run.num_running:
                    self._commit(run)
                    self._finish(run)

    def _upstream_done(self, run: StageRun) -> bool:
        return all(self.runs[name].done for name in self.view.stage(run.name).upstream if name in self.runs)

    def _plan(self, run: StageRun) -> None:
        """Queue new jobs. A barrier waits for its upstream; the others plan while upstream goes on."""
        if run.done or run.whole:
            return
        finished, planned = self._upstream_done(run), run.at_plan is not None
        stage = self.view.stage(run.name)
        if not finished:
            wait_s = max(0.5, 5 * run.plan_cost_s)  # planning again costs time in proportion to the table
            if stage.barrier or (planned and not run.stale) or time.monotonic() - run.planned_at < wait_s:
                return
        started = time.monotonic()
        self._commit(run)
        if run.stale:
            self.view.forget_plan(run.name)
            self._downstream_is_stale(run)
        if run.stale or not planned:
            self._queue(run)
        run.planned_at, run.stale, run.whole = time.monotonic(), False, finished
        run.committed_at = run.planned_at  # nothing is waiting: planning began with a commit
        run.plan_cost_s = run.planned_at - started

    def _queue(self, run: StageRun) -> None:
        for stub in self._open_jobs(run.name):
            if stub.key not in run.known and stub.key not in run.finished:
                run.known[stub.key] = stub
                run.groups.setdefault(self._group(run, stub), deque()).append(stub)
        # An interruption that this run tries again is open, not failed.
        counts = self.view.counts(run.name)
        interrupted = sum(counts.reasons[kind.value] for kind in TRY_AGAIN)
        run.at_plan, run.ended = replace(counts, failed=counts.failed - interrupted), Counter()

    def _group(self, run: StageRun, stub: Stub) -> str:
        """Jobs of one group share a process. Inline jobs all share this one."""
        return "" if self.view.stage(run.name).inline else stub.group

    def _downstream_is_stale(self, run: StageRun) -> None:
        for name, other in self.runs.items():
            if run.name in self.view.stage(name).upstream:
                other.stale = True

    def _dispatch(self) -> None:
        """Later stages first: finish what was begun before beginning more."""
        for run in reversed(self.runs.values()):
            stage = self.view.stage(run.name)
            if stage.inline:
                self._run_inline(run)
            elif run.queued and not self.pool.started:
                self.pool.start()
            while not stage.inline and self.pool.idle and run.queued:
                self._check_disk()
                stubs = self._next_batch(run)
                run.num_running += len(stubs)
                self.pool.submit(run.name, stubs, self._settings(run.name))

    def _settings(self, name: str) -> Row:
        stage = self.view.stage(name)
        return stage.job_settings(stage.settings(self.profile))

    def _run_inline(self, run: StageRun) -> None:
        """A stage that reads payloads alone runs right here: sending rows to a worker would take longer."""
        stage, settings, until = self.view.stage(run.name), self._settings(run.name), time.monotonic() + INLINE_S
        while run.queued:
            self._check_disk()
            stubs = self._next_batch(run)
            left, started = {stub.key: stub for stub in stubs}, time.monotonic()
            jobs = {stub.key: stub.job(run.name, settings) for stub in stubs}
            for answer in answers(stage, list(jobs.values()), self.layout, self.pool.limits, client=None):
                if isinstance(answer, Abort):
                    raise UserError(answer.what, why=answer.why, fix=answer.fix, code=answer.code)
                del left[answer.key]
                self._answered(run, answer, jobs[answer.key].payload)
            self.log.measured_together(run.name, len(stubs), time.monotonic() - started)
            self._not_tried(run, list(left.values()), some_answered=len(left) < len(stubs))
            if time.monotonic() > until:
                break

    def _next_batch(self, run: StageRun) -> list[Stub]:
        if run.alone:
            return [run.alone.popleft()]
        group = next(iter(run.groups))
        waiting, batch = run.groups[group], self.view.stage(run.name).batch
        size = min(len(waiting), batch, run.quota if run.quota is not None else len(waiting))
        stubs = [waiting.popleft() for _ in range(size)]
        if not waiting:
            del run.groups[group]
        if run.quota is not None:
            run.quota -= len(stubs)
        return stubs

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.layout.root).free
        if free < self.profile.run.min_free_disk_bytes:
            raise UserError(
                f"{self.layout.root}: {free / 2**30:.1f} GiB free, less than run.min_free_disk_bytes allows",
                why="finished work is kept",
                fix="free space or move 'output', then run the same command",
                code="E320",
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
            self._not_tried(run, left, some_answered=True)
        else:
            self._not_tried(run, left, some_answered=batch.num_answers > 0)

    def _not_tried(self, run: StageRun, stubs: list[Stub], *, some_answered: bool) -> None:
        """Back to the front of the queue; where there was no answer at all, the first is to blame."""
        if stubs and not some_answered:
            lost = Failed(FailKind.EXCEPTION, "NoAnswer", f"stage '{run.name}' gave no answer for this job")
            self._answered(run, Answer(stubs.pop(0).key, lost, Measured()))
        for stub in reversed(stubs):
            run.groups.setdefault(self._group(run, stub), deque()).appendleft(stub)
            run.groups.move_to_end(self._group(run, stub), last=False)
            if run.quota is not None:
                run.quota += 1

    def _answered(self, run: StageRun, answer: Answer, payload: Row | None = None) -> None:
        stub, outcome = run.known[answer.key], answer.outcome
        attempt = run.attempts.pop(answer.key, 0) + 1
        if not self.view.stage(run.name).inline:
            self.log.measured(run.name, stub.input_id, answer, attempt)
        if isinstance(outcome, Failed):
            allowed = {
                FailKind.INTERRUPTED: self.profile.run.attempts_after_interruption,
                FailKind.CRASH: ATTEMPTS_AFTER_CRASH,
            }.get(outcome.kind, 1)
            if attempt < allowed:
                run.attempts[answer.key] = attempt
                run.alone.append(stub)
                return
            run.num_failed += 1
        del run.known[answer.key]
        run.finished.add(answer.key)
        command = f"rigmill retry {run.name} --profile {self.resolved.name} --only {stub.input_id}"
        payload = stub.job(run.name, {}).payload if payload is None else payload
        row = outcome_row(stub.key, stub.input_id, outcome, command, source=source_of(payload))
        products = [row | {"job_key": stub.key} for row in outcome.rows] if isinstance(outcome, Kept) else []
        run.ends.append((row, products))
        run.ended[row["status"]] += 1
        if isinstance(outcome, Failed):
            self._stop_if_too_much_failed(run)

    def _stop_if_too_much_failed(self, run: StageRun) -> None:
        limit = self.profile.run.max_failed_share
        if len(run.finished) >= FAILED_SHARE_FROM_JOBS and run.num_failed / len(run.finished) > limit:
            self._commit(run)
            raise UserError(
                f"stage '{run.name}' stopped: {run.num_failed} of {len(run.finished)} jobs failed",
                code="E330",
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
            return time.time() - self.layout.progress(batch.number).stat().st_mtime
        except OSError:
            return float("inf")

    def _show(self, run: StageRun) -> None:
        """The stage's live line, with what its workers say about the batches that they have now."""
        now = time.monotonic()
        if now - run.reports_read_at > REPORT_S:
            said = (
                read_report(
                    self.layout.progress(batch.number),
                    num_open=len(batch.unanswered),
                    num_jobs=len(batch.unanswered) + batch.num_answers,
                )
                for batch in self.pool.running
                if batch.stage == run.name
            )
            run.reports, run.reports_read_at = [report for report in said if report is not None], now
        counts = run.counts()
        self.progress.update(
            run.name,
            counts,
            running=run.num_running,
            planned=run.whole,
            note=note(run.reports),
            left_s=seconds_left(run.reports, num_pending=counts.pending),
        )

    def _commit(self, run: StageRun) -> None:
        if not run.ends:
            return
        started = time.monotonic()
        self.view.commit(run.name, [row for row, _ in run.ends], [row for _, rows in run.ends for row in rows])
        run.ends, run.committed_at = [], time.monotonic()
        run.commit_cost_s = run.committed_at - started
        self._downstream_is_stale(run)

    def _finish(self, run: StageRun, *, quiet: bool = False) -> None:
        self.view.compact(run.name)
        counts = self.view.counts(run.name)
        # A stage that kept nothing of a whole plan publishes that too: what was removed must not stay published.
        if not counts.pending and (counts.kept or self.view.is_settled(run.name)):
            self.view.stage(run.name).finish(self.view, self.layout.root, self.profile)
        run.done = True
        if not quiet:
            where = f"rigmill status {run.name} --profile {self.resolved.name}"
            self.progress.close(
                run.name, closing_line(run.name, counts, wall_s=time.monotonic() - run.started, where=where)
            )
