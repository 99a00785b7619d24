"""Which triangle each sample of a view sees: scan conversion into a depth buffer, four samples a pixel."""

from __future__ import annotations

import math

import numpy as np

from render.raster.groups import Culling, Layer, Materials, Mesh, View
from render.raster.pack import ALPHA, CLIP, CUTOFF, FRONTS_ONLY, MODE
from render.raster.texture import alpha_at
from rigmill.compiled import compiled, inlined
from rigmill.types import Floats, Ints

# A square turned by 18.4 degrees: four different rows and columns. Its spread is that of Cycles' pixel filter
# (Blackman-Harris over 1.5 px, a standard deviation of 0.2077 px), so the mean of the samples is the filtered value.
_A, _B = 0.0929, 0.2787
SAMPLES = np.array([[-_A, -_B], [_B, -_A], [-_B, _A], [_A, _B]], np.float64)
NUM_SAMPLES = 4
TILE_PX = 8
FRONT = -1  # the way round on the screen, y down, of triangles that face the camera
FAR_PX = 1e6  # a vertex projected further away than that belongs to a triangle that is not drawn


@compiled("void(float32[:, ::1], float64[:, ::1], float64[::1], float32[:, ::1])")
def project_vertices(vertices: Floats, world_to_view: Floats, lens: Floats, screen: Floats) -> None:
    """Pixels and 1 / depth (V, 3) of `vertices`; 1 / depth is 0 for what cannot be drawn.

    `lens` is focal x, focal y, centre x, centre y and the least depth.
    """
    m = world_to_view
    for index in range(vertices.shape[0]):
        x, y, z = float(vertices[index, 0]), float(vertices[index, 1]), float(vertices[index, 2])
        depth = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
        screen[index, 0], screen[index, 1], screen[index, 2] = 0.0, 0.0, 0.0
        if depth > lens[4] and depth < 1e9:
            inverse = 1.0 / depth
            u = (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]) * inverse * lens[0] + lens[2]
            v = (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]) * inverse * lens[1] + lens[3]
            if abs(u) < FAR_PX and abs(v) < FAR_PX:
                screen[index, 0], screen[index, 1], screen[index, 2] = u, v, inverse


@compiled("void(float32[:, ::1], int32[:, ::1], float64[::1])")
def find_bounds(screen: Floats, triangles: Ints, bounds: Floats) -> None:
    """The least and greatest x and y of all triangles that can be drawn, into `bounds` (4,)."""
    left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
    for index in range(triangles.shape[0]):
        a, b, c = triangles[index, 0], triangles[index, 1], triangles[index, 2]
        if screen[a, 2] > 0 and screen[b, 2] > 0 and screen[c, 2] > 0:
            left = min(left, screen[a, 0], screen[b, 0], screen[c, 0])
            right = max(right, screen[a, 0], screen[b, 0], screen[c, 0])
            top = min(top, screen[a, 1], screen[b, 1], screen[c, 1])
            bottom = max(bottom, screen[a, 1], screen[b, 1], screen[c, 1])
    bounds[0], bounds[1], bounds[2], bounds[3] = left, top, right, bottom


@compiled("void(float32[:, :, ::1], float32[:, ::1])")
def find_tiles(near: Floats, tiles: Floats) -> None:
    """What is farthest, the least 1 / depth, in each square of TILE_PX pixels: 0 where a sample sees nothing."""
    for j in range(tiles.shape[0]):
        for i in range(tiles.shape[1]):
            tiles[j, i] = np.float32(np.inf)
    for sample in range(near.shape[0]):
        for row in range(near.shape[1]):
            for column in range(near.shape[2]):
                j, i = row // TILE_PX, column // TILE_PX
                tiles[j, i] = min(tiles[j, i], near[sample, row, column])


@inlined
def by_height(screen: Floats, a: int, b: int, c: int) -> tuple[int, int, int]:
    """The three vertices from the top down."""
    if screen[b, 1] < screen[a, 1]:
        a, b = b, a
    if screen[c, 1] < screen[b, 1]:
        b, c = c, b
        if screen[b, 1] < screen[a, 1]:
            a, b = b, a
    return a, b, c


@inlined
def slope(screen: Floats, upper: int, lower: int) -> float:
    """How far x moves a row down. From the upper to the lower vertex in every triangle that shares the edge, so that
    the triangles meet without gap or overlap.
    """
    height = float(screen[lower, 1]) - float(screen[upper, 1])
    return (float(screen[lower, 0]) - float(screen[upper, 0])) / height if height > 0 else 0.0


@inlined
def first_at(value: float) -> int:
    """The first whole number that is not less."""
    return int(math.ceil(value))


