"""Windows on a sill, of one casement or two."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.builders.leaves import leaves
from curate.world.builders.thing import Kit, between, handle, surface
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WOOD, colour, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat
from curate.world.shapes.solids import box
from rigmill.types import Floats

GLASS = patterns.plain(colour("glass", "#a9cfdd"), mottle=0.02)
JAMB, LEAF = 0.09, 0.045


@plan("window")
def window(random: np.random.Generator) -> Body:
    """A window on a sill: one casement or two, with bars across the glass, and perhaps shutters' stripes."""
    double = bool(random.random() < 0.65)
    wide, high, low = (
        between(random, 0.9, 1.5) if double else between(random, 0.6, 0.85),
        between(random, 0.8, 1.3),
        0.12,
    )
    wood, paint, metal = pick(random, WOOD), pick(random, WOOD), pick(random, METAL)
    (frame, _), (coat, painted) = surface(random, wood, wood=True), surface(random, paint, wood=True)
    x, top = wide / 2, low + high
    kit = Kit()
    kit.bone("frame", vec(0, 0, low), vec(0, 0, top))
    _sill(kit, x, low, top, frame)
    for name, sign, reach in leaves(random, kit, "window", wide, double):
        hinge = vec(sign * x, -0.04, (low + top) / 2)
        kit.bone(name, hinge, hinge - vec(sign * reach, 0, 0))
        outer, inner, edge = sign * (x - 0.002), sign * (x - reach), sign * 0.055
        z0, z1 = low + 0.004, top - 0.004
        for start, end in ((outer, outer - edge), (inner, inner + edge)):
            kit.add(*box(name, vec(start, -0.04, z0), vec(end, 0, z1), coat, cells=3))
        for z in (z0, z1 - 0.055, (z0 + z1) / 2 - 0.015):
            tall = 0.03 if z0 < z < z1 - 0.06 else 0.055
            kit.add(*box(name, vec(outer - edge, -0.038, z), vec(inner + edge, -0.002, z + tall), coat, cells=2))
        kit.add(*box(name, vec(outer - edge, -0.024, z0 + 0.05), vec(inner + edge, -0.016, z1 - 0.05), GLASS, cells=3))
        at = vec(inner + sign * 0.028, -0.04, hinge[2] - 0.06)
        turns = kit.bone(f"{name} handle", at, at + vec(0, 0, 0.12), name)
        kit.add(*handle(turns, at, at + vec(0, 0, 0.12), vec(0, -0.025, 0), 0.008, patterns.plain(metal)))
    return kit.body(random, "window", "furniture", looks=(painted,))


def _sill(kit: Kit, x: float, low: float, top: float, frame: Coat) -> None:
    corners: list[tuple[Floats, Floats]] = [
        (vec(-x - 0.07, 0, low - 0.07), vec(x + 0.07, 0.12, low)),
        (vec(-x - 0.07, 0, top), vec(x + 0.07, 0.12, top + 0.07)),
        (vec(-x - 0.13, -0.12, 0), vec(x + 0.13, 0.14, low - 0.07)),
    ]
    for sign in (1.0, -1.0):
        corners.append((vec(sign * x, 0, low), vec(sign * (x + 0.07), 0.12, top)))
    for one, other in corners:
        kit.add(*box("frame", one, other, frame, cells=3))
