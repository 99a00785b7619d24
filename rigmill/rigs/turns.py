"""Quaternions of whole clips with components first, and the joint tree in them: the layout in which these are quick.

Turns are (4, J, T), w x y z, and places (3, J, T): a joint over time is contiguous, and no operation mixes strides.
Constant turns broadcast as (4, J, 1). Everything else about them is as in `skeleton`.
"""

from __future__ import annotations

import numpy as np

from rigmill.types import Floats, Ints

IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])
_NOTHING = 1e-24  # a quaternion whose square is less has no direction


def from_rotations(rotations: Floats) -> Floats:
    """Unit turns (4, J, T) of quaternions (T, J, 4) of any length; the identity where one is zero."""
    return unit(np.ascontiguousarray(np.asarray(rotations, dtype=np.float64).transpose(2, 1, 0)))


def to_matrices(turns: Floats) -> Floats:
    """Rotation matrices (T, J, 3, 3) of turns (4, J, T)."""
    w, x, y, z = np.ascontiguousarray(turns.transpose(0, 2, 1))
    found = np.empty((*w.shape, 3, 3))
    for row, column, value in (
        (0, 0, 1 - 2 * (y * y + z * z)),
        (0, 1, 2 * (x * y - w * z)),
        (0, 2, 2 * (x * z + w * y)),
        (1, 0, 2 * (x * y + w * z)),
        (1, 1, 1 - 2 * (x * x + z * z)),
        (1, 2, 2 * (y * z - w * x)),
        (2, 0, 2 * (x * z - w * y)),
        (2, 1, 2 * (y * z + w * x)),
        (2, 2, 1 - 2 * (x * x + y * y)),
    ):
        found[..., row, column] = value
    return found


def to_rotations(turns: Floats) -> Floats:
    """Quaternions (T, J, 4), w >= 0, of turns (4, J, T)."""
    return np.ascontiguousarray((turns * np.where(turns[0] < 0, -1.0, 1.0)).transpose(2, 1, 0))


def unit(turns: Floats) -> Floats:
    """Turns (4, ...) brought to length one; the identity where the length is zero."""
    squared = turns[0] ** 2 + turns[1] ** 2 + turns[2] ** 2 + turns[3] ** 2
    nothing = squared < _NOTHING
    if nothing.any():
        turns = np.where(nothing, IDENTITY.reshape(4, *(1,) * (turns.ndim - 1)), turns)
        squared = np.where(nothing, 1.0, squared)
    return turns / np.sqrt(squared)


def multiply(first: Floats, second: Floats) -> Floats:
    """The turns (4, ...) that turn by `second`, then by `first`."""
    w1, x1, y1, z1 = first
    w2, x2, y2, z2 = second
    result = np.empty((4, *np.broadcast_shapes(w1.shape, w2.shape)))
    result[0] = w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2
    result[1] = w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2
    result[2] = w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2
    result[3] = w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2
    return result


def inverse(turns: Floats) -> Floats:
    """The inverses of unit turns (4, ...)."""
    result = turns.copy()
    np.negative(result[1:], out=result[1:])
    return result


def rotate(turns: Floats, vectors: Floats) -> Floats:
    """Vectors (3, ...) turned by unit turns (4, ...)."""
    w, x, y, z = turns
    a, b, c = vectors
    # v + 2 w (u x v) + 2 u x (u x v), u being the quaternion's vector.
    d, e, f = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return np.stack([a + w * d + y * f - z * e, b + w * e + z * d - x * f, c + w * f + x * e - y * d])


def about(axes: Floats, angles: Floats) -> Floats:
    """The turns (4, ...) about unit axes (3, ...) by `angles` (...), in radians."""
    return np.concatenate([np.cos(angles / 2)[None], axes * np.sin(angles / 2)])


def angle_about(turns: Floats, axes: Floats) -> Floats:
    """The angle (...), within half a turn, of the part of `turns` (4, ...) about unit axes (3, ...): its twist."""
    w, x, y, z = turns
    along = x * axes[0] + y * axes[1] + z * axes[2]
    return np.asarray(2.0 * np.arctan2(np.where(w < 0, -along, along), np.abs(w)), dtype=np.float64)


def mix(start: Floats, end: Floats, share: Floats) -> Floats:
    """Turns (4, ...) on the shortest way between two at `share` (...) in 0..1, at constant speed: slerp."""
    cosine = start[0] * end[0] + start[1] * end[1] + start[2] * end[2] + start[3] * end[3]
    angle = np.arccos(np.minimum(np.abs(cosine), 1.0))
    sine = np.sin(angle)
    near = sine < 1e-6
    safe = np.where(near, 1.0, sine)
    before = np.where(near, 1 - share, np.sin((1 - share) * angle) / safe)
    after = np.where(near, share, np.sin(share * angle) / safe)
    return unit(before * start + np.where(cosine < 0, -after, after) * end)


def levels(parents: Ints) -> list[tuple[Ints, Ints]]:
    """(joints, their parents) of the first, second, ... level below the roots."""
    depth = np.zeros(len(parents), dtype=np.int64)
    for joint, parent in enumerate(parents):
        depth[joint] = depth[parent] + 1 if parent >= 0 else 0
    each = [np.flatnonzero(depth == level) for level in range(1, int(depth.max(initial=0)) + 1)]
    return [(joints, np.asarray(parents)[joints]) for joints in each]


def world_turns(parents: Ints, turns: Floats) -> Floats:
    """World turns (4, J, T) of turns relative to the parent."""
    world = turns.copy()
    for joints, above in levels(parents):
        world[:, joints] = multiply(world.take(above, axis=1), turns.take(joints, axis=1))
    return world


def local_turns(parents: Ints, world: Floats) -> Floats:
    """Turns (4, J, T) relative to the parent of world turns."""
    local = world.copy()
    below = np.flatnonzero(np.asarray(parents) >= 0)
    above = world.take(np.asarray(parents)[below], axis=1)
    local[:, below] = multiply(inverse(above), world.take(below, axis=1))
    return local


def places(parents: Ints, world: Floats, offsets: Floats) -> Floats:
    """Joints (3, J, T) of world turns (4, J, T) and offsets (3, J, T or 1) from the parent in the parent's frame."""
    found = np.broadcast_to(offsets, (3, *world.shape[1:])).copy()
    for joints, above in levels(parents):
        way = rotate(world.take(above, axis=1), offsets.take(joints, axis=1))
        found[:, joints] = found.take(above, axis=1) + way
    return found
