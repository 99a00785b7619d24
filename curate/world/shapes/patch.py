"""A surface as grids of points. A grid is a patch of the texture too, so nothing needs unwrapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from curate.world.rig.turns import unit
from rigmill.types import Floats, Ints

# Points (N, 3) at rest, their places in the patch (N, 2) in 0..1 (round, along), normals (N, 3) -> sRGB 0..1 (N, 3).
Coat = Callable[[Floats, Floats, Floats], Floats]
POINT_DECIMALS = 5  # a hundredth of a millimetre: swallows the last bits in which numpy builds differ


@dataclass(frozen=True, slots=True)
class Patch:
    """A skinned grid.

    points (R, C, 3), the first index along, the second around, anticlockwise seen from outside where the first goes up
    the second; weights (R, C, K) of `bones`, which add up to one.
    """

    points: Floats
    weights: Floats
    bones: tuple[str, ...]
    coat: Coat
    smooth: bool = True


Shell = Sequence[Patch]


def quads(rows: int, columns: int) -> Ints:
    """Corners (F, 4) of a grid's cells, anticlockwise for a first index that goes up and a second to the left."""
    index = np.arange(rows * columns).reshape(rows, columns)
    return np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)


def cell_normals(points: Floats) -> Floats:
    """Of every cell of a grid (R, C, 3) its normal times its area, (R-1, C-1, 3)."""
    return np.asarray(np.cross(points[1:, 1:] - points[:-1, :-1], points[1:, :-1] - points[:-1, 1:]) / 2)


def grid_normals(points: Floats) -> Floats:
    """Unit normals (R, C, 3); along a seam and at a tip, where points repeat, they are those of all that meet."""
    sums = np.zeros_like(points)
    cells = cell_normals(points)
    for rows in (slice(None, -1), slice(1, None)):
        for columns in (slice(None, -1), slice(1, None)):
            sums[rows, columns] += cells
    if np.allclose(points[:, 0], points[:, -1], atol=1e-9):
        sums[:, 0] = sums[:, -1] = sums[:, 0] + sums[:, -1]
    for end in (0, -1):
        if np.allclose(points[end], points[end, :1], atol=1e-9):
            sums[end] = sums[end].sum(axis=0)
    return unit(sums)


def rigid(points: Floats, bone: str, coat: Coat, *, smooth: bool = True) -> Patch:
    """A patch that one bone carries."""
    return Patch(points, np.ones((*points.shape[:2], 1)), (bone,), coat, smooth)
