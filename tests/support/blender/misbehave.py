"""Functions for a Blender child that do what strangers' files make it do. Called by name."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import time
from pathlib import Path
from typing import Any

from render.blender.sandbox.progress import progress_pipe
from rigmill.outcomes import Refusal, Reject


def act(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Do what `item["do"]` says."""
    what = item["do"]
    state["calls"] = state.get("calls", 0) + 1
    if what == "segfault":
        ctypes.string_at(0)
    if what == "hang":
        time.sleep(10_000)
    if what == "spin":
        while True:
            pass
    if what == "eat":
        eaten = []
        while True:
            eaten.append(bytes(2**28))
    if what == "raise":
        raise ValueError(f"bad thing at {scratch}/x")
    if what == "refuse":
        raise Refusal(Reject.NO_RIG, "no rig here", measured=0, limit=1)
    if what == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if what == "refuse what is full":
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise Refusal(Reject.UNREADABLE, "the file ends early") from error
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "write":
        (scratch / "big").write_bytes(bytes(2**24))
    if what == "connect":
        import socket

        try:
            socket.create_connection(("127.0.0.1", item["port"]), timeout=2)
            return {"connected": True}
        except OSError as error:
            return {"connected": False, "error": str(error)}
    if what == "look around":
        return {"opened": _can_open(item["file"]), "loopback": _has_loopback()}
    if what == "daemon":
        if os.fork() == 0:
            (scratch / "grandchild").write_text(str(os.getpid()))
            time.sleep(10_000)
        while not (scratch / "grandchild").exists() or not (scratch / "grandchild").read_text():
            time.sleep(0.01)
        return {"pid": int((scratch / "grandchild").read_text())}
    if what == "tell":  # as fast as it can, for a little more than a second
        until, number = time.monotonic() + 1.1, 0
        while time.monotonic() < until:
            progress_pipe.tell(number := number + 1, 10**9)
        return {"told": number}
    if what == "burn":  # half a second of CPU time, however long that takes, and some sleep
        until_s = time.process_time() + 0.5
        while time.process_time() < until_s:
            pass
        time.sleep(0.3)
    if what == "tell forever":
        while True:
            progress_pipe.tell(1, 2)
            time.sleep(0.01)
    if what == "flood":
        while True:
            os.write(_answers(), b'{"progress": [1, 2]}\n')
    if what == "environment":
        return {"names": sorted(os.environ)}
    return {"did": what, "calls": state["calls"], "pid": os.getpid()}


def _can_open(path: str) -> bool:
    try:
        with open(path):  # noqa: PTH123
            return True
    except OSError:
        return False


def _has_loopback() -> bool:
    """Whether the loopback interface is up, as it is nowhere in a network of one's own."""
    import fcntl
    import socket
    import struct

    try:
        any_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    except PermissionError:  # no socket, no network
        return False
    with any_socket:
        asked = fcntl.ioctl(any_socket, 0x8913, struct.pack("16sH14x", b"lo", 0))  # SIOCGIFFLAGS
    return bool(struct.unpack("16sH14x", asked)[1] & 1)


def _answers() -> int:
    """The pipe that a child which keeps to no rule writes into."""
    assert progress_pipe._fd is not None
    return progress_pipe._fd
