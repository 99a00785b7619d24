"""Looking up textures in compiled code. Bytes are interpolated as they are stored, as Cycles does."""

from __future__ import annotations

import math

import numpy as np

from render.raster.groups import Materials, Mesh
from render.raster.pack import BASE_TEXTURE, NEAREST, NUM_LEVELS, UV, VERTEX_COLOURS, WRAP
from rigmill.compiled import inlined
from rigmill.types import Floats, Ints

SPREAD_PX = 0.2077  # the standard deviation of Cycles' pixel filter
# Three taps around the centre with that deviation in every direction: so far up, down and to the sides, in it.
UP, DOWN, SIDE = 1.4142, 0.7071, 1.2247
FULL_LANE = 255.0 * 256.0
REPEAT, MIRROR, EXTEND, CLIPPED = range(4)
NUM_PREPARED = 12


@inlined
def turned(turns: Floats, texture: int, u: float, v: float) -> tuple[float, float]:
    """The place in the picture of a place in the UV layer; 0 where that is no number."""
    x = turns[texture, 0] * u + turns[texture, 1] * v + turns[texture, 2]
    y = turns[texture, 3] * u + turns[texture, 4] * v + turns[texture, 5]
    return (x, y) if abs(x) < 1e6 and abs(y) < 1e6 else (0.0, 0.0)


@inlined
def wrapped(value: float, wrap: int) -> float:
    """A coordinate inside the picture, 0..1."""
    if wrap == REPEAT:
        return value - math.floor(value)
    if wrap == MIRROR:
        value = abs(value - 2.0 * math.floor(value * 0.5))
        return 2.0 - value if value > 1.0 else value
    return min(max(value, 0.0), 1.0)


@inlined
def beside(index: int, size: int, wrap: int) -> int:
    """A texel's number that may be a few steps outside, brought inside."""
    if wrap == REPEAT:
        if index < 0:
            index += size
        elif index >= size:
            index -= size
    return min(max(index, 0), size - 1)


@inlined
def spread(texel: int) -> np.uint64:
    """Four bytes in lanes of 16 bits: red, blue, green, alpha from the lowest."""
    wide = np.uint64(texel)
    return (wide & np.uint64(0x00FF00FF)) | ((wide & np.uint64(0xFF00FF00)) << np.uint64(24))


@inlined
def look_up(
    texels: Ints, offset: int, width: int, height: int, wrap: int, nearest: bool, x: float, y: float
) -> np.uint64:
    """What lies at (x, y), in texels of a level: lanes as of `spread`, in 1/256 of a byte's step."""
    if nearest:
        column, row = beside(int(math.floor(x)), width, wrap), beside(int(math.floor(y)), height, wrap)
        return spread(texels[np.uint64(offset + row * width + column)]) << np.uint64(8)
    x, y = x - 0.5, y - 0.5
    i, j = int(math.floor(x)), int(math.floor(y))
    p, q = int((x - i) * 256 + 0.5), int((y - j) * 256 + 0.5)
    if i >= 0 and j >= 0 and i < width - 1 and j < height - 1:
        a = offset + j * width + i
        b, c, d = a + 1, a + width, a + width + 1
    else:
        left, right = beside(i, width, wrap), beside(i + 1, width, wrap)
        low, high = offset + beside(j, height, wrap) * width, offset + beside(j + 1, height, wrap) * width
        a, b, c, d = low + left, low + right, high + left, high + right
    wd = (p * q) >> 8
    wb, wc = p - wd, q - wd
    wa = 256 - wb - wc - wd
    return (
        spread(texels[np.uint64(a)]) * np.uint64(wa)
        + spread(texels[np.uint64(b)]) * np.uint64(wb)
        + spread(texels[np.uint64(c)]) * np.uint64(wc)
        + spread(texels[np.uint64(d)]) * np.uint64(wd)
    )


