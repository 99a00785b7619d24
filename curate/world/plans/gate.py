"""Garden gates between two posts."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.builders.leaves import leaves
from curate.world.builders.thing import Kit, between, knob
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WOOD, colour, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.solids import ball, box

GLASS = patterns.plain(colour("glass", "#a9cfdd"), mottle=0.02)
JAMB, LEAF = 0.09, 0.045


@plan("gate")
def gate(random: np.random.Generator) -> Body:
    """A garden gate between two posts: bars on two rails, one wing or two."""
    double = bool(random.random() < 0.5)
    wide, high = between(random, 1.8, 2.6) if double else between(random, 0.9, 1.3), between(random, 0.9, 1.4)
    paint, stone = pick(random, (*WOOD, *METAL)), pick(random, WOOD)
    coat, posts = patterns.plain(paint, mottle=0.03), patterns.grained(stone, axis=2)
    kit = Kit()
    kit.bone("base", vec(0, 0, 0), vec(0, 0, high))
    x, tip = wide / 2, bool(random.random() < 0.5)
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        post = kit.bone(f"{side} post", vec(sign * (x + 0.1), 0.05, 0), vec(sign * (x + 0.1), 0.05, 1.15 * high))
        kit.add(*box(post, vec(sign * x, 0, 0), vec(sign * (x + 0.18), 0.18, 1.15 * high), posts, cells=3))
        kit.add(ball(post, vec(sign * (x + 0.09), 0.09, 1.15 * high + 0.08), 0.1, coat))
    for name, sign, reach in leaves(random, kit, "gate", wide, double):
        middle = vec(sign * x, -0.075, 0.5 * high)
        kit.bone(name, middle, middle - vec(sign * reach, 0, 0))
        inner, bars = sign * (x - reach), max(4, round(reach / 0.16))
        for z in (0.2, 0.8):
            kit.add(
                *box(name, vec(sign * x, -0.05, z * high - 0.035), vec(inner, -0.015, z * high + 0.035), coat, cells=3)
            )
        for number in range(bars):
            at = sign * (x - 0.05) + (inner - sign * x + sign * 0.1) * number / (bars - 1)
            top = high * (1.0 if tip else 0.9 + 0.12 * np.sin(np.pi * number / (bars - 1)))
            kit.add(*box(name, vec(at - 0.03, -0.075, 0.06), vec(at + 0.03, -0.05, top), coat, cells=2))
        kit.add(*knob(name, vec(inner + sign * 0.07, -0.1, 0.8 * high), 0.035, patterns.plain(METAL[1], mottle=0)))
    return kit.body(random, "gate", "furniture", looks=(paint.name,))
