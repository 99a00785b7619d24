"""Looking up textures in compiled code. Values are bytes' numbers (0..255), interpolated encoded, as Cycles does."""

from __future__ import annotations

import math

from render.raster.compiled import inlined
from render.raster.pack import DECODE_STEPS, NEAREST, NUM_LEVELS, UV, WRAP
from rigmill.types import Bytes, Floats, Ints

SPREAD_PX = 0.2077  # of Cycles' pixel filter: four taps so far from the centre have its standard deviation
REPEAT, MIRROR, EXTEND, CLIPPED = range(4)


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
    """A texel's number that may be one step outside, brought inside."""
    if index < 0:
        return size - 1 if wrap == REPEAT else 0
    if index >= size:
        return 0 if wrap == REPEAT else size - 1
    return index


@inlined
def look_up(
    texels: Bytes, places: Ints, kinds: Ints, texture: int, level: int, u: float, v: float
) -> tuple[float, float, float, float]:
    """RGBA at (u, v) of a level, between its texels or at the nearest."""
    wrap = kinds[texture, WRAP]
    if wrap == CLIPPED and (u < 0.0 or u > 1.0 or v < 0.0 or v > 1.0):
        return 0.0, 0.0, 0.0, 0.0
    offset, width, height = places[texture, level, 0], places[texture, level, 1], places[texture, level, 2]
    x, y = wrapped(u, wrap) * width, wrapped(v, wrap) * height
    if kinds[texture, NEAREST] > 0:
        at = (offset + min(int(y), height - 1) * width + min(int(x), width - 1)) * 4
        return float(texels[at]), float(texels[at + 1]), float(texels[at + 2]), float(texels[at + 3])
    x, y = x - 0.5, y - 0.5
    floor_x, floor_y = math.floor(x), math.floor(y)
    x, y = x - floor_x, y - floor_y
    left, right = beside(int(floor_x), width, wrap), beside(int(floor_x) + 1, width, wrap)
    low, high = beside(int(floor_y), height, wrap), beside(int(floor_y) + 1, height, wrap)
    a, b = (offset + low * width + left) * 4, (offset + low * width + right) * 4
    c, d = (offset + high * width + left) * 4, (offset + high * width + right) * 4
    wd = x * y
    wb, wc = x - wd, y - wd
    wa = 1.0 - x - wc
    return (
        texels[a] * wa + texels[b] * wb + texels[c] * wc + texels[d] * wd,
        texels[a + 1] * wa + texels[b + 1] * wb + texels[c + 1] * wc + texels[d + 1] * wd,
        texels[a + 2] * wa + texels[b + 2] * wb + texels[c + 2] * wc + texels[d + 2] * wd,
        texels[a + 3] * wa + texels[b + 3] * wb + texels[c + 3] * wc + texels[d + 3] * wd,
    )


@inlined
def alpha_at(
    triangle: int, corners: Ints, wb: float, wc: float, uvs: Floats, colours: Floats, texture: int,
    with_colours: bool, texels: Bytes, places: Ints, kinds: Ints, turns: Floats,
) -> float:
    """The texture's alpha times the vertex colours' at a place in a triangle."""
    ca, cb, cc = corners[triangle, 0], corners[triangle, 1], corners[triangle, 2]
    wa = 1.0 - wb - wc
    alpha = 1.0
    if with_colours:
        alpha = wa * colours[ca, 3] + wb * colours[cb, 3] + wc * colours[cc, 3]
    if texture >= 0:
        layer = kinds[texture, UV]
        u = wa * uvs[layer, ca, 0] + wb * uvs[layer, cb, 0] + wc * uvs[layer, cc, 0]
        v = wa * uvs[layer, ca, 1] + wb * uvs[layer, cb, 1] + wc * uvs[layer, cc, 1]
        u, v = turned(turns, texture, u, v)
        alpha *= look_up(texels, places, kinds, texture, 0, u, v)[3] / 255.0
    return alpha


@inlined
def level_for(kinds: Ints, texture: int, texels_per_tap: float) -> int:
    """The level whose texels are about as far apart as the taps of a look-up."""
    level = int(math.floor(math.log2(max(texels_per_tap, 1.0)) + 0.5))
    return min(level, kinds[texture, NUM_LEVELS] - 1)


@inlined
def decoded(table: Floats, value: float) -> float:
    """Linear of an encoded byte's number."""
    return float(table[int(value * DECODE_STEPS + 0.5)])


@inlined
def filtered(
    texels: Bytes, places: Ints, kinds: Ints, turns: Floats, decode: Floats, texture: int, encoded: bool, taps: bool,
    u: float, v: float, ux: float, vx: float, uy: float, vy: float,
) -> tuple[float, float, float, float]:
    """RGBA of a texture as a pixel sees it; a step right on the screen is (ux, vx), a step down (uy, vy).

    RGB is linear 0..1 where `encoded`, else the byte's number / 255, as is A.
    """
    u, v = turned(turns, texture, u, v)
    t = turns[texture]
    ux, vx = t[0] * ux + t[1] * vx, t[3] * ux + t[4] * vx
    uy, vy = t[0] * uy + t[1] * vy, t[3] * uy + t[4] * vy
    width, height = places[texture, 0, 1], places[texture, 0, 2]
    long_x = math.sqrt(ux * ux * width * width + vx * vx * height * height)
    long_y = math.sqrt(uy * uy * width * width + vy * vy * height * height)
    longest = max(long_x, long_y)
    if not longest < 1e6:
        longest, ux, vx, uy, vy = 1e6, 0.0, 0.0, 0.0, 0.0
    level = level_for(kinds, texture, longest * 2 * SPREAD_PX)
    red, green, blue, alpha = 0.0, 0.0, 0.0, 0.0
    many = taps and (longest > 0.7 or kinds[texture, NEAREST] > 0)
    num = 4 if many else 1
    for tap in range(num):
        x = (SPREAD_PX if tap & 1 else -SPREAD_PX) if many else 0.0
        y = (SPREAD_PX if tap & 2 else -SPREAD_PX) if many else 0.0
        r, g, b, a = look_up(texels, places, kinds, texture, level, u + x * ux + y * uy, v + x * vx + y * vy)
        if encoded:
            red += decoded(decode, r)
            green += decoded(decode, g)
            blue += decoded(decode, b)
        else:
            red += r / 255.0
            green += g / 255.0
            blue += b / 255.0
        alpha += a / 255.0
    return red / num, green / num, blue / num, alpha / num
