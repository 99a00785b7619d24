"""Runs jobs, in a Ray actor or in the driver: lends scratch space, store and Blender; all that happens is an answer."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rigmill.blender.client import READER, WITH_BLENDER, BlenderClient, ChildFailed, Limits
from rigmill.errors import DISK_TROUBLE, Damaged, UserError, errno_of, machine_trouble
from rigmill.outcomes import Cost, Failed, FailKind, Refusal, Rejected
from rigmill.pipeline.lines.batch_progress import Reporter
from rigmill.pipeline.registry import import_stage
from rigmill.pipeline.stage import Answer, Job, Stage, planned_verdict
from rigmill.storage.disk import disk_trouble, probe_disk
from rigmill.storage.files import Store, scratch_folder
from rigmill.storage.layout import Layout

MESSAGE_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Abort:
    """The worker cannot work at all (Blender does not start): the run stops with this message."""

    what: str
    why: str
    fix: str
    code: str
    command: tuple[str, ...] = ()


@dataclass(slots=True)
class LocalWork:
    """What a running job may use."""

    layout: Layout
    limits: Limits
    stage: str
    scratch: Path
    # Shared by all jobs of the worker, by what they load, started when needed; None: the driver itself, which has none.
    clients: dict[str, BlenderClient] | None = field(default_factory=dict)
    reporter: Reporter | None = None

    @property
    def store(self) -> Store:
        return self.layout.store

    @property
    def output(self) -> Path:
        return self.layout.root

    @property
    def blender(self) -> BlenderClient:
        return self._client(WITH_BLENDER)

    @property
    def reader(self) -> BlenderClient:
        return self._client(READER)

    def _client(self, warm: str) -> BlenderClient:
        if self.clients is None:
            raise RuntimeError(f"stage '{self.stage}' is inline: it runs in the driver and has no Blender")
        if warm not in self.clients:
            self.clients[warm] = BlenderClient(self.limits, warm=warm, temporary=self.layout.scratch)
        return self.clients[warm]

    def report(self, message: str, done: int, total: int) -> None:
        if self.reporter is not None:
            self.reporter.write(message, done, total)


class Worker:
    """One job (or one group of jobs) at a time. Holds nothing that a successor would miss.

    `driver`: host and process without which this one ends; None: this is the driver's own. Without `blender`, a job
    that asks for it fails.
    """

    def __init__(
        self, root: str, limits: Limits, driver: tuple[str, int] | None = None, *, blender: bool = True
    ) -> None:
        self.layout, self.limits = Layout(Path(root)), limits
        self.clients: dict[str, BlenderClient] | None = {} if blender else None
        self._stages: dict[str, Stage] = {}  # set up
        if driver is not None and driver[0] == socket.gethostname():
            threading.Thread(target=_end_with, args=(driver[1],), daemon=True).start()

    def run(self, stage_path: str, jobs: Sequence[Job], batch: int) -> Iterator[Answer | Abort]:
        """Answers as they come. A job without one was not tried, or took the worker down with it.

        Whatever the stage raises becomes an answer for the job it was raised by.
        """
        for job in jobs:
            verdict = planned_verdict(job.payload)
            if verdict is not None:
                yield Answer(job.key, verdict, Cost())
        jobs = [job for job in jobs if planned_verdict(job.payload) is None]
        if not jobs:
            return
        try:
            with scratch_folder(self.layout.scratch) as scratch:
                yield from self._run(stage_path, jobs, scratch, Reporter(self.layout.progress(batch)))
        except OSError as error:  # of the scratch folder itself
            number = errno_of(error, DISK_TROUBLE)
            if number is None:
                raise
            yield _abort(machine_trouble(number))

    def _run(self, stage_path: str, jobs: Sequence[Job], scratch: Path, reporter: Reporter) -> Iterator[Answer | Abort]:
        unanswered = dict.fromkeys(job.key for job in jobs)
        started = time.monotonic()
        try:
            stage = self._stage(stage_path)
            work = LocalWork(self.layout, self.limits, stage.name, scratch, self.clients, reporter)
            for answer in stage.run(jobs, work):
                if (number := _disk_behind(answer, scratch)) is not None:
                    yield _abort(machine_trouble(number))
                    return
                del unanswered[answer.key]
                yield answer
        except Exception as error:
            if isinstance(error, UserError) and not isinstance(error, Damaged):
                yield _abort(error)
                return
            if (number := disk_trouble(error, scratch)) is not None:
                yield _abort(machine_trouble(number))
                return
            if not unanswered:
                raise
            cost = Cost(wall_s=time.monotonic() - started)
            yield Answer(next(iter(unanswered)), _outcome(error, scratch, self.layout), cost)
        finally:
            reporter.close()

    def _stage(self, path: str) -> Stage:
        """The stage, set up the first time."""
        if path not in self._stages:
            stage = import_stage(path)
            stage.setup()
            self._stages[path] = stage
        return self._stages[path]

    def close(self) -> None:
        for client in (self.clients or {}).values():
            client.close()


def _abort(error: UserError) -> Abort:
    return Abort(error.what, error.why, error.fix, error.code, error.command)


def _disk_behind(answer: Answer, scratch: Path) -> int | None:
    """The error number of the disk, where an input seems to have broken and it was the disk."""
    broke = isinstance(answer.outcome, Failed) and answer.outcome.kind in (FailKind.EXCEPTION, FailKind.CRASH)
    return probe_disk(scratch) if broke else None


def _outcome(error: Exception, scratch: Path, layout: Layout) -> Rejected | Failed:
    if isinstance(error, Refusal):
        return error.to_rejected()
    if isinstance(error, ChildFailed):
        return error.outcome
    if isinstance(error, Damaged):
        return Failed(FailKind.MACHINE, "Damaged", f"{error}; a repair makes it again")
    if isinstance(error, MemoryError) or errno_of(error) is not None:  # no limit of ours: a worker has none
        return Failed(FailKind.MACHINE, "MemoryError", "the machine had no memory left for the worker")
    text = " ".join(str(error).split()) or "no message"
    text = text.replace(str(scratch), "<scratch>").replace(str(layout.root), "<output>")
    text = re.sub(r"0x[0-9a-fA-F]{6,}", "<address>", text)
    return Failed(FailKind.EXCEPTION, type(error).__name__, text[:MESSAGE_CHARACTERS])


def _end_with(pid: int) -> None:
    """End this process soon after the driver's, so that two runs never work side by side."""
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            os._exit(1)
        time.sleep(0.5)
