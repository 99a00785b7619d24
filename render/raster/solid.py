"""Which see-through triangles let nothing through: their part of the texture has no alpha below one.

Many characters are see-through throughout because of their lashes. What is solid is drawn once instead of being peeled,
and has fine outlines.
"""

from __future__ import annotations

import math

from render.raster.groups import Materials, Mesh
from render.raster.pack import ALPHA, BASE_TEXTURE, UV, VERTEX_COLOURS, WRAP
from render.raster.texture import EXTEND, REPEAT, turned
from rigmill.compiled import compiled
from rigmill.types import Bools, Ints

SOLID = 254 << 24  # of a texel, whose alpha is its highest byte
MARGIN_TEXELS = 2  # what a look-up blends in from beside the triangle
MOST_TEXELS = 1 << 16  # that are looked at for one triangle; where there are more, it counts as see-through


@compiled("void(int32[::1], Mesh, Materials, boolean[::1])")
def find_solid(chosen: Ints, mesh: Mesh, materials: Materials, solid: Bools) -> None:
    """Fill `solid`, one for each of the `chosen` triangles."""
    corners, look, uvs, colours = mesh.corners, mesh.look, mesh.uvs, mesh.colours
    numbers, choices, texels = materials.numbers, materials.choices, materials.texels
    places, kinds, turns = materials.places, materials.kinds, materials.turns
    for number in range(chosen.shape[0]):
        triangle = chosen[number]
        material = look[triangle]
        texture = choices[material, BASE_TEXTURE]
        solid[number] = numbers[material, ALPHA] >= 1
        if choices[material, VERTEX_COLOURS] > 0:
            for corner in range(3):
                solid[number] = solid[number] and colours[corners[triangle, corner], 3] >= 1
        if texture < 0 or not solid[number]:
            continue
        width, height, wrap = places[texture, 0, 1], places[texture, 0, 2], kinds[texture, WRAP]
        left, right, top, bottom = 1e9, -1e9, 1e9, -1e9
        layer = kinds[texture, UV]
        for corner in range(3):
            place = corners[triangle, corner]
            u, v = turned(turns, texture, float(uvs[layer, place, 0]), float(uvs[layer, place, 1]))
            left, right, top, bottom = min(left, u), max(right, u), min(top, v), max(bottom, v)
        if wrap == REPEAT:  # whole turns make no difference
            across, down = math.floor((left + right) / 2), math.floor((top + bottom) / 2)
            left, right, top, bottom = left - across, right - across, top - down, bottom - down
        if wrap != REPEAT and (left < 0 or top < 0 or right > 1 or bottom > 1):
            solid[number] = wrap == EXTEND
        first, end = int(math.floor(left * width)) - MARGIN_TEXELS, int(right * width) + MARGIN_TEXELS + 1
        low, high = int(math.floor(top * height)) - MARGIN_TEXELS, int(bottom * height) + MARGIN_TEXELS + 1
        if (end - first) * (high - low) > MOST_TEXELS:
            solid[number] = False
            continue
        for j in range(low, high):
            for i in range(first, end):
                row, column = min(max(j, 0), height - 1), min(max(i, 0), width - 1)
                if wrap == REPEAT:
                    row, column = j % height, i % width
                solid[number] = solid[number] and texels[places[texture, 0, 0] + row * width + column] >= SOLID
            if not solid[number]:
                break
