"""Turns as matrices (..., 3, 3). World: +Z up, facing -Y, left at +X.

About x a positive angle tips forward, about y it leans to the subject's left, about z it turns to its left.
"""

from __future__ import annotations

import numpy as np

from rigmill.types import Floats

_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


def vec(*values: float) -> Floats:
    """The values as float64."""
    return np.array(values, dtype=np.float64)


def unit(values: Floats) -> Floats:
    """Vectors (..., 3) of length one; those without a length stay nothing."""
    return values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-12)


def about(axis: str | Floats, angles_deg: Floats | float) -> Floats:
    """Turns (..., 3, 3) by angles (...) about 'x', 'y', 'z' or a vector (3,)."""
    x, y, z = unit(np.asarray(_AXES[axis] if isinstance(axis, str) else axis, dtype=np.float64))
    angle = np.deg2rad(np.asarray(angles_deg, dtype=np.float64))
    c, s = np.cos(angle), np.sin(angle)
    d = 1 - c
    rows = [
        [c + x * x * d, x * y * d - z * s, x * z * d + y * s],
        [y * x * d + z * s, c + y * y * d, y * z * d - x * s],
        [z * x * d - y * s, z * y * d + x * s, c + z * z * d],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def frames(along: Floats, towards: Floats) -> Floats:
    """Matrices (..., 3, 3) whose first column is `along`, the second `towards` made square to it."""
    first = unit(along)
    second = towards - np.sum(towards * first, axis=-1, keepdims=True) * first
    small = np.linalg.norm(second, axis=-1, keepdims=True) < 1e-6
    spare = np.where(np.abs(first[..., 2:]) < 0.9, vec(0, 0, 1), vec(0, 1, 0))
    spare = spare - np.sum(spare * first, axis=-1, keepdims=True) * first
    second = unit(np.where(small, spare, second))
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def apply(turns: Floats, points: Floats) -> Floats:
    """Turns (..., 3, 3) applied to vectors (..., 3)."""
    return np.asarray(np.einsum("...ij,...j->...i", turns, points))


def transposed(turns: Floats) -> Floats:
    """The inverse turns."""
    return np.swapaxes(turns, -1, -2)
