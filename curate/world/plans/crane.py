"""Cranes: a boom of two on a turret, and a hook on a rope that always hangs."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between
from curate.world.builders.turret import HINGE, PAINTS, beam, hull
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, DARK, METAL, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.solids import box
from curate.world.shapes.tube import rod


@plan("crane")
def crane(random: np.random.Generator) -> Body:
    """A boom of two with a hook on a rope that always hangs."""
    size = between(random, 1.4, 2.2)
    paint = pick(random, PAINTS)
    kit = Kit()
    foot = hull(kit, paint, size, tracks=bool(random.random() < 0.5))
    lattice = patterns.striped(patterns.plain(paint), DARK, axis=2, every=0.12 * size, share=0.3)
    paintwork = lattice if random.random() < 0.6 else patterns.plain(paint)
    low, elbow, tip = (
        vec(-0.06 * size, -0.02 * size, foot + 0.04 * size),
        vec(-0.06, -between(random, 0.24, 0.36), between(random, 0.93, 1.08)) * size,
        vec(-0.06, -between(random, 0.78, 0.92), between(random, 1.12, 1.24)) * size,
    )
    thick = between(random, 0.075, 0.1) * size
    beam(kit, "boom", low, elbow, (thick, 1.1 * thick), paintwork, "turret")
    beam(kit, "jib", elbow, tip, (0.7 * thick, 0.8 * thick), paintwork, "boom")
    kit.parts.append(Part("hinge", "boom", "boom", HINGE, -18.0, 20.0))
    kit.parts.append(Part("hinge", "jib", "boom", HINGE, -24.0, 20.0))
    rope = between(random, 0.28, 0.42) * size
    hang, end = tip + vec(0, -0.01 * size, -0.03 * size), tip - vec(0, 0.01 * size, rope)
    hook = kit.bone("hook", hang, end, "jib")
    kit.parts.append(Part("hinge", hook, "hook", HINGE, -90.0, 90.0))
    kit.add(rod(hook, hang, end, (0.01 * size, 0.01 * size), patterns.plain(BLACK, mottle=0), sides=5))
    kit.add(
        *box(
            hook, end - vec(0.03, 0.02, 0.06) * size, end + vec(0.03, 0.02, 0) * size, patterns.plain(METAL[5]), cells=1
        )
    )
    if random.random() < 0.5:
        load = pick(random, PAINTS, other_than=(paint,))
        kit.add(
            *box(
                hook,
                end - vec(0.09, 0.09, 0.22) * size,
                end + vec(0.09, 0.09, -0.06) * size,
                patterns.plain(load),
                cells=3,
            )
        )
    else:
        steel = patterns.plain(METAL[0])
        for start, stop in (
            ((0, 0, -0.06), (0, 0, -0.1)),
            ((0, 0, -0.1), (0, 0.035, -0.13)),
            ((0, 0.035, -0.13), (0, 0.05, -0.09)),
        ):
            kit.add(
                rod(
                    hook,
                    end + vec(*start) * size,
                    end + vec(*stop) * size,
                    (0.014 * size, 0.012 * size),
                    steel,
                    sides=6,
                )
            )
    return kit.body(random, "crane", "machine", looks=(paint.name,))
