"""An output folder that has shards and nothing else, and trainings in it that are started and killed from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from rigmill.config.load import load
from rigmill.storage.columns import OUTCOMES, PRODUCTS
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from tests.support.paths import ROOT

TRAIN = {
    "recipe": "tiny_joint",
    "num_steps": 30,
    "batch_size": 2,
    "learning_rate": 0.002,
    "num_frames": 5,
    "size_px": 32,
    "mixture": {"procedural": 1.0, "folder": 1.0},
    "condition_dropout": 0.2,
    "checkpoint_interval": 5,
    "stages": [{"name": "joint", "trains": "all"}],
    "ranks": 2,
}


def output_with_shards(folder: Path, rows: list[dict[str, Any]], shards: Store, **train: Any) -> Path:
    """A profile's file whose output has these shards; the profile is called `ranks`."""
    layout = Layout(folder / "out")
    for path in shards.root.glob("??/*"):
        target = layout.store.root / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    outcomes = [
        dict.fromkeys(OUTCOMES.names) | {"job_key": row["clip_id"], "input_id": row["clip_id"], "status": "kept"}
        for row in rows
    ]
    empty = dict.fromkeys(PRODUCTS["shards"].names)
    StageTable(layout.tables, "shards").commit(outcomes, [empty | row | {"job_key": row["clip_id"]} for row in rows])
    demo = load("demo").profile.model_dump(mode="json")
    profile = demo | {"output": str(layout.root), "train": demo["train"] | TRAIN | train}
    path = folder / "profile.yaml"
    path.write_text(yaml.safe_dump({"ranks": profile}))
    return path


def start(*words: str, log: Path) -> subprocess.Popen[bytes]:
    """A command of this environment's Python, in a session of its own."""
    with log.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, *words],
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )


@contextmanager
def ended_at_last(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Nothing of it outlives the block."""
    try:
        yield process
    finally:
        for pid in [process.pid, *below(process.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()


def below(root: int) -> list[int]:
    """All processes that descend from one."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
        except OSError:
            continue
    found, left = list[int](), [root]
    while left:
        left += (own := children.get(left.pop(), []))
        found += own
    return found


def is_rank_1(pid: int) -> bool:
    """Of processes that were started as ranks."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"RANK=1" in environment and (b"train.rank" in words or b"rigmill" in words)


def is_ray_train_worker(pid: int) -> bool:
    try:
        return b"RayTrainWorker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def steps_done(output: Path) -> int:
    """Of the training's newest curve."""
    curves = sorted(output.glob("runs/*/train/joint.csv"))
    return len(curves[-1].read_text().splitlines()) - 1 if curves else 0


def kill_at(step: int, output: Path, root: int, chosen: Callable[[int], bool], by: signal.Signals) -> list[int]:
    """In a thread: send a signal to the first chosen process below `root` once so many steps are done."""
    killed: list[int] = []

    def wait() -> None:
        until = time.monotonic() + 240
        while time.monotonic() < until and not killed:
            if steps_done(output) >= step:
                for pid in filter(chosen, below(root)):
                    os.kill(pid, by)
                    killed.append(pid)
                    return
            time.sleep(0.02)

    threading.Thread(target=wait, daemon=True).start()
    return killed