@compiled("void(View, Mesh, Materials, int32[::1], float64[:, ::1], Culling, Layer)")
def scan(
    view: View, mesh: Mesh, materials: Materials, chosen: Ints, samples: Floats, culling: Culling, layer: Layer
) -> None:
    """Draw the `chosen` triangles into the layer: each takes the samples where it is nearer than what is there."""
    screen, origin, triangles, look = view.screen, view.origin, mesh.triangles, mesh.look
    numbers, choices = materials.numbers, materials.choices
    limit, tiles, facing = culling.limit, culling.tiles, culling.facing
    near, ids = layer.near, layer.ids
    height, width = near.shape[1], near.shape[2]
    nearest, taken = near.reshape(-1), ids.reshape(-1)
    limited = limit.shape[1] > 0
    for number in range(chosen.shape[0]):
        triangle = chosen[number]
        a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
        if not (screen[a, 2] > 0 and screen[b, 2] > 0 and screen[c, 2] > 0):
            continue
        ax, ay, az = float(screen[a, 0]) - origin[0], float(screen[a, 1]) - origin[1], float(screen[a, 2])
        bx, by, bz = float(screen[b, 0]) - origin[0], float(screen[b, 1]) - origin[1], float(screen[b, 2])
        cx, cy, cz = float(screen[c, 0]) - origin[0], float(screen[c, 1]) - origin[1], float(screen[c, 2])
        if min(ay, by, cy) >= height or max(ay, by, cy) <= 0 or min(ax, bx, cx) >= width or max(ax, bx, cx) <= 0:
            continue
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if not abs(area) > 1e-9 or area * facing < 0:
            continue
        material = look[triangle]
        if area * FRONT < 0 and choices[material, FRONTS_ONLY] == 1:
            continue
        least, most = min(az, bz, cz), max(az, bz, cz)
        if tiles.shape[0] > 0:
            i0, i1 = max(int(min(ax, bx, cx)), 0), min(int(max(ax, bx, cx)), width - 1)
            j0, j1 = max(int(min(ay, by, cy)), 0), min(int(max(ay, by, cy)), height - 1)
            hidden = True
            for j in range(j0 // TILE_PX, j1 // TILE_PX + 1):
                for i in range(i0 // TILE_PX, i1 // TILE_PX + 1):
                    hidden = hidden and most < tiles[j, i]
            if hidden:
                continue
        # 1 / depth is linear on the screen. Slivers have steep planes: never leave the range of the corners.
        across = ((bz - az) * (cy - ay) - (cz - az) * (by - ay)) / area
        down = ((cz - az) * (bx - ax) - (bz - az) * (cx - ax)) / area
        clipped = choices[material, MODE] == CLIP
        a, b, c = by_height(screen, a, b, c)
        long, upper, lower = slope(screen, a, c), slope(screen, a, b), slope(screen, b, c)
        x0, y0 = float(screen[a, 0]) - origin[0], float(screen[a, 1]) - origin[1]
        x1, y1 = float(screen[b, 0]) - origin[0], float(screen[b, 1]) - origin[1]
        y2 = float(screen[c, 1]) - origin[1]
        bends_right = x1 > x0 + (y1 - y0) * long
        for sample in range(NUM_SAMPLES):
            off_x, off_y = samples[sample, 0] + 0.5, samples[sample, 1] + 0.5
            for row in range(max(first_at(y0 - off_y), 0), min(first_at(y2 - off_y), height)):
                y = row + off_y
                straight = x0 + (y - y0) * long
                bent = x0 + (y - y0) * upper if y < y1 else x1 + (y - y1) * lower
                left, right = (straight, bent) if bends_right else (bent, straight)
                start, end = max(first_at(left - off_x), 0), min(first_at(right - off_x), width)
                base = np.float32(az + (off_x - ax) * across + (y - ay) * down)
                flat = np.uint64((sample * height + row) * width)
                step, low, high = np.float32(across), np.float32(least), np.float32(most)
                if not clipped and not limited:
                    for column in range(start, end):
                        z = min(max(base + np.float32(column) * step, low), high)
                        place = flat + np.uint64(column)
                        if z > nearest[place]:
                            nearest[place] = z
                            taken[place] = triangle
                    continue
                for column in range(start, end):
                    z = min(max(base + np.float32(column) * step, low), high)
                    if not z > near[sample, row, column]:
                        continue
                    if limited and not z < limit[sample, row, column]:
                        continue
                    if clipped:
                        # Barycentric, then perspective-correct.
                        px, py = column + off_x, y
                        wb = ((px - ax) * (cy - ay) - (cx - ax) * (py - ay)) / area
                        wc = ((bx - ax) * (py - ay) - (px - ax) * (by - ay)) / area
                        wa = (1.0 - wb - wc) * az
                        wb, wc = wb * bz, wc * cz
                        total = wa + wb + wc
                        alpha = alpha_at(mesh, materials, material, triangle, wb / total, wc / total)
                        if alpha * numbers[material, ALPHA] < numbers[material, CUTOFF]:
                            continue
                    near[sample, row, column] = z
                    ids[sample, row, column] = triangle
