"""Elephants, with a trunk that is a chain of joints."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.builders import beasts
from curate.world.builders import four_legged as four
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, DARK, GOLD, IVORY, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.bones import Bone, Skeleton, chain, mirrored, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball, sheet
from curate.world.shapes.tube import rod, tube
from rigmill.types import Floats

HIDES = (
    colour("grey", "#8b8a8c"),
    colour("dark grey", "#63636a"),
    colour("brown", "#84705f"),
    colour("blue", "#6c87a8"),
    colour("pink", "#c99a9f"),
)


@plan("elephant")
def elephant(random: np.random.Generator) -> Body:
    """Calves and grown ones; big or small ears, tusks or none."""
    size = float(random.uniform(0.7, 1.2))
    breed = four.Breed(
        leg=1.3 * size * float(random.uniform(0.92, 1.06)),
        length=1.28 * size * float(random.uniform(0.94, 1.08)),
        girth=0.56 * size * float(random.uniform(0.94, 1.06)),
        slim=0.85,
        waist=1.02,
        neck=0.34 * size,
        neck_rise_deg=34.0,
        neck_girth=0.66,
        head=0.62 * size,
        head_dip_deg=30.0,
        limb=0.185 * size,
        thigh=0.28 * size,
        paw=0.165 * size,
        tail=0.75 * size,
        tail_bones=int(random.choice([3, 4])),
        tail_rise_deg=-72.0,
        tail_girth=0.05 * size,
        bend=0.45,
        spine_bones=int(random.choice([2, 3])),
        hock=False,
        gallop=False,
        ears=False,
    )
    bare = four.skeleton_of(breed)
    skeleton = four.skeleton_of(breed, _more(bare, breed.head, leg=breed.leg, count=int(random.choice([6, 7, 8]))))
    hide = pick(random, HIDES)
    coat = patterns.plain(hide, mottle=0.07, size=0.16)
    nails = patterns.above(coat, IVORY, axis=2, limit=0.05 * size, below=True)
    tail = patterns.within(coat, DARK, low=0.8, high=1.0)
    patches = four.body_patches(skeleton, breed, coat, feet=nails, tail=tail)
    tusks = bool(random.random() < 0.65)
    ear = float(random.uniform(0.62, 0.98))
    patches += _head(skeleton, breed.head, coat, tusks=tusks)
    patches += _ears(skeleton, breed.head * ear, coat, patterns.plain(hide.lighter(0.25), mottle=0.03))
    looks = [hide.name]
    if random.random() < 0.4:
        cloth = pick(random, BRIGHT, other_than=(hide,))
        patches.append(_cloth(skeleton, breed, cloth))
        looks.append(f"with a {cloth.name} blanket")
    if tusks:
        looks.append("with tusks")
    return beasts.assembled(
        "elephant", skeleton, breed, patches, looks=looks, style=beasts.style_of(random), can=("sit", "rear")
    )


def _more(bare: Skeleton, h: float, *, leg: float, count: int) -> tuple[Bone, ...]:
    """Trunk and ears, hung on the head."""
    start = four.on_head(bare, h, 0.62, -0.12)
    drop = start[2] - 0.16 * leg
    share = np.linspace(0, 1, count + 1)
    line = [
        start + vec(0, -0.30 * h * np.sin(0.5 * np.pi * min(1.0, 2.2 * s)) - 0.06 * h * s, -drop * s**1.15)
        for s in share
    ]
    trunk = chain("head", numbered("trunk", count), line)
    root = four.on_head(bare, h, 0.12, 0.14, 0.36)
    left = chain(
        "head",
        ["left ear 1", "left ear 2"],
        [root, root + h * vec(0.30, 0.16, -0.05), root + h * vec(0.62, 0.34, -0.12)],
    )
    return (*trunk, *left, *mirrored(left))


def _head(skeleton: Skeleton, h: float, coat: Coat, *, tusks: bool) -> list[Patch]:
    def at(ahead: float, up: float, aside: float = 0.0) -> Floats:
        return four.on_head(skeleton, h, ahead, up, aside)

    bones = four.chain_of(skeleton, "trunk")
    count = len(bones)
    patches = [
        ball("head", at(0.24, 0.06), (0.43 * h, 0.46 * h, 0.48 * h), coat, rings=9),
        ball("head", at(0.5, -0.1), (0.3 * h, 0.32 * h, 0.34 * h), coat),
        tube(
            skeleton,
            bones,
            [(-0.5, 0.235 * h), (0.6, 0.21 * h), (0.55 * count, 0.135 * h), (count - 0.15, 0.085 * h)],
            coat,
            sides=10,
        ),
        rod("jaw", at(0.3, -0.36), at(0.72, -0.5), (0.15 * h, 0.08 * h), coat),
    ]
    patches += beasts.eyes([at(0.5, 0.16, 0.33), at(0.5, 0.16, -0.33)], 0.05 * h)
    for sign in (1.0, -1.0) if tusks else ():
        root = at(0.58, -0.3, sign * 0.24)
        bend, tip = root + h * vec(0.05 * sign, -0.3, -0.26), root + h * vec(0.04 * sign, -0.62, -0.18)
        patches.append(rod("head", root, bend, (0.068 * h, 0.056 * h), patterns.plain(IVORY, mottle=0.02)))
        patches.append(rod("head", bend, tip, (0.056 * h, 0.015 * h), patterns.plain(IVORY, mottle=0.02)))
    return patches


def _ears(skeleton: Skeleton, size: float, coat: Coat, inner: Coat) -> list[Patch]:
    found = []
    rows, columns = 7, 9
    out, down = np.linspace(0, 1, rows)[:, None], np.linspace(-1, 1, columns)[None]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        first, second = skeleton[f"{side} ear 1"], skeleton[f"{side} ear 2"]
        way = (second.tail - first.head) / np.linalg.norm(second.tail - first.head)
        half = size * (0.34 + 0.42 * np.sin(np.pi * np.clip(0.12 + 0.75 * out, 0, 1)) - 0.2 * out**3)
        length = size * (out - 0.06) * (1 - 0.3 * down**2)
        points = first.head + length[..., None] * way + (half * down - 0.22 * size * out)[..., None] * vec(0, 0.12, 1.0)
        bend = np.clip((out * size / np.linalg.norm(first.tail - first.head) - 0.5), 0, 1)
        weights = np.broadcast_to(np.stack([1 - bend, bend], axis=-1), (rows, columns, 2)).copy()
        if sign < 0:
            points, weights = points[:, ::-1], weights[:, ::-1]
        found += sheet(points, weights, (first.name, second.name), (inner, coat), thick=0.1 * size)
    return found


def _cloth(skeleton: Skeleton, breed: four.Breed, cloth: Colour) -> Patch:
    count = len(four.spine_of(skeleton)) + 1
    trim = patterns.over(
        patterns.plain(cloth, mottle=0.03), GOLD, lambda _p, places, _n: np.abs(places[:, 1] - 0.5) > 0.34
    )
    return beasts.blanket(skeleton, breed, trim, start=0.25 * count, end=0.68 * count, over=1.08)
