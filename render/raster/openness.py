"""How much of the sky and of each sun a fragment sees, by the maps of occlusion.py."""

from __future__ import annotations

import numpy as np

from render.raster.groups import Around, Spots
from render.raster.locate import FACE, NORMAL, PLACE
from render.raster.occlusion import SKY_PAIRS, SUN_RAYS
from rigmill.compiled import compiled, inlined
from rigmill.types import Floats, Ints

BLOCK_PX = 3  # one look-up for the fragments of a surface in so many pixels by so many
SURFACES = 2  # that a block remembers, of all that are in it
SMOOTH_BLOCKS = 1  # the look-ups' steps are smoothed over so many blocks on each side
SAME_FACING, SMOOTH_FACING = 0.99, 0.9  # cosine between normals that are looked up once, and that are smoothed
# Columns of a spot where maps are looked up: shading normal, face normal, place lifted off the surface.
FACING, LIFTED, NUM_SPOT = 3, 6, 9


@inlined
def along(to_map: Floats, number: int, axis: int, spots: Floats, group: int) -> float:
    """A lifted point's column, row or height in a map."""
    return (
        to_map[number, axis, 0] * spots[group, LIFTED]
        + to_map[number, axis, 1] * spots[group, LIFTED + 1]
        + to_map[number, axis, 2] * spots[group, LIFTED + 2]
        + to_map[number, axis, 3]
    )


@inlined
def height_above(heights: Ints, to_map: Floats, number: int, spots: Floats, group: int) -> float:
    """How far a lifted point is above what a map shows there."""
    column = min(max(int(along(to_map, number, 0, spots, group)), 0), heights.shape[1] - 1)
    row = min(max(int(along(to_map, number, 1, spots, group)), 0), heights.shape[1] - 1)
    return along(to_map, number, 2, spots, group) - heights[number, row, column]


@inlined
def look_at_sky(around: Around, towards: Floats, number: int, spots: Floats, count: int, raw: Floats) -> None:
    """Add a pair of directions to `raw` (count, ..): even light that could reach each spot, and what does."""
    top, bottom, to_map = around.top, around.bottom, around.to_map
    dx, dy, dz = towards[number, 0], towards[number, 1], towards[number, 2]
    for group in range(count):
        weight = spots[group, 0] * dx + spots[group, 1] * dy + spots[group, 2] * dz
        facing = spots[group, FACING] * dx + spots[group, FACING + 1] * dy + spots[group, FACING + 2] * dz
        if weight > 0:
            raw[group, 1] += weight
            if facing > 0 and height_above(top, to_map, number, spots, group) >= 0:
                raw[group, 0] += weight
        else:
            raw[group, 1] -= weight
            if facing < 0 and height_above(bottom, to_map, number, spots, group) <= 0:
                raw[group, 0] -= weight


@inlined
def look_at_sun(around: Around, suns: Floats, sun: int, spots: Floats, count: int, raw: Floats) -> None:
    """The share of a sun's rays that reach each spot, into `raw`."""
    top, to_map = around.top, around.to_map
    for group in range(count):
        raw[group, 2 + sun] = 0.0
    for number in range(SKY_PAIRS + sun * SUN_RAYS, SKY_PAIRS + (sun + 1) * SUN_RAYS):
        for group in range(count):
            facing = (
                spots[group, FACING] * suns[sun, 0]
                + spots[group, FACING + 1] * suns[sun, 1]
                + spots[group, FACING + 2] * suns[sun, 2]
            )
            if facing > -suns[sun, 4] and height_above(top, to_map, number, spots, group) >= 0:
                raw[group, 2 + sun] += np.float32(1.0 / SUN_RAYS)


@inlined
def is_near(found: Floats, first: int, second: int, reach: float, facing: float) -> bool:
    """Whether two fragments are on one smooth surface and close to each other."""
    nx, ny, nz = found[first, NORMAL], found[first, NORMAL + 1], found[first, NORMAL + 2]
    cosine = nx * found[second, NORMAL] + ny * found[second, NORMAL + 1] + nz * found[second, NORMAL + 2]
    if not cosine > facing:
        return False
    x, y, z = (
        found[first, PLACE] - found[second, PLACE],
        found[first, PLACE + 1] - found[second, PLACE + 1],
        found[first, PLACE + 2] - found[second, PLACE + 2],
    )
    return bool(abs(x * nx + y * ny + z * nz) < reach)


