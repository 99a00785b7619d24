"""Cabinets with doors and drawers: every part is a node of its own, nothing bends."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part, joint_height
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WOOD, Colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Bone, Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Patch
from curate.world.shapes.solids import ball, box

STYLES = (Style.PLAIN, Style.BLENDER, Style.NUMBERED)
THICK = 0.025


@plan("cabinet")
def cabinet(random: np.random.Generator) -> Body:
    """Doors below or drawers below, on legs; one door or two."""
    wide, deep, high = (float(random.uniform(*limits)) for limits in ((0.7, 1.2), (0.38, 0.55), (0.8, 1.5)))
    foot = float(random.uniform(0.06, 0.14))
    drawers, doors = int(random.integers(1, 4)), int(random.choice([1, 2, 2]))
    split = foot + (high - foot) * float(random.uniform(0.35, 0.6))
    doors_low = bool(random.random() < 0.5)
    wood, front, knob = pick(random, WOOD), pick(random, WOOD), pick(random, METAL)
    bones = [Bone("body", None, vec(0, 0, foot), vec(0, 0, high))]
    patches = _carcass(wide, deep, high, foot, split, wood)
    parts: list[Part] = []
    ahead = -deep / 2
    low, top = (foot, split) if doors_low else (split, high)
    for number in range(doors):
        sign = 1.0 if doors == 1 or number == 0 else -1.0
        name = "door" if doors == 1 else f"{'left' if sign > 0 else 'right'} door"
        reach = wide - 2 * THICK if doors == 1 else (wide / 2 - THICK)
        hinge = vec(sign * (wide / 2 - THICK), ahead - THICK, (low + top) / 2)
        bones.append(Bone(name, "body", hinge, hinge + vec(-sign * reach, 0, 0)))
        inner, z0, z1 = hinge[0] - sign * (reach - 0.006), low + 0.012, top - THICK
        patches += box(
            name, vec(hinge[0], ahead - THICK, z0), vec(inner, ahead, z1), patterns.grained(front, axis=2), cells=3
        )
        patches += box(
            name,
            vec(hinge[0] - sign * 0.07, ahead - THICK - 0.008, z0 + 0.06),
            vec(inner + sign * 0.07, ahead - THICK, z1 - 0.06),
            patterns.grained(front.darker(0.8), axis=2),
        )
        grip = vec(inner + sign * 0.035, ahead - THICK - 0.02, (z0 + z1) / 2)
        handle = f"{name.removesuffix('door')}handle"
        bones.append(Bone(handle, name, grip, grip + vec(0, -0.03, 0)))
        patches.append(ball(handle, grip, 0.02, patterns.plain(knob, mottle=0), rings=6))
        side = name.split()[0] if doors == 2 else ""
        wide_open = float(random.uniform(85, 125))
        parts.append(Part("hinge", name, "door", vec(0, 0, sign), 0.0, wide_open, side=side, grip=handle))
    low, top = (split, high) if doors_low else (foot, split)
    for number in range(drawers):
        z0, z1 = (low + (top - low - THICK) * n / drawers for n in (number, number + 1))
        name = "drawer" if drawers == 1 else f"drawer {number + 1}"
        patches += _drawer(name, bones, wide, deep, (z0 + 0.008, z1 - 0.004), front, knob)
        parts.append(Part("slide", name, "drawer", vec(0, -1, 0), 0.0, 0.72 * deep))
    skeleton = Skeleton(tuple(bones))
    return Body(
        plan="cabinet",
        group="furniture",
        noun="cabinet",
        looks=(wood.name,) if wood.name == front.name else (f"{wood.name} and {front.name}",),
        tags=("furniture", "cabinet", "wood"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        skinned=bool(random.random() < 0.35),
        parts=tuple(parts),
    )


def _carcass(wide: float, deep: float, high: float, foot: float, split: float, wood: Colour) -> list[Patch]:
    x, y = wide / 2, deep / 2
    grain, inside = patterns.grained(wood, axis=2), patterns.grained(wood.darker(0.7), axis=0)
    patches: list[Patch] = []
    for sign in (1.0, -1.0):
        patches += box("body", vec(sign * x, -y, foot), vec(sign * (x - THICK), y, high), grain, cells=3)
    for z in (foot, split - THICK / 2, high - THICK):
        patches += box("body", vec(-x + THICK, -y, z), vec(x - THICK, y, z + THICK), inside)
    patches += box("body", vec(-x, -y - 0.02, high), vec(x, y, high + THICK), patterns.grained(wood, axis=0), cells=3)
    patches += box("body", vec(-x + THICK, y - 0.015, foot), vec(x - THICK, y, high), inside, cells=3)
    for sx in (1.0, -1.0):
        for sy in (1.0, -1.0):
            corner = vec(sx * (x - 0.05), sy * (y - 0.05), 0)
            patches += box("body", corner - vec(0.03, 0.03, 0), corner + vec(0.03, 0.03, foot), grain, cells=1)
    return patches


def _drawer(
    name: str, bones: list[Bone], wide: float, deep: float, z: tuple[float, float], front: Colour, knob: Colour
) -> list[Patch]:
    x, y, (z0, z1) = wide / 2 - THICK - 0.006, deep / 2, z
    bones.append(Bone(name, "body", vec(0, -y, (z0 + z1) / 2), vec(0, 0, (z0 + z1) / 2)))
    inner = patterns.plain(front.lighter(0.35))
    low = z0 + 0.02
    tall = z1 - 0.05 * (z1 - z0)
    patches = box(name, vec(-x, -y - THICK, z0), vec(x, -y, z1), patterns.grained(front, axis=0), cells=3)
    patches += box(name, vec(-x + 0.02, -y, low), vec(x - 0.02, 0.8 * y, low + 0.01), inner)
    for sign in (1.0, -1.0):
        patches += box(name, vec(sign * (x - 0.02), -y, low), vec(sign * (x - 0.035), 0.8 * y, tall), inner, cells=1)
    patches += box(name, vec(-x + 0.02, 0.8 * y - 0.012, low), vec(x - 0.02, 0.8 * y, tall), inner, cells=1)
    for side in (0.5, -0.5) if wide > 0.9 else (0.0,):
        patches.append(
            ball(name, vec(side * x, -y - THICK - 0.018, (z0 + z1) / 2), 0.018, patterns.plain(knob, mottle=0), rings=6)
        )
    return patches
