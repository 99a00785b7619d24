"""Pose maps of several views to a motion: localise, triangulate, solve the joint angles (3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rigmill.reconstruct.discs.first_look import condition_of
from rigmill.reconstruct.discs.kmeans import clustered
from rigmill.reconstruct.discs.second_look import Discs, SecondLook
from rigmill.reconstruct.joints.sightings import sightings
from rigmill.reconstruct.joints.triangulate import Triangulated, triangulate
from rigmill.reconstruct.kinematics import drawn_reach, drawn_rig, solve
from rigmill.types import Bools, Bytes, Camera, Floats, Motion, Rig

Method = Literal["palette", "kmeans"]
_LEAST_THRESHOLD_PX = 1.0
_LEAST_LOOKS, _MOST_LOOKS = 2, 6  # after the first one; the last one is the one that finds nothing more


@dataclass(frozen=True, slots=True)
class Options:
    """How to reconstruct."""

    method: Method = "palette"  # how 2D joints are found; "kmeans" as in the paper, for comparison
    bone_weight: float = 1.0  # of bone lengths, 0 for none
    # The weight of a joint's squared distance, in pixels, from the cubic through its places one and two frames before
    # and after, beside that of a squared reprojection error; 0 for none.
    smoothness: float = 0.0
    spread_twist: bool = True  # see `twist.spread`
    threads: int = 1  # that work on views at the same time; the result does not depend on it


class BadMaps(ValueError):
    """Pose maps, cameras and rig that do not belong together."""


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
        azimuth_deg=camera.azimuth_deg,
        intrinsics=stretch @ camera.intrinsics,
        world_to_view=camera.world_to_view,
        width_px=width_px,
        height_px=height_px,
    )


def reconstruct(
    maps: Bytes,
    *,
    cameras: Sequence[Camera],
    rig: Rig,
    drawn: Bools,
    colours: Bytes,
    radius_px: float,
    fps: float,
    options: Options = Options(),
) -> Reconstruction:
    """The motion that pose maps (V, T, H, W, 3) show, given the rig at rest and the colours (J, 3) of its joints.

    `radius_px` is the discs' radius at the size of the maps; the cameras are resized to it. Nothing of the true
    motion is looked at.
    """
    _check(maps, cameras, rig=rig, drawn=drawn, colours=colours, radius_px=radius_px)
    height_px, width_px = maps.shape[2:4]
    resized = [resize_camera(camera, width_px=width_px, height_px=height_px) for camera in cameras]
    small, reach = drawn_rig(rig, drawn), drawn_reach(rig, drawn)
    shown = colours[drawn]

    def triangulated(views: Sequence[Discs], *, is_first: bool) -> Triangulated:
        return triangulate(
            resized,
            sightings(
                resized,
                np.stack([discs.centres for discs in views]),
                np.stack([discs.confidence for discs in views]),
                None if is_first else np.stack([discs.shapes for discs in views]),
            ),
            parents=small.parents,
            rest_joints=small.rest_joints,
            threshold_px=max(radius_px, _LEAST_THRESHOLD_PX),
            reach=reach,
            bone_weight=options.bone_weight,
            smoothness=options.smoothness,
        )

    with ThreadPoolExecutor(options.threads) as pool:
        if options.method == "kmeans":
            seen = [Discs(*pair, np.empty(0)) for pair in pool.map(lambda view: clustered(view, colours=shown), maps)]
            found = triangulated(seen, is_first=True)
        else:
            condition = condition_of(maps[0], colours=shown, radius_px=radius_px)
            views = list(
                pool.map(
                    lambda pair: SecondLook(
                        *pair, parents=small.parents, colours=shown, radius_px=radius_px, condition=condition
                    ),
                    zip(maps, resized),
                )
            )
            found = triangulated([view.discs for view in views], is_first=True)
            for number in range(_MOST_LOOKS):
                num_usable = int(found.usable.sum())
                list(pool.map(lambda view: view.look_again(found.joints, ~found.usable), views))  # noqa: B023
                found = triangulated([view.discs for view in views], is_first=False)
                if number >= _LEAST_LOOKS - 1 and found.usable.sum() <= num_usable:
                    break
            seen = [view.discs for view in views]
    # A joint that no frame shows is left at rest, as one that is not drawn; the first root has to be somewhere.
    seen_once = found.usable.any(axis=0) | (np.arange(len(small.parents)) == 0)
    solved = drawn.copy()
    solved[drawn] = seen_once
    motion, joints = solve(
        rig,
        solved,
        found.joints[:, seen_once],
        fps=fps,
        spread_twist=options.spread_twist,
        elastic=found.elastic[seen_once],
    )
    return Reconstruction(
        motion=motion,
        joints=joints,
        triangulated=found.joints,
        usable=found.usable,
        centres_px=np.stack([view.centres for view in seen]),
        confidence=np.stack([view.confidence for view in seen]),
        reprojection_px=found.reprojection_px,
        missing=~found.usable & ~found.odd,
        swapped=found.odd,
    )


def _check(maps: Bytes, cameras: Sequence[Camera], *, rig: Rig, drawn: Bools, colours: Bytes, radius_px: float) -> None:
    """Raises `BadMaps` where the pieces do not belong together."""
    if maps.ndim != 5 or maps.shape[-1] != 3 or maps.dtype != np.uint8 or 0 in maps.shape:
        raise BadMaps(f"pose maps are (views, frames, height, width, 3) bytes, got {maps.shape} {maps.dtype}")
    if len(maps) != len(cameras):
        raise BadMaps(f"{len(maps)} views of pose maps and {len(cameras)} cameras")
    if len(drawn) != rig.num_joints or len(colours) != rig.num_joints:
        raise BadMaps(f"a rig of {rig.num_joints} joints, {len(drawn)} drawn flags and {len(colours)} colours")
    if not drawn.any():
        raise BadMaps("no joint is drawn")
    if not (np.isfinite(radius_px) and radius_px > 0):
        raise BadMaps(f"discs have a radius of {radius_px} px")
    if not np.isfinite(rig.rest_joints).all():
        raise BadMaps("the rig at rest holds numbers that are not finite")
    for number, camera in enumerate(cameras):
        if not (np.isfinite(camera.intrinsics).all() and np.isfinite(camera.world_to_view).all()):
            raise BadMaps(f"camera {number} holds numbers that are not finite")
        if min(camera.intrinsics[0, 0], camera.intrinsics[1, 1], camera.width_px, camera.height_px) <= 0:
            raise BadMaps(f"camera {number} has no focal length or no size")
