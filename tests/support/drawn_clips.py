"""Clips of rigs that were never rendered: their numbers alone, as the cameras of a render see them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.rigs import skeleton
from rigmill.types import Motion, Rig

SIZE = 256


def clip_of(rig: Rig, rotations: np.ndarray, *, azimuths_deg: Sequence[float] = (0, 90, 180, 270)) -> ClipGeometry:
    """The clip of a motion in pictures of 256 pixels, every joint drawn."""
    motion = Motion(rotations=rotations, translations=np.zeros((*rotations.shape[:2], 3)), fps=16.0)
    joints, _ = skeleton.forward(rig, motion)
    cameras = camera_ring(
        bounds=np.array([[-1.0, -1, -1], [1, 1, 1]]),
        azimuths_deg=azimuths_deg,
        elevation_deg=0,
        width_px=SIZE,
        height_px=SIZE,
        field_of_view_deg=40,
        margin=0.05,
    )
    seen, rest = ([project(camera, places) for camera in cameras] for places in (joints, rig.rest_joints))
    definition = PoseMapDefinition.of_render(height_px=SIZE, joint_radius_px=5, max_joints=64, markers=False)
    rest_px = np.stack([pixels for pixels, _ in rest])
    drawn = definition.drawn(rig, 0, rest_px)
    return ClipGeometry(
        rig=rig,
        drawn=drawn,
        colours=definition.colours(rest_px, drawn),
        motion=motion,
        joints=joints,
        cameras=cameras,
        joints_px=np.stack([pixels for pixels, _ in seen]),
        joints_depth=np.stack([depth for _, depth in seen]),
        visible=np.ones((len(cameras), len(joints), rig.num_joints), bool),
        rest_joints_px=rest_px,
        rest_joints_depth=np.stack([depth for _, depth in rest]),
        scale=1.0,
        offset=np.zeros(3),
    )


def turned(num_joints: int, joint: int, degrees: np.ndarray, axis: tuple[float, float, float]) -> np.ndarray:
    """Rotations (T, J, 4) in which one joint turns."""
    rotations = np.zeros((len(degrees), num_joints, 4))
    rotations[..., 0] = 1
    half = np.radians(degrees)[:, None] / 2
    rotations[:, joint] = np.concatenate([np.cos(half), np.sin(half) * np.array(axis)], axis=1)
    return rotations


def dense_rig() -> Rig:
    """A body of many joints near each other."""
    places = [(0, 0, -0.8), (0, 0, -0.5), (0, 0, -0.2), (0, 0, 0.1), (0, 0, 0.4)]
    places += [(0.25 * side, 0.04 * side, 0.4 + 0.01 * side) for side in (-3, -2, -1, 1, 2, 3)]
    parents = [-1, 0, 1, 2, 3, 6, 7, 4, 4, 8, 9]
    order = [0, 1, 2, 3, 4, 7, 6, 5, 8, 9, 10]
    renamed = {old: new for new, old in enumerate(order)}
    return Rig(
        names=tuple(f"j{number}" for number in range(11)),
        parents=np.array([renamed[parents[old]] if parents[old] >= 0 else -1 for old in order]),
        rest_joints=np.array([places[old] for old in order], dtype=float),
    )
