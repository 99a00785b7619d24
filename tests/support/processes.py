"""Processes of this machine."""

from __future__ import annotations

import subprocess


def processes_below(root: int) -> dict[int, str]:
    """Process ids and command lines of everything that descends from `root`."""
    listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
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
