"""Spiders."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, joint_height
from curate.world.builders import sprawling
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, DARK, FUR, WHITE, Colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton, chain, mirrored
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube

STYLES = (Style.PLAIN, Style.BLENDER, Style.NUMBERED)
ENDS, ANGLES = ("front", "second", "third", "hind"), (58.0, 20.0, -20.0, -56.0)


@plan("spider")
def spider(random: np.random.Generator) -> Body:
    """From tarantulas to long-legged house spiders."""
    s = float(random.uniform(0.4, 0.8))
    fat = float(random.uniform(0.75, 1.2))
    reach, knee = float(random.uniform(0.62, 0.95)) * s, float(random.uniform(0.42, 0.62)) * s
    high = float(random.uniform(0.25, 0.32)) * s
    pairs = [
        sprawling.Pair(
            end,
            vec(0.115, -0.10 + 0.065 * n, 0) * s + vec(0, 0, high),
            angle,
            reach * (1.0 if n in (0, 3) else 0.88),
            knee,
        )
        for n, (end, angle) in enumerate(zip(ENDS, ANGLES))
    ]
    skeleton = _skeleton(s, fat, high, pairs)
    fur = pick(random, (*FUR, BLACK))
    second = pick(random, (*BRIGHT, *FUR), other_than=(fur,))
    banded = bool(random.random() < 0.5)
    legs = patterns.plain(fur, mottle=0.1, size=0.02)
    if banded:
        legs = patterns.ringed(legs, second, count=7, share=0.35)
    coat, looks = _back(random, fur, second, s)
    girth = float(random.uniform(0.028, 0.045)) * s
    return Body(
        plan="spider",
        group="animal",
        noun="tarantula" if girth > 0.039 * s else "spider",
        looks=(*looks, *([f"with {second.name} bands on its legs"] if banded else [])),
        tags=("animal", "spider", "many-legged"),
        skeleton=skeleton,
        patches=_patches(skeleton, s, fat, high, coat, fur) + sprawling.patches_of(skeleton, pairs, girth, legs),
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        legs=sprawling.legs_of(skeleton, pairs),
        tails=(("abdomen",),),
        ears=(("left feeler 1", "left feeler 2"), ("right feeler 1", "right feeler 2")),
        stride=0.6,
        can=frozenset({"bite"}),
    )


def _skeleton(s: float, fat: float, high: float, pairs: list[sprawling.Pair]) -> Skeleton:
    z = high
    bones = chain(None, ["body"], [vec(0, 0.06 * s, z), vec(0, -0.2 * s, z)])
    bones += chain("body", ["abdomen"], [vec(0, 0.13 * s, z + 0.02 * s), vec(0, (0.13 + 0.45 * fat) * s, z + 0.06 * s)])
    left = chain(
        "body",
        ["left fang"],
        [vec(0.045, -0.19, -0.02) * s + vec(0, 0, z), vec(0.035, -0.24, -0.13) * s + vec(0, 0, z)],
    )
    at = vec(0, 0, z)
    left += chain(
        "body",
        ["left feeler 1", "left feeler 2"],
        [at + vec(0.08, -0.17, 0.0) * s, at + vec(0.12, -0.28, 0.04) * s, at + vec(0.10, -0.36, -0.08) * s],
    )
    return Skeleton(tuple(bones + left + mirrored(left) + sprawling.bones_of(pairs, 0.012 * s)))


def _back(random: np.random.Generator, fur: Colour, second: Colour, s: float) -> tuple[Coat, tuple[str, ...]]:
    base = patterns.plain(fur, mottle=0.12, size=0.02)
    choice = int(random.integers(4))
    if choice == 1:
        return patterns.spotted(base, second, size=0.13 * s, share=0.4), (f"{fur.name} spotted",)
    if choice == 2:
        return patterns.striped(base, second, axis=1, every=0.12 * s, share=0.35, wave=0.2), (
            f"{fur.name} and {second.name} striped",
        )
    if choice == 3:
        return (
            patterns.over(base, second, lambda p, _u, n: (np.abs(p[:, 0]) < 0.05 * s) & (n[:, 2] > 0.2)),
            (fur.name, f"with {second.name} markings"),
        )
    return base, (fur.name,)


def _patches(skeleton: Skeleton, s: float, fat: float, high: float, coat: Coat, fur: Colour) -> list[Patch]:
    z = vec(0, 0, high)
    bone = skeleton["abdomen"]
    middle = (bone.head + bone.tail) / 2 + vec(0, 0.01 * s, 0.015 * s)
    dark = patterns.plain(fur.darker(0.7), mottle=0.08, size=0.02)
    patches = [
        ball("body", z + vec(0, -0.05, 0.01) * s, (0.14 * s, 0.19 * s, 0.10 * s), dark, rings=10),
        rod("body", z + vec(0, 0.1, 0.01) * s, z + vec(0, 0.19, 0.025) * s, (0.04 * s, 0.04 * s), dark, sides=7),
        ball("abdomen", middle, (0.185 * s * fat, 0.245 * s * fat, 0.165 * s * fat), coat, rings=12),
        rod(
            "abdomen",
            bone.tail + vec(0, 0.0, -0.02) * s,
            bone.tail + vec(0, 0.06, -0.02) * s,
            (0.03 * s, 0.012 * s),
            dark,
            sides=6,
        ),
    ]
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        for x, y, up, size in ((0.032, -0.222, 0.065, 0.026), (0.082, -0.195, 0.06, 0.018), (0.05, -0.19, 0.10, 0.014)):
            eye = z + vec(sign * x, y, up) * s
            patches.append(ball("body", eye, size * s, patterns.plain(WHITE, mottle=0), rings=5))
            patches.append(
                ball(
                    "body",
                    eye + vec(sign * 0.003, -0.5 * size, 0.2 * size) * s,
                    0.65 * size * s,
                    patterns.plain(BLACK, mottle=0),
                    rings=4,
                )
            )
        fang = skeleton[f"{side} fang"]
        half = (fang.head + fang.tail) / 2
        patches.append(rod(fang.name, fang.head, half, (0.042 * s, 0.03 * s), dark, sides=7))
        patches.append(rod(fang.name, half, fang.tail, (0.022 * s, 0.003 * s), patterns.plain(DARK), sides=6))
        feelers = [f"{side} feeler 1", f"{side} feeler 2"]
        patches.append(tube(skeleton, feelers, [(-0.1, 0.026 * s), (1.0, 0.024 * s), (1.95, 0.018 * s)], dark, sides=6))
    return patches
