"""The upright plane that halves a body at rest: found from names of left and right, else from the shape alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rigmill.facts.names import sided_pairs
from rigmill.types import Bools, Floats, Ints, Rig

_MANY = 64  # joints that are compared; of larger rigs, those nearest to the roots, which are the body
_NUM_TRIED = 24  # planes
_FAR = 0.12  # of the rig's size: rigs are built by hand, and one wing may be a little longer than the other
_ALIKE = 0.75  # share of the joints beside the plane that must have a partner on the other side
CENTRAL = 0.025  # of the size: nearer to the plane is on it
_LEAST_WIDTH = 0.05  # of the size: what is flatter has no sides
_AGREED = 0.8  # length of the sum of the named pairs' ways over the sum of lengths: if less, names are no sides
_AS_GOOD = 0.01  # of the size: planes whose errors differ by less are equally good


@dataclass(frozen=True, slots=True)
class Mirror:
    """The plane of points p with `across @ p == offset`. `across` (3,) is level and of unit length."""

    across: Floats
    offset: float
    signed: bool  # whether `across` is known to point to the body's left

    def sides(self, rest: Floats) -> Floats:
        """How far joints (J, 3) are on the side of `across`, (J,)."""
        return np.asarray(rest @ self.across - self.offset)


def find_mirror(rig: Rig, depth: Sequence[int], size: float, kept: Bools) -> Mirror | None:
    """The plane between the sides of `kept` (J,) joints; None where there is none."""
    named = _named(rig, size)
    if named is not None:
        return named
    rest = rig.rest_joints
    chosen = np.flatnonzero(kept)
    if len(chosen) < 3:
        return None
    chosen = chosen[np.argsort(np.asarray(depth)[chosen], kind="stable")][:_MANY]
    points, levels = rest[chosen], np.asarray(depth)[chosen]
    found: list[tuple[float, float, Mirror]] = []
    for across, offset in _tried(points, levels, np.asarray(rig.parents)[chosen]):
        sides = points @ across - offset
        off = np.abs(sides) > CENTRAL * size  # joints in the plane are their own mirror images, whatever the plane
        if np.ptp(sides) < _LEAST_WIDTH * size or off.sum() < 2:
            continue
        there = points[off] - 2 * sides[off, None] * across
        apart = np.linalg.norm(there[:, None] - points[None], axis=-1)
        apart[levels[off][:, None] != levels[None]] = np.inf  # the other hand is as far from the root as this one
        apart[sides[off][:, None] * sides[None] >= 0] = np.inf
        nearest = apart.min(axis=1)
        if np.mean(nearest < _FAR * size) >= _ALIKE:
            error = float(np.mean(np.minimum(nearest, _FAR * size))) / size
            found.append((error, float(np.ptp(sides)), Mirror(across, offset, signed=False)))
    if not found:
        return None
    # Four legs are their own mirror image both ways; a body that has a front is longer than wide.
    good = min(error for error, _, _ in found) + _AS_GOOD
    return min((each for each in found if each[0] <= good), key=lambda each: each[1])[2]


def _named(rig: Rig, size: float) -> Mirror | None:
    """By names of left and right."""
    pairs = np.array(sided_pairs(rig.names), dtype=np.int64).reshape(-1, 2)
    if not len(pairs):
        return None
    left, right = rig.rest_joints[pairs[:, 0]], rig.rest_joints[pairs[:, 1]]
    ways = (left - right)[:, :2]
    lengths = np.linalg.norm(ways, axis=-1)
    wide = lengths > CENTRAL * size
    if not wide.any():
        return None
    total = ways[wide].sum(axis=0)  # the wider apart, the better they tell
    length = float(np.linalg.norm(total))
    if length < _AGREED * lengths[wide].sum():
        return None
    across = np.array([*(total / length), 0.0])
    offset = float(np.median((0.5 * (left + right)[wide]) @ across))
    return Mirror(across, offset, signed=True)


def _tried(points: Floats, levels: Ints, parents: Ints) -> list[tuple[Floats, float]]:
    """Planes (across, offset): between joints that hang from one parent or are equally deep, and the main axes."""
    tried: list[tuple[Floats, float]] = []
    middle = points.mean(axis=0)
    level = (points - middle)[:, :2]
    if np.ptp(level) > 0:
        _, axes = np.linalg.eigh(level.T @ level)
        tried += [(np.array([*axis, 0.0]), float(middle[:2] @ axis)) for axis in axes.T]
    first, second = np.triu_indices(len(points), 1)
    twins = (parents[first] == parents[second]) & (levels[first] == levels[second])
    ways = (points[second] - points[first])[twins][:, :2]
    between = (0.5 * (points[second] + points[first]))[twins][:, :2]
    raised = np.abs((points[second] - points[first])[twins][:, 2])
    lengths = np.linalg.norm(ways, axis=-1)
    # Twins are level with each other and far apart; the widest pairs fix the plane best.
    usable = np.flatnonzero((lengths > 1e-9) & (raised < 0.3 * lengths))
    for pair in usable[np.argsort(-lengths[usable], kind="stable")][:_NUM_TRIED]:
        across = ways[pair] / lengths[pair]
        tried.append((np.array([*across, 0.0]), float(between[pair] @ across)))
    return tried
