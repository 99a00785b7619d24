"""How far a reconstruction is from the truth, and how well it agrees with itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.reconstruct.kinematics import drawn_rig
from rigmill.reconstruct.reconstruct import Reconstruction
from rigmill.rigs import skeleton
from rigmill.types import Bools, Floats, Motion, Rig

_FAR_PCT = 2.0
_PCK_RADII = 0.5  # a centre within half a disc's radius counts as correct


@dataclass(frozen=True, slots=True)
class Scores:
    """One reconstruction's numbers. Shares are 0..1, `over_2pct` per cent; None: not measurable here."""

    mpjpe_pct: float | None  # drawn joints, per cent of the height
    mpjpe_all_pct: float | None  # all joints, after the joint angles
    over_2pct: float | None  # per cent of drawn joints and frames farther off than 2 % of the height
    usable_share: float
    branch_rotation_deg: float | None  # joints whose children fix all three axes
    chain_rotation_deg: float | None  # one child: twist cannot be seen
    leaf_rotation_deg: float | None
    reprojection_px: float | None  # None when no joint is usable
    bone_drift_pct: float | None  # mean |seen length - rest length| / rest length
    pck_2d: float | None  # share of visible true centres found within half a radius
    missing_share: float = 0.0  # of drawn joints and frames: too little is seen
    swapped_share: float = 0.0  # taken for another joint


def height(rig: Rig) -> float:
    """The unit of 'per cent of height': the largest extent of the rest joints along a world axis."""
    return float(np.ptp(rig.rest_joints, axis=0).max())


def joint_classes(rig: Rig, drawn: Bools) -> dict[str, Bools]:
    """Which drawn joints (D,) are a branch, chain or leaf, by what the other drawn joints tell about their turn."""
    small = drawn_rig(rig, drawn)
    offsets = skeleton.rest_offsets(small)
    below = skeleton.children(small.parents)
    branch = np.array([skeleton.fixes_turn(offsets[list(joints)]) for joints in below], dtype=np.bool_)
    leaf = np.array([not joints for joints in below], dtype=np.bool_)
    return {"branch": branch, "chain": ~branch & ~leaf, "leaf": leaf}


def turn_errors_deg(first: Floats, second: Floats) -> Floats:
    """The angle (...) between rotations (..., 3, 3)."""
    # By the chord, not by the trace: the arc cosine of a trace loses half the digits near zero.
    chord = np.linalg.norm(first - second, axis=(-2, -1)) / np.sqrt(8)
    return np.degrees(2 * np.arcsin(np.minimum(chord, 1.0)))


def _mean(values: Floats) -> float | None:
    return float(np.mean(values)) if values.size else None


def _bone_drift_pct(found: Reconstruction, small: Rig) -> float | None:
    bones = np.flatnonzero(small.parents >= 0)
    rest = np.linalg.norm(small.rest_joints[bones] - small.rest_joints[small.parents[bones]], axis=-1)
    bones, rest = bones[rest > 1e-6], rest[rest > 1e-6]
    up = small.parents[bones]
    both = found.usable[:, bones] & found.usable[:, up]
    lengths = np.linalg.norm(found.triangulated[:, bones] - found.triangulated[:, up], axis=-1)
    return _mean(100 * (np.abs(lengths - rest) / rest)[both])


def score(
    found: Reconstruction,
    *,
    rig: Rig,
    drawn: Bools,
    radius_px: float,
    motion: Motion | None = None,
    joints: Floats | None = None,
    joints_px: Floats | None = None,
    visible: Bools | None = None,
) -> Scores:
    """The scores of a reconstruction against the true motion, joints (T, J, 3) and centres (V, T, J, 2) if known.

    `joints_px` and `radius_px` are at the size of the maps that were read. MPJPE is the mean distance between
    found and true joints in per cent of the rig's `height`; rotation errors are of world turns.
    """
    mpjpe = mpjpe_all = far = pck = None
    rotation: dict[str, float | None] = {"branch": None, "chain": None, "leaf": None}
    if joints is not None:
        unit = 100 / max(height(rig), 1e-9)
        errors = np.linalg.norm(found.triangulated - joints[:, drawn], axis=-1) * unit
        mpjpe, far = _mean(errors), _mean(100.0 * (errors > _FAR_PCT))
        mpjpe_all = _mean(np.linalg.norm(found.joints - joints, axis=-1) * unit)
    if motion is not None:
        off = turn_errors_deg(skeleton.forward(rig, found.motion)[1], skeleton.forward(rig, motion)[1])[:, drawn]
        rotation = {name: _mean(off[:, members]) for name, members in joint_classes(rig, drawn).items()}
    if joints_px is not None and visible is not None:
        distance = np.linalg.norm(found.centres_px - joints_px[:, :, drawn], axis=-1)
        right = np.nan_to_num(distance, nan=np.inf) <= _PCK_RADII * radius_px
        pck = _mean(right[visible[:, :, drawn]])
    return Scores(
        mpjpe_pct=mpjpe,
        mpjpe_all_pct=mpjpe_all,
        over_2pct=far,
        usable_share=float(found.usable.mean()),
        branch_rotation_deg=rotation["branch"],
        chain_rotation_deg=rotation["chain"],
        leaf_rotation_deg=rotation["leaf"],
        reprojection_px=_mean(found.reprojection_px[found.usable]),
        bone_drift_pct=_bone_drift_pct(found, drawn_rig(rig, drawn)),
        pck_2d=pck,
        missing_share=float(found.missing.mean()),
        swapped_share=float(found.swapped.mean()),
    )