@inlined
def alpha_at(mesh: Mesh, materials: Materials, material: int, triangle: int, wb: float, wc: float) -> float:
    """The texture's alpha times the vertex colours' at a place in a triangle of a material."""
    corners, uvs, colours, places, kinds = mesh.corners, mesh.uvs, mesh.colours, materials.places, materials.kinds
    texture = materials.choices[material, BASE_TEXTURE]
    ca, cb, cc = corners[triangle, 0], corners[triangle, 1], corners[triangle, 2]
    wa = 1.0 - wb - wc
    alpha = 1.0
    if materials.choices[material, VERTEX_COLOURS] > 0:
        alpha = wa * colours[ca, 3] + wb * colours[cb, 3] + wc * colours[cc, 3]
    if texture >= 0:
        layer = kinds[texture, UV]
        u = wa * uvs[layer, ca, 0] + wb * uvs[layer, cb, 0] + wc * uvs[layer, cc, 0]
        v = wa * uvs[layer, ca, 1] + wb * uvs[layer, cb, 1] + wc * uvs[layer, cc, 1]
        u, v = turned(materials.turns, texture, u, v)
        wrap = kinds[texture, WRAP]
        if wrap == CLIPPED and (u < 0.0 or u > 1.0 or v < 0.0 or v > 1.0):
            return 0.0
        width, height = places[texture, 0, 1], places[texture, 0, 2]
        lanes = look_up(
            materials.texels,
            places[texture, 0, 0],
            width,
            height,
            wrap,
            kinds[texture, NEAREST] > 0,
            wrapped(u, wrap) * width,
            wrapped(v, wrap) * height,
        )
        alpha *= lane(lanes, 48) / FULL_LANE
    return alpha


@inlined
def lane(lanes: np.uint64, shift: int) -> int:
    """One of the four values."""
    return int((lanes >> np.uint64(shift)) & np.uint64(0xFFFF))


@inlined
def prepare(
    mesh: Mesh, materials: Materials, triangle: int, role: int, steps: tuple[float, float, float, float], run: Floats
) -> None:
    """What looking up the texture of a role needs to know of a triangle, into row `role` of `run` (.., NUM_PREPARED).

    `steps` are how the second and third corner's weights change with a step right and down on the screen.
    """
    uvs, places, kinds, turns = mesh.uvs, materials.places, materials.kinds, materials.turns
    ca, cb, cc = mesh.corners[triangle, 0], mesh.corners[triangle, 1], mesh.corners[triangle, 2]
    texture = materials.choices[mesh.look[triangle], role]
    layer = kinds[texture, UV]
    # The UV of the first corner, and what the others' differ from it.
    u0, v0 = float(uvs[layer, ca, 0]), float(uvs[layer, ca, 1])
    u1, v1 = uvs[layer, cb, 0] - u0, uvs[layer, cb, 1] - v0
    u2, v2 = uvs[layer, cc, 0] - u0, uvs[layer, cc, 1] - v0
    bdx, bdy, cdx, cdy = steps
    ta, tb, tc, td = turns[texture, 0], turns[texture, 1], turns[texture, 3], turns[texture, 4]
    x0, y0 = ta * u0 + tb * v0 + turns[texture, 2], tc * u0 + td * v0 + turns[texture, 5]
    x1, y1, x2, y2 = ta * u1 + tb * v1, tc * u1 + td * v1, ta * u2 + tb * v2, tc * u2 + td * v2
    if not (abs(x0) < 1e6 and abs(x1) < 1e6 and abs(x2) < 1e6):
        x0, x1, x2 = 0.0, 0.0, 0.0
    if not (abs(y0) < 1e6 and abs(y1) < 1e6 and abs(y2) < 1e6):
        y0, y1, y2 = 0.0, 0.0, 0.0
    width, height = float(places[texture, 0, 1]), float(places[texture, 0, 2])
    ux, vx = (bdx * x1 + cdx * x2) * width, (bdx * y1 + cdx * y2) * height
    uy, vy = (bdy * x1 + cdy * x2) * width, (bdy * y1 + cdy * y2) * height
    longest = max(ux * ux + vx * vx, uy * uy + vy * vy)  # squared
    if not longest < 1e10:
        longest, ux, vx, uy, vy = 1e10, 0.0, 0.0, 0.0, 0.0
    # The level whose texels are about as far apart as the taps.
    level, apart, scale = 0, longest * (2 * SIDE * SPREAD_PX) ** 2, SPREAD_PX
    last = kinds[texture, NUM_LEVELS] - 1
    while apart > 1.2 * 1.2 and level < last:
        apart *= 0.25
        scale *= 0.5
        level += 1
    many = longest > 1.1 * 1.1 or kinds[texture, NEAREST] > 0
    run[role, 0], run[role, 1], run[role, 2], run[role, 3], run[role, 4], run[role, 5] = x0, x1, x2, y0, y1, y2
    run[role, 6], run[role, 7], run[role, 8], run[role, 9] = ux * scale, vx * scale, uy * scale, vy * scale
    run[role, 10], run[role, 11] = float(level), 1.0 if many else 0.0


