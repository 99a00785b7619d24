"""The pixels of a pose map, compiled: which joint each shows, each joint's largest blob, and its middle."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from rigmill.compiled import compiled, inlined
from rigmill.types import Bools, Bytes, Floats, Ints

BITS = 6  # per channel, of the colour table
DARK_BITS = 0xE0  # a channel with none of these bits, below 32, is dark: no colour is dark in all three
UNKNOWN = -1  # an entry of the table that nobody has asked for yet
_CORE_RADIUS_PX = 1.8  # smaller discs have no pixel whose four neighbours are also inside
_LEAST_GATHERED = 0.5  # of a colour's pixels in its largest blob: a joint is in one place, noise is everywhere
# Blended edges of other joints' discs are everywhere as well, but small: a blob so many times larger than the next one,
# and with that share of a disc, is the joint all the same.
_STANDS_OUT, _STANDING_SHARE = 2.0, 0.5
_LEAST_SOUGHT = 3  # pixels of a colour where it is expected


class Palette(NamedTuple):
    """The colours that pose maps show."""

    members: Annotated[Floats, "float32[:, ::1]"]  # (2 + J, 3): background, line and the joints', RGB
    reach: float  # RGB units that a pixel's colour may be away from a joint's
    table: Annotated[Ints, "int16[::1]"]  # (1 << 3 * BITS,): what has been looked up so far, else UNKNOWN


class Workspace(NamedTuple):
    """Scratch for pictures of one size, with a pixel more on each side. All of `labels` and `state` is zero between."""

    labels: Annotated[Ints, "int16[:, ::1]"]  # (H + 2, W + 2)
    state: Annotated[Bytes, "uint8[::1]"]
    places: Annotated[Ints, "int32[::1]"]
    stack: Annotated[Ints, "int32[::1]"]


@inlined
def nearest_member(red: Any, green: Any, blue: Any, members: Floats, reach: float) -> int:
    """The joint (index + 1) whose colour is nearest; 0 if background or line is, or none is within `reach`.

    The first two of `members` (K, 3) are background and line.
    """
    best, least = 0, 1e12
    for member in range(members.shape[0]):
        r, g, b = members[member, 0] - red, members[member, 1] - green, members[member, 2] - blue
        distance = r * r + g * g + b * b
        if distance < least:
            best, least = member, distance
    return best - 1 if best >= 2 and least <= reach * reach else 0


@inlined
def label_of(red: Any, green: Any, blue: Any, palette: Palette) -> int:
    """The joint (index + 1) that a colour is nearest to, 0 for none; from the table, which learns what it is asked."""
    if (red | green | blue) & DARK_BITS == 0:
        return 0
    shift, half = 8 - BITS, 1 << (7 - BITS)
    r, g, b = np.int64(red) >> shift, np.int64(green) >> shift, np.int64(blue) >> shift
    cell, table = (r << 2 * BITS) + (g << BITS) + b, palette.table
    if table[cell] == UNKNOWN:
        r, g, b = (r << shift) + half, (g << shift) + half, (b << shift) + half
        table[cell] = nearest_member(r, g, b, palette.members, palette.reach)
    return int(table[cell])


@inlined
def paint_labels(picture: Bytes, words: Ints, palette: Palette, labels: Ints, places: Ints) -> int:
    """Put the joint (index + 1) of every pixel that shows one into `labels` and its place into `places`; their number.

    `words` is the picture, eight bytes at a time, or has no columns.
    """
    height, width = picture.shape[0], picture.shape[1]
    dark = np.uint64(0xE0E0E0E0E0E0E0E0)
    num = 0
    for y in range(height):
        done = 0  # pixels of this row that have been looked at
        num_words = words.shape[1]
        for word in range(max(num_words, 1)):
            first, last = 0, width
            if num_words:
                if words[y, word] & dark == 0:
                    continue
                first, last = max(word * 8 // 3, done), min((word * 8 + 7) // 3 + 1, width)
            for x in range(first, last):
                label = label_of(picture[y, x, 0], picture[y, x, 1], picture[y, x, 2], palette)
                if label > 0:
                    labels[y + 1, x + 1] = label
                    places[num] = (y + 1) * labels.shape[1] + x + 1
                    num += 1
            done = last
    return num


@inlined
def is_core(flat: Ints, place: int, stride: int, label: int) -> bool:
    """Whether the four neighbours have the same label: then it is no blended edge."""
    return bool(
        flat[place - 1] == label
        and flat[place + 1] == label
        and flat[place - stride] == label
        and flat[place + stride] == label
    )


@inlined
def gather_blobs(
    flat: Ints, stride: int, places: Ints, num: int, use_core: bool, state: Ints, stack: Ints, best: Floats
) -> None:
    """Of each label into `best` (J, 5): the largest 4-connected blob's area and sums of x and y, the area of all blobs,
    and the second largest's area.

    `state` is 1 where a pixel belongs to a blob, 2 where it has been counted.
    """
    for index in range(num):
        place = places[index]
        if not use_core or is_core(flat, place, stride, flat[place]):
            state[place] = 1
    for index in range(num):
        start = places[index]
        if state[start] != 1:
            continue
        label = flat[start]
        area, sum_x, sum_y = 0.0, 0.0, 0.0
        state[start], stack[0], depth = 2, start, 1
        while depth > 0:
            depth -= 1
            place = stack[depth]
            area += 1.0
            sum_x += place % stride
            sum_y += place // stride
            for way in (-1, 1, -stride, stride):
                other = place + way
                if state[other] == 1 and flat[other] == label:
                    state[other], stack[depth] = 2, other
                    depth += 1
        row = best[label - 1]
        row[3] += area
        if area > row[0]:
            row[4] = row[0]
            row[0], row[1], row[2] = area, sum_x, sum_y
        elif area > row[4]:
            row[4] = area


@inlined
def mean_near(labels: Ints, label: int, x: float, y: float, window: float) -> tuple[float, float, float]:
    """The mean place and number of the label's pixels within `window` of (x, y); in pixels of the padded labels."""
    total, sum_x, sum_y = 0.0, 0.0, 0.0
    for row in range(max(int(y - window), 1), min(int(y + window) + 2, labels.shape[0] - 1)):
        for column in range(max(int(x - window), 1), min(int(x + window) + 2, labels.shape[1] - 1)):
            if labels[row, column] == label and (column - x) ** 2 + (row - y) ** 2 <= window * window:
                total += 1.0
                sum_x += column
                sum_y += row
    if total == 0.0:
        return x, y, 0.0
    return sum_x / total, sum_y / total, total


