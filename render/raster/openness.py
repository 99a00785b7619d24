"""How much of the sky and of each sun a fragment sees, by the maps of occlusion.py."""

from __future__ import annotations

from render.raster.locate import FACE, NORMAL, PLACE
from render.raster.occlusion import MAP_PX, SKY_PAIRS, SUN_RAYS
from rigmill.compiled import compiled, inlined
from rigmill.types import Floats, Ints

BLOCK_PX = 3  # one look-up for the fragments of a surface in so many pixels by so many
SMOOTH_BLOCKS = 1  # the look-ups' steps are smoothed over so many blocks on each side
SAME_FACING, SMOOTH_FACING = 0.99, 0.9  # cosine between normals that are looked up once, and that are smoothed


@inlined
def along(to_map: Floats, number: int, axis: int, x: float, y: float, z: float) -> float:
    """A point's column, row or height in a map."""
    return (to_map[number, axis, 0] * x + to_map[number, axis, 1] * y + to_map[number, axis, 2] * z
            + to_map[number, axis, 3])


@inlined
def sky_seen(
    top: Ints, bottom: Ints, to_map: Floats, towards: Floats, x: float, y: float, z: float,
    nx: float, ny: float, nz: float, gx: float, gy: float, gz: float,
) -> float:
    """The share of even light that reaches a lifted point with normal n on a face with normal g."""
    total, open_part = 1e-6, 1e-6
    for number in range(bottom.shape[0]):
        dx, dy, dz = towards[number, 0], towards[number, 1], towards[number, 2]
        weight = nx * dx + ny * dy + nz * dz
        side = 1.0 if weight > 0 else -1.0
        weight *= side
        total += weight
        if (gx * dx + gy * dy + gz * dz) * side <= 0:
            continue
        column = int(along(to_map, number, 0, x, y, z))
        row = int(along(to_map, number, 1, x, y, z))
        height = along(to_map, number, 2, x, y, z)
        column, row = min(max(column, 0), MAP_PX - 1), min(max(row, 0), MAP_PX - 1)
        hidden = top[number, row, column] > height if side > 0 else bottom[number, row, column] < height
        if not hidden:
            open_part += weight
    return open_part / total


@inlined
def sun_seen(top: Ints, to_map: Floats, first: int, x: float, y: float, z: float) -> float:
    """The share of a sun's rays, whose maps begin at `first`, that reach a lifted point."""
    total = 0.0
    for number in range(first, first + SUN_RAYS):
        column = min(max(int(along(to_map, number, 0, x, y, z)), 0), MAP_PX - 1)
        row = min(max(int(along(to_map, number, 1, x, y, z)), 0), MAP_PX - 1)
        total += 1.0 if top[number, row, column] <= along(to_map, number, 2, x, y, z) else 0.0
    return total / SUN_RAYS


@inlined
def is_near(found: Floats, first: int, second: int, reach: float, facing: float) -> bool:
    """Whether two fragments are on one smooth surface and close to each other."""
    nx, ny, nz = found[first, NORMAL], found[first, NORMAL + 1], found[first, NORMAL + 2]
    cosine = nx * found[second, NORMAL] + ny * found[second, NORMAL + 1] + nz * found[second, NORMAL + 2]
    if not cosine > facing:
        return False
    x, y, z = (found[first, PLACE] - found[second, PLACE], found[first, PLACE + 1] - found[second, PLACE + 1],
               found[first, PLACE + 2] - found[second, PLACE + 2])
    return bool(abs(x * nx + y * ny + z * nz) < reach)


@compiled(
    "void(int64, int32[::1], int64, float32[:, ::1], float64[:, ::1], int16[:, :, ::1], int16[:, :, ::1],"
    " float64[:, :, ::1], float64[:, ::1], float64, int32[:, ::1], int32[::1], int32[::1], float32[:, ::1],"
    " float32[:, ::1])"
)
def look_up_openness(
    num: int, pixels: Ints, width: int, found: Floats, suns: Floats, top: Ints, bottom: Ints,
    to_map: Floats, towards: Floats, lift: float, blocks: Ints, members: Ints, leaders: Ints, raw: Floats,
    openness: Floats,
) -> None:
    """Fill `openness` (num, 1 + S): the shares of the sky and of each sun that the fragments see.

    `blocks` (rows, columns) has -1; `members`, `leaders` (num,) and `raw` (num, 1 + S) are scratch.
    """
    rows, columns, num_values = blocks.shape[0], blocks.shape[1], openness.shape[1]
    count = 0
    for index in range(num):
        row, column = pixels[index] // width // BLOCK_PX, pixels[index] % width // BLOCK_PX
        other = blocks[row, column]
        if other >= 0 and is_near(found, leaders[other], index, lift, SAME_FACING):
            members[index] = other
            continue
        members[index] = blocks[row, column] = count
        leaders[count] = index
        gx, gy, gz = float(found[index, FACE]), float(found[index, FACE + 1]), float(found[index, FACE + 2])
        x, y = found[index, PLACE] + gx * lift, found[index, PLACE + 1] + gy * lift
        z = found[index, PLACE + 2] + gz * lift
        raw[count, 0] = sky_seen(
            top, bottom, to_map, towards, x, y, z, float(found[index, NORMAL]), float(found[index, NORMAL + 1]),
            float(found[index, NORMAL + 2]), gx, gy, gz,
        )
        for sun in range(num_values - 1):
            raw[count, 1 + sun] = 0.0
            if gx * suns[sun, 0] + gy * suns[sun, 1] + gz * suns[sun, 2] > -suns[sun, 4]:
                raw[count, 1 + sun] = sun_seen(top, to_map, SKY_PAIRS + sun * SUN_RAYS, x, y, z)
        count += 1
    for number in range(count):
        leader = leaders[number]
        row, column = pixels[leader] // width // BLOCK_PX, pixels[leader] % width // BLOCK_PX
        total = 1.0
        for value in range(num_values):
            openness[number, value] = raw[number, value]
        for j in range(max(row - SMOOTH_BLOCKS, 0), min(row + SMOOTH_BLOCKS + 1, rows)):
            for i in range(max(column - SMOOTH_BLOCKS, 0), min(column + SMOOTH_BLOCKS + 1, columns)):
                other = blocks[j, i]
                if other >= 0 and other != number and is_near(found, leader, leaders[other], lift, SMOOTH_FACING):
                    total += 1.0
                    for value in range(num_values):
                        openness[number, value] += raw[other, value]
        for value in range(num_values):
            openness[number, value] /= total
