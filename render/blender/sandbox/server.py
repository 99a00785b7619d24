"""The Blender fork server: imports bpy, then forks one limited child per request. Single-threaded, does no work.

Started by rigmill.blender.client as `python -m render.blender.sandbox.server REQUEST_FD REPLY_FD PARENT_PID WARM`, of
which WARM is the function that loads what children need: Blender, or less. A request is one JSON line: function, items,
scratch, limits. The replies are JSON lines: {"event": "sandbox"} with what the child was kept from, one per item, then
{"event": "end"}; between them, {"event": "progress"} as the child tells it.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from render.blender.sandbox.child import die_with_parent, run_child
from rigmill.outcomes import FailKind


def main() -> None:
    """Serve requests until there are no more: load what children need once, then fork one child per request."""
    request_fd, reply_fd, parent = (int(argument) for argument in sys.argv[1:4])
    module, _, warm_up = sys.argv[4].partition(":")
    die_with_parent(parent)
    with _one_core():
        # Loaded before forking, so that each child starts in milliseconds.
        getattr(importlib.import_module(module), warm_up)()

    os.set_inheritable(request_fd, False)
    os.set_inheritable(reply_fd, False)
    _send(reply_fd, {"event": "ready"})
    with os.fdopen(request_fd, "rb", buffering=0) as requests:
        while line := requests.readline():
            request = json.loads(line)
            _serve(request, reply_fd=reply_fd, request_fd=request_fd)
    os._exit(0)  # Blender's own exit can hang once a driver or a handler has run


@contextmanager
def _one_core() -> Iterator[None]:
    """Let Blender's task scheduler, which counts cores once when it starts, see a single one.

    A worker is meant to use one core. With more in sight Cycles keeps a second thread spinning, whatever the scene's
    number of threads: twice the CPU time for the same picture (benchmarks/rendering/cycles_threads.py).
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


def _serve(request: dict[str, Any], *, reply_fd: int, request_fd: int) -> None:
    answer_read, answer_write = os.pipe()
    server = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(answer_read)
        os.close(reply_fd)
        os.close(request_fd)
        run_child(request, answer_fd=answer_write, parent=server)  # never returns
    os.close(answer_write)
    _relay(request, child=child, answer_read=answer_read, reply_fd=reply_fd, request_fd=request_fd)


def _relay(request: dict[str, Any], *, child: int, answer_read: int, reply_fd: int, request_fd: int) -> None:
    """Pass answers on until the child is done; end its whole session when it is silent for too long."""
    limits, num_items = request["limits"], len(request["items"])
    num_answers, buffered, timed_out = 0, b"", False
    started = last_sign = time.monotonic()
    while True:
        left = limits["wall_s"] - (time.monotonic() - last_sign)
        if left <= 0:
            timed_out = True
            break
        ready, _, _ = select.select([answer_read, request_fd], [], [], left)
        if request_fd in ready:  # nobody writes during a request: this is the client's end of file
            _end(child)
            os._exit(1)
        if answer_read not in ready:
            continue
        data = os.read(answer_read, 65536)
        if not data:
            break
        buffered += data
        *lines, buffered = buffered.split(b"\n")
        for line in lines:
            now = time.monotonic()
            message = json.loads(line)
            told = next((kind for kind in ("progress", "sandbox") if kind in message), None)
            if told:  # passed on, and no sign of life: the clock of the item runs on
                _send(reply_fd, message | {"event": told})
                continue
            message |= {"event": "item", "wall_s": now - last_sign}
            last_sign = now
            num_answers += 1
            _send(reply_fd, message)
    os.close(answer_read)
    if timed_out:
        _end(child)
    _, status, usage = os.wait4(child, 0)
    _end(child)  # what the child may have started itself
    end: dict[str, Any] = {"event": "end", "peak_bytes": usage.ru_maxrss * 1024, "wall_s": time.monotonic() - started}
    if num_answers < num_items:
        log = Path(request["scratch"]) / "log"
        end["failed"] = _cause_of_death(status, timed_out=timed_out, limits=limits, log=log)
    _send(reply_fd, end)


def _cause_of_death(status: int, *, timed_out: bool, limits: dict[str, Any], log: Path) -> dict[str, Any]:
    if timed_out:
        return _failed(FailKind.TIMEOUT, "WallClock", f"no answer within {limits['wall_s']:g} s")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name
        if number == signal.SIGXCPU:
            return _failed(FailKind.TIMEOUT, "CpuLimit", f"more than {limits['cpu_s']:g} CPU seconds per item", name)
        if number == signal.SIGKILL:
            message = "ended from outside (SIGKILL; perhaps the machine ran out of memory)"
            return _failed(FailKind.INTERRUPTED, "Killed", message, name)
        if number == signal.SIGTERM:
            return _failed(FailKind.INTERRUPTED, "Killed", "ended from outside (SIGTERM)", name)
        if _says_out_of_memory(log):
            return _failed(FailKind.MEMORY, "OutOfMemory", _memory_message(limits), name)
        return _failed(FailKind.CRASH, "Crash", f"Blender died of {name}", name)
    return _failed(
        FailKind.CRASH, "Exit", f"the child ended with status {os.waitstatus_to_exitcode(status)} before it answered"
    )


def _says_out_of_memory(log: Path) -> bool:
    """Whether Blender's allocator complained before it died."""
    try:
        tail = log.read_bytes()[-20_000:]
    except OSError:
        return False
    return b"alloc returns null" in tail or b"bad_alloc" in tail or b"MemoryError" in tail


def _memory_message(limits: dict[str, Any]) -> str:
    return f"needed more than {limits['memory_bytes'] / 2**30:.1f} GiB"


def _failed(kind: FailKind, error_type: str, message: str, signal_name: str | None = None) -> dict[str, Any]:
    return {"kind": kind.value, "error_type": error_type, "message": message, "signal": signal_name}


def _end(child: int) -> None:
    """Kill the child's session."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _send(fd: int, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(fd, data) :]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
