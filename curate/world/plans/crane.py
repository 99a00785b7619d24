"""Cranes and excavators: a turret on tracks or a block, a boom of two, a hook that hangs or a bucket."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, DARK, METAL, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.turns import frames, unit, vec
from curate.world.shapes.patch import Coat
from curate.world.shapes.solids import ball, box, lathe
from curate.world.shapes.tube import rod
from rigmill.types import Floats

GLASS = patterns.plain(colour("glass", "#9fc4d6"), mottle=0.02)
PAINTS = (
    colour("yellow", "#e5b325"),
    colour("orange", "#e07b28"),
    colour("red", "#bf3b32"),
    colour("blue", "#3d6fb0"),
    colour("green", "#5a9a52"),
)
HINGE = vec(1, 0, 0)


def _hull(kit: Kit, paint: Colour, size: float, *, tracks: bool) -> float:
    """Base and turret; returns how high the turret's floor is."""
    coat = patterns.plain(paint, mottle=0.03)
    deck = 0.24 * size
    kit.bone("base", vec(0, 0, 0.05 * size), vec(0, 0, deck))
    if tracks:
        belt = patterns.striped(patterns.plain(DARK), BLACK, axis=1, every=0.07 * size)
        for sign in (1.0, -1.0):
            low, top = (
                vec(sign * 0.2 * size, -0.36 * size, 0.06 * size),
                vec(sign * 0.34 * size, 0.36 * size, 0.15 * size),
            )
            kit.add(*box("base", low, top, belt, cells=4))
            for y in (-0.36, 0.36):
                start = vec(sign * 0.2 * size, y * size, 0.1 * size)
                disc = [(0.0, 0.0), (0.0, 0.1 * size), (1.0, 0.1 * size), (1.0, 0.0)]
                kit.add(lathe("base", start, start + vec(sign * 0.14 * size, 0, 0), disc, belt, sides=12))
        kit.add(*box("base", vec(-0.2, -0.2, 0.08) * size, vec(0.2, 0.2, 0.2) * size, coat))
    else:
        hazard = patterns.striped(patterns.plain(paint), BLACK, axis=0, every=0.16 * size, share=0.4)
        kit.add(*box("base", vec(-0.3, -0.3, 0) * size, vec(0.3, 0.3, 0.12) * size, hazard, cells=4))
        kit.add(*box("base", vec(-0.2, -0.2, 0.12) * size, vec(0.2, 0.2, 0.2) * size, patterns.plain(METAL[1])))
    ring = [(0.0, 0.0), (0.0, 0.15 * size), (1.0, 0.15 * size), (1.0, 0.0)]
    kit.add(lathe("base", vec(0, 0, 0.2 * size), vec(0, 0, deck - 0.002), ring, patterns.plain(DARK), sides=14))
    kit.bone("turret", vec(0, 0, deck), vec(0, 0, deck + 0.2 * size))
    kit.parts.append(Part("hinge", "turret", "turret", vec(0, 0, 1), -110.0, 110.0))
    kit.add(*box("turret", vec(-0.26, -0.2, 0.24) * size, vec(0.26, 0.34, 0.32) * size, coat, cells=3))
    kit.add(*box("turret", vec(-0.24, 0.12, 0.32) * size, vec(0.24, 0.33, 0.48) * size, coat, cells=3))
    cab = patterns.over(
        coat,
        colour("glass", "#9fc4d6"),
        lambda p, _u, n: (p[:, 2] > 0.42 * size) & (p[:, 2] < 0.56 * size) & (np.abs(n[:, 2]) < 0.5),
    )
    kit.add(*box("turret", vec(0.08, -0.19, 0.32) * size, vec(0.25, 0.1, 0.6) * size, cab, cells=6))
    kit.add(
        rod(
            "turret",
            vec(-0.17, 0.26, 0.46) * size,
            vec(-0.17, 0.26, 0.6) * size,
            (0.02 * size, 0.02 * size),
            patterns.plain(DARK),
            sides=6,
        )
    )
    return deck + 0.08 * size


def _beam(kit: Kit, name: str, start: Floats, end: Floats, wide: tuple[float, float], coat: Coat, parent: str) -> None:
    """A tapering box beam from hinge to hinge, with a pin."""
    kit.bone(name, start, end, parent)
    length = float(np.linalg.norm(end - start))
    turn = frames(unit(end - start), vec(1, 0, 0))
    middle, half = (start + end) / 2, vec(length / 2, wide[0] / 2, wide[1] / 2)
    kit.add(*box(name, middle - half, middle + half, coat, cells=5, turn=turn))
    pin = vec(0.7 * wide[0], 0, 0)
    kit.add(rod(name, start - pin, start + pin, (0.32 * wide[1], 0.32 * wide[1]), patterns.plain(DARK), sides=8))


@plan("crane")
def crane(random: np.random.Generator) -> Body:
    """A boom of two with a hook on a rope that always hangs."""
    size = between(random, 1.4, 2.2)
    paint = pick(random, PAINTS)
    kit = Kit()
    foot = _hull(kit, paint, size, tracks=bool(random.random() < 0.5))
    lattice = patterns.striped(patterns.plain(paint), DARK, axis=2, every=0.12 * size, share=0.3)
    beam = lattice if random.random() < 0.6 else patterns.plain(paint)
    low, elbow, tip = (
        vec(-0.06 * size, -0.02 * size, foot + 0.04 * size),
        vec(-0.06, -0.3, 0.95) * size,
        vec(-0.06, -0.85, 1.12) * size,
    )
    _beam(kit, "boom", low, elbow, (0.09 * size, 0.1 * size), beam, "turret")
    _beam(kit, "jib", elbow, tip, (0.065 * size, 0.075 * size), beam, "boom")
    kit.parts.append(Part("hinge", "boom", "boom", HINGE, -18.0, 20.0))
    kit.parts.append(Part("hinge", "jib", "boom", HINGE, -24.0, 20.0))
    rope = between(random, 0.3, 0.45) * size
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


@plan("excavator")
def excavator(random: np.random.Generator) -> Body:
    """A boom, a stick and a bucket on a turret with tracks."""
    size = between(random, 1.4, 2.2)
    paint = pick(random, PAINTS)
    kit = Kit()
    foot = _hull(kit, paint, size, tracks=True)
    coat, dark = patterns.plain(paint, mottle=0.03), patterns.plain(METAL[1], mottle=0.02)
    low, elbow, wrist = (
        vec(-0.06 * size, -0.12 * size, foot + 0.05 * size),
        vec(-0.06, -0.5, 0.86) * size,
        vec(-0.06, -0.95, 0.56) * size,
    )
    _beam(kit, "boom", low, elbow, (0.1 * size, 0.12 * size), coat, "turret")
    _beam(kit, "stick", elbow, wrist, (0.08 * size, 0.09 * size), coat, "boom")
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
    kit.parts.append(Part("hinge", bucket, "bucket", HINGE, -20.0, 75.0))
    return kit.body(random, "excavator", "vehicle", looks=(paint.name,))
