"""What happens inside a forked child: limits first, then the work, one JSON line per item, and no way back.

Before the first answer a line says what the child was kept from. Between two answers there may be lines that say how
far the item is (progress.py).
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import re
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from render.blender.sandbox.barrier import confine
from render.blender.sandbox.progress import progress_pipe
from render.blender.sandbox.syscalls import close_system_calls, drop_privileges
from rigmill.errors import DISK_TROUBLE, errno_of
from rigmill.outcomes import FailKind, Refusal
from rigmill.storage.disk import disk_trouble

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
MESSAGE_CHARACTERS = 400


def die_with_parent(parent: int) -> None:
    """Be killed when the parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def run_child(request: dict[str, Any], *, answer_fd: int, parent: int) -> NoReturn:
    """Do the request's items in order and exit. Runs in a fresh fork and never returns."""
    try:
        os.setsid()
        die_with_parent(parent)
        scratch = Path(request["scratch"])
        _own_streams(scratch)
        has_no_network = _apply_limits(request["limits"], num_items=len(request["items"]))
        os.chdir(scratch)
        module, _, name = request["function"].partition(":")
        function = getattr(importlib.import_module(module), name)
        layers = {
            "network": has_no_network,
            "files": confine(request, scratch),
            "privileges": drop_privileges(),
            "system_calls": close_system_calls(),
        }
        _answer(answer_fd, {"sandbox": layers})  # from here on strangers' bytes are read
        state: dict[str, Any] = {}
        progress_pipe.open(answer_fd)
        for item in request["items"]:
            used_s = time.process_time()
            answer = _call(function, item, state, scratch, request["limits"])
            peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # of this child so far
            _answer(answer_fd, answer | {"cpu_s": time.process_time() - used_s, "peak_bytes": peak_bytes})
        os._exit(0)  # no interpreter shutdown: Blender may hang in it
    except BaseException as error:
        number = errno_of(error, DISK_TROUBLE)
        _answer(answer_fd, {"failed": _failure(error, request)} if number is None else {"disk": number})
        os._exit(1)


def _call(
    function: Any, item: dict[str, Any], state: dict[str, Any], scratch: Path, limits: dict[str, Any]
) -> dict[str, Any]:
    try:
        return {"value": function(item, state, scratch)}
    except Refusal as refusal:
        if (number := disk_trouble(refusal, scratch)) is not None:
            return {"disk": number}
        return {"rejected": refusal.to_rejected().to_row()}
    except MemoryError:
        state.clear()
        return {
            "failed": {
                "kind": FailKind.MEMORY.value,
                "error_type": "MemoryError",
                "signal": None,
                "message": f"needed more than {limits['memory_bytes'] / 2**30:.1f} GiB",
            }
        }
    except Exception as error:
        state.clear()
        if (number := disk_trouble(error, scratch)) is not None:
            return {"disk": number}
        import traceback

        traceback.print_exc()  # into the child's log
        return {"failed": _failure(error, {"scratch": str(scratch)})}


def _failure(error: BaseException, request: dict[str, Any]) -> dict[str, Any]:
    """A failure whose text is the same in every run: no paths, no addresses."""
    text = " ".join(str(error).split()) or "no message"
    text = text.replace(str(request.get("scratch", "\0")), "<scratch>")
    text = re.sub(r"0x[0-9a-fA-F]{6,}", "<address>", text)
    text = re.sub(r"(/[\w.\-]+){2,}/", "", text)
    return {
        "kind": FailKind.EXCEPTION.value,
        "error_type": type(error).__name__,
        "message": text[:MESSAGE_CHARACTERS],
        "signal": None,
    }


def _own_streams(scratch: Path) -> None:
    log = os.open(scratch / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _apply_limits(limits: dict[str, Any], *, num_items: int) -> bool:
    """Whether there is no network any more."""
    os.umask(0o077)
    memory, size = int(limits["memory_bytes"]), int(limits["file_bytes"])
    seconds = int(limits["cpu_s"] * num_items) + 1  # a child does all clips of its asset
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    is_cut = cut_network()
    if not is_cut and limits["network"] == "deny":
        raise PermissionError(
            "this system does not let a process drop its network (unshare), and the profile's limits.network is 'deny'"
        )
    return is_cut


def cut_network() -> bool:
    """Leave every network, loopback included; False where the system does not allow it."""
    if sys.platform != "linux":
        return False
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return unshare(CLONE_NEWNET) == 0 or unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0


def _answer(fd: int, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(fd, data) :]
