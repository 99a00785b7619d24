"""Some processes of one training on this machine, from one process that has imported everything once.

python -m tests.support.ranks NUM MODULE:FUNCTION DEADLINE_S < order.json    prints their exit statuses as JSON
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rigmill.storage.files import canonical_json
from tests.support.paths import ROOT

HUNG = -1000  # in place of an exit status


@dataclass(frozen=True)
class Ended:
    """How the ranks ended, in their order: exit statuses, minus a signal's number, or HUNG."""

    statuses: list[int]
    said: str


def run_ranks(number: int, function: str, order: Mapping[str, Any], *, deadline_s: float = 120) -> Ended:
    """Call `module:function`(order) in so many processes that torch.distributed can bring together."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ranks", str(number), function, str(deadline_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        out, said = process.communicate(canonical_json(order), timeout=deadline_s + 60)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert process.returncode == 0, said[-3000:]
    return Ended(json.loads(out.splitlines()[-1]), said)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    number, (module, _, name), deadline = int(sys.argv[1]), sys.argv[2].partition(":"), float(sys.argv[3])
    order = json.load(sys.stdin)
    function = getattr(importlib.import_module(module), name)
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": str(number),
        "LOCAL_WORLD_SIZE": str(number),
    }
    children = []
    for rank in range(number):
        child = os.fork()
        if not child:
            os.environ |= shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
            status = 1
            try:
                function(order)
                status = 0
            except SystemExit as ended:
                status = int(ended.code or 0)
            except BaseException:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(status)
        children.append(child)
    until, statuses = time.monotonic() + deadline, dict[int, int]()
    while len(statuses) < number and time.monotonic() < until:
        for child in children:
            if child not in statuses and (found := os.waitpid(child, os.WNOHANG))[0]:
                statuses[child] = os.waitstatus_to_exitcode(found[1])
        time.sleep(0.02)
    for child in children:
        if child not in statuses:
            os.kill(child, signal.SIGKILL)
            statuses[child] = HUNG
    print(json.dumps([statuses[child] for child in children]))


if __name__ == "__main__":
    main()
