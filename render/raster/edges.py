"""Outlines: how much of a pixel at the subject's edge is covered, finer than by four samples."""

from __future__ import annotations

import math

import numpy as np

from render.raster.groups import Materials, Mesh, Outlines, View
from render.raster.pack import ALPHA, CLIP, CUTOFF, MODE
from render.raster.texture import alpha_at
from render.raster.visibility import NUM_SAMPLES
from rigmill.compiled import compiled, inlined
from rigmill.types import Bytes, Floats, Ints

FILTER_PX = 1.5  # the width of Cycles' pixel filter, Blackman-Harris
NUM_POINTS = 64
MOST_TRIANGLES = 36  # seen around a pixel, by four samples each of nine
SLACK = 0.15  # triangles too small for any sample are missed, so the samples bound what is found


def filter_points() -> Floats:
    """Columns and rows (2, NUM_POINTS) around a pixel's centre, as densely as the filter weighs them."""
    x = (np.arange(4096) + 0.5) / 4096 - 0.5
    turn = 2 * math.pi * x
    weight = 0.35875 + 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) + 0.01168 * np.cos(3 * turn)
    share = np.cumsum(weight) / weight.sum()
    number = np.arange(NUM_POINTS)
    reversed_bits = np.array([int(f"{value:06b}"[::-1], 2) for value in number])
    points = np.stack([(number + 0.5) / NUM_POINTS, (reversed_bits + 0.5) / NUM_POINTS])
    places: Floats = np.interp(points, share, x) * FILTER_PX
    return places


POINTS = filter_points()


def make_outlines(light: Floats) -> Outlines:
    """What `refine` needs beside pixels of premultiplied `light` (P, 4)."""
    return Outlines(POINTS, np.empty(NUM_POINTS, np.uint8), np.empty(MOST_TRIANGLES, np.int32), light[:, 3].copy())


@inlined
def cover(screen: Floats, triangles: Ints, triangle: int, x: float, y: float, points: Floats, covered: Bytes) -> None:
    """Set `covered` (NUM_POINTS,) for the points around (x, y) that are in a triangle, its edges included."""
    a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
    ax, ay = float(screen[a, 0]) - x, float(screen[a, 1]) - y
    bx, by = float(screen[b, 0]) - x, float(screen[b, 1]) - y
    cx, cy = float(screen[c, 0]) - x, float(screen[c, 1]) - y
    # Twice the areas that a place makes with each side are linear in it; all have one sign inside.
    ab, bc, ca = ax * by - bx * ay, bx * cy - cx * by, cx * ay - ax * cy
    side = 1.0 if ab + bc + ca > 0 else -1.0
    ab_x, ab_y, ab = (ay - by) * side, (bx - ax) * side, ab * side
    bc_x, bc_y, bc = (by - cy) * side, (cx - bx) * side, bc * side
    ca_x, ca_y, ca = (cy - ay) * side, (ax - cx) * side, ca * side
    for point in range(NUM_POINTS):
        px, py = points[0, point], points[1, point]
        inside = (
            (ab + ab_x * px + ab_y * py >= 0) & (bc + bc_x * px + bc_y * py >= 0) & (ca + ca_x * px + ca_y * py >= 0)
        )
        covered[point] |= np.uint8(inside)


@inlined
def cut_out(
    screen: Floats, mesh: Mesh, materials: Materials, triangle: int, x: float, y: float, points: Floats, covered: Bytes
) -> None:
    """As `cover`, where the alpha of the triangle is its cutoff at least; by every second point."""
    triangles, material = mesh.triangles, mesh.look[triangle]
    cutoff = materials.numbers[material, CUTOFF] / materials.numbers[material, ALPHA]
    a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
    for point in range(0, NUM_POINTS, 2):
        px, py = x + points[0, point], y + points[1, point]
        ax, ay = float(screen[a, 0]) - px, float(screen[a, 1]) - py
        bx, by = float(screen[b, 0]) - px, float(screen[b, 1]) - py
        cx, cy = float(screen[c, 0]) - px, float(screen[c, 1]) - py
        ab, bc, ca = ax * by - bx * ay, bx * cy - cx * by, cx * ay - ax * cy
        inside = (ab >= 0 and bc >= 0 and ca >= 0) or (ab <= 0 and bc <= 0 and ca <= 0)
        if covered[point] or not inside:
            continue
        # Barycentric, then perspective-correct.
        wa, wb, wc = bc * screen[a, 2], ca * screen[b, 2], ab * screen[c, 2]
        total = wa + wb + wc
        if total != 0:
            alpha = alpha_at(mesh, materials, material, triangle, wb / total, wc / total)
            covered[point] = covered[point + 1] = alpha >= cutoff


