"""Chests with a lid: flat or round, a lock, perhaps a drawer below and rings at the sides."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between, drawer, handle, knob, shell, surface
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WOOD, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.patch import POINT_DECIMALS, Coat, Patch, rigid
from curate.world.shapes.solids import box
from curate.world.shapes.tube import rod

WALL = 0.025


@plan("chest")
def chest(random: np.random.Generator) -> Body:
    """A box whose lid turns about its back edge, with a latch in front."""
    wide, deep, high = (between(random, *limits) for limits in ((0.6, 1.2), (0.38, 0.6), (0.3, 0.55)))
    wood, metal = pick(random, WOOD), pick(random, METAL)
    coat, painted = surface(random, wood, wood=bool(random.random() < 0.8), axis=0)
    iron = patterns.plain(metal, mottle=0.02)
    low_drawer, rounded, rings = random.random() < 0.3, bool(random.random() < 0.6), bool(random.random() < 0.6)
    banded = patterns.over(coat, metal, lambda p, _u, _n: np.abs(np.abs(p[:, 0]) - 0.36 * wide) < 0.03)
    outside = banded if random.random() < 0.6 else coat
    foot = 0.03 if not low_drawer else 0.2
    x, y, top = wide / 2, deep / 2, foot + high
    kit = Kit()
    kit.bone("base", vec(0, 0, foot), vec(0, 0, top))
    inside = patterns.plain(wood.darker(0.45))
    kit.add(*shell("base", vec(-x, -y, foot), vec(x, y, top), outside, inside, thick=WALL, open_to="top"))
    if low_drawer:
        kit.add(*shell("base", vec(-x, -y + 0.02, 0.02), vec(x, y, foot), coat, inside, thick=WALL, open_to="front"))
    for sx in (1, -1):
        for sy in (1, -1):
            corner = vec(sx * (x - 0.05), sy * (y - 0.07), 0)
            kit.add(*box("base", corner - vec(0.04, 0.04, 0), corner + vec(0.04, 0.04, 0.03), iron, cells=1))
    tall = between(random, 0.14, 0.22) if rounded else between(random, 0.05, 0.09)
    kit.bone("lid", vec(0, y, top), vec(0, -y, top))
    kit.add(*_lid(wide, deep, top + 0.002, tall, outside, inside, rounded=rounded))
    kit.parts.append(Part("hinge", "lid", "lid", vec(-1, 0, 0), 0.0, between(random, 75, 108)))
    latch = kit.bone("latch", vec(0, -y - 0.012, top + 0.03), vec(0, -y - 0.012, top - 0.07), "lid")
    kit.add(*box(latch, vec(-0.035, -y - 0.022, top - 0.075), vec(0.035, -y - 0.002, top + 0.035), iron, cells=1))
    kit.add(*knob(latch, vec(0, -y - 0.024, top - 0.05), 0.014, patterns.plain(metal.darker(0.4), mottle=0)))
    if low_drawer:
        front = (coat, patterns.plain(wood.lighter(0.35)))
        drawer(kit, "drawer", vec(-x + WALL + 0.004, -y, 0.05), vec(x - WALL - 0.004, 0.85 * y, foot - 0.006), front)
        kit.add(*handle("drawer", vec(-0.08, -y, 0.12), vec(0.08, -y, 0.12), vec(0, -0.03, 0), 0.008, iron))
    if rings:
        for sign, side in ((1, "left"), (-1, "right")):
            name = f"{side} handle"
            at = vec(sign * (x + 0.006), 0, foot + 0.72 * high)
            kit.bone(name, at, at + vec(0, 0, -0.1))
            for end in (0.07, -0.07):
                kit.add(rod(name, at + vec(0, end, 0), at + vec(sign * 0.006, end, -0.07), (0.01, 0.01), iron, sides=5))
            low = at + vec(sign * 0.006, 0, -0.07)
            kit.add(rod(name, low + vec(0, 0.07, 0), low + vec(0, -0.07, 0), (0.012, 0.012), iron, sides=6))
    looks = (painted, f"with a {metal.name} latch")
    return kit.body(random, "chest", "furniture", looks=looks, noun="treasure chest" if rounded else "chest")


def _lid(wide: float, deep: float, top: float, tall: float, coat: Coat, inside: Coat, *, rounded: bool) -> list[Patch]:
    """Half a barrel, or a board with a rim."""
    x, y = wide / 2, deep / 2
    if not rounded:
        return box("lid", vec(-x - 0.015, -y, top), vec(x + 0.015, y, top + tall), coat, cells=4)
    angle = np.linspace(0, np.pi, 11)
    arc = np.stack([0 * angle, -y * np.cos(angle), top + 0.04 + (tall - 0.04) * np.sin(angle)], axis=1)
    arc = np.concatenate([[vec(0, -y, top)], arc, [vec(0, y, top)]])
    across = np.linspace(-x, x, 9)
    points = arc[:, None] * vec(0, 1, 1) + across[None, :, None] * vec(1, 0, 0)
    patches = [rigid(np.round(points, POINT_DECIMALS), "lid", coat)]
    for sign in (1.0, -1.0):
        rim = arc + vec(sign * x, 0, 0)
        flat = rim * vec(1, 1, 0) + vec(0, 0, top)
        grid = np.stack([flat, (flat + rim) / 2, rim] if sign < 0 else [rim, (flat + rim) / 2, flat], axis=0)
        patches.append(rigid(np.round(grid, POINT_DECIMALS), "lid", coat, smooth=False))
    under = np.stack([np.stack([vec(sx * x, sy * y, top) for sx in (-1.0, 0.0, 1.0)]) for sy in (1.0, 0.0, -1.0)])
    return [*patches, rigid(np.round(under, POINT_DECIMALS), "lid", inside, smooth=False)]
