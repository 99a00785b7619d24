"""Dinosaurs that go on two legs, with a heavy tail and small arms."""

from __future__ import annotations

import numpy as np

from curate.world.body import Arm, Body, Leg, joint_height
from curate.world.builders import beasts
from curate.world.looks import patterns
from curate.world.looks.colours import CREAM, DARK, IVORY, SCALES, WHITE, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton, chain, mirrored, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube

IRIS = (colour("amber", "#dfa02e"), colour("black", "#1a1816"))


@plan("dinosaur")
def dinosaur(random: np.random.Generator) -> Body:
    """Heavy ones with big heads, or slender ones; some with a crest of spikes or a horn."""
    s = float(random.uniform(0.8, 2.2))  # metres from the ground to the hips
    heavy = float(random.uniform(0.75, 1.15))
    head = 0.62 * s * float(random.uniform(0.85, 1.1)) * heavy
    tail = s * float(random.uniform(1.2, 1.6))
    skeleton = _bones(s, head, tail, necks=int(random.choice([2, 3])), tails=int(random.choice([5, 6, 8])))
    main = pick(random, SCALES)
    second = pick(random, (*SCALES, CREAM), other_than=(main,))
    base = patterns.with_belly(patterns.plain(main, mottle=0.1, size=0.05 * s), main.lighter(0.55), height=-0.45)
    looks, tails = [main.name], base
    choice = int(random.integers(3))
    if choice == 0:
        base = patterns.over(base, second, _bands(s))
        tails, looks = patterns.ringed(tails, second, count=7, share=0.35), [f"{main.name} striped"]
    elif choice == 1:
        base, looks = (
            patterns.spotted(base, second, size=0.2 * s, share=0.42, seed=float(random.uniform(0, 9))),
            [f"{main.name} spotted"],
        )
    patches = _skin(skeleton, s * heavy**0.5, base, tails) + _head(skeleton, head, base, main, pick(random, IRIS))
    extra = int(random.integers(3))
    if extra == 0:
        patches += _spikes(skeleton, s * heavy**0.5, second)
        looks.append(f"with {second.name} spikes")
    elif extra == 1:
        at = skeleton["head"].tail + head * vec(0, 0.16, 0.17)
        patches.append(
            rod("head", at, at + head * vec(0, -0.05, 0.26), (0.06 * head, 0.012 * head), patterns.plain(IVORY))
        )
        looks.append("with a horn")
    return Body(
        plan="dinosaur",
        group="animal",
        noun="dinosaur",
        looks=tuple(looks),
        tags=("animal", "reptile", "dinosaur"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=False),
        style=beasts.style_of(random),
        legs=tuple(_leg(skeleton, side, phase) for side, phase in (("left", 0.0), ("right", 0.5))),
        arms=tuple(
            Arm((f"{side} arm 1", f"{side} arm 2", f"{side} hand"), side, folded=True) for side in ("left", "right")
        ),
        spine=("spine 1", "chest"),
        neck=tuple(b.name for b in skeleton.bones if b.name.startswith("neck")),
        head="head",
        jaw="jaw",
        tails=(tuple(b.name for b in skeleton.bones if b.name.startswith("tail")),),
    )


def _bands(s: float):  # type: ignore[no-untyped-def]
    return lambda p, _u, n: (
        (np.mod(p[:, 1] / (0.16 * s) + 0.1 * np.sin(9 * p[:, 2] / s), 1.0) < 0.34) & (n[:, 2] > -0.3)
    )


def _bones(s: float, head: float, tail: float, *, necks: int, tails: int) -> Skeleton:
    bones = chain(
        None,
        ["hips", "spine 1", "chest"],
        [vec(0, 0, s), vec(0, -0.22 * s, 1.02 * s), vec(0, -0.42 * s, 1.06 * s), vec(0, -0.60 * s, 1.12 * s)],
    )
    share = np.linspace(0, 1, necks + 1)
    line = [vec(0, -0.60 * s - 0.17 * s * np.sin(1.5 * t), 1.12 * s + 0.30 * s * t**0.9) for t in share]
    bones += chain("chest", numbered("neck", necks), line)
    poll = line[-1]
    bones += chain(bones[-1].name, ["head"], [poll, poll + head * vec(0, -1.0, -0.08)])
    bones += chain("head", ["jaw"], [poll + head * vec(0, -0.16, -0.14), poll + head * vec(0, -0.94, -0.22)])
    back = [
        vec(0, 0.20 * s + tail * t, s * (1.0 - 0.10 * np.sin(np.pi * t) + 0.02 * t))
        for t in np.linspace(0, 1, tails + 1)
    ]
    bones += chain("hips", numbered("tail", tails), back)
    x = 0.17 * s
    points = [
        vec(x, 0.02 * s, 0.96 * s),
        vec(x, -0.17 * s, 0.56 * s),
        vec(x, 0.12 * s, 0.25 * s),
        vec(x, 0.03 * s, 0.075 * s),
        vec(x, -0.14 * s, 0.03 * s),
    ]
    left = chain("hips", [f"left {part}" for part in ("thigh", "shin", "hock", "foot")], points)
    arm = [
        vec(0.14 * s, -0.52 * s, 0.99 * s),
        vec(0.17 * s, -0.47 * s, 0.86 * s),
        vec(0.16 * s, -0.59 * s, 0.80 * s),
        vec(0.15 * s, -0.66 * s, 0.77 * s),
    ]
    left += chain("chest", ["left arm 1", "left arm 2", "left hand"], arm)
    return Skeleton(tuple([*bones, *left, *mirrored(left)]))


def _leg(skeleton: Skeleton, side: str, phase: float) -> Leg:
    bones = tuple(f"{side} {part}" for part in ("thigh", "shin", "hock", "foot"))
    return Leg(bones, skeleton[bones[-1]].tail, side, phase=phase, run_phase=phase)


