"""An output folder that has shards and nothing else, and trainings in it that are started and killed from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from rigmill.commands.cli import main
from rigmill.config.load import load
from rigmill.config.schema import Profile
from rigmill.outcomes import Cost, Kept
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.types import Row
from tests.support.paths import ROOT

TRAIN = {
    "recipe": "tiny_joint",
    "num_steps": 60,
    "batch_size": 2,
    "learning_rate": 0.002,
    "num_frames": 5,
    "size_px": 32,
    "mixture": {},
    "condition_dropout": 0.2,
    "checkpoint_interval": 5,
    "stages": [{"name": "joint", "trains": "all"}],
    "ranks": 2,
}


class GivenShards(Stage):
    """In place of the stage that makes shards: rows that a test has put into the output folder."""

    name, version, writes, inline = "shards", 1, PRODUCTS["shards"], True

    def settings(self, profile: Profile) -> Row:
        return {"rows": str(Path(profile.output).parent / "rows.json")}

    def inputs(self, tables: Rows, settings: Row) -> Iterator[Input]:
        for row in json.loads(Path(settings["rows"]).read_text()):
            yield Input(row["clip_id"], row)

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            yield Answer(job.key, Kept([dict.fromkeys(self.writes.names) | job.payload]), Cost())


def output_with_shards(folder: Path, rows: list[dict[str, Any]], shards: Store, **train: Any) -> Path:
    """A profile's file whose output has these shards; the profile is called `ranks`."""
    layout = Layout(folder / "out")
    for path in shards.root.glob("??/*"):
        target = layout.store.root / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (folder / "rows.json").write_text(json.dumps(rows))
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
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
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
    return b"RANK=1" in environment and (b"train.rank" in words or b"tests.support.launched" in words)


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


if __name__ == "__main__":  # `rigmill`, with shards that are given
    STAGES.paths["shards"] = "tests.support.launched:GivenShards"  # type: ignore[index]
    sys.exit(main())
