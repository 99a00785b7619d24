"""One texture for a generated asset: every quad has its own tile, painted from points in space. Plain numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from render.blender.procedural.shapes import Shell
from rigmill.types import Floats, Ints

TILE_PX = 8


def paint_tiles(shells: Sequence[Shell]) -> tuple[Floats, Floats]:
    """The picture (H, W, 3), sRGB in 0..1, rows from the bottom, and texture coordinates (F, 4, 2) of all quads.

    Corners of a quad lie on centres of its tile's outer texels, so neighbours agree along their common side and
    bilinear sampling never reads another tile: paint has no seams without unwrapping anything.
    """
    count = sum(len(shell.quads) for shell in shells)
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    picture = np.zeros((rows * TILE_PX, columns * TILE_PX, 3))
    step = np.linspace(0, 1, TILE_PX)
    u, v = (part.reshape(-1) for part in np.meshgrid(step, step, indexing="xy"))  # texel rows run along v
    shares = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=1)
    done = 0
    for shell in shells:
        corners = shell.vertices[shell.quads]
        points = np.einsum("ka,fac->fkc", shares, corners)
        normals = face_normals(corners)
        flat = shell.paint(points.reshape(-1, 3), np.repeat(normals, len(shares), axis=0))
        tiles = np.clip(flat, 0, 1).reshape(-1, TILE_PX, TILE_PX, 3)
        for number, tile in enumerate(tiles, start=done):
            row, column = divmod(number, columns)
            picture[row * TILE_PX : (row + 1) * TILE_PX, column * TILE_PX : (column + 1) * TILE_PX] = tile
        done += len(tiles)
    return picture, _coordinates(count, columns, picture.shape)


def face_normals(corners: Floats) -> Floats:
    """Unit normals (F, 3) of quads (F, 4, 3)."""
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)


def _coordinates(count: int, columns: int, shape: tuple[int, ...]) -> Floats:
    number = np.arange(count)
    origin = np.stack([number % columns, number // columns], axis=1) * float(TILE_PX)
    corner: Ints = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    texels = origin[:, None] + 0.5 + corner * (TILE_PX - 1.0)
    return texels / np.array([shape[1], shape[0]])
