"""Crabs."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Claw, joint_height
from curate.world.builders import sprawling
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, CREAM, SCALES, WHITE, Colour, colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Bone, Skeleton, chain, mirrored
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube

STYLES = (Style.PLAIN, Style.BLENDER, Style.NUMBERED)
SHELLS = (BRIGHT[0], BRIGHT[4], colour("brown", "#8d5a3b"), *SCALES[1:3], SCALES[6])
ENDS, ANGLES = ("front", "second", "third", "hind"), (30.0, 8.0, -14.0, -38.0)


@plan("crab")
def crab(random: np.random.Generator) -> Body:
    """A wide shell, eight legs, and two claws, one of them larger in some."""
    s = float(random.uniform(0.45, 0.9))
    wide, deep = float(random.uniform(0.25, 0.34)) * s, float(random.uniform(0.18, 0.24)) * s
    high = float(random.uniform(0.17, 0.23)) * s
    reach, knee = float(random.uniform(0.38, 0.55)) * s, float(random.uniform(0.32, 0.44)) * s
    pairs = [
        sprawling.Pair(
            end,
            vec(0.86 * wide * (1 - 0.14 * (n - 1.3) ** 2 / 3), (-0.075 + 0.075 * n) * s, high),
            angle,
            reach * (1 - 0.05 * n),
            knee,
        )
        for n, (end, angle) in enumerate(zip(ENDS, ANGLES))
    ]
    left_size, right_size = ((1.0, 1.0), (1.35, 0.9), (0.9, 1.35))[int(random.integers(3))]
    skeleton = _skeleton(s, wide, deep, high, pairs, left_size, right_size)
    main = pick(random, SHELLS)
    second = pick(random, (CREAM, WHITE, *SHELLS), other_than=(main,))
    shell, look = _shell(random, main, second, s)
    legs = patterns.ringed(patterns.plain(main), second, count=6, share=0.25)
    patches = _patches(s, wide, deep, high, shell, main, second)
    for side, size in (("left", left_size), ("right", right_size)):
        patches += _claw(skeleton, side, s * size, shell, second)
    return Body(
        plan="crab",
        group="animal",
        noun="crab",
        looks=(look, *(["with one large claw"] if left_size != right_size else [])),
        tags=("animal", "crab", "many-legged"),
        skeleton=skeleton,
        patches=patches + sprawling.patches_of(skeleton, pairs, 0.034 * s, legs),
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        legs=sprawling.legs_of(skeleton, pairs),
        claws=tuple(
            Claw((f"{side} arm", f"{side} forearm", f"{side} hand"), side, f"{side} pincer")
            for side in ("left", "right")
        ),
        ears=(("left eye",), ("right eye",)),
        stride=0.55,
        can=frozenset({"scuttle"}),
    )


def _skeleton(
    s: float, wide: float, deep: float, high: float, pairs: list[sprawling.Pair], left_size: float, right_size: float
) -> Skeleton:
    bones = [Bone("body", None, vec(0, 0.3 * deep, high), vec(0, -0.9 * deep, high))]
    eye = vec(0.3 * wide, -0.8 * deep, high + 0.07 * s)
    eyes = [Bone("left eye", "body", eye, eye + vec(0.01 * s, -0.03 * s, 0.11 * s))]
    bones += eyes + mirrored(eyes)
    for size, is_right in ((left_size, False), (right_size, True)):
        at = vec(0.72 * wide, -0.62 * deep, high + 0.01 * s)
        steps = np.cumsum(
            [
                at,
                size * vec(0.14, -0.12, 0.05) * s,
                size * vec(0.0, -0.17, 0.02) * s,
                size * vec(-0.10, -0.15, -0.01) * s,
            ],
            axis=0,
        )
        names = ["left arm", "left forearm", "left hand"]
        claw = chain("body", names, list(steps))
        pin = steps[2] + size * vec(-0.055, -0.03, -0.025) * s
        claw += [Bone("left pincer", "left hand", pin, pin + size * vec(-0.11, -0.10, 0.005) * s)]
        bones += mirrored(claw) if is_right else claw
    return Skeleton(tuple(bones + sprawling.bones_of(pairs, 0.012 * s)))


def _shell(random: np.random.Generator, main: Colour, second: Colour, s: float) -> tuple[Coat, str]:
    base = patterns.with_belly(patterns.plain(main, mottle=0.1, size=0.025), main.lighter(0.6), height=-0.3)
    choice = int(random.integers(3))
    if choice == 1:
        return patterns.spotted(base, second, size=0.12 * s, share=0.36), f"{main.name} spotted"
    if choice == 2:
        return patterns.patched(
            base, second, size=0.1 * s, share=0.33, seed=float(random.uniform(0, 9))
        ), f"{main.name} and {second.name}"
    return base, main.name


def _patches(s: float, wide: float, deep: float, high: float, shell: Coat, main: Colour, second: Colour) -> list[Patch]:
    z = vec(0, 0, high)
    patches = [ball("body", z + vec(0, 0, 0.02 * s), (wide, deep, 0.105 * s), shell, rings=12)]
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        foot = z + vec(sign * 0.3 * wide, -0.78 * deep, 0.03 * s)
        tip = z + vec(sign * (0.3 * wide + 0.01 * s), -0.8 * deep - 0.03 * s, 0.18 * s)
        patches.append(rod(f"{side} eye", foot, tip, (0.018 * s, 0.014 * s), patterns.plain(main), sides=6))
        patches.append(ball(f"{side} eye", tip, 0.036 * s, patterns.plain(WHITE, mottle=0), rings=6))
        patches.append(
            ball(
                f"{side} eye",
                tip + vec(sign * 0.004, -0.018, 0.006) * s,
                0.024 * s,
                patterns.plain(BLACK, mottle=0),
                rings=5,
            )
        )
        for number in range(3):
            at = z + vec(sign * wide * (0.78 + 0.07 * number), deep * (-0.52 + 0.25 * number), 0.03 * s)
            patches.append(
                rod(
                    "body",
                    at,
                    at + vec(sign * 0.05, -0.03, 0.01) * s,
                    (0.022 * s, 0.002 * s),
                    patterns.plain(second),
                    sides=5,
                )
            )
    return patches


def _claw(skeleton: Skeleton, side: str, s: float, coat: Coat, second: Colour) -> list[Patch]:
    hand, pincer = skeleton[f"{side} hand"], skeleton[f"{side} pincer"]
    arm = [(-0.1, 0.045 * s), (0.5, 0.045 * s), (1.0, 0.04 * s), (1.6, 0.052 * s), (2.0, 0.04 * s)]
    way = hand.tail - hand.head
    pale = patterns.plain(second)
    turn = np.stack([np.array([-way[1], way[0], 0.0]), way, np.cross([-way[1], way[0], 0.0], way)], axis=1)
    turn /= np.linalg.norm(turn, axis=0)
    return [
        tube(skeleton, [f"{side} arm", f"{side} forearm"], arm, coat, sides=8),
        ball(hand.name, hand.head + 0.28 * way, (0.075 * s, 0.105 * s, 0.062 * s), coat, turn=turn, rings=8),
        rod(hand.name, hand.head + 0.5 * way, hand.tail + 0.12 * way, (0.045 * s, 0.008 * s), pale, sides=7),
        rod(pincer.name, pincer.head, pincer.tail, (0.036 * s, 0.007 * s), pale, sides=7),
    ]
