"""The shipped model, or another checkpoint, on the clips of a benchmark, as `rigmill animate` does a person's mesh."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.animate.command import animate
from eval.baselines.nearest import cut
from eval.bench.clips import BenchClip
from eval.checkpoint import Checkpoint
from rigmill.blender.client import Limits
from rigmill.formats.motion_files import moving_glb
from rigmill.one_file.animate_options import AnimateOrder
from rigmill.pipeline.view import View
from rigmill.types import Motion, Rig


@dataclass(frozen=True, slots=True)
class Animator:
    """Animates clips by a checkpoint. `order` holds what is the same for all of them."""

    checkpoint: Checkpoint
    order: AnimateOrder
    views: Sequence[View]
    limits: Limits
    max_file_bytes: int

    def __call__(self, clip: BenchClip, on_progress: Callable[[str, int, int], None]) -> tuple[bytes, dict[str, Any]]:
        """The clip's GLB and what is known of its motion; a UserError says why there is none."""
        with tempfile.TemporaryDirectory(prefix="rigmill-baseline-") as scratch:
            order = replace(
                self.order,
                asset=clip.rest,
                prompt=clip.prompt,
                out=Path(scratch) / "made",
                fps=clip.fps,
                num_frames=self.frames_for(clip.num_frames),
                formats=("npz",),
            )
            info, _ = animate(
                order, views=self.views, limits=self.limits, max_file_bytes=self.max_file_bytes, on_progress=on_progress
            )
            rig, motion = _read(order.out / "joints.npz")
        data, _ = moving_glb([clip.rest.read_bytes()], rig, cut(motion, clip.num_frames), name=clip.prompt[:60])
        return data, {"quality": info["quality"], "seed": info["seed"]}

    def frames_for(self, num_frames: int) -> int:
        """The least number of a clip's frames, from `num_frames` on, that the model can make."""
        factor, stride = self.checkpoint.config.codec.temporal_factor, self.checkpoint.config.frame_stride
        groups = -(-(num_frames - 1) // (factor * stride))
        return groups * factor * stride + 1


def _read(path: Path) -> tuple[Rig, Motion]:
    with np.load(path, allow_pickle=False) as npz:
        rig = Rig(tuple(str(name) for name in npz["names"]), npz["parents"], npz["rest_joints"])
        return rig, Motion(npz["rotations"], npz["translations"], float(npz["fps"]))
