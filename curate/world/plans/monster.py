"""Monsters: upright, with four arms, horns and perhaps a tail."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, joint_height
from curate.world.builders import humanoid
from curate.world.builders.humanoid import Frame
from curate.world.builders.person_skin import Dress, Girth, body_patches, head_place
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, IVORY, SCALES, WHITE, Colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Bone, Skeleton, chain, numbered
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube

STYLES = (Style.MIXAMO, Style.PLAIN, Style.BLENDER, Style.NUMBERED)


@plan("monster")
def monster(random: np.random.Generator) -> Body:
    """A hulk with two pairs of arms."""
    frame = Frame(
        height=float(random.uniform(1.7, 2.6)),
        hips=float(random.uniform(0.42, 0.46)),
        neck=0.80,
        head=float(random.uniform(0.16, 0.20)),
        shoulder=float(random.uniform(0.135, 0.155)),
        hip_width=0.075,
        arm=float(random.uniform(0.32, 0.37)),
        hand=0.06,
        foot=0.10,
        ankle=0.055,
        drop_deg=float(random.choice([15.0, 35.0])),
        spine=3,
        fingers=0,
        toes=bool(random.random() < 0.5),
        second_arms=float(random.uniform(0.13, 0.16)),
    )
    h = frame.height
    tail: tuple[Bone, ...] = ()
    tailed = bool(random.random() < 0.7)
    if tailed:
        start = vec(0, 0.05 * h, frame.hips * h)
        line = [start + h * step * vec(0, 0.085, -0.055 + 0.008 * step) for step in range(6)]
        tail = tuple(chain("hips", numbered("tail", 5), line))
    skeleton = humanoid.skeleton_of(frame, tail)
    girth = Girth(
        hips=0.092, waist=0.098, chest=0.128, depth=0.76, neck=0.055, upper_arm=0.044, lower_arm=0.040, hand=0.040,
        thigh=0.066, knee=0.050, calf=0.050, ankle=0.040, foot=0.042,
    )  # fmt: skip
    hide = pick(random, SCALES)
    second = pick(random, (*SCALES, *BRIGHT), other_than=(hide,))
    coat, look = _hide(random, hide, second)
    dress = Dress(
        trunk=coat,
        shoulders=coat,
        arms=coat,
        hands=patterns.plain(second),
        legs=coat,
        feet=patterns.plain(second),
        head=coat,
        neck=coat,
    )
    patches = body_patches(skeleton, frame, girth, dress)
    horns = int(random.choice([1, 2, 2]))
    patches += _head(random, skeleton, frame, coat, second, horns)
    if tailed:
        names = [bone.name for bone in tail]
        patches.append(tube(skeleton, names, [(-0.3, 0.055 * h), (1.5, 0.042 * h), (5.0, 0.012 * h)], coat, sides=8))
    return Body(
        plan="monster",
        group="humanoid",
        noun="monster",
        looks=(look, "with four arms", "with one horn" if horns == 1 else "with two horns"),
        tags=("character", "creature", "monster", "humanoid"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=True),
        style=STYLES[int(random.integers(len(STYLES)))],
        is_person=True,
        legs=humanoid.legs_of(skeleton),
        arms=humanoid.arms_of(skeleton),
        spine=humanoid.spine_of(skeleton),
        neck=("neck",),
        head="head",
        jaw="jaw" if "jaw" in skeleton else None,
        tails=(tuple(bone.name for bone in tail),) if tailed else (),
    )


def _hide(random: np.random.Generator, hide: Colour, second: Colour) -> tuple[Coat, str]:
    base = patterns.plain(hide, mottle=0.1, size=0.05)
    choice = int(random.integers(3))
    if choice == 0:
        return patterns.spotted(base, second, size=0.16, share=0.4), f"{hide.name} spotted"
    if choice == 1:
        return patterns.striped(base, second, axis=2, every=0.2, share=0.35, wave=0.2), f"{hide.name} striped"
    return base, hide.name


def _head(
    random: np.random.Generator, skeleton: Skeleton, frame: Frame, coat: Coat, second: Colour, horns: int
) -> list[Patch]:
    centre, half = head_place(skeleton, frame)
    white, black, ivory = (patterns.plain(each, mottle=0) for each in (WHITE, BLACK, IVORY))
    patches = [
        ball("head", centre, (0.86 * half, 0.92 * half, 0.95 * half), coat, rings=9),
        ball(
            "head",
            centre + vec(0, -0.72 * half, -0.32 * half),
            (0.56 * half, 0.42 * half, 0.34 * half),
            patterns.plain(second),
            rings=7,
        ),
        ball(
            "head", centre + vec(0, -0.98 * half, -0.48 * half), (0.40 * half, 0.16 * half, 0.10 * half), black, rings=5
        ),
    ]
    for x in (0.22, 0.08, -0.08, -0.22):
        tooth = centre + vec(x * half, -1.1 * half, -0.42 * half)
        patches.append(
            rod("head", tooth, tooth + vec(0, -0.02 * half, -0.14 * half), (0.06 * half, 0.015 * half), ivory, sides=5)
        )
    eyes = (0.0,) if random.random() < 0.3 else (0.34, -0.34)
    for x in eyes:
        size = (0.3 if len(eyes) == 1 else 0.19) * half
        spot = centre + vec(x * half, -0.80 * half, 0.28 * half)
        patches += [
            ball("head", spot, size, white, rings=6),
            ball("head", spot + vec(0, -0.62 * size, 0), 0.55 * size, black, rings=5),
        ]
    for x in (0.0,) if horns == 1 else (0.5, -0.5):
        root = centre + vec(x * half, -0.15 * half, 0.78 * half)
        tip = root + vec(0.55 * x * half, -0.25 * half, 0.95 * half)
        patches.append(rod("head", root, tip, (0.17 * half, 0.03 * half), ivory, sides=7))
    return patches
