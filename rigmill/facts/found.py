"""Limbs by shape: what hangs beside the plane that halves a rig, and which of it reaches the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rigmill.facts.limbs import ancestors, chain_below, chain_length, subtree
from rigmill.facts.mirror import CENTRAL, Mirror
from rigmill.facts.names import part_of, side_of
from rigmill.types import Bools, Floats, Rig

REACHES = 0.22  # of the height: a chain that ends lower than this above the lowest joint stands on the ground
_LOW = 0.3  # of the height: what is no higher anywhere may be the foot of a leg that hangs elsewhere
_NEAR = 0.2  # of the size, seen from above, from a leg's end to such a foot
_TINY = 0.1  # of the size: chains that reach less far from what they hang on are ears, fingers, buckles
_PARTNERS = 0.35  # of the size, from a limb's place to the mirrored place of its partner


@dataclass(frozen=True, slots=True)
class Side:
    """A chain beside the plane. `sign` is +1 on the side that `Mirror.across` points to."""

    chain: tuple[int, ...]
    sign: int
    named: str  # what part its names say, or ''
    reaches: bool
    length: float

    @property
    def top(self) -> int:
        return self.chain[0]


def said_of(rig: Rig, joints: Sequence[int]) -> str:
    """The part that most of the joints are said to be, the earlier of equals; an arm that ends in a claw is a claw."""
    said = [part for joint in joints if (part := part_of(rig.names[joint]))]
    if "claw" in said:
        return "claw"
    return max(dict.fromkeys(said), key=said.count, default="")


def find_sides(rig: Rig, mirror: Mirror, below: Sequence[Sequence[int]], size: float) -> list[Side]:
    """The chains beside the plane, feet that hang elsewhere put onto their legs."""
    rest = rig.rest_joints
    off = _beside(rig, mirror, size)
    depth_zero = [
        joint for joint in range(rig.num_joints) if off[joint] and not off[ancestors(joint, rig.parents)].any()
    ]
    low, height = float(rest[:, 2].min()), float(np.ptp(rest[:, 2])) or size
    sides = mirror.sides(rest)
    found = []
    for top in depth_zero:
        joints = subtree(top, below)
        named_side = side_of(rig.names[top]) if mirror.signed else ""
        sign = {"left": 1, "right": -1}.get(named_side, 1 if sides[joints].mean() >= 0 else -1)
        chain = chain_below(top, below, rest)
        parent = int(rig.parents[top])
        length = chain_length(chain, rest)
        length += float(np.linalg.norm(rest[top] - rest[parent])) if parent >= 0 and length < _TINY * size else 0.0
        reaches = (
            float(rest[chain[-1], 2]) - low < REACHES * height and float(rest[list(chain), 2].max()) < low + height
        )
        found.append(Side(chain, sign, said_of(rig, chain), reaches, length))
    found = _with_feet(rig, found, low, height, size)
    return [side for side in found if side.length >= _TINY * size or side.named]


def pairs(rig: Rig, mirror: Mirror, found: Sequence[Side], size: float) -> list[tuple[Side, Side]]:
    """(on the side of `across`, its partner) where both are there, nearest mirror images first."""
    rest = rig.rest_joints

    def place(side: Side) -> Floats:
        return np.concatenate([rest[side.top], rest[side.chain[-1]]])

    near, far = [side for side in found if side.sign > 0], [side for side in found if side.sign < 0]
    apart = []
    for first in near:
        mirrored = rest[[first.top, first.chain[-1]]]
        mirrored = mirrored - 2 * mirror.sides(mirrored)[:, None] * mirror.across
        for second in far:
            if first.named == second.named:
                distance = float(np.linalg.norm(mirrored.ravel() - place(second)))
                apart.append((distance, first, second))
    matched: list[tuple[Side, Side]] = []
    taken: set[int] = set()
    for distance, first, second in sorted(apart, key=lambda each: each[0]):
        if distance < 2**0.5 * _PARTNERS * size and not taken & {first.top, second.top}:
            taken |= {first.top, second.top}
            matched.append((first, second))
    return matched


def _beside(rig: Rig, mirror: Mirror, size: float) -> Bools:
    """Joints (J,) that are on one side: by place, or by their name and that of the joints below them."""
    off = np.abs(mirror.sides(rig.rest_joints)) > CENTRAL * size
    if mirror.signed:
        off |= np.array([bool(side_of(name)) for name in rig.names])
    return np.asarray(off)


def _with_feet(rig: Rig, found: list[Side], low: float, height: float, size: float) -> list[Side]:
    """Feet of inverse kinematics hang from a root, their legs end above them: one chain of both."""
    rest = rig.rest_joints
    feet = [
        side
        for side in found
        if rest[list(side.chain), 2].max() < low + _LOW * height and len(ancestors(side.top, rig.parents)) <= 1
    ]
    others = [side for side in found if side not in feet]
    legs = [side for side in others if rest[side.top, 2] > rest[side.chain[-1], 2] - 0.1 * height]
    lifted = [side for side in others if side not in legs]
    near = [
        (float(np.linalg.norm(rest[leg.chain[-1], :2] - rest[foot.top, :2])), number, foot)
        for number, leg in enumerate(legs)
        for foot in feet
        if foot.sign == leg.sign
    ]
    worn: dict[int, Side] = {}
    for distance, number, foot in sorted(near, key=lambda each: each[0]):
        if distance < _NEAR * size and number not in worn and foot not in worn.values():
            worn[number] = foot
    for number, foot in worn.items():
        leg = legs[number]
        length = leg.length + float(np.linalg.norm(rest[foot.top] - rest[leg.chain[-1]]))
        legs[number] = replace(leg, chain=(*leg.chain, *foot.chain), reaches=True, length=length)
    left_over = [foot for foot in feet if foot not in worn.values()]
    return sorted([*legs, *lifted, *left_over], key=lambda side: side.top)
