"""2D joints, second look, compiled: when all joints are known roughly, each disc is fitted among what surrounds it.

A pixel near a disc shows lines, discs behind, the disc, and discs before it, in that order, as `posemap` draws them.
All but the disc's own place is taken as known, and the place (two numbers) follows from least squares over the pixels,
so that a disc half covered is measured by its other half. How well the pixels fix it comes out as well.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import numpy as np

from rigmill.compiled import compiled, inlined
from rigmill.types import Bytes, Floats, Ints

_PER_PX = 16.0  # entries of a profile: 1 / blur.STEP_PX
_STEPS = 5
_FADED, _BRIGHTER = 0.6, 1.15  # shares of a colour that are still it
_NEAR_PX = 0.01  # a step shorter than that is the last
_ODD = 45.0  # RGB units beside the noise that a pixel may be off before it is doubted: codecs, what is not predicted


class Drawing(NamedTuple):
    """How a pose map of D joints was drawn."""

    parents: Annotated[Ints, "int64[::1]"]  # (D,)
    colours: Annotated[Floats, "float64[:, ::1]"]  # (D, 3)
    disc: Annotated[Floats, "float64[::1]"]  # coverage by distance, see blur.py
    line: Annotated[Floats, "float64[::1]"]  # coverage by distance
    radius_px: float
    grey: float  # of lines


class Patch(NamedTuple):
    """A square part of a picture."""

    pixels: Annotated[Floats, "float64[:, ::1]"]  # (side * side, 7): RGB behind a disc, RGB before it, what passes that
    left: int
    top: int
    side: int


@inlined
def covers(profile: Floats, distance: float) -> tuple[float, float]:
    """The coverage at a distance, and its slope."""
    place = distance * _PER_PX
    if place >= profile.shape[0] - 1:
        return 0.0, 0.0
    index = int(place)
    slope = profile[index + 1] - profile[index]
    return profile[index] + (place - index) * slope, slope * _PER_PX


@inlined
def from_segment(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """The distance of a point from the segment a b."""
    ux, uy = bx - ax, by - ay
    length = ux * ux + uy * uy
    share = 0.0
    if length > 1e-12:
        share = min(max(((x - ax) * ux + (y - ay) * uy) / length, 0.0), 1.0)
    return math.hypot(x - ax - share * ux, y - ay - share * uy)


@inlined
def far_to_near(depth: Floats, order: Ints) -> None:
    """The joints as they are drawn."""
    for joint in range(depth.shape[0]):
        place = joint
        while place > 0 and depth[order[place - 1]] < depth[joint]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = joint


@inlined
def lay_lines(patch: Patch, drawing: Drawing, layout: Floats, middle: Floats) -> None:
    """Background and lines behind the discs into the first three channels of `patch`."""
    pixels, left, top, side = patch.pixels, patch.left, patch.top, patch.side
    parents, profile, grey = drawing.parents, drawing.line, drawing.grey
    reach = side * 0.71 + profile.shape[0] / _PER_PX
    for joint in range(parents.shape[0]):
        above = parents[joint]
        if above < 0:
            continue
        ax, ay, bx, by = layout[above, 0], layout[above, 1], layout[joint, 0], layout[joint, 1]
        if not from_segment(middle[0], middle[1], ax, ay, bx, by) < reach:  # nor where a place is not known
            continue
        wide = profile.shape[0] / _PER_PX
        for row in range(max(int(min(ay, by) - wide) - top, 0), min(int(max(ay, by) + wide) + 1 - top, side)):
            for column in range(max(int(min(ax, bx) - wide) - left, 0), min(int(max(ax, bx) + wide) + 1 - left, side)):
                distance = from_segment(left + column + 0.5, top + row + 0.5, ax, ay, bx, by)
                cover, _ = covers(profile, distance)
                if cover > 0.0:
                    pixel = pixels[row * side + column]
                    for channel in range(3):
                        pixel[channel] += cover * (grey - pixel[channel])


@inlined
def lay_discs(patch: Patch, drawing: Drawing, layout: Floats, order: Ints, own: int, middle: Floats) -> None:
    """Discs behind `own` over the first three channels; those before it into the next three and what passes them."""
    pixels, left, top, side = patch.pixels, patch.left, patch.top, patch.side
    profile, colours = drawing.disc, drawing.colours
    reach = side * 0.71 + profile.shape[0] / _PER_PX
    before = False
    for place in range(order.shape[0]):
        joint = order[place]
        if joint == own:
            before = True
            continue
        dx, dy = layout[joint, 0] - middle[0], layout[joint, 1] - middle[1]
        if not dx * dx + dy * dy < reach * reach:
            continue
        cx, cy, wide = layout[joint, 0], layout[joint, 1], profile.shape[0] / _PER_PX
        first = 3 if before else 0
        for row in range(max(int(cy - wide) - top, 0), min(int(cy + wide) + 1 - top, side)):
            for column in range(max(int(cx - wide) - left, 0), min(int(cx + wide) + 1 - left, side)):
                cover, _ = covers(profile, math.hypot(left + column + 0.5 - cx, top + row + 0.5 - cy))
                if cover > 0.0:
                    pixel = pixels[row * side + column]
                    if before:
                        pixel[6] *= 1.0 - cover
                    for channel in range(3):
                        pixel[first + channel] += cover * (colours[joint, channel] - pixel[first + channel])


@inlined
def fit_disc(
    picture: Bytes, patch: Patch, colour: Floats, profile: Floats, noise: float, at: Floats, result: Floats
) -> None:
    """Move `at` to where the disc fits best; `result`: information xx, xy, yy, how much of it is there, and shows, and
    how far its colour is off in red, green and blue.
    """
    pixels, left, top, side = patch.pixels, patch.left, patch.top, patch.side
    height, width = picture.shape[0], picture.shape[1]
    doubt = _ODD * _ODD + 9.0 * noise * noise
    is_last = False
    for step in range(_STEPS + 1):
        xx, xy, yy, gx, gy = 1e-9, 0.0, 1e-9, 0.0, 0.0
        energy, there, shows, whole, seen = 1e-9, 0.0, 0.0, 1e-9, 1e-9
        result[5], result[6], result[7] = 0.0, 0.0, 0.0
        for index in range(side * side):
            column, row = left + index % side, top + index // side
            if not (0 <= row < height and 0 <= column < width):
                continue
            dx, dy = at[0] - column - 0.5, at[1] - row - 0.5
            distance = math.hypot(dx, dy)
            cover, slope = covers(profile, distance)
            if cover == 0.0:
                continue
            passes = pixels[index, 6]
            square, dot, along = 0.0, 0.0, 0.0
            for channel in range(3):
                change = passes * (colour[channel] - pixels[index, channel])
                off = picture[row, column, channel] - pixels[index, 3 + channel] - passes * pixels[index, channel]
                dot += change * off
                square += change * change
                off -= cover * change
                along += off * off
                result[5 + channel] += cover * off
            error = dot - cover * square  # of the pixel's residual along its own change
            trust = doubt / (doubt + along)
            trust *= trust
            slope /= max(distance, 1e-6)
            xx += trust * square * slope * slope * dx * dx
            xy += trust * square * slope * slope * dx * dy
            yy += trust * square * slope * slope * dy * dy
            gx += trust * error * slope * dx
            gy += trust * error * slope * dy
            energy += cover * cover * square
            there += cover * dot
            shows += cover * passes
            seen += cover * cover * passes
            whole += cover
        if is_last or step == _STEPS:
            result[0], result[1], result[2] = xx, xy, yy
            result[3], result[4] = there / energy, shows / whole
            for channel in range(3):
                result[5 + channel] /= seen
            break
        ridge = 0.02 * (xx + yy) + 1.0
        determinant = (xx + ridge) * (yy + ridge) - xy * xy
        move_x = ((yy + ridge) * gx - xy * gy) / determinant
        move_y = ((xx + ridge) * gy - xy * gx) / determinant
        length = math.hypot(move_x, move_y)
        shorter = min(1.0, 1.0 / max(length, 1e-12))
        at[0] += shorter * move_x
        at[1] += shorter * move_y
        is_last = length < _NEAR_PX


@inlined
def own_share(off: Floats, own: int, colours: Floats, slack: float) -> float:
    """The distance of the seen colour, `off` from the own one, from that one over its distance from the nearest other.

    From a colour that may have faded, or been taken for more faded than it is. `slack` is what neighbours that are not
    quite where they are thought to be may add, RGB units.
    """
    nearest, distance = np.inf, 0.0
    for joint in range(colours.shape[0]):
        dot, square, seen = 0.0, 1e-9, 0.0
        for channel in range(3):
            value = colours[own, channel] + off[channel]
            dot += value * colours[joint, channel]
            square += colours[joint, channel] * colours[joint, channel]
            seen += value * value
        share = min(max(dot / square, _FADED), _BRIGHTER)
        away = math.sqrt(max(seen - 2.0 * share * dot + share * share * square, 0.0))
        if joint == own:
            distance = away
        else:
            nearest = min(nearest, away)
    return distance / (nearest + slack)


@compiled(
    "void(uint8[:, :, :, ::1], float64[:, :, ::1], float64[:, :, ::1], float64[:, ::1], Drawing, float64, float64,"
    " float64[:, :, ::1])",
    nogil=True,
    allocates=True,
)
def fit_discs(
    maps: Bytes,
    starts: Floats,
    layouts: Floats,
    depths: Floats,
    drawing: Drawing,
    noise: float,
    slack: float,
    results: Floats,
) -> None:
    """Fit every disc of one view's maps (T, H, W, 3), starting from `starts` (T, D, 2), into `results` (T, D, 8).

    `layouts` (T, D, 2) and `depths` (T, D) say where discs and lines are about; NaN where that is not known, and NaN
    starts are left alone. Results: x, y; information xx, xy, yy in (RGB units / px)^2; the share of the expected
    colour that is there; the share of the disc that nothing covers; how much nearer to the own colour than to another
    joint's the seen one is: below 1 nearer.
    """
    num_joints, disc, radius_px = drawing.parents.shape[0], drawing.disc, drawing.radius_px
    reach = radius_px + 1.0 + 0.5 * (disc.shape[0] / _PER_PX - radius_px - 1.0)
    side = 2 * int(math.ceil(reach)) + 1
    pixels = np.empty((side * side, 7))
    order = np.empty(num_joints, dtype=np.int64)
    at, own = np.empty(2), np.empty(8)
    for frame in range(maps.shape[0]):
        picture, layout = maps[frame], layouts[frame]
        far_to_near(depths[frame], order)
        for joint in range(num_joints):
            at[0], at[1] = starts[frame, joint, 0], starts[frame, joint, 1]
            results[frame, joint, :] = np.nan
            if not (-reach < at[0] < picture.shape[1] + reach and -reach < at[1] < picture.shape[0] + reach):
                continue
            left, top = int(math.floor(at[0])) - side // 2, int(math.floor(at[1])) - side // 2
            pixels[:, :] = 0.0
            pixels[:, 6] = 1.0
            patch = Patch(pixels, left, top, side)
            lay_lines(patch, drawing, layout, at)
            lay_discs(patch, drawing, layout, order, joint, at)
            fit_disc(picture, patch, drawing.colours[joint], disc, noise, at, own)
            results[frame, joint, 0], results[frame, joint, 1] = at[0], at[1]
            results[frame, joint, 2:7] = own[:5]
            results[frame, joint, 7] = own_share(own[5:], joint, drawing.colours, slack)
