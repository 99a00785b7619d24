"""Fridges: a door or two, a freezer below or above, a drawer inside."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between, drawer, handle, shell, sticker, surface
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WHITE, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat
from curate.world.shapes.solids import box
from rigmill.types import Floats

WALL, DOOR = 0.04, 0.055


@plan("fridge")
def fridge(random: np.random.Generator) -> Body:
    """Two doors above one another, or two beside each other over a freezer drawer."""
    french = bool(random.random() < 0.4)
    wide = between(random, 0.75, 0.9) if french else between(random, 0.55, 0.68)
    deep, high, foot = between(random, 0.52, 0.65), between(random, 1.3, 1.9), 0.05
    paint = pick(random, METAL)
    metal = pick(random, METAL, other_than=(paint,))
    coat, painted = surface(random, paint, wood=False)
    iron = patterns.plain(metal, mottle=0.02)
    inside = patterns.plain(WHITE, mottle=0.01)
    x, y, ahead = wide / 2, deep / 2, -deep / 2
    split = foot + (high - foot) * (0.38 if french else between(random, 0.3, 0.68))
    kit = Kit()
    kit.bone("body", vec(0, 0, foot), vec(0, 0, high))
    for z0, z1 in ((foot, split), (split, high)):
        kit.add(*shell("body", vec(-x, -y, z0), vec(x, y, z1), coat, inside, thick=WALL, open_to="front"))
    kit.add(
        *box("body", vec(-x + 0.03, -y + 0.05, 0), vec(x - 0.03, y - 0.03, foot), patterns.plain(paint.darker(0.4)))
    )
    for share in (0.35, 0.68):
        z = split + share * (high - split)
        kit.add(
            *box("body", vec(-x + WALL, -y + 0.04, z), vec(x - WALL, y - WALL, z + 0.012), patterns.plain(METAL[0]))
        )
    sign = float(random.choice([1.0, -1.0]))
    doors = [("upper door", sign, wide, (split + 0.004, high)), ("lower door", sign, wide, (foot, split - 0.004))]
    if french:
        doors = [
            ("left door", 1.0, x - 0.002, (split + 0.004, high)),
            ("right door", -1.0, x - 0.002, (split + 0.004, high)),
        ]
    for name, side, reach, (z0, z1) in doors:
        hinge = vec(side * x, ahead, (z0 + z1) / 2)
        kit.bone(name, hinge, hinge - vec(side * reach, 0, 0))
        inner = side * (x - reach)
        kit.add(*box(name, vec(side * x, ahead - DOOR, z0), vec(inner, ahead - 0.002, z1), coat, cells=4))
        lining = vec(side * (x - 0.05), ahead - 0.002, z0 + 0.05), vec(inner + side * 0.05, ahead + 0.004, z1 - 0.05)
        kit.add(*box(name, *lining, inside, cells=1))
        bar = inner + side * 0.05
        up = 0.55 * (z1 - z0)
        start = z0 + 0.25 * (z1 - z0) if name != "lower door" else z1 - 0.08 - up
        kit.add(
            *handle(
                name, vec(bar, ahead - DOOR, start), vec(bar, ahead - DOOR, start + up), vec(0, -0.04, 0), 0.012, iron
            )
        )
        side_word = name.split()[0]
        kit.parts.append(Part("hinge", name, "door", vec(0, 0, side), 0.0, between(random, 80, 115), side=side_word))
    if french:
        low, top = vec(-x, ahead - DOOR, foot), vec(x, 0.75 * y, split - 0.006)
        _freezer(kit, low, top, ahead, (coat, inside))
        at = vec(0, ahead - DOOR, split - 0.09)
        kit.add(*handle("drawer", at - vec(0.6 * x, 0, 0), at + vec(0.6 * x, 0, 0), vec(0, -0.04, 0), 0.012, iron))
    else:
        low, top = (
            vec(-x + WALL + 0.006, -y + 0.03, split + WALL + 0.004),
            vec(x - WALL - 0.006, 0.7 * y, split + WALL + 0.16),
        )
        drawer(kit, "drawer", low, top, (patterns.plain(METAL[6].lighter(0.6)), inside), thick=0.012)
        kit.parts.pop()  # it slides behind a door: nothing opens it by itself
    magnets = int(random.integers(0, 4))
    for _ in range(magnets):
        name, side, reach, (z0, z1) = doors[0]
        at = vec(
            side * (x - reach * between(random, 0.3, 0.7)), ahead - DOOR, z0 + (z1 - z0) * between(random, 0.2, 0.8)
        )
        kit.add(*sticker(random, name, at, vec(0, -1, 0), between(random, 0.025, 0.045)))
    looks = (painted, "with magnets" if magnets > 1 else "")
    return kit.body(random, "fridge", "furniture", looks=looks)


def _freezer(kit: Kit, low: Floats, top: Floats, ahead: float, coats: tuple[Coat, Coat]) -> None:
    """A thick front with a tray behind that fits between the walls."""
    kit.bone("drawer", vec(0, ahead, (low[2] + top[2]) / 2), vec(0, top[1], (low[2] + top[2]) / 2))
    kit.add(*box("drawer", low, vec(top[0], ahead - 0.002, top[2]), coats[0], cells=4))
    x, z0, z1 = top[0] - WALL - 0.006, low[2] + WALL + 0.01, low[2] + 0.7 * (top[2] - low[2])
    kit.add(*box("drawer", vec(-x, ahead, z0), vec(x, top[1], z0 + 0.012), coats[1]))
    for side in (1.0, -1.0):
        kit.add(*box("drawer", vec(side * x, ahead, z0), vec(side * (x - 0.012), top[1], z1), coats[1], cells=1))
    kit.add(*box("drawer", vec(-x, top[1] - 0.012, z0), vec(x, top[1], z1), coats[1], cells=1))
    kit.parts.append(Part("slide", "drawer", "drawer", vec(0, -1, 0), 0.0, 0.7 * float(top[1] - ahead)))
