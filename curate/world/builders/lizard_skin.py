"""The skin of lizards: a flat trunk and tail, toes, a crest."""

from __future__ import annotations

import numpy as np

from curate.world.builders import beasts
from curate.world.looks import patterns
from curate.world.looks.colours import Colour
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube
from rigmill.types import Floats


def skin(skeleton: Skeleton, s: float, stout: float, coat: Coat, on_tail: Coat, iris: Colour) -> list[Patch]:
    """Trunk, tail, head and legs with toes; `s` metres from nose to tail, `stout` scales its girth."""
    trunk = ["hips", *[b.name for b in skeleton.bones if b.name.startswith("spine")], "chest", "neck"]
    n = len(trunk)

    def flat(r: float) -> tuple[float, float]:
        return 1.2 * r * stout * s, 0.88 * r * stout * s

    tails = [b.name for b in skeleton.bones if b.name.startswith("tail")]
    head = skeleton["head"].head
    patches = [
        tube(
            skeleton,
            trunk,
            [
                (-0.7, flat(0.026)),
                (0.3, flat(0.034)),
                (0.5 * n, flat(0.046)),
                (n - 1.6, flat(0.036)),
                (n + 0.1, flat(0.027)),
            ],
            coat,
            sides=12,
        ),
        tube(
            skeleton,
            tails,
            [(-0.5, flat(0.027)), (0.4, flat(0.024)), (0.5 * len(tails), flat(0.014)), (len(tails) - 0.1, flat(0.005))],
            on_tail,
            sides=9,
        ),
        ball("head", head + s * vec(0, -0.038, 0.004), (0.039 * s, 0.05 * s, 0.026 * s), coat),
        rod("head", head + s * vec(0, -0.05, 0.003), head + s * vec(0, -0.108, 0.0), (0.026 * s, 0.013 * s), coat),
        rod("jaw", head + s * vec(0, -0.035, -0.013), head + s * vec(0, -0.105, -0.012), (0.022 * s, 0.010 * s), coat),
    ]
    patches += beasts.eyes(
        [head + s * vec(0.027, -0.046, 0.019), head + s * vec(-0.027, -0.046, 0.019)], 0.0105 * s, iris=iris
    )
    for end in ("front", "hind"):
        big = 1.0 if end == "front" else 1.2
        for side, sign in (("left", 1.0), ("right", -1.0)):
            bones = [f"{side} {end} thigh", f"{side} {end} shin"]
            radii: list[tuple[float, float | tuple[float, float]]] = [
                (-0.2, 0.017 * s * big),
                (0.5, 0.0165 * s * big),
                (1.0, 0.0125 * s * big),
                (2.0, 0.008 * s),
            ]
            patches.append(tube(skeleton, bones, radii, coat, sides=8, wide=vec(0, 1, 0)))
            foot = skeleton[f"{side} {end} foot"]
            patches.append(
                ball(
                    foot.name,
                    foot.head + s * vec(0.004 * sign, -0.008, -0.008),
                    (0.014 * s, 0.018 * s, 0.007 * s),
                    coat,
                    rings=5,
                )
            )
            for toe in (-0.6, -0.15, 0.3, 0.75):
                tip = foot.head + s * vec(
                    0.012 * sign + 0.03 * np.sin(toe * sign * 1.0 + 0.3 * sign), -0.034 * np.cos(toe), 0
                ) * (1, 1, 0)
                patches.append(
                    rod(
                        foot.name,
                        foot.head + s * vec(0, -0.004, -0.009),
                        vec(tip[0], tip[1], 0.004 * s),
                        (0.0055 * s, 0.0035 * s),
                        coat,
                        sides=5,
                    )
                )
    return patches


def crest(skeleton: Skeleton, s: float, stout: float, second: Colour) -> list[Patch]:
    """Spikes along the back, each on the bone below it."""
    coat, found = patterns.plain(second, mottle=0.05), []
    for number, bone in enumerate(b for b in skeleton.bones if b.name.startswith(("spine", "chest", "neck", "hips"))):
        for share in (0.25, 0.75):
            at: Floats = bone.head + share * (bone.tail - bone.head) + s * stout * vec(0, 0, 0.026)
            high = 0.032 if number else 0.026
            found.append(rod(bone.name, at, at + s * vec(0, 0.012, high), (0.011 * s, 0.003 * s), coat, sides=5))
    return found
