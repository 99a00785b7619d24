"""Ends what a driver's own Ray started once the driver is gone, however it went.

Ray's agents try for a minute to tell a server that is gone that their raylet is gone too, and Ray fixes the time. A
process of its own waits for the end of the driver: workers are ended with their raylet, mostly before they notice.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def watch() -> subprocess.Popen[bytes]:
    """Start what waits for the end of this process, to end all that runs below it now; closing its stdin ends it."""
    command = [sys.executable, "-S", "-E", str(Path(__file__)), *map(str, _below(os.getpid()))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own file


def _below(root: int) -> list[str]:
    """What descends from a process, each as PID:START; the start tells it from a later process of the same number."""
    children: dict[int, list[tuple[int, str]]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        if (stat := _stat(pid)) is not None:
            children.setdefault(int(stat[1]), []).append((pid, stat[19]))
    found, pending = [], [root]
    while pending:
        for pid, start in children.get(pending.pop(), ()):
            found.append(f"{pid}:{start}")
            pending.append(pid)
    return found


def _stat(pid: int) -> list[str] | None:
    """State, parent and what follows them in a process's line; None for one that is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return None


def main() -> None:
    """Wait until nobody can write to us any more, then end the processes that are named as PID:START."""
    sys.stdin.buffer.read()
    for name in sys.argv[1:]:
        pid, _, start = name.partition(":")
        stat = _stat(int(pid))
        if stat is not None and stat[19] == start:
            with suppress(OSError):
                os.kill(int(pid), signal.SIGKILL)


if __name__ == "__main__":
    main()
