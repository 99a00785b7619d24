"""Chests of drawers: three to six drawers above one another, or in two rows."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.builders.thing import Kit, between, drawer, handle, knob, shell, sticker, surface
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WOOD, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.solids import box

WALL = 0.022


@plan("dresser")
def dresser(random: np.random.Generator) -> Body:
    """Drawers in one column or two, with knobs or bars."""
    columns = int(random.choice([1, 1, 2]))
    rows = int(random.integers(3, 6)) if columns == 1 else int(random.integers(2, 4))
    wide = between(random, 0.45, 0.7) * (1.7 if columns == 2 else 1.0)
    deep, high, foot = between(random, 0.4, 0.52), between(random, 0.2, 0.27) * rows, between(random, 0.05, 0.15)
    wood, front, metal = pick(random, WOOD), pick(random, WOOD), pick(random, METAL)
    is_wood = bool(random.random() < 0.7)
    (coat, painted), (face, faced) = (surface(random, wood, wood=is_wood), surface(random, front, wood=is_wood, axis=0))
    iron, bars = patterns.plain(metal, mottle=0.02), bool(random.random() < 0.5)
    x, y, top = wide / 2, deep / 2, foot + high
    kit = Kit()
    kit.bone("body", vec(0, 0, foot), vec(0, 0, top))
    kit.add(
        *shell(
            "body",
            vec(-x, -y, foot),
            vec(x, y, top),
            coat,
            patterns.plain(wood.darker(0.5)),
            thick=WALL,
            open_to="front",
        )
    )
    kit.add(
        *box(
            "body",
            vec(-x - 0.015, -y - 0.02, top),
            vec(x + 0.015, y, top + WALL),
            surface(random, wood, wood=True, axis=0)[0] if is_wood else coat,
        )
    )
    if columns == 2:
        kit.add(*box("body", vec(-WALL / 2, -y, foot + WALL), vec(WALL / 2, y - WALL, top - WALL), coat))
    for sx in (1, -1):
        for sy in (1, -1):
            corner = vec(sx * (x - 0.045), sy * (y - 0.045), 0)
            kit.add(*box("body", corner - vec(0.025, 0.025, 0), corner + vec(0.025, 0.025, foot), coat, cells=1))
    step = (high - 2 * WALL) / rows
    for row in range(rows):
        for column in range(columns):
            name = f"drawer {row * columns + column + 1}"
            left = -x + WALL if columns == 1 or column == 1 else WALL / 2
            right = x - WALL if columns == 1 or column == 0 else -WALL / 2
            z = top - WALL - (row + 1) * step
            low, up = vec(left + 0.004, -y - 0.012, z + 0.004), vec(right - 0.004, 0.82 * y, z + step - 0.004)
            drawer(kit, name, low, up, (face, patterns.plain(front.lighter(0.4))))
            middle = vec((left + right) / 2, -y - 0.012, z + 0.55 * step)
            half = 0.18 * (right - left)
            if bars:
                kit.add(
                    *handle(name, middle - vec(half, 0, 0), middle + vec(half, 0, 0), vec(0, -0.028, 0), 0.007, iron)
                )
            else:
                for side in (-1, 1) if right - left > 0.5 else (0,):
                    kit.add(*knob(name, middle + vec(1.3 * side * half, -0.016, 0), 0.018, iron))
    decorated = bool(random.random() < 0.3)
    if decorated:
        kit.add(
            *sticker(
                random,
                "drawer 1",
                vec(0.3 * x if columns == 1 else 0.6 * x, -y - 0.012, top - WALL - 0.4 * step),
                vec(0, -1, 0),
                0.05,
            )
        )
    colours = [painted] if painted == faced else [painted, f"with {faced} drawers"]
    return kit.body(
        random, "dresser", "furniture", looks=(*colours, "with a sticker" if decorated else ""), noun="chest of drawers"
    )
