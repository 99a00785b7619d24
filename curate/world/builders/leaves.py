"""The wings of doors, gates and windows: one that hangs left or right, or two."""

from __future__ import annotations

import numpy as np

from curate.world.body import Part
from curate.world.builders.thing import Kit, between
from curate.world.looks import patterns
from curate.world.looks.colours import colour
from curate.world.rig.turns import vec

GLASS = patterns.plain(colour("glass", "#a9cfdd"), mottle=0.02)
JAMB, LEAF = 0.09, 0.045


def leaves(
    random: np.random.Generator, kit: Kit, word: str, wide: float, double: bool
) -> list[tuple[str, float, float]]:
    """(bone, sign of the hinge's side, reach) of one wing or two in an opening of that width; their parts too."""
    signs = (1.0, -1.0) if double else (float(random.choice([1.0, -1.0])),)
    found = []
    for sign in signs:
        side = "left" if sign > 0 else "right"
        name = f"{side} {word}" if double else word
        found.append((name, sign, (wide / 2 if double else wide) - 0.004))
        kit.parts.append(
            Part("hinge", name, word, vec(0, 0, sign), 0.0, between(random, 80, 120), side=side if double else "")
        )
    return found
