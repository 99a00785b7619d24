"""Dinosaurs that go on two legs, with a heavy tail and small arms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from curate.world.body import Arm, Body, Leg, joint_height
from curate.world.builders import beasts, dinosaur_skin
from curate.world.looks import patterns
from curate.world.looks.colours import CREAM, IVORY, SCALES, colour, pick
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton, chain, mirrored, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.tube import rod
from rigmill.types import Bools, Floats

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
    patches = dinosaur_skin.skin(skeleton, s * heavy**0.5, base, tails) + dinosaur_skin.head(
        skeleton, head, base, main, pick(random, IRIS)
    )
    extra = int(random.integers(3))
    if extra == 0:
        patches += dinosaur_skin.spikes(skeleton, s * heavy**0.5, second)
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


def _bands(s: float) -> Callable[[Floats, Floats, Floats], Bools]:
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
