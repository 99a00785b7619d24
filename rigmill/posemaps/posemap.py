"""Pose maps: which joints are drawn, in which colours, and how. Its decoder: rigmill.reconstruct.discs."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from rigmill.rigs.skeleton import children, rest_offsets
from rigmill.types import Bools, Bytes, Floats, Ints, Rig

BACKGROUND = (0, 0, 0)
LINE = (128, 128, 128)
FIXED_MARGIN = 1.5  # joints keep this much more distance from background and line than from each other
SPACING_RADII = 2.2  # discs nearer than this in every view cover each other
_SHIFT = 8  # fractional bits of cv2's drawing coordinates
_FAR_PX = 1e5  # farther out nothing can touch the picture, and cv2's fixed point would overflow


def radius_for(radius_px_at_480: float, height_px: int) -> float:
    """The disc radius in a picture of this height."""
    return radius_px_at_480 * height_px / 480


def line_thickness(radius_px: float) -> int:
    """Of the lines between discs, as cv2 counts it."""
    return max(1, round(radius_px / 2))


def line_half_px(radius_px: float) -> float:
    """Half the width of a line as it is drawn: cv2's anti-aliased lines are wider than they are called."""
    thickness = line_thickness(radius_px)
    return 0.65 + (thickness + 1) // 2 if thickness > 1 else 0.65


@functools.lru_cache(maxsize=16)
def _palette(num: int) -> Bytes:
    if num == 0:
        return np.zeros((0, 3), dtype=np.uint8)
    levels = np.linspace(0, 255, 18)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    # Not only background and line: a line's edges and a blurred line are what lies between the two.
    fixed = np.linspace(BACKGROUND, LINE, 9)
    to_fixed = np.linalg.norm(grid[:, None] - fixed, axis=-1).min(axis=1) / FIXED_MARGIN
    chosen: list[int] = []
    nearest = to_fixed.copy()
    for _ in range(num):
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(grid - grid[chosen[-1]], axis=-1))
    # Exchange: move every colour to the best free place while that widens its smallest gap. Within one pass the
    # colours after the current one have not moved yet, so their minima are known from the start.
    distances = np.stack([np.linalg.norm(grid - grid[place], axis=-1) for place in chosen])
    for _ in range(40):
        after = np.minimum.accumulate(np.vstack([distances, to_fixed])[::-1])[::-1]
        before = np.full(len(grid), np.inf)
        moved = False
        for slot in range(num):
            room = np.minimum(before, after[slot + 1])
            best = int(np.argmax(room))
            if room[best] > room[chosen[slot]] + 1e-9:
                chosen[slot], moved = best, True
                distances[slot] = np.linalg.norm(grid - grid[best], axis=-1)
            before = np.minimum(before, distances[slot])
        if not moved:
            break
    colours = np.rint(grid[chosen]).astype(np.uint8)
    colours.setflags(write=False)
    return colours


def palette(num: int) -> Bytes:
    """`num` RGB colours (num, 3), far from each other, from the background and from the line; always the same."""
    return _palette(num).copy()


def _swap_search(near: Floats, alike: Floats) -> Ints:
    """The assignment (D,) of colours to joints that lowers the sum of near[i, j] * alike[colour_i, colour_j]."""
    num = len(near)
    order = np.arange(num)
    for _ in range(20):
        improved = False
        for joint in range(num):
            current = alike[np.ix_(order, order)]
            change = np.sum((near[joint] - near) * (current - current[joint]), axis=1)
            change += 2 * near[joint] * current[joint]
            other = int(np.argmin(change))
            if change[other] < -1e-12 * np.abs(near).sum():
                order[[joint, other]] = order[[other, joint]]
                improved = True
        if not improved:
            break
    return order


def assign_colours(rest_joints_px: Floats, drawn: Bools) -> Bytes:
    """Colours (J, 3): unlike for joints that are near each other in a rest view (V, J, 2); 0 if not drawn."""
    joints = np.flatnonzero(drawn)
    colours = np.zeros((len(drawn), 3), dtype=np.uint8)
    if not len(joints):
        return colours
    table = palette(len(joints))
    places = rest_joints_px[:, joints]
    gap = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1).min(axis=0)
    # One pixel keeps coincident joints finite; rounding keeps the search the same on every machine.
    near = np.round(1 / (gap**2 + 1), 9)
    colour_gap = np.linalg.norm(table[:, None].astype(np.float64) - table, axis=-1)
    np.fill_diagonal(near, 0)
    np.fill_diagonal(colour_gap, np.inf)
    colours[joints] = table[_swap_search(near, 1 / colour_gap**2)]
    return colours


def _chains(rig: Rig) -> list[list[int]]:
    """All joints as chains from top to bottom: the roots' longest first, then by length."""
    below = children(rig.parents)
    lengths = np.linalg.norm(rest_offsets(rig), axis=-1)
    reach = np.zeros(rig.num_joints)  # length of the longest way down
    heir = np.full(rig.num_joints, -1)
    for joint in reversed(range(rig.num_joints)):
        for child in below[joint]:
            if heir[joint] < 0 or reach[child] + lengths[child] > reach[joint] + 1e-9:
                heir[joint], reach[joint] = child, reach[child] + lengths[child]
    found = []
    for head in range(rig.num_joints):
        parent = rig.parents[head]
        if parent >= 0 and heir[parent] == head:
            continue
        chain = [head]
        while heir[chain[-1]] >= 0:
            chain.append(int(heir[chain[-1]]))
        length = reach[head] + (lengths[head] if parent >= 0 else 0.0)
        found.append((parent >= 0, -round(float(length), 6), head, chain))
    return [chain for *_, chain in sorted(found)]


