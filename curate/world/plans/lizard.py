"""Lizards: legs that sprawl, a trunk and a tail that wave."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Leg, joint_height
from curate.world.builders import beasts, lizard_skin
from curate.world.looks import patterns
from curate.world.looks.colours import CREAM, SCALES, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.bones import Bone, Skeleton, chain, mirrored, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat

IRIS = (colour("amber", "#d8912a"), colour("black", "#1a1816"))
_WALK = {("left", "hind"): 0.0, ("right", "front"): 0.06, ("right", "hind"): 0.5, ("left", "front"): 0.56}
_RUN = {("left", "hind"): 0.0, ("right", "front"): 0.0, ("right", "hind"): 0.5, ("left", "front"): 0.5}


@plan("lizard")
def lizard(random: np.random.Generator) -> Body:
    """Slender or stout, plain, ringed, striped or spotted; some with a crest."""
    s = float(random.uniform(0.5, 1.3))  # metres, about, from nose to tail
    stout = float(random.uniform(0.85, 1.25))
    tail = float(random.uniform(0.42, 0.6)) * s
    skeleton = _bones(s, tail, spine=int(random.choice([4, 5, 6])), bones=int(random.choice([6, 7, 8, 10])))
    main = pick(random, SCALES)
    second = pick(random, (*SCALES, CREAM), other_than=(main,))
    coat, look, on_tail = _scales(random, main, second, s)
    patches = lizard_skin.skin(skeleton, s, stout, coat, on_tail, pick(random, IRIS))
    looks = [look]
    if random.random() < 0.4:
        patches += lizard_skin.crest(skeleton, s, stout, second)
        looks.append(f"with a {second.name} crest")
    return Body(
        plan="lizard",
        group="animal",
        noun="lizard",
        looks=tuple(looks),
        tags=("animal", "reptile", "quadruped", "lizard"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=True),
        style=beasts.style_of(random),
        legs=_legs(skeleton),
        spine=tuple(b.name for b in skeleton.bones if b.name.startswith(("spine", "chest"))),
        neck=("neck",),
        head="head",
        jaw="jaw",
        tails=(tuple(b.name for b in skeleton.bones if b.name.startswith("tail")),),
        can=frozenset({"crawl"}),
    )


def _bones(s: float, tail: float, *, spine: int, bones: int) -> Skeleton:
    z, half = 0.075 * s, 0.15 * s
    names = ["hips", *numbered("spine", spine - 2), "chest"]
    line = [
        vec(0, half - 2 * half * n / len(names), z + 0.006 * s * np.sin(np.pi * n / len(names)))
        for n in range(len(names) + 1)
    ]
    found = chain(None, names, line)
    found += chain(
        "chest",
        ["neck", "head"],
        [line[-1], vec(0, -half - 0.055 * s, z + 0.014 * s), vec(0, -half - 0.165 * s, z + 0.012 * s)],
    )
    found += chain("head", ["jaw"], [vec(0, -half - 0.075 * s, z + 0.002 * s), vec(0, -half - 0.16 * s, z - 0.002 * s)])
    share = np.linspace(0, 1, bones + 1)
    back = [vec(0, half + 0.03 * s + tail * t, z - (z - 0.016 * s) * min(1.0, 1.5 * t) ** 1.3) for t in share]
    found += chain("hips", numbered("tail", bones), back)
    left: list[Bone] = []
    for end, parent, y, swing in (
        ("front", "chest", -half + 0.025 * s, 0.015),
        ("hind", "hips", half - 0.02 * s, -0.02),
    ):
        points = [
            vec(0.026 * s, y, z - 0.008 * s),
            vec(0.082 * s, y - swing * s, z + 0.010 * s),
            vec(0.105 * s, y - 0.6 * swing * s, 0.016 * s),
            vec(0.118 * s, y - 0.6 * swing * s - 0.036 * s, 0.004 * s),
        ]
        left += chain(parent, [f"left {end} thigh", f"left {end} shin", f"left {end} foot"], points)
    return Skeleton(tuple([*found, *left, *mirrored(left)]))


def _legs(skeleton: Skeleton) -> tuple[Leg, ...]:
    found = []
    for end in ("front", "hind"):
        for side, sign in (("left", 1.0), ("right", -1.0)):
            bones = tuple(f"{side} {end} {part}" for part in ("thigh", "shin", "foot"))
            ball_ = skeleton[bones[-1]].tail
            found.append(Leg(bones, ball_, side, end, _WALK[side, end], _RUN[side, end], vec(0.55 * sign, 0, 1.0)))
    return tuple(found)


def _scales(random: np.random.Generator, main: Colour, second: Colour, s: float) -> tuple[Coat, str, Coat]:
    base = patterns.plain(main, mottle=0.12, size=0.016 * s)
    belly = patterns.with_belly(base, CREAM, height=-0.5)
    choice = int(random.integers(4))
    if choice == 0:
        return (
            patterns.striped(belly, second, axis=1, every=0.055 * s, share=0.4),
            f"{main.name} banded",
            patterns.ringed(base, second, count=8),
        )
    if choice == 1:
        return (
            patterns.spotted(belly, second, size=0.05 * s, share=0.4, seed=float(random.uniform(0, 9))),
            f"{main.name} spotted",
            base,
        )
    if choice == 2:
        line = patterns.over(belly, second, lambda p, _u, n: (np.abs(p[:, 0]) < 0.012 * s) & (n[:, 2] > 0))
        return line, f"{main.name} striped", line
    return belly, main.name, base
