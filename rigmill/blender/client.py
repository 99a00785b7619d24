"""Talks to Blender children: starts the fork server, hands it items, and reads one reply per item.

The server (render/blender/sandbox/server.py) imports bpy once and does no work itself. Each call of `run` is one forked
child with limits and a wall clock; a crash, a hang or a memory blow-up costs the item it was working on.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rigmill.errors import DISK_TROUBLE, UserError, machine_trouble
from rigmill.outcomes import Cost, Failed, FailKind, Rejected, Sandbox
from rigmill.types import Row

# What a fork server loads for its children: Blender, or (a reader) what judges strangers' files without it.
WITH_BLENDER, READER = "render.blender.sandbox.warm:warm_up", "curate.jobs.assets:warm_up"
START_TIMEOUT_S = 600  # it takes two seconds; on a machine that is short of memory and cores, minutes
# Nothing else of the environment reaches a process that parses strangers' files: no keys, no proxies.
PASSED_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")


# Called with the place of an item in the request, and how many of how many of its steps are done.
OnProgress = Callable[[int, int, int], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use. `wall_s` is seconds without an answer; `network` as in the profile."""

    wall_s: float
    cpu_s: float
    memory_bytes: int
    file_bytes: int
    network: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer for one item: a value, or why there is none."""

    value: dict[str, Any] | None
    outcome: Rejected | Failed | None
    measured: Cost


class ChildFailed(Exception):
    """Raised where a job needs what a child did not live to say: the job ends as the child did."""

    def __init__(self, outcome: Failed) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class BlenderClient:
    """One fork server, started on first use and ended with this process whatever happens to it."""

    def __init__(
        self,
        limits: Limits,
        *,
        start_timeout_s: float = START_TIMEOUT_S,
        warm: str = WITH_BLENDER,
        temporary: Path | None = None,
    ) -> None:
        """`temporary`: where the server has a folder for what Blender leaves at its end; None: the system's."""
        self.limits, self.start_timeout_s, self.warm, self.temporary = limits, start_timeout_s, warm, temporary
        self._forget: Callable[[], object] = _nothing
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: Any = None
        self._replies: Any = None

    def run(
        self, function: str, items: Sequence[Row], *, scratch: Path, on_progress: OnProgress | None = None
    ) -> Iterator[Reply]:
        """One reply per item, in order. Ends early after an item that killed the child; the rest was not tried.

        `on_progress` hears how far an item is, now and then, while its reply is waited for.
        """
        request = {
            "function": function,
            "items": [dict(item) for item in items],
            "scratch": str(scratch),
            "limits": {name: getattr(self.limits, name) for name in Limits.__slots__},
        }
        try:
            self._start()
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
            ended, num_replies, sandbox = False, 0, None
            try:
                while True:
                    line = self._replies.readline()
                    if not line:
                        raise BrokenPipeError
                    message = json.loads(line)
                    if message["event"] == "end":
                        ended = True
                        if message.get("failed"):
                            yield _reply(message, sandbox)
                        return
                    if message["event"] == "sandbox":
                        sandbox = sandbox or Sandbox(**message["sandbox"])  # later ones may be a stranger's
                        continue
                    if message["event"] == "progress":
                        if on_progress is not None:
                            on_progress(num_replies, *message["progress"])
                        continue
                    num_replies += 1
                    if message.get("disk") in DISK_TROUBLE:  # of the machine's, not the item's
                        raise machine_trouble(message["disk"])
                    yield _reply(message, sandbox)
            finally:
                if not ended:  # the caller stopped reading, or the server died: this server's stream is spoilt
                    self.close()
        except (BrokenPipeError, ConnectionError, ValueError):
            self.close()
            yield Reply(
                None, Failed(FailKind.INTERRUPTED, "BlenderGone", "the Blender process was ended from outside"), Cost()
            )

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        environment = {key: os.environ[key] for key in PASSED_ENVIRONMENT if key in os.environ}
        # A folder that cannot exist, so that nobody can leave settings, start-up scripts or packages in it.
        nowhere = f"{os.devnull}/none"
        # Blender makes a folder for its session, which it removes at an end of its own; most servers are killed.
        if self.temporary is not None:
            self.temporary.mkdir(parents=True, exist_ok=True)
        own = tempfile.mkdtemp(prefix="rigmill-", dir=self.temporary)
        self._forget()
        self._forget = weakref.finalize(self, shutil.rmtree, own, ignore_errors=True)
        environment |= {
            "PYTHONHASHSEED": "0",  # exporters order things by hash
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "LP_NUM_THREADS": "1",
            "BLENDER_USER_RESOURCES": nowhere,
            "HOME": nowhere,
            "TMPDIR": own,
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        arguments = map(str, (request_read, reply_write, os.getpid(), self.warm))
        command = [sys.executable, "-P", "-m", "render.blender.sandbox.server", *arguments]
        # Our own rooms first. Not all of sys.path: where bpy was imported, that holds folders which shadow bpy itself.
        rooms = str(Path(__file__).resolve().parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [rooms, os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(  # noqa: S603 - fixed arguments
            command,
            pass_fds=(request_read, reply_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        os.close(request_read)
        os.close(reply_write)
        self._requests = os.fdopen(request_write, "wb")
        self._replies = os.fdopen(reply_read, "rb")
        self._await_ready()

    def _await_ready(self) -> None:
        """Wait for the server's first line; without one by the deadline, or at all, a UserError says why."""
        assert self._process is not None
        deadline = time.monotonic() + self.start_timeout_s
        spoke, _, _ = select.select([self._replies], [], [], self.start_timeout_s)
        if spoke and self._replies.readline():
            if self._process.stderr is not None:
                self._process.stderr.close()
            return
        try:  # it ended, or will in a moment; unless it hangs
            _, errors = self._process.communicate(timeout=max(0.0, deadline - time.monotonic()))
            why = ""
            killed = self._process.returncode in (-signal.SIGKILL, -signal.SIGTERM)
        except subprocess.TimeoutExpired:
            self._end_session()
            _, errors = self._process.communicate()
            why, killed = f"it did not answer within {self.start_timeout_s:g} s: ", False
        self.close()
        if killed:  # from outside, while it was starting: that says nothing about Blender
            raise BrokenPipeError
        tail = errors.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        what = "Blender does not start" if self.warm == WITH_BLENDER else "the reader of files does not start"
        raise UserError(what, why=why + tail[0], fix="{command}", code="E200", command=("doctor",))

    def _end_session(self) -> None:
        """Kill the server and what it started, but for children that have a session of their own."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the server and, with it, its child."""
        if self._process is not None:
            self._end_session()
            self._process.wait()
            for stream in (self._requests, self._replies):
                with suppress(OSError):
                    stream.close()
        self._process = self._requests = self._replies = None
        self._forget()


def _nothing() -> None:
    """There is no folder yet."""


def _reply(message: dict[str, Any], sandbox: Sandbox | None) -> Reply:
    used = {"cpu_s": round(message["cpu_s"], 3)} if "cpu_s" in message else {}  # a child that died measured nothing
    measured = Cost(
        wall_s=message.get("wall_s", 0.0), peak_bytes=message.get("peak_bytes", 0), extra=used, sandbox=sandbox
    )
    if "value" in message:
        return Reply(message["value"], None, measured)
    if "rejected" in message:
        return Reply(None, Rejected.from_row(message["rejected"]), measured)
    failed = message["failed"]
    outcome = Failed(FailKind(failed["kind"]), failed["error_type"], failed["message"], failed.get("signal"))
    return Reply(None, outcome, measured)
