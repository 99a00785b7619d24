"""Pose maps of a clip read back into a motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rigmill.clips.numbers import ClipGeometry
from rigmill.posemaps.posemap import radius_for
from rigmill.reconstruct.reconstruct import Reconstruction, reconstruct
from rigmill.types import Bytes

if TYPE_CHECKING:
    from train.recipes import ModelConfig


def radius_in(geometry: ClipGeometry, *, joint_radius_px: float) -> float:
    """The discs' radius in maps of the size that a clip's cameras have; `joint_radius_px` is for 480 lines."""
    return radius_for(joint_radius_px, geometry.cameras[0].height_px)


def radius_of(config: ModelConfig, recorded: ClipGeometry, seen: ClipGeometry, *, joint_radius_px: float) -> float:
    """The discs' radius in a model's maps of a clip, of which `seen` is what the model sees."""
    if config.pose_map is not None:
        return config.pose_map.radius_px
    shrunk = seen.cameras[0].intrinsics[1, 1] / recorded.cameras[0].intrinsics[1, 1]
    return radius_in(recorded, joint_radius_px=joint_radius_px) * float(shrunk)


def read_maps(maps: Bytes, geometry: ClipGeometry, *, radius_px: float, fps: float) -> Reconstruction:
    """The motion that maps (V, T, H, W, 3) show of a clip's rig, whose cameras are of their size, as is the radius."""
    return reconstruct(
        maps,
        cameras=geometry.cameras,
        rig=geometry.rig,
        drawn=geometry.drawn,
        colours=geometry.colours,
        radius_px=radius_px,
        fps=fps,
    )
