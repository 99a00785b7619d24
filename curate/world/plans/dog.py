"""Dogs."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, joint_height
from curate.world.builders import four_legged as four
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, CREAM, DARK, FUR, WHITE, Colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball, lathe
from curate.world.shapes.tube import rod, tube
from rigmill.types import Floats

STYLES = (Style.BLENDER, Style.PLAIN, Style.NUMBERED, Style.VRM, Style.MIXAMO)


@plan("dog")
def dog(random: np.random.Generator) -> Body:
    """From terriers to hounds."""
    size = float(random.uniform(0.8, 1.25))
    legs = float(random.uniform(0.75, 1.12))
    breed = four.Breed(
        leg=0.42 * size * legs,
        length=0.52 * size * float(random.uniform(0.92, 1.12)),
        girth=0.112 * size * float(random.uniform(0.9, 1.15)),
        neck=0.17 * size * float(random.uniform(0.85, 1.15)),
        head=0.21 * size * float(random.uniform(0.92, 1.12)),
        limb=0.036 * size,
        thigh=0.078 * size,
        paw=0.036 * size,
        tail=float(random.uniform(0.2, 0.38)) * size,
        tail_bones=int(random.choice([3, 4, 5])),
        tail_rise_deg=float(random.uniform(10, 70)),
        tail_girth=0.024 * size,
        spine_bones=int(random.choice([2, 3])),
        gallop=bool(random.random() < 0.7),
    )
    skeleton = four.skeleton_of(breed)
    fur = pick(random, FUR)
    second = pick(random, (*FUR, CREAM), other_than=(fur,))
    coat, look = _fur(random, fur, second)
    patches = four.body_patches(skeleton, breed, coat, feet=patterns.plain(second if random.random() < 0.4 else fur))
    patches += _head(skeleton, breed, coat, second, floppy=bool(random.random() < 0.5))
    looks = [look]
    if random.random() < 0.55:
        collar = pick(random, BRIGHT)
        neck = skeleton["neck"]
        low, high = neck.head + 0.42 * (neck.tail - neck.head), neck.head + 0.62 * (neck.tail - neck.head)
        ring = 0.92 * breed.neck_girth * breed.girth
        profile = [(0.0, 0.0), (0.0, ring), (0.5, 1.06 * ring), (1.0, 0.97 * ring), (1.0, 0.0)]
        patches.append(lathe("neck", low, high, profile, patterns.plain(collar, mottle=0)))
        looks.append(f"with a {collar.name} collar")
    return Body(
        plan="dog",
        group="animal",
        noun="dog",
        looks=tuple(looks),
        tags=("animal", "quadruped", "dog", "pet"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=True),
        style=STYLES[int(random.integers(len(STYLES)))],
        legs=four.legs_of(skeleton, breed),
        spine=four.spine_of(skeleton),
        neck=four.chain_of(skeleton, "neck"),
        head="head",
        jaw="jaw",
        tails=(four.chain_of(skeleton, "tail"),),
        ears=(("left ear",), ("right ear",)),
        can=frozenset({"sit"}),
    )


def _fur(random: np.random.Generator, fur: Colour, second: Colour) -> tuple[Coat, str]:
    base = patterns.plain(fur, mottle=0.08, size=0.04)
    seed = float(random.uniform(0, 9))
    choice = int(random.integers(4))
    if choice == 1:
        return patterns.spotted(base, second, size=0.1, share=0.4, seed=seed), f"{fur.name} spotted"
    if choice == 2:
        return patterns.patched(base, second, size=0.16, share=0.4, seed=seed), f"{fur.name} and {second.name}"
    if choice == 3:
        return patterns.with_belly(base, second), fur.name
    return base, fur.name


def _head(skeleton: Skeleton, breed: four.Breed, coat: Coat, second: Colour, *, floppy: bool) -> list[Patch]:
    h = breed.head

    def at(ahead: float, up: float, aside: float = 0.0) -> Floats:
        return four.on_head(skeleton, h, ahead, up, aside)

    muzzle = patterns.plain(second, mottle=0.05)
    patches = [
        ball("head", at(0.18, 0.02), (0.29 * h, 0.34 * h, 0.30 * h), coat),
        rod("head", at(0.35, -0.06), at(0.86, -0.10), (0.20 * h, 0.145 * h), muzzle, sides=9),
        ball("head", at(1.0, -0.03), (0.075 * h, 0.06 * h, 0.06 * h), patterns.plain(BLACK, mottle=0), rings=5),
        rod(
            "jaw", at(0.38, -0.22), at(0.80, -0.235), (0.12 * h, 0.085 * h), patterns.plain(second.darker(0.8)), sides=8
        ),
    ]
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        patches.append(ball("head", at(0.36, 0.16, sign * 0.19), 0.062 * h, patterns.plain(WHITE, mottle=0), rings=5))
        patches.append(ball("head", at(0.405, 0.17, sign * 0.205), 0.045 * h, patterns.plain(DARK, mottle=0), rings=4))
        ear = skeleton[f"{side} ear"]
        dark = patterns.plain(second.darker(0.7))
        if floppy:
            hang = ear.head + vec(sign * 0.10 * h, 0.02 * h, -0.36 * h)
            patches.append(rod(ear.name, ear.head + vec(0, 0, 0.02 * h), hang, (0.085 * h, 0.12 * h), dark, sides=7))
        else:
            patches.append(
                tube(
                    skeleton,
                    [ear.name],
                    [(-0.25, (0.13 * h, 0.06 * h)), (0.5, (0.10 * h, 0.05 * h)), (1.05, 0.02 * h)],
                    dark,
                    sides=7,
                )
            )
    return patches
