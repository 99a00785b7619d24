"""3D joints from 2D ones in several views: rays that agree, gaps filled over time, then `refine`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rigmill.clips.camera import project
from rigmill.reconstruct.joints.best_point import PARALLEL, best_points, roundnesses
from rigmill.reconstruct.joints.bones import RIGID, bone_lengths, measured_reach, rest_lengths, within_reach
from rigmill.reconstruct.joints.jumps import fill, outliers
from rigmill.reconstruct.joints.least_squares import Bones, refine
from rigmill.reconstruct.joints.sightings import Sightings
from rigmill.types import Bools, Camera, Floats, Ints

_LEAST_SIZE_PX = 100.0  # of a subject: a rig may have all its joints in one place
_SMOOTHINGS = 3  # places and what they are held at follow each other
_WELL_KNOWN = 0.6  # of a joint's frames, above which gaps are filled by cubics and not by straight lines


@dataclass(frozen=True, slots=True)
class Triangulated:
    """3D joints of one clip."""

    joints: Floats  # (T, J, 3) world; interpolated in time where not usable
    usable: Bools  # (T, J) seen within the threshold by two views that are not parallel
    reprojection_px: Floats  # (T, J) mean over the views that agree, NaN if not usable
    odd: Bools  # (T, J) views agree on a place where the joint cannot be; not usable
    elastic: Bools  # (J,) the distance from the parent changes


def _errors_px(cameras: Sequence[Camera], joints: Floats, centres: Floats) -> Floats:
    """Distances (V, T, J) between projected and measured centres, infinite where a joint cannot be projected."""
    errors = np.stack(
        [np.linalg.norm(project(camera, joints)[0] - seen, axis=-1) for camera, seen in zip(cameras, centres)]
    )
    return np.where(np.isfinite(errors), errors, np.inf)


def _best_subset(cameras: Sequence[Camera], seen: Sightings, *, threshold_px: float) -> tuple[Floats, Floats]:
    """The point (T, J, 3) that most views agree on, and its truncated cost, infinite where no two views can say."""
    views = range(len(cameras))
    subsets = [
        sum(1 << view for view in subset)
        for size in range(len(cameras), 1, -1)
        for subset in itertools.combinations(views, size)
    ]
    points, costs = np.zeros((*seen.trust.shape[1:], 3)), np.zeros(seen.trust.shape[1:])
    best_points(
        seen,
        np.stack([camera.position for camera in cameras]),
        np.array(subsets, dtype=np.int64),
        threshold_px,
        points,
        costs,
    )
    return points, costs


def _agreeing(
    cameras: Sequence[Camera], joints: Floats, seen: Sightings, *, threshold_px: float
) -> tuple[Bools, Floats, Ints]:
    """Which joints (T, J) two or more views that are not parallel see in place, their error (T, J) there and number."""
    errors = _errors_px(cameras, joints, seen.centres)
    inlier = (errors <= threshold_px) & (seen.trust > 0)
    rays = np.stack([joints - camera.position for camera in cameras])
    rays /= np.maximum(np.linalg.norm(rays, axis=-1, keepdims=True), 1e-12)
    normal = np.sum((np.eye(3) - rays[..., :, None] * rays[..., None, :]) * inlier[..., None, None], axis=0)
    rounds = np.empty(joints.shape[:2])
    roundnesses(np.ascontiguousarray(normal.reshape(-1, 9)[:, [0, 1, 2, 4, 5, 8]]), rounds.reshape(-1))
    usable = (inlier.sum(axis=0) >= 2) & (rounds > PARALLEL)
    mean = np.where(inlier, errors, 0.0).sum(axis=0) / np.maximum(inlier.sum(axis=0), 1)
    return usable, np.where(usable, mean, np.nan), inlier.sum(axis=0)


def _pixels_per_unit(camera: Camera, places: Floats) -> float:
    """How many pixels a unit is long about the middle of places (N, 3)."""
    away = float(np.linalg.norm(camera.position - places.reshape(-1, 3).mean(axis=0)))
    return float(camera.intrinsics[0, 0]) / max(away, 1e-6)


def _interpolated(joints: Floats, usable: Bools, *, parents: Ints, rest_joints: Floats) -> Floats:
    """The joints (T, J, 3) with those that are not usable placed by their offset from the parent, over time."""
    filled = joints.copy()
    for joint, parent in enumerate(parents):
        missing = ~usable[:, joint]
        if not missing.any():
            continue
        base = filled[:, parent] if parent >= 0 else np.zeros((len(joints), 3))
        known = usable[:, joint] & (usable[:, parent] if parent >= 0 else True)
        if known.any():
            offset = np.ascontiguousarray(joints[:, joint] - base)
            fill(offset, known, bool(known.mean() > _WELL_KNOWN))
        else:
            offset = rest_joints[joint] - (rest_joints[parent] if parent >= 0 else 0.0) + np.zeros((len(joints), 3))
        filled[missing, joint] = (base + offset)[missing]
    return filled


def _between(joints: Floats) -> Floats:
    """Where the cubic through a joint's places (T, J, 3) two frames before and after puts it; as it is at the ends."""
    smooth = joints.copy()
    if len(joints) > 4:
        smooth[2:-2] = (4 * (joints[1:-3] + joints[3:-1]) - joints[:-4] - joints[4:]) / 6
    return smooth