@compiled(
    "void(uint8[:, :, ::1], uint64[:, ::1], Palette, Workspace, float64, boolean, float64[:, ::1])",
    nogil=True,
    allocates=True,
)
def find_blobs(
    picture: Bytes, words: Ints, palette: Palette, workspace: Workspace, radius_px: float, noisy: bool, found: Floats
) -> None:
    """Per joint x, y and number of pixels (J, 3) of its largest blob; a number of 0 where it has none.

    A label of which less than _LEAST_GATHERED is in one blob is noise, unless maps are not noisy and that blob stands
    out. `words` is as in `paint_labels`.
    """
    labels, places, state = workspace.labels, workspace.places, workspace.state
    stride = labels.shape[1]
    flat = labels.reshape(-1)
    num = paint_labels(picture, words, palette, labels, places)
    best = np.zeros((found.shape[0], 5))
    gather_blobs(flat, stride, places, num, radius_px >= _CORE_RADIUS_PX, state, workspace.stack, best)
    for joint in range(found.shape[0]):
        area = best[joint, 0]
        found[joint, 2] = 0.0
        is_gathered = area >= _LEAST_GATHERED * best[joint, 3]
        if area == 0.0 or not (is_gathered or (not noisy and area >= _STANDS_OUT * best[joint, 4])):
            continue
        x, y = best[joint, 1] / area, best[joint, 2] / area
        x, y, count = mean_near(labels, joint + 1, x, y, radius_px + 3.0)
        x, y, count = mean_near(labels, joint + 1, x, y, radius_px + 1.5)
        if not is_gathered and count < _STANDING_SHARE * math.pi * radius_px * radius_px:
            continue
        found[joint, 0], found[joint, 1], found[joint, 2] = x - 0.5, y - 0.5, count
    for index in range(num):
        flat[places[index]], state[places[index]] = 0, 0


@inlined
def label_near(picture: Bytes, x: int, y: int, smooth: bool, palette: Palette) -> int:
    """The joint (index + 1) that a pixel, or the mean of the 3 x 3 around it, shows; 0 for none."""
    if not smooth:
        return label_of(picture[y, x, 0], picture[y, x, 1], picture[y, x, 2], palette)
    if x < 1 or y < 1 or x >= picture.shape[1] - 1 or y >= picture.shape[0] - 1:
        return 0
    red, green, blue = 0, 0, 0
    for row in range(y - 1, y + 2):
        for column in range(x - 1, x + 2):
            red += picture[row, column, 0]
            green += picture[row, column, 1]
            blue += picture[row, column, 2]
    return label_of((red + 4) // 9, (green + 4) // 9, (blue + 4) // 9, palette)


@compiled(
    "void(uint8[:, :, :, ::1], float64[:, :, ::1], boolean[:, ::1], Palette, float64, float64, boolean,"
    " float64[:, :, ::1])",
    nogil=True,
    allocates=True,
)
def seek_blobs(
    maps: Bytes,
    expected: Floats,
    wanted: Bools,
    palette: Palette,
    gate_px: float,
    radius_px: float,
    smooth: bool,
    found: Floats,
) -> None:
    """Where most pixels of a wanted joint's colour are within `gate_px` of the expected place (T, D, 2), into `found`.

    Fewer than _LEAST_SOUGHT of them within a disc are none: `found` is left as it is.
    """
    gate = int(gate_px)
    xs, ys = np.empty((2 * gate + 1) ** 2, dtype=np.int64), np.empty((2 * gate + 1) ** 2, dtype=np.int64)
    height, width = maps.shape[1], maps.shape[2]
    for frame in range(maps.shape[0]):
        for joint in range(wanted.shape[1]):
            x, y = expected[frame, joint, 0], expected[frame, joint, 1]
            if not wanted[frame, joint] or not (-gate < x < width + gate and -gate < y < height + gate):
                continue
            num = 0
            for row in range(max(int(y) - gate, 0), min(int(y) + gate + 1, height)):
                for column in range(max(int(x) - gate, 0), min(int(x) + gate + 1, width)):
                    if label_near(maps[frame], column, row, smooth, palette) == joint + 1:
                        xs[num], ys[num] = column, row
                        num += 1
            most, best = 0, 0
            for index in range(num):
                count = 0
                for other in range(num):
                    count += (xs[other] - xs[index]) ** 2 + (ys[other] - ys[index]) ** 2 <= radius_px * radius_px
                if count > most:
                    most, best = count, index
            if most >= _LEAST_SOUGHT:
                sum_x, sum_y = 0.0, 0.0
                for other in range(num):
                    if (xs[other] - xs[best]) ** 2 + (ys[other] - ys[best]) ** 2 <= radius_px * radius_px:
                        sum_x += xs[other] + 0.5
                        sum_y += ys[other] + 0.5
                found[frame, joint, 0], found[frame, joint, 1] = sum_x / most, sum_y / most
