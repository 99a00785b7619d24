"""Pose maps of several views to a motion: localise, triangulate, solve the joint angles (3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rigmill.reconstruct.again import View
from rigmill.reconstruct.kinematics import drawn_reach, drawn_rig, solve
from rigmill.reconstruct.localize import condition_of
from rigmill.reconstruct.triangulate import Triangulated, triangulate
from rigmill.types import Bools, Bytes, Camera, Floats, Motion, Rig

_LEAST_THRESHOLD_PX = 1.0
_LOOKS = 3  # after the first one


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """What pose maps say about one clip. T frames, J joints of the rig, D drawn ones, V views."""

    motion: Motion
    joints: Floats  # (T, J, 3) world, of the motion: bones as long as at rest
    triangulated: Floats  # (T, D, 3) world, as seen
    usable: Bools  # (T, D) seen well enough; elsewhere `triangulated` is interpolated
    centres_px: Floats  # (V, T, D, 2) NaN where missing
    confidence: Floats  # (V, T, D)
    reprojection_px: Floats  # (T, D) NaN where not usable
    missing: Bools  # (T, D) too little is seen of the joint
    swapped: Bools  # (T, D) views agree on a place where the joint cannot be: it was taken for another


def resize_camera(camera: Camera, *, width_px: int, height_px: int) -> Camera:
    """The camera of the same picture squeezed to another size.

    Pixel coordinates run from the picture's corner, so x scales with the width and y with the height, and a
    change of aspect gives two focal lengths. This is the convention of every resized picture here.
    """
    stretch = np.diag([width_px / camera.width_px, height_px / camera.height_px, 1.0])
    return Camera(
        azimuth_deg=camera.azimuth_deg, intrinsics=stretch @ camera.intrinsics, world_to_view=camera.world_to_view,
        width_px=width_px, height_px=height_px,
    )


def reconstruct(
    maps: Bytes, *, cameras: Sequence[Camera], rig: Rig, drawn: Bools, colours: Bytes, radius_px: float, fps: float
) -> Reconstruction:
    """The motion that pose maps (V, T, H, W, 3) show, given the rig at rest and the colours (J, 3) of its joints.

    `radius_px` is the discs' radius at the size of the maps; the cameras are resized to it. Nothing of the true
    motion is looked at.
    """
    height_px, width_px = maps.shape[2:4]
    resized = [resize_camera(camera, width_px=width_px, height_px=height_px) for camera in cameras]
    small, reach = drawn_rig(rig, drawn), drawn_reach(rig, drawn)
    own, threshold_px = colours[drawn], max(radius_px, _LEAST_THRESHOLD_PX)
    condition = condition_of(maps[0], colours=own, radius_px=radius_px)
    views = [
        View(view, camera, parents=small.parents, colours=own, radius_px=radius_px, condition=condition)
        for view, camera in zip(maps, resized)
    ]

    def triangulated(shapes: Floats | None) -> Triangulated:
        return triangulate(
            resized, np.stack([view.measured.centres for view in views]),
            np.stack([view.measured.confidence for view in views]), parents=small.parents,
            rest_joints=small.rest_joints, threshold_px=threshold_px, shapes=shapes, reach=reach,
        )

    found = triangulated(None)
    for _ in range(_LOOKS):
        for view in views:
            view.look_again(found.joints, ~found.usable)
        found = triangulated(np.stack([view.measured.shapes for view in views]))
    centres = np.stack([view.measured.centres for view in views])
    confidence = np.stack([view.measured.confidence for view in views])
    # A joint that no frame shows is left at rest, as one that is not drawn; the first root has to be somewhere.
    seen_once = found.usable.any(axis=0) | (np.arange(len(small.parents)) == 0)
    solved = drawn.copy()
    solved[drawn] = seen_once
    motion, joints = solve(rig, solved, found.joints[:, seen_once], fps=fps)
    return Reconstruction(
        motion=motion, joints=joints, triangulated=found.joints, usable=found.usable, centres_px=centres,
        confidence=confidence, reprojection_px=found.reprojection_px, missing=~found.usable & ~found.odd,
        swapped=found.odd,
    )