def _skin(skeleton: Skeleton, s: float, coat: Coat, on_tail: Coat) -> list[Patch]:
    necks = [b.name for b in skeleton.bones if b.name.startswith("neck")]
    tails = [b.name for b in skeleton.bones if b.name.startswith("tail")]
    n, t = len(necks), len(tails)
    patches = [
        tube(
            skeleton,
            ["hips", "spine 1", "chest"],
            [
                (-0.75, (0.17 * s, 0.19 * s)),
                (0.2, (0.215 * s, 0.25 * s)),
                (1.4, (0.225 * s, 0.27 * s)),
                (2.4, (0.185 * s, 0.215 * s)),
                (3.05, (0.13 * s, 0.15 * s)),
            ],
            coat,
            sides=14,
        ),
        tube(
            skeleton,
            necks,
            [(-0.7, (0.14 * s, 0.17 * s)), (0.3, (0.125 * s, 0.15 * s)), (n + 0.1, (0.12 * s, 0.14 * s))],
            coat,
            sides=11,
        ),
        tube(
            skeleton,
            tails,
            [(-0.6, 0.18 * s), (0.3, 0.155 * s), (0.5 * t, 0.085 * s), (t - 0.1, 0.02 * s)],
            on_tail,
            sides=10,
        ),
    ]
    claw = patterns.plain(DARK, mottle=0.03)
    for side in ("left", "right"):
        leg = [f"{side} {part}" for part in ("thigh", "shin", "hock")]
        radii: list[tuple[float, float | tuple[float, float]]] = [
            (-0.2, (0.11 * s, 0.17 * s)),
            (0.4, (0.105 * s, 0.145 * s)),
            (1.05, (0.068 * s, 0.08 * s)),
        ]
        patches.append(
            tube(skeleton, leg, [*radii, (1.9, 0.046 * s), (2.3, 0.043 * s), (2.95, 0.048 * s)], coat, sides=9)
        )
        foot = skeleton[f"{side} foot"]
        for spread in (-0.075, 0.0, 0.075):
            middle, tip = (
                foot.head
                + share * (vec(foot.tail[0] + spread * s, foot.tail[1] + abs(spread) * 0.5 * s, 0.026 * s) - foot.head)
                for share in (0.0, 1.0)
            )
            patches.append(
                rod(foot.name, vec(middle[0], middle[1], 0.06 * s), tip, (0.045 * s, 0.026 * s), coat, sides=7)
            )
            patches.append(
                rod(foot.name, tip, tip + vec(0, -0.055 * s, -0.012 * s), (0.018 * s, 0.005 * s), claw, sides=5)
            )
        patches.append(
            tube(
                skeleton,
                [f"{side} arm 1", f"{side} arm 2"],
                [(-0.4, 0.055 * s), (0.6, 0.04 * s), (1.1, 0.032 * s), (2.0, 0.022 * s)],
                coat,
                sides=7,
            )
        )
        hand = skeleton[f"{side} hand"]
        for aside in (-0.018, 0.018):
            patches.append(
                rod(hand.name, hand.head, hand.tail + vec(aside * s, 0, 0), (0.02 * s, 0.008 * s), claw, sides=5)
            )
    return patches


def _head(skeleton: Skeleton, h: float, coat: Coat, main: Colour, iris: Colour) -> list[Patch]:
    poll, nose = skeleton["head"].head, skeleton["head"].tail
    jaw, tip = skeleton["jaw"].head, skeleton["jaw"].tail
    patches = [
        ball("head", poll + h * vec(0, -0.16, 0.02), (0.22 * h, 0.28 * h, 0.21 * h), coat, rings=9),
        rod(
            "head", poll + h * vec(0, -0.25, 0.03), nose + h * vec(0, 0.08, 0.04), (0.185 * h, 0.12 * h), coat, sides=10
        ),
        rod(
            "jaw",
            jaw + h * vec(0, 0.02, 0.0),
            tip + h * vec(0, 0.04, 0.0),
            (0.125 * h, 0.07 * h),
            patterns.plain(main.lighter(0.4)),
            sides=9,
        ),
    ]
    for sign in (1.0, -1.0):
        for share in (0.35, 0.5, 0.65, 0.8, 0.93):
            at = poll + share * (nose - poll) + h * vec(sign * (0.135 - 0.05 * share), 0, -0.08)
            patches.append(
                rod(
                    "head",
                    at,
                    at + h * vec(0, 0, -0.06),
                    (0.018 * h, 0.004 * h),
                    patterns.plain(WHITE, mottle=0),
                    sides=4,
                )
            )
    return patches + beasts.eyes(
        [poll + h * vec(0.155, -0.26, 0.15), poll + h * vec(-0.155, -0.26, 0.15)], 0.052 * h, iris=iris
    )


def _spikes(skeleton: Skeleton, s: float, second: Colour) -> list[Patch]:
    found, coat = [], patterns.plain(second, mottle=0.05)
    for bone in skeleton.bones:
        girth = {"hip": 0.24, "spi": 0.26, "che": 0.2, "nec": 0.13, "tai": 0.1}.get(bone.name[:3])
        if girth is None or bone.name[-1] in "5678":
            continue
        way = (bone.tail - bone.head) / bone.length
        up = vec(0, -way[2], way[1])
        up = up if up[2] > 0 or (bone.name[:3] == "nec" and up[1] > 0) else -up
        at = bone.head + 0.5 * bone.length * way + (girth - 0.03) * s * up
        found.append(rod(bone.name, at, at + 0.13 * s * up + vec(0, 0.03 * s, 0), (0.05 * s, 0.008 * s), coat, sides=6))
    return found
