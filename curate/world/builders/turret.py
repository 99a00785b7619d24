"""What cranes and excavators stand on: a base with a turret, and booms of beams."""

from __future__ import annotations

import numpy as np

from curate.world.body import Part
from curate.world.builders.thing import Kit
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, DARK, METAL, Colour, colour
from curate.world.rig.turns import frames, unit, vec
from curate.world.shapes.patch import Coat
from curate.world.shapes.solids import box, lathe
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


def hull(kit: Kit, paint: Colour, size: float, *, tracks: bool) -> float:
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


def beam(kit: Kit, name: str, start: Floats, end: Floats, wide: tuple[float, float], coat: Coat, parent: str) -> None:
    """A tapering box beam from hinge to hinge, with a pin."""
    kit.bone(name, start, end, parent)
    length = float(np.linalg.norm(end - start))
    turn = frames(unit(end - start), vec(1, 0, 0))
    middle, half = (start + end) / 2, vec(length / 2, wide[0] / 2, wide[1] / 2)
    kit.add(*box(name, middle - half, middle + half, coat, cells=5, turn=turn))
    pin = vec(0.7 * wide[0], 0, 0)
    kit.add(rod(name, start - pin, start + pin, (0.32 * wide[1], 0.32 * wide[1]), patterns.plain(DARK), sides=8))
