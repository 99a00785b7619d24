"""The joint tree: quaternions, forward kinematics, and joint positions back to rotations. Vectorised over frames.

Quaternions are unit, in the order w x y z, and turn column vectors. A *world turn* D of a joint is the rotation
from its rest orientation to its posed one in world axes, so bone axes and rolls never enter (see `Motion`).
"""

from __future__ import annotations

import numpy as np

from rigmill import turns as clip
from rigmill.types import Bools, Floats, Ints, Motion, Rig

_NOTHING = 1e-9  # a bone shorter than this share of the rig has no direction
_COLLINEAR = 0.05  # second over first singular value of a joint's children below which they fix no twist


def multiply(first: Floats, second: Floats) -> Floats:
    """The quaternion (..., 4) that turns by `second`, then by `first`."""
    w1, x1, y1, z1 = np.moveaxis(np.asarray(first, dtype=np.float64), -1, 0)
    w2, x2, y2, z2 = np.moveaxis(np.asarray(second, dtype=np.float64), -1, 0)
    return np.stack(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ],
        axis=-1,
    )


def conjugate(quaternion: Floats) -> Floats:
    """The inverse of a unit quaternion, (..., 4)."""
    return quaternion * np.array([1.0, -1.0, -1.0, -1.0])


def normalise(quaternion: Floats) -> Floats:
    """The unit quaternion (..., 4) of the same turn with w >= 0; the identity where the input is zero."""
    quaternion = np.asarray(quaternion, dtype=np.float64)
    length = np.linalg.norm(quaternion, axis=-1, keepdims=True)
    unit = np.where(length > 1e-12, quaternion / np.maximum(length, 1e-12), [1.0, 0.0, 0.0, 0.0])
    return np.where(unit[..., :1] < 0, -unit, unit)


def to_matrix(quaternion: Floats) -> Floats:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4)."""
    w, x, y, z = np.moveaxis(np.asarray(quaternion, dtype=np.float64), -1, 0)
    rows = [
        np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], axis=-1),
        np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], axis=-1),
        np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=-1),
    ]
    return np.stack(rows, axis=-2)


def from_matrix(matrix: Floats) -> Floats:
    """Unit quaternions (..., 4), w >= 0, of rotation matrices (..., 3, 3); no turn is numerically special."""
    m = np.asarray(matrix, dtype=np.float64)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    sums = np.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz], axis=-1)  # 4 q_i^2
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    # Row i is 4 q_i q: the row of the largest component loses nothing to cancellation.
    rows = np.stack(
        [
            np.stack([sums[..., 0], a, b, c], axis=-1), np.stack([a, sums[..., 1], d, e], axis=-1),
            np.stack([b, d, sums[..., 2], f], axis=-1), np.stack([c, e, f, sums[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(sums, axis=-1)[..., None, None]
    return normalise(np.take_along_axis(rows, best, axis=-2)[..., 0, :])


def nearest_rotations(matrices: Floats) -> Floats:
    """The rotation nearest to each (..., 3, 3) matrix."""
    left, _, right = np.linalg.svd(matrices)
    left[..., :, 2] *= np.where(np.linalg.det(left @ right) < 0, -1.0, 1.0)[..., None]
    return left @ right


def between(start: Floats, end: Floats) -> Floats:
    """The smallest turn (..., 4) from direction `start` to direction `end` (..., 3); identity if one is zero."""
    start, end = np.broadcast_arrays(np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64))
    start_length, end_length = np.linalg.norm(start, axis=-1), np.linalg.norm(end, axis=-1)
    defined = (start_length > 1e-12) & (end_length > 1e-12)
    a = start / np.maximum(start_length, 1e-12)[..., None]
    b = end / np.maximum(end_length, 1e-12)[..., None]
    cosine = np.sum(a * b, axis=-1)
    # Opposite directions leave the axis open: any axis at right angles will do, so take the one farthest from `a`.
    axis = np.cross(a, np.eye(3)[np.argmin(np.abs(a), axis=-1)])
    half_turn = np.concatenate([np.zeros_like(cosine)[..., None], axis], axis=-1)
    turn = np.concatenate([(1 + cosine)[..., None], np.cross(a, b)], axis=-1)
    turn = np.where((cosine < -1 + 1e-12)[..., None], half_turn, turn)
    return np.where(defined[..., None], normalise(turn), [1.0, 0.0, 0.0, 0.0])


def slerp(start: Floats, end: Floats, share: Floats | float) -> Floats:
    """The turn (..., 4) that lies `share` (...) of the shorter way from `start` to `end`."""
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    end, cosine = np.where(cosine < 0, -end, end), np.minimum(np.abs(cosine), 1.0)
    share = np.asarray(share, dtype=np.float64)[..., None]
    angle = np.arccos(cosine)
    sine = np.sin(angle)
    near = sine < 1e-6
    safe = np.where(near, 1.0, sine)
    before = np.where(near, 1 - share, np.sin((1 - share) * angle) / safe)
    after = np.where(near, share, np.sin(share * angle) / safe)
    return normalise(before * start + after * end)


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


def inverse(rig: Rig, joints: Floats, *, fps: float = 16.0, rigid: Bools | None = None,
            loose: Bools | None = None) -> Motion:
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
