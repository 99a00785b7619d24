"""The smallest run of all stages, without Ray: everything happens in the process that asks for it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from rigmill.blender.client import Limits
from rigmill.config.load import Resolved, load
from rigmill.pipeline.driver import Driver, Options
from rigmill.pipeline.executors.in_process import InProcess
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import STAGES
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked
from tests.support.paths import ROOT

PROFILE = """
tiny:
  inherits: demo
  output: out
  sources:
    - kind: procedural
      groups: [cabinet, biped, motion]
      variants: 1
  filters: {max_frames: 17, preview_px: 48, preview_frames: 3}
  render: {samples: 1, denoise: false, width_px: 64, height_px: 64, joint_radius_px: 9, engine: raster}
  shards: {shard_mb: 0.27, bench_share: 0.4}
  latents: {enabled: true, windows: 2}
  train:
    recipe: tiny_joint
    stages: [{name: joint, trains: all}]
    num_steps: 4
    checkpoint_interval: 2
    sampling_steps: 1
  eval: {generate_clips: 1}
  run: {min_free_disk_bytes: 0}
"""


def write_profile(folder: Path) -> Path:
    """A pipelines.yaml with the profile `tiny`, which writes to ./out."""
    file = folder / "pipelines.yaml"
    file.write_text((ROOT / "pipelines.yaml").read_text() + PROFILE)
    return file


class Tiny:
    """Runs of the profile `tiny` in folders of their own, one after the other, with one Blender for all of them."""

    def __init__(self, config: Path) -> None:
        self.resolved: Resolved = load("tiny", file=config)

    def driver(
        self,
        layout: Layout,
        stages: tuple[str, ...] = tuple(STAGES),
        keys: Mapping[str, frozenset[str] | None] | None = None,
    ) -> Driver:
        executor = InProcess(layout.root, Limits(**self.resolved.profile.limits.model_dump()))
        return Driver(
            self.resolved, layout, Options(stages, keys=keys), progress=Progress(io.StringIO()), executor=executor
        )

    def run(self, layout: Layout) -> None:
        """Every stage."""
        with locked(layout):
            self.driver(layout).run()
