"""Some processes of one training on this machine, scene after scene, from one process that imports everything once.

python -m tests.support.ranks < scenes.json    prints a line of exit statuses for every scene
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.support.paths import ROOT

HUNG = -1000  # in place of an exit status


@dataclass(frozen=True)
class Scene:
    """`module:function`(order) called in so many processes that torch.distributed can bring together."""

    world: int
    function: str
    order: Mapping[str, Any]
    copied: tuple[str, str] | None = None  # a folder, and where its copy is put before
    deadline_s: float = 90


def run_scenes(scenes: Sequence[Scene]) -> tuple[list[list[int]], str]:
    """The ranks' exit statuses, minus a signal's number, or HUNG, a list for every scene; and all that they said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ranks"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        out, said = process.communicate(json.dumps([asdict(scene) for scene in scenes]), timeout=600)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert process.returncode == 0, said[-3000:]
    return [json.loads(line) for line in out.splitlines() if line.startswith("[")], said


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _play(scene: Scene) -> list[int]:
    module, _, name = scene.function.partition(":")
    function = getattr(importlib.import_module(module), name)
    if scene.copied is not None:
        shutil.copytree(*scene.copied)
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": str(scene.world),
        "LOCAL_WORLD_SIZE": str(scene.world),
    }
    children = []
    for rank in range(scene.world):
        child = os.fork()
        if not child:
            os.environ.update(shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)})
            status = 1
            try:
                function(scene.order)
                status = 0
            except SystemExit as ended:
                status = int(ended.code or 0)
            except BaseException:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(status)
        children.append(child)
    until, statuses = time.monotonic() + scene.deadline_s, dict[int, int]()
    while len(statuses) < scene.world and time.monotonic() < until:
        for child in children:
            if child not in statuses and (found := os.waitpid(child, os.WNOHANG))[0]:
                statuses[child] = os.waitstatus_to_exitcode(found[1])
        time.sleep(0.02)
    for child in children:
        if child not in statuses:
            os.kill(child, signal.SIGKILL)
            statuses[child] = HUNG
    return [statuses[child] for child in children]


if __name__ == "__main__":
    for row in json.load(sys.stdin):
        print(json.dumps(_play(Scene(**row))), flush=True)
