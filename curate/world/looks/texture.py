"""One texture for a body: every patch has a rectangle of it, painted from points in space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from curate.world.shapes.patch import Patch, grid_normals
from rigmill.types import Bytes, Floats

CELL_PX = 4  # pixels from a point of a patch to the next
WIDTH_PX = 256


@dataclass(frozen=True, slots=True)
class Atlas:
    """The picture (H, W, 3), sRGB bytes, rows from the top; of every patch the coordinates (R, C, 2), v down."""

    picture: Bytes
    places: tuple[Floats, ...]


def painted(patches: Sequence[Patch]) -> Atlas:
    """The texture of the patches. Points lie on centres of texels, so bilinear sampling never reads another patch."""
    sizes = [((p.points.shape[0] - 1) * CELL_PX + 1, (p.points.shape[1] - 1) * CELL_PX + 1) for p in patches]
    corners, height = _shelves(sizes)
    picture = np.zeros((height, WIDTH_PX, 3), np.uint8)
    places = []
    for patch, (rows, columns), (top, left) in zip(patches, sizes, corners):
        share = _between(rows, columns)
        points, normals = (share(grid).reshape(-1, 3) for grid in (patch.points, grid_normals(patch.points)))
        v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
        colours = patch.coat(points, np.stack([u.ravel(), v.ravel()], axis=1), normals)
        tile = np.round(np.clip(colours, 0, 1) * 255).astype(np.uint8).reshape(rows, columns, 3)
        picture[top : top + rows, left : left + columns] = tile
        row, column = np.meshgrid(
            top + 0.5 + CELL_PX * np.arange(patch.points.shape[0]),
            left + 0.5 + CELL_PX * np.arange(patch.points.shape[1]),
            indexing="ij",
        )
        places.append(np.stack([column / WIDTH_PX, row / height], axis=-1))
    return Atlas(picture, tuple(places))


def _between(rows: int, columns: int) -> Callable[[Floats], Floats]:
    """A function that fills a grid of points up to rows x columns, bilinear."""
    r, c = np.arange(rows) / CELL_PX, np.arange(columns) / CELL_PX
    r0, c0 = (
        np.minimum(r.astype(int), (rows - 1) // CELL_PX - 1),
        np.minimum(c.astype(int), (columns - 1) // CELL_PX - 1),
    )
    fr, fc = (r - r0)[:, None, None], (c - c0)[None, :, None]

    def fill(grid: Floats) -> Floats:
        low = grid[r0][:, c0] * (1 - fc) + grid[r0][:, c0 + 1] * fc
        high = grid[r0 + 1][:, c0] * (1 - fc) + grid[r0 + 1][:, c0 + 1] * fc
        return np.asarray(low * (1 - fr) + high * fr)

    return fill


def _shelves(sizes: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int]], int]:
    """Where each rectangle (rows, columns) goes, (top, left), the tallest first on shelves; and the whole height."""
    corners: list[tuple[int, int]] = [(0, 0)] * len(sizes)
    top = left = tallest = 0
    for number in sorted(range(len(sizes)), key=lambda n: (-sizes[n][0], n)):
        rows, columns = sizes[number]
        if columns > WIDTH_PX:
            raise ValueError(f"a patch of {columns} pixels is wider than the texture")
        if left + columns > WIDTH_PX:
            top, left, tallest = top + tallest + 1, 0, 0
        corners[number] = (top, left)
        left, tallest = left + columns + 1, max(tallest, rows)
    height = top + tallest
    return corners, -(-height // 16) * 16
