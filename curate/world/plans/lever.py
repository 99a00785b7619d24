"""Levers on a box: one to three sticks in slits, buttons beside them."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between, sticker, surface
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, METAL, WOOD, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.solids import ball, box, lathe
from curate.world.shapes.tube import rod


@plan("lever")
def lever(random: np.random.Generator) -> Body:
    """Each stick stands upright at rest and tips forward and back; a grip on top."""
    count = int(random.choice([1, 1, 2, 3]))
    tall, deep, high = between(random, 0.35, 0.6), between(random, 0.24, 0.34), between(random, 0.1, 0.2)
    wooden = bool(random.random() < 0.3)
    paint, metal = pick(random, WOOD if wooden else METAL), pick(random, METAL)
    coat, painted = surface(random, paint, wood=wooden, axis=0)
    iron = patterns.plain(metal, mottle=0.02)
    buttons = int(random.integers(1 if count == 1 else 0, 3))
    step = 0.17
    wide = count * step + (0.14 if buttons else 0.03)
    x, y = wide / 2, deep / 2
    kit = Kit()
    kit.bone("base", vec(0, 0, 0), vec(0, 0, high))
    kit.add(*box("base", vec(-x, -y, 0), vec(x, y, high), coat, cells=4))
    kit.add(
        *box(
            "base",
            vec(-x - 0.02, -y - 0.02, 0),
            vec(x + 0.02, y + 0.02, 0.025),
            patterns.plain(paint.darker(0.5)),
            cells=3,
        )
    )
    grips = []
    for number in range(count):
        at = -x + 0.015 + step * (number + 0.5)
        name = "lever" if count == 1 else f"lever {number + 1}"
        kit.add(
            *box(
                "base",
                vec(at - 0.02, -0.4 * deep, high),
                vec(at + 0.02, 0.4 * deep, high + 0.003),
                patterns.plain(BLACK, mottle=0),
                cells=1,
            )
        )
        kit.bone(name, vec(at, 0, high + 0.012), vec(at, 0, high + 0.8 * tall))
        kit.add(ball(name, vec(at, 0, high + 0.008), (0.034, 0.034, 0.034), iron, rings=6))
        kit.add(rod(name, vec(at, 0, high + 0.01), vec(at, 0, high + tall), (0.016, 0.012), iron, sides=7))
        grip = "handle" if count == 1 else f"handle {number + 1}"
        grips.append(pick(random, BRIGHT))
        kit.bone(grip, vec(at, 0, high + 0.8 * tall), vec(at, 0, high + tall), name)
        if random.random() < 0.5:
            kit.add(
                ball(
                    grip,
                    vec(at, 0, high + tall),
                    between(random, 0.04, 0.055),
                    patterns.plain(grips[-1], mottle=0.02),
                    rings=8,
                )
            )
        else:
            start, end = vec(at, 0, high + 0.76 * tall), vec(at, 0, high + tall + 0.03)
            ribs = patterns.ringed(patterns.plain(grips[-1]), BLACK, count=6, share=0.25)
            kit.add(lathe(grip, start, end, [(0, 0.0), (0, 0.024), (0.5, 0.03), (1, 0.026), (1, 0.0)], ribs, sides=10))
        kit.parts.append(Part("hinge", name, "lever", vec(1, 0, 0), -40.0, 40.0))
    for number in range(buttons):
        name = "button" if buttons == 1 else f"button {number + 1}"
        spot = vec(x - 0.075, (0.0 if buttons == 1 else (-0.25, 0.25)[number]) * deep, high)
        kit.bone(name, spot, spot + vec(0, 0, 0.05))
        disc = [(0.0, 0.0), (0.0, 0.044), (0.8, 0.044), (1.0, 0.034), (1.0, 0.0)]
        kit.add(
            lathe(
                name,
                spot - vec(0, 0, 0.02),
                spot + vec(0, 0, 0.06),
                disc,
                patterns.plain(pick(random, BRIGHT), mottle=0),
                sides=12,
            )
        )
        kit.parts.append(Part("slide", name, "button", vec(0, 0, -1), 0.0, 0.05))
    stuck = bool(random.random() < 0.3)
    if stuck:
        kit.add(*sticker(random, "base", vec(0, -y, 0.6 * high), vec(0, -1, 0), 0.3 * high))
    looks = (painted, f"with a {grips[0].name} grip" if count == 1 else "")
    return kit.body(random, "lever", "machine", looks=looks, noun="lever" if count == 1 else "control panel")
