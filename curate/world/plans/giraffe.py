"""Giraffes."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.builders import beasts
from curate.world.builders import four_legged as four
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, DARK, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube
from rigmill.types import Bools, Floats

GROUND = (
    colour("cream", "#ead7a8"),
    colour("yellow", "#e2bd62"),
    colour("white", "#eee7d6"),
    colour("sandy", "#d8b784"),
)
SPOTS = (
    colour("brown", "#8a5226"),
    colour("dark brown", "#553420"),
    colour("orange", "#c56f24"),
    colour("chestnut", "#9a4a26"),
)


@plan("giraffe")
def giraffe(random: np.random.Generator) -> Body:
    """A long neck of several bones, high legs, spots."""
    size = float(random.uniform(0.8, 1.15))
    breed = four.Breed(
        leg=1.72 * size * float(random.uniform(0.92, 1.06)),
        length=1.22 * size * float(random.uniform(0.94, 1.08)),
        girth=0.31 * size * float(random.uniform(0.94, 1.08)),
        slim=0.8,
        waist=0.86,
        neck=1.62 * size * float(random.uniform(0.88, 1.08)),
        neck_rise_deg=float(random.uniform(60, 72)),
        neck_bones=int(random.choice([4, 5, 6])),
        neck_girth=0.58,
        head=0.46 * size,
        head_dip_deg=float(random.uniform(28, 42)),
        limb=0.075 * size,
        thigh=0.17 * size,
        paw=0.07 * size,
        tail=0.85 * size,
        tail_bones=int(random.choice([4, 5])),
        tail_rise_deg=-74.0,
        tail_girth=0.03 * size,
        bend=0.42,
        spine_bones=int(random.choice([2, 3])),
        gallop=True,
    )
    skeleton = four.skeleton_of(breed)
    ground = pick(random, GROUND)
    spot = pick(random, SPOTS, other_than=(ground,))
    base = patterns.plain(ground, mottle=0.04, size=0.15)
    coat = _netted(base, spot, cell=float(random.uniform(0.17, 0.25)) * size, seed=int(random.integers(1000)))
    limbs = patterns.above(coat, ground, axis=2, limit=0.42 * breed.leg, below=True)
    tail = patterns.within(base, DARK, low=0.78, high=1.0)
    patches = four.body_patches(skeleton, breed, coat, legs=limbs, feet=patterns.plain(DARK), tail=tail)
    patches += _head(skeleton, breed.head, base, ground)
    thick = breed.neck_girth * breed.girth
    patches.append(
        beasts.mane(skeleton, patterns.plain(spot, mottle=0.1), back=0.72 * thick, thick=0.14 * thick, high=0.4 * thick)
    )
    looks = [f"{ground.name} spotted", f"with {spot.name} spots"]
    if random.random() < 0.3:
        band = pick(random, BRIGHT, other_than=(ground, spot))
        patches.append(_scarf(skeleton, thick, band))
        looks[1] = f"with a {band.name} scarf"
    return beasts.assembled(
        "giraffe", skeleton, breed, patches, looks=looks, style=beasts.style_of(random), tags=("hoofed",)
    )


def _netted(base: Coat, spot: Colour, *, cell: float, seed: int) -> Coat:
    """Blotches with a net of the ground colour between: cells of random centres."""
    shift = np.random.default_rng(seed).uniform(-0.38, 0.38, size=(8, 8, 8, 3))
    near = np.stack(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)

    def where(points: Floats, _places: Floats, _normals: Floats) -> Bools:
        at = points / cell
        whole = np.floor(at).astype(int)
        cells = whole[:, None] + near
        x, y, z = np.moveaxis(np.mod(cells, 8), -1, 0)
        far = np.sort(np.linalg.norm(cells + 0.5 + shift[x, y, z] - at[:, None], axis=2), axis=1)
        return np.asarray(far[:, 1] - far[:, 0] > 0.13)

    return patterns.over(base, spot, where)


def _head(skeleton: Skeleton, h: float, coat: Coat, ground: Colour) -> list[Patch]:
    def at(ahead: float, up: float, aside: float = 0.0) -> Floats:
        return four.on_head(skeleton, h, ahead, up, aside)

    muzzle = patterns.plain(ground.darker(0.8), mottle=0.05)
    horn = patterns.within(patterns.plain(ground, mottle=0.03), DARK, low=0.7, high=1.0)
    patches = [
        ball("head", at(0.14, 0.0), (0.19 * h, 0.22 * h, 0.22 * h), coat),
        rod("head", at(0.14, -0.02), at(0.72, -0.08), (0.18 * h, 0.12 * h), coat, sides=10),
        rod("head", at(0.7, -0.08), at(0.94, -0.09), (0.12 * h, 0.11 * h), muzzle, sides=9),
        rod("jaw", at(0.34, -0.2), at(0.84, -0.2), (0.1 * h, 0.08 * h), muzzle),
    ]
    for sign in (1.0, -1.0):
        patches.append(
            rod("head", at(0.08, 0.14, 0.09 * sign), at(-0.06, 0.46, 0.13 * sign), (0.042 * h, 0.04 * h), horn)
        )
        patches.append(ball("head", at(0.94, 0.0, 0.06 * sign), 0.026 * h, patterns.plain(DARK, mottle=0), rings=4))
    patches += beasts.eyes([at(0.3, 0.08, 0.165), at(0.3, 0.08, -0.165)], 0.052 * h)
    for side in ("left", "right"):
        name = f"{side} ear"
        patches.append(
            tube(skeleton, [name], [(-0.2, 0.035 * h), (0.45, (0.05 * h, 0.085 * h)), (0.95, 0.015 * h)], coat, sides=7)
        )
    return patches


def _scarf(skeleton: Skeleton, thick: float, band: Colour) -> Patch:
    neck = four.chain_of(skeleton, "neck")
    place = 0.3 * len(neck)
    girth = 1.16 * thick * (1 - 0.32 * 0.3)
    return tube(
        skeleton,
        neck,
        [(place, girth), (place + 0.35, 0.98 * girth)],
        patterns.plain(band, mottle=0.05),
        round_ends=(0.2, 0.2),
    )