@inlined
def are_near(spots: Floats, first: int, second: int, reach: float) -> bool:
    """Whether what was looked up at two spots may be smoothed."""
    nx, ny, nz = spots[first, 0], spots[first, 1], spots[first, 2]
    if not nx * spots[second, 0] + ny * spots[second, 1] + nz * spots[second, 2] > SMOOTH_FACING:
        return False
    x, y, z = (
        spots[first, LIFTED] - spots[second, LIFTED],
        spots[first, LIFTED + 1] - spots[second, LIFTED + 1],
        spots[first, LIFTED + 2] - spots[second, LIFTED + 2],
    )
    return bool(abs(x * nx + y * ny + z * nz) < reach)


@compiled("int64(int32[::1], int64, float32[:, ::1], Around, float64[:, ::1], float64[:, ::1], Spots)")
def look_up_openness(
    pixels: Ints, width: int, found: Floats, around: Around, suns: Floats, towards: Floats, looked_up: Spots
) -> int:
    """Fill in where maps are looked up for fragments, and what is open there; says how many places these are.

    `towards` (maps, 3) are the maps' directions.
    """
    blocks, members, leaders = looked_up.blocks, looked_up.members, looked_up.leaders
    spots, raw, openness, lift = looked_up.places, looked_up.raw, looked_up.openness, around.lift
    rows, columns, num_values = blocks.shape[0], blocks.shape[1], openness.shape[1]
    count, line = 0, 0
    for index in range(found.shape[0]):
        while pixels[index] >= (line + 1) * width:  # fragments are in the order of pixels; a division costs more
            line += 1
        row, column = line // BLOCK_PX, (pixels[index] - line * width) // BLOCK_PX
        other = blocks[row, column, 0]
        if other >= 0 and is_near(found, leaders[other], index, lift, SAME_FACING):
            members[index] = other
            continue
        # Where two surfaces meet, rows of pixels go to and fro between them.
        second = blocks[row, column, 1]
        blocks[row, column, 1] = other
        if second >= 0 and is_near(found, leaders[second], index, lift, SAME_FACING):
            members[index] = blocks[row, column, 0] = second
            continue
        members[index] = blocks[row, column, 0] = count
        leaders[count] = index
        for axis in range(3):
            spots[count, axis] = found[index, NORMAL + axis]
            spots[count, FACING + axis] = found[index, FACE + axis]
            spots[count, LIFTED + axis] = found[index, PLACE + axis] + lift * found[index, FACE + axis]
        raw[count, 0] = raw[count, 1] = 1e-6
        count += 1
    # Map by map: one stays in the processor's cache, all together do not.
    for number in range(around.bottom.shape[0]):
        look_at_sky(around, towards, number, spots, count, raw)
    for sun in range(num_values - 1):
        look_at_sun(around, suns, sun, spots, count, raw)
    for group in range(count):
        raw[group, 1] = raw[group, 0] / raw[group, 1]
        raw[group, 0] = 1.0  # from here on how many spots are averaged
        for value in range(num_values):
            openness[group, value] = raw[group, 1 + value]
    line = 0
    for group in range(count):
        pixel = pixels[leaders[group]]
        while pixel >= (line + 1) * width:
            line += 1
        row, column = line // BLOCK_PX, (pixel - line * width) // BLOCK_PX
        for j in range(row, min(row + SMOOTH_BLOCKS + 1, rows)):
            for i in range(max(column - SMOOTH_BLOCKS, 0), min(column + SMOOTH_BLOCKS + 1, columns)):
                for surface in range(SURFACES):
                    other = blocks[j, i, surface]
                    # Each pair once, from the spot that came first.
                    if other > group and are_near(spots, group, other, lift):
                        raw[group, 0] += 1.0
                        raw[other, 0] += 1.0
                        for value in range(num_values):
                            openness[group, value] += raw[other, 1 + value]
                            openness[other, value] += raw[group, 1 + value]
    for group in range(count):
        for value in range(num_values):
            openness[group, value] /= raw[group, 0]
    return count
