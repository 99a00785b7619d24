"""Bees and their like: stout, striped, two pairs of short wings, six legs."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Wing, joint_height
from curate.world.builders import sprawling, thin_wings
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, DARK, FUR, WHITE, Colour, colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton, chain, mirrored, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube
from rigmill.types import Floats

STYLES = (Style.PLAIN, Style.BLENDER, Style.NUMBERED)
COATS = (colour("yellow", "#eebb2e"), colour("orange", "#e08a2a"), colour("golden", "#d6a53f"), *BRIGHT[1:3], WHITE)
PANE = colour("clear", "#d5e6ee")
FOLDED = (48.0, -6.0, -14.0)


@plan("bee")
def bee(random: np.random.Generator) -> Body:
    """From a slim wasp to a fat bumblebee."""
    s = float(random.uniform(0.4, 0.7))
    fat = float(random.uniform(0.75, 1.25))
    rings = int(random.choice([2, 3, 4]))
    span = float(random.uniform(0.75, 1.0)) * s
    pairs = _legs(s, fat)
    skeleton = _skeleton(s, span, rings, pairs)
    main = pick(random, COATS)
    dark = pick(random, (BLACK, FUR[1], DARK))
    hind = tuple(f"{side} hind wing" for side in ("left", "right"))
    return Body(
        plan="bee",
        group="flying",
        noun="wasp" if fat < 0.88 else "bumblebee" if fat > 1.14 else "bee",
        looks=(f"{main.name} and {dark.name}", "striped"),
        tags=("animal", "flying", "winged", "insect", "bee"),
        skeleton=skeleton,
        patches=_patches(skeleton, s, fat, rings, main, dark)
        + sprawling.patches_of(skeleton, pairs, 0.022 * s, patterns.plain(dark), sides=6),
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        legs=sprawling.legs_of(skeleton, pairs),
        wings=(
            *(Wing((f"{side} wing 1", f"{side} wing 2"), side, 0, FOLDED) for side in ("left", "right")),
            *(Wing((name,), name.split()[0], 1, FOLDED) for name in hind),
        ),
        head="head",
        tails=(tuple(numbered("abdomen", rings)),),
        ears=(("left antenna 1", "left antenna 2"), ("right antenna 1", "right antenna 2")),
        stride=0.7,
        can=frozenset({"fly", "hover", "sting"}),
    )


def _legs(s: float, fat: float) -> list[sprawling.Pair]:
    z = 0.34 * s
    reach = (0.30 + 0.08 * fat) * s
    return [
        sprawling.Pair("front", vec(0.06 * s, -0.13 * s, z - 0.08 * s), 42.0, reach, 0.30 * s, "thorax"),
        sprawling.Pair("middle", vec(0.07 * s, -0.02 * s, z - 0.09 * s), -6.0, reach, 0.31 * s, "thorax"),
        sprawling.Pair("hind", vec(0.06 * s, 0.09 * s, z - 0.08 * s), -50.0, 1.2 * reach, 0.33 * s, "thorax"),
    ]


def _skeleton(s: float, span: float, rings: int, pairs: list[sprawling.Pair]) -> Skeleton:
    z = 0.34 * s
    bones = chain(None, ["thorax"], [vec(0, 0.05 * s, z), vec(0, -0.16 * s, z)])
    bones += chain("thorax", ["head"], [vec(0, -0.19 * s, z), vec(0, -0.36 * s, z - 0.02 * s)])
    ends = [
        vec(0, (0.17 + 0.42 * share) * s, z + (0.02 - 0.10 * share * share) * s)
        for share in np.linspace(0, 1, rings + 1)
    ]
    bones += chain("thorax", numbered("abdomen", rings), ends)
    at = vec(0.07 * s, -0.07 * s, z + 0.13 * s)
    left = chain(
        "thorax",
        ["left wing 1", "left wing 2"],
        [at, at + vec(0.5 * span, -0.10 * s, 0.05 * s), at + vec(span, -0.05 * s, 0.07 * s)],
    )
    low = vec(0.07 * s, 0.03 * s, z + 0.12 * s)
    left += chain("thorax", ["left hind wing"], [low, low + vec(0.66 * span, 0.20 * s, 0.03 * s)])
    feel = vec(0.05 * s, -0.30 * s, z + 0.08 * s)
    left += chain(
        "head",
        ["left antenna 1", "left antenna 2"],
        [feel, feel + vec(0.05, -0.06, 0.11) * s, feel + vec(0.11, -0.19, 0.14) * s],
    )
    return Skeleton(tuple(bones + left + mirrored(left) + sprawling.bones_of(pairs, 0.008 * s)))


def _patches(skeleton: Skeleton, s: float, fat: float, rings: int, main: Colour, dark: Colour) -> list[Patch]:
    stripes = patterns.ringed(patterns.plain(main, mottle=0.08, size=0.02), dark, count=4.0, share=0.45)
    fluff, black = patterns.plain(main, mottle=0.12, size=0.012), patterns.plain(dark, mottle=0.04)
    names = numbered("abdomen", rings)
    head = skeleton["head"].head + vec(0, -0.09 * s, -0.01 * s)
    tip = skeleton[names[-1]]
    out = tip.tail - tip.head
    patches = [
        ball(
            "thorax",
            skeleton["thorax"].head + vec(0, -0.07 * s, 0.0),
            (0.145 * s * fat**0.5, 0.175 * s, 0.15 * s * fat**0.5),
            fluff,
            rings=10,
        ),
        rod("thorax", vec(0, 0.09, 0.34) * s, vec(0, 0.22, 0.34) * s, (0.06 * s * fat, 0.06 * s * fat), black, sides=8),
        tube(
            skeleton,
            names,
            [
                (0.06 * rings, 0.085 * s * fat),
                (0.3 * rings, 0.165 * s * fat),
                (0.6 * rings, 0.15 * s * fat),
                (0.92 * rings, 0.055 * s),
            ],
            stripes,
            sides=14,
        ),
        rod(
            names[-1],
            tip.tail - 0.1 * out,
            tip.tail + 0.12 * s * out / np.linalg.norm(out),
            (0.018 * s, 0.002 * s),
            black,
            sides=5,
        ),
        ball("head", head, (0.115 * s, 0.095 * s, 0.11 * s), black, rings=9),
    ]
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        patches.append(
            ball(
                "head",
                head + vec(sign * 0.08, -0.035, 0.025) * s,
                (0.05 * s, 0.055 * s, 0.07 * s),
                patterns.plain(WHITE, mottle=0),
                rings=6,
            )
        )
        patches.append(
            ball(
                "head",
                head + vec(sign * 0.098, -0.06, 0.03) * s,
                (0.03 * s, 0.032 * s, 0.042 * s),
                patterns.plain(BLACK, mottle=0),
                rings=5,
            )
        )
        feelers = [f"{side} antenna 1", f"{side} antenna 2"]
        patches.append(
            tube(skeleton, feelers, [(-0.2, 0.012 * s), (1.0, 0.011 * s), (1.95, 0.016 * s)], black, sides=5)
        )
        pane = (thin_wings.veined(PANE, PANE.darker(0.55), count=5, slope=0.3),) * 2
        depth = _pane(0.26 * s, 15)
        patches += thin_wings.wing(
            skeleton,
            [f"{side} wing 1", f"{side} wing 2"],
            depth,
            pane,
            back=vec(0, 0.98, -0.1),
            places=(0.0, 2.02),
            thick=0.008 * s,
            fore=0.15,
        )
        patches += thin_wings.wing(
            skeleton,
            [f"{side} hind wing"],
            _pane(0.18 * s, 11),
            pane,
            back=vec(0, 0.98, -0.1),
            places=(0.0, 1.02),
            thick=0.008 * s,
            fore=0.15,
        )
    return patches


def _pane(chord: float, count: int) -> Floats:
    share = np.linspace(0, 1, count)
    return chord * np.maximum(np.sin(np.pi * share**0.75) ** 0.6 * (0.55 + 0.6 * share), 0.12)
