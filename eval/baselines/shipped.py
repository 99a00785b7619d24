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
from rigmill.clips.numbers import ClipGeometry
from rigmill.formats.glb import Glb, NotAnimatable
from rigmill.formats.glb_animation import animated_glb
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
        asset, rest = clip.rest, clip.rest.read_bytes()
        if not Glb.from_bytes(rest).document.get("skins"):
            # Nodes without a skeleton are joints where an animation moves them: the truth tells which they are, and
            # its motion is not looked at.
            asset = clip.truth
        with tempfile.TemporaryDirectory(prefix="rigmill-baseline-") as scratch:
            order = replace(
                self.order,
                asset=asset,
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
        geometry = ClipGeometry.from_bytes(clip.geometry.read_bytes())
        whole, _ = geometry.own(geometry.motion)
        found = on_all_joints(rig, cut(motion, clip.num_frames), whole, scale=geometry.scale)
        data = animated_glb(rest, whole, found, scale=geometry.scale, offset=geometry.offset, name=clip.prompt[:60])
        if data is None:
            raise NotAnimatable("the benchmark's file is no binary glTF")
        return data, {"quality": info["quality"], "seed": info["seed"], "rig_from": asset.name}

    def frames_for(self, num_frames: int) -> int:
        """The least number of a clip's frames, from `num_frames` on, that the model can make."""
        factor, stride = self.checkpoint.config.codec.temporal_factor, self.checkpoint.config.frame_stride
        groups = -(-(num_frames - 1) // (factor * stride))
        return groups * factor * stride + 1


def on_all_joints(rig: Rig, motion: Motion, whole: Rig, *, scale: float) -> Motion:
    """A motion of some joints, by name, as one of all joints of a rig: the others stay at rest. Lengths are scaled."""
    place = {name: joint for joint, name in enumerate(whole.names)}
    unknown = [name for name in rig.names if name not in place]
    if unknown:
        raise NotAnimatable(f"joint '{unknown[0]}' is none of the clip's")
    at = [place[name] for name in rig.names]
    num_frames = len(motion.rotations)
    rotations, translations = np.zeros((num_frames, whole.num_joints, 4)), np.zeros((num_frames, whole.num_joints, 3))
    rotations[..., 0] = 1
    rotations[:, at], translations[:, at] = motion.rotations, motion.translations * scale
    return Motion(rotations, translations, motion.fps)


def _read(path: Path) -> tuple[Rig, Motion]:
    with np.load(path, allow_pickle=False) as npz:
        rig = Rig(tuple(str(name) for name in npz["names"]), npz["parents"], npz["rest_joints"])
        return rig, Motion(npz["rotations"], npz["translations"], float(npz["fps"]))
