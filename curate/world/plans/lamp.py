"""Desk lamps: a foot that turns, two or three rods with hinges, a shade."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between, surface
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, METAL, colour, pick
from curate.world.plans import plan
from curate.world.rig.turns import unit, vec
from curate.world.shapes.solids import ball, lathe
from curate.world.shapes.tube import rod

LIGHT = patterns.plain(colour("light", "#fff3c4"), mottle=0)


@plan("lamp")
def lamp(random: np.random.Generator) -> Body:
    """Its rods lean back and forth; the shade looks ahead and down. A button on the foot."""
    size, three = between(random, 0.8, 1.3), bool(random.random() < 0.35)
    paint, metal = pick(random, (*BRIGHT, *METAL)), pick(random, METAL)
    coat, painted = surface(random, paint, wood=False)
    iron = patterns.plain(metal, mottle=0.02)
    kit = Kit()
    kit.bone("base", vec(0, 0, 0), vec(0, 0, 0.03 * size))
    radius = between(random, 0.11, 0.15) * size
    profile = [(0.0, 0.0), (0.0, radius), (0.6, radius), (1.0, 0.7 * radius), (1.0, 0.0)]
    kit.add(lathe("base", vec(0, 0, 0), vec(0, 0, 0.03 * size), profile, coat, sides=18))
    button = kit.bone("button", vec(0, -0.7 * radius, 0.026 * size), vec(0, -0.7 * radius, 0.05 * size))
    disc = [(0.0, 0.0), (0.0, 0.016 * size), (1.0, 0.016 * size), (1.0, 0.0)]
    at = vec(0, -0.7 * radius, 0.018 * size)
    kit.add(lathe(button, at, at + vec(0, 0, 0.02 * size), disc, patterns.plain(BRIGHT[0], mottle=0), sides=8))
    kit.parts.append(Part("slide", button, "button", vec(0, 0, -1), 0.0, 0.008 * size))
    corners = [vec(0, 0.02, 0.06), vec(0, 0.13, 0.30), vec(0, -0.10, 0.50)]
    if three:
        corners = [vec(0, 0.02, 0.06), vec(0, 0.14, 0.24), vec(0, 0.02, 0.44), vec(0, -0.17, 0.54)]
    slim = between(random, 0.88, 1.12)  # of how high and how far its rods reach
    corners = [size * point * vec(1, 1 / slim, 1 if number == 0 else slim) for number, point in enumerate(corners)]
    pivot = kit.bone("pivot", vec(0, 0.02 * size, 0.03 * size), corners[0])
    neck = [(0.0, 0.0), (0.0, 0.035 * size), (0.6, 0.03 * size), (1.0, 0.022 * size), (1.0, 0.0)]
    kit.add(lathe(pivot, vec(0, 0.02, 0.03) * size, vec(0, 0.02, 0.075) * size, neck, iron, sides=12))
    kit.parts.append(Part("hinge", pivot, "stem", vec(0, 0, 1), -80.0, 80.0))
    above = pivot
    words = ("lower rod", "middle rod", "upper rod") if three else ("lower rod", "upper rod")
    for number, name in enumerate(words):
        start, end = corners[number], corners[number + 1]
        kit.bone(name, start, end, above)
        for side in (0.014, -0.014):
            shift = vec(side * size, 0, 0)
            kit.add(rod(name, start + shift, end + shift, (0.007 * size, 0.007 * size), iron, sides=6))
        kit.add(
            rod(
                name,
                start - vec(0.024 * size, 0, 0),
                start + vec(0.024 * size, 0, 0),
                (0.015 * size, 0.015 * size),
                coat,
                sides=8,
            )
        )
        coil = start + 0.3 * (end - start)
        spring = patterns.ringed(iron, METAL[1], count=9)
        kit.add(rod(name, start + 0.06 * (end - start), coil, (0.009 * size, 0.009 * size), spring, sides=6))
        kit.parts.append(Part("hinge", name, "boom", vec(1, 0, 0), -17.0 if three else -24.0, 11.0 if three else 19.0))
        above = name
    joint = corners[-1]
    along = unit(vec(0, -0.55, -0.75))
    shade = kit.bone("shade", joint, joint + 0.16 * size * along, above)
    wide, round_ = between(random, 0.075, 0.1) * size, bool(random.random() < 0.5)
    cone = [
        (0.0, 0.0),
        (0.0, 0.026 * size),
        (0.25, 0.03 * size),
        (0.42, 0.8 * wide if round_ else 0.045 * size),
        (1.0, wide),
    ]
    cone += [(0.96, 0.9 * wide), (0.45, 0.03 * size), (0.45, 0.0)]
    kit.add(lathe(shade, joint - 0.02 * size * along, joint + 0.16 * size * along, cone, coat, sides=16))
    kit.add(ball(shade, joint + 0.10 * size * along, 0.034 * size, LIGHT, rings=6))
    kit.parts.append(Part("hinge", shade, "shade", vec(1, 0, 0), -35.0, 30.0))
    return kit.body(
        random,
        "lamp",
        "furniture",
        looks=(painted, f"with {metal.name} rods" if metal.name != paint.name else ""),
        noun="desk lamp",
    )