def choose_drawn(rig: Rig, rest_joints_px: Floats, *, radius_px: float, max_joints: int) -> Bools:
    """The joints (J,) that a pose map can show apart, roots and long chains first, at most `max_joints`.

    A joint is left out when some drawn joint is nearer than 2.2 radii in every rest view (V, J, 2).
    """
    drawn = np.zeros(rig.num_joints, dtype=np.bool_)
    roots = [int(root) for root in np.flatnonzero(rig.parents < 0)]
    for joint in [*roots[:1], *(joint for chain in _chains(rig) for joint in chain)]:
        if drawn[joint] or drawn.sum() >= max_joints:
            continue
        drawn[joint] = far_enough(rest_joints_px, drawn, joint, radius_px=radius_px)
    return drawn


def far_enough(rest_joints_px: Floats, drawn: Bools, joint: int, *, radius_px: float) -> bool:
    """Whether every drawn joint (J,) is at least 2.2 radii from `joint` in some rest view (V, J, 2)."""
    gap = np.linalg.norm(rest_joints_px[:, drawn] - rest_joints_px[:, joint, None], axis=-1).max(axis=0)
    return bool(np.all(gap >= SPACING_RADII * radius_px))


def drawn_parents(parents: Ints, drawn: Bools) -> Ints:
    """The nearest drawn ancestor of every joint (J,), -1 where there is none."""
    nearest = np.full(len(parents), -1, dtype=np.int32)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            nearest[joint] = parent if drawn[parent] else nearest[parent]
    return nearest


def _fixed_points(places: Floats) -> list[list[int]]:
    """Places (J, 2) as cv2 counts them: whole fractions of a pixel, the first pixel's centre at 0 and not at 0.5."""
    finite = np.nan_to_num(places, posinf=0, neginf=0).clip(-_FAR_PX, _FAR_PX)
    points: list[list[int]] = np.rint((finite - 0.5) * (1 << _SHIFT)).astype(int).tolist()
    return points


def draw(
    joints_px: Floats,
    depth: Floats,
    *,
    parents: Ints,
    drawn: Bools,
    colours: Bytes,
    width_px: int,
    height_px: int,
    radius_px: float,
) -> Bytes:
    """One pose map (H, W, 3) RGB: grey lines to the nearest drawn ancestor, then discs from far to near.

    `joints_px` is (J, 2) and `depth` (J,) along the view axis; joints behind the camera are not drawn.
    """
    picture = np.empty((height_px, width_px, 3), dtype=np.uint8)
    draw_on(picture, joints_px, depth, parents=parents, drawn=drawn, colours=colours, radius_px=radius_px)
    return picture


def draw_on(
    picture: Bytes, joints_px: Floats, depth: Floats, *, parents: Ints, drawn: Bools, colours: Bytes, radius_px: float
) -> None:
    """Likewise into `picture` (H, W, 3), whatever was in it."""
    from rigmill.posemaps.discs import discs  # compiled: who only plans what a map means does without

    picture[:] = 0  # BACKGROUND
    shown = shown_joints(joints_px, depth, drawn)
    draw_lines(picture, joints_px, shown, parents=parents, drawn=drawn, line=LINE, radius_px=radius_px)
    # Stable: joints at one depth keep their index order.
    order = np.argsort(-depth, kind="stable")
    order = order[shown[order]]
    discs(picture, joints_px[order].astype(np.float64), np.ascontiguousarray(colours[order]), float(radius_px))


def shown_joints(joints_px: Floats, depth: Floats, drawn: Bools) -> Bools:
    """Which joints (J,) a map can show: drawn ones before the camera, not absurdly far outside the picture."""
    sane = np.isfinite(joints_px).all(axis=-1) & (np.abs(np.nan_to_num(joints_px)) < _FAR_PX).all(axis=-1)
    return np.asarray(drawn & sane & (depth > 0))


def draw_lines(
    picture: Bytes,
    joints_px: Floats,
    shown: Bools,
    *,
    parents: Ints,
    drawn: Bools,
    line: tuple[int, int, int],
    radius_px: float,
) -> None:
    """Lines from every joint that is shown to its nearest drawn ancestor, where that is shown too."""
    thickness = line_thickness(radius_px)
    points = _fixed_points(joints_px)
    above = drawn_parents(parents, drawn)
    for joint in np.flatnonzero(shown & (above >= 0) & shown[above]):
        cv2.line(picture, points[above[joint]], points[joint], line, thickness, cv2.LINE_AA, _SHIFT)


def box(joints_px: Floats, shown: Bools, *, width_px: int, height_px: int, radius_px: float) -> tuple[slice, slice]:
    """Rows and columns of a pose map outside which there is nothing but background; `shown` (J,) has its joints."""
    places = joints_px[shown & (np.abs(np.nan_to_num(joints_px, nan=np.inf)) < _FAR_PX).all(axis=-1)]
    if not len(places):
        return slice(0, 0), slice(0, 0)
    reach = radius_px + 3
    low = np.clip(np.floor(places.min(axis=0) - reach), 0, [width_px, height_px]).astype(int)
    high = np.clip(np.ceil(places.max(axis=0) + reach), 0, [width_px, height_px]).astype(int)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
