"""Twist joints of the target: each takes its share of a limb's twist, by its place along the limb.

A limb goes from its joint a to the joint b at its end; s is a place along it at rest, 0 at a and 1 at b, and the axis
x = (b - a) / |b - a|. The twist of a turn q about x is the angle 2 atan2(v . x, w) of its quaternion (w, v).

- Upper limbs (upper arm and leg): with q = W_above^-1 W_a, a turn at place s is W_a R_x((s - 1) twist(q)): the twist
  against the body fades in from the root, where the skin sits on the shoulder or the hips.
- Lower limbs: with q = W_a^-1 W_b, it is W_a R_x(s twist(q)): the twist of the hand or foot fades in towards the end.

A twist joint is either in the chain (between a and b in the tree), or a leaf: it hangs from a, b's chain or another
twist joint, lies along the limb, and is called twist or roll. A leaf sits in the middle of what it moves: s is its
place. In the chain every joint, a as well, moves the stretch up to the next one: s is that stretch's middle. Where the
source has as many of a kind, they go one to one instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from curate.retarget.alignment import Alignment
from curate.retarget.chains import Partner, joints_between
from rigmill.humanoid.body import Body
from rigmill.rigs.skeleton import children
from rigmill.rigs.turns import about, angle_about, inverse, multiply
from rigmill.types import Floats

_NAME = re.compile(r"(?i:twist)|(?:^|[^A-Za-z])[Rr]oll|[a-z]Roll|ROLL")
_ASIDE, _BEYOND = 0.2, 0.1  # how far off a limb's line and past its ends a leaf may lie, as shares of its length
_SEGMENTS = (
    ("UpperArm", "LowerArm", True),
    ("LowerArm", "Hand", False),
    ("UpperLeg", "LowerLeg", True),
    ("LowerLeg", "Foot", False),
)


@dataclass(frozen=True, slots=True)
class Twisted:
    """A limb with the joints along it that take a share."""

    limb: int
    reference: int  # the joint above an upper limb (-1: none), the end of a lower one
    is_upper: bool
    axis: Floats  # (3,)
    joints: tuple[int, ...]
    places: Floats  # (N,)


@dataclass(frozen=True, slots=True)
class _Along:
    """Joints along a limb: those in the chain, and the leaves by place."""

    chain: tuple[int, ...]
    leaves: tuple[int, ...]
    chain_places: Floats
    leaf_places: Floats


def twists(source: Body, target: Body, alignment: Alignment) -> tuple[list[Twisted], dict[int, Partner]]:
    """The limbs of the target whose twist is shared out, and the twist joints that go one to one instead."""
    shared: list[Twisted] = []
    copied: dict[int, Partner] = {}
    for upper, lower, is_upper in _segments(target):
        target_along = _along(target, upper, lower)
        if target_along is None or not target_along.chain + target_along.leaves:
            continue
        source_along = _along(source, upper, lower) if upper in source.joints and lower in source.joints else None
        joints, places = list[int](), list[float]()
        for mine, other, where, middle in (
            (target_along.chain, source_along.chain if source_along else (), target_along.chain_places, True),
            (target_along.leaves, source_along.leaves if source_along else (), target_along.leaf_places, False),
        ):
            if mine and len(mine) == len(other) and upper in alignment.turns:
                copied |= {joint: Partner((twin,), (1.0,), alignment.turns[upper]) for joint, twin in zip(mine, other)}
            elif mine:
                marks = np.concatenate([[0.0], where, [1.0]])
                joints += [target.joints[upper], *mine] if middle else mine
                places += list((marks[:-1] + marks[1:]) / 2 if middle else where)
        if joints:
            limb, end = target.joints[upper], target.joints[lower]
            line = target.rig.rest_joints[end] - target.rig.rest_joints[limb]
            reference = int(target.rig.parents[limb]) if is_upper else end
            axis = line / np.linalg.norm(line)
            shared.append(Twisted(limb, reference, is_upper, axis, tuple(joints), np.array(places)))
    return shared, copied


def share_twist(world: Floats, limbs: Sequence[Twisted]) -> None:
    """Turn the twist joints of world turns (4, J, T) in place."""
    turned = []
    for limb in limbs:
        own, axis = world[:, limb.limb], limb.axis[:, None]
        if limb.is_upper:
            relative = multiply(inverse(world[:, limb.reference]), own) if limb.reference >= 0 else own
            shares = limb.places - 1.0
        else:
            relative, shares = multiply(inverse(own), world[:, limb.reference]), limb.places
        angles = shares[:, None] * angle_about(relative, axis)
        turned.append(multiply(own[:, None], about(axis[:, None], angles)))
    for limb, turns in zip(limbs, turned):  # after all were read: a limb's own joint may be among those changed
        world[:, limb.joints] = turns


def _segments(target: Body) -> Iterator[tuple[str, str, bool]]:
    for side in ("left", "right"):
        for upper, lower, is_upper in _SEGMENTS:
            if f"{side}{upper}" in target.joints and f"{side}{lower}" in target.joints:
                yield f"{side}{upper}", f"{side}{lower}", is_upper


def _along(body: Body, upper: str, lower: str) -> _Along | None:
    limb, end = body.joints[upper], body.joints[lower]
    rest, mapped = body.rig.rest_joints, frozenset(body.joints.values())
    line = rest[end] - rest[limb]
    length = float(np.linalg.norm(line))
    chain = joints_between(body.rig.parents, above=limb, below=end)
    if chain is None or length <= 1e-9:
        return None

    def place(joint: int) -> float:
        return float((rest[joint] - rest[limb]) @ line / length**2)

    def is_leaf(joint: int) -> bool:
        aside = float(np.linalg.norm(rest[joint] - rest[limb] - place(joint) * line))
        return (
            joint not in mapped
            and joint not in chain
            and _NAME.search(body.rig.names[joint]) is not None
            and aside <= _ASIDE * length
            and -_BEYOND <= place(joint) <= 1 + _BEYOND
        )

    below = children(body.rig.parents)
    leaves: list[int] = []
    open_joints = [limb, *chain]
    while open_joints:
        leaves_here = [joint for joint in below[open_joints.pop()] if is_leaf(joint)]
        leaves += leaves_here
        open_joints += leaves_here
    leaves.sort(key=lambda joint: (place(joint), joint))
    return _Along(
        chain,
        tuple(leaves),
        np.clip([place(joint) for joint in chain], 0.0, 1.0),
        np.clip([place(joint) for joint in leaves], 0.0, 1.0),
    )


def driven_by_twist(limbs: Sequence[Twisted]) -> frozenset[int]:
    """The joints that `share_twist` turns."""
    return frozenset(joint for limb in limbs for joint in limb.joints)
