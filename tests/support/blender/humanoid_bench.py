"""Mixamo's and VRM's kind of files through the real stages, on a bench that Blender made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rigmill.blender.client import BlenderClient, Limits
from rigmill.config.schema import Profile
from rigmill.outcomes import Kept, Outcome
from rigmill.pipeline.executors.worker import LocalWork
from rigmill.pipeline.stage import Stage
from rigmill.storage.files import scratch_folder
from rigmill.storage.layout import Layout
from tests.support.curation import Tables


class Bench:
    """Stages run one after the other as a worker runs them, with one Blender server for all."""

    def __init__(self, root: Path) -> None:
        limits = Limits(wall_s=120, cpu_s=120, memory_bytes=4 * 2**30, file_bytes=2**28, network="best_effort")
        self.layout, self.limits, self.tables = Layout(root), limits, Tables()
        self.clients = dict[str, BlenderClient]()

    def run(self, stage: Stage, profile: Profile) -> dict[str, Outcome]:
        """Input id -> outcome; the rows go into the tables."""
        outcomes = {}
        for job in stage.plan(self.tables, profile):
            with scratch_folder(self.layout.scratch) as scratch:
                work = LocalWork(self.layout, self.limits, stage.name, scratch, self.clients)
                (answer,) = stage.run([job], work)
            outcomes[job.input_id] = answer.outcome
            if isinstance(answer.outcome, Kept):
                rows = [row | {"job_key": job.key} for row in answer.outcome.rows]
                self.tables.rows.setdefault(stage.name, []).extend(rows)
        return outcomes


def bench(folder: Path) -> Iterator[Bench]:
    made = Bench(folder)
    yield made
    for client in made.clients.values():
        client.close()


FILES = {  # name: prefix, skin, last frame
    "X Bot.fbx": ("mixamorig:", True, 0),
    "T-Pose.fbx": ("mixamorig:", True, 2),
    "Walking (2).fbx": ("mixamorig12:", False, 31),
    "Dancing.fbx": ("mixamorig:", True, 61),
    "Kick.fbx": ("mixamorig_", False, 46),
}
