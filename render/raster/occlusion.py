"""How much of the sky and of the suns the subject hides from itself: depth maps from all around, once per frame.

The suns' discs are wide, so each has several maps of its own. A map of the sky is used from both of its ends: where
the surface begins and where it ends along a direction.
"""

from __future__ import annotations

import math

import numpy as np

from render.raster.groups import Around
from render.raster.visibility import by_height, first_at, slope
from rigmill.compiled import compiled
from rigmill.types import Floats, Ints

MOST_MAP_PX, LEAST_MAP_PX = 160, 64
MAP_PER_PICTURE = 0.625  # of small pictures: a texel is about two of their pixels, as in pictures of 256
SKY_PAIRS = 12  # directions of the sky are twice as many
SUN_RAYS = 5  # in each sun's disc
STEPS = 128  # of a height, in a texel: maps of short numbers stay in a processor's cache
OFFSET_TEXELS = 1.0  # a point is lifted off its surface, or the surface would hide it
MOST_TINY = 60_000  # triangles smaller than a texel that are drawn; of more, every n-th


def directions(suns: Floats) -> Floats:
    """Right, up and towards (K, 3, 3) of SKY_PAIRS + S * SUN_RAYS maps: half of the sky, then the discs of `suns`."""
    golden = math.pi * (3 - math.sqrt(5))
    number = np.arange(SKY_PAIRS)
    height, turn = (number + 0.5) / SKY_PAIRS, number * golden + 0.4
    flat = np.sqrt(1 - height**2)
    sky = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=-1)
    # Tilted, so that no direction lies in the planes that models love.
    a, b = 0.35, 0.2
    tilt = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]]) @ np.array(
        [[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]]
    )
    found = [sky @ tilt.T]
    ray = np.arange(SUN_RAYS)
    radius, turn = np.sqrt((ray + 0.5) / SUN_RAYS)[:, None], (ray * golden)[:, None]
    for sun in suns:
        right, up = _across(sun[:3])
        disc = sun[:3] + sun[4] * radius * (np.cos(turn) * right + np.sin(turn) * up)
        found.append(disc / np.linalg.norm(disc, axis=-1, keepdims=True))
    return np.stack([np.stack([*_across(direction), direction]) for direction in np.concatenate(found)])


