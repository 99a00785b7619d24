"""Ray actors, each running one batch at a time, with the stream of answers that comes back."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rigmill.blender.client import Limits
from rigmill.errors import UserError, machine_trouble
from rigmill.pipeline.executors.after_driver import watch
from rigmill.pipeline.executors.executor import Batch, Event
from rigmill.pipeline.executors.local_ray import import_ray, start_local_ray
from rigmill.pipeline.executors.worker import Abort, Worker
from rigmill.pipeline.registry import STAGES, Registry
from rigmill.pipeline.stage import Job, Resources, Stage

OBJECT_STORE_BYTES = 128 * 2**20  # jobs and answers are small: files pass through the store folder


@dataclass(frozen=True, slots=True)
class _Actor:
    """A worker's process, and what Ray keeps free for it."""

    handle: Any
    resources: Resources


@dataclass(frozen=True, slots=True)
class _Running:
    """A batch, who has it, and where its answers come from."""

    batch: Batch
    actor: _Actor
    stream: Any


_START_ONE = (
    "start one with 'ray start --head', export the same RAY_AUTH_TOKEN in both shells, or use --ray-address local"
)
_CONNECT_S = 5.0


def check_address(address: str) -> None:
    """A UserError where nothing answers at host:port, which Ray itself would try for minutes; other forms are Ray's."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return
    if not 0 < int(port) < 2**16:
        raise UserError(f"no Ray at '{address}'", code="E220", why="a port is a number up to 65535", fix=_START_ONE)
    tried = [host.strip("[]")]
    if tried[0] == "localhost" or tried[0].startswith("127."):
        tried.append(socket.gethostname())  # a head that listens on this machine's own address alone
    why = ""
    for name in tried:
        try:
            socket.create_connection((name, int(port)), timeout=_CONNECT_S).close()
            return
        except OSError as error:
            why = why or error.strerror or str(error) or type(error).__name__
    raise UserError(f"no Ray at '{address}'", code="E220", why=f"nothing answers there: {why}", fix=_START_ONE)


class Pool:
    """Workers on a local Ray or on a cluster: an executor. `workers` is how many CPUs they have together; 0: all."""

    def __init__(self, root: Path, limits: Limits, registry: Registry = STAGES, *, address: str, workers: int) -> None:
        self.root, self.limits, self.registry, self.address, self.requested = root, limits, registry, address, workers
        self.started = False
        self.starting = "starting Ray on this machine" if address == "local" else f"connecting to Ray at {address}"
        self._idle: list[_Actor] = []
        self._running: list[_Running] = []
        self._whole = Resources(0)
        self._ray: Any = None
        self._watch: subprocess.Popen[bytes] | None = None  # of a Ray of our own

    @property
    def running(self) -> Sequence[Batch]:
        return [run.batch for run in self._running]

    def start(self) -> None:
        self.started = True
        if self.address != "local":
            check_address(self.address)
        asked_to_end = signal.getsignal(signal.SIGTERM)
        try:
            if self.address == "local":
                num_workers = self.requested or os.cpu_count() or 1
                ray = start_local_ray(num_cpus=num_workers, object_store_bytes=OBJECT_STORE_BYTES)
                self._watch = watch()
            else:
                ray = import_ray()
                ray.init(address=self.address, log_to_driver=False, logging_level="ERROR")
        except Exception as error:  # Ray raises bare Exceptions when it cannot start
            local = self.address == "local"
            raise UserError(
                "Ray does not start" if local else f"no Ray at '{self.address}'",
                code="E220",
                why=" ".join(str(error).split())[:200],
                command=("doctor",),
                fix="{command}" if local else _START_ONE,
            ) from None
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, asked_to_end)  # Ray's own handler ends the process at once
        self._ray = ray
        there = ray.cluster_resources()
        num_cpus = self.requested or int(there.get("CPU", 1))
        self._whole = Resources(num_cpus, int(there.get("GPU", 0)), int(there.get("memory", 0)))
        self._idle = [self._new_actor(Resources()) for _ in range(num_cpus)]

    def _new_actor(self, resources: Resources) -> _Actor:
        options: dict[str, Any] = {"num_cpus": resources.num_cpus}
        if resources.num_gpus:
            options["num_gpus"] = resources.num_gpus
        if resources.memory_bytes:
            options["memory"] = resources.memory_bytes
        # A dead worker is replaced by us, and its jobs are requeued by the driver: Ray must retry nothing.
        actor = self._ray.remote(Worker).options(max_restarts=0, max_task_retries=0, **options)
        driver = socket.gethostname(), os.getpid()
        return _Actor(actor.remote(str(self.root), self.limits, driver), resources)

    def can_take(self, stage: Stage) -> bool:
        wanted = stage.resources
        if not wanted.fits(self._whole):
            raise UserError(
                f"stage '{stage.name}' needs more than there is",
                code="E221",
                why=f"it needs {wanted}; there is {self._whole}",
                fix="more --workers, or --ray-address of a cluster that has it",
            )
        return self._left_beside([run.actor for run in self._running], wanted)

    def _left_beside(self, actors: Sequence[_Actor], wanted: Resources) -> bool:
        return sum((actor.resources for actor in actors), wanted).fits(self._whole)

    def submit(self, batch: Batch, stage: Stage, jobs: Sequence[Job]) -> None:
        actor = self._actor_for(stage.resources)
        stream = actor.handle.run.options(num_returns="streaming").remote(
            self.registry[stage.name], list(jobs), batch.number
        )
        self._running.append(_Running(batch, actor, stream))

    def _actor_for(self, wanted: Resources) -> _Actor:
        """An idle worker that has the resources; without one, a new worker in the place of idle ones of other kinds."""
        for actor in reversed(self._idle):
            if actor.resources == wanted:
                self._idle.remove(actor)
                return actor
        while not self._left_beside([*self._idle, *(run.actor for run in self._running)], wanted):
            self._ray.kill(self._idle.pop().handle)
        return self._new_actor(wanted)

    def wait(self, timeout_s: float) -> Iterator[Event]:
        ready = self._ready(timeout_s)
        until = time.monotonic() + timeout_s
        while ready:
            for run in ready:
                yield self._next(run)
            ready = self._ready(0) if time.monotonic() < until else []

    def _ready(self, timeout_s: float) -> list[_Running]:
        """All batches that have something to say; waits so long for the first of them."""
        if not self._running:
            return []
        streams = [run.stream for run in self._running]
        if timeout_s:
            self._ray.wait(streams, num_returns=1, timeout=timeout_s, fetch_local=False)
        ready, _ = self._ray.wait(streams, num_returns=len(streams), timeout=0, fetch_local=False)
        told = {id(stream) for stream in ready}
        return [run for run in self._running if id(run.stream) in told]

    def _next(self, run: _Running) -> Event:
        try:
            message = self._ray.get(next(run.stream))
        except StopIteration:
            self._running.remove(run)
            self._idle.append(run.actor)
            return Event(run.batch)
        except self._ray.exceptions.OutOfDiskError:  # Ray's own files, where it keeps what is under way
            raise machine_trouble(errno.ENOSPC) from None
        except self._ray.exceptions.RayError:
            return self.replace(run.batch)
        if isinstance(message, Abort):
            return Event(run.batch, abort=message)
        run.batch.answered(message)
        return Event(run.batch, answer=message)

    def replace(self, batch: Batch) -> Event:
        run = next(run for run in self._running if run.batch is batch)
        self._ray.kill(run.actor.handle)
        self._running.remove(run)
        self._idle.append(self._new_actor(run.actor.resources))
        return Event(batch, died=True)

    def stop(self) -> None:
        if self._ray is not None:
            for actor in [*self._idle, *(run.actor for run in self._running)]:
                self._ray.kill(actor.handle)
            self._ray.shutdown()
            self._ray = None
        if self._watch is not None:
            self._watch.communicate()
            self._watch = None
