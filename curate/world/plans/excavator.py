"""Excavators: a boom, a stick and a bucket on a turret with tracks."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between
from curate.world.builders.turret import HINGE, PAINTS, beam, hull
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.solids import ball, box
from curate.world.shapes.tube import rod


@plan("excavator")
def excavator(random: np.random.Generator) -> Body:
    """A boom, a stick and a bucket on a turret with tracks."""
    size = between(random, 1.4, 2.2)
    paint = pick(random, PAINTS)
    kit = Kit()
    foot = hull(kit, paint, size, tracks=True)
    coat, dark = patterns.plain(paint, mottle=0.03), patterns.plain(METAL[1], mottle=0.02)
    low, elbow, wrist = (
        vec(-0.06 * size, -0.12 * size, foot + 0.05 * size),
        vec(-0.06, -between(random, 0.44, 0.54), between(random, 0.82, 0.94)) * size,
        vec(-0.06, -between(random, 0.86, 1.0), between(random, 0.56, 0.66)) * size,
    )
    thick = between(random, 0.08, 0.11) * size
    beam(kit, "boom", low, elbow, (thick, 1.2 * thick), coat, "turret")
    beam(kit, "stick", elbow, wrist, (0.8 * thick, 0.9 * thick), coat, "boom")
    bucket = kit.bone("bucket", wrist, wrist + vec(0, -0.03, -0.2) * size, "stick")
    at = wrist + vec(0, 0.0, -0.13) * size
    for low_, top in (
        (vec(-0.11, -0.07, -0.09), vec(0.11, -0.05, 0.1)),
        (vec(-0.11, -0.07, 0.08), vec(0.11, 0.07, 0.1)),
        (vec(-0.11, -0.07, -0.09), vec(-0.095, 0.07, 0.1)),
        (vec(0.095, -0.07, -0.09), vec(0.11, 0.07, 0.1)),
    ):
        kit.add(*box(bucket, at + low_ * size, at + top * size, dark, cells=1))
    for x in (-0.085, -0.03, 0.03, 0.085):
        tooth = at + vec(x, -0.06, -0.09) * size
        kit.add(
            rod(
                bucket,
                tooth,
                tooth + vec(0, 0.01, -0.05) * size,
                (0.014 * size, 0.006 * size),
                patterns.plain(METAL[0]),
                sides=5,
            )
        )
    kit.add(ball(bucket, wrist, 0.05 * size, dark, rings=6))
    kit.parts.append(Part("hinge", "boom", "boom", HINGE, -20.0, 14.0))
    kit.parts.append(Part("hinge", "stick", "boom", HINGE, -16.0, 16.0))
    kit.parts.append(Part("hinge", bucket, "bucket", HINGE, -20.0, 60.0))
    return kit.body(random, "excavator", "vehicle", looks=(paint.name,))
