"""3D joints from 2D ones in several views: rays that agree, gaps filled over time, then `refine`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rigmill.camera import project
from rigmill.reconstruct.agree import best_points
from rigmill.reconstruct.refine import lenses, refine
from rigmill.types import Bools, Camera, Floats, Ints

_PARALLEL = 0.3  # det / (trace / 3)^3 of the rays' normal matrix below which depth is a guess: opposite views
_TIGHT_BELOW = 0.7  # share of a frame's joints that two views agree on: fewer, and agreement may be chance
_BONE_WEIGHT = 20.0  # of a squared bone-length error beside a squared reprojection error, both in pixels


@dataclass(frozen=True, slots=True)
class Triangulated:
    """3D joints of one clip."""

    joints: Floats  # (T, J, 3) world; interpolated in time where not usable
    usable: Bools  # (T, J) seen within the threshold by two views that are not parallel
    reprojection_px: Floats  # (T, J) mean over the views that agree, NaN if not usable


def _roundness(normal: Floats) -> Floats:
    """1 when rays come from all sides, 0 when they are parallel, (...)."""
    trace = np.trace(normal, axis1=-2, axis2=-1)
    return np.where(trace > 1e-9, np.linalg.det(normal) / np.maximum(trace / 3, 1e-9) ** 3, 0.0)


def _errors_px(cameras: Sequence[Camera], joints: Floats, centres: Floats) -> Floats:
    """Distances (V, T, J) between projected and measured centres, infinite where nothing was measured."""
    errors = np.stack([np.linalg.norm(project(camera, joints)[0] - seen, axis=-1)
                       for camera, seen in zip(cameras, centres)])
    return np.where(np.isfinite(errors), errors, np.inf)


def _best_subset(
    cameras: Sequence[Camera], centres: Floats, confidence: Floats, *, threshold_px: float
) -> tuple[Floats, Floats]:
    """The point (T, J, 3) that most views agree on, and its truncated cost, infinite where no two views can say."""
    views = range(len(cameras))
    subsets = [
        sum(1 << view for view in subset)
        for size in range(len(cameras), 1, -1) for subset in itertools.combinations(views, size)
    ]
    points, costs = np.zeros((*confidence.shape[1:], 3)), np.zeros(confidence.shape[1:])
    best_points(
        lenses(cameras), np.stack([camera.position for camera in cameras]), np.array(subsets, dtype=np.int64),
        np.ascontiguousarray(centres, dtype=np.float64), np.ascontiguousarray(confidence, dtype=np.float64),
        threshold_px, _PARALLEL, points, costs,
    )
    return points, costs


def _agreeing(
    cameras: Sequence[Camera], joints: Floats, centres: Floats, confidence: Floats, *, threshold_px: float
) -> tuple[Bools, Floats]:
    """Which joints (T, J) at least two views that are not parallel see in place, and the error (T, J) in those."""
    errors = _errors_px(cameras, joints, centres)
    inlier = (errors <= threshold_px) & (confidence > 0)
    rays = np.stack([joints - camera.position for camera in cameras])
    rays /= np.maximum(np.linalg.norm(rays, axis=-1, keepdims=True), 1e-12)
    normal = np.sum((np.eye(3) - rays[..., :, None] * rays[..., None, :]) * inlier[..., None, None], axis=0)
    usable = (inlier.sum(axis=0) >= 2) & (_roundness(normal) > _PARALLEL)
    mean = np.where(inlier, errors, 0.0).sum(axis=0) / np.maximum(inlier.sum(axis=0), 1)
    return usable, np.where(usable, mean, np.nan)


def _interpolated(joints: Floats, usable: Bools, *, parents: Ints, rest_joints: Floats) -> Floats:
    """The joints (T, J, 3) with those that are not usable placed by their offset from the parent, over time."""
    filled = joints.copy()
    frames = np.arange(len(joints))
    for joint, parent in enumerate(parents):
        missing = ~usable[:, joint]
        if not missing.any():
            continue
        base = filled[:, parent] if parent >= 0 else np.zeros((len(joints), 3))
        known = usable[:, joint] & (usable[:, parent] if parent >= 0 else True)
        if known.any():
            offset = np.stack(
                [np.interp(frames, frames[known], (joints[known, joint] - base[known])[:, axis]) for axis in range(3)],
                axis=-1,
            )
        else:
            offset = rest_joints[joint] - (rest_joints[parent] if parent >= 0 else 0.0) + np.zeros((len(joints), 3))
        filled[missing, joint] = (base + offset)[missing]
    return filled


def _within_reach(joints: Floats, usable: Bools, *, parents: Ints, rest_joints: Floats) -> Bools:
    """The usable joints (T, J) that are not farther from their nearest accepted ancestor than the rig can reach.

    Views can agree on a wrong place; a skeleton cannot. The limits are loose where most joints were seen, because
    a wrongly refused joint costs more there, and tight where few were. A frame whose root is wrong loses its joints.
    """
    size = float(np.ptp(rest_joints, axis=0).max(initial=0.0))
    tight = (usable.mean(axis=1) < _TIGHT_BELOW)[:, None]
    accepted = usable.copy()
    frames = np.arange(len(joints))
    anchor = np.full(usable.shape, -1)  # the nearest accepted ancestor of every joint, per frame
    path = np.zeros(usable.shape)  # and the length of the bones in between
    for joint, parent in enumerate(parents):
        if parent < 0:
            continue
        bone = float(np.linalg.norm(rest_joints[joint] - rest_joints[parent]))
        direct = accepted[:, parent]
        anchor[:, joint] = np.where(direct, parent, anchor[:, parent])
        path[:, joint] = bone + np.where(direct, 0.0, path[:, parent])
        distance = np.linalg.norm(joints[:, joint] - joints[frames, np.maximum(anchor[:, joint], 0)], axis=-1)
        longest = path[:, joint] * np.where(tight[:, 0], 1.25, 1.5) + size * np.where(tight[:, 0], 0.0075, 0.036)
        shortest = np.where(tight[:, 0] & direct, 0.75 * bone - 0.0075 * size, 0.0)
        accepted[:, joint] &= (anchor[:, joint] < 0) | ((distance <= longest) & (distance >= shortest))
    supported = _supported(joints, accepted, parents=parents, rest_joints=rest_joints)
    return np.where(tight, accepted & supported, accepted)


def _supported(joints: Floats, accepted: Bools, *, parents: Ints, rest_joints: Floats) -> Bools:
    """Joints (T, J) with an accepted parent or child at about the distance that their bone has at rest.

    Level cameras at right angles share the vertical alone, so that two of them agree is one equation, which noise
    meets for one joint in six. That a neighbour in the rig agrees too is seldom chance.
    """
    size = float(np.ptp(rest_joints, axis=0).max(initial=0.0))
    supported = np.zeros(accepted.shape, dtype=np.bool_)
    for joint, parent in enumerate(parents):
        if parent < 0:
            continue
        bone = float(np.linalg.norm(rest_joints[joint] - rest_joints[parent]))
        length = np.linalg.norm(joints[:, joint] - joints[:, parent], axis=-1)
        fits = accepted[:, joint] & accepted[:, parent] & (np.abs(length - bone) <= 0.25 * bone + 0.0075 * size)
        supported[:, joint] |= fits
        supported[:, parent] |= fits
    return supported if len(parents) > 1 else accepted


def _bones(joints: Floats, usable: Bools, *, parents: Ints, rest_joints: Floats, px: float) -> tuple[Floats, Floats]:
    """Every bone's length in this clip (J,) and its weight (J,), little where the length really changes."""
    lengths, weights = np.zeros(len(parents)), np.zeros(len(parents))
    for joint, parent in enumerate(parents):
        if parent < 0:
            continue
        both = usable[:, joint] & usable[:, parent]
        rest = float(np.linalg.norm(rest_joints[joint] - rest_joints[parent]))
        measured = np.linalg.norm(joints[both, joint] - joints[both, parent], axis=-1)
        lengths[joint] = np.median(measured) if len(measured) >= 3 else rest
        spread_px = np.median(np.abs(measured - lengths[joint])) * px if len(measured) >= 3 else 0.0
        weights[joint] = _BONE_WEIGHT / (1 + spread_px**2)
    return lengths, weights


