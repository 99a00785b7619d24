"""plan -> run -> commit. The only writer of tables; stages stream into each other; every input gets one outcome."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from rigmill.blender.client import Limits
from rigmill.config.load import Resolved
from rigmill.errors import UserError
from rigmill.outcomes import Failed, FailKind
from rigmill.pipeline.executors.executor import Batch, Event, Executor
from rigmill.pipeline.executors.in_process import InProcess
from rigmill.pipeline.executors.pool import Pool
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.lines.nothing_to_do import nothing_to_do
from rigmill.pipeline.lines.stage_lines import StageLines
from rigmill.pipeline.plan_history import PlanHistory
from rigmill.pipeline.registry import STAGES, Registry
from rigmill.pipeline.retry import Retries, blame, too_much_failed
from rigmill.pipeline.runlog import RunLog
from rigmill.pipeline.silence import Silence
from rigmill.pipeline.stage import Answer, Stub
from rigmill.pipeline.stage_run import StageRun, retry_command
from rigmill.pipeline.sweep import sweep_store
from rigmill.pipeline.view import Counts, View
from rigmill.storage.files import write_atomic
from rigmill.storage.layout import Layout

WAIT_S = 0.2  # for something to happen
INLINE_S = 0.5  # an inline stage works this long before other stages get their turn


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked of one run.

    `limit` is the most jobs per stage; `only` restricts input ids, and `keys` the jobs of the stages that it names.
    """

    stages: tuple[str, ...]
    limit: int | None = None
    only: frozenset[str] = frozenset()
    keys: Mapping[str, frozenset[str] | None] | None = None
    workers: int | None = None
    ray_address: str | None = None


