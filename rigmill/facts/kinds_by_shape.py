"""What a rig is, by its shape: how many legs it stands on, what it spreads, what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rigmill.facts.facts import SubjectKind
from rigmill.facts.found import Side, find_sides, pairs
from rigmill.facts.limbs import ancestors, longest_side
from rigmill.facts.mirror import Mirror, find_mirror
from rigmill.facts.names import CREATURE, THING, part_of
from rigmill.rigs.skeleton import children
from rigmill.types import Floats, Rig

_UP = np.array([0.0, 0.0, 1.0])
_FEW = 16  # joints: a thing with more parts than this is a creature that we do not understand
_LONG = 0.15  # of the size, between the front and the hind legs
_WINGED = 8  # joints: a bird's least
_BENDING = 3  # bones in a row
_WIDE = 1.2  # of the height: what spreads its only pair of limbs so has wings


@dataclass(frozen=True, slots=True)
class Seen:
    """What the search found, before it is known where the front is."""

    rig: Rig
    below: tuple[tuple[int, ...], ...]
    size: float
    mirror: Mirror | None
    sides: tuple[Side, ...]
    legs: tuple[tuple[Side, Side], ...]  # pairs
    upper: tuple[Side, Side] | None  # the largest pair that is no legs
    said: tuple[str, ...]  # of every joint


def look(rig: Rig) -> Seen:
    """What the rig has beside its middle plane."""
    rest, below = rig.rest_joints, children(rig.parents)
    size = longest_side(rest)
    said = tuple(part_of(name) for name in rig.names)
    depth = [len(ancestors(joint, rig.parents)) for joint in range(rig.num_joints)]
    mirror = find_mirror(rig, depth, size, np.ones(rig.num_joints, dtype=np.bool_)) if size > 0 else None
    if mirror is None or (THING & set(said) and not CREATURE & set(said)):
        return Seen(rig, below, size, mirror, (), (), None, said)
    sides = find_sides(rig, mirror, below, size)
    matched = pairs(rig, mirror, sides, size)
    reaching = [pair for pair in matched if pair[0].reaches and pair[1].reaches and pair[0].named not in _NEVER_LEGS]
    called = [pair for pair in matched if pair[0].named == "leg" and pair not in reaching]
    # Arms that hang to the ground beside two legs are arms; two pairs of 'arms' and legs in a row are four legs.
    legs = reaching + called
    rest_of = [pair for pair in matched if pair not in legs]
    upper = max(rest_of, key=lambda pair: pair[0].length + pair[1].length, default=None)
    return Seen(rig, below, size, mirror, tuple(sides), tuple(legs), upper, said)


_NEVER_LEGS = frozenset({"wing", "ear", "jaw", "tail", "head", "antenna", "fin"})


def kind_of(seen: Seen) -> SubjectKind:
    """What the rig is."""
    said, rest = set(seen.said), seen.rig.rest_joints
    if THING & said and not CREATURE & said:
        return SubjectKind.ARTICULATED
    standing = [pair for pair in seen.legs if pair[0].reaches]
    four = len(standing) == 2 and not _is_upright(seen, standing)
    if "wing" in said and not four:
        return SubjectKind.WINGED
    if four:
        return SubjectKind.QUADRUPED
    if len(standing) == 2 or (len(seen.legs) == 1 and seen.upper is not None):
        upper = seen.upper or max(standing, key=lambda pair: float(rest[pair[0].top, 2]))
        lower = min(seen.legs, key=lambda pair: float(rest[pair[0].top, 2]))
        up, along = _between(seen, lower, upper)
        if up > abs(along) and upper[0].named in ("", "arm"):
            return SubjectKind.HUMANOID
    height = float(np.ptp(rest[:, 2]))
    spreads = seen.upper is not None and seen.upper[0].named == "" and len(seen.upper[0].chain) > 1
    large = seen.rig.num_joints >= _WINGED
    if len(seen.legs) <= 1 and spreads and large and _span(seen) > _WIDE * height:
        return SubjectKind.WINGED
    if not seen.legs and not CREATURE & said and seen.rig.num_joints <= _FEW and not _bends(seen):
        return SubjectKind.ARTICULATED
    return SubjectKind.OTHER


def _is_upright(seen: Seen, standing: Sequence[tuple[Side, Side]]) -> bool:
    first, second = sorted(standing, key=lambda pair: float(seen.rig.rest_joints[pair[0].top, 2]))
    up, along = _between(seen, first, second)
    return up > abs(along) or abs(along) < _LONG * seen.size


def _between(seen: Seen, lower: tuple[Side, Side], upper: tuple[Side, Side]) -> tuple[float, float]:
    """How far up and how far along the body two pairs of limbs are apart."""
    assert seen.mirror is not None
    rest = seen.rig.rest_joints
    way = rest[[side.top for side in upper]].mean(axis=0) - rest[[side.top for side in lower]].mean(axis=0)
    return float(way[2]), float(way @ np.cross(seen.mirror.across, _UP))


def _span(seen: Seen) -> float:
    assert seen.mirror is not None and seen.upper is not None
    ends = seen.mirror.sides(seen.rig.rest_joints[[side.chain[-1] for side in seen.upper]])
    return float(np.ptp(ends))


def _bends(seen: Seen) -> bool:
    """Whether it has a chain of three bones, none with another beside it: a tail, a tube, a tentacle."""
    rest, parents = seen.rig.rest_joints, seen.rig.parents
    length = np.zeros(seen.rig.num_joints, dtype=np.int64)  # bones without a neighbour that lead here
    for joint, parent in enumerate(parents):
        if parent >= 0 and len(seen.below[parent]) == 1 and far(rest, joint, int(parent)) > 0.05 * seen.size:
            length[joint] = length[parent] + 1
    return int(length.max(initial=0)) >= _BENDING


def far(rest: Floats, first: int, second: int) -> float:
    """The distance of two joints."""
    return float(np.linalg.norm(rest[first] - rest[second]))
