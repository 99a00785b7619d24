"""Runs of the real shards stage by the real driver, over clips that cheap stages make.

Arguments: FOLDER WORKERS STAGE...
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rigmill.config.load import load
from rigmill.config.schema import Profile
from rigmill.outcomes import Cost, Kept
from rigmill.pipeline.driver import Driver, Options
from rigmill.pipeline.executors.executor import Executor
from rigmill.pipeline.executors.in_process import InProcess
from rigmill.pipeline.executors.pool import Pool
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import STAGES, Registry
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked
from rigmill.types import Row
from tests.support import shard_sets
from tests.support.toy_runs import LIMITS

NUM_ASSETS, CLIPS_PER_ASSET = 24, 3
SOURCES = ("objaverse", "procedural", "vroid")
SETTINGS = ("shards.shard_mb=0.05", "shards.bench_share=0.2", "shards.val_share=0.1", "run.min_free_disk_bytes=0")


class _Made(Stage):
    """A stage whose product is known from (asset, motion)."""

    version, batch = 1, 8

    def settings(self, profile: Profile) -> Row:
        return {}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        for asset in range(NUM_ASSETS):
            for motion in range(CLIPS_PER_ASSET if self.name != "category" else 1):
                yield Input(f"{asset}-{motion}", {"asset": asset, "motion": motion})

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            row = self.product(job.payload["asset"], job.payload["motion"], work)
            yield Answer(
                job.key, Kept([{name: row.get(name) for name in self.writes.names if name != "job_key"}]), Cost()
            )

    def product(self, asset: int, motion: int, work: Work) -> Row:
        raise NotImplementedError


class Probe(_Made):
    """No file is looked at: where motions are from is not known."""

    name, writes = "probe", PRODUCTS["probe"]

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        return ()


class Render(_Made):
    name, writes = "render", PRODUCTS["render"]

    def product(self, asset: int, motion: int, work: Work) -> Row:
        return shard_sets.rendered(work.store, asset, motion) | {"source": SOURCES[asset % len(SOURCES)]}


class Category(_Made):
    name, writes = "category", PRODUCTS["category"]

    def product(self, asset: int, motion: int, work: Work) -> Row:
        return shard_sets.category(asset)


class Caption(_Made):
    name, writes = "caption", PRODUCTS["caption"]

    def product(self, asset: int, motion: int, work: Work) -> Row:
        return shard_sets.caption(asset, motion)


REGISTRY = Registry(
    {stage.name: f"{__name__}:{stage.__name__}" for stage in (Probe, Render, Category, Caption)}
    | {"shards": STAGES["shards"]}
)


UPSTREAM = tuple(name for name in REGISTRY if name != "shards")


def start(folder: Path, *stages: str, workers: int = 0) -> subprocess.Popen[str]:
    """A run into the folder, in a process group of its own: with so many workers of Ray, or with 0 in one process."""
    return subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import main; main()", str(folder), str(workers), *stages],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def main() -> None:
    folder, workers = Path(sys.argv[1]), int(sys.argv[2])
    layout, resolved = Layout(folder / "out"), load("demo", overrides=SETTINGS)
    executor: Executor = InProcess(layout.root, LIMITS, REGISTRY, blender=False)
    if workers:
        executor = Pool(layout.root, LIMITS, REGISTRY, address="local", workers=workers)
    layout.root.mkdir(parents=True, exist_ok=True)
    with locked(layout), Progress(io.StringIO()) as lines:
        driver = Driver(
            resolved, layout, Options(tuple(sys.argv[3:])), progress=lines, registry=REGISTRY, executor=executor
        )
        counts = driver.run()
    print({name: (one.num_in, one.kept) for name, one in counts.items()})
