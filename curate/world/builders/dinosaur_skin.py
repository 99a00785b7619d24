"""The skin of two-legged dinosaurs: tubes, claws, teeth, spikes."""

from __future__ import annotations

from curate.world.builders import beasts
from curate.world.looks import patterns
from curate.world.looks.colours import DARK, WHITE, Colour
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube


def skin(skeleton: Skeleton, s: float, coat: Coat, on_tail: Coat) -> list[Patch]:
    """Trunk, neck, tail, legs with claws, small arms; `s` metres from the ground to the hips, scaled by girth."""
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


def head(skeleton: Skeleton, h: float, coat: Coat, main: Colour, iris: Colour) -> list[Patch]:
    """A head `h` metres long, with a jaw and teeth."""
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


def spikes(skeleton: Skeleton, s: float, second: Colour) -> list[Patch]:
    """A row of spikes along the back, each on the bone below it."""
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
