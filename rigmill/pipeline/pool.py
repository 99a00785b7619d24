"""Ray actors, each running one batch at a time, with the stream of answers that comes back."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from rigmill.blender.client import Limits
from rigmill.errors import UserError
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.stage import Answer, Stub
from rigmill.pipeline.worker import Abort, Worker
from rigmill.types import Row


@dataclass(slots=True)
class Batch:
    """Jobs in the hands of one actor. `unanswered` shrinks as answers arrive."""

    number: int  # unique in the run
    stage: str
    unanswered: dict[str, Stub]
    stream: Any
    actor: Any
    last_sign: float = field(default_factory=time.monotonic)
    num_answers: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a batch: an answer, its end, or the death of its worker."""

    batch: Batch
    answer: Answer | None = None
    abort: Abort | None = None
    died: bool = False


class Pool:
    """Workers on a local Ray or on a cluster. `start` before use, `stop` always."""

    def __init__(self, root: Path, limits: Limits, *, address: str, workers: int) -> None:
        self.root, self.limits, self.address, self.requested = root, limits, address, workers
        self.idle: list[Any] = []
        self.running: list[Batch] = []
        self.started = False
        self._ray: Any = None
        self._numbers = count()

    def start(self) -> None:
        self.started = True
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        import ray

        options: dict[str, Any] = {"address": self.address, "log_to_driver": False, "logging_level": "ERROR"}
        if self.address == "local":
            num_workers = self.requested or os.cpu_count() or 1
            options |= {"num_cpus": num_workers, "include_dashboard": False, "object_store_memory": 128 * 2**20}
        try:
            ray.init(**options)
        except Exception as error:  # Ray raises bare Exceptions when it cannot start
            local = self.address == "local"
            raise UserError(
                "Ray does not start" if local else f"no Ray at '{self.address}'",
                code="E220",
                why=" ".join(str(error).split())[:200],
                fix="run: make doctor"
                if local
                else "start one with 'ray start --head', export the same "
                "RAY_AUTH_TOKEN in both shells, or use --ray-address local",
            ) from None
        self._ray = ray
        num_workers = self.requested or int(ray.cluster_resources().get("CPU", 1))
        self.idle = [self._new_actor() for _ in range(num_workers)]

    @property
    def num_workers(self) -> int:
        return len(self.idle) + len(self.running)

    def _new_actor(self) -> Any:
        # A dead worker is replaced by us, and its jobs are requeued by the driver: Ray must retry nothing.
        actor = self._ray.remote(Worker).options(num_cpus=1, max_restarts=0, max_task_retries=0)
        return actor.remote(str(self.root), self.limits, (socket.gethostname(), os.getpid()))

    def submit(self, stage: str, stubs: list[Stub], settings: Row) -> None:
        """Hand a batch to an idle worker. There must be one."""
        actor = self.idle.pop()
        jobs = [stub.job(stage, settings) for stub in stubs]
        number = next(self._numbers)
        stream = actor.run.options(num_returns="streaming").remote(STAGES[stage], jobs, number)
        self.running.append(Batch(number, stage, {stub.key: stub for stub in stubs}, stream, actor))

    def wait(self, timeout_s: float) -> list[Event]:
        """What happened meanwhile. An ended batch's worker is idle again; a dead one is replaced."""
        if not self.running:
            return []
        ready, _ = self._ray.wait(
            [batch.stream for batch in self.running], num_returns=1, timeout=timeout_s, fetch_local=False
        )
        events = []
        for batch in [batch for batch in self.running if any(batch.stream is stream for stream in ready)]:
            events.append(self._next(batch))
        return events

    def _next(self, batch: Batch) -> Event:
        try:
            message = self._ray.get(next(batch.stream))
        except StopIteration:
            self.running.remove(batch)
            self.idle.append(batch.actor)
            return Event(batch)
        except self._ray.exceptions.RayError:
            return self.replace(batch)
        batch.last_sign = time.monotonic()
        if isinstance(message, Abort):
            return Event(batch, abort=message)
        batch.num_answers += 1
        batch.unanswered.pop(message.key, None)
        return Event(batch, answer=message)

    def replace(self, batch: Batch) -> Event:
        """Give up a worker that died or hangs, and start another."""
        self._ray.kill(batch.actor)
        self.running.remove(batch)
        self.idle.append(self._new_actor())
        return Event(batch, died=True)

    def stop(self) -> None:
        if self._ray is not None:
            for actor in [*self.idle, *(batch.actor for batch in self.running)]:
                self._ray.kill(actor)
            self._ray.shutdown()
            self._ray = None
