"""Joints that are about right, put where the rig's bones are as long as they are."""

from __future__ import annotations

import numpy as np

from rigmill.reconstruct.joints.bones import RIGID, rest_lengths
from rigmill.reconstruct.kinematics import drawn_reach, drawn_rig
from rigmill.types import Bools, Floats, Rig

_BONE_WEIGHT = 300.0  # of a bone's squared error beside a joint's
_NOTHING = 1e-3  # the weight of where a joint that is not told is thought to be
_FREE_FROM = 0.25  # of the rig's size: a bone that hangs from a root and is longer
_BENDS = 0.1  # how much nearer or farther than at rest joints are between which joints are that are not drawn


def with_own_lengths(rig: Rig, drawn: Bools, joints: Floats, told: Bools) -> Floats:
    """Joints (T, J, 3) of which those that are `drawn` (J,) have bones that point as they did, as long as at rest; the
    whole is as near as that leaves it to where it was. Those that are not `told` (T, J) go where their bones put them.

    Of a body, whose bones keep their lengths. What hangs far below a root may come nearer all the same: a root on the
    floor stays there when the body bobs, and in rigs made for animators the feet's handles hang from it.
    """
    small, known = drawn_rig(rig, drawn), told[:, drawn]
    above = np.maximum(small.parents, 0)
    rest, size = rest_lengths(small.parents, small.rest_joints), float(np.ptp(small.rest_joints, axis=0).max(initial=0))
    reach = drawn_reach(rig, drawn)
    rigid = reach <= RIGID * rest
    least = np.where(rigid, rest, (1 - _BENDS) * rest)
    most = np.where(rigid, rest, np.minimum(reach, (1 + _BENDS) * rest))
    bones = np.flatnonzero((small.parents >= 0) & ~((rest > _FREE_FROM * size) & (small.parents[above] < 0)))
    num = len(bones)
    if not num:
        return joints
    spans = np.zeros((num, len(rest)))
    spans[np.arange(num), bones], spans[np.arange(num), above[bones]] = 1, -1
    places = _hung(small, joints[:, drawn], known)
    ways = spans @ places
    lengths = np.maximum(np.linalg.norm(ways, axis=-1), 1e-9)
    ways *= (np.clip(lengths, least[bones], most[bones]) / lengths)[..., None]
    # Not the nearest places of all: a straight arm that is told too short would be folded.
    weights = np.where(known, 1.0, _NOTHING)[..., None]
    normal = _BONE_WEIGHT * spans.T @ spans + weights * np.eye(len(rest))
    found = np.linalg.solve(normal, weights * places + _BONE_WEIGHT * (spans.T @ ways))
    whole = joints.copy()
    whole[:, drawn] = found
    return whole


def _hung(rig: Rig, joints: Floats, told: Bools) -> Floats:
    """The same joints, with those that are not told beside their parents as at rest."""
    placed = joints.copy()
    for joint, parent in enumerate(rig.parents):
        unknown = ~told[:, joint]
        beside = placed[unknown, parent] - rig.rest_joints[parent] if parent >= 0 else 0.0
        placed[unknown, joint] = beside + rig.rest_joints[joint]
    return placed
