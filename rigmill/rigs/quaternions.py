"""Unit quaternions, in the order w x y z, that turn column vectors. Vectorised over leading axes."""

from __future__ import annotations

import numpy as np

from rigmill.types import Floats


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
            np.stack([sums[..., 0], a, b, c], axis=-1),
            np.stack([a, sums[..., 1], d, e], axis=-1),
            np.stack([b, d, sums[..., 2], f], axis=-1),
            np.stack([c, e, f, sums[..., 3]], axis=-1),
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


def steady(quaternions: Floats) -> Floats:
    """The same turns (T, 4) without sign flips from frame to frame."""
    flips = np.where(np.sum(quaternions[1:] * quaternions[:-1], axis=-1) < 0, -1.0, 1.0)
    return quaternions * np.concatenate([[1.0], np.cumprod(flips)])[:, None]