def triangulate(
    cameras: Sequence[Camera],
    seen: Sightings,
    *,
    parents: Ints,
    rest_joints: Floats,
    threshold_px: float,
    reach: Floats | None = None,
    bone_weight: float = 1.0,
    smoothness: float = 0.0,
) -> Triangulated:
    """3D joints from where views see joints with these parents and rest places.

    `reach` (J,) is how far a joint can be from its parent: more than the rest length where joints in between are not
    among these. `bone_weight` and `smoothness` are those of `reconstruct`.
    """
    points, cost = _best_subset(cameras, seen, threshold_px=threshold_px)
    agreed, _, num_views = _agreeing(cameras, points, seen, threshold_px=threshold_px)
    agreed &= np.isfinite(cost)
    px = _pixels_per_unit(cameras[0], points[agreed] if agreed.any() else rest_joints)
    size = max(float(np.ptp(rest_joints, axis=0).max(initial=0.0)), _LEAST_SIZE_PX / px)
    rest = rest_lengths(parents, rest_joints)
    reach = rest if reach is None else reach
    rigid = (parents >= 0) & (reach <= RIGID * rest)
    reach, elastic = measured_reach(points, agreed & (num_views >= 3), parents=parents, reach=reach, size=size)
    rigid &= ~elastic
    rig: dict[str, Any] = {"parents": parents, "rest_joints": rest_joints}
    lengths, _ = bone_lengths(points, agreed, **rig, rigid=rigid, px=px)
    odd = outliers(points, agreed, parents=parents, lengths=np.where(rigid, lengths, np.nan), size=size)
    usable = within_reach(points, agreed & ~odd, **rig, reach=reach, size=size)
    joints = _interpolated(points, usable, **rig)
    lengths, weights = bone_lengths(joints, usable, **rig, rigid=rigid, px=px)
    bones = Bones(parents.astype(np.int64), lengths, bone_weight * weights)
    trusted = seen._replace(
        trust=seen.trust * usable
    )  # views of a refused joint must not pull it, nor its neighbours through the bones
    kept, keep = None, None
    for _ in range(_SMOOTHINGS if smoothness else 1):
        if smoothness:
            kept, keep = _between(joints), np.full(usable.shape, smoothness)
        joints = refine(joints, trusted, bones, threshold_px=threshold_px, px=px, kept=kept, keep=keep)
    usable, reprojection_px, _ = _agreeing(cameras, joints, trusted, threshold_px=threshold_px)
    return Triangulated(
        joints=joints, usable=usable, reprojection_px=reprojection_px, odd=odd & ~usable, elastic=elastic
    )
