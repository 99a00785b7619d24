"""Runs of the toy stages, in this process or on a Ray, and what they leave."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

from rigmill.blender.client import Limits
from rigmill.config import load
from rigmill.pipeline.driver import Driver, Options
from rigmill.pipeline.executors.executor import Executor
from rigmill.pipeline.executors.in_process import InProcess
from rigmill.pipeline.executors.pool import Pool
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import Registry
from rigmill.pipeline.view import Counts, View
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked

LIMITS = Limits(wall_s=60, cpu_s=60, memory_bytes=2**30, file_bytes=2**28, network="best_effort")


class Toys:
    """One registry and where its jobs run: on the Ray at `ray_address`, or here."""

    def __init__(self, registry: Registry, *, ray_address: str | None = None) -> None:
        self.registry, self.ray_address = registry, ray_address

    def executor(self, folder: Path) -> Executor:
        if self.ray_address is None:
            return InProcess(folder, LIMITS, self.registry, blender=False)
        return Pool(folder, LIMITS, self.registry, address=self.ray_address, workers=2)

    def run(
        self,
        folder: Path,
        *overrides: str,
        stages: Sequence[str] = (),
        limit: int | None = None,
        only: Sequence[str] = (),
        progress: Progress | None = None,
        executor: Executor | None = None,
    ) -> dict[str, Counts]:
        """All stages, or some of them; their counts."""
        resolved = load.load("demo", overrides=("run.min_free_disk_bytes=0", *overrides))
        layout, options = (
            Layout(folder),
            Options(stages=tuple(stages or self.registry), limit=limit, only=frozenset(only)),
        )
        with locked(layout), progress or Progress(io.StringIO()) as lines:
            return Driver(
                resolved,
                layout,
                options,
                progress=lines,
                registry=self.registry,
                executor=executor or self.executor(folder),
            ).run()

    def view(self, folder: Path, *overrides: str) -> View:
        return View(Layout(folder).tables, load.load("demo", overrides=overrides).profile, self.registry)


def tables(folder: Path) -> dict[str, bytes]:
    """The files of tables and store, by their path in the folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in ("tables", "store")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }


def jobs_done(folder: Path) -> list[tuple[str, str]]:
    """Stage and input id of every job that a worker did in this folder, by all runs so far."""
    lines = [
        line for file in sorted(folder.glob("runs/*/measurements.jsonl")) for line in file.read_text().splitlines()
    ]
    return [(row["stage"], row["input_id"]) for row in map(json.loads, lines)]
