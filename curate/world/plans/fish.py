"""Fish."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, joint_height
from curate.world.builders import lengthwise, thin_wings
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, CREAM, METAL, SCALES, WHITE, Colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Bone, Skeleton, mirrored, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball, sheet
from curate.world.shapes.tube import bone_shares, rod, tube
from rigmill.types import Floats

STYLES = (Style.PLAIN, Style.BLENDER, Style.NUMBERED, Style.MIXAMO)


@plan("fish")
def fish(random: np.random.Generator) -> Body:
    """From slim pike to tall reef fish, or a shark by its fins."""
    s = float(random.uniform(0.6, 1.3))
    tall = float(random.uniform(0.12, 0.27)) * s
    wide = float(random.uniform(0.42, 0.62)) * tall
    count = int(random.choice([3, 4, 6]))
    names = ("head", "body", *numbered("tail", count))
    joints = lengthwise.spaced(s, np.array([0.22, 0.26, *[0.56 / count] * count]), 1.7 * tall)
    bones, line = lengthwise.along_back(names, joints, 1)
    at = joints[1] + vec(0.85 * wide, 0.03 * s, -0.35 * tall)
    left = [Bone("left fin", "body", at, at + vec(0.12 * s, 0.09 * s, -0.05 * s))]
    mouth = joints[0] + vec(0, 0.09 * s, -0.28 * tall)
    bones += [Bone("jaw", "head", mouth, mouth + vec(0, -0.09 * s, 0.0)), *left, *mirrored(left)]
    skeleton = Skeleton(tuple(bones))
    main = pick(random, (*BRIGHT, *SCALES[:3], METAL[0]))
    second = pick(random, (*BRIGHT, WHITE, CREAM), other_than=(main,))
    coat, looks = _scales(random, main, second, s)
    fins = second if random.random() < 0.6 else main.darker(0.75)
    patches = _body(line, names, s, tall, wide, coat, main)
    patches += _fins(
        skeleton, line, names, s, tall, fins, forked=bool(random.random() < 0.6), sail=float(random.uniform(0.5, 1.1))
    )
    return Body(
        plan="fish",
        group="animal",
        noun="fish",
        looks=looks,
        tags=("animal", "fish", "swimming"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        head="head",
        jaw="jaw",
        fins=(("left fin",), ("right fin",)),
        chain=names,
        can=frozenset({"swim"}),
    )


def _scales(random: np.random.Generator, main: Colour, second: Colour, s: float) -> tuple[Coat, tuple[str, ...]]:
    base = patterns.with_belly(patterns.plain(main, mottle=0.1, size=0.02), main.lighter(0.6), height=-0.55)
    choice = int(random.integers(4))
    if choice == 1:
        return patterns.striped(base, second, axis=1, every=0.16 * s, share=0.38, wave=0.15), (
            f"{main.name} and {second.name} striped",
        )
    if choice == 2:
        return patterns.spotted(base, second, size=0.09 * s, share=0.4, seed=float(random.uniform(0, 9))), (
            f"{main.name} spotted",
        )
    if choice == 3:
        return (
            patterns.striped(base, second, axis=2, every=0.11 * s, share=0.35),
            (main.name, f"with {second.name} stripes"),
        )
    return base, (main.name,)


def _body(
    line: Skeleton, names: tuple[str, ...], s: float, tall: float, wide: float, coat: Coat, main: Colour
) -> list[Patch]:
    last = len(names)
    girth = [
        (0.03, 0.25),
        (0.35, 0.62),
        (1.0, 0.95),
        (1.6, 1.0),
        (2 + 0.3 * (last - 2), 0.72),
        (2 + 0.7 * (last - 2), 0.34),
        (last - 0.35, 0.2),
    ]
    patches = [tube(line, names, [(place, (wide * g, tall * g)) for place, g in girth], coat, sides=14)]
    nose = line["head"].head
    pale = patterns.plain(main.lighter(0.4))
    patches.append(
        rod(
            "jaw",
            nose + vec(0, 0.10 * s, -0.30 * tall),
            nose + vec(0, 0.005 * s, -0.16 * tall),
            (0.42 * wide, 0.2 * wide),
            pale,
            sides=8,
        )
    )
    for sign in (1.0, -1.0):
        eye = nose + vec(sign * 0.55 * wide, 0.10 * s, 0.16 * tall)
        patches.append(
            ball("head", eye, (0.12 * wide, 0.2 * tall, 0.2 * tall), patterns.plain(WHITE, mottle=0), rings=6)
        )
        patches.append(
            ball(
                "head",
                eye + vec(sign * 0.06 * wide, -0.02 * tall, 0),
                (0.09 * wide, 0.11 * tall, 0.12 * tall),
                patterns.plain(BLACK, mottle=0),
                rings=5,
            )
        )
    return patches


def _fins(
    skeleton: Skeleton,
    line: Skeleton,
    names: tuple[str, ...],
    s: float,
    tall: float,
    colour: Colour,
    *,
    forked: bool,
    sail: float,
) -> list[Patch]:
    ray = patterns.ringed(patterns.plain(colour), colour.darker(0.7), count=9, share=0.35)
    last = len(names)
    patches = []
    # Of each fin: places along the body, its outer and inner height there (in `tall`), how far it leans back.
    tips = [0.15, 0.5, 1.0, 1.25] if forked else [0.2, 0.7, 1.0, 0.9]
    patches += _blade(
        line,
        names,
        np.linspace(last - 0.75, last - 0.02, 7),
        np.interp(np.linspace(0, 1, 7), [0, 0.3, 0.7, 1], tips) * tall * 0.95,
        0.0,
        0.11 * s,
        ray,
        True,
    )
    top = np.linspace(1.25, 2 + 0.5 * (last - 2), 9)
    shape = np.sin(np.pi * np.linspace(0.08, 1, 9) ** 0.6)
    body = np.interp(top, [1.0, 1.6, 2 + 0.3 * (last - 2), 2 + 0.7 * (last - 2)], [0.95, 1.0, 0.72, 0.34]) * tall
    patches += _blade(line, names, top, body + sail * tall * shape, 0.9 * body, 0.05 * s, ray, False)
    low = np.linspace(2 + 0.15 * (last - 2), 2 + 0.5 * (last - 2), 6)
    body = np.interp(low, [1.6, 2 + 0.3 * (last - 2), 2 + 0.7 * (last - 2)], [1.0, 0.72, 0.34]) * tall
    patches += _blade(
        line,
        names,
        low,
        -(body + 0.5 * sail * tall * np.sin(np.pi * np.linspace(0.1, 1, 6) ** 0.6)),
        -0.9 * body,
        0.05 * s,
        ray,
        False,
    )
    for side in ("left", "right"):
        depth = 0.13 * s * np.array([0.35, 0.6, 0.85, 1.0, 0.95, 0.7, 0.3])
        patches += thin_wings.wing(
            skeleton,
            [f"{side} fin"],
            depth,
            (ray, ray),
            back=vec(0, 0.75, -0.6),
            places=(-0.15, 1.1),
            thick=0.012 * s,
            fore=0.1,
        )
    return patches


def _blade(
    line: Skeleton,
    names: tuple[str, ...],
    places: Floats,
    outer: Floats,
    inner: Floats | float,
    lean: float,
    coat: Coat,
    both: bool,
) -> list[Patch]:
    """An upright fin in the middle plane, `inner` to `outer` metres above the body's line; tail fins go both ways."""
    heads = np.array([line[names[0]].head, *[line[name].tail for name in names]])
    lengths = np.linalg.norm(np.diff(heads, axis=0), axis=1)
    whole = np.clip(np.floor(places), 0, len(names) - 1).astype(int)
    middle = heads[whole] + (places - whole)[:, None] * np.diff(heads, axis=0)[whole]
    low, across = (-outer if both else np.broadcast_to(inner, outer.shape)), np.linspace(0, 1, 7)
    up = low[:, None] + across * (outer - low)[:, None]
    points = np.repeat(middle[:, None], 7, axis=1)
    points[..., 2] += up
    reach = np.abs(up) if both else np.abs(up - low[:, None])
    points[..., 1] += (
        lean * reach / max(float(reach.max()), 1e-9) * (1.0 if not both else np.linspace(0.2, 1, len(places))[:, None])
    )
    weights = np.broadcast_to(
        bone_shares(places, lengths, np.full(len(places), 0.25 * float(lengths.min())))[:, None],
        (len(places), 7, len(names)),
    )
    return sheet(points, weights.copy(), names, (coat, coat), thick=0.01)
