"""The parts of a body as values, and walks through the joint tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rigmill.facts.facts import SubjectKind
from rigmill.types import Floats, Ints

_OUTER = 256  # joints, the farthest ones, between which the longest side of a rig is looked for


@dataclass(frozen=True, slots=True)
class Limb:
    """A limb, or a part that moves by itself.

    `chain` are its joints from the top to the end. The end is where its reach is measured, and where it touches the
    ground; it may hang elsewhere (a foot of inverse kinematics that hangs from the root).
    """

    part: str  # as PartFacts.part
    kind: str  # 'arm', 'leg', 'wing', 'tail', 'head', 'jaw', ...: the part without its side
    side: str
    chain: tuple[int, ...]
    holder: int  # the joint whose turns carry it, -1 where there is none

    @property
    def top(self) -> int:
        return self.chain[0]

    @property
    def end(self) -> int:
        return self.chain[-1]


@dataclass(frozen=True, slots=True)
class Foot:
    """What touches the ground of a leg. Where its rig ends above the foot, the sole is `sole` from its one joint."""

    joints: tuple[int, ...]
    sole: tuple[float, float, float] = (0.0, 0.0, 0.0)  # in the axes of rest, the rig's unit


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A rig, as far as it is understood. `front` and `left` (3,) are level unit vectors at rest."""

    kind: SubjectKind
    front: Floats | None
    left: Floats | None
    height: float  # the unit of all lengths
    trunk: tuple[int, ...]  # joints whose turns are the body's
    centre: tuple[int, ...]  # joints whose mean is where the body is
    lean: tuple[int, int] | None  # (low, high) joints of an upright trunk
    limbs: tuple[Limb, ...]
    feet: tuple[Foot, ...]  # of the legs that can stand
    leg_length: float  # of those legs, 0 without
    called: tuple[tuple[str, str], ...] = ()  # of a thing: what part each joint is, and on which side, by its name

    @property
    def legs(self) -> tuple[Limb, ...]:
        return tuple(limb for limb in self.limbs if limb.kind == "leg")


def chain_below(top: int, below: Sequence[Sequence[int]], rest: Floats) -> tuple[int, ...]:
    """From a joint down to the leaf that is farthest along the bones."""
    best: dict[int, tuple[float, tuple[int, ...]]] = {}
    for joint in reversed(subtree(top, below)):
        found = [
            (best[child][0] + float(np.linalg.norm(rest[child] - rest[joint])), best[child][1])
            for child in below[joint]
        ]
        length, chain = max(found, key=lambda each: each[0], default=(0.0, ()))
        best[joint] = (length, (joint, *chain))
    return best[top][1]


def subtree(top: int, below: Sequence[Sequence[int]]) -> list[int]:
    """A joint and all below it, parents first."""
    found = [top]
    for joint in found:
        found.extend(below[joint])
    return found


def ancestors(joint: int, parents: Ints) -> list[int]:
    """The joints above one, nearest first."""
    found = []
    while (joint := int(parents[joint])) >= 0:
        found.append(joint)
    return found


def longest_side(rest: Floats) -> float:
    """How tall the joints (J, 3) are together, or how far apart seen from above: the larger, whatever way they face."""
    level = rest[:, :2] - rest[:, :2].mean(axis=0)
    outer = level[np.argsort(-np.sum(level * level, axis=1), kind="stable")[:_OUTER]]
    apart = np.linalg.norm(outer[:, None] - outer[None], axis=-1)
    return float(max(np.ptp(rest[:, 2]), apart.max()))


def chain_length(chain: Sequence[int], rest: Floats) -> float:
    """Along the bones."""
    return float(np.linalg.norm(np.diff(rest[list(chain)], axis=0), axis=-1).sum())