class Driver:
    """One run of some stages of one profile, whose jobs the executor does (None: Ray, as profile and options say)."""

    def __init__(
        self,
        resolved: Resolved,
        layout: Layout,
        options: Options,
        *,
        progress: Progress,
        registry: Registry = STAGES,
        executor: Executor | None = None,
    ) -> None:
        self.resolved, self.layout, self.options, self.progress = resolved, layout, options, progress
        self.profile = resolved.profile
        self.view = View(layout.tables, self.profile, registry)
        self.runs = {name: StageRun(self.view.stage(name), quota=options.limit) for name in options.stages}
        limits, run = Limits(**self.profile.limits.model_dump()), self.profile.run
        workers = run.workers if options.workers is None else options.workers
        address = options.ray_address or run.ray_address
        self.executor: Executor = executor or Pool(layout.root, limits, registry, address=address, workers=workers)
        for each in self.runs.values():
            each.stage.on_cluster = address != "local"
        # A stage that reads payloads alone is done right here: sending rows to a worker would take longer.
        self.inline = InProcess(layout.root, limits, registry, blender=False)
        self._numbers = count()  # of batches
        self._history = PlanHistory(layout)
        self._retries = Retries(after_interruption=run.attempts_after_interruption)
        self._lines = StageLines(progress, layout, resolved.invocation)
        # Far longer than one item may take.
        self._silence = Silence(layout.progress, patience_s=2 * self.profile.limits.wall_s + 60)

    def run(self) -> dict[str, Counts]:
        """Do what is to be done and return each stage's counts. The caller holds the lock."""
        if self.layout.scratch.exists():
            shutil.rmtree(self.layout.scratch)
        self.layout.store.sweep()
        write_atomic(self.layout.profile_json, self.resolved.file_bytes())
        self.log = RunLog(self.layout.runs, self.resolved, self.options.stages, say=self.progress.say)
        for run in self.runs.values():
            run.stage.prepare(run.stage.settings(self.profile), self.progress.say)
        if any(self._open_jobs(name) for name in self.runs):
            try:
                self._loop()
            finally:
                self.executor.stop()
                for run in self.runs.values():
                    self._commit(run)
        else:
            only, invocation = self.options.only, self.resolved.invocation
            for line, command in nothing_to_do(self.view, tuple(self.runs), only=only, invocation=invocation):
                self.progress.say(line, command=command)
        counts = {}
        for run in self.runs.values():
            if not run.done:
                self._finish(run)
            counts[run.name] = self.view.counts(run.name)
        if self.executor.started:
            sweep_store(self.view, self.layout)
        shutil.rmtree(self.layout.scratch, ignore_errors=True)
        self.log.close(counts)
        return counts

    def _open_jobs(self, name: str) -> list[Stub]:
        only, keys = self.options.only, (self.options.keys or {}).get(name)
        return [
            stub
            for stub in self.view.pending(name)
            if (not only or stub.input_id in only) and (keys is None or stub.key in keys)
        ]

    def _loop(self) -> None:
        runs = list(self.runs.values())
        while not all(run.done for run in runs):
            for run in runs:
                if run.plan_is_due(upstream_done=self._upstream_done(run)):
                    self._plan(run)
            self._dispatch()
            for event in self.executor.wait(WAIT_S):
                self._handle(event)
            for batch in self._silence.too_long(self.executor.running):
                self._handle(self.executor.replace(batch))
            for run in runs:
                if run.commit_is_due():
                    self._commit(run)
                if not run.done and (run.queue.num_handed_out or run.queue.ready):
                    self._lines.show(run, self.executor.running)
                if not run.done and run.is_finished:
                    self._commit(run)
                    self._lines.close(run, self._finish(run))

    def _upstream_done(self, run: StageRun) -> bool:
        return all(self.runs[name].done for name in run.stage.upstream if name in self.runs)

    def _plan(self, run: StageRun) -> None:
        """Queue new jobs. A barrier waits for its upstream; the others plan while upstream goes on."""
        started = time.monotonic()
        self._commit(run)
        if run.stage.barrier and self.options.keys is None:  # a repair goes on as far as it can
            self._stop_if_the_machine_failed(before=run)
        if run.is_stale:
            self.view.forget_plan(run.name)
            self._downstream_is_stale(run)
        if run.needs_jobs:
            run.take_plan(self._open_jobs(run.name), self.view.counts(run.name))
        run.planned(whole=self._upstream_done(run), cost_s=time.monotonic() - started)
        self._history.note(self.view, run.name, whole=run.whole)

    def _downstream_is_stale(self, run: StageRun) -> None:
        for other in self.runs.values():
            if run.name in other.stage.upstream:
                other.upstream_changed()

    def _dispatch(self) -> None:
        """Later stages first: finish what was begun before beginning more."""
        for run in reversed(self.runs.values()):
            if run.stage.inline:
                self._run_inline(run)
                continue
            if run.queue.ready and not self.executor.started:
                if self.executor.starting:
                    self.progress.say(self.executor.starting)
                self.executor.start()
            while run.queue.ready and self.executor.can_take(run.stage):
                self._hand_out(run, self.executor)

    def _run_inline(self, run: StageRun) -> None:
        until = time.monotonic() + INLINE_S
        while run.queue.ready:
            started = time.monotonic()
            num_jobs = self._hand_out(run, self.inline)
            for event in self.inline.wait(math.inf):
                self._handle(event)
            self.log.measured_together(run.name, num_jobs, time.monotonic() - started)
            if time.monotonic() > until:
                break

    def _hand_out(self, run: StageRun, executor: Executor) -> int:
        """Give the stage's next batch to the executor; how many jobs it has."""
        self._check_disk()
        stubs = run.next_batch()
        settings = run.stage.job_settings(run.stage.settings(self.profile))
        batch = Batch(next(self._numbers), run.name, {stub.key: stub for stub in stubs})
        executor.submit(batch, run.stage, [stub.job(run.name, settings) for stub in stubs])
        return len(stubs)

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.layout.root).free
        if free < self.profile.run.min_free_disk_bytes:
            raise UserError(
                f"{self.layout.root}: {free / 2**30:.1f} GiB free, less than run.min_free_disk_bytes allows",
                why="finished work is kept",
                fix="free space or move 'output', then run the same command; what can go: {command}",
                command=("clean", "--unplanned", "--dry-run"),
                code="E320",
            )

    def _handle(self, event: Event) -> None:
        run, batch = self.runs[event.batch.stage], event.batch
        if event.abort is not None:
            abort = event.abort
            raise UserError(abort.what, why=abort.why, fix=abort.fix, code=abort.code, command=abort.command)
        if event.answer is not None:
            self._answered(run, event.answer)
            return
        left = list(batch.unanswered.values())
        answer, not_tried = blame(run.name, left, died=event.died, num_answers=batch.num_answers)
        if answer is not None:
            self._answered(run, answer)
        run.queue.put_back(not_tried)

    def _answered(self, run: StageRun, answer: Answer) -> None:
        (stub, attempt), outcome = run.queue.job(answer.key), answer.outcome
        if not run.stage.inline:  # those are measured together
            self.log.measured(run.name, stub.input_id, answer, attempt)
        if isinstance(outcome, Failed) and self._retries.again(outcome, attempt=attempt):
            run.queue.try_again(answer.key)
            return
        command = retry_command(run.name, stub.input_id, profile=self.resolved.name)
        run.finish_job(stub, outcome, command=command)
        if isinstance(outcome, Failed):
            self._stop_if_too_much_failed(run)

    def _stop_if_too_much_failed(self, run: StageRun) -> None:
        limit, num_jobs = self.profile.run.max_failed_share, run.queue.num_finished
        if too_much_failed(run.num_broken, num_jobs, max_share=limit):
            self._commit(run)
            raise UserError(
                f"stage '{run.name}' stopped: {run.num_broken} of {num_jobs} jobs failed",
                code="E330",
                why=f"more than run.max_failed_share = {limit:g} (not counted: {run.num_over_budget} that ran out of "
                "their own time or memory); the rows say why each of them did",
                fix="{command}",
                command=("status", run.name),
            )

    def _stop_if_the_machine_failed(self, before: StageRun) -> None:
        """What sees all inputs together must not go on with a part of them because of a disk or a damaged file."""
        for run in self.runs.values():
            if run is before:
                return
            num_failed = self.view.counts(run.name).reasons[FailKind.MACHINE.value]
            if num_failed:
                raise UserError(
                    f"stage '{before.name}' does not begin: the machine failed {num_failed} inputs of '{run.name}'",
                    why="a damaged file or no memory: it would go on without inputs that the next run tries again",
                    fix="{command}, then run the same command",
                    command=("verify", "--repair"),
                    code="E331",
                )

    def _commit(self, run: StageRun) -> None:
        if run.commit(lambda outcomes, products: self.view.commit(run.name, outcomes, products, whole=run.whole)):
            self._downstream_is_stale(run)

    def _finish(self, run: StageRun) -> Counts:
        """The stage's tables in order, and published what people read; how its inputs ended."""
        self.view.compact(run.name)
        self._history.note(self.view, run.name, whole=True)
        self._history.forget_others(self.view, run.name)
        counts = self.view.counts(run.name)
        # A stage that kept nothing of a whole plan publishes that too: what was removed must not stay published.
        if not counts.pending and (counts.kept or self.view.is_settled(run.name)):
            run.stage.finish(self.view, self.layout.root, self.profile)
        run.done = True
        return counts
