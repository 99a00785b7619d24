"""Bats."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Leg, Wing, joint_height
from curate.world.builders import thin_wings
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, DARK, FUR, PINK, WHITE, Colour, colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton, chain, mirrored, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube

STYLES = (Style.BLENDER, Style.PLAIN, Style.NUMBERED, Style.VRM)
MEMBRANES = (*FUR[1:5], colour("purple", "#5c4470"), colour("red", "#8c4038"), colour("blue", "#3d5680"))
FOLDED = (66.0, -14.0, -20.0)
FINGERS = 4  # between which the skin hangs


@plan("bat")
def bat(random: np.random.Generator) -> Body:
    """A bat with its wings spread at rest, on its feet."""
    s = float(random.uniform(0.8, 1.25))
    span, chord = float(random.uniform(0.75, 1.0)) * s, float(random.uniform(0.32, 0.42)) * s
    joints = int(random.choice([3, 4]))
    ears = float(random.uniform(0.09, 0.2)) * s
    skeleton = _skeleton(s, span, joints, ears)
    fur = pick(random, FUR)
    skin = pick(random, MEMBRANES, other_than=(fur,))
    coat = patterns.with_belly(patterns.plain(fur, mottle=0.1, size=0.02), fur.lighter(0.35), height=-0.3)
    patches = _body(skeleton, s, coat, fur, skin)
    for side in ("left", "right"):
        patches += _wing(skeleton, [f"{side} wing {n + 1}" for n in range(joints)], chord, skin)
    legs = tuple(
        Leg(
            tuple(f"{side} {part}" for part in ("thigh", "shin", "foot")),
            skeleton[f"{side} foot"].tail,
            side,
            "",
            phase,
            phase,
            knee=vec(0, -1, 0),
        )
        for side, phase in (("left", 0.0), ("right", 0.5))
    )
    return Body(
        plan="bat",
        group="flying",
        noun="bat",
        looks=(fur.name, f"with {skin.name} wings"),
        tags=("animal", "flying", "winged", "bat"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        legs=legs,
        wings=tuple(
            Wing(tuple(f"{side} wing {n + 1}" for n in range(joints)), side, 0, FOLDED) for side in ("left", "right")
        ),
        spine=("chest",),
        neck=("neck",),
        head="head",
        jaw="jaw",
        ears=(("left ear",), ("right ear",)),
        can=frozenset({"fly"}),
    )


def _skeleton(s: float, span: float, joints: int, ear: float) -> Skeleton:
    z = 0.30 * s
    bones = chain(
        None,
        ["hips", "chest"],
        [vec(0, 0.10 * s, z - 0.06 * s), vec(0, 0.01 * s, z + 0.01 * s), vec(0, -0.09 * s, z + 0.08 * s)],
    )
    bones += chain(
        "chest", ["neck", "head"], [bones[-1].tail, vec(0, -0.12 * s, z + 0.14 * s), vec(0, -0.24 * s, z + 0.15 * s)]
    )
    bones += chain("head", ["jaw"], [vec(0, -0.17 * s, z + 0.12 * s), vec(0, -0.25 * s, z + 0.105 * s)])
    out = np.linspace(0.0, 1.0, joints + 1)
    sweep = np.interp(out, [0, 0.3, 0.6, 1], [-0.03, -0.10, -0.06, 0.06])
    wing = [vec(0.075 * s + share * span, y * s, z + 0.05 * s) for share, y in zip(out, sweep)]
    left = chain("chest", numbered("left wing", joints), wing)
    root = vec(0.05 * s, -0.13 * s, z + 0.215 * s)
    left += chain("head", ["left ear"], [root, root + ear * vec(0.42, 0.1, 0.9)])
    leg = [
        vec(0.05 * s, 0.10 * s, z - 0.10 * s),
        vec(0.06 * s, 0.045 * s, 0.115 * s),
        vec(0.06 * s, 0.085 * s, 0.03 * s),
        vec(0.06 * s, 0.02 * s, 0.012 * s),
    ]
    left += chain("hips", ["left thigh", "left shin", "left foot"], leg)
    return Skeleton(tuple(bones + left + mirrored(left)))


def _body(skeleton: Skeleton, s: float, coat: Coat, fur: Colour, skin: Colour) -> list[Patch]:
    head = skeleton["head"].head + vec(0, -0.03 * s, 0.02 * s)
    dark, inner = patterns.plain(skin, mottle=0.04), patterns.plain(PINK)
    patches = [
        tube(
            skeleton,
            ["hips", "chest"],
            [(-0.3, 0.05 * s), (0.2, 0.085 * s), (1.0, 0.105 * s), (1.7, 0.1 * s), (2.1, 0.07 * s)],
            coat,
            sides=12,
        ),
        tube(skeleton, ["neck"], [(-0.5, 0.085 * s), (1.0, 0.07 * s)], coat, sides=10),
        ball("head", head, (0.088 * s, 0.09 * s, 0.085 * s), coat),
        rod(
            "head",
            head + vec(0, -0.05 * s, -0.015 * s),
            head + vec(0, -0.115 * s, -0.02 * s),
            (0.045 * s, 0.028 * s),
            patterns.plain(fur.darker(0.75)),
            sides=8,
        ),
        ball("head", head + vec(0, -0.142 * s, -0.005 * s), 0.016 * s, inner, rings=4),
        rod(
            "jaw",
            head + vec(0, -0.05 * s, -0.055 * s),
            head + vec(0, -0.115 * s, -0.055 * s),
            (0.024 * s, 0.014 * s),
            patterns.plain(fur.darker(0.6)),
            sides=7,
        ),
    ]
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        eye = head + vec(sign * 0.05 * s, -0.065 * s, 0.03 * s)
        patches.append(ball("head", eye, 0.02 * s, patterns.plain(BLACK, mottle=0), rings=5))
        patches.append(
            ball(
                "head",
                eye + vec(sign * 0.006 * s, -0.013 * s, 0.008 * s),
                0.007 * s,
                patterns.plain(WHITE, mottle=0),
                rings=3,
            )
        )
        patches.append(
            rod(
                "head",
                head + vec(sign * 0.016 * s, -0.11 * s, -0.035 * s),
                head + vec(sign * 0.016 * s, -0.115 * s, -0.065 * s),
                (0.006 * s, 0.001 * s),
                patterns.plain(WHITE, mottle=0),
                sides=4,
            )
        )
        ear = [(-0.25, (0.035 * s, 0.016 * s)), (0.4, (0.045 * s, 0.014 * s)), (1.0, (0.008 * s, 0.006 * s))]
        patches.append(
            tube(skeleton, [f"{side} ear"], ear, patterns.over(coat, PINK, lambda _p, _u, n: n[:, 1] < -0.5), sides=8)
        )
        patches.append(
            tube(
                skeleton,
                [f"{side} thigh", f"{side} shin"],
                [(-0.2, 0.035 * s), (1.0, 0.018 * s), (1.95, 0.012 * s)],
                dark,
                sides=7,
            )
        )
        foot = skeleton[f"{side} foot"]
        for spread in (-0.025, 0.0, 0.025):
            tip = foot.tail + vec(spread * s, -0.012 * s, -0.003 * s)
            patches.append(
                rod(
                    foot.name,
                    foot.head + vec(0, 0, -0.01 * s),
                    tip,
                    (0.011 * s, 0.006 * s),
                    patterns.plain(DARK),
                    sides=5,
                )
            )
    return patches


def _wing(skeleton: Skeleton, bones: list[str], chord: float, skin: Colour) -> list[Patch]:
    share = np.linspace(0, 1, 25)
    # Between fingers the hem hangs in arcs.
    arcs = np.abs(np.sin(np.pi * FINGERS * np.clip((share - 0.02) / 0.98, 0, 1)))
    depth = chord * (1 - 0.22 * arcs) * np.sqrt(np.clip(1 - share**2.4, 0.004, 1)) * (1 - 0.1 * share)
    above = thin_wings.veined(skin, skin.darker(0.6), count=FINGERS, slope=0.0, edge=0.1)
    below = thin_wings.veined(skin.lighter(0.3), skin.darker(0.8), count=FINGERS, slope=0.0, edge=0.1)
    return thin_wings.wing(
        skeleton,
        bones,
        depth,
        (above, below),
        back=vec(0, 0.95, -0.3),
        places=(-0.15, len(bones) + 0.02),
        thick=0.014,
        fore=0.04,
        arch=0.05,
    )
