"""Cats."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.builders import beasts
from curate.world.builders import four_legged as four
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, FUR, PINK, WHITE, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube
from rigmill.types import Floats

IRIS = (colour("green", "#3f8d3a"), colour("amber", "#b7791d"), colour("blue", "#2f67b5"))


@plan("cat")
def cat(random: np.random.Generator) -> Body:
    """Slim and supple, with a long tail: plain, striped, patched or with white paws."""
    size = float(random.uniform(0.85, 1.2))
    plump = float(random.uniform(0.9, 1.2))
    breed = four.Breed(
        leg=0.225 * size * float(random.uniform(0.9, 1.08)),
        length=0.285 * size * float(random.uniform(0.95, 1.12)),
        girth=0.064 * size * plump,
        slim=0.86,
        waist=0.92,
        neck=0.075 * size,
        neck_rise_deg=48.0,
        neck_girth=0.72,
        head=0.115 * size,
        limb=0.021 * size,
        thigh=0.046 * size * plump**0.5,
        paw=0.022 * size,
        tail=0.31 * size * float(random.uniform(0.85, 1.15)),
        tail_bones=int(random.choice([5, 6, 7, 8])),
        tail_rise_deg=float(random.uniform(15, 72)),
        tail_girth=0.0145 * size,
        spine_bones=int(random.choice([3, 4])),
        gallop=True,
    )
    skeleton = four.skeleton_of(breed)
    fur = pick(random, FUR)
    coat, look, tail = _fur(random, fur, breed)
    white = patterns.plain(WHITE, mottle=0.03)
    paws = white if random.random() < 0.5 else None
    patches = four.body_patches(skeleton, breed, coat, feet=paws, tail=tail)
    patches += _head(skeleton, breed.head, coat, fur, pick(random, IRIS))
    looks = [look]
    if random.random() < 0.4:
        band = pick(random, BRIGHT)
        patches.append(beasts.collar(skeleton, breed, band))
        looks.append(f"with a {band.name} collar")
    elif paws is not None and fur.name != "white":
        looks.append("with white paws")
    return beasts.assembled(
        "cat", skeleton, breed, patches, looks=looks, style=beasts.style_of(random), tags=("pet",), can=("sit",)
    )


def _fur(random: np.random.Generator, fur: Colour, breed: four.Breed) -> tuple[Coat, str, Coat]:
    base = patterns.plain(fur, mottle=0.07, size=0.02)
    choice = int(random.integers(4))
    other = pick(random, FUR, other_than=(fur,))
    if choice == 1:
        dark = fur.darker(0.5) if sum(fur.rgb) > 0.8 else fur.lighter(0.35)
        every = 0.2 * breed.length
        striped = patterns.striped(base, dark, axis=1, every=every, share=0.4, wave=0.12)
        return (
            patterns.with_belly(striped, fur.lighter(0.5), height=-0.75),
            f"{fur.name} striped",
            patterns.ringed(base, dark, count=7),
        )
    if choice == 2:
        coat = patterns.patched(base, other, size=0.55 * breed.length / 2, share=0.42, seed=float(random.uniform(0, 9)))
        return coat, f"{fur.name} and {other.name}", base
    if choice == 3:
        tipped = patterns.within(base, WHITE, low=0.82, high=1.0)
        return patterns.with_belly(base, WHITE, height=-0.6), fur.name, tipped
    return base, fur.name, base


def _head(skeleton: Skeleton, h: float, coat: Coat, fur: Colour, iris: Colour) -> list[Patch]:
    def at(ahead: float, up: float, aside: float = 0.0) -> Floats:
        return four.on_head(skeleton, h, ahead, up, aside)

    pale = patterns.plain(fur.lighter(0.55), mottle=0.04)
    patches = [
        ball("head", at(0.36, 0.0), (0.42 * h, 0.40 * h, 0.38 * h), coat, rings=9),
        ball("head", at(0.72, -0.13, 0.075), (0.13 * h, 0.12 * h, 0.11 * h), pale, rings=6),
        ball("head", at(0.72, -0.13, -0.075), (0.13 * h, 0.12 * h, 0.11 * h), pale, rings=6),
        ball("head", at(0.84, -0.04), (0.055 * h, 0.04 * h, 0.04 * h), patterns.plain(PINK, mottle=0), rings=5),
        rod("jaw", at(0.42, -0.22), at(0.72, -0.26), (0.12 * h, 0.09 * h), pale, sides=8),
    ]
    patches += beasts.eyes([at(0.62, 0.1, 0.19), at(0.62, 0.1, -0.19)], 0.085 * h, iris=iris)
    for side in ("left", "right"):
        ear = skeleton[f"{side} ear"]
        patches.append(
            tube(
                skeleton,
                [ear.name],
                [(-0.3, (0.19 * h, 0.09 * h)), (0.3, (0.14 * h, 0.06 * h)), (1.0, 0.015 * h)],
                coat,
                sides=7,
            )
        )
    return patches
