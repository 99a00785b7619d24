"""Fans on a desk or a pole."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between, knob, surface
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, METAL, Colour, pick
from curate.world.plans import plan
from curate.world.rig.turns import about, vec
from curate.world.shapes.solids import ball, box, lathe
from curate.world.shapes.tube import rod
from rigmill.types import Floats


def _blades(
    kit: Kit, bone: str, centre: Floats, reach: float, count: int, colours: tuple[Colour, Colour], *, wide: float
) -> None:
    """Pitched blades about the y axis; the first one has the second colour, so that turning shows."""
    for number in range(count):
        turn = about("y", 360.0 * number / count)
        paint = patterns.plain(colours[1] if number == 0 else colours[0], mottle=0.02)
        middle = centre + turn @ vec(0, 0, 0.56 * reach)
        half = vec(wide * reach, 0.012 * reach, 0.42 * reach)
        kit.add(*box(bone, middle - half, middle + half, paint, cells=2, turn=turn @ about("z", 24.0)))


@plan("fan")
def fan(random: np.random.Generator) -> Body:
    """A fan on a foot or a pole, with three to five blades, in a cage or without; its motor turns from side to side."""
    standing = bool(random.random() < 0.5)
    reach = between(random, 0.17, 0.24)
    high = between(random, 0.9, 1.3) if standing else between(random, 0.3, 0.42)
    paint, other, metal = pick(random, (*BRIGHT, *METAL)), pick(random, BRIGHT), pick(random, METAL)
    blade = pick(random, (*BRIGHT, METAL[4]), other_than=(paint, other))
    coat, painted = surface(random, paint, wood=False)
    iron = patterns.plain(metal, mottle=0.02)
    kit, foot = Kit(), between(random, 0.16, 0.22)
    kit.bone("base", vec(0, 0, 0), vec(0, 0, 0.05))
    kit.add(
        lathe(
            "base",
            vec(0, 0, 0),
            vec(0, 0, 0.05),
            [(0, 0.0), (0, foot), (0.5, foot), (1, 0.5 * foot), (1, 0.0)],
            coat,
            sides=18,
        )
    )
    kit.bone("pole", vec(0, 0, 0.05), vec(0, 0, high - 0.05))
    kit.add(rod("pole", vec(0, 0, 0.05), vec(0, 0, high - 0.05), (0.022, 0.018), iron, sides=8))
    button = kit.bone("button", vec(0, -0.72 * foot, 0.035), vec(0, -0.72 * foot, 0.06))
    kit.add(*knob(button, vec(0, -0.72 * foot, 0.045), 0.018, patterns.plain(BRIGHT[0], mottle=0)))
    kit.parts.append(Part("slide", button, "button", vec(0, 0, -1), 0.0, 0.012))
    motor = kit.bone("motor", vec(0, 0, high - 0.05), vec(0, 0, high + 0.05), "pole")
    kit.parts.append(Part("hinge", motor, "motor", vec(0, 0, 1), -65.0, 65.0))
    kit.add(ball(motor, vec(0, 0.03, high), (0.07, 0.12, 0.07), coat))
    ahead = vec(0, -0.13, high)
    kit.bone("fan", ahead, ahead - vec(0, 0.06, 0), motor)
    kit.parts.append(Part("wheel", "fan", "fan", vec(0, float(random.choice([-1, 1])), 0)))
    _blades(kit, "fan", ahead, reach, int(random.integers(3, 6)), (blade, other), wide=0.26)
    kit.add(rod("fan", ahead + vec(0, 0.03, 0), ahead - vec(0, 0.035, 0), (0.03, 0.03), iron, sides=8))
    caged = bool(random.random() < 0.7)
    if caged:
        _cage(kit, motor, ahead, 1.12 * reach, METAL[0] if metal.name == "dark" else metal)
    return kit.body(
        random,
        "fan",
        "machine",
        looks=(painted, f"with {blade.name} blades"),
        noun="standing fan" if standing else "desk fan",
    )


def _cage(kit: Kit, bone: str, centre: Floats, reach: float, metal: Colour) -> None:
    """Two rings and bars before and behind the blades."""
    wire, count = patterns.plain(metal, mottle=0), 8
    for y in (-0.075, 0.075):
        for share in (1.0, 0.35):
            at = centre + vec(0, y if share < 1 else 0.6 * y, 0)
            r, t = share * reach, 0.006
            ring = [(0.0, r - t), (0.0, r + t), (1.0, r + t), (1.0, r - t), (0.0, r - t)]
            kit.add(lathe(bone, at - vec(0, t, 0), at + vec(0, t, 0), ring, wire, sides=20))
        for number in range(count):
            out = about("y", 360.0 * number / count) @ vec(0, 0, 1)
            start, end = centre + vec(0, y, 0) + 0.35 * reach * out, centre + vec(0, 0.6 * y, 0) + reach * out
            kit.add(rod(bone, start, end, (0.004, 0.004), wire, sides=4))
    hub = centre - vec(0, 0.075, 0)
    kit.add(
        lathe(
            bone,
            hub - vec(0, 0.006, 0),
            hub,
            [(0, 0.0), (0, 0.35 * reach), (1, 0.35 * reach), (1, 0.0)],
            wire,
            sides=12,
        )
    )
