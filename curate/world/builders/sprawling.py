"""Legs that stand out from a body, several pairs of them: of spiders, crabs and insects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.world.body import Leg
from curate.world.rig.bones import Bone, Skeleton, chain, mirrored
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.tube import tube
from rigmill.types import Floats

PARTS = ("thigh", "shin", "foot")


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of legs, as its left one. Lengths in metres."""

    end: str  # front, second, middle, third, hind
    hip: Floats  # (3,)
    ahead_deg: float  # 0 straight to the side, positive forward
    reach: float  # from hip to foot along the ground
    knee: float  # how high its knee is
    parent: str = "body"


def bones_of(pairs: Sequence[Pair], sole: float) -> list[Bone]:
    """Left legs, then right ones; their feet stand with `sole` metres below the last bone's end."""
    left: list[Bone] = []
    for pair in pairs:
        angle = np.deg2rad(pair.ahead_deg)
        out = vec(np.cos(angle), -np.sin(angle), 0)
        knee = pair.hip + 0.42 * pair.reach * out
        ankle, ball = pair.hip + 0.92 * pair.reach * out, pair.hip + pair.reach * out
        knee[2], ankle[2], ball[2] = pair.knee, 0.13 * pair.knee + sole, sole
        left += chain(pair.parent, [f"left {pair.end} {part}" for part in PARTS], [pair.hip, knee, ankle, ball])
    return left + mirrored(left)


def legs_of(skeleton: Skeleton, pairs: Sequence[Pair]) -> tuple[Leg, ...]:
    """Every second leg of a side goes with those between on the other: two sets that take turns."""
    found = []
    for number, pair in enumerate(pairs):
        for side in ("left", "right"):
            turn = 0.5 * ((number + (side == "right")) % 2)
            bones = tuple(f"{side} {pair.end} {part}" for part in PARTS)
            phase = turn + 0.03 * number
            found.append(Leg(bones, skeleton[bones[-1]].tail, side, pair.end, phase, phase, knee=vec(0, 0, 1)))
    return tuple(found)


def patches_of(skeleton: Skeleton, pairs: Sequence[Pair], girth: float, coat: Coat, *, sides: int = 7) -> list[Patch]:
    """Thin legs, thickest at the thigh."""
    radii = [(-0.1, 1.0 * girth), (0.3, 1.1 * girth), (1.0, 0.8 * girth), (1.9, 0.55 * girth), (2.9, 0.3 * girth)]
    return [
        tube(skeleton, [f"{side} {pair.end} {part}" for part in PARTS], radii, coat, sides=sides)
        for pair in pairs
        for side in ("left", "right")
    ]
