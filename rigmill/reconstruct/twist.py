"""The turn about a bone that joint positions do not show, chosen so that joints turn as little as they can."""

from __future__ import annotations

import numpy as np

from rigmill.rigs import quaternions, skeleton
from rigmill.types import Bools, Floats, Motion, Rig

_ROUNDS = 4
_DEARER = 6.0  # how much more a turn about a bone counts than a swing
_LEAST = 1e-9


def _vectors(turns: Floats) -> Floats:
    """Rotation vectors (..., 3) of rotation matrices (..., 3, 3)."""
    units = quaternions.from_matrix(turns)
    sine = np.linalg.norm(units[..., 1:], axis=-1)
    angle = 2 * np.arctan2(sine, units[..., 0])
    return units[..., 1:] * np.where(sine > _LEAST, angle / np.maximum(sine, _LEAST), 2.0)[..., None]


def _about(axes: Floats, angles: Floats) -> Floats:
    """Rotation matrices (..., 3, 3) about unit axes (..., 3)."""
    half = angles[..., None] / 2
    return quaternions.to_matrix(np.concatenate([np.cos(half), axes * np.sin(half)], axis=-1))


def _free(rig: Rig, loose: Bools | None) -> tuple[Bools, Floats]:
    """The joints (J,) whose turn about their bone is not seen, and all joints' bones at rest (J, 3), unit vectors.

    The bone of a joint with several is the middle of them; leaves have none.
    """
    offsets, below = skeleton.rest_offsets(rig), skeleton.children(rig.parents)
    size = float(np.ptp(rig.rest_joints, axis=0).max(initial=0.0)) or 1.0
    free, bones = np.zeros(rig.num_joints, dtype=np.bool_), np.zeros((rig.num_joints, 3))
    for joint, children in enumerate(below):
        seen = [
            child
            for child in children
            if np.linalg.norm(offsets[child]) > _LEAST * size and not (loose is not None and loose[child])
        ]
        if seen and not skeleton.fixes_turn(offsets[seen]):
            longest = max(seen, key=lambda child: float(np.linalg.norm(offsets[child])))
            free[joint] = True
            bones[joint] = offsets[longest] / np.linalg.norm(offsets[longest])
        elif seen:
            middle = offsets[seen].sum(axis=0)
            bones[joint] = middle / max(float(np.linalg.norm(middle)), _LEAST * size)
    return free, bones


def spread(rig: Rig, motion: Motion, *, loose: Bools | None = None) -> Motion:
    """The motion with the same joint positions and the least sum of squared turns relative to parents.

    A turn about a joint's own bone counts `_DEARER` times: limbs swing more than they twist. A chain between two joints
    whose turns are seen shares the twist between them, where the chain's end would have it all; a shin takes part of a
    foot's turn about it. Unknown is one angle for each joint that is turned by one bone, coupled to its neighbours in
    the tree alone, so the normal equations are solved by elimination. Joints that are `loose` (J,) tell nothing.
    """
    free, bones = _free(rig, loose)
    if not free.any():
        return motion
    turns = skeleton.forward(rig, motion)[1]
    parents = rig.parents
    for _ in range(_ROUNDS):
        axes = np.einsum("tjab,jb->tja", turns, bones)
        above = np.where((parents >= 0)[:, None, None], turns[:, np.maximum(parents, 0)], np.eye(3))
        # In world axes, a joint's turn relative to its parent grows by axis * angle - parent's axis * parent's angle.
        relative = _vectors(turns @ np.swapaxes(above, -1, -2))
        leaf = ~np.isin(np.arange(rig.num_joints), parents)
        counted = (~leaf | (np.abs(relative).max(axis=(0, 2)) > 1e-6)).astype(np.float64)
        diagonal = np.where(free, _DEARER * counted, 1.0) + np.zeros(axes.shape[:2]) + 1e-6
        along = np.sum(axes * relative, axis=-1)
        right = -_DEARER * along * counted
        coupling = np.zeros(axes.shape[:2])
        for joint in reversed(range(rig.num_joints)):
            up = parents[joint]
            if up < 0 or not free[up] or not counted[joint]:
                continue
            shared = np.sum(axes[:, joint] * axes[:, up], axis=-1)
            diagonal[:, up] += 1.0 + (_DEARER - 1) * shared**2
            right[:, up] += np.sum(axes[:, up] * relative[:, joint], axis=-1)
            right[:, up] += (_DEARER - 1) * shared * along[:, joint]
        # Eliminate from the leaves; a joint's equations are complete once all below it are.
        for joint in reversed(range(rig.num_joints)):
            up = parents[joint]
            if up < 0 or not free[joint] or not free[up]:
                continue
            coupling[:, joint] = -_DEARER * np.sum(axes[:, joint] * axes[:, up], axis=-1)
            share = coupling[:, joint] / diagonal[:, joint]
            diagonal[:, up] -= share * coupling[:, joint]
            right[:, up] -= share * right[:, joint]
        angles = np.zeros(axes.shape[:2])
        for joint in range(rig.num_joints):
            if free[joint]:
                up = parents[joint]
                carried = coupling[:, joint] * angles[:, up] if up >= 0 and free[up] else 0.0
                angles[:, joint] = (right[:, joint] - carried) / diagonal[:, joint]
        turns = _about(axes, angles * free) @ turns
        # Leaves follow their parents.
        for joint in np.flatnonzero(leaf & (counted == 0)):
            if parents[joint] >= 0:
                turns[:, joint] = turns[:, parents[joint]]
    return Motion(rotations=skeleton.local_from_world(parents, turns), translations=motion.translations, fps=motion.fps)
