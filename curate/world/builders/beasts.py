"""What animals on four legs have in common beyond bones and limbs: eyes, manes, blankets, collars, their slots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curate.world.body import Body, joint_height
from curate.world.builders import four_legged as four
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, WHITE, Colour
from curate.world.looks.naming import Style
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball, lathe
from curate.world.shapes.tube import tube
from rigmill.types import Floats

STYLES = (Style.BLENDER, Style.PLAIN, Style.NUMBERED, Style.VRM, Style.MIXAMO)


def style_of(random: np.random.Generator) -> Style:
    """A style of names by chance."""
    return STYLES[int(random.integers(len(STYLES)))]


def assembled(
    name: str,
    skeleton: Skeleton,
    breed: four.Breed,
    patches: Sequence[Patch],
    *,
    looks: Sequence[str],
    style: Style,
    tags: Sequence[str] = (),
    can: Sequence[str] = (),
) -> Body:
    """A body with the slots that its bones' names tell of."""
    ears = tuple(four.chain_of(skeleton, f"{side} ear") for side in ("left", "right"))
    tail = four.chain_of(skeleton, "tail")
    return Body(
        plan=name,
        group="animal",
        noun=name,
        looks=tuple(looks),
        tags=("animal", "quadruped", name, *tags),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=True),
        style=style,
        legs=four.legs_of(skeleton, breed),
        spine=four.spine_of(skeleton),
        neck=four.chain_of(skeleton, "neck"),
        head="head",
        jaw="jaw" if "jaw" in skeleton else None,
        trunk=four.chain_of(skeleton, "trunk"),
        tails=(tail,) if tail else (),
        ears=tuple(ear for ear in ears if ear),
        can=frozenset(can),
    )


def eyes(places: Sequence[Floats], radius: float, *, iris: Colour = BLACK, bone: str = "head") -> list[Patch]:
    """A white ball with a dark one ahead of it at each place, (left, right)."""
    found = []
    for sign, place in zip((1.0, -1.0), places):
        ahead = place + radius * vec(0.42 * sign, -0.42, 0.05)
        found.append(ball(bone, place, radius, patterns.plain(WHITE, mottle=0), rings=5))
        found.append(ball(bone, ahead, 0.68 * radius, patterns.plain(iris, mottle=0), rings=4))
    return found


def shifted(patch: Patch, by: Floats) -> Patch:
    """The patch elsewhere, on the same bones."""
    return Patch(np.round(patch.points + by, 5), patch.weights, patch.bones, patch.coat, patch.smooth)


def mane(skeleton: Skeleton, coat: Coat, *, back: float, thick: float, high: float) -> Patch:
    """A ridge of hair along the neck, `back` metres behind its bones, `thick` across and `high` through."""
    neck = four.chain_of(skeleton, "neck")
    way = skeleton[neck[-1]].tail - skeleton[neck[0]].head
    behind = vec(0, way[2], -way[1]) / np.linalg.norm(way)
    size = (thick, high)
    radii = [
        (-0.2, (0.6 * thick, 0.5 * high)),
        (0.4, size),
        (len(neck) - 0.3, size),
        (len(neck) + 0.05, (thick, 0.7 * high)),
    ]
    return shifted(tube(skeleton, neck, radii, coat, sides=7), back * behind)


def blanket(
    skeleton: Skeleton, breed: four.Breed, coat: Coat, *, start: float, end: float, over: float = 1.07
) -> Patch:
    """A cloth around the trunk between two places along it; `over` the trunk's girth."""
    trunk = ["hips", *four.spine_of(skeleton)]
    shares = np.array([0.1 / len(trunk), 0.5, 0.85])
    girth = (
        breed.girth
        * over
        * np.interp(np.linspace(start, end, 4) / len(trunk), shares, [0.97, 0.5 + breed.waist / 2, 1.0])
    )
    girth = np.maximum(girth, breed.girth * over * breed.waist)
    radii = [(float(place), (float(g) * breed.slim, float(g))) for place, g in zip(np.linspace(start, end, 4), girth)]
    patch = tube(skeleton, trunk, radii, coat, sides=14, round_ends=(0.0, 0.0))
    return shifted(patch, vec(0, 0, -0.45 * breed.girth + 0.03 * breed.girth))


def collar(skeleton: Skeleton, breed: four.Breed, colour: Colour, *, at: tuple[float, float] = (0.42, 0.62)) -> Patch:
    """A ring around the first bone of the neck."""
    neck = skeleton[four.chain_of(skeleton, "neck")[0]]
    low, high = (neck.head + share * (neck.tail - neck.head) for share in at)
    ring = 0.96 * breed.neck_girth * breed.girth
    profile = [(0.0, 0.0), (0.0, ring), (0.5, 1.06 * ring), (1.0, 0.99 * ring), (1.0, 0.0)]
    return lathe(neck.name, low, high, profile, patterns.plain(colour, mottle=0))