@inlined
def filtered(
    materials: Materials, texture: int, encoded: bool, taps: bool, run: Floats, role: int, wb: float, wc: float
) -> tuple[float, float, float, float]:
    """RGBA of a texture as a pixel sees it, at the second and third corners' weights in a triangle, see `prepare`.

    RGB is linear 0..1 where `encoded`, else the byte's number / 255, as is A. `taps` allows more than one look-up.
    """
    texels, places, kinds, decode = materials.texels, materials.places, materials.kinds, materials.decode
    wrap, nearest = kinds[texture, WRAP], kinds[texture, NEAREST] > 0
    u = run[role, 0] + wb * run[role, 1] + wc * run[role, 2]
    v = run[role, 3] + wb * run[role, 4] + wc * run[role, 5]
    if wrap == CLIPPED and (u < 0.0 or u > 1.0 or v < 0.0 or v > 1.0):
        return 0.0, 0.0, 0.0, 0.0
    level = int(run[role, 10])
    offset, columns, rows = places[texture, level, 0], places[texture, level, 1], places[texture, level, 2]
    x, y = wrapped(u, wrap) * columns, wrapped(v, wrap) * rows
    if not (taps and run[role, 11] > 0):
        lanes = look_up(texels, offset, columns, rows, wrap, nearest, x, y)
        if encoded:
            return (
                float(decode[lane(lanes, 0) + 8 >> 4]),
                float(decode[lane(lanes, 32) + 8 >> 4]),
                float(decode[lane(lanes, 16) + 8 >> 4]),
                lane(lanes, 48) / FULL_LANE,
            )
        return (
            lane(lanes, 0) / FULL_LANE,
            lane(lanes, 32) / FULL_LANE,
            lane(lanes, 16) / FULL_LANE,
            lane(lanes, 48) / FULL_LANE,
        )
    ux, vx, uy, vy = run[role, 6], run[role, 7], run[role, 8], run[role, 9]
    red, green, blue, alpha = 0.0, 0.0, 0.0, 0
    for tap in range(3):
        right, down = (0.0 if tap == 0 else SIDE if tap == 1 else -SIDE), (-UP if tap == 0 else DOWN)
        lanes = look_up(
            texels, offset, columns, rows, wrap, nearest, x + right * ux + down * uy, y + right * vx + down * vy
        )
        alpha += lane(lanes, 48)
        if encoded:
            red += decode[lane(lanes, 0) + 8 >> 4]
            green += decode[lane(lanes, 32) + 8 >> 4]
            blue += decode[lane(lanes, 16) + 8 >> 4]
        else:
            red += lane(lanes, 0) / FULL_LANE
            green += lane(lanes, 32) / FULL_LANE
            blue += lane(lanes, 16) / FULL_LANE
    return red / 3, green / 3, blue / 3, alpha / (3 * FULL_LANE)
