"""Doors in a frame: hinged on the left or the right, or two wings, with handles that turn."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.leaves import leaves
from curate.world.builders.thing import Kit, between, knob, sticker, surface
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WOOD, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.solids import ball, box

GLASS = patterns.plain(colour("glass", "#a9cfdd"), mottle=0.02)
JAMB, LEAF = 0.09, 0.045


@plan("door")
def door(random: np.random.Generator) -> Body:
    """A door in its frame with a handle that turns; panels, glass, stripes or stickers."""
    double = bool(random.random() < 0.35)
    wide = between(random, 1.3, 1.7) if double else between(random, 0.75, 1.0)
    high = between(random, 1.9, 2.3)
    wood, paint, metal = pick(random, WOOD), pick(random, WOOD), pick(random, METAL)
    frame, _ = surface(random, wood, wood=True)
    coat, painted = surface(random, paint, wood=bool(random.random() < 0.6))
    iron = patterns.plain(metal, mottle=0.02)
    kit = Kit()
    kit.bone("frame", vec(0, 0, 0), vec(0, 0, high + JAMB))
    x = wide / 2
    for sign in (1.0, -1.0):
        kit.add(*box("frame", vec(sign * x, 0, 0), vec(sign * (x + JAMB), 0.14, high), frame, cells=3))
    kit.add(
        *box(
            "frame",
            vec(-x - JAMB, 0, high),
            vec(x + JAMB, 0.14, high + JAMB),
            surface(random, wood, wood=True, axis=0)[0],
            cells=3,
        )
    )
    kit.add(
        *box("frame", vec(-x - JAMB, -0.02, 0), vec(x + JAMB, 0.16, 0.02), patterns.plain(wood.darker(0.6)), cells=2)
    )
    kind = int(random.integers(4))
    stuck = kind == 3
    for name, sign, reach in leaves(random, kit, "door", wide, double):
        hinge = vec(sign * x, -LEAF, 0.022)  # on its front edge: so it never turns into the frame
        kit.bone(name, hinge + vec(0, 0, 0.5 * high), hinge + vec(-sign * reach, 0, 0.5 * high))
        inner = sign * (x - reach)
        kit.add(*box(name, vec(sign * (x - 0.002), -LEAF, 0.026), vec(inner, 0, high - 0.006), coat, cells=4))
        near, far_ = sign * (x - 0.13), inner + sign * 0.13
        _panels(kit, name, (near, far_), high, paint, kind)
        if stuck:
            kit.add(*sticker(random, name, vec((near + far_) / 2, -LEAF, 0.7 * high), vec(0, -1, 0), 0.1))
        at = vec(inner + sign * 0.07, -LEAF, 0.47 * high)
        turns = kit.bone(f"{name} handle", at, at + vec(sign * 0.13, 0, 0), name)
        kit.parts.append(Part("hinge", turns, "handle", vec(0, sign, 0), 0.0, 42.0))
        if random.random() < 0.6:
            kit.add(*knob(turns, at + vec(0, -0.01, 0), 0.026, iron))
            kit.add(*box(turns, at + vec(0, -0.06, -0.012), at + vec(sign * 0.14, -0.04, 0.012), iron, cells=1))
            kit.add(*box(turns, at + vec(-0.012, -0.06, -0.012), at + vec(0.012, 0, 0.012), iron, cells=1))
        else:
            kit.add(ball(turns, at + vec(0, -0.04, 0), (0.04, 0.04, 0.04), iron, rings=8))
    looks = (painted, "with a sticker" if stuck else ("with a window" if kind == 1 else ""))
    return kit.body(random, "door", "furniture", looks=looks, noun="double door" if double else "door")


def _panels(kit: Kit, name: str, x: tuple[float, float], high: float, paint: Colour, kind: int) -> None:
    if kind == 0:
        for low, top in ((0.1, 0.42), (0.52, 0.92)):
            kit.add(
                *box(
                    name,
                    vec(x[0], -LEAF - 0.012, low * high),
                    vec(x[1], -LEAF, top * high),
                    patterns.grained(paint.darker(0.75), axis=2),
                )
            )
    if kind == 1:
        kit.add(*box(name, vec(x[0], -LEAF - 0.006, 0.58 * high), vec(x[1], 0.006, 0.9 * high), GLASS))
    if kind == 2:
        for row in range(4):
            z = (0.14 + 0.2 * row) * high
            kit.add(
                *box(
                    name,
                    vec(x[0], -LEAF - 0.01, z),
                    vec(x[1], -LEAF, z + 0.05 * high),
                    patterns.plain(paint.lighter(0.5)),
                )
            )
