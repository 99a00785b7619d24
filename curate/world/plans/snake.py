"""Snakes."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, joint_height
from curate.world.builders import lengthwise
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, CREAM, DARK, SCALES, WHITE, Colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Bone, Skeleton, mirrored
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube

STYLES = (Style.PLAIN, Style.BLENDER, Style.NUMBERED, Style.MIXAMO)


@plan("snake")
def snake(random: np.random.Generator) -> Body:
    """Stretched out at rest; thin or thick, plain, banded or spotted, some with a hood or a rattle."""
    s = float(random.uniform(1.2, 2.2))
    girth = float(random.uniform(0.028, 0.044)) * s
    count = int(random.choice([11, 15, 19]))
    root = int(count * random.uniform(0.3, 0.6))
    words = [*(f"neck {root - n}" for n in range(root)), "hips", *(f"tail {n + 1}" for n in range(count - root - 1))]
    names = ("head", *words)
    head = 0.062 * s
    joints = lengthwise.spaced(s, np.array([head, *[(s - head) / count] * count]), girth)
    bones, line = lengthwise.along_back(names, joints, root + 1)
    tip = joints[0]
    eye = tip + vec(0.62 * girth, 0.55 * head, 0.45 * girth)
    left = [Bone("left eye", "head", eye, eye + vec(0.3 * girth, 0, 0))]
    jaw = joints[1] + vec(0, -0.15 * head, -0.35 * girth)
    bones += [Bone("jaw", "head", jaw, jaw + vec(0, -0.8 * head, 0)), *left, *mirrored(left)]
    skeleton = Skeleton(tuple(bones))
    main = pick(random, (*SCALES, *BRIGHT[2:5]))
    second = pick(random, (*BRIGHT, CREAM, DARK, *SCALES), other_than=(main,))
    coat, looks = _skin(random, main, second, s, girth)
    hood = bool(random.random() < 0.3)
    return Body(
        plan="snake",
        group="animal",
        noun="cobra" if hood else "snake",
        looks=looks,
        tags=("animal", "snake", "reptile"),
        skeleton=skeleton,
        patches=_patches(line, names, head, girth, coat, main, hood=hood),
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        head="head",
        jaw="jaw",
        chain=names,
        can=frozenset({"wriggle"}),
    )


def _skin(
    random: np.random.Generator, main: Colour, second: Colour, s: float, girth: float
) -> tuple[Coat, tuple[str, ...]]:
    base = patterns.plain(main, mottle=0.1, size=0.02)
    choice = int(random.integers(4))
    look: tuple[str, ...] = (main.name,)
    if choice == 1:
        base, look = patterns.ringed(base, second, count=14, share=0.4), (f"{main.name} and {second.name} striped",)
    elif choice == 2:
        base, look = patterns.spotted(base, second, size=2.4 * girth, share=0.42), (f"{main.name} spotted",)
    elif choice == 3:
        base = patterns.over(
            base, second, lambda p, _u, _n: np.abs(p[:, 0] + 0.45 * girth * np.sin(p[:, 1] * 40 / s)) < 0.32 * girth
        )
        look = main.name, f"with {second.name} zigzags"
    return patterns.with_belly(base, main.lighter(0.6), height=-0.45), look


def _patches(
    line: Skeleton, names: tuple[str, ...], head: float, g: float, coat: Coat, main: Colour, *, hood: bool
) -> list[Patch]:
    last = len(names)
    radii: list[tuple[float, float | tuple[float, float]]] = [
        (0.06, (0.42 * g, 0.3 * g)),
        (0.4, (0.95 * g, 0.62 * g)),
        (0.8, (1.05 * g, 0.7 * g)),
        (1.2, (1.0 * g, 0.72 * g) if hood else 0.68 * g),
    ]
    if hood:
        radii += [(1.8, (2.3 * g, 0.62 * g)), (2.9, (2.0 * g, 0.66 * g)), (4.0, 0.85 * g)]
    radii += [(0.45 * last, g), (0.7 * last, 0.9 * g), (0.9 * last, 0.45 * g), (last - 0.05, 0.12 * g)]
    patches = [tube(line, names, radii, coat, sides=12)]
    nose = line["head"].head
    pale, red = patterns.plain(main.lighter(0.5)), patterns.plain(BRIGHT[0], mottle=0)
    patches.append(
        rod(
            "jaw",
            nose + vec(0, 0.8 * head, -0.3 * g),
            nose + vec(0, 0.14 * head, -0.22 * g),
            (0.45 * g, 0.24 * g),
            pale,
            sides=8,
        )
    )
    patches.append(
        rod(
            "jaw",
            nose + vec(0, 0.3 * head, -0.2 * g),
            nose + vec(0, -0.35 * head, -0.2 * g),
            (0.10 * g, 0.07 * g),
            red,
            sides=5,
        )
    )
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        patches.append(
            rod(
                "jaw",
                nose + vec(0, -0.33 * head, -0.2 * g),
                nose + vec(sign * 0.16 * g, -0.6 * head, -0.14 * g),
                (0.06 * g, 0.02 * g),
                red,
                sides=4,
            )
        )
        eye = nose + vec(sign * 0.72 * g, 0.5 * head, 0.38 * g)
        patches.append(
            ball(
                f"{side} eye",
                eye,
                0.24 * g,
                patterns.plain(WHITE if main.name != "white" else BRIGHT[3], mottle=0),
                rings=6,
            )
        )
        patches.append(
            ball(
                f"{side} eye",
                eye + vec(sign * 0.1 * g, -0.1 * g, 0.03 * g),
                0.15 * g,
                patterns.plain(BLACK, mottle=0),
                rings=5,
            )
        )
    return patches