def _across(towards: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors at right angles to `towards` and to each other."""
    axis = np.zeros(3)
    axis[np.abs(towards).argmin()] = 1.0
    right = np.cross(axis, towards)
    right /= np.linalg.norm(right)
    return right, np.cross(towards, right)


def map_size(picture_px: int) -> int:
    """Texels along a side of the maps, for pictures of so many pixels along their larger side."""
    return min(max(round(MAP_PER_PICTURE * picture_px), LEAST_MAP_PX), MOST_MAP_PX)


def look_from_around(
    vertices: Floats, triangles: Ints, casting: Ints, axes: Floats, colours: Floats, *, map_px: int
) -> Around:
    """The maps of a frame along `axes` (see `directions`), `map_px` texels along a side.

    `casting` are the triangles that throw shadows, `colours` (K, 4) their colours and alpha.
    """
    bounds = np.array([np.inf, np.inf, np.inf, -np.inf, -np.inf, -np.inf])
    measure(vertices, triangles, casting, bounds)
    num = len(axes)
    top = np.full((num, map_px, map_px), -32768, np.int16)
    bottom = np.full((SKY_PAIRS, map_px, map_px), 32767, np.int16)
    to_map = np.zeros((num, 3, 4))
    if not (bounds[3:] > bounds[:3]).any():
        return Around(top, bottom, to_map, 0.0)
    centre, radius = (bounds[:3] + bounds[3:]) / 2, float(np.linalg.norm(bounds[3:] - bounds[:3])) / 2
    per_world = (map_px / 2 - 2) / radius
    to_map[:, :, :3] = axes * per_world
    to_map[:, :, 3] = np.array([map_px / 2, map_px / 2, 0]) - to_map[:, :, :3] @ centre
    to_map[:, 2] *= STEPS
    kind = np.empty(len(casting), np.uint8)
    num_tiny = sort_by_size(vertices, triangles, casting, 1.6 / per_world, kind)
    every = num_tiny // MOST_TINY + 1
    around = Around(top, bottom, to_map, OFFSET_TEXELS / per_world)
    large, tiny = casting[kind == 1], casting[kind == 0][::every].copy()
    draw_maps(vertices, triangles, colours, large, tiny, np.empty((len(vertices), 3), np.float32), around)
    return around


@compiled("void(float32[:, ::1], int32[:, ::1], int32[::1], float64[::1])")
def measure(vertices: Floats, triangles: Ints, casting: Ints, bounds: Floats) -> None:
    """Widen `bounds` (6,), min and max corner, to all triangles that are anywhere."""
    for number in range(casting.shape[0]):
        for corner in range(3):
            vertex = triangles[casting[number], corner]
            for axis in range(3):
                value = float(vertices[vertex, axis])
                if abs(value) < 1e9:
                    bounds[axis] = min(bounds[axis], value)
                    bounds[3 + axis] = max(bounds[3 + axis], value)


@compiled("int64(float32[:, ::1], int32[:, ::1], int32[::1], float64, uint8[::1])")
def sort_by_size(vertices: Floats, triangles: Ints, casting: Ints, limit: float, kind: Ints) -> int:
    """0 in `kind` for triangles whose sides are all under `limit`, else 1, 2 for those that are no triangles."""
    count = 0
    for number in range(casting.shape[0]):
        triangle = casting[number]
        most = 0.0
        for side in range(3):
            a, b = triangles[triangle, side], triangles[triangle, (side + 1) % 3]
            x, y, z = (
                float(vertices[a, 0]) - vertices[b, 0],
                float(vertices[a, 1]) - vertices[b, 1],
                float(vertices[a, 2]) - vertices[b, 2],
            )
            square = x * x + y * y + z * z
            most = square if not square < most else most  # nan stays
        kind[number] = 2
        if most < limit * limit:
            kind[number] = 0
            count += 1
        elif most < 1e18:
            kind[number] = 1
    return count


@compiled("void(float32[:, ::1], int32[:, ::1], float32[:, ::1], int32[::1], int32[::1], float32[:, ::1], Around)")
def draw_maps(
    vertices: Floats, triangles: Ints, colours: Floats, large: Ints, tiny: Ints, places: Floats, around: Around
) -> None:
    """Draw triangles into all maps: `large` ones texel by texel, `tiny` ones as points.

    See-through ones are in as many maps as their alpha (in `colours`, (K, 4)) says. `places` (V, 3) is scratch.
    """
    top, bottom, to_map = around.top, around.bottom, around.to_map
    map_px = top.shape[1]
    high, low = top.reshape(-1), bottom.reshape(-1)
    for number in range(top.shape[0]):
        m = to_map[number]
        for index in range(vertices.shape[0]):
            x, y, z = float(vertices[index, 0]), float(vertices[index, 1]), float(vertices[index, 2])
            places[index, 0] = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]
            places[index, 1] = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]
            places[index, 2] = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
        both = number < SKY_PAIRS
        for item in range(tiny.shape[0]):
            a = triangles[tiny[item], 0]
            column, row = int(places[a, 0]), int(places[a, 1])
            if column >= 0 and row >= 0 and column < map_px and row < map_px:
                level = np.int16(places[a, 2])
                top[number, row, column] = max(top[number, row, column], level)
                if both:
                    bottom[number, row, column] = min(bottom[number, row, column], level)
        for item in range(large.shape[0]):
            alpha = colours[large[item], 3]
            if alpha < 1 and (large[item] * 37 + number * 61) % 97 >= alpha * 97:
                continue
            a, b, c = by_height(places, triangles[large[item], 0], triangles[large[item], 1], triangles[large[item], 2])
            ax, ay, az = float(places[a, 0]), float(places[a, 1]), float(places[a, 2])
            bx, by, bz = float(places[b, 0]), float(places[b, 1]), float(places[b, 2])
            cx, cy, cz = float(places[c, 0]), float(places[c, 1]), float(places[c, 2])
            area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
            if not (abs(area) > 1e-4 and ay >= 0 and cy < map_px):
                continue
            first, end = first_at(ay - 0.5), first_at(cy - 0.5)
            if first >= end:
                continue
            scale = 1.0 / area
            across = ((bz - az) * (cy - ay) - (cz - az) * (by - ay)) * scale
            down = ((cz - az) * (bx - ax) - (bz - az) * (cx - ax)) * scale
            long, upper, lower = slope(places, a, c), slope(places, a, b), slope(places, b, c)
            bends_right = area > 0
            for row in range(first, end):
                y = row + 0.5
                straight = ax + (y - ay) * long
                bent = ax + (y - ay) * upper if y < by else bx + (y - by) * lower
                left, right = (straight, bent) if bends_right else (bent, straight)
                base, step = np.float32(az + (0.5 - ax) * across + (y - ay) * down), np.float32(across)
                flat = np.uint64((number * map_px + row) * map_px)
                start, stop = max(first_at(left - 0.5), 0), min(first_at(right - 0.5), map_px)
                for column in range(start, stop):
                    place = flat + np.uint64(column)
                    high[place] = max(high[place], np.int16(base + np.float32(column) * step))
                if both:
                    for column in range(start, stop):
                        place = flat + np.uint64(column)
                        low[place] = min(low[place], np.int16(base + np.float32(column) * step))
