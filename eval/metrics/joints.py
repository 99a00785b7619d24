"""How far joints and turns are from the true ones. T frames, J joints, world +Z up; lengths in per cent of a height.

The height is the caller's: `rigmill.reconstruct.metrics.height` of the rig at rest, in the unit of the joints.
"""

from __future__ import annotations

import numpy as np

from eval.metrics.metric import Better, Metric
from rigmill.reconstruct.metrics import joint_classes, turn_errors_deg
from rigmill.rigs import skeleton
from rigmill.types import Bools, Floats, Ints, Rig

PCK_LIMITS_PCT = (2, 5, 10)  # of the height
CLASSES = ("branch", "chain", "leaf")
_NOTHING = 1e-6  # of the rig: a bone this short has no direction, and no length to drift from

METRICS = (
    Metric("mpjpe_pct", "MPJPE", "%", Better.LOWER, "mean distance of joints from the true ones, of the height"),
    Metric(
        "pa_mpjpe_pct",
        "PA-MPJPE",
        "%",
        Better.LOWER,
        "the same after every frame's best similarity (turn, shift, one scale) onto the true joints",
    ),
    *(
        Metric(
            f"pck_3d_{limit}pct",
            f"PCK@{limit}%",
            "",
            Better.HIGHER,
            f"share of joints and frames within {limit} % of the height of the true ones",
        )
        for limit in PCK_LIMITS_PCT
    ),
    *(
        Metric(
            f"rotation_{name}_deg",
            f"rotation, {name}",
            "deg",
            Better.LOWER,
            f"mean angle between a {name} joint's world turn and the true one",
        )
        for name in CLASSES
    ),
    *(
        Metric(
            f"swing_{name}_deg",
            f"swing, {name}",
            "deg",
            Better.LOWER,
            f"mean angle between where a {name} joint's turn and the true one point its bones: twist is not in it",
        )
        for name in CLASSES
    ),
    Metric("bone_drift_pct", "bone drift", "%", Better.LOWER, "mean change of a bone's length from its length at rest"),
    Metric(
        "jitter_pct_s3",
        "jitter",
        "%/s3",
        Better.NEITHER,
        "mean size of the joints' jerk (third difference), of the height; a body that stands still has none",
    ),
    Metric(
        "acceleration_error_pct_s2",
        "acceleration error",
        "%/s2",
        Better.LOWER,
        "mean distance between the joints' accelerations (second differences) and the true ones, of the height",
    ),
    Metric(
        "usable_share",
        "usable share",
        "",
        Better.HIGHER,
        "share of drawn joints and frames that two views agree on; only of methods that read pose maps",
    ),
)


def mpjpe_pct(found: Floats, truth: Floats, *, height: float) -> float:
    """The mean distance between joints (T, J, 3)."""
    return float(100 * np.linalg.norm(found - truth, axis=-1).mean() / height)


def pa_mpjpe_pct(found: Floats, truth: Floats, *, height: float) -> float:
    """The mean distance after each frame's similarity that brings its found joints nearest to the true ones."""
    from_middle, to_middle = found.mean(axis=1, keepdims=True), truth.mean(axis=1, keepdims=True)
    start, goal = found - from_middle, truth - to_middle
    u, sizes, vt = np.linalg.svd(np.einsum("tji,tjk->tik", goal, start))
    sign = np.ones_like(sizes)
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    turns = (u * sign[:, None]) @ vt
    spread = (start**2).sum(axis=(1, 2))
    scale = np.where(spread > 0, (sizes * sign).sum(axis=-1) / np.where(spread > 0, spread, 1.0), 1.0)
    aligned = scale[:, None, None] * np.einsum("tik,tjk->tji", turns, start) + to_middle
    return mpjpe_pct(aligned, truth, height=height)


def pck_3d(found: Floats, truth: Floats, *, height: float, limit_pct: float) -> float:
    """The share of joints and frames that are at most `limit_pct` per cent of the height from the true ones."""
    return float((100 * np.linalg.norm(found - truth, axis=-1) <= limit_pct * height).mean())


def rotation_errors_deg(found: Floats, truth: Floats, rig: Rig) -> dict[str, float | None]:
    """By class of joint: the mean angle between world turns (T, J, 3, 3). None: the rig has no such joint."""
    off = turn_errors_deg(found, truth)
    return {name: _mean(off[:, members]) for name, members in _classes(rig).items()}


def swing_errors_deg(found: Floats, truth: Floats, rig: Rig) -> dict[str, float | None]:
    """By class of joint: the mean angle between its bones as one and the other world turn (T, J, 3, 3) point them.

    The bones of a joint lead to its children; a leaf's goes on as the bone that leads to it. Bones without length
    have no direction, and a joint that has no other is left out.
    """
    below, offsets = skeleton.children(rig.parents), skeleton.rest_offsets(rig)
    nothing = _NOTHING * max(float(np.ptp(rig.rest_joints, axis=0).max(initial=0.0)), 1e-300)
    off, has_bone = np.zeros(found.shape[:2]), np.zeros(rig.num_joints, dtype=np.bool_)
    for joint, joints in enumerate(below):
        ends = list(joints) or ([joint] if rig.parents[joint] >= 0 else [])
        bones = [offsets[end] for end in ends if np.linalg.norm(offsets[end]) > nothing]
        if bones:
            directions = np.array([bone / np.linalg.norm(bone) for bone in bones])
            one, other = (np.einsum("tik,bk->tbi", turns[:, joint], directions) for turns in (found, truth))
            off[:, joint] = _angles_deg(one, other).mean(axis=-1)
            has_bone[joint] = True
    return {name: _mean(off[:, members & has_bone]) for name, members in _classes(rig).items()}


def bone_drift_pct(joints: Floats, *, rest: Floats, parents: Ints) -> float | None:
    """The mean of |length - length at rest| / length at rest over bones and frames; None: no bone has a length."""
    bones = np.flatnonzero(parents >= 0)
    up = parents[bones]
    lengths = np.linalg.norm(joints[:, bones] - joints[:, up], axis=-1)
    at_rest = np.linalg.norm(rest[bones] - rest[up], axis=-1)
    long = at_rest > _NOTHING * max(float(np.ptp(rest, axis=0).max(initial=0.0)), 1e-300)
    return _mean(100 * np.abs(lengths - at_rest)[:, long] / at_rest[long])


def jitter_pct_s3(joints: Floats, *, fps: float, height: float) -> float | None:
    """The mean jerk of joints (T, J, 3); None: fewer than four frames."""
    return _mean(100 * np.linalg.norm(np.diff(joints, 3, axis=0), axis=-1) * fps**3 / height)


def acceleration_error_pct_s2(found: Floats, truth: Floats, *, fps: float, height: float) -> float | None:
    """The mean distance between the accelerations of joints (T, J, 3); None: fewer than three frames."""
    return _mean(100 * np.linalg.norm(np.diff(found - truth, 2, axis=0), axis=-1) * fps**2 / height)


def _classes(rig: Rig) -> dict[str, Bools]:
    return joint_classes(rig, np.ones(rig.num_joints, dtype=np.bool_))


def _angles_deg(first: Floats, second: Floats) -> Floats:
    """Between unit vectors (..., 3), exact near zero too."""
    return np.degrees(2 * np.arctan2(np.linalg.norm(first - second, axis=-1), np.linalg.norm(first + second, axis=-1)))


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None
