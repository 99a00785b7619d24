"""A part of shading: normals from normal maps."""

from __future__ import annotations

import math

from render.raster.groups import Mesh
from rigmill.compiled import inlined
from rigmill.types import Floats


@inlined
def at(values: Floats, corner: int, axis: int) -> float:
    """One coordinate of a corner's vector, whatever its float type, as a plain float."""
    return float(values[corner, axis])


@inlined
def bent(
    normal: tuple[float, float, float],
    mapped: tuple[float, float, float],
    strength: float,
    mesh: Mesh,
    vertices: Floats,
    layer: int,
    triangle: int,
) -> tuple[float, float, float]:
    """The normal that a normal map's value `mapped` gives, tangents from the triangle's UV."""
    nx, ny, nz = normal
    x, y, z = mapped
    uvs = mesh.uvs
    a, b, c = mesh.triangles[triangle, 0], mesh.triangles[triangle, 1], mesh.triangles[triangle, 2]
    ca, cb, cc = mesh.corners[triangle, 0], mesh.corners[triangle, 1], mesh.corners[triangle, 2]
    u0, v0 = float(uvs[layer, ca, 0]), float(uvs[layer, ca, 1])
    u1, v1 = uvs[layer, cb, 0] - u0, uvs[layer, cb, 1] - v0
    u2, v2 = uvs[layer, cc, 0] - u0, uvs[layer, cc, 1] - v0
    turn = u1 * v2 - u2 * v1
    if not abs(turn) > 1e-20:
        return nx, ny, nz
    side = 1.0 if turn > 0 else -1.0
    tx = ((at(vertices, b, 0) - vertices[a, 0]) * v2 - (at(vertices, c, 0) - vertices[a, 0]) * v1) * side
    ty = ((at(vertices, b, 1) - vertices[a, 1]) * v2 - (at(vertices, c, 1) - vertices[a, 1]) * v1) * side
    tz = ((at(vertices, b, 2) - vertices[a, 2]) * v2 - (at(vertices, c, 2) - vertices[a, 2]) * v1) * side
    along = tx * nx + ty * ny + tz * nz
    tx, ty, tz = tx - along * nx, ty - along * ny, tz - along * nz
    square = tx * tx + ty * ty + tz * tz
    if not square > 1e-30:
        return nx, ny, nz
    length = 1.0 / math.sqrt(square)
    tx, ty, tz = tx * length, ty * length, tz * length
    bx, by, bz = (ny * tz - nz * ty) * side, (nz * tx - nx * tz) * side, (nx * ty - ny * tx) * side
    mx, my, mz = x * tx + y * bx + z * nx, x * ty + y * by + z * ny, x * tz + y * bz + z * nz
    length = math.sqrt(mx * mx + my * my + mz * mz)
    if length < 1e-6:
        return nx, ny, nz
    mx, my, mz = mx / length, my / length, mz / length
    mx, my, mz = nx + (mx - nx) * strength, ny + (my - ny) * strength, nz + (mz - nz) * strength
    length = math.sqrt(mx * mx + my * my + mz * mz)
    if length < 1e-6:
        return nx, ny, nz
    return mx / length, my / length, mz / length


@inlined
def bump_shadow(smooth: float, bumped: float, upright: float) -> float:
    """How much a normal map's slope shades itself, from cosines: light and surface, light and map, map and surface.

    Cycles does the same: Chiang et al., Taming the Shadow Terminator, 2019.
    """
    if smooth <= 0:
        return 0.0
    share = smooth / max(bumped * upright, 1e-6)
    return 1.0 if share >= 1 else share * (1 + share * (1 - share))