def triangulate(
    cameras: Sequence[Camera], centres: Floats, confidence: Floats, *,
    parents: Ints, rest_joints: Floats, threshold_px: float, shapes: Floats | None = None,
) -> Triangulated:
    """3D joints from centres (V, T, J, 2) and confidences (V, T, J) of joints with these parents and rest places.

    `shapes` (V, T, J, 3) are those of `refine`.
    """
    points, cost = _best_subset(cameras, centres, confidence, threshold_px=threshold_px)
    usable, _ = _agreeing(cameras, points, centres, confidence, threshold_px=threshold_px)
    usable = _within_reach(points, usable & np.isfinite(cost), parents=parents, rest_joints=rest_joints)
    joints = _interpolated(points, usable, parents=parents, rest_joints=rest_joints)
    camera = cameras[0]
    middle = rest_joints.mean(axis=0) if not usable.any() else joints[usable].mean(axis=0)
    px = float(camera.intrinsics[0, 0] / max(np.linalg.norm(camera.position - middle), 1e-6))
    lengths, weights = _bones(joints, usable, parents=parents, rest_joints=rest_joints, px=px)
    trusted = confidence * usable  # views of a refused joint must not pull it, nor its neighbours through the bones
    joints = refine(
        cameras, joints, centres, trusted, parents=parents, lengths=lengths, weights=weights,
        threshold_px=threshold_px, px=px, shapes=shapes,
    )
    usable, reprojection_px = _agreeing(cameras, joints, centres, trusted, threshold_px=threshold_px)
    return Triangulated(joints=joints, usable=usable, reprojection_px=reprojection_px)
