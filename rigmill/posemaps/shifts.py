"""Shift maps: pose maps whose discs stay where they are at rest, and say by their colour how far the joint is away.

A disc that moves is hard to draw for a small network: one pixel beside its place it is wrong altogether, and between
two places it could be in, the mean is two smears. A colour that is a little off is a joint that is a little off. Red
and green are the shift along x and y, blue is that along the view axis; grey is none. What cannot be seen at rest of
a joint cannot be told in that view.

Where the body's way is told `apart`, the ground's colour tells how far the body as a whole has gone, and discs how far
their joints have gone beside that: limbs of a body that goes far are told as finely as those of one that stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rigmill.posemaps.posemap import draw_lines, shown_joints
from rigmill.types import Bools, Bytes, Camera, Floats, Ints

GREY, LINE, GROUND = 152, 140, 128  # ground is 0 to a model; little between them: what changes is to be most
_SPAN = 103  # levels from a disc at rest to one as far away as can be told
_GROUND_SPAN = 7  # the same of the ground: it is most of the picture, and would else be most of what is learned
# Parts of a level that pixels of the ground are rounded up from: over every 4 x 4 of them its colour is exact.
_THRESHOLDS = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16
_FINE_PX = 4.0  # shifts below it are told about evenly, larger ones ever more coarsely
_LEAST_SEEN = 0.3  # of a disc, by its squares: of less no colour is read
# Views that disagree about a joint by more than so many of its disc's radii, and such a share of how far it is from
# its rest, tell nothing of it.
_MOST_SPREAD_RADII, _MOST_SPREAD_SHARE = 2.0, 0.25
_RIDGE = 0.02  # of a whole disc's squares


@dataclass(frozen=True, slots=True)
class Shifts:
    """How shifts are told."""

    most_px: float  # the largest that is told
    apart: bool  # whether the ground tells how far the body as a whole has gone


def told_points(joints: Floats, *, rest: Floats, drawn: Bools) -> Floats:
    """What maps that tell the body's way apart tell of joints (T, J, 3) that are at `rest` (J, 3) at rest.

    Points (T, J + 1, 3) whose shifts from `resting_points` are those of the joints beside the body, and last the
    body's: the median of its drawn joints' along every axis, so that what has one moving part has not moved.
    """
    shifts = joints - rest
    seen = shifts[:, drawn] if drawn.any() else shifts
    way = np.median(seen, axis=1, keepdims=True)
    return np.asarray(resting_points(rest, drawn) + np.concatenate([shifts - way, way], axis=1))


def resting_points(rest: Floats, drawn: Bools) -> Floats:
    """The joints' places at rest (J, 3), and last the middle of those that are drawn, by which the body's is told."""
    middle = (rest[drawn] if drawn.any() else rest).mean(axis=0)
    return np.concatenate([rest, middle[None]])


@dataclass(frozen=True, slots=True)
class Resting:
    """What is told of at rest, in one view: J joints, or points, of which the last is the body where that is apart."""

    joints_px: Floats  # (J, 2)
    depth: Floats  # (J,) along the view axis
    parents: Ints
    drawn: Bools  # (J,)
    camera: Camera
    radius_px: float
    told: Shifts

    @property
    def focal_px(self) -> float:
        """By which a shift along the view axis is told in pixels: as if it were one beside it."""
        return float(self.camera.intrinsics[0, 0])

    def levels(self, joints_px: Floats, depth: Floats) -> Floats:
        """What is told (..., J, 3), in -1 .. 1, of joints that are at (..., J, 2) now."""
        aside = joints_px - self.joints_px
        along = (depth - self.depth) * self.focal_px / np.maximum(np.abs(self.depth), 1e-6)
        return _told(np.concatenate([aside, along[..., None]], axis=-1), self.told.most_px)

    @property
    def stillness(self) -> Floats:
        """What is told (J, 3) of a pose at rest."""
        return np.zeros((len(self.drawn), 3))

    def places(self, levels: Floats) -> tuple[Floats, Floats]:
        """Joints in pixels (..., J, 2) and their depth (..., J), of what was read: (..., J, 3) in -1 .. 1."""
        shifts = _meant(levels, self.told.most_px)
        return self.joints_px + shifts[..., :2], self.depth * (1 + shifts[..., 2] / self.focal_px)

    def world(self, levels: Floats) -> Floats:
        """Joints in the world (..., J, 3) likewise."""
        places, depth = self.places(levels)
        rays = (
            np.concatenate([places, np.ones_like(places[..., :1])], axis=-1) @ np.linalg.inv(self.camera.intrinsics).T
        )
        pose = self.camera.world_to_view
        return np.asarray((rays * depth[..., None] - pose[:3, 3]) @ pose[:3, :3])


def draw_shifts(picture: Bytes, resting: Resting, levels: Floats) -> None:
    """One shift map of what is told (J, 3) into `picture` (H, W, 3), whatever was in it."""
    from rigmill.posemaps.discs import discs

    if resting.told.apart:
        picture[:] = np.floor(GROUND + _GROUND_SPAN * levels[-1] + _thresholds(*picture.shape[:2]))
    else:
        picture[:] = GROUND
    shown = shown_joints(resting.joints_px, resting.depth, resting.drawn)
    draw_lines(
        picture,
        resting.joints_px,
        shown,
        parents=resting.parents,
        drawn=resting.drawn,
        line=(LINE, LINE, LINE),
        radius_px=resting.radius_px,
    )
    order = _far_first(resting, shown)
    colours = np.asarray(np.rint(GREY + _SPAN * levels[order]), dtype=np.uint8)
    discs(picture, resting.joints_px[order].astype(np.float64), colours, resting.radius_px)


def read_shifts(
    maps: Floats, resting: Resting, *, through: Callable[[Floats], Floats] = lambda pictures: pictures
) -> tuple[Floats, Floats]:
    """What shift maps (T, H, W, 3) in -1 .. 1 tell of joints, (T, J, 3) in -1 .. 1, and how much of a joint's disc is
    seen (J,), 0 to 1: where it is 0 nothing is told.

    Discs cover each other and the ground as at rest, so a map is the sum of what every disc covers, times its colour:
    the colours are those that explain the map best. `through`: what came between, such as a codec, on pictures like
    `maps`.
    """
    height, width = maps.shape[1:3]
    covers, seen = _covers(resting, height, width)
    order = _order(resting)
    levels = np.zeros((len(maps), len(seen), 3))
    still = _alone(resting, resting.stillness, height, width)
    shapes = np.repeat(covers[..., None], 3, axis=-1)
    if resting.told.apart:
        gone = resting.stillness
        gone[-1] = 1
        ground = (_alone(resting, gone, height, width) - still) * (127.5 / _SPAN)
        shapes, order, seen[-1] = np.concatenate([shapes, ground[None]]), np.append(order, len(seen) - 1), 1
    if not len(shapes):
        return levels, seen
    before = through(np.concatenate([still[None], shapes]))
    flat = before[1:].mean(axis=-1).reshape(len(shapes), -1)
    changed = (127.5 / _SPAN) * (maps - before[0]).reshape(len(maps), -1, 3)
    whole = np.pi * resting.radius_px**2
    normal = flat @ flat.T + _RIDGE * whole * np.eye(len(flat))
    levels[:, order] = (
        np.linalg.solve(normal, np.einsum("jp,tpc->jtc", flat, changed).reshape(len(flat), -1))
        .reshape(len(flat), len(maps), 3)
        .transpose(1, 0, 2)
    )
    return levels, seen


def _alone(resting: Resting, levels: Floats, height: int, width: int) -> Floats:
    """One map in -1 .. 1."""
    picture = np.empty((height, width, 3), np.uint8)
    draw_shifts(picture, resting, levels)
    return picture / 127.5 - 1


def agreed(views: Sequence[Resting], levels: Sequence[Floats], seen: Sequence[Floats]) -> tuple[Floats, Bools]:
    """Joints in the world (T, J, 3) of what every view tells of them, and where (T, J) the views agree on one place.

    A view counts by how much it sees of a joint at rest. Where the body's way is told apart, it is no joint any more.
    """
    weights = np.square(np.stack(seen))[:, None, :, None]
    points = np.stack([view.world(told) for view, told in zip(views, levels, strict=True)])
    total = weights.sum(axis=0)
    joints = (weights * points).sum(axis=0) / np.maximum(total, 1e-9)
    rest = np.mean([view.world(np.zeros(points.shape[2:])) for view in views], axis=0)  # (J, 3), the same of all
    unit = np.mean([np.abs(view.depth) / view.focal_px for view in views], axis=0)  # of a pixel at a joint, (J,)
    spread = np.sqrt(
        (weights[..., 0] * np.square(points - joints).sum(axis=-1)).sum(axis=0) / np.maximum(total[..., 0], 1e-9)
    )
    most = _MOST_SPREAD_RADII * views[0].radius_px * unit + _MOST_SPREAD_SHARE * np.linalg.norm(joints - rest, axis=-1)
    told = (total[..., 0] > 0) & (spread <= most)
    if not views[0].told.apart:
        return joints, told
    return joints[:, :-1] + joints[:, -1:] - rest[-1], told[:, :-1] & told[:, -1:]


@lru_cache(maxsize=8)
def _thresholds(height: int, width: int) -> Floats:
    return np.tile(_THRESHOLDS, (-(-height // 4), -(-width // 4)))[:height, :width, None]


def _order(resting: Resting) -> Ints:
    return _far_first(resting, shown_joints(resting.joints_px, resting.depth, resting.drawn))


def _far_first(resting: Resting, shown: Bools) -> Ints:
    order = np.argsort(-resting.depth, kind="stable")
    return order[shown[order]]


def _covers(resting: Resting, height: int, width: int) -> tuple[Floats, Floats]:
    """How much of every pixel (D, H, W) is a disc's colour, far ones first, and how much of joints (J,) is seen."""
    order = _order(resting)
    y, x = np.mgrid[:height, :width] + 0.5
    places = resting.joints_px[order]
    gap = np.hypot(x - places[:, 0, None, None], y - places[:, 1, None, None])
    own = np.clip(resting.radius_px + 0.5 - gap, 0, 1)
    free = np.cumprod(np.concatenate([np.ones((1, height, width)), 1 - own[::-1]]), axis=0)[:-1][::-1]
    covers = own * free
    share = np.square(covers).sum(axis=(1, 2)) / (np.pi * resting.radius_px**2)
    seen = np.zeros(len(resting.drawn))
    seen[order] = np.where(share >= _LEAST_SEEN, np.minimum(share, 1), 0)
    return covers, seen


def _told(shifts: Floats, most_px: float) -> Floats:
    return np.clip(np.arcsinh(shifts / _FINE_PX) / np.arcsinh(most_px / _FINE_PX), -1, 1)


def _meant(levels: Floats, most_px: float) -> Floats:
    return _FINE_PX * np.sinh(np.clip(levels, -1, 1) * np.arcsinh(most_px / _FINE_PX))
