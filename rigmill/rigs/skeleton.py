"""The joint tree: quaternions, forward kinematics, and joint positions back to rotations. Vectorised over frames.

Quaternions are unit, in the order w x y z, and turn column vectors. A *world turn* D of a joint is the rotation
from its rest orientation to its posed one in world axes, so bone axes and rolls never enter (see `Motion`).
"""

from __future__ import annotations

import numpy as np

from rigmill.rigs import turns as clip
from rigmill.rigs.quaternions import between, from_matrix, to_matrix
from rigmill.types import Bools, Floats, Ints, Motion, Rig

_NOTHING = 1e-9  # a bone shorter than this share of the rig has no direction
_COLLINEAR = 0.05  # second over first singular value of a joint's children below which they fix no twist


def children(parents: Ints) -> tuple[tuple[int, ...], ...]:
    """The children of every joint, in index order."""
    found: list[list[int]] = [[] for _ in parents]
    for joint, parent in enumerate(parents):
        if parent >= 0:
            found[parent].append(joint)
    return tuple(tuple(joints) for joints in found)


def rest_offsets(rig: Rig) -> Floats:
    """Each joint's rest position relative to its parent's (to the origin for a root), (J, 3) world."""
    has_parent = (rig.parents >= 0)[:, None]
    return rig.rest_joints - np.where(has_parent, rig.rest_joints[np.maximum(rig.parents, 0)], 0.0)


def forward(rig: Rig, motion: Motion) -> tuple[Floats, Floats]:
    """Joints (T, J, 3) world and world turns (T, J, 3, 3)."""
    world = clip.world_turns(rig.parents, clip.from_rotations(motion.rotations))
    offsets = (rest_offsets(rig) + motion.translations).transpose(2, 1, 0)
    joints = clip.places(rig.parents, world, offsets).transpose(2, 1, 0)
    return np.ascontiguousarray(joints), clip.to_matrices(world)


def local_from_world(parents: Ints, world_turns: Floats) -> Floats:
    """Rotations relative to the parent, (T, J, 4), of world turns (T, J, 3, 3)."""
    above = world_turns[:, np.maximum(parents, 0)]
    above = np.where((parents >= 0)[None, :, None, None], above, np.eye(3))
    return from_matrix(np.swapaxes(above, -1, -2) @ world_turns)


def local_from_places(rig: Rig, joints: Floats, world_turns: Floats) -> Floats:
    """The translations (T, J, 3) with which world turns (T, J, 3, 3) put every joint where `joints` (T, J, 3) says."""
    moved = joints - rig.rest_joints
    above = np.maximum(rig.parents, 0)
    reach = joints - joints[:, above]
    local = np.einsum("tjki,tjk->tji", world_turns[:, above], reach) - rest_offsets(rig)
    return np.where((rig.parents >= 0)[None, :, None], local, moved)


def moved_roots(parents: Ints, displacement: Floats) -> Floats:
    """Translations (T, J, 3) of a rig that moves as a whole by `displacement` (T, 3): the same for every root."""
    return np.where((np.asarray(parents) < 0)[None, :, None], displacement[:, None], 0.0)


def fixes_turn(rest: Floats) -> bool:
    """Whether rest offsets (C, 3) to the children are spread enough to fix all three axes of a joint's turn."""
    if len(rest) < 2:
        return False
    spread = np.linalg.svd(rest, compute_uv=False)
    return bool(spread[1] > _COLLINEAR * max(spread[0], 1e-300))


def best_turn(rest: Floats, posed: Floats) -> Floats:
    """The rotations (T, 3, 3) that bring rest offsets (C, 3) nearest to posed ones (T, C, 3): Kabsch."""
    u, _, vt = np.linalg.svd(np.einsum("tci,cj->tij", posed, rest))
    flip = np.ones(u.shape[:-1])
    flip[:, 2] = np.sign(np.linalg.det(u @ vt))
    return (u * flip[:, None, :]) @ vt


def inverse(
    rig: Rig, joints: Floats, *, fps: float = 16.0, rigid: Bools | None = None, loose: Bools | None = None
) -> Motion:
    """The motion whose joints come nearest to `joints` (T, J, 3), solved from the roots to the leaves.

    A joint with children in different directions is turned by all of them. One child fixes two axes only: the
    joint follows its parent and is swung the shortest way, so twist along a chain reads as none. A leaf follows
    its parent. Roots are displaced to where they are seen; bones keep their length and all other joints their
    place in their parent's frame, since noise in `joints` must not become stretching. Zero-length bones have no
    direction and leave their parent as it is. Where some children are `rigid` (J,), known to keep their place in the
    joint's frame, the others are only asked if those are too few; children that are `loose` (J,) are never asked.
    """
    num_frames, num_joints = joints.shape[:2]
    below = children(rig.parents)
    offsets = rest_offsets(rig)
    size = float(np.ptp(rig.rest_joints, axis=0).max(initial=0.0)) or 1.0
    turns = np.broadcast_to(np.eye(3), (num_frames, num_joints, 3, 3)).copy()
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            turns[:, joint] = turns[:, parent]
        seen = [child for child in below[joint] if np.linalg.norm(offsets[child]) > _NOTHING * size]
        if loose is not None:
            seen = [child for child in seen if not loose[child]]
        if not seen:
            continue
        if rigid is not None:
            sure = [child for child in seen if rigid[child]]
            if fixes_turn(offsets[sure]) or (sure and not fixes_turn(offsets[seen])):
                seen = sure
        posed = joints[:, seen] - joints[:, joint, None]
        if fixes_turn(offsets[seen]):
            turns[:, joint] = best_turn(offsets[seen], posed)
        else:
            longest = int(np.argmax(np.linalg.norm(offsets[seen], axis=-1)))
            carried = turns[:, joint] @ offsets[seen[longest]]
            turns[:, joint] = to_matrix(between(carried, posed[:, longest])) @ turns[:, joint]
    translations = np.where((rig.parents < 0)[None, :, None], joints - rig.rest_joints, 0.0)
    return Motion(rotations=local_from_world(rig.parents, turns), translations=translations, fps=fps)