@compiled("void(int32[:, :, ::1], View, Mesh, Materials, Outlines, float32[:, ::1], float32[:, ::1])")
def refine(
    ids: Ints, view: View, mesh: Mesh, materials: Materials, outlines: Outlines, passing: Floats, light: Floats
) -> None:
    """Set the coverage of pixels on outlines, in premultiplied `light` (P, 4), by the triangles seen around them.

    What see-through triangles let pass, `passing` (P, 4), has no rows where there are none; outlines behind them stay.
    """
    screen, origin, triangles, look = view.screen, view.origin, mesh.triangles, mesh.look
    numbers, choices = materials.numbers, materials.choices
    height, width = ids.shape[1], ids.shape[2]
    points, inside, around, before = outlines.points, outlines.covered, outlines.around, outlines.before
    for row in range(height):
        for column in range(width):
            pixel = row * width + column
            hit = 0
            for sample in range(NUM_SAMPLES):
                hit += ids[sample, row, column] >= 0
            top, bottom = max(row - 1, 0), min(row + 1, height - 1)
            left, right = max(column - 1, 0), min(column + 1, width - 1)
            if hit == 0 or hit == NUM_SAMPLES:
                # Inside or outside, unless a neighbour across an edge is the opposite.
                first = ids[0, row, column] >= 0
                if (
                    (ids[2, top, column] >= 0) == first
                    and (ids[0, bottom, column] >= 0) == first
                    and (ids[1, row, left] >= 0) == first
                    and (ids[0, row, right] >= 0) == first
                    and (ids[3, top, column] >= 0) == first
                    and (ids[3, row, left] >= 0) == first
                    and (ids[1, bottom, column] >= 0) == first
                    and (ids[2, row, right] >= 0) == first
                ):
                    continue
            count, plain = 0, True
            if passing.shape[0] > 0:
                for sample in range(NUM_SAMPLES):
                    plain = plain and passing[pixel, sample] >= 1
            red, green, blue, weight = 0.0, 0.0, 0.0, 0.0
            for j in range(top, bottom + 1):
                for i in range(left, right + 1):
                    for sample in range(NUM_SAMPLES):
                        triangle = ids[sample, j, i]
                        if triangle < 0:
                            continue
                        known = False
                        for index in range(count):
                            known = known or around[index] == triangle
                        if not known:
                            plain = plain and count < MOST_TRIANGLES
                            if plain:
                                around[count] = triangle
                                count += 1
            if not plain:
                continue
            inside[:] = 0
            x, y = origin[0] + column + 0.5, origin[1] + row + 0.5
            for index in range(count):
                if choices[look[around[index]], MODE] != CLIP:
                    cover(screen, triangles, around[index], x, y, points, inside)
            for index in range(count):
                material = look[around[index]]
                if choices[material, MODE] == CLIP and numbers[material, ALPHA] > 0:
                    cut_out(screen, mesh, materials, around[index], x, y, points, inside)
            covered = 0
            for point in range(NUM_POINTS):
                covered += inside[point]
            sampled = hit / NUM_SAMPLES
            alpha = min(max(covered / NUM_POINTS, sampled - SLACK), sampled + SLACK)
            if hit > 0:
                alpha = max(alpha, 1.0 / NUM_POINTS)
                scale = alpha / before[pixel] if before[pixel] > 0 else 0.0
                for channel in range(3):
                    light[pixel, channel] *= scale
                light[pixel, 3] = alpha
            elif covered > 0:  # no sample of its own: the colour is the neighbours'
                for j in range(top, bottom + 1):
                    for i in range(left, right + 1):
                        other = j * width + i
                        if before[other] > 0:
                            share = before[other] / light[other, 3]
                            red += light[other, 0] * share
                            green += light[other, 1] * share
                            blue += light[other, 2] * share
                            weight += before[other]
                if weight > 0:
                    light[pixel, 0], light[pixel, 1], light[pixel, 2] = (
                        red / weight * alpha,
                        green / weight * alpha,
                        blue / weight * alpha,
                    )
                    light[pixel, 3] = alpha
