"""Birds."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Leg, Wing, joint_height
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, CREAM, DARK, FUR, WHITE, Colour, colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton, chain, mirrored
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball, sheet
from curate.world.shapes.tube import bone_shares, rod, tube

FOLDED = (76.0, -24.0, -52.0)
CREASES = (160.0, -150.0)  # like a letter, towards the body
STYLES = (Style.BLENDER, Style.PLAIN, Style.NUMBERED, Style.VRM)
BEAKS = (colour("orange", "#ee8f1c"), colour("yellow", "#f0c22c"), colour("dark", "#3b3838"))


@plan("bird")
def bird(random: np.random.Generator) -> Body:
    """A perching bird with its wings spread at rest."""
    size = float(random.uniform(0.8, 1.3))
    span, chord = float(random.uniform(0.62, 0.9)) * size, float(random.uniform(0.24, 0.32)) * size
    skeleton = _skeleton(size, span, long=float(random.uniform(0.8, 1.25)))
    main = pick(random, (*BRIGHT, *FUR[:6]))
    belly = pick(random, (CREAM, WHITE, *BRIGHT[2:5]), other_than=(main,))
    back = main.darker(0.7)
    coat = patterns.with_belly(patterns.plain(main, mottle=0.08, size=0.03), belly, height=-0.25)
    patches = _body(skeleton, size, coat, belly, pick(random, BEAKS), crest=bool(random.random() < 0.4))
    for side in ("left", "right"):
        patches += _wing(skeleton, side, chord, main, back)
    patches += _fan(skeleton, size, main, back)
    legs = tuple(
        Leg(
            tuple(f"{side} {part}" for part in ("thigh", "shin", "foot")),
            skeleton[f"{side} foot"].tail,
            side,
            phase=phase,
            run_phase=phase,
            knee=vec(0, 1, 0),
        )
        for side, phase in (("left", 0.0), ("right", 0.5))
    )
    return Body(
        plan="bird",
        group="flying",
        noun="bird",
        looks=(main.name,),
        tags=("animal", "flying", "winged", "bird"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=False),
        style=STYLES[int(random.integers(len(STYLES)))],
        legs=legs,
        wings=tuple(
            Wing(tuple(f"{side} wing {n}" for n in (1, 2, 3)), side, 0, FOLDED, CREASES) for side in ("left", "right")
        ),
        spine=("chest",),
        neck=("neck",),
        head="head",
        jaw="jaw",
        tails=(("tail 1", "tail 2"),),
        can=frozenset({"fly"}),
    )


def _skeleton(size: float, span: float, *, long: float) -> Skeleton:
    s, z = size, 0.40 * size
    bones = chain(
        None,
        ["hips", "chest"],
        [vec(0, 0.10 * s, z - 0.09 * s), vec(0, 0, z - 0.03 * s), vec(0, -0.09 * s, z + 0.05 * s)],
    )
    bones += chain(
        "chest",
        ["neck", "head"],
        [vec(0, -0.09 * s, z + 0.05 * s), vec(0, -0.13 * s, z + 0.14 * s), vec(0, -0.24 * s, z + 0.15 * s)],
    )
    bones += chain("head", ["jaw"], [vec(0, -0.20 * s, z + 0.125 * s), vec(0, -0.28 * s, z + 0.115 * s)])
    tail = [
        vec(0, 0.15 * s, z - 0.11 * s),
        vec(0, (0.15 + 0.12 * long) * s, z - 0.13 * s),
        vec(0, (0.15 + 0.27 * long) * s, z - 0.145 * s),
    ]
    bones += chain("hips", ["tail 1", "tail 2"], tail)
    xs = [0.07 * s, 0.07 * s + 0.3 * span, 0.07 * s + 0.63 * span, 0.07 * s + span]
    wing = [vec(x, y * s, z + 0.01 * s) for x, y in zip(xs, (-0.03, -0.07, -0.05, 0.03))]
    left = chain("chest", ["left wing 1", "left wing 2", "left wing 3"], wing)
    leg = [
        vec(0.05 * s, 0.05 * s, z - 0.15 * s),
        vec(0.052 * s, 0.075 * s, 0.14 * s),
        vec(0.055 * s, 0.03 * s, 0.03 * s),
        vec(0.055 * s, -0.02 * s, 0.012 * s),
    ]
    left += chain("hips", ["left thigh", "left shin", "left foot"], leg)
    return Skeleton(tuple(bones + left + mirrored(left)))


def _body(skeleton: Skeleton, s: float, coat: Coat, belly: Colour, beak: Colour, *, crest: bool) -> list[Patch]:
    head = skeleton["head"].head + vec(0, -0.02 * s, 0.02 * s)
    horn = patterns.plain(beak, mottle=0.02)
    patches = [
        tube(
            skeleton,
            ["hips", "chest"],
            [(-0.55, 0.06 * s), (0.1, 0.11 * s), (0.9, 0.125 * s), (1.7, 0.1 * s), (2.1, 0.07 * s)],
            coat,
            sides=12,
        ),
        tube(skeleton, ["neck"], [(-0.4, 0.085 * s), (0.6, 0.07 * s), (1.1, 0.065 * s)], coat, sides=10),
        ball("head", head, (0.09 * s, 0.095 * s, 0.088 * s), coat),
        rod("head", head + vec(0, -0.07 * s, 0.0), head + vec(0, -0.165 * s, -0.018 * s), (0.034 * s, 0.008 * s), horn),
        rod(
            "jaw",
            head + vec(0, -0.07 * s, -0.022 * s),
            head + vec(0, -0.14 * s, -0.032 * s),
            (0.022 * s, 0.008 * s),
            horn,
        ),
    ]
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        eye = head + vec(sign * 0.062 * s, -0.052 * s, 0.025 * s)
        patches.append(ball("head", eye, 0.024 * s, patterns.plain(WHITE, mottle=0), rings=5))
        patches.append(
            ball(
                "head",
                eye + vec(sign * 0.008 * s, -0.012 * s, 0.002 * s),
                0.016 * s,
                patterns.plain(BLACK, mottle=0),
                rings=4,
            )
        )
        patches.append(
            tube(
                skeleton,
                [f"{side} thigh", f"{side} shin"],
                [(-0.1, 0.042 * s), (0.6, 0.024 * s), (1.05, 0.014 * s), (1.95, 0.011 * s)],
                horn,
                sides=7,
            )
        )
        foot = skeleton[f"{side} foot"]
        for spread in (-0.03, 0.0, 0.03):
            tip = vec(foot.tail[0] + spread * s, foot.tail[1] - 0.005 * s, 0.011 * s)
            patches.append(
                rod(foot.name, vec(foot.head[0], foot.head[1], 0.016 * s), tip, (0.013 * s, 0.010 * s), horn, sides=5)
            )
        patches.append(
            rod(
                foot.name,
                vec(foot.head[0], foot.head[1], 0.016 * s),
                vec(foot.head[0], foot.head[1] + 0.04 * s, 0.010 * s),
                (0.012 * s, 0.009 * s),
                horn,
                sides=5,
            )
        )
    if crest:
        patches.append(
            rod(
                "head",
                head + vec(0, 0.02 * s, 0.07 * s),
                head + vec(0, 0.09 * s, 0.14 * s),
                (0.03 * s, 0.012 * s),
                patterns.plain(belly),
                sides=6,
            )
        )
    return patches


def _wing(skeleton: Skeleton, side: str, chord: float, main: Colour, back: Colour) -> list[Patch]:
    bones = [f"{side} wing {n}" for n in (1, 2, 3)]
    heads = np.array([skeleton[name].head for name in bones] + [skeleton[bones[-1]].tail])
    lengths = np.linalg.norm(np.diff(heads, axis=0), axis=1)
    place = np.linspace(-0.12, 3.03, 15)
    whole = np.clip(np.floor(place), 0, 2).astype(int)
    lead = heads[whole] + (place - whole)[:, None] * np.diff(heads, axis=0)[whole]
    share = np.linspace(0, 1, 15)
    depth = chord * np.sqrt(np.clip(1 - 0.93 * share**3, 0, 1)) * (1 - 0.15 * share)
    across = np.linspace(0, 1, 7)
    points = lead[:, None] + vec(0, -0.02, 0) + across[None, :, None] * depth[:, None, None] * vec(0, 1.0, -0.36)
    points[..., 2] += 0.05 * chord * np.sin(np.pi * across)[None]
    weights = np.broadcast_to(bone_shares(place, lengths, np.full(15, 0.17 * chord))[:, None], (15, 7, 3)).copy()
    if side == "right":
        points, weights = points[:, ::-1], weights[:, ::-1]
    top = patterns.above(
        patterns.striped(patterns.plain(main), DARK, axis=0, every=0.09, share=0.15), back, axis=1, limit=0.55 * chord
    )
    low = patterns.striped(patterns.plain(main.lighter(0.12)), back, axis=0, every=0.09, share=0.15)
    return sheet(points, weights, bones, (low, top), thick=0.02)


def _fan(skeleton: Skeleton, s: float, main: Colour, back: Colour) -> list[Patch]:
    bones = ["tail 1", "tail 2"]
    heads = np.array([skeleton["tail 1"].head, skeleton["tail 2"].head, skeleton["tail 2"].tail])
    lengths = np.linalg.norm(np.diff(heads, axis=0), axis=1)
    place, across = np.linspace(-0.4, 2.0, 8), np.linspace(-1, 1, 7)
    whole = np.clip(np.floor(place), 0, 1).astype(int)
    middle = heads[whole] + (place - whole)[:, None] * np.diff(heads, axis=0)[whole]
    half = 0.035 * s + 0.055 * s * np.clip(place + 0.4, 0, 3) / 1.6
    points = middle[:, None] + half[:, None, None] * across[None, :, None] * vec(-1, 0, 0)
    points[..., 1] -= 0.05 * s * across**2 * np.linspace(0, 1, 8)[:, None]
    weights = np.broadcast_to(bone_shares(place, lengths, np.full(8, 0.04 * s))[:, None], (8, 7, 2)).copy()
    coat = patterns.striped(patterns.plain(main), back, axis=0, every=0.05 * s, share=0.3)
    return sheet(points, weights, bones, (coat, patterns.plain(back)), thick=0.016)
