"""Dragonflies: a long thin tail and two pairs of long wings that stay spread."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Wing, joint_height
from curate.world.builders import sprawling, thin_wings
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, DARK, METAL, Colour, colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton, chain, mirrored, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube
from rigmill.types import Floats

STYLES = (Style.PLAIN, Style.NUMBERED, Style.BLENDER)
PANES = (colour("clear", "#cfe3ea"), colour("amber", "#e3c27c"), colour("smoky", "#98a3ad"))
SPREAD = (0.0, 4.0, 0.0)
ENDS = ("front", "middle", "hind")


@plan("dragonfly")
def dragonfly(random: np.random.Generator) -> Body:
    """From darters to long damselflies."""
    s = float(random.uniform(0.5, 0.8))
    long = float(random.uniform(0.55, 0.85)) * s
    rings, joints = int(random.choice([3, 5, 7])), int(random.choice([1, 2, 3]))
    span = float(random.uniform(0.6, 0.8)) * s
    pairs = _legs(s)
    skeleton = _skeleton(s, span, long, rings, joints, pairs)
    main = pick(random, BRIGHT)
    second = pick(random, (*BRIGHT, DARK, METAL[2]), other_than=(main,))
    ringed = bool(random.random() < 0.6)
    return Body(
        plan="dragonfly",
        group="flying",
        noun="dragonfly",
        looks=(f"{main.name} and {second.name}" if ringed else main.name,),
        tags=("animal", "flying", "winged", "insect", "dragonfly"),
        skeleton=skeleton,
        patches=_patches(
            skeleton, s, rings, joints, (main, second if ringed else main.darker(0.75), pick(random, PANES))
        )
        + sprawling.patches_of(skeleton, pairs, 0.016 * s, patterns.plain(DARK), sides=6),
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        legs=sprawling.legs_of(skeleton, pairs),
        wings=tuple(
            Wing(tuple(numbered(f"{side} {end} wing", joints)), side, pair, SPREAD)
            for pair, end in enumerate(("front", "hind"))
            for side in ("left", "right")
        ),
        head="head",
        tails=(tuple(numbered("tail", rings)),),
        stride=0.6,
        can=frozenset({"fly", "hover"}),
    )


def _legs(s: float) -> list[sprawling.Pair]:
    z = 0.17 * s
    return [
        sprawling.Pair(end, vec(0.035 * s, (-0.12 + 0.055 * n) * s, z), angle, reach * s, 0.20 * s, "thorax")
        for n, (end, angle, reach) in enumerate(zip(ENDS, (48.0, 4.0, -42.0), (0.22, 0.22, 0.27)))
    ]


def _skeleton(s: float, span: float, long: float, rings: int, joints: int, pairs: list[sprawling.Pair]) -> Skeleton:
    z = 0.23 * s
    bones = chain(None, ["thorax"], [vec(0, 0.04 * s, z), vec(0, -0.17 * s, z - 0.01 * s)])
    bones += chain("thorax", ["head"], [vec(0, -0.19 * s, z), vec(0, -0.31 * s, z)])
    ends = [vec(0, 0.08 * s + share * long, z + 0.03 * s - 0.02 * s * share) for share in np.linspace(0, 1, rings + 1)]
    bones += chain("thorax", numbered("tail", rings), ends)
    left = []
    for end, y, lean, reach in (("front", -0.09, -0.16, 1.0), ("hind", 0.03, 0.10, 0.95)):
        at = vec(0.04 * s, y * s, z + 0.075 * s)
        steps = [at + share * span * reach * vec(1.0, lean, 0.06) for share in np.linspace(0, 1, joints + 1)]
        left += chain("thorax", numbered(f"left {end} wing", joints), steps)
    return Skeleton(tuple(bones + left + mirrored(left) + sprawling.bones_of(pairs, 0.006 * s)))


def _patches(
    skeleton: Skeleton, s: float, rings: int, joints: int, colours: tuple[Colour, Colour, Colour]
) -> list[Patch]:
    main, second, pane = colours
    skin = patterns.plain(main, mottle=0.05, size=0.03)
    tail = patterns.ringed(skin, second, count=7.0, share=0.3)
    head = skeleton["head"].head + vec(0, -0.055 * s, 0.01 * s)
    chest = patterns.striped(skin, second, axis=1, every=0.09 * s, share=0.4, wave=0.4)
    patches = [
        ball("thorax", vec(0, -0.055 * s, 0.235 * s), (0.075 * s, 0.14 * s, 0.085 * s), chest, rings=10),
        tube(
            skeleton,
            numbered("tail", rings),
            [
                (-0.12, 0.05 * s),
                (0.2 * rings, 0.028 * s),
                (0.75 * rings, 0.026 * s),
                (0.9 * rings, 0.038 * s),
                (rings - 0.02, 0.02 * s),
            ],
            tail,
            sides=9,
        ),
        ball("head", head, (0.06 * s, 0.055 * s, 0.055 * s), skin, rings=8),
        rod(
            "head",
            head + vec(0, -0.04 * s, -0.02 * s),
            head + vec(0, -0.06 * s, -0.045 * s),
            (0.026 * s, 0.012 * s),
            patterns.plain(DARK),
            sides=6,
        ),
    ]
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        eye = patterns.plain(second.darker(0.7), mottle=0.05, size=0.01)
        patches.append(
            ball("head", head + vec(sign * 0.045, -0.022, 0.022) * s, (0.042 * s, 0.048 * s, 0.05 * s), eye, rings=7)
        )
        for end, chord in (("front", 0.15), ("hind", 0.19)):
            glass = thin_wings.veined(pane, pane.darker(0.6), count=9, slope=0.12, edge=0.12)
            spotted = patterns.over(
                glass, DARK, lambda _p, u, _n: (u[:, 1] > 0.84) & (u[:, 1] < 0.92) & (u[:, 0] < 0.4)
            )
            patches += thin_wings.wing(
                skeleton,
                numbered(f"{side} {end} wing", joints),
                _pane(chord * s, 15),
                (spotted, spotted),
                back=vec(0, 1, 0),
                places=(0.0, joints + 0.01),
                thick=0.007 * s,
                fore=0.2,
            )
    return patches


def _pane(chord: float, count: int) -> Floats:
    share = np.linspace(0, 1, count)
    return chord * np.interp(share, [0, 0.12, 0.45, 0.8, 0.95, 1], [0.35, 0.8, 1.0, 0.9, 0.55, 0.15])
