"""Windmills: a tower with a cap that turns, four sails, a door."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between, knob
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, METAL, WOOD, pick
from curate.world.plans import plan
from curate.world.rig.turns import about, vec
from curate.world.shapes.solids import box, lathe
from curate.world.shapes.tube import rod


@plan("windmill")
def windmill(random: np.random.Generator) -> Body:
    """A tower with a cap that turns into the wind, four sails, and a door below."""
    high, wide = between(random, 2.0, 2.8), between(random, 0.42, 0.55)
    stone, wood, sail = pick(random, (METAL[4], WOOD[2], WOOD[3], METAL[0])), pick(random, WOOD), pick(random, BRIGHT)
    wall = patterns.striped(patterns.plain(stone), stone.darker(0.85), axis=2, every=0.2, share=0.12)
    kit = Kit()
    kit.bone("base", vec(0, 0, 0), vec(0, 0, high))
    profile = [(0.0, 0.0), (0.0, wide), (0.97, 0.62 * wide), (1.0, 0.68 * wide), (1.0, 0.0)]
    kit.add(lathe("base", vec(0, 0, 0), vec(0, 0, high), profile, wall, sides=12))
    cap = kit.bone("turret", vec(0, 0, high + 0.004), vec(0, 0, high + 0.4))
    roof = [(0.0, 0.0), (0.0, 0.72 * wide), (0.5, 0.55 * wide), (1.0, 0.04), (1.0, 0.0)]
    kit.add(
        lathe(
            cap,
            vec(0, 0, high + 0.004),
            vec(0, 0, high + 0.55 * wide + 0.1),
            roof,
            patterns.grained(wood, axis=0),
            sides=12,
        )
    )
    kit.parts.append(Part("hinge", cap, "cap", vec(0, 0, 1), -90.0, 90.0))
    ahead = vec(0, -0.72 * wide - 0.14, high + 0.12)
    kit.bone("rotor", ahead, ahead - vec(0, 0.1, 0), cap)
    kit.parts.append(Part("wheel", "rotor", "rotor", vec(0, float(random.choice([-1, 1])), 0)))
    kit.add(
        rod(
            "rotor", ahead + vec(0, 0.5 * wide, 0), ahead - vec(0, 0.05, 0), (0.06, 0.06), patterns.plain(wood), sides=8
        )
    )
    reach = between(random, 0.55, 0.66) * high  # over the door, which opens below them
    other = pick(random, BRIGHT, other_than=(sail,))
    for number in range(4):
        turn = about("y", 90.0 * number)
        paint = patterns.striped(
            patterns.plain(other if number == 0 else sail),
            wood,
            axis=2 if number % 2 == 0 else 0,
            every=0.14,
            share=0.15,
        )
        kit.add(rod("rotor", ahead, ahead + turn @ vec(0, 0, reach), (0.035, 0.025), patterns.plain(wood), sides=6))
        middle = ahead + turn @ vec(0.11, 0, 0.62 * reach)
        half = vec(0.1, 0.012, 0.36 * reach)
        kit.add(*box("rotor", middle - half, middle + half, paint, cells=4, turn=turn))
    x, top, y = 0.17, 0.62, -wide - 0.01
    for sign in (1.0, -1.0):
        kit.add(
            *box(
                "base",
                vec(sign * x, y, 0),
                vec(sign * (x + 0.05), y + 0.22, top),
                patterns.grained(wood.darker(0.8), axis=2),
                cells=2,
            )
        )
    kit.add(
        *box("base", vec(-x, y, top), vec(x, y + 0.22, top + 0.05), patterns.grained(wood.darker(0.8), axis=0), cells=2)
    )
    kit.bone("door", vec(x, y - 0.03, top / 2), vec(-x, y - 0.03, top / 2))
    kit.add(
        *box(
            "door",
            vec(x - 0.002, y - 0.03, 0.01),
            vec(-x + 0.002, y, top - 0.005),
            patterns.grained(wood, axis=2),
            cells=3,
        )
    )
    kit.add(*knob("door", vec(-x + 0.05, y - 0.045, 0.3), 0.02, patterns.plain(METAL[2])))
    kit.parts.append(Part("hinge", "door", "door", vec(0, 0, 1), 0.0, between(random, 85, 115)))
    return kit.body(random, "windmill", "machine", looks=(stone.name, f"with {sail.name} sails"))
