"""What the rig knows about places: how far joints can be from each other, and how long bones are."""

from __future__ import annotations

import numpy as np

from rigmill.types import Bools, Floats, Ints

_TIGHT_BELOW = 0.7  # share of a frame's joints that two views agree on: fewer, and agreement may be chance
_BONE_WEIGHT = 20.0  # of a squared bone-length error beside a squared reprojection error, both in pixels
_SURE_FRAMES, _SURE_SHARE = 3, 0.3  # that a length has to be seen in
_ELASTIC, _LEAST_ELASTIC = 0.06, 0.012  # of the bone, of the rig's size: a length that changes by more does change
_STEADY = 4.0  # times what it changes from frame to frame: what jumps about is measured badly
RIGID = 1.001  # times the rest length that a joint can be from its parent, for the bone to be one


def rest_lengths(parents: Ints, rest_joints: Floats) -> Floats:
    """The length of every joint's bone at rest (J,), 0 for roots."""
    return np.where(parents >= 0, np.linalg.norm(rest_joints - rest_joints[np.maximum(parents, 0)], axis=-1), 0.0)


def measured_reach(joints: Floats, sure: Bools, *, parents: Ints, reach: Floats, size: float) -> tuple[Floats, Bools]:
    """How far joints (J,) are from their parents in this clip if that is more than `reach`, and whose bones stretch.

    Joints slide in drawers, and in rigs made for animators, feet hang from the root. Only what at least three views
    agree on, `sure` (T, J), can say so.
    """
    reach, elastic = reach.copy(), np.zeros(len(parents), dtype=np.bool_)
    for joint, parent in enumerate(parents):
        both = sure[:, joint] & sure[:, parent]
        if parent < 0 or both.sum() < max(_SURE_FRAMES, _SURE_SHARE * len(both)):
            continue
        lengths = np.linalg.norm(joints[both, joint] - joints[both, parent], axis=-1)
        least, middle, most = np.quantile(lengths, (0.05, 0.5, 0.95))
        steps = float(np.median(np.abs(np.diff(lengths))))
        reach[joint] = max(reach[joint], 1.02 * most)
        elastic[joint] = most - least > max(_ELASTIC * middle, _LEAST_ELASTIC * size, _STEADY * steps)
    return reach, elastic


def within_reach(
    joints: Floats, usable: Bools, *, parents: Ints, rest_joints: Floats, reach: Floats, size: float
) -> Bools:
    """The usable joints (T, J) that are not farther from their nearest accepted ancestor than the rig can reach.

    Views can agree on a wrong place; a skeleton cannot. The limits are loose where most joints were seen, because
    a wrongly refused joint costs more there, and tight where few were. A frame whose root is wrong loses its joints.
    """
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
        path[:, joint] = reach[joint] + np.where(direct, 0.0, path[:, parent])
        distance = np.linalg.norm(joints[:, joint] - joints[frames, np.maximum(anchor[:, joint], 0)], axis=-1)
        longest = path[:, joint] * np.where(tight[:, 0], 1.25, 1.5) + size * np.where(tight[:, 0], 0.0075, 0.036)
        rigid = direct & (reach[joint] < RIGID * bone)
        shortest = np.where(tight[:, 0] & rigid, 0.75 * bone - 0.0075 * size, 0.0)
        accepted[:, joint] &= (anchor[:, joint] < 0) | ((distance <= longest) & (distance >= shortest))
    supported = _supported(joints, accepted, parents=parents, rest_joints=rest_joints, size=size)
    return np.where(tight, accepted & supported, accepted)


def _supported(joints: Floats, accepted: Bools, *, parents: Ints, rest_joints: Floats, size: float) -> Bools:
    """Joints (T, J) with an accepted parent or child at about the distance that their bone has at rest.

    Level cameras at right angles share the vertical alone, so that two of them agree is one equation, which noise
    meets for one joint in six. That a neighbour in the rig agrees too is seldom chance.
    """
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


def bone_lengths(
    joints: Floats, usable: Bools, *, parents: Ints, rest_joints: Floats, rigid: Bools, px: float
) -> tuple[Floats, Floats]:
    """Every bone's length in this clip (J,) and its weight (J,), little where the length changes, none if not rigid."""
    lengths, weights = np.zeros(len(parents)), np.zeros(len(parents))
    for joint, parent in enumerate(parents):
        if parent < 0:
            continue
        both = usable[:, joint] & usable[:, parent]
        rest = float(np.linalg.norm(rest_joints[joint] - rest_joints[parent]))
        measured = np.linalg.norm(joints[both, joint] - joints[both, parent], axis=-1)
        lengths[joint] = np.median(measured) if len(measured) >= 3 else rest
        spread_px = np.median(np.abs(measured - lengths[joint])) * px if len(measured) >= 3 else 0.0
        weights[joint] = _BONE_WEIGHT / (1 + spread_px**2) if rigid[joint] else 0.0
    return lengths, weights
