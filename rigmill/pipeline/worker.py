"""Runs jobs inside a Ray actor: lends scratch space, the store and Blender, and turns whatever happens into answers."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rigmill.blender.client import BlenderClient, Limits
from rigmill.errors import UserError
from rigmill.outcomes import Cost, Failed, FailKind, Refusal, Rejected
from rigmill.pipeline.batch_progress import Reporter
from rigmill.pipeline.registry import import_stage
from rigmill.pipeline.stage import Answer, Job, Stage
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


@dataclass(slots=True)
class LocalWork:
    """What a running job may use."""

    layout: Layout
    limits: Limits
    stage: str
    scratch: Path
    # Shared by all jobs of the worker, empty until needed; None: the driver itself, which starts no Blender.
    client: list[BlenderClient] | None = field(default_factory=list)
    reporter: Reporter | None = None

    @property
    def store(self) -> Store:
        return self.layout.store

    @property
    def output(self) -> Path:
        return self.layout.root

    @property
    def blender(self) -> BlenderClient:
        if self.client is None:
            raise RuntimeError(f"stage '{self.stage}' is inline: it runs in the driver and has no Blender")
        if not self.client:
            self.client.append(BlenderClient(self.limits))
        return self.client[0]

    def report(self, message: str, done: int, total: int) -> None:
        if self.reporter is not None:
            self.reporter.write(message, done, total)


class Worker:
    """One job (or one group of jobs) at a time. Holds nothing that a successor would miss."""

    def __init__(self, root: str, limits: Limits, driver: tuple[str, int]) -> None:
        self.layout = Layout(Path(root))
        self.limits = limits
        self.client: list[BlenderClient] = []
        host, pid = driver
        if host == socket.gethostname():
            threading.Thread(target=_end_with, args=(pid,), daemon=True).start()

    def run(self, stage_path: str, jobs: list[Job], batch: int) -> Iterator[Answer | Abort]:
        """Answers as they come. A job without one was not tried, or took the worker down with it."""
        reporter = Reporter(self.layout.progress(batch))
        stage = import_stage(stage_path)
        yield from answers(stage, jobs, self.layout, self.limits, client=self.client, reporter=reporter)
        reporter.close()


def answers(
    stage: Stage,
    jobs: Sequence[Job],
    layout: Layout,
    limits: Limits,
    *,
    client: list[BlenderClient] | None,
    reporter: Reporter | None = None,
) -> Iterator[Answer | Abort]:
    """What the stage makes of the jobs, with whatever it raises turned into an answer for the job it was raised by."""
    unanswered = dict.fromkeys(job.key for job in jobs)
    with scratch_folder(layout.scratch) as scratch:
        work = LocalWork(layout, limits, stage.name, scratch, client, reporter)
        started = time.monotonic()
        try:
            for answer in stage.run(jobs, work):
                del unanswered[answer.key]
                yield answer
        except UserError as error:
            yield Abort(error.what, error.why, error.fix, error.code)
        except Exception as error:
            cost = Cost(wall_s=time.monotonic() - started)
            yield Answer(next(iter(unanswered)), _outcome(error, scratch, layout), cost)


def _outcome(error: Exception, scratch: Path, layout: Layout) -> Rejected | Failed:
    if isinstance(error, Refusal):
        return error.to_rejected()
    if isinstance(error, MemoryError):
        return Failed(FailKind.MEMORY, "MemoryError", "the worker ran out of memory")
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
