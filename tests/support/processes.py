"""What processes run below one of ours, and where they listen."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable


def processes_below(root: int) -> dict[int, str]:
    """Process ids and whole command lines of everything that descends from `root`."""
    # -ww: where COLUMNS is set, as on many machines that run tests, ps cuts lines at it and loses words.
    everything = ["ps", "-ww", "-eo", "pid,ppid,args"]
    listing = subprocess.run(everything, capture_output=True, text=True, check=True).stdout
    children: dict[int, list[tuple[int, str]]] = {}
    for line in listing.splitlines()[1:]:
        pid, parent, command = line.split(None, 2)
        children.setdefault(int(parent), []).append((int(pid), command))
    found: dict[int, str] = {}
    open_ids = [root]
    while open_ids:
        for pid, command in children.get(open_ids.pop(), []):
            found[pid] = command
            open_ids.append(pid)
    return found


def processes_called(words: str, *, below: int) -> list[int]:
    """Processes that descend from `below` and whose command line holds these words, by id."""
    return sorted(pid for pid, command in processes_below(below).items() if words in command)


def listening_addresses(pids: Iterable[int]) -> set[str]:
    """The local addresses at which these processes wait for TCP connections, as `ss` says them."""
    listing = subprocess.run(["ss", "-tlnpH"], capture_output=True, text=True, check=True).stdout
    wanted = {f"pid={pid}," for pid in pids}
    return {line.split()[3].rsplit(":", 1)[0] for line in listing.splitlines() if any(pid in line for pid in wanted)}
