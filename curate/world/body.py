"""A body: bones, skin, and what its parts are good for. A plan makes one from random numbers, motions read slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from curate.world.looks.naming import Style
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Patch
from rigmill.facts.limbs import longest_side
from rigmill.types import Floats

Group = Literal["humanoid", "animal", "flying", "furniture", "vehicle", "machine"]


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg that stands on the ground.

    The first two bones bend by inverse kinematics, those between them and the last keep the angles to the world that
    they have at rest, and the last one is the foot. `ball` is the point that stands: its head or tail, or below.
    """

    bones: tuple[str, ...]
    ball: Floats  # (3,) at rest; moves with the foot
    side: str  # left, right
    end: str = ""  # front, middle, hind; '' where there is one pair
    phase: float = 0.0  # of a cycle, when it lands in a walk
    run_phase: float = 0.0  # likewise in a run, trot or gallop
    knee: Floats = field(default_factory=lambda: vec(0, -1, 0))  # where its knee juts
    toes: str | None = None  # a bone beyond the ball that stays flat while the heel rises

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.side, self.end, "leg")))


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm: upper, lower, hand. `elbow` is where the elbow juts at rest."""

    bones: tuple[str, str, str]
    side: str
    shoulder: str | None = None  # the collar bone
    fingers: tuple[tuple[str, ...], ...] = ()  # chains, the thumb first
    elbow: Floats = field(default_factory=lambda: vec(0, 1, 0))
    pair: int = 0  # 0 the upper pair
    folded: bool = False  # it is held as at rest, bent before the chest: a dinosaur's


@dataclass(frozen=True, slots=True)
class Wing:
    """A wing: bones from the body outward. Pairs of one body beat one after another."""

    bones: tuple[str, ...]
    side: str
    pair: int = 0  # 0 the front pair
    folded: tuple[float, float, float] = (76.0, -3.0, -72.0)  # degrees: backward, down, its fore edge up; on the ground
    creases: tuple[float, ...] = ()  # degrees that each further bone is laid up over the one before, then; some do not


@dataclass(frozen=True, slots=True)
class Claw:
    """A limb that pinches: bones from the body outward, and the one of the last that opens."""

    bones: tuple[str, ...]
    side: str
    pincer: str


@dataclass(frozen=True, slots=True)
class Part:
    """Something of a thing that moves by itself.

    hinge: turns about `axis` through its bone's head, from `low` to `high` degrees of rest; slide: moves along `axis`
    by `low` to `high` metres; wheel: turns about `axis` all round, `radius` metres, rolling when its body travels
    (a wheel without radius is a fan or a propeller). At rest all parts are closed.
    """

    kind: Literal["hinge", "slide", "wheel"]
    bone: str
    word: str  # door, drawer, lid, lever, wheel, fan, arm, head
    axis: Floats  # (3,) unit; an opening turn or slide is positive
    low: float = 0.0
    high: float = 0.0
    radius: float = 0.0
    side: str = ""  # left, right, upper, lower
    steers: bool = False  # of a wheel
    grip: str = ""  # a bone at its far end, a knob or a handle, that turns a little when the part is moved


@dataclass(frozen=True, kw_only=True)
class Body:
    """A generated body. Lengths in metres; at rest it stands on z = 0, facing -Y."""

    plan: str
    group: Group
    noun: str  # what a caption calls it: dog, robot, cabinet
    looks: tuple[str, ...]  # adjectives in order of weight: 'brown', 'spotted'; and 'with a red collar'
    tags: tuple[str, ...]
    skeleton: Skeleton
    patches: Sequence[Patch]
    height: float  # of joints at rest: up for what has legs, the largest side of all else
    style: Style = Style.PLAIN
    is_person: bool = False  # its bones' words are those of a humanoid
    skinned: bool = True  # False: every bone is a node that carries its meshes
    legs: tuple[Leg, ...] = ()
    arms: tuple[Arm, ...] = ()
    wings: tuple[Wing, ...] = ()
    claws: tuple[Claw, ...] = ()
    spine: tuple[str, ...] = ()  # from what the legs hang on towards the head; in order
    neck: tuple[str, ...] = ()
    head: str | None = None
    jaw: str | None = None
    trunk: tuple[str, ...] = ()
    tails: tuple[tuple[str, ...], ...] = ()
    ears: tuple[tuple[str, ...], ...] = ()
    fins: tuple[tuple[str, ...], ...] = ()
    chain: tuple[str, ...] = ()  # the whole length of what swims or crawls by bending, head first
    parts: tuple[Part, ...] = ()
    can: frozenset[str] = frozenset()  # further abilities: fly, hover, swim, wriggle, drive, stalk ...
    stride: float = 1.0  # of a usual step: legs that sprawl take short ones
    hip_drop: float = 0.0  # metres that the main root sinks in a relaxed stance

    @property
    def root(self) -> str:
        return self.skeleton.bones[0].name

    @property
    def leg_length(self) -> float:
        """Of the first leg, hip to ball, along its bones."""
        bones = [self.skeleton[name] for name in self.legs[0].bones]
        return float(sum(np.linalg.norm(b.head - a.head) for a, b in zip(bones, bones[1:])))

    def parts_called(self, *words: str) -> tuple[Part, ...]:
        """Its parts of these words."""
        return tuple(part for part in self.parts if part.word in words)


def joint_height(skeleton: Skeleton, *, upright: bool) -> float:
    """Body.height by its definition: extent of bone heads upward, or the longest side as motion facts measure it."""
    heads = np.array([bone.head for bone in skeleton.bones])
    return float(np.ptp(heads[:, 2])) if upright else longest_side(heads)
