"""What all things are put together from: bones, surfaces and moving parts in one kit, and pieces that many share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from curate.world.body import Body, Group, Part, joint_height
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, Colour, pick
from curate.world.looks.naming import Style
from curate.world.rig.bones import Bone, Skeleton
from curate.world.rig.turns import about, unit, vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball, box, lathe
from curate.world.shapes.tube import rod
from rigmill.types import Floats

STYLES = (Style.PLAIN, Style.BLENDER, Style.NUMBERED, Style.SHORT, Style.COPIES)


@dataclass
class Kit:
    """A thing in the making. The first bone is its base, on which all else hangs if nothing is said."""

    bones: list[Bone] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def bone(self, name: str, head: Floats, tail: Floats, parent: str | None = None) -> str:
        """A bone, on the base if no parent is named; returns its name."""
        above = parent or (self.bones[0].name if self.bones else None)
        self.bones.append(Bone(name, above, head, tail))
        return name

    def add(self, *patches: Patch) -> None:
        """More surfaces."""
        self.patches.extend(patches)

    def loosen(self, names: Sequence[str]) -> None:
        """Make roots of bones that hang on the base, as files do that were put together from pieces."""
        self.bones = [replace(bone, parent=None) if bone.name in names else bone for bone in self.bones]

    def body(
        self,
        random: np.random.Generator,
        plan: str,
        group: Group,
        *,
        looks: Sequence[str],
        noun: str = "",
        skinned: float = 0.35,
    ) -> Body:
        """The body; `skinned` is how likely it is that it has a skin and not one mesh a bone."""
        skeleton = Skeleton(tuple(self.bones))
        noun = noun or plan
        return Body(
            plan=plan,
            group=group,
            noun=noun,
            looks=tuple(dict.fromkeys(filter(None, looks))),
            tags=tuple(dict.fromkeys((group, *noun.split(), *(part.word for part in self.parts)))),
            skeleton=skeleton,
            patches=tuple(self.patches),
            height=joint_height(skeleton, upright=False),
            style=STYLES[int(random.integers(len(STYLES)))],
            skinned=bool(random.random() < skinned),
            parts=tuple(self.parts),
            can=frozenset({"drive"} if any(part.radius and part.kind == "wheel" for part in self.parts) else ()),
        )


def between(random: np.random.Generator, low: float, high: float) -> float:
    """A number by chance."""
    return float(random.uniform(low, high))


def surface(random: np.random.Generator, colour: Colour, *, wood: bool, axis: int = 2) -> tuple[Coat, str]:
    """A coat of a thing: grained wood, or paint, sometimes with a pattern; and its words: 'blue and red striped'."""
    if wood:
        return patterns.grained(colour, axis=axis, every=between(random, 0.03, 0.07)), colour.name
    base = patterns.plain(colour, mottle=0.03)
    choice, other = int(random.integers(6)), pick(random, BRIGHT, other_than=(colour,))
    if choice == 0:
        every = between(random, 0.15, 0.3)
        return (
            patterns.striped(base, other, axis=axis, every=every, share=0.3),
            f"{colour.name} and {other.name} striped",
        )
    if choice == 1:
        size = between(random, 0.08, 0.15)
        return patterns.spotted(base, other, size=size, share=0.3), f"{colour.name} and {other.name} spotted"
    return base, colour.name


def handle(bone: str, start: Floats, end: Floats, out: Floats, thick: float, coat: Coat) -> list[Patch]:
    """A bar between two points that stand `out` (3,) from the surface, on two posts."""
    return [
        rod(bone, start + out, end + out, (thick, thick), coat, sides=6),
        rod(bone, start, start + out, (0.8 * thick, 0.8 * thick), coat, sides=5),
        rod(bone, end, end + out, (0.8 * thick, 0.8 * thick), coat, sides=5),
    ]


def knob(bone: str, at: Floats, size: float, coat: Coat) -> list[Patch]:
    """A round knob whose middle is at a point."""
    return [ball(bone, at, size, coat, rings=6)]


def sticker(random: np.random.Generator, bone: str, at: Floats, facing: Floats, size: float) -> list[Patch]:
    """A round sticker of two colours on a surface that faces some way."""
    one = pick(random, BRIGHT)
    coat = patterns.within(patterns.plain(one, mottle=0), pick(random, BRIGHT, other_than=(one,)), low=0.8, high=1.0)
    profile = [(0.0, size), (1.0, size), (1.0, 0.6 * size), (1.0, 0.0)]
    return [lathe(bone, at, at + 0.004 * unit(facing), profile, coat, sides=10)]


def wheel(
    bone: str,
    centre: Floats,
    radius: float,
    width: float,
    coats: tuple[Coat, Coat],
    *,
    spokes: int = 5,
    thin: bool = False,
) -> list[Patch]:
    """A wheel whose axle is x; coats of tyre and rim. Its spokes show that it turns, one of them is wider."""
    start, end = centre - vec(width / 2, 0, 0), centre + vec(width / 2, 0, 0)
    inner = radius * (0.86 if thin else 0.66)
    ring = [
        (0.0, inner),
        (0.0, 0.93 * radius),
        (0.15, radius),
        (0.85, radius),
        (1.0, 0.93 * radius),
        (1.0, inner),
        (0.0, inner),
    ]
    patches = [lathe(bone, start, end, ring, coats[0], sides=13)]
    hub = 0.2 * radius
    for number in range(spokes):
        turn = about("x", 360.0 * number / spokes)
        half = (0.11 if number == 0 else 0.06) * radius
        middle = centre + turn @ vec(0, 0, (inner + 0.02 * radius) / 2)
        size = vec(0.3 * width, half, (inner + 0.02 * radius) / 2)
        patches += box(bone, middle - size, middle + size, coats[1], cells=1, turn=turn)
    disc = [(0.0, 0.0), (0.0, hub), (1.0, hub), (1.0, 0.0)]
    patches.append(lathe(bone, start - vec(0.01, 0, 0), end + vec(0.01, 0, 0), disc, coats[1], sides=8))
    if not thin:  # a disc behind the spokes
        plate = [(0.0, 0.0), (0.0, inner), (1.0, inner), (1.0, 0.0)]
        dark = patterns.plain(Colour("dark", (0.13, 0.13, 0.15)), mottle=0)
        patches.append(
            lathe(bone, centre - vec(0.12 * width, 0, 0), centre + vec(0.12 * width, 0, 0), plate, dark, sides=10)
        )
    return patches


def drawer(kit: Kit, name: str, low: Floats, high: Floats, coats: tuple[Coat, Coat], *, thick: float = 0.022) -> None:
    """A drawer between two corners, open above. Its front, of the first coat, faces -Y."""
    x0, y0, z0 = low
    x1, y1, z1 = high
    kit.bone(name, vec((x0 + x1) / 2, y0, (z0 + z1) / 2), vec((x0 + x1) / 2, y1, (z0 + z1) / 2))
    top, bottom, edge = z1 - 0.2 * (z1 - z0), z0 + 0.02, 0.012
    kit.add(*box(name, vec(x0, y0, z0), vec(x1, y0 + thick, z1), coats[0], cells=3))
    kit.add(*box(name, vec(x0 + edge, y0 + thick, bottom), vec(x1 - edge, y1, bottom + edge), coats[1]))
    for x in (x0 + edge, x1 - 2 * edge):
        kit.add(*box(name, vec(x, y0 + thick, bottom), vec(x + edge, y1, top), coats[1], cells=1))
    kit.add(*box(name, vec(x0 + edge, y1 - edge, bottom), vec(x1 - edge, y1, top), coats[1], cells=1))
    kit.parts.append(Part("slide", name, "drawer", vec(0, -1, 0), 0.0, 0.78 * float(y1 - y0)))


def shell(bone: str, low: Floats, high: Floats, coat: Coat, inside: Coat, *, thick: float, open_to: str) -> list[Patch]:
    """A box of five walls, open to 'front' (-Y) or 'top' (+Z)."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    t = thick
    walls = [(vec(x0, y0, z0), vec(x0 + t, y1, z1)), (vec(x1 - t, y0, z0), vec(x1, y1, z1))]
    if open_to == "front":
        walls += [
            (vec(x0 + t, y0, z0), vec(x1 - t, y1 - t, z0 + t)),
            (vec(x0 + t, y0, z1 - t), vec(x1 - t, y1 - t, z1)),
        ]
        walls += [(vec(x0 + t, y1 - t, z0), vec(x1 - t, y1, z1))]
    else:
        walls += [(vec(x0 + t, y0, z0), vec(x1 - t, y0 + t, z1)), (vec(x0 + t, y1 - t, z0), vec(x1 - t, y1, z1))]
        walls += [(vec(x0 + t, y0 + t, z0), vec(x1 - t, y1 - t, z0 + t))]
    middle = (low + high) / 2

    def coated(points: Floats, places: Floats, normals: Floats) -> Floats:
        inward = np.einsum("ij,ij->i", points - middle, normals) < 0
        return np.where(inward[:, None], inside(points, places, normals), coat(points, places, normals))

    return [patch for wall in walls for patch in box(bone, *wall, coated, cells=3)]
