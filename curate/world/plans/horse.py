"""Horses."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.builders import beasts
from curate.world.builders import four_legged as four
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, DARK, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube
from rigmill.types import Floats

COATS = (
    colour("brown", "#7a4a2a"),
    colour("chestnut", "#a5562b"),
    colour("black", "#34312f"),
    colour("white", "#e4e0d8"),
    colour("grey", "#9a9ca0"),
    colour("golden", "#cfa052"),
)
HAIR = (colour("black", "#262220"), colour("white", "#eee8da"), colour("brown", "#4c3120"))


@plan("horse")
def horse(random: np.random.Generator) -> Body:
    """From ponies to big horses, some saddled."""
    size = float(random.uniform(0.75, 1.15))
    breed = four.Breed(
        leg=1.02 * size * float(random.uniform(0.9, 1.08)),
        length=1.0 * size * float(random.uniform(0.94, 1.08)),
        girth=0.235 * size * float(random.uniform(0.92, 1.1)),
        slim=0.84,
        waist=0.9,
        neck=0.56 * size * float(random.uniform(0.92, 1.08)),
        neck_rise_deg=float(random.uniform(44, 58)),
        neck_bones=int(random.choice([2, 3])),
        neck_girth=0.66,
        head=0.5 * size,
        head_dip_deg=float(random.uniform(38, 52)),
        limb=0.066 * size,
        thigh=0.155 * size,
        paw=0.062 * size,
        tail=0.72 * size * float(random.uniform(0.85, 1.1)),
        tail_bones=int(random.choice([4, 5, 6])),
        tail_rise_deg=float(random.uniform(-78, -55)),
        tail_girth=0.055 * size,
        bend=0.62,
        ear=0.62,
        spine_bones=int(random.choice([2, 3])),
        gallop=bool(random.random() < 0.75),
    )
    skeleton = four.skeleton_of(breed)
    main = pick(random, COATS)
    second = pick(random, COATS, other_than=(main,))
    hair = pick(random, HAIR, other_than=(main,))
    base = patterns.plain(main, mottle=0.05, size=0.12)
    looks = [main.name]
    if random.random() < 0.3:
        base = patterns.patched(base, second, size=0.34 * size, share=0.42, seed=float(random.uniform(0, 9)))
        looks = [f"{main.name} and {second.name}"]
    limbs = (
        patterns.above(base, hair, axis=2, limit=float(random.uniform(0.14, 0.3)) * breed.leg, below=True)
        if random.random() < 0.6
        else base
    )
    mane = patterns.plain(hair, mottle=0.12, size=0.03)
    patches = four.body_patches(skeleton, breed, base, legs=limbs, feet=patterns.plain(DARK), tail=mane)
    patches += _head(skeleton, breed.head, base, main, hair)
    neck = breed.neck_girth * breed.girth
    patches.append(beasts.mane(skeleton, mane, back=0.80 * neck, thick=0.2 * neck, high=0.55 * neck))
    looks.append(f"with a {hair.name} mane")
    if random.random() < 0.4:
        cloth = pick(random, BRIGHT, other_than=(main,))
        patches += _saddle(skeleton, breed, cloth)
        looks.append(f"with a {cloth.name} saddle")
    return beasts.assembled(
        "horse", skeleton, breed, patches, looks=looks, style=beasts.style_of(random), tags=("hoofed",), can=("rear",)
    )


def _head(skeleton: Skeleton, h: float, coat: Coat, main: Colour, hair: Colour) -> list[Patch]:
    def at(ahead: float, up: float, aside: float = 0.0) -> Floats:
        return four.on_head(skeleton, h, ahead, up, aside)

    muzzle = patterns.plain(main.darker(0.75), mottle=0.05)
    patches = [
        ball("head", at(0.14, -0.06), (0.16 * h, 0.21 * h, 0.24 * h), coat),
        ball("head", at(0.24, -0.14), (0.12 * h, 0.19 * h, 0.16 * h), coat),  # the cheeks
        rod("head", at(0.12, -0.05), at(0.72, -0.05), (0.19 * h, 0.13 * h), coat, sides=10),
        rod("head", at(0.68, -0.05), at(0.86, -0.06), (0.132 * h, 0.128 * h), muzzle, sides=10),
        ball("head", at(0.88, -0.06), (0.125 * h, 0.12 * h, 0.125 * h), muzzle),
        rod("jaw", at(0.34, -0.17), at(0.84, -0.135), (0.12 * h, 0.085 * h), muzzle, sides=8),
        rod("head", at(-0.02, 0.19), at(0.26, 0.21), (0.05 * h, 0.06 * h), patterns.plain(hair, mottle=0.1)),
    ]
    for sign in (1.0, -1.0):
        patches.append(ball("head", at(0.95, 0.01, sign * 0.075), 0.026 * h, patterns.plain(DARK, mottle=0), rings=4))
    patches += beasts.eyes([at(0.3, 0.05, 0.148), at(0.3, 0.05, -0.148)], 0.038 * h)
    for side in ("left", "right"):
        ear = skeleton[f"{side} ear"]
        patches.append(
            tube(
                skeleton,
                [ear.name],
                [(-0.5, 0.055 * h), (0.1, (0.065 * h, 0.04 * h)), (0.85, 0.012 * h)],
                coat,
                sides=7,
            )
        )
    return patches


def _saddle(skeleton: Skeleton, breed: four.Breed, cloth: Colour) -> list[Patch]:
    leather = patterns.plain(colour("brown", "#5b3420"), mottle=0.04)
    spine = ["hips", *four.spine_of(skeleton)]
    middle = spine[len(spine) // 2]
    bone = skeleton[middle]
    top = bone.head + 0.5 * (bone.tail - bone.head) + vec(0, 0, 0.52 * breed.girth)
    wide, long = breed.slim * breed.girth, breed.length
    return [
        beasts.blanket(
            skeleton, breed, patterns.plain(cloth, mottle=0.04), start=0.36 * len(spine), end=0.66 * len(spine)
        ),
        ball(middle, top, (0.62 * wide, 0.15 * long, 0.13 * breed.girth), leather, rings=6),
        ball(
            middle,
            top + vec(0, 0.13 * long, 0.08 * breed.girth),
            (0.45 * wide, 0.03 * long, 0.16 * breed.girth),
            leather,
            rings=6,
        ),
        ball(
            middle,
            top + vec(0, -0.13 * long, 0.08 * breed.girth),
            (0.16 * wide, 0.03 * long, 0.18 * breed.girth),
            leather,
            rings=6,
        ),
    ]
